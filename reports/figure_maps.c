/* The map strip: the input once, then the original map and the map at each randomised stage; a line of tiles per
 * explainer, a figure per control and input with kept maps. Under each tile its similarity to the original map. Of many
 * stages some are shown, evenly chosen. */
#include "measure/measure.h"
#include "reports/figure.h"
#include "reports/figure_words.h"
#include "reports/map_columns.h"
#include "reports/map_notes.h"
#include "reports/map_tile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TILE 84.0
#define TILE_LEAST 48.0 /* a caption is as wide */
#define GAP_X 6.0
#define CAPTION 18.0
#define MARGIN 14.0
#define NAMES_MOST 215.0 /* their width; longer ones have two lines */
#define NAMES_SHARE .3   /* of the page; where they want more they stand above the tiles */
#define TITLE_CHARACTERS 22
#define TITLE_LINES 3u
#define PAGE_STAGES 40u
#define PAGE_EXPLAINERS 64u

/* How the titles of columns stand. */
enum titles { TITLES_LINES, TITLES_TURNED, TITLES_UPRIGHT };

struct strip {
    struct figure figure;
    const struct map_set *maps;
    const char *control;
    uint32_t input;
    struct map_columns all;           /* of all stages */
    struct map_column *chosen;        /* those that are shown, borrowed */
    const struct map_column *columns; /* from the first of this page on */
    size_t chosen_count, column_count;
    size_t page_stages, page_explainers;       /* of the columns and of the rows of a page */
    const char **all_explainers, **explainers; /* explainers, likewise */
    size_t all_explainer_count, explainer_count;
    struct map_scales scales; /* of the rows */
    const struct picture *under;
    bool names_above;
    enum titles titles;
    double width, left, tile, tile_height;
    double input_top, head; /* of the input's tile, and of the first row */
    double titles_height;
    struct map_notes notes; /* beside the input */
};

/* ---- which variants ---- */

static const struct picture *map_of(const struct strip *s, const char *explainer, const char *variant) {
    return map_set_find(s->maps, explainer, variant, s->input);
}

/* Column 0 is the original. */
static const struct picture *picture_of(const struct strip *s, size_t explainer, size_t column) {
    return map_of(s, s->explainers[explainer],
                  column ? s->columns[column - 1].variant : map_original_of(s->columns[0].variant));
}

static const char *title_of(const struct strip *s, size_t column) {
    return column ? s->columns[column - 1].title : "original";
}

static bool maps_diverge(const struct strip *s, const char *explainer, bool *any) {
    return map_columns_diverge(&s->all, s->maps, explainer, s->input, any);
}

/* The first and the last stage, and evenly between. */
static bool choose(struct strip *s, size_t most, struct error *e) {
    const size_t all = s->all.count, count = all < most ? all : most;

    s->chosen = calloc(count + 1, sizeof *s->chosen);
    if (!s->chosen) return error_memory(e);
    for (size_t i = 0; i < count; i++)
        s->chosen[i] = s->all.column[count > 1 ? (2 * i * (all - 1) + count - 1) / (2 * (count - 1)) : 0];
    s->chosen_count = count;
    return true;
}

static bool survey(struct strip *s, struct error *e) {
    const struct verdict_table *t = &s->figure.all->verdicts;
    bool any;

    if (!map_columns_load(s->figure.all->store, s->maps, s->control, s->input, &s->all, e)) return false;
    if (!s->all.count) return true;
    s->all_explainers = calloc(t->explainer_count + 1, sizeof *s->all_explainers);
    if (!s->all_explainers) return error_memory(e);
    for (size_t x = 0; x < t->explainer_count; x++) {
        maps_diverge(s, t->explainers[x], &any);
        if (any) s->all_explainers[s->all_explainer_count++] = t->explainers[x];
    }
    s->under = map_tile_under(s->figure.all, map_set_input(s->maps, s->input));
    return true;
}

/* ---- places ---- */

/* How many tiles stand side by side on paper. */
static size_t fitting(const struct strip *s, double left) {
    double room = figure_width(s->figure.all, 0) - left - MARGIN + GAP_X;
    return room > TILE_LEAST + GAP_X ? (size_t)(room / (TILE_LEAST + GAP_X)) : 1;
}

