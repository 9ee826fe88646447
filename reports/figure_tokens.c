/* The page of originals where inputs are tokens: one block of boxes for the input and for the map of every explainer on
 * the unmodified network. A box is a token with its number in the order of reading, as dark as its attribution. */
#include "reports/figure_words.h"
#include "reports/map_tile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LINE 16u /* tokens, where the page is wide enough */
#define BOX_WIDTH 52.0
#define BOX_LEAST 36.0 /* on paper */
#define BOX_HEIGHT 20.0
#define GAP 12.0
#define MARGIN 14.0
#define NAMES_MOST 215.0 /* their width; longer ones have two lines */
#define NAMES_SHARE .35  /* likewise, of the page */
#define PAGE_BOXES 2048u
#define DARK .7 /* of the scale: numbers on it are white */

struct page {
    struct figure figure;
    const struct picture **blocks; /* the input, then maps */
    size_t count, most, lines;     /* most: maps of a page */
    struct map_scales scales;
    unsigned line; /* tokens of one */
    double left, width, head, foot, box;
    char *heading;
};

static const char note[] =
    "numbers of tokens; each map on its own scale, to the 99th percentile of |value|, dimensions summed";

static double block_height(const struct page *p) {
    return (double)p->lines * BOX_HEIGHT;
}

static double block_y(const struct page *p, size_t block) {
    return p->head + (double)block * (block_height(p) + GAP);
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
                 (long long)p->blocks[0]->tokens[k], (unsigned)(k % p->line), (unsigned)(k / p->line),
                 dark ? "'#ffffff'" : "ink");
    }
}

static void add_block(struct page *p, size_t block) {
    const struct picture *map = p->blocks[block];
    struct text *out = &p->figure.script;
    const char *fill = "lc rgb '#ffffff'";

    figure_place(&p->figure, p->left, block_y(p, block), p->left + p->line * p->box,
                 block_y(p, block) + block_height(p));
    if (map->explainer) {
        map_palette(out, map, map->negative);
        fill = "lc palette";
    }
    text_add(out, "set xrange [-.5:%u.5]; set yrange [%zu.5:-.5]\n", p->line - 1, p->lines - 1);
    add_numbers(p, map, map->negative);
    text_add(out,
             "plot maps binary record=(%u) skip=%zu format='%%float' using (int($0)%%%u):(int($0)/%u):"
             "(int($0)%%%u-.47):(int($0)%%%u+.47):(int($0)/%u-.44):(int($0)/%u+.44)%s with boxxyerror %s "
             "fs solid border lc rgb faint\nunset label\n",
             (unsigned)map->width, map->offset, p->line, p->line, p->line, p->line, p->line, p->line,
             map->explainer ? ":1" : "", fill);
}

static void add_labels(struct page *p) {
    struct figure *f = &p->figure;
    const struct figure_words big = {.x = MARGIN, .y = 16, .width = p->width - 2 * MARGIN, .font = FONT_BIG};
    const struct figure_words small = {.x = MARGIN,
                                       .y = p->foot + map_bar_height(&p->scales),
                                       .width = p->width - 2 * MARGIN,
                                       .font = FONT_SMALL,
                                       .colour = "quiet"};

    figure_words(f, &big, p->heading);
    for (size_t i = 0; i < p->count; i++) {
        const char *name = i ? p->blocks[i]->explainer : "input";
        struct figure_words words = {.x = p->left - 8, .width = p->left - 12, .align = ALIGN_RIGHT, .lines = 2};
        words.y = block_y(p, i) + block_height(p) / 2;
        if (figure_lines(FONT_INK, words.width, name) > 1) words.y -= figure_line(FONT_INK) / 2;
        figure_words(f, &words, name);
    }
    map_bar_labels(f, &p->scales, MARGIN, p->foot);
    figure_words(f, &small, note);
    figure_draw_labels(f);
}

/* ---- pages ---- */

