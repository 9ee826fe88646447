/* figure_words.h (private to reports/): words of a figure in lines that fit their place. Widths are those of DejaVu
 * Sans, the widest of the usual fonts, so that nothing collides in another. */
#ifndef ASSAY_REPORTS_FIGURE_WORDS_H
#define ASSAY_REPORTS_FIGURE_WORDS_H

#include "reports/figure.h"

/* Their sizes are in style.gp: 7.5, 6.4 and 8 points. */
enum figure_font { FONT_INK, FONT_SMALL, FONT_BIG };

struct figure_words {
    double x, y;  /* y: the middle of the first line */
    double width; /* room for a line */
    enum align align;
    enum figure_font font;
    size_t lines;       /* at most, the last one cut; 0: as many as it takes */
    const char *colour; /* of style.gp; NULL: ink */
};

/* Adds labels; returns how many lines there are, at least one. */
size_t figure_words(struct figure *, const struct figure_words *, const char *text);
/* How many lines they would be, all of them. */
size_t figure_lines(enum figure_font, double width, const char *text);
/* Whether they are at most so many lines, none of which ends within a word. */
bool figure_fits(enum figure_font, double width, size_t lines, const char *text);

double figure_text_width(enum figure_font, size_t characters);
size_t figure_characters(enum figure_font, double width); /* that fit; at least 2 */
double figure_line(enum figure_font);                     /* from a line to the next */

#endif
