/* The map strip: input, original map, then the map at each randomised stage; one row per explainer, one figure per
 * control and input with kept maps. Under each tile its rank correlation with the original map. */
#include "reports/figure.h"
#include "reports/format.h"
#include "reports/map_tile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TILE 84.0
#define GAP_X 6.0
#define GAP_Y 18.0
#define FOOT 60.0
#define NAME_CHARACTERS 32
#define TITLE_CHARACTERS 22
#define TITLE_FITS 13 /* characters above a tile; longer titles are turned */
#define COLUMNS_MAX 40u
#define ROWS_MAX 64u
#define FIGURES_MAX 6u /* per control */

struct column {
    char *variant, *title;
    uint32_t stage;
};

struct strip {
    struct figure figure;
    const struct map_set *maps;
    const char *control;
    uint32_t input;
    struct column columns[COLUMNS_MAX]; /* of the stages */
    size_t column_count;
    const char *rows[ROWS_MAX]; /* explainers */
    size_t row_count, longest;  /* longest title */
    struct map_scales scales;   /* of the rows */
    double left, head, tile_height;
    struct error *error;
};

/* ---- which variants ---- */

static bool has_maps(const struct map_set *m, const char *variant, uint32_t input) {
    for (size_t i = 0; i < m->count; i++)
        if (m->pictures[i].variant && m->pictures[i].input == input && strcmp(m->pictures[i].variant, variant) == 0)
            return true;
    return false;
}

/* The first draw of each stage that has maps of this input. */
static bool add_use(void *context, const struct use_row *row) {
    struct strip *s = context;

    if (strcmp(row->control, s->control) != 0 || s->column_count == COLUMNS_MAX ||
        !has_maps(s->maps, row->variant, s->input))
        return true;
    if (s->column_count && s->columns[s->column_count - 1].stage == row->stage_index) return true;
    struct column *c = &s->columns[s->column_count++];
    *c = (struct column){text_copy(row->variant), text_copy(row->stage), row->stage_index};
    return (c->variant && c->title) || error_memory(s->error);
}

/* The network a stage is compared with (plan/plan.h): the one trained on true labels for those trained again, else the
 * model. */
static const char *original_of(const char *variant) {
    bool trained = strncmp(variant, "permuted/", 9) == 0 || strncmp(variant, "twin/", 5) == 0;
    return trained ? "true" : "model";
}

static const struct picture *picture_of(const struct strip *s, size_t row, size_t column) {
    if (column == 0) return map_set_input(s->maps, s->input);
    const char *variant = column == 1 ? original_of(s->columns[0].variant) : s->columns[column - 2].variant;
    return map_set_find(s->maps, s->rows[row], variant, s->input);
}

/* All maps of a row share a palette: diverging as soon as one has a negative value. */
static bool row_diverges(const struct strip *s, size_t row) {
    bool diverging = false;

    for (size_t c = 1; c < s->column_count + 2; c++) {
        const struct picture *p = picture_of(s, row, c);
        diverging = diverging || (p && p->negative);
    }
    return diverging;
}

static bool survey(struct strip *s, struct error *e) {
    const struct verdict_table *t = &s->figure.all->verdicts;
    const struct picture *input = map_set_input(s->maps, s->input);
    size_t widest = 6;

    if (!store_each_use(s->figure.all->store, add_use, s, e)) return false;
    if (!s->column_count) return true;
    for (size_t x = 0; x < t->explainer_count && s->row_count < ROWS_MAX; x++) {
        bool any = false;
        s->rows[s->row_count] = t->explainers[x];
        for (size_t c = 1; c < s->column_count + 2; c++) any = any || picture_of(s, s->row_count, c);
        s->row_count += any;
        if (any && utf8_width(t->explainers[x]) > widest) widest = utf8_width(t->explainers[x]);
    }
    s->longest = strlen("original");
    for (size_t c = 0; c < s->column_count; c++)
        if (utf8_width(s->columns[c].title) > s->longest) s->longest = utf8_width(s->columns[c].title);
    s->longest = s->longest > TITLE_CHARACTERS ? TITLE_CHARACTERS : s->longest;
    s->left = 20 + 6.1 * (double)(widest > NAME_CHARACTERS ? NAME_CHARACTERS : widest);
    s->head = 46 + (s->longest > TITLE_FITS ? 3.6 * (double)s->longest : 0);
    s->tile_height = map_tile_height(input, TILE);
    for (size_t row = 0; row < s->row_count; row++) {
        bool diverging = row_diverges(s, row);
        s->scales.diverging = s->scales.diverging || diverging;
        s->scales.sequential = s->scales.sequential || !diverging;
    }
    return true;
}

/* ---- drawing ---- */

static double tile_x(const struct strip *s, size_t column) {
    return s->left + (double)column * (TILE + GAP_X) + (column > 0 ? 6 : 0);
}

static double tile_y(const struct strip *s, size_t row) {
    return s->head + (double)row * (s->tile_height + GAP_Y);
}

