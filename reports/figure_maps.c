/* The map strip: input, original map, then the map at each randomised stage; a line of tiles per explainer, a figure
 * per control and input with kept maps. Under each tile its similarity to the original map. */
#include "measure/measure.h"
#include "reports/figure.h"
#include "reports/map_columns.h"
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
#define SMALL_CHARACTER 5.2 /* its width, in pixels */
#define TITLE_FITS 13       /* characters above a tile; longer titles are turned */
#define PAGE_STAGES 40u
#define PAGE_EXPLAINERS 64u

struct strip {
    struct figure figure;
    const struct map_set *maps;
    const char *control;
    uint32_t input;
    struct map_columns all;           /* of all stages */
    const struct map_column *columns; /* from the first of this page on */
    size_t column_count;
    const char **all_explainers, **explainers; /* explainers, likewise */
    size_t all_explainer_count, explainer_count;
    size_t longest;           /* title */
    struct map_scales scales; /* of the rows */
    double left, head, tile_height;
};

/* ---- which variants ---- */

static const struct picture *map_of(const struct strip *s, const char *explainer, const char *variant) {
    return map_set_find(s->maps, explainer, variant, s->input);
}

static const struct picture *picture_of(const struct strip *s, size_t explainer, size_t column) {
    if (column == 0) return map_set_input(s->maps, s->input);
    return map_of(s, s->explainers[explainer],
                  column == 1 ? map_original_of(s->columns[0].variant) : s->columns[column - 2].variant);
}

/* All maps of an explainer, over all pages, share a palette: diverging as soon as one has a negative value. *any: there
 * are maps. */
static bool maps_diverge(const struct strip *s, const char *explainer, bool *any) {
    bool diverging = false;

    *any = false;
    for (size_t c = 0; c <= s->all.count; c++) {
        const char *first = s->all.column[0].variant;
        const struct picture *p = map_of(s, explainer, c ? s->all.column[c - 1].variant : map_original_of(first));
        diverging = diverging || (p && p->negative);
        *any = *any || p;
    }
    return diverging;
}

static bool survey(struct strip *s, struct error *e) {
    const struct verdict_table *t = &s->figure.all->verdicts;
    size_t widest = 6;
    bool any;

    if (!map_columns_load(s->figure.all->store, s->maps, s->control, s->input, &s->all, e)) return false;
    if (!s->all.count) return true;
    s->all_explainers = calloc(t->explainer_count + 1, sizeof *s->all_explainers);
    if (!s->all_explainers) return error_memory(e);
    for (size_t x = 0; x < t->explainer_count; x++) {
        maps_diverge(s, t->explainers[x], &any);
        if (!any) continue;
        s->all_explainers[s->all_explainer_count++] = t->explainers[x];
        if (utf8_width(t->explainers[x]) > widest) widest = utf8_width(t->explainers[x]);
    }
    s->longest = strlen("original");
    for (size_t c = 0; c < s->all.count; c++)
        if (utf8_width(s->all.column[c].title) > s->longest) s->longest = utf8_width(s->all.column[c].title);
    s->longest = s->longest > TITLE_CHARACTERS ? TITLE_CHARACTERS : s->longest;
    s->left = 20 + 6.1 * (double)(widest > NAME_CHARACTERS ? NAME_CHARACTERS : widest);
    s->head = 46 + (s->longest > TITLE_FITS ? 3.6 * (double)s->longest : 0);
    s->tile_height = map_tile_height(map_set_input(s->maps, s->input), TILE);
    return true;
}

/* Pages go through the stages of the first explainers, then through those of the next. */
static void take_page(struct strip *s, size_t page) {
    size_t across = figure_pages(s->all.count, PAGE_STAGES);
    size_t explainer = page / across * PAGE_EXPLAINERS, column = page % across * PAGE_STAGES;
    bool any;

    s->explainers = s->all_explainers + explainer;
    s->columns = s->all.column + column;
    s->explainer_count =
        s->all_explainer_count - explainer < PAGE_EXPLAINERS ? s->all_explainer_count - explainer : PAGE_EXPLAINERS;
    s->column_count = s->all.count - column < PAGE_STAGES ? s->all.count - column : PAGE_STAGES;
    s->scales = (struct map_scales){.slices = s->maps->slices};
    for (size_t i = 0; i < s->explainer_count; i++) {
        bool diverging = maps_diverge(s, s->explainers[i], &any);
        s->scales.diverging = s->scales.diverging || diverging;
        s->scales.sequential = s->scales.sequential || !diverging;
    }
}

/* ---- drawing ---- */

static double tile_x(const struct strip *s, size_t column) {
    return s->left + (double)column * (TILE + GAP_X) + (column > 0 ? 6 : 0);
}

static double tile_y(const struct strip *s, size_t explainer) {
    return s->head + (double)explainer * (s->tile_height + GAP_Y);
}

static void add_tiles(struct strip *s, size_t explainer) {
    bool any, diverging = maps_diverge(s, s->explainers[explainer], &any);

    for (size_t c = 0; c < s->column_count + 2; c++)
        map_tile(&s->figure, picture_of(s, explainer, c), diverging, tile_x(s, c), tile_y(s, explainer), TILE,
                 s->tile_height);
}

