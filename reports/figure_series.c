/* The page of originals where inputs are no pictures: one line for the input and for the map of every explainer on the
 * unmodified network, above each other. Sequences of four letters are logos (each letter as high as its attribution,
 * hanging down where that is negative) where letters have room, other sequences and features bars; features have their
 * names below. */
#include "reports/figure_words.h"
#include "reports/format.h"
#include "reports/logo.h"
#include "reports/map_tile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROW 62.0
#define GAP 12.0
#define MARGIN 14.0
#define WIDTH 900.0
#define NAMES_MOST 215.0 /* their width; longer ones have two lines */
#define NAMES_SHARE .35  /* likewise, of the page */
#define TIC_CHARACTERS 16
#define FOOT 34.0
#define LETTER_LEAST 5.0 /* the width of a letter that can be read; where they are narrower rows are bars */
#define TIC_APART 16.0   /* of names, so that they do not touch */
#define PAGE_ROWS 32u

struct series {
    struct figure figure;
    const struct map_set *maps;
    const struct picture *rows[1 + PAGE_ROWS]; /* the input, then maps */
    size_t count, most;                        /* most: maps of a page */
    double left, across, width, head, foot;    /* across: of a row */
    bool logos;
    char *heading;
    FILE *letters; /* the outlines of all logos */
    size_t blocks; /* in it */
};

/* ---- logos ---- */

/* A block of the data file: the outlines of one letter in one row. */
static bool put_letter(struct series *s, const struct picture *p, const char *letters, size_t letter) {
    double points[LOGO_POINTS][2];
    size_t n = logo_outline(letter, points);
    bool any = false;
    char x[NUMBER_SIZE], y[NUMBER_SIZE];

    for (uint32_t at = 0; at < p->width; at++) {
        double height = p->explainer ? (double)p->values[at] : 1;
        if (letters[at] != logo_letters[letter] || !isfinite(height) || height == 0) continue;
        for (size_t k = 0; k < n; k++) {
            double across = (double)at - .46 + .92 * points[k][0];
            fprintf(s->letters, "%s\t%s\n", number_text(across, x), number_text(height * points[k][1], y));
        }
        fputc('\n', s->letters);
        any = true;
    }
    if (any) fputc('\n', s->letters);
    return any;
}

static void add_logo(struct series *s, const struct picture *p) {
    struct text *out = &s->figure.script;
    bool begun = false;

    for (size_t letter = 0; letter < LOGO_LETTERS; letter++) {
        if (!put_letter(s, p, s->rows[0]->letters, letter)) continue;
        text_add(out, "%s data index %zu using 1:2 with filledcurves closed fc rgb '%s' fs solid noborder",
                 begun ? "," : "plot", s->blocks++, logo_colours[letter]);
        begun = true;
    }
    text_add(out, begun ? "\n" : "plot NaN\n");
}

/* ---- rows ---- */

static double row_y(const struct series *s, size_t row) {
    return s->head + (double)row * (ROW + GAP);
}

static void add_names(struct series *s) {
    struct text *out = &s->figure.script;

    const size_t step = (size_t)ceil(TIC_APART * (double)s->maps->column_count / s->across);
    text_add(out, "set xtics (");
    for (size_t k = 0; k < s->maps->column_count; k++) {
        if (k) text_add(out, ", ");
        figure_quote(out, k % step ? "" : s->maps->columns[k], TIC_CHARACTERS, QUOTED_TIC);
        text_add(out, " %zu", k);
    }
    text_add(out, ") rotate by -40 offset 0,.2 textcolor rgb ink font small\n");
}

static void add_row(struct series *s, size_t row) {
    const struct picture *p = s->rows[row];
    struct text *out = &s->figure.script;
    bool last = row + 1 == s->count, named = s->maps->column_count == p->width;
    double high = fmax(0, p->high), low = fmin(0, p->low), room = .04 * (high - low);

    if (!isfinite(p->low)) return;
    if (!(high > low)) high = 1;
    if (s->logos && !p->explainer) low = 0, high = 1;
    figure_place(&s->figure, s->left, row_y(s, row), s->left + s->across, row_y(s, row) + ROW);
    text_add(out, "set xrange [-.7:%g]; set yrange [%.9g:%.9g]; unset xtics\n", p->width - .3, low - room, high + room);
    if (last && named) add_names(s);
    else if (last) text_add(out, "set xtics norotate textcolor rgb ink font small\n");
    if (s->logos) add_logo(s, p);
    else
        text_add(out,
                 "plot maps binary record=(%u) skip=%zu format='%%float' using 0:1:(%s) with boxes lc rgb variable fs "
                 "solid noborder\n",
                 (unsigned)p->width, p->offset, p->explainer ? "$1 < 0 ? against : strong" : "0x888888");
}

static const char *note(const struct series *s) {
    return !s->maps->summed
               ? "each map on its own scale, which holds its smallest and its largest value and zero"
               : "each map on its own scale, which holds its smallest and its largest value and zero; channels are "
                 "summed";
}

