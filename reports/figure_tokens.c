/* The page of originals where inputs are tokens: one block of boxes for the input and for the map of every explainer on
 * the unmodified network. A box is a token with its number in the order of reading, as dark as its attribution. */
#include "reports/figure.h"
#include "reports/format.h"
#include "reports/map_tile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LINE 16u /* tokens */
#define BOX_WIDTH 52.0
#define BOX_HEIGHT 20.0
#define GAP 12.0
#define HEAD 36.0
#define FOOT 44.0
#define MARGIN 14.0
#define NAME_CHARACTERS 32
#define PAGE_BOXES 2048u
#define DARK .7 /* of the scale: numbers on it are white */

struct page {
    struct figure figure;
    const struct picture **blocks; /* the input, then maps */
    size_t count, most, lines;     /* most: maps of a page */
    struct map_scales scales;
    double left, foot;
};

static double block_height(const struct page *p) {
    return (double)p->lines * BOX_HEIGHT;
}

static double block_y(const struct page *p, size_t block) {
    return HEAD + (double)block * (block_height(p) + GAP);
}

/* ---- boxes ---- */

/* Their numbers, which stand in the plot's own axes and are forgotten behind it. */
static void add_numbers(struct page *p, const struct picture *map, bool diverging) {
    struct text *out = &p->figure.script;
    const double limit = map->limit > 0 ? map->limit : 1;

    for (uint32_t k = 0; k < map->width; k++) {
        const double share = map->explainer ? (double)map->values[k] / limit : 0;
        const bool dark = diverging ? fabs(share) > DARK : share > DARK;
        text_add(out, "set label '%lld' at first %u,%u center front font small textcolor rgb %s\n",
                 (long long)p->blocks[0]->tokens[k], (unsigned)(k % LINE), (unsigned)(k / LINE),
                 dark ? "'#ffffff'" : "ink");
    }
}

static void add_block(struct page *p, size_t block) {
    const struct picture *map = p->blocks[block];
    struct text *out = &p->figure.script;
    const char *fill = "lc rgb '#ffffff'";

    figure_place(&p->figure, p->left, block_y(p, block), p->left + LINE * BOX_WIDTH,
                 block_y(p, block) + block_height(p));
    if (map->explainer) {
        map_palette(out, map, map->negative);
        fill = "lc palette";
    }
    text_add(out, "set xrange [-.5:%u.5]; set yrange [%zu.5:-.5]\n", LINE - 1, p->lines - 1);
    add_numbers(p, map, map->negative);
    text_add(out,
             "plot maps binary record=(%u) skip=%zu format='%%float' using (int($0)%%%u):(int($0)/%u):"
             "(int($0)%%%u-.47):(int($0)%%%u+.47):(int($0)/%u-.44):(int($0)/%u+.44)%s with boxxyerror %s "
             "fs solid border lc rgb faint\nunset label\n",
             (unsigned)map->width, map->offset, LINE, LINE, LINE, LINE, LINE, LINE, map->explainer ? ":1" : "", fill);
}

static void add_labels(struct page *p, const struct figure_page *page) {
    struct figure *f = &p->figure;
    char number[FIGURE_PAGE_SIZE];
    const struct picture *input = p->blocks[0];
    char *heading = text_format("original maps of input %u for %s%s", (unsigned)input->input, input->class,
                                figure_page_text(page, number));

    if (heading) figure_label(f, MARGIN, 16, ALIGN_LEFT, 100, "font big textcolor rgb ink", heading);
    else f->script.failed = true;
    free(heading);
    for (size_t i = 0; i < p->count; i++)
        figure_label(f, p->left - 8, block_y(p, i) + block_height(p) / 2, ALIGN_RIGHT, NAME_CHARACTERS,
                     "textcolor rgb ink", i ? p->blocks[i]->explainer : "input");
    map_bar_labels(f, &p->scales, MARGIN, p->foot);
    figure_label(f, MARGIN, p->foot + 22, ALIGN_LEFT, 120, "font small textcolor rgb quiet",
                 "numbers of tokens; each map on its own scale, to the 99th percentile of |value|, dimensions summed");
    figure_draw_labels(f);
}

/* ---- pages ---- */

/* The input and the maps of that page; returns how many maps there are over all pages. */
static size_t collect(struct page *p, const struct map_set *maps, const char *network, size_t page) {
    const struct verdict_table *t = &p->figure.all->verdicts;
    const struct picture *input = p->blocks[0];
    size_t count = 0, widest = 5;

    for (size_t x = 0; x < t->explainer_count; x++) {
        const struct picture *map = map_set_find(maps, t->explainers[x], network, input->input);
        if (!map || !map->values || map->width != input->width || count++ / p->most != page) continue;
        p->blocks[p->count++] = map;
        p->scales.diverging = p->scales.diverging || map->negative;
        p->scales.sequential = p->scales.sequential || !map->negative;
        if (utf8_width(map->explainer) > widest) widest = utf8_width(map->explainer);
    }
    p->left = 20 + 6.1 * (double)(widest > NAME_CHARACTERS ? NAME_CHARACTERS : widest);
    p->foot = block_y(p, p->count) + 6;
    return count;
}

static bool draw_page(struct page *p, const struct figure_title *title, struct error *e) {
    struct figure *f = &p->figure;
    const double left = p->left, right = fmax(left + LINE * BOX_WIDTH, map_bar_right(&p->scales, MARGIN));

    figure_begin(f, f->all, title, right + MARGIN, p->foot + FOOT);
    figure_start_multiplot(f);
    add_labels(p, &title->page);
    map_tile_begin(f);
    text_add(&f->script, "unset border\n");
    for (size_t i = 0; i < p->count; i++)
        if (isfinite(p->blocks[i]->low)) add_block(p, i);
    map_bars(f, &p->scales, MARGIN, p->foot);
    text_add(&f->script, "unset multiplot\n");
    return figure_end(f, e);
}

bool figure_tokens(struct figures *all, const struct map_set *maps, const struct picture *input, const char *network,
                   struct figure_page *page, struct error *e) {
    struct page p = {.figure.all = all, .lines = (input->width + LINE - 1) / LINE, .most = PAGE_BOXES / input->width};
    char number[32];

    p.most += p.most == 0;
    p.blocks = calloc(p.most + 1, sizeof *p.blocks);
    if (!p.blocks) return error_memory(e);
    p.blocks[p.count++] = input;
    size_t count = collect(&p, maps, network, page->number);
    page->count = figure_pages(count, p.most);
    snprintf(number, sizeof number, "input%u", (unsigned)input->input);
    const struct figure_title title = {"originals", strcmp(network, "model") == 0 ? NULL : network, number, *page};
    bool ok = !count || draw_page(&p, &title, e);
    free(p.blocks);
    return ok;
}
