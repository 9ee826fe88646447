/* Tables of texts, for a terminal, for programs, and as markup. */
#include "reports/sheet.h"

#include "base/array.h"
#include "reports/format.h"
#include "reports/html.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sheet_add(struct sheet *s, const char *cell) {
    char **more = array_grow(s->cells, s->count, sizeof *more), *clean = text_clean(cell);

    if (more) s->cells = more;
    s->failed = s->failed || !more || !clean;
    if (more && clean) more[s->count++] = clean;
    else free(clean);
}

void sheet_addf(struct sheet *s, const char *format, ...) {
    char cell[256];
    va_list list;

    va_start(list, format);
    vsnprintf(cell, sizeof cell, format, list);
    va_end(list);
    sheet_add(s, cell);
}

void sheet_finish(struct sheet *s) {
    for (size_t i = 0; i < s->count; i++) free(s->cells[i]);
    free(s->cells);
    *s = (struct sheet){0};
}

static bool is_empty(const struct sheet *s) {
    return s->count <= s->columns;
}

/* ---- for a terminal ---- */

#define PROSE_INDENT 4u
#define PROSE_LEAST 24u

/* Sentences in lines up to the width, those after the first behind an indent; a line break of theirs stays. */
static void add_prose(struct text *out, const char *s, size_t indent, size_t width) {
    size_t column = indent;

    for (const char *at = s, *next; *at; at = next) {
        size_t bytes = strcspn(at, " \n");
        char *word = text_format("%.*s", (int)bytes, at);
        size_t wide = word ? utf8_width(word) : 0;
        bool begin = column == indent;
        out->failed = out->failed || !word;
        if (!begin && width && column + 1 + wide > width) {
            text_add(out, "\n%*s", (int)indent, "");
            begin = true;
            column = indent;
        }
        text_add(out, "%s%s", begin ? "" : " ", word ? word : "");
        column += wide + !begin;
        next = at + bytes + (at[bytes] != '\0');
        if (at[bytes] == '\n') {
            text_add(out, "\n%*s", (int)indent, "");
            column = indent;
        }
        free(word);
    }
    text_add(out, "\n");
}

static size_t widest_of(const struct sheet *s, size_t column) {
    size_t widest = 0;

    for (size_t j = column; j < s->count; j += s->columns)
        if (utf8_width(s->cells[j]) > widest) widest = utf8_width(s->cells[j]);
    return widest;
}

static void end_line(struct text *out) {
    while (out->length && out->data[out->length - 1] == ' ') out->data[--out->length] = '\0';
    text_add(out, "\n");
}

/* The last cell of a row: sentences that do not fit are wrapped in their column, or below where that is too narrow. */
static void add_last(struct text *out, const struct sheet *s, size_t i, size_t before) {
    const char *cell = s->cells[i];
    bool fits = !s->width || before + utf8_width(cell) <= s->width, head = i < s->columns;

    if (fits || head || !s->prose) {
        text_add(out, "%s", cell);
        end_line(out);
    } else if (before + PROSE_LEAST <= s->width) {
        add_prose(out, cell, before, s->width);
    } else {
        end_line(out);
        text_add(out, "%*s", (int)PROSE_INDENT, "");
        add_prose(out, cell, PROSE_INDENT, s->width);
    }
}

static void add_plain(struct text *out, const char *title, const struct sheet *all, size_t count) {
    (void)title;
    for (size_t k = 0; k < count; k++) {
        const struct sheet *s = &all[k];
        if (is_empty(s)) continue;
        text_add(out, "%s\n", s->title);
        for (size_t i = 0, before = 0; i < s->count; i++) {
            size_t column = i % s->columns, widest = widest_of(s, column);
            if (column + 1 == s->columns) add_last(out, s, i, before);
            else text_add(out, "%s%*s  ", s->cells[i], (int)(widest - utf8_width(s->cells[i])), "");
            before = column + 1 == s->columns ? 0 : before + widest + 2;
        }
        if (s->note) add_prose(out, s->note, 0, s->width);
        text_add(out, "\n");
    }
}

/* ---- for programs ---- */

/* One table: each row behind the title of its sheet, whose columns differ. */
static void add_csv(struct text *out, const char *title, const struct sheet *all, size_t count) {
    (void)title;
    for (size_t k = 0; k < count; k++)
        for (size_t i = 0; i < all[k].count && !is_empty(&all[k]); i++) {
            size_t column = i % all[k].columns;
            if (!column) text_add(out, "\"%s\"", all[k].title);
            text_add(out, ",\"");
            for (const char *c = all[k].cells[i]; *c; c++) {
                if (*c == '"') text_add(out, "\"");
                text_append(out, c, 1);
            }
            text_add(out, "\"%s", column + 1 == all[k].columns ? "\n" : "");
        }
}

