/* html.h (private to reports/): the page in the making. Its parts are written by a file each, in the order of this
 * header. Texts of others go in by text_add_xml alone. */
#ifndef ASSAY_REPORTS_HTML_H
#define ASSAY_REPORTS_HTML_H

#include "reports/curve_set.h"
#include "reports/format.h"
#include "reports/map_set.h"
#include "reports/text_words.h"
#include "reports/verdict_table.h"

#include <jansson.h>

/* Checks of one predicate, explainer and control, all inputs together. */
struct html_check {
    char *explainer, *control, *what;
    uint32_t inputs, held;
    double worst, tolerance; /* of the input that was furthest off */
};

struct html {
    struct store *store;
    struct text out;
    struct verdict_table verdicts;
    struct verdict_notes notes;
    struct curve_set curves;
    struct map_set maps;
    char *pictures; /* what the offsets of the maps count in */
    struct html_check *checks;
    size_t check_count;
    bool *networks; /* by control: whether its networks have a table of activations */
    json_t *run;    /* NULL: the store does not say */
    struct error *error;
};

/* ---- html.c ---- */

/* "0.84", a dash for NaN; returns buffer. Of similarities and shares, and of amounts of any scale ("3e-07"). */
const char *html_number(double, char buffer[NUMBER_SIZE]);
const char *html_amount(double, char buffer[NUMBER_SIZE]);
/* A verdict's score as the one or the other: what has a floor is a share. */
const char *html_score(const struct verdict_row *, char buffer[NUMBER_SIZE]);
/* The word in its colours, an asterisk where it is annotated and an exclamation mark where it was not expected. */
void html_add_word(struct html *, const struct verdict_row *);

/* Up to the end of the head, style included. */
void html_add_head(struct text *, const char *title);

/* ---- html_style.c ---- */

void html_add_style(struct text *);
/* Sorting and filtering; the page is whole without it. */
void html_add_script(struct text *);

/* ---- html_matrix.c: explainers x controls ---- */

void html_add_matrix(struct html *);

/* ---- html_maps.c ---- */

/* Once, before the first strip: every picture of the page, to be shown by its id. */
void html_define_maps(struct html *);
/* Input, original and stages of a cell, alone and over the input; nothing where no maps were kept. */
bool html_add_strips(struct html *, const struct verdict_row *);

/* ---- html_curve.c ---- */

/* Once: the lines of the legends. */
void html_define_curves(struct html *);
/* Similarity by stage, and its numbers as a table; nothing where there is no curve. */
void html_add_curves(struct html *, const struct verdict_row *);

/* ---- html_activations.c ---- */

/* A table for each control whose networks were compared with the model, above the evidence; and from a cell to it. */
bool html_add_activations(struct html *);
void html_link_activations(struct html *, size_t control);

/* ---- html_cell.c: the evidence of every verdict ---- */

bool html_load_checks(struct html *);
bool html_add_evidence(struct html *);

/* ---- html_record.c: settings, seeds, hashes, versions, networks and inputs ---- */

bool html_add_record(struct html *);

#endif
