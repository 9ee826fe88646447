/* Explainer x control, one coloured tile per verdict. On paper, where words of all controls do not fit side by side,
 * tiles have brief ones or letters below turned names; what does not even fit then goes on in another band below. */
#include "reports/figure_words.h"
#include "reports/format.h"
#include "reports/text_words.h"

#include <math.h>
#include <string.h>

#define TILE_WIDTH 104.0
#define TILE_LEAST 64.0
#define TILE_HEIGHT 26.0
#define WORD_WIDTH 94.0 /* of the longest verdict; in narrower tiles they are brief */
#define TOP 14.0
#define RIGHT 14.0
#define NAMES_MOST 225.0 /* their width; longer ones have two lines */
#define NAMES_SHARE .4   /* likewise, of the page */
#define TITLE_LINES 4u
/* Of tiles with letters: two in small print, and lines of names. */
#define LETTER_LEAST 12.0
#define LETTER_MOST 52.0
#define BRIEF_WIDTH 50.0 /* of the longest brief word, annotated */
#define LETTER_HEIGHT 14.0
#define TURNED_MOST 30u /* characters of a turned name */
#define SUMMARY_GAP .12 /* of a tile: a summary stands a little apart */
#define PAGE_EXPLAINERS 256u

struct matrix {
    struct figure figure;
    const struct verdict_table *table;
    size_t first, count;                      /* the explainers of the page */
    size_t most;                              /* of a page */
    size_t across, bands;                     /* controls of a band */
    double left, tile, height, titles, width; /* height: of a tile */
    enum figure_font font;                    /* of explainers */
    bool turned;                              /* names, so that tiles are narrow and low */
    const char *note;
};

/* ---- places ---- */

static size_t band_count(const struct matrix *m, size_t band) {
    size_t left = m->table->control_count - band * m->across;
    return left < m->across ? left : m->across;
}

/* Left edge of a column, in tiles from that of its band. */
static double column_of(const struct matrix *m, size_t control) {
    size_t in_band = control % m->across;
    return (double)in_band + (in_band && strcmp(m->table->controls[control], VERDICT_OVERALL) == 0 ? SUMMARY_GAP : 0);
}

static double band_columns(const struct matrix *m, size_t band) {
    return column_of(m, band * m->across + band_count(m, band) - 1) + 1;
}

static double band_top(const struct matrix *m, size_t band) {
    return TOP + m->titles + (double)band * (m->titles + m->height * (double)m->count + 14);
}

/* How many tiles of that width stand side by side. */
static size_t tiles(double room, double tile) {
    return (size_t)fmax(1, room / tile - SUMMARY_GAP);
}

/* Bands of about as many controls. */
static void place_bands(struct matrix *m, size_t fit) {
    const size_t controls = m->table->control_count;
    m->across = fit < controls ? fit : controls;
    m->bands = (controls + m->across - 1) / m->across;
    m->across = (controls + m->bands - 1) / m->bands;
}

static void place_on_paper(struct matrix *m) {
    const double width = figure_width(m->figure.all, 0);

    m->left = fmin(m->left, NAMES_SHARE * width);
    const double room = width - m->left - RIGHT;
    m->turned = tiles(room, TILE_LEAST) < m->table->control_count;
    place_bands(m, tiles(room, m->turned ? LETTER_LEAST : TILE_LEAST));
    m->tile = fmin(m->turned ? LETTER_MOST : TILE_WIDTH, room / ((double)m->across + SUMMARY_GAP));
}

/* How many lines the longest name has, at most `most`. */
static size_t lines_of(char *const *names, size_t count, enum figure_font font, double width, size_t most) {
    size_t lines = 1;
    for (size_t i = 0; i < count; i++) {
        size_t here = figure_lines(font, width, names[i]);
        lines = here > lines ? here : lines;
    }
    return lines < most ? lines : most;
}

static size_t widest_of(char *const *names, size_t count) {
    size_t widest = 0;
    for (size_t i = 0; i < count; i++)
        if (utf8_width(names[i]) > widest) widest = utf8_width(names[i]);
    return widest;
}

static double titles_height(const struct matrix *m) {
    const struct verdict_table *t = m->table;
    const size_t widest = widest_of(t->controls, t->control_count);
    if (m->turned) return 7 + figure_text_width(FONT_INK, widest < TURNED_MOST ? widest : TURNED_MOST);
    return 7 + figure_line(FONT_INK) * (double)lines_of(t->controls, t->control_count, FONT_INK, m->tile, TITLE_LINES);
}