/* Names of explainers, and what stages are on a page. */
static bool place_columns(struct strip *s, struct error *e) {
    const size_t wanted = s->figure.all->request->stages;
    const bool paper = figure_on_paper(s->figure.all);
    size_t widest = strlen("input");

    for (size_t x = 0; x < s->all_explainer_count; x++)
        if (utf8_width(s->all_explainers[x]) > widest) widest = utf8_width(s->all_explainers[x]);
    s->left = fmin(20 + figure_text_width(FONT_INK, widest), NAMES_MOST);
    s->names_above = paper && s->left > NAMES_SHARE * figure_width(s->figure.all, 0);
    if (s->names_above) s->left = MARGIN;
    const size_t fit = paper ? fitting(s, s->left) : PAGE_STAGES + 1;
    size_t most = wanted;
    s->page_stages = fit > 2 ? fit - 1 : 1;
    if (paper && wanted == FIGURE_STAGES && most > s->page_stages) most = s->page_stages > 1 ? s->page_stages : 2;
    return choose(s, most, e);
}

static void place_tiles(struct strip *s) {
    const size_t stages = s->chosen_count < s->page_stages ? s->chosen_count : s->page_stages;
    const double columns = (double)stages + 1, room = figure_width(s->figure.all, 0) - s->left - MARGIN;

    s->tile = TILE;
    if (figure_on_paper(s->figure.all)) s->tile = fmin(TILE, (room - GAP_X * (columns - 1)) / columns);
    s->tile_height = map_tile_height(map_set_input(s->maps, s->input), s->tile);
}

static double tile_x(const struct strip *s, size_t column) {
    return s->left + (double)column * (s->tile + GAP_X);
}

static double row_height(const struct strip *s) {
    return s->tile_height + CAPTION + (s->names_above ? figure_line(FONT_INK) + 4 : 0);
}

static double tile_y(const struct strip *s, size_t explainer) {
    return s->head + (double)explainer * row_height(s) + (s->names_above ? figure_line(FONT_INK) + 4 : 0);
}

static double input_width(const struct strip *s) {
    return fmin(TILE, .35 * s->width);
}

static double input_height(const struct strip *s) {
    return map_tile_height(map_set_input(s->maps, s->input), input_width(s));
}

/* Notes stand beside the input, or where a bar has no room there, below it. */
static bool notes_below(const struct strip *s) {
    return s->width - s->left - input_width(s) - MARGIN - 8 < MAP_BARS_NARROW;
}

static double notes_x(const struct strip *s) {
    return s->left + (notes_below(s) ? 0 : input_width(s) + MARGIN);
}

static double notes_width(const struct strip *s) {
    return s->width - notes_x(s) - 8;
}

static double notes_y(const struct strip *s) {
    return s->input_top + 8 + (notes_below(s) ? input_height(s) + 8 : 0);
}

/* Titles stand in lines where they fit above a tile, else turned; on paper upright, as there is no room beside them. */
static double place_titles(struct strip *s) {
    double longest = 0, beyond = 0;
    size_t lines = 1;
    bool fit = true;

    for (size_t c = 0; c <= s->column_count; c++) {
        const char *title = title_of(s, c);
        const size_t width = utf8_width(title) < TITLE_CHARACTERS ? utf8_width(title) : TITLE_CHARACTERS;
        size_t here = figure_lines(FONT_SMALL, s->tile, title);
        lines = here > lines ? here : lines;
        fit = fit && figure_fits(FONT_SMALL, s->tile, TITLE_LINES, title);
        longest = fmax(longest, figure_text_width(FONT_SMALL, width));
        beyond = fmax(beyond, tile_x(s, c) + s->tile / 2 + .82 * figure_text_width(FONT_SMALL, width));
    }
    s->titles = fit ? TITLES_LINES : figure_on_paper(s->figure.all) ? TITLES_UPRIGHT : TITLES_TURNED;
    s->titles_height = fit                          ? (double)lines * figure_line(FONT_SMALL) + 8
                       : s->titles == TITLES_TURNED ? .6 * longest + 18
                                                    : longest + 10;
    return s->titles == TITLES_TURNED ? beyond : 0;
}

/* ---- pages ---- */

static char *heading(const struct strip *s, const struct figure_page *page) {
    const struct picture *input = map_set_input(s->maps, s->input);
    char number[FIGURE_PAGE_SIZE];
    return text_format("%s: maps of input %u for %s%s%s", s->control, (unsigned)s->input,
                       input ? input->class : "its class", map_view_text(s->figure.all),
                       figure_page_text(page, number));
}

static bool write_notes(struct strip *s, struct error *e) {
    return map_notes_write(&s->notes, &s->scales, s->chosen_count, s->all.count,
                           s->figure.all->request->view == FIGURE_ABSOLUTE, e);
}