static void add_labels(struct series *s) {
    struct figure *f = &s->figure;
    const struct figure_words big = {.x = MARGIN, .y = 16, .width = s->width - 2 * MARGIN, .font = FONT_BIG};
    const struct figure_words small = {
        .x = MARGIN, .y = s->foot + 18, .width = s->width - 2 * MARGIN, .font = FONT_SMALL, .colour = "quiet"};

    figure_words(f, &big, s->heading);
    for (size_t i = 0; i < s->count; i++) {
        const char *name = i ? s->rows[i]->explainer : "input";
        struct figure_words words = {.x = s->left - 8, .width = s->left - 12, .align = ALIGN_RIGHT, .lines = 2};
        words.y = row_y(s, i) + ROW / 2;
        if (figure_lines(FONT_INK, words.width, name) > 1) words.y -= figure_line(FONT_INK) / 2;
        figure_words(f, &words, name);
    }
    figure_words(f, &small, note(s));
    figure_draw_labels(f);
}

/* ---- pages ---- */

/* The input and the maps of that page; returns how many maps there are over all pages. */
static size_t collect(struct series *s, const struct picture *input, const char *network, size_t page) {
    const struct verdict_table *t = &s->figure.all->verdicts;
    size_t count = 0, widest = 5;

    s->count = 0;
    s->rows[s->count++] = input;
    for (size_t x = 0; x < t->explainer_count; x++) {
        const struct picture *map = map_set_find(s->maps, t->explainers[x], network, input->input);
        if (!map || !map->values || map->width != input->width || count++ / s->most != page) continue;
        s->rows[s->count++] = map;
        if (utf8_width(map->explainer) > widest) widest = utf8_width(map->explainer);
    }
    s->left = fmin(20 + figure_text_width(FONT_INK, widest), NAMES_MOST);
    return count;
}

/* Names of features reach down, and to the right of the last one. */
static void place(struct series *s, const struct picture *input) {
    const struct figures *all = s->figure.all;
    const bool named = s->maps->column_count == input->width && input->width;
    double longest = 0, beyond = 0;

    for (size_t k = 0; named && k < s->maps->column_count; k++) {
        size_t width = utf8_width(s->maps->columns[k]);
        longest = fmax(longest, figure_text_width(FONT_SMALL, width < TIC_CHARACTERS ? width : TIC_CHARACTERS));
    }
    if (figure_on_paper(all)) {
        s->left = fmin(s->left, NAMES_SHARE * figure_width(all, 0));
        beyond = .8 * longest;
    }
    s->width = figure_width(all, s->left + WIDTH + MARGIN + fmax(0, .8 * longest - MARGIN));
    s->across = fmin(WIDTH, s->width - s->left - fmax(MARGIN, beyond));
    s->logos = input->letters && s->across >= LETTER_LEAST * input->width;
    s->head = 21 + (double)figure_lines(FONT_BIG, s->width - 2 * MARGIN, s->heading) * figure_line(FONT_BIG);
    s->foot = row_y(s, s->count) + (named ? 10 + .65 * longest : 8);
}

static double page_height(const struct series *s) {
    return s->foot + 20 + (double)figure_lines(FONT_SMALL, s->width - 2 * MARGIN, note(s)) * figure_line(FONT_SMALL);
}

static bool draw_page(struct series *s, struct error *e) {
    struct figure *f = &s->figure;

    s->letters = figure_data(f, e);
    if (!s->letters) return false;
    figure_start_multiplot(f);
    add_labels(s);
    map_tile_begin(f, s->maps);
    text_add(&f->script, "data = '%s.tsv'\nset border 1; set boxwidth .8; set xzeroaxis lc rgb frame lw .4\n", f->name);
    for (size_t i = 0; i < s->count; i++) add_row(s, i);
    text_add(&f->script, "unset multiplot\n");
    bool written = !ferror(s->letters);
    if (fclose(s->letters) != 0 || !written) return error_set(e, "%s: a file could not be written", f->name);
    return true;
}

/* How many maps a page holds: all but the input's row. */
static bool choose_most(struct series *s, const struct picture *input, const char *network, struct error *e) {
    const struct figure_page numbered = {98, 99};

    s->most = PAGE_ROWS;
    collect(s, input, network, 0);
    s->heading = figure_originals_heading(s->figure.all, input, &numbered);
    if (!s->heading) return error_memory(e);
    place(s, input);
    free(s->heading);
    if (!figure_on_paper(s->figure.all)) return true;
    const double above = page_height(s) - (double)s->count * (ROW + GAP);
    size_t rows = figure_rows(s->figure.all, above, ROW + GAP, FIGURE_ANY_ROWS, PAGE_ROWS + 1);
    s->most = rows > 2 ? rows - 1 : 1;
    return true;
}

bool figure_series(struct figures *all, const struct map_set *maps, const struct picture *input, const char *network,
                   struct figure_page *page, struct error *e) {
    struct series s = {.figure.all = all, .maps = maps};
    char number[48];

    if (!choose_most(&s, input, network, e)) return false;
    size_t count = collect(&s, input, network, page->number);
    page->count = figure_pages(count, s.most);
    if (!count) return true;
    const struct figure_title title = figure_originals_title(all, input, network, page, number);
    s.heading = figure_originals_heading(all, input, page);
    if (!s.heading) return error_memory(e);
    place(&s, input);
    const double width = s.width, height = page_height(&s);
    figure_begin(&s.figure, all, &title, width, height);
    bool ok = draw_page(&s, e);
    if (!ok) figure_drop(&s.figure);
    free(s.heading);
    return ok && figure_end(&s.figure, e);
}
