/* The page of originals: an input, and beside it the map of every explainer on the unmodified network; one figure per
 * network and input with kept maps. */
#include "reports/figure.h"
#include "reports/figure_words.h"
#include "reports/map_tile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TILE 158.0
#define GAP_X 14.0
#define TILE_LEAST 80.0 /* on paper */
#define MARGIN 14.0
#define TITLE_LINES 2u
#define PAGE_MAPS 64u
#define ONE_ROW 4u /* up to so many tiles stand in one row */
#define COLUMNS 5u

struct page {
    struct figure figure;
    const struct picture *tiles[1 + PAGE_MAPS]; /* the input, then maps */
    const struct picture *under;
    size_t count, columns, title_lines;
    size_t most;                      /* maps of a page */
    double width, tile, height, head; /* tile, height: of a tile; head: of the first */
    struct map_scales scales;
    const char *note;
};

static const char *title_of(const struct page *p, size_t i) {
    return i ? p->tiles[i]->explainer : "input";
}

/* The input and the maps of that page; returns how many maps there are over all pages. */
static size_t collect(struct page *p, const struct map_set *maps, const struct picture *input, const char *network,
                      size_t page) {
    const struct verdict_table *t = &p->figure.all->verdicts;
    size_t count = 0;

    p->under = map_tile_under(p->figure.all, input);
    p->scales = (struct map_scales){.slices = maps->slices, .over = p->under != NULL, .summed = maps->summed};
    p->count = 0;
    p->tiles[p->count++] = input;
    for (size_t x = 0; x < t->explainer_count; x++) {
        const struct picture *map = map_set_find(maps, t->explainers[x], network, input->input);
        if (!map || count++ / p->most != page) continue;
        p->tiles[p->count++] = map;
        p->scales.diverging = p->scales.diverging || map->negative;
        p->scales.sequential = p->scales.sequential || !map->negative;
    }
    return count;
}

/* As many tiles side by side as the page holds; the page is as wide as its heading's shortest lines ask for. */
static void place(struct page *p, const struct picture *input, const char *heading) {
    const struct figures *all = p->figure.all;
    const size_t natural = p->count > ONE_ROW ? COLUMNS : p->count;

    p->columns = natural;
    p->tile = TILE;
    p->width = figure_width(all, fmax(2 * MARGIN - GAP_X + (double)natural * (TILE + GAP_X), 440));
    if (figure_on_paper(all)) {
        const double room = p->width - 2 * MARGIN + GAP_X;
        size_t fit = (size_t)fmax(1, room / (TILE_LEAST + GAP_X));
        p->columns = fit < natural ? fit : natural;
        p->tile = fmin(TILE, room / (double)p->columns - GAP_X);
    }
    p->height = map_tile_height(input, p->tile);
    p->scales.room = p->width - 2 * MARGIN;
    p->note = map_bar_text(&p->scales);
    p->title_lines = 1;
    for (size_t i = 0; i < p->count; i++)
        if (figure_lines(FONT_INK, p->tile + GAP_X, title_of(p, i)) > 1) p->title_lines = TITLE_LINES;
    const double lines = (double)figure_lines(FONT_BIG, p->width - 2 * MARGIN, heading);
    p->head = 16 + lines * figure_line(FONT_BIG) + (double)p->title_lines * figure_line(FONT_INK);
}

static double tile_x(const struct page *p, size_t number) {
    return MARGIN + (double)(number % p->columns) * (p->tile + GAP_X);
}

static double row_step(const struct page *p) {
    return p->height + (double)p->title_lines * figure_line(FONT_INK) + 16;
}

static double tile_y(const struct page *p, size_t number) {
    return p->head + (double)(number / p->columns) * row_step(p);
}

/* The middle of the first bar. */
static double foot(const struct page *p) {
    return tile_y(p, p->count - 1) + p->height + 16;
}

static double page_height(const struct page *p) {
    const size_t lines = figure_lines(FONT_SMALL, p->width - 2 * MARGIN, p->note);
    return foot(p) + map_bar_height(&p->scales) + (double)lines * figure_line(FONT_SMALL) + 2;
}

