/* class_rows.h: the last layer of a network, row by row: one for each class. */
#ifndef ASSAY_CONTROLS_CLASS_ROWS_H
#define ASSAY_CONTROLS_CLASS_ROWS_H

#include "plan/study.h"

#define CLASS_ROWS_PARAMETERS 8u

/* A parameter of K rows: the elements of class k are ((outer * K) + k) * inner + i, of all outer and i. */
struct class_parameter {
    uint32_t value;
    size_t outer, inner;
    bool drawn; /* a weight or bias, which can be drawn anew; a scale or a statistic cannot */
};

struct class_rows {
    uint32_t classes, count;
    struct class_parameter parameters[CLASS_ROWS_PARAMETERS];
};

/* False, with the reason, where the network has no last layer of one row for each class. What is found is a guess by
 * shapes: whether logits are those of rows is for class_rows_audit. */
bool class_rows_find(const struct study_case *, struct class_rows *, struct error *);

/* Rows `which`[classes] of w, a copy of the model, are drawn anew: N(0, sd of all the parameter's elements). */
bool class_rows_redraw(const struct class_rows *, const struct study_case *, const bool *which, uint64_t draw,
                       struct weights *w, struct error *);
/* Row to[k] of w, a copy of the model, becomes row k of the model. */
bool class_rows_permute(const struct class_rows *, const struct study_case *, const uint32_t *to, struct weights *w,
                        struct error *);

/* Whether logit to[k] (NULL: k) of w is logit k of the model at n inputs x, for those classes k that are not in `drawn`
 * (NULL: none is), to `tolerance` of the largest logit, and some logit of the drawn changed. UNSUPPORTED, with the
 * reason, where not. */
enum study_outcome class_rows_audit(const struct study_case *, const struct weights *w, const uint32_t *to,
                                    const bool *drawn, double tolerance, uint32_t n, const float *x, struct error *);

#endif