static void place_page(struct strip *s, const char *title) {
    const double beyond = place_titles(s), narrow = s->left + TILE + MARGIN + MAP_BARS_SIDE_BY_SIDE;
    s->width = figure_width(s->figure.all, fmax(fmax(tile_x(s, s->column_count + 1) + 2, beyond + 8), narrow));
    const double lines = (double)figure_lines(FONT_BIG, s->width - 2 * MARGIN, title);
    s->input_top = 16 + lines * figure_line(FONT_BIG) + (s->names_above ? figure_line(FONT_INK) : 0);
    s->scales.room = s->notes.width = notes_width(s);
    s->head = fmax(s->input_top + input_height(s), notes_y(s) - 8 + map_notes_height(&s->notes, &s->scales)) + 8 +
              s->titles_height;
}

/* Pages go through the stages of the first explainers, then through those of the next. */
static void take_page(struct strip *s, size_t page) {
    size_t across = figure_pages(s->chosen_count, s->page_stages);
    size_t explainer = page / across * s->page_explainers, column = page % across * s->page_stages;
    bool any;

    s->explainers = s->all_explainers + explainer;
    s->columns = s->chosen + column;
    s->explainer_count = s->all_explainer_count - explainer < s->page_explainers ? s->all_explainer_count - explainer
                                                                                 : s->page_explainers;
    s->column_count = s->chosen_count - column < s->page_stages ? s->chosen_count - column : s->page_stages;
    s->scales = (struct map_scales){.slices = s->maps->slices,
                                    .over = s->under != NULL,
                                    .summed = s->maps->summed,
                                    .features = map_set_is_table(s->maps)};
    for (size_t i = 0; i < s->explainer_count; i++) {
        bool diverging = maps_diverge(s, s->explainers[i], &any);
        s->scales.diverging = s->scales.diverging || diverging;
        s->scales.sequential = s->scales.sequential || !diverging;
    }
}

/* ---- drawing ---- */

static void add_tiles(struct strip *s, size_t explainer) {
    bool any, diverging = maps_diverge(s, s->explainers[explainer], &any);

    for (size_t c = 0; c <= s->column_count; c++)
        map_tile(&s->figure, picture_of(s, explainer, c), s->under, diverging,
                 &(struct map_place){tile_x(s, c), tile_y(s, explainer), s->tile, s->tile_height});
}

static void add_caption(struct strip *s, size_t explainer, size_t column) {
    const struct picture *p = picture_of(s, explainer, column);
    double similarity = column && p ? p->similarity : NAN;
    char text[48] = "";

    if (!p) snprintf(text, sizeof text, "no map");
    else if (!p->finite) snprintf(text, sizeof text, "not finite");
    else if (p->constant) snprintf(text, sizeof text, "constant");
    else if (!isnan(similarity))
        snprintf(text, sizeof text, "%s = %.2f", measures[0]->symbol, fabs(similarity) < .005 ? 0 : similarity);
    if (*text)
        figure_label(&s->figure, tile_x(s, column) + s->tile / 2, tile_y(s, explainer) + s->tile_height + 8,
                     ALIGN_CENTRE, 20, "font small textcolor rgb quiet", text);
}

static void add_title(struct strip *s, size_t column) {
    const double x = tile_x(s, column) + s->tile / 2, y = s->head - 9;
    const char *title = title_of(s, column);
    struct figure_words words = {
        .x = x, .width = s->tile, .align = ALIGN_CENTRE, .font = FONT_SMALL, .lines = TITLE_LINES};

    words.y = y - figure_line(FONT_SMALL) * (double)(figure_lines(FONT_SMALL, s->tile, title) - 1);
    if (s->titles == TITLES_LINES) figure_words(&s->figure, &words, title);
    else
        figure_label(&s->figure, s->titles == TITLES_TURNED ? x - 12 : x, s->head - 6, ALIGN_LEFT, TITLE_CHARACTERS,
                     s->titles == TITLES_TURNED ? "rotate by 35 font small textcolor rgb ink"
                                                : "rotate by 90 font small textcolor rgb ink",
                     title);
}

