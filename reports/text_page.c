/* Words on lines of a terminal. */
#include "reports/text_page.h"

#include "base/text.h"

#include <string.h>

void page_style(struct page *p, const char *code) {
    if (p->colour && *code) fprintf(p->out, "\x1b[%sm", code);
}

void page_style_end(struct page *p, const char *code) {
    page_style(p, *code ? "0" : "");
}

/* One line of at most `width` code points, padded when `pad`; what is longer ends in "...". */
void page_cut(struct page *p, const char *s, size_t width, bool pad) {
    struct text clean = {0};
    uint32_t code;

    text_add_clean(&clean, s);
    const char *at = clean.data ? clean.data : "";
    size_t whole = utf8_width(at), shown = whole > width ? width - 3 : whole;
    size_t bytes = 0;
    for (size_t i = 0; i < shown; i++) bytes += utf8_next(at + bytes, &code);
    fprintf(p->out, "%.*s%s", (int)bytes, at, whole > width ? "..." : "");
    if (pad && whole < width) fprintf(p->out, "%*s", (int)(width - whole), "");
    p->column += pad || whole > width ? width : whole;
    p->failed = p->failed || clean.failed;
    text_finish(&clean);
}

void page_break(struct page *p, size_t indent) {
    fprintf(p->out, "\n%*s", (int)indent, "");
    p->column = indent;
}

/* Text in lines of at most p->width columns; those after the first start at `indent`. */
void page_wrap(struct page *p, const char *s, size_t indent) {
    struct text clean = {0};

    text_add_clean(&clean, s);
    p->failed = p->failed || clean.failed;
    for (char *at = clean.data; at && *at;) {
        size_t bytes = strcspn(at, " ");
        char after = at[bytes];
        at[bytes] = '\0';
        size_t width = utf8_width(at);
        if (width && p->column > indent && p->column + 1 + width > p->width) page_break(p, indent);
        else if (width && p->column > indent) {
            fputc(' ', p->out);
            p->column++;
        }
        fputs(at, p->out);
        p->column += width;
        at += bytes + (after != '\0');
    }
    text_finish(&clean);
}
