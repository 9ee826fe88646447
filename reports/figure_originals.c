/* The page of originals: an input, and beside it the map of every explainer on the unmodified network; one figure per
 * network and input with kept maps. */
#include "reports/figure.h"
#include "reports/format.h"
#include "reports/map_tile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TILE 158.0
#define GAP_X 14.0
#define GAP_Y 34.0
#define HEAD 56.0
#define FOOT 44.0
#define MARGIN 14.0
#define TITLE_CHARACTERS 26
#define PAGE_MAPS 64u
#define ONE_ROW 4u /* up to so many tiles stand in one row */
#define COLUMNS 5u

struct page {
    struct figure figure;
    const struct picture *tiles[1 + PAGE_MAPS]; /* the input, then maps */
    size_t count, columns;
    double height; /* of a tile */
    struct map_scales scales;
};

/* The input and the maps of that page; returns how many maps there are over all pages. */
static size_t collect(struct page *p, const struct map_set *maps, const struct picture *input, const char *network,
                      size_t page) {
    const struct verdict_table *t = &p->figure.all->verdicts;
    size_t count = 0;

    p->scales.slices = maps->slices;
    p->tiles[p->count++] = input;
    for (size_t x = 0; x < t->explainer_count; x++) {
        const struct picture *map = map_set_find(maps, t->explainers[x], network, input->input);
        if (!map || count++ / PAGE_MAPS != page) continue;
        p->tiles[p->count++] = map;
        p->scales.diverging = p->scales.diverging || map->negative;
        p->scales.sequential = p->scales.sequential || !map->negative;
    }
    p->columns = p->count > ONE_ROW ? COLUMNS : p->count;
    p->height = map_tile_height(input, TILE);
    return count;
}

static double tile_x(const struct page *p, size_t number) {
    return MARGIN + (double)(number % p->columns) * (TILE + GAP_X);
}

static double tile_y(const struct page *p, size_t number) {
    return HEAD + (double)(number / p->columns) * (p->height + GAP_Y);
}

static double foot(const struct page *p) {
    return tile_y(p, p->count - 1) + p->height + 14;
}

static void add_labels(struct page *p, const struct picture *input, const struct figure_page *page) {
    struct figure *f = &p->figure;
    char number[FIGURE_PAGE_SIZE];
    char *heading = text_format("original maps of input %u for %s%s", (unsigned)input->input, input->class,
                                figure_page_text(page, number));

    if (heading) figure_label(f, MARGIN, 16, ALIGN_LEFT, 80, "font big textcolor rgb ink", heading);
    else f->script.failed = true;
    free(heading);
    for (size_t i = 0; i < p->count; i++)
        figure_label(f, tile_x(p, i) + TILE / 2, tile_y(p, i) - 9, ALIGN_CENTRE, TITLE_CHARACTERS, "textcolor rgb ink",
                     i ? p->tiles[i]->explainer : "input");
    map_bar_labels(f, &p->scales, MARGIN, foot(p));
    figure_label(f, MARGIN, foot(p) + 22, ALIGN_LEFT, 120, "font small textcolor rgb quiet", map_bar_text(&p->scales));
    figure_draw_labels(f);
}

/* The page, which learns how many there are. */
static bool draw_page(struct figures *all, const struct map_set *maps, const struct picture *input, const char *network,
                      struct figure_page *page, struct error *e) {
    struct page p = {.figure.all = all};
    char number[32];

    size_t count = collect(&p, maps, input, network, page->number);
    page->count = figure_pages(count, PAGE_MAPS);
    if (!count) return true;
    snprintf(number, sizeof number, "input%u", (unsigned)input->input);
    double width = 2 * MARGIN - GAP_X + (double)p.columns * (TILE + GAP_X);
    const struct figure_title title = {"originals", strcmp(network, "model") == 0 ? NULL : network, number, *page};
    figure_begin(&p.figure, all, &title, fmax(fmax(width, 440), map_bar_right(&p.scales, MARGIN)), foot(&p) + FOOT);
    figure_start_multiplot(&p.figure);
    add_labels(&p, input, page);
    map_tile_begin(&p.figure);
    for (size_t i = 0; i < p.count; i++)
        map_tile(&p.figure, p.tiles[i], p.tiles[i]->negative, tile_x(&p, i), tile_y(&p, i), TILE, p.height);
    map_bars(&p.figure, &p.scales, MARGIN, foot(&p));
    text_add(&p.figure.script, "unset multiplot\n");
    return figure_end(&p.figure, e);
}

bool figure_originals(struct figures *all, const struct map_set *maps, struct error *e) {
    static const char *const networks[] = {"model", "true"};
    bool ok = true;

    for (size_t k = 0; k < sizeof networks / sizeof *networks; k++)
        for (size_t i = 0; i < maps->count && ok; i++) {
            const struct picture *p = &maps->pictures[i];
            struct figure_page page = {0, 1};
            for (; !p->explainer && ok && page.number < page.count; page.number++)
                ok = (p->tokens   ? figure_tokens
                      : p->values ? figure_series
                                  : draw_page)(all, maps, p, networks[k], &page, e);
        }
    return ok;
}