static void add_row(struct strip *s, size_t row) {
    bool diverging = row_diverges(s, row);

    for (size_t c = 0; c < s->column_count + 2; c++)
        map_tile(&s->figure, picture_of(s, row, c), diverging, tile_x(s, c), tile_y(s, row), TILE, s->tile_height);
}

static void add_caption(struct strip *s, size_t row, size_t column) {
    const struct picture *p = picture_of(s, row, column);
    double similarity = column > 1 && p ? p->similarity : NAN;
    char text[48] = "";

    if (!p) snprintf(text, sizeof text, "no map");
    else if (!p->finite) snprintf(text, sizeof text, "not finite");
    else if (p->constant) snprintf(text, sizeof text, "constant");
    else if (!isnan(similarity))
        snprintf(text, sizeof text, "\xcf\x81 = %.2f", fabs(similarity) < .005 ? 0 : similarity); /* a rho */
    if (*text)
        figure_label(&s->figure, tile_x(s, column) + TILE / 2, tile_y(s, row) + s->tile_height + 8, ALIGN_CENTRE, 20,
                     "font small textcolor rgb quiet", text);
}

static void add_labels(struct strip *s) {
    struct figure *f = &s->figure;
    bool turned = s->longest > TITLE_FITS;

    const struct picture *input = map_set_input(s->maps, s->input);
    char *heading =
        text_format("%s: maps of input %u for %s", s->control, (unsigned)s->input, input ? input->class : "its class");
    if (heading) figure_label(f, 14, 16, ALIGN_LEFT, 100, "font big textcolor rgb ink", heading);
    else f->script.failed = true;
    free(heading);
    for (size_t c = 0; c < s->column_count + 2; c++)
        figure_label(f, tile_x(s, c) + TILE / 2 - (turned ? 12 : 0), s->head - 9, turned ? ALIGN_LEFT : ALIGN_CENTRE,
                     TITLE_CHARACTERS, turned ? "rotate by 35 textcolor rgb ink" : "textcolor rgb ink",
                     c == 0   ? "input"
                     : c == 1 ? "original"
                              : s->columns[c - 2].title);
    for (size_t row = 0; row < s->row_count; row++) {
        figure_label(f, s->left - 8, tile_y(s, row) + s->tile_height / 2, ALIGN_RIGHT, NAME_CHARACTERS,
                     "textcolor rgb ink", s->rows[row]);
        for (size_t c = 1; c < s->column_count + 2; c++) add_caption(s, row, c);
    }
    double y = tile_y(s, s->row_count) + 12;
    map_bar_labels(f, &s->scales, tile_x(s, 1), y);
    figure_label(f, 14, y + 22, ALIGN_LEFT, 120, "font small textcolor rgb quiet", map_bar_text(&s->scales));
    figure_label(f, 14, y + 35, ALIGN_LEFT, 120, "font small textcolor rgb quiet",
                 "\xcf\x81: Spearman with the original map, all pixels; one input, one draw (verdicts rest on all)");
    figure_draw_labels(f);
}

static void add_script(struct strip *s) {
    struct figure *f = &s->figure;

    figure_start_multiplot(f);
    add_labels(s);
    map_tile_begin(f);
    for (size_t row = 0; row < s->row_count; row++) add_row(s, row);
    map_bars(f, &s->scales, tile_x(s, 1), tile_y(s, s->row_count) + 12);
    text_add(&f->script, "unset multiplot\n");
}

static void finish(struct strip *s) {
    for (size_t c = 0; c < s->column_count; c++) {
        free(s->columns[c].variant);
        free(s->columns[c].title);
    }
}

static bool draw_strip(struct figures *all, const struct map_set *maps, const char *control, uint32_t input,
                       bool *drawn, struct error *e) {
    struct strip s = {.figure.all = all, .maps = maps, .control = control, .input = input, .error = e};
    char number[32];

    bool ok = survey(&s, e);
    *drawn = ok && s.column_count && s.row_count;
    if (*drawn) {
        snprintf(number, sizeof number, "input%u", (unsigned)input);
        double width = tile_x(&s, s.column_count + 2) + 8;
        figure_begin(&s.figure, all, "maps", control, number, width < 440 ? 440 : width,
                     tile_y(&s, s.row_count) + FOOT);
        add_script(&s);
        ok = figure_end(&s.figure, e);
    }
    finish(&s);
    return ok;
}

bool figure_maps(struct figures *all, struct error *e) {
    struct map_set maps;
    bool ok = true;

    if (!map_set_write(all->store, all->folder, &maps, e)) return false;
    for (size_t c = 0; c < all->verdicts.control_count && ok; c++) {
        size_t figures = 0;
        for (size_t i = 0; i < maps.count && ok && figures < FIGURES_MAX; i++) {
            bool drawn = false;
            if (!maps.pictures[i].explainer)
                ok = draw_strip(all, &maps, all->verdicts.controls[c], maps.pictures[i].input, &drawn, e);
            figures += drawn;
        }
    }
    ok = ok && figure_originals(all, &maps, e);
    map_set_finish(&maps);
    return ok;
}