static void add_caption(struct strip *s, size_t explainer, size_t column) {
    const struct picture *p = picture_of(s, explainer, column);
    double similarity = column > 1 && p ? p->similarity : NAN;
    char text[48] = "";

    if (!p) snprintf(text, sizeof text, "no map");
    else if (!p->finite) snprintf(text, sizeof text, "not finite");
    else if (p->constant) snprintf(text, sizeof text, "constant");
    else if (!isnan(similarity))
        snprintf(text, sizeof text, "%s = %.2f", measures[0]->symbol, fabs(similarity) < .005 ? 0 : similarity);
    if (*text)
        figure_label(&s->figure, tile_x(s, column) + TILE / 2, tile_y(s, explainer) + s->tile_height + 8, ALIGN_CENTRE,
                     20, "font small textcolor rgb quiet", text);
}

/* The caller frees. */
static char *legend_text(void) {
    return text_format("%s: %s with the original map, all pixels; one input, one draw (verdicts rest on all)",
                       measures[0]->symbol, measures[0]->title);
}

/* Of tiles, or of the words below them where tiles are few. */
static double page_width(const struct strip *s) {
    char *legend = legend_text();
    size_t longest = strlen(map_bar_text(&s->scales)), other = legend ? utf8_width(legend) : 0;

    free(legend);
    double text = 14 + SMALL_CHARACTER * (double)(other > longest ? other : longest);
    return fmax(fmax(tile_x(s, s->column_count + 2), text) + 8, map_bar_right(&s->scales, tile_x(s, 1)));
}

static void add_labels(struct strip *s, const struct figure_page *page) {
    struct figure *f = &s->figure;
    bool turned = s->longest > TITLE_FITS;

    const struct picture *input = map_set_input(s->maps, s->input);
    char number[FIGURE_PAGE_SIZE];
    char *heading = text_format("%s: maps of input %u for %s%s", s->control, (unsigned)s->input,
                                input ? input->class : "its class", figure_page_text(page, number));
    char *legend = legend_text();
    if (heading) figure_label(f, 14, 16, ALIGN_LEFT, 100, "font big textcolor rgb ink", heading);
    f->script.failed = f->script.failed || !heading || !legend;
    for (size_t c = 0; c < s->column_count + 2; c++)
        figure_label(f, tile_x(s, c) + TILE / 2 - (turned ? 12 : 0), s->head - 9, turned ? ALIGN_LEFT : ALIGN_CENTRE,
                     TITLE_CHARACTERS, turned ? "rotate by 35 textcolor rgb ink" : "textcolor rgb ink",
                     c == 0   ? "input"
                     : c == 1 ? "original"
                              : s->columns[c - 2].title);
    for (size_t explainer = 0; explainer < s->explainer_count; explainer++) {
        figure_label(f, s->left - 8, tile_y(s, explainer) + s->tile_height / 2, ALIGN_RIGHT, NAME_CHARACTERS,
                     "textcolor rgb ink", s->explainers[explainer]);
        for (size_t c = 1; c < s->column_count + 2; c++) add_caption(s, explainer, c);
    }
    double y = tile_y(s, s->explainer_count) + 12;
    map_bar_labels(f, &s->scales, tile_x(s, 1), y);
    figure_label(f, 14, y + 22, ALIGN_LEFT, 120, "font small textcolor rgb quiet", map_bar_text(&s->scales));
    figure_label(f, 14, y + 35, ALIGN_LEFT, 120, "font small textcolor rgb quiet", legend ? legend : "");
    figure_draw_labels(f);
    free(heading);
    free(legend);
}

static void add_script(struct strip *s, const struct figure_page *page) {
    struct figure *f = &s->figure;

    figure_start_multiplot(f);
    add_labels(s, page);
    map_tile_begin(f);
    for (size_t explainer = 0; explainer < s->explainer_count; explainer++) add_tiles(s, explainer);
    map_bars(f, &s->scales, tile_x(s, 1), tile_y(s, s->explainer_count) + 12);
    text_add(&f->script, "unset multiplot\n");
}

static void finish(struct strip *s) {
    map_columns_finish(&s->all);
    free(s->all_explainers);
}

static bool draw_page(struct strip *s, struct figures *all, const struct figure_page *page, struct error *e) {
    char number[32];

    take_page(s, page->number);
    snprintf(number, sizeof number, "input%u", (unsigned)s->input);
    const struct figure_title title = {"maps", s->control, number, *page};
    figure_begin(&s->figure, all, &title, page_width(s), tile_y(s, s->explainer_count) + FOOT);
    add_script(s, page);
    return figure_end(&s->figure, e);
}

static bool draw_strip(struct figures *all, const struct map_set *maps, const char *control, uint32_t input,
                       struct error *e) {
    struct strip s = {.figure.all = all, .maps = maps, .control = control, .input = input};
    bool ok = survey(&s, e);
    struct figure_page page = {0};

    if (s.all.count && s.all_explainer_count)
        page.count = figure_pages(s.all_explainer_count, PAGE_EXPLAINERS) * figure_pages(s.all.count, PAGE_STAGES);
    for (; ok && page.number < page.count; page.number++) ok = draw_page(&s, all, &page, e);
    finish(&s);
    return ok;
}

bool figure_maps(struct figures *all, struct error *e) {
    struct map_set maps;
    bool ok = true;

    if (!map_set_write(all->store, all->folder, &maps, e)) return false;
    for (size_t c = 0; c < all->verdicts.control_count && ok; c++)
        for (size_t i = 0; i < maps.count && ok; i++)
            if (!maps.pictures[i].explainer)
                ok = draw_strip(all, &maps, all->verdicts.controls[c], maps.pictures[i].input, e);
    ok = ok && figure_originals(all, &maps, e);
    map_set_finish(&maps);
    return ok;
}
