/* figure.h (private to reports/): a gnuplot script in the making. Places are in pixels from the top left corner, as a
 * page is laid out; names go into single quotes with nothing left for gnuplot to interpret. */
#ifndef ASSAY_REPORTS_FIGURE_H
#define ASSAY_REPORTS_FIGURE_H

#include "base/text.h"
#include "reports/figure_request.h"
#include "reports/gnuplot.h"
#include "reports/verdict_table.h"

#include <stdio.h>

/* What all figures of one report share. */
struct figures {
    struct store *store;
    const struct figure_request *request;
    const char *folder;
    struct verdict_table verdicts; /* what is asked for of it */
    struct gnuplot_jobs jobs;      /* what is to be drawn when all scripts are written */
};

#define FIGURE_NAME_SIZE 96

struct figure {
    struct figures *all;
    char name[FIGURE_NAME_SIZE];
    double width, height;
    struct text script;
};

enum align { ALIGN_LEFT, ALIGN_CENTRE, ALIGN_RIGHT };

/* A figure of many explainers goes on over several pages. */
struct figure_page {
    size_t number, count; /* from 0 */
};
/* Pages of at most `most` explainers each (or stages); at least one. */
size_t figure_pages(size_t items, size_t most);
/* How many of so many rows a page takes: `most`, or on paper what its height holds beside `above` (at least one), and
 * pages that are about as full. */
size_t figure_rows(const struct figures *, double above, double row, size_t rows, size_t most);
#define FIGURE_ANY_ROWS ((size_t)1 << 20) /* as many as there may be: pages are full */

/* What a figure is called: kind-what-more-page2 in lower case letters, digits, dots and hyphens only; `what` and `more`
 * may be NULL. */
struct figure_title {
    const char *kind, *what, *more;
    struct figure_page page;
};
void figure_name(const struct figure_title *, char out[FIGURE_NAME_SIZE]);
/* The name is nobody else's: a number is added where another figure has it. */
void figure_begin(struct figure *, struct figures *, const struct figure_title *, double width, double height);
/* "" for the only page, else " (page 2 of 3)". */
#define FIGURE_PAGE_SIZE 64
const char *figure_page_text(const struct figure_page *, char buffer[FIGURE_PAGE_SIZE]);
void figure_start_multiplot(struct figure *);

/* A label at a place; `style` is more gnuplot ("rotate by 35 font ..."). `characters`: cut beyond. */
void figure_label(struct figure *, double x, double y, enum align, size_t characters, const char *style,
                  const char *text);
/* Draws the labels so far, and forgets them. */
void figure_draw_labels(struct figure *);

/* Where the next plot's axes are. */
void figure_place(struct figure *, double left, double top, double right, double bottom);

/* How wide the page is: as the request has it, or as the content wants it. */
double figure_width(const struct figures *, double natural);
bool figure_on_paper(const struct figures *);

/* Any text as a string of gnuplot, cut to that many characters. Everything foreign goes through here. */
enum quoted { QUOTED_TEXT, QUOTED_TIC };
void figure_quote(struct text *, const char *name, size_t characters, enum quoted);

/* The data file of the figure, opened for writing. */
FILE *figure_data(const struct figure *, struct error *);

/* Writes NAME.gp, from which NAME.png and NAME.svg will be drawn. */
bool figure_end(struct figure *, struct error *);
void figure_drop(struct figure *);
/* Of figures that are to be drawn, the further pages that an earlier drawing had and this one has not. */
void figure_remove_pages(const struct figures *);

/* One writer per kind; each may draw several. */
bool figure_curves(struct figures *, struct error *);
struct curve_set;
/* The figure that has the curves of that cell by the first measure; false where it has none. */
bool figure_curves_name(const struct curve_set *, const struct verdict_table *, const char *explainer,
                        const char *control, char out[FIGURE_NAME_SIZE]);
struct map_set;
struct picture;
bool figure_maps(struct figures *, const struct map_set *, struct error *);
bool figure_originals(struct figures *, const struct map_set *, struct error *);
/* What each page is called (`number` is its buffer), and its heading, which the caller frees; NULL: no memory. */
struct figure_title figure_originals_title(const struct figures *, const struct picture *input, const char *network,
                                           const struct figure_page *, char number[48]);
char *figure_originals_heading(const struct figures *, const struct picture *input, const struct figure_page *);
/* A page of them for an input that is no picture; the page learns how many there are. */
bool figure_series(struct figures *, const struct map_set *, const struct picture *input, const char *network,
                   struct figure_page *, struct error *);
/* The same for an input of tokens. */
bool figure_tokens(struct figures *, const struct map_set *, const struct picture *input, const char *network,
                   struct figure_page *, struct error *);
bool figure_matrix(struct figures *, struct error *);

/* Drops the verdicts that the request does not ask for. */
void figure_select(struct figures *);
bool figure_wants_input(const struct figures *, uint32_t input);

#endif