/* Rows are as high as is pleasant, or on paper as low as their names allow, rather than on two pages. */
static void place_rows(struct matrix *m) {
    const struct verdict_table *t = m->table;
    const struct figures *all = m->figure.all;
    const double bands = (double)m->bands, note = 14 + (m->turned ? 4 : 3) * figure_line(FONT_SMALL);
    const double above = TOP + bands * (m->titles + 14) + note;
    const double fit = floor((FIGURE_HEIGHT_MOST - above) / bands / (double)t->explainer_count);
    size_t lines = lines_of(t->explainers, t->explainer_count, m->font, m->left - 12, 2);
    double least = lines > 1 ? 2 * figure_line(m->font) : LETTER_HEIGHT;

    m->height = m->turned ? least + (lines > 1 ? 4 : 0) : TILE_HEIGHT;
    if (figure_on_paper(all) && fit < m->height) m->height = fmax(least, fit);
    m->most = figure_rows(all, above, bands * m->height, t->explainer_count, PAGE_EXPLAINERS);
}

static void place(struct matrix *m) {
    const struct verdict_table *t = m->table;
    const size_t widest = widest_of(t->explainers, t->explainer_count);

    m->left = fmin(18 + figure_text_width(FONT_INK, widest > 8 ? widest : 8), NAMES_MOST);
    m->tile = TILE_WIDTH;
    place_bands(m, t->control_count);
    if (figure_on_paper(m->figure.all)) place_on_paper(m);
    m->font = m->turned ? FONT_SMALL : FONT_INK;
    m->width = figure_width(m->figure.all, fmax(330, m->left + m->tile * band_columns(m, 0) + RIGHT));
    m->titles = titles_height(m);
    place_rows(m);
}

static double page_height(const struct matrix *m) {
    const double note = figure_line(FONT_SMALL) * (double)figure_lines(FONT_SMALL, m->width - 28, m->note);
    return band_top(m, m->bands - 1) + m->height * (double)m->count + 10 + note + 4;
}

/* ---- what is drawn ---- */

static bool has_letters(const struct matrix *m) {
    return m->turned && m->tile < BRIEF_WIDTH;
}

static const char *word_of(const struct matrix *m, const struct verdict_style *style) {
    if (has_letters(m)) return style->letter;
    return m->tile < WORD_WIDTH ? style->brief : style->word;
}

/* column row fill ink unexpected "word", a block for each band */
static bool write_data(const struct matrix *m, struct error *e) {
    const struct verdict_table *t = m->table;
    FILE *out = figure_data(&m->figure, e);

    if (!out) return false;
    fputs("# column\trow\tfill\tink\tunexpected\tword\n", out);
    for (size_t band = 0; band < m->bands; band++) {
        fputs(band ? "\n\nNaN\tNaN\t0\t0\t0\t\"\"\n" : "NaN\tNaN\t0\t0\t0\t\"\"\n", out); /* a block is never empty */
        for (size_t i = 0; i < m->count * band_count(m, band); i++) {
            const size_t control = band * m->across + i % band_count(m, band), row = i / band_count(m, band);
            const struct verdict_row *v = verdict_table_cell(t, m->first + row, control);
            if (!v) continue;
            struct verdict_style style = verdict_style(v->verdict);
            const char *word = word_of(m, &style);
            fprintf(out, "%.2f\t%zu\t%u\t%u\t%d\t\"%s%s%s\"\n", column_of(m, control) + .5, row + 1, style.fill,
                    style.ink, !v->as_expected, *word ? word : "?",
                    !*v->annotation ? ""
                    : m->turned     ? "*"
                                    : " *",
                    v->as_expected || m->turned ? "" : " !"); /* the frame says it */
        }
    }
    return fclose(out) == 0 || error_set(e, "%s/%s.tsv: cannot be written", m->figure.all->folder, m->figure.name);
}

/* From the tiles upward. */
static void add_turned_title(struct matrix *m, size_t band, size_t control) {
    figure_label(&m->figure, m->left + m->tile * (column_of(m, control) + .5), band_top(m, band) - 5, ALIGN_LEFT,
                 TURNED_MOST, "rotate by 90 textcolor rgb ink", m->table->controls[control]);
}

static void add_titles(struct matrix *m, size_t band) {
    for (size_t c = band * m->across; c < band * m->across + band_count(m, band); c++) {
        const char *name = m->table->controls[c];
        if (m->turned) {
            add_turned_title(m, band, c);
            continue;
        }
        size_t lines = figure_lines(FONT_INK, m->tile, name);
        if (lines > TITLE_LINES) lines = TITLE_LINES;
        const struct figure_words title = {.x = m->left + m->tile * (column_of(m, c) + .5),
                                           .y = band_top(m, band) - 13 - figure_line(FONT_INK) * (double)(lines - 1),
                                           .width = m->tile,
                                           .align = ALIGN_CENTRE,
                                           .lines = TITLE_LINES};
        figure_words(&m->figure, &title, name);
    }
}

