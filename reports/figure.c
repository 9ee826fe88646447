/* Scripts of gnuplot: their heads, labels, places and files. */
#include "reports/figure.h"

#include "base/file.h"
#include "reports/format.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void add_slug(char *name, size_t size, const char *part) {
    size_t used = strlen(name);

    for (; *part && used + 1 < size; part++) {
        char c = *part >= 'A' && *part <= 'Z' ? (char)(*part - 'A' + 'a') : *part;
        bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.';
        if (plain || (used && name[used - 1] != '-')) name[used++] = plain ? c : '-';
    }
    name[used] = '\0';
}

size_t figure_pages(size_t items, size_t most) {
    return items > most ? (items + most - 1) / most : 1;
}

size_t figure_rows(const struct figures *all, double above, double row, size_t rows, size_t most) {
    if (!figure_on_paper(all) || !rows) return most;
    size_t fit = FIGURE_HEIGHT_MOST - above > row ? (size_t)((FIGURE_HEIGHT_MOST - above) / row) : 1;
    if (fit > most) fit = most;
    const size_t pages = figure_pages(rows, fit);
    return (rows + pages - 1) / pages;
}

const char *figure_page_text(const struct figure_page *page, char buffer[FIGURE_PAGE_SIZE]) {
    buffer[0] = '\0';
    if (page->count > 1) snprintf(buffer, FIGURE_PAGE_SIZE, " (page %zu of %zu)", page->number + 1, page->count);
    return buffer;
}

/* Ends the name in "-word" and a number, in place of its last letters where there is no room. */
static void add_number(char *name, size_t size, const char *word, size_t number) {
    char end[32];
    size_t length = (size_t)snprintf(end, sizeof end, "-%s%zu", word, number), used = strlen(name);

    memcpy(name + (used + length < size ? used : size - 1 - length), end, length + 1);
}

void figure_name(const struct figure_title *t, char out[FIGURE_NAME_SIZE]) {
    const char *const parts[] = {t->what, t->more};

    out[0] = '\0';
    add_slug(out, 16, t->kind);
    for (size_t i = 0; i < 2; i++)
        if (parts[i]) {
            add_slug(out, FIGURE_NAME_SIZE, "-");
            add_slug(out, i ? FIGURE_NAME_SIZE : 64, parts[i]);
        }
    if (t->page.number) add_number(out, FIGURE_NAME_SIZE, "page", t->page.number + 1);
}

static void name_figure(struct figure *f, const struct figure_title *t) {
    char name[FIGURE_NAME_SIZE];

    figure_name(t, name);
    memcpy(f->name, name, sizeof name);
    for (size_t other = 2; gnuplot_jobs_have(&f->all->jobs, f->name); other++) {
        memcpy(f->name, name, sizeof name);
        add_number(f->name, sizeof f->name, "", other);
    }
}

void figure_begin(struct figure *f, struct figures *all, const struct figure_title *title, double width,
                  double height) {
    *f = (struct figure){.all = all, .width = width, .height = height};
    name_figure(f, title);
    text_add(&f->script,
             "# gnuplot %s.gp writes %s.png; gnuplot -e \"format='svg'\" %s.gp (or 'pdf') writes that.\n"
             "name = '%s'\nwidth = %.1f\nheight = %.0f\npaper = %d\ncolours = '%s'\nload 'style.gp'\n",
             f->name, f->name, f->name, f->name, width, height, figure_on_paper(all), all->request->palette->id);
}

double figure_width(const struct figures *all, double natural) {
    return figure_on_paper(all) ? all->request->width : natural;
}

bool figure_on_paper(const struct figures *all) {
    return all->request->width > 0;
}

void figure_start_multiplot(struct figure *f) {
    text_add(&f->script, "set multiplot\n");
}

#define NO_WIDTH "\xe2\x80\x8b" /* a space of no width */