static void add_labels(struct page *p, const char *heading) {
    struct figure *f = &p->figure;
    const struct figure_words big = {.x = MARGIN, .y = 16, .width = p->width - 2 * MARGIN, .font = FONT_BIG};
    const struct figure_words note = {.x = MARGIN,
                                      .y = foot(p) + map_bar_height(&p->scales),
                                      .width = p->width - 2 * MARGIN,
                                      .font = FONT_SMALL,
                                      .colour = "quiet"};

    figure_words(f, &big, heading);
    for (size_t i = 0; i < p->count; i++) {
        const double width = p->tile + GAP_X;
        const size_t lines = figure_lines(FONT_INK, width, title_of(p, i)) > 1 ? TITLE_LINES : 1;
        const struct figure_words title = {.x = tile_x(p, i) + p->tile / 2,
                                           .y = tile_y(p, i) - 9 - (double)(lines - 1) * figure_line(FONT_INK),
                                           .width = width,
                                           .align = ALIGN_CENTRE,
                                           .lines = TITLE_LINES};
        figure_words(f, &title, title_of(p, i));
    }
    map_bar_labels(f, &p->scales, MARGIN, foot(p));
    figure_words(f, &note, p->note);
    figure_draw_labels(f);
}

static bool draw(struct page *p, const struct map_set *maps, const struct figure_title *title, const char *heading,
                 struct error *e) {
    struct figure *f = &p->figure;

    figure_begin(f, f->all, title, p->width, page_height(p));
    figure_start_multiplot(f);
    add_labels(p, heading);
    map_tile_begin(f, maps);
    for (size_t i = 0; i < p->count; i++)
        map_tile(f, p->tiles[i], p->under, p->tiles[i]->negative,
                 &(struct map_place){tile_x(p, i), tile_y(p, i), p->tile, p->height});
    map_bars(f, &p->scales, MARGIN, foot(p));
    text_add(&f->script, "unset multiplot\n");
    return figure_end(f, e);
}

/* How many maps a page holds. */
static bool choose_most(struct page *p, const struct map_set *maps, const struct picture *input, const char *network,
                        struct error *e) {
    const struct figure_page numbered = {98, 99};
    char *heading = figure_originals_heading(p->figure.all, input, &numbered);

    p->most = PAGE_MAPS;
    if (!heading) return error_memory(e);
    collect(p, maps, input, network, 0);
    place(p, input, heading);
    free(heading);
    if (!figure_on_paper(p->figure.all)) return true;
    const size_t rows = (p->count + p->columns - 1) / p->columns;
    const double above = page_height(p) - (double)rows * row_step(p);
    size_t tiles = p->columns * figure_rows(p->figure.all, above, row_step(p), FIGURE_ANY_ROWS, PAGE_MAPS / p->columns);
    p->most = tiles > 2 ? tiles - 1 : 1;
    return true;
}

/* The page, which learns how many there are. */
static bool draw_page(struct figures *all, const struct map_set *maps, const struct picture *input, const char *network,
                      struct figure_page *page, struct error *e) {
    struct page p = {.figure.all = all};
    char number[48];

    if (!choose_most(&p, maps, input, network, e)) return false;
    size_t count = collect(&p, maps, input, network, page->number);
    page->count = figure_pages(count, p.most);
    if (!count) return true;
    const struct figure_title title = figure_originals_title(all, input, network, page, number);
    char *heading = figure_originals_heading(all, input, page);
    if (!heading) return error_memory(e);
    place(&p, input, heading);
    bool ok = draw(&p, maps, &title, heading, e);
    free(heading);
    return ok;
}

struct figure_title figure_originals_title(const struct figures *all, const struct picture *input, const char *network,
                                           const struct figure_page *page, char number[48]) {
    snprintf(number, 48, "input%u%s", (unsigned)input->input, map_view_suffix(all));
    return (struct figure_title){"originals", strcmp(network, "model") == 0 ? NULL : network, number, *page};
}

char *figure_originals_heading(const struct figures *all, const struct picture *input, const struct figure_page *page) {
    char number[FIGURE_PAGE_SIZE];
    const char *view = input->values && all->request->view == FIGURE_OVERLAY ? "" : map_view_text(all);
    return text_format("original maps of input %u for %s%s%s", (unsigned)input->input, input->class, view,
                       figure_page_text(page, number));
}

bool figure_originals(struct figures *all, const struct map_set *maps, struct error *e) {
    static const char *const networks[] = {"model", "true"};
    bool ok = true;

    for (size_t k = 0; k < sizeof networks / sizeof *networks; k++)
        for (size_t i = 0; i < maps->count && ok; i++) {
            const struct picture *p = &maps->pictures[i];
            struct figure_page page = {0, 1};
            if (p->explainer || !figure_wants_input(all, p->input)) continue;
            for (; ok && page.number < page.count; page.number++)
                ok = (p->tokens   ? figure_tokens
                      : p->values ? figure_series
                                  : draw_page)(all, maps, p, networks[k], &page, e);
        }
    return ok;
}