/* The input and the maps of that page; returns how many maps there are over all pages. */
static size_t collect(struct page *p, const struct map_set *maps, const char *network, size_t page) {
    const struct verdict_table *t = &p->figure.all->verdicts;
    const struct picture *input = p->blocks[0];
    size_t count = 0, widest = 5;

    p->count = 1;
    p->scales = (struct map_scales){0};
    for (size_t x = 0; x < t->explainer_count; x++) {
        const struct picture *map = map_set_find(maps, t->explainers[x], network, input->input);
        if (!map || !map->values || map->width != input->width || count++ / p->most != page) continue;
        p->blocks[p->count++] = map;
        p->scales.diverging = p->scales.diverging || map->negative;
        p->scales.sequential = p->scales.sequential || !map->negative;
        if (utf8_width(map->explainer) > widest) widest = utf8_width(map->explainer);
    }
    p->left = fmin(20 + figure_text_width(FONT_INK, widest), NAMES_MOST);
    return count;
}

/* On paper lines are as long as boxes that hold a number have room. */
static void place(struct page *p) {
    const struct figures *all = p->figure.all;

    p->box = BOX_WIDTH;
    if (figure_on_paper(all)) {
        p->left = fmin(p->left, NAMES_SHARE * figure_width(all, 0));
        const double room = figure_width(all, 0) - p->left - MARGIN;
        p->line = (unsigned)fmax(1, fmin(LINE, room / BOX_LEAST));
        p->box = fmin(BOX_WIDTH, room / p->line);
        p->lines = (p->blocks[0]->width + p->line - 1) / p->line;
    }
    const double natural = fmax(p->left + p->line * p->box, MARGIN + MAP_BARS_SIDE_BY_SIDE) + MARGIN;
    p->width = figure_width(all, natural);
    p->scales.room = p->width - 2 * MARGIN;
    p->head = 21 + (double)figure_lines(FONT_BIG, p->width - 2 * MARGIN, p->heading) * figure_line(FONT_BIG);
    p->foot = block_y(p, p->count) + 10;
}

static double page_height(const struct page *p) {
    const size_t lines = figure_lines(FONT_SMALL, p->width - 2 * MARGIN, note);
    return p->foot + map_bar_height(&p->scales) + (double)lines * figure_line(FONT_SMALL) + 2;
}

/* How many maps a page holds on paper: all but the input's block. */
static bool choose_most(struct page *p, const struct map_set *maps, const char *network, struct error *e) {
    const struct figure_page numbered = {98, 99};

    collect(p, maps, network, 0);
    p->heading = figure_originals_heading(p->figure.all, p->blocks[0], &numbered);
    if (!p->heading) return error_memory(e);
    place(p);
    free(p->heading);
    p->heading = NULL;
    if (!figure_on_paper(p->figure.all)) return true;
    const double block = block_height(p) + GAP, above = page_height(p) - (double)p->count * block;
    size_t blocks = figure_rows(p->figure.all, above, block, FIGURE_ANY_ROWS, p->most + 1);
    p->most = blocks > 2 ? blocks - 1 : 1;
    return true;
}

static bool draw_page(struct page *p, const struct map_set *maps, const struct figure_title *title, struct error *e) {
    struct figure *f = &p->figure;

    figure_begin(f, f->all, title, p->width, page_height(p));
    figure_start_multiplot(f);
    add_labels(p);
    map_tile_begin(f, maps);
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
    char number[48];

    p.line = LINE;
    p.most += p.most == 0;
    p.blocks = calloc(p.most + 1, sizeof *p.blocks);
    bool ok = p.blocks || error_memory(e);
    if (ok) {
        p.blocks[0] = input;
        ok = choose_most(&p, maps, network, e);
    }
    if (ok) {
        size_t count = collect(&p, maps, network, page->number);
        page->count = figure_pages(count, p.most);
        const struct figure_title title = figure_originals_title(all, input, network, page, number);
        p.heading = figure_originals_heading(all, input, page);
        ok = p.heading || error_memory(e);
        if (ok && count) {
            place(&p);
            ok = draw_page(&p, maps, &title, e);
        }
    }
    free(p.heading);
    free(p.blocks);
    return ok;
}
