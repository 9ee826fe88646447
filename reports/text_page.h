/* text_page.h (private to reports/): words on lines of a terminal, which count code points. Texts of others are
 * cleaned. */
#ifndef ASSAY_REPORTS_TEXT_PAGE_H
#define ASSAY_REPORTS_TEXT_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Where the next word goes. */
struct page {
    FILE *out;
    bool colour;
    size_t width, column;
    bool failed; /* out of memory */
};

/* Nothing without colours; `code` as in SGR, "": none. */
void page_style(struct page *, const char *code);
void page_style_end(struct page *, const char *code);

/* One line of at most `width` code points, padded when `pad`; what is longer ends in "...". */
void page_cut(struct page *, const char *, size_t width, bool pad);
void page_break(struct page *, size_t indent);
/* Text in lines of at most the page's width; those after the first start at `indent`. */
void page_wrap(struct page *, const char *, size_t indent);

#endif