/* In single quotes gnuplot substitutes nothing, neither commands nor macros, and terminals are `noenhanced`. Three
 * things are left: it cannot read a quote behind another, the opening one too; its SVG lets "]]>" through, which XML
 * forbids; and what stands at a tic is a format. */
void figure_quote(struct text *out, const char *name, size_t characters, enum quoted as) {
    char *clean = text_clean(name);
    const char *at = clean ? clean : "";
    size_t width = utf8_width(at), shown = width > characters ? characters - 1 : width;
    uint32_t code;

    text_append(out, "'", 1);
    for (size_t i = 0; i < shown; i++) {
        size_t bytes = utf8_next(at, &code);
        bool quote = code == '\'', behind = out->length && out->data[out->length - 1] == '\'';
        if (code == '>' || (quote && behind)) text_add(out, NO_WIDTH);
        if (quote || (code == '%' && as == QUOTED_TIC)) text_append(out, at, 1);
        text_append(out, at, bytes);
        at += bytes;
    }
    text_add(out, "%s'", shown < width ? "\xe2\x80\xa6" : ""); /* an ellipsis */
    out->failed = out->failed || !clean;
    free(clean);
}

void figure_label(struct figure *f, double x, double y, enum align align, size_t characters, const char *style,
                  const char *text) {
    static const char *const sides[] = {"left", "center", "right"};

    text_add(&f->script, "set label ");
    figure_quote(&f->script, text, characters, QUOTED_TEXT);
    text_add(&f->script, " at screen %.5f,%.5f %s %s\n", x / f->width, 1 - y / f->height, sides[align], style);
}

void figure_draw_labels(struct figure *f) {
    figure_place(f, 0, 0, f->width, f->height);
    text_add(&f->script, "unset border; unset tics; unset key\nplot [0:1] [0:1] NaN notitle\nunset label\n");
}

void figure_place(struct figure *f, double left, double top, double right, double bottom) {
    text_add(&f->script, "set lmargin at screen %.5f; set rmargin at screen %.5f; ", left / f->width, right / f->width);
    text_add(&f->script, "set tmargin at screen %.5f; set bmargin at screen %.5f\n", 1 - top / f->height,
             1 - bottom / f->height);
}

FILE *figure_data(const struct figure *f, struct error *e) {
    char *path = text_format("%s/%s.tsv", f->all->folder, f->name);
    FILE *out = path ? fopen(path, "we") : NULL;

    if (!path) error_memory(e);
    else if (!out) error_set(e, "%s: %s: a folder that takes new files was wanted", path, strerror(errno));
    free(path);
    return out;
}

bool figure_end(struct figure *f, struct error *e) {
    text_add(&f->script, "set output\n");
    char *path = text_format("%s/%s.gp", f->all->folder, f->name);
    bool ok = path && !f->script.failed ? file_write(path, f->script.data, f->script.length, e) : error_memory(e);

    ok = ok && gnuplot_jobs_add(&f->all->jobs, f->name, f->all->request->formats, e);
    free(path);
    figure_drop(f);
    return ok;
}

void figure_drop(struct figure *f) {
    text_finish(&f->script);
}

/* Whether there was a figure of that name. */
static bool remove_figure(const char *folder, const char *name) {
    static const char *const ends[] = {"tsv", "png", "svg", "pdf", "gp"};
    bool there = false;

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char *path = text_format("%s/%s.%s", folder, name, ends[i]);
        there = (path && unlink(path) == 0) || there;
        free(path);
    }
    return there;
}

void figure_remove_pages(const struct figures *all) {
    for (size_t i = 0; i < all->jobs.count; i++) {
        bool there = true;
        for (size_t page = 2; there; page++) {
            char name[FIGURE_NAME_SIZE];
            snprintf(name, sizeof name, "%s", gnuplot_jobs_name(&all->jobs, i));
            add_number(name, sizeof name, "page", page);
            there = gnuplot_jobs_have(&all->jobs, name) || remove_figure(all->folder, name);
        }
    }
}