static void add_names(struct matrix *m, size_t band) {
    for (size_t i = 0; i < m->count; i++) {
        const char *name = m->table->explainers[m->first + i];
        struct figure_words words = {
            .x = m->left - 8, .width = m->left - 12, .align = ALIGN_RIGHT, .font = m->font, .lines = 2};
        words.y = band_top(m, band) + m->height * ((double)i + .5);
        if (figure_lines(m->font, words.width, name) > 1) words.y -= figure_line(m->font) / 2;
        figure_words(&m->figure, &words, name);
    }
}

static void add_tiles(struct matrix *m, size_t band) {
    const double columns = band_columns(m, band), top = band_top(m, band);

    figure_place(&m->figure, m->left, top, m->left + m->tile * columns, top + m->height * (double)m->count);
    text_add(
        &m->figure.script,
        "set xrange [0:%.2f]\nset yrange [%zu.5:.5]\n"
        "half_width = .5 - 1.5 / %.1f\nhalf_height = .5 - 1.5 / %.0f\n"
        "plot '%s.tsv' index %zu using 1:2:(half_width):(half_height):3 with boxxyerror fillcolor rgb variable "
        "fillstyle solid noborder, \\\n"
        "     '' index %zu using ($5 == 1 ? $1 : 1/0):2:(half_width):(half_height) with boxxyerror lc rgb ink lw 1.8 "
        "fillstyle empty, \\\n"
        "     '' index %zu using 1:2:6:4 with labels font small textcolor rgb variable\n",
        columns, m->count, m->tile, m->height, m->figure.name, band, band, band);
}

static void add_script(struct matrix *m) {
    const struct figure_words note = {.x = 14,
                                      .y = band_top(m, m->bands - 1) + m->height * (double)m->count + 16,
                                      .width = m->width - 28,
                                      .font = FONT_SMALL,
                                      .colour = "quiet"};

    figure_start_multiplot(&m->figure);
    for (size_t band = 0; band < m->bands; band++) {
        add_names(m, band);
        add_titles(m, band);
    }
    figure_words(&m->figure, &note, m->note);
    figure_draw_labels(&m->figure);
    for (size_t band = 0; band < m->bands; band++) add_tiles(m, band);
    text_add(&m->figure.script, "unset multiplot\n");
}

/* What the letters of the page stand for. */
static void add_letters(const struct matrix *m, struct text *out) {
    const struct verdict_table *t = m->table;

    for (size_t k = 0; has_letters(m) && k < VERDICT_STYLES; k++) {
        bool there = false;
        for (size_t i = 0; i < m->count * t->control_count; i++) {
            const struct verdict_row *v = verdict_table_cell(t, m->first + i / t->control_count, i % t->control_count);
            there = there || (v && verdict_style_index(v->verdict) == k);
        }
        if (there) text_add(out, "%s\xc2\xa0%s; ", verdict_styles[k].letter, verdict_styles[k].word);
    }
}

static bool draw_page(struct matrix *m, struct figures *all, const struct figure_page *page, struct error *e) {
    const size_t left = m->table->explainer_count - page->number * m->most;
    const struct figure_title title = {.kind = "verdicts", .page = *page};
    char number[FIGURE_PAGE_SIZE];
    struct text note = {0};

    m->first = page->number * m->most;
    m->count = left < m->most ? left : m->most;
    add_letters(m, &note);
    text_add(&note, "%s: not as expected; *: annotated%s", m->turned ? "framed" : "framed, !",
             figure_page_text(page, number));
    bool ok = !note.failed || error_memory(e);
    m->note = note.data;
    if (ok) {
        figure_begin(&m->figure, all, &title, m->width, page_height(m));
        ok = write_data(m, e);
        if (ok) add_script(m);
        else figure_drop(&m->figure);
    }
    ok = ok && figure_end(&m->figure, e);
    text_finish(&note);
    return ok;
}

bool figure_matrix(struct figures *all, struct error *e) {
    const struct verdict_table *t = &all->verdicts;
    struct matrix m = {.figure.all = all, .table = t};
    bool ok = true;

    if (!t->explainer_count || !t->control_count) return true;
    place(&m);
    struct figure_page page = {.count = figure_pages(t->explainer_count, m.most)};
    for (; ok && page.number < page.count; page.number++) ok = draw_page(&m, all, &page, e);
    return ok;
}