/* ---- markup ---- */

static void add_markdown(struct text *out, const char *title, const struct sheet *all, size_t count) {
    text_add(out, "## ");
    text_add_markdown(out, title);
    text_add(out, "\n");
    for (size_t k = 0; k < count; k++) {
        const struct sheet *s = &all[k];
        if (is_empty(s)) continue;
        text_add(out, "\n### %s\n\n", s->title);
        for (size_t i = 0; i < s->count; i++) {
            text_add(out, i % s->columns ? " " : "| ");
            text_add_markdown(out, s->cells[i]);
            text_add(out, " |%s", (i + 1) % s->columns ? "" : "\n");
            for (size_t c = 0; i + 1 == s->columns && c < s->columns; c++)
                text_add(out, "%s---|%s", c ? "" : "|", c + 1 < s->columns ? "" : "\n");
        }
        if (s->note) {
            text_add(out, "\n");
            text_add_markdown(out, s->note);
            text_add(out, "\n");
        }
    }
}

static void add_latex(struct text *out, const char *title, const struct sheet *all, size_t count) {
    text_add(out, "%% ");
    text_add_latex(out, title);
    text_add(out, "; \\usepackage{booktabs}\n");
    for (size_t k = 0; k < count; k++) {
        const struct sheet *s = &all[k];
        if (is_empty(s)) continue;
        text_add(out, "\\paragraph{%s}\\mbox{}\\\\\n\\begin{tabular}{", s->title);
        for (size_t c = 0; c < s->columns; c++) text_add(out, "l");
        text_add(out, "}\n\\toprule\n");
        for (size_t i = 0; i < s->count; i++) {
            text_add_latex(out, s->cells[i]);
            text_add(out, "%s", (i + 1) % s->columns ? " & " : " \\\\\n");
            if (i + 1 == s->columns) text_add(out, "\\midrule\n");
        }
        text_add(out, "\\bottomrule\n\\end{tabular}\n");
        if (s->note) {
            text_add(out, "\\par\\smallskip{\\footnotesize ");
            text_add_latex(out, s->note);
            text_add(out, "}\n");
        }
        text_add(out, "\n");
    }
}

static void add_html(struct text *out, const char *title, const struct sheet *all, size_t count) {
    html_add_head(out, title);
    text_add(out, "<body>\n<main>\n<h1>");
    text_add_xml(out, title);
    text_add(out, "</h1>\n");
    for (size_t k = 0; k < count; k++) {
        const struct sheet *s = &all[k];
        if (is_empty(s)) continue;
        text_add(out,
                 "<h2>%s</h2>\n<div class=\"scroll\" role=\"group\" tabindex=\"0\" aria-label=\"%s\"><table "
                 "class=\"plain\">\n<thead>\n",
                 s->title, s->title);
        for (size_t i = 0; i < s->count; i++) {
            const bool head = i < s->columns, name = i % s->columns == 0;
            const size_t style = head ? VERDICT_STYLES : verdict_style_index(s->cells[i]);
            text_add(out, "%s<%s>", name ? "<tr>" : "", head ? "th scope=\"col\"" : name ? "th scope=\"row\"" : "td");
            if (style + 1 < VERDICT_STYLES) text_add(out, "<span class=\"word w%zu\">", style);
            text_add_xml(out, s->cells[i]);
            if (style + 1 < VERDICT_STYLES) text_add(out, "</span>");
            text_add(out, "</%s>%s", head || name ? "th" : "td", (i + 1) % s->columns ? "" : "</tr>\n");
            if (i + 1 == s->columns) text_add(out, "</thead>\n<tbody>\n");
        }
        text_add(out, "</tbody>\n</table></div>\n");
        if (s->note) {
            text_add(out, "<p class=\"quiet\">");
            text_add_xml(out, s->note);
            text_add(out, "</p>\n");
        }
    }
    text_add(out, "</main>\n</body>\n</html>\n");
}

const struct sheet_format sheet_formats[] = {
    {"table", NULL, add_plain},       {"csv", NULL, add_csv},      {"html", NULL, add_html},
    {"markdown", "md", add_markdown}, {"latex", "tex", add_latex}, {.id = NULL},
};