static void add_name(struct strip *s, const char *name, double top, double height) {
    const struct figure_words above = {
        .x = MARGIN, .y = top - 9, .width = s->width - MARGIN, .font = FONT_INK, .lines = 1};
    struct figure_words beside = {.x = s->left - 8,
                                  .y = top + height / 2,
                                  .width = s->left - 12,
                                  .align = ALIGN_RIGHT,
                                  .font = FONT_INK,
                                  .lines = 2};

    if (figure_lines(FONT_INK, beside.width, name) > 1) beside.y -= figure_line(FONT_INK) / 2;
    figure_words(&s->figure, s->names_above ? &above : &beside, name);
}

static void add_script(struct strip *s, const char *title) {
    struct figure *f = &s->figure;
    const struct figure_words big = {.x = MARGIN, .y = 16, .width = s->width - 2 * MARGIN, .font = FONT_BIG};

    figure_start_multiplot(f);
    figure_words(f, &big, title);
    add_name(s, "input", s->input_top, input_height(s));
    map_notes_add(f, &s->notes, &s->scales, notes_x(s), notes_y(s));
    for (size_t c = 0; c <= s->column_count; c++) add_title(s, c);
    for (size_t x = 0; x < s->explainer_count; x++) {
        add_name(s, s->explainers[x], tile_y(s, x), s->tile_height);
        for (size_t c = 0; c <= s->column_count; c++) add_caption(s, x, c);
    }
    figure_draw_labels(f);
    map_tile_begin(f, s->maps);
    map_tile(f, map_set_input(s->maps, s->input), NULL, false,
             &(struct map_place){s->left, s->input_top, input_width(s), input_height(s)});
    for (size_t x = 0; x < s->explainer_count; x++) add_tiles(s, x);
    map_bars(f, &s->scales, notes_x(s), notes_y(s));
    text_add(&f->script, "unset multiplot\n");
}

static bool draw_page(struct strip *s, struct figures *all, const struct figure_page *page, struct error *e) {
    char number[48], *text = NULL;

    take_page(s, page->number);
    snprintf(number, sizeof number, "input%u%s", (unsigned)s->input, map_view_suffix(all));
    bool ok = write_notes(s, e) && ((text = heading(s, page)) || error_memory(e));
    if (ok) {
        const struct figure_title title = {"maps", s->control, number, *page};
        place_page(s, text);
        figure_begin(&s->figure, all, &title, s->width, s->head + row_height(s) * (double)s->explainer_count + 4);
        add_script(s, text);
        ok = figure_end(&s->figure, e);
    }
    map_notes_drop(&s->notes);
    free(text);
    return ok;
}

/* How many explainers a page holds: below the highest head that one of them has. */
static bool place_rows(struct strip *s, struct error *e) {
    const size_t across = figure_pages(s->chosen_count, s->page_stages);
    double head = 0;
    bool ok = true;

    s->page_explainers = s->all_explainer_count;
    for (size_t page = 0; ok && page < across; page++) {
        const struct figure_page numbered = {98, 99};
        char *text = NULL;
        take_page(s, page);
        ok = write_notes(s, e) && ((text = heading(s, &numbered)) || error_memory(e));
        if (ok) place_page(s, text);
        head = fmax(head, s->head);
        map_notes_drop(&s->notes);
        free(text);
    }
    s->page_explainers = figure_rows(s->figure.all, head + 4, row_height(s), s->all_explainer_count, PAGE_EXPLAINERS);
    return ok;
}

static bool draw_strip(struct figures *all, const struct map_set *maps, const char *control, uint32_t input,
                       struct error *e) {
    struct strip s = {.figure.all = all, .maps = maps, .control = control, .input = input};
    bool ok = survey(&s, e);
    struct figure_page page = {0};

    if (ok && s.all.count && s.all_explainer_count && (ok = place_columns(&s, e))) {
        place_tiles(&s);
        ok = place_rows(&s, e);
        page.count =
            figure_pages(s.all_explainer_count, s.page_explainers) * figure_pages(s.chosen_count, s.page_stages);
    }
    for (; ok && page.number < page.count; page.number++) ok = draw_page(&s, all, &page, e);
    map_columns_finish(&s.all);
    free(s.chosen);
    free(s.all_explainers);
    return ok;
}

bool figure_maps(struct figures *all, const struct map_set *maps, struct error *e) {
    bool ok = true;

    for (size_t c = 0; c < all->verdicts.control_count && ok; c++)
        for (size_t i = 0; i < maps->count && ok; i++)
            if (!maps->pictures[i].explainer && figure_wants_input(all, maps->pictures[i].input))
                ok = draw_strip(all, maps, all->verdicts.controls[c], maps->pictures[i].input, e);
    return ok;
}
