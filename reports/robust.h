/* robust.h: whether a verdict depends on how it was measured: the same question with another measure, another view,
 * another reduction of channels, single layers in place of a cascade, or another run. */
#ifndef ASSAY_REPORTS_ROBUST_H
#define ASSAY_REPORTS_ROBUST_H

#include "base/text.h"
#include "store/store.h"

/* The constants of a run's rule, as far as shares ask for them. */
struct share_rule {
    double alpha, delta;
    uint32_t draws[3]; /* of the looks (measure/looks.h) */
};
bool share_rule_load(struct store *, struct share_rule *, struct error *);
/* What a PASS and a FAIL may be wrong by with so many draws; a FAIL over all of its `tests` (docs/verdict.md). */
double share_rule_pass(const struct share_rule *, uint32_t draws);
double share_rule_fail(const struct share_rule *, size_t tests);

/* One way to ask. */
struct setting {
    char *label;      /* "spearman, signed/all, reduce none, init own" */
    const char *word; /* "PASS", "FAIL" or "INCONCLUSIVE" */
    char *stage;      /* that decides, or is undecided */
    double mean, lower, upper;
};
struct settings {
    struct setting *list;
    size_t count;
};

/* Adds the settings of one store: of the row and of others that are the same method, under the control. `run`: "" or
 * what names that run. */
bool settings_add(struct settings *, struct store *, const char *run, const char *explainer, const char *control,
                  struct error *);
void settings_finish(struct settings *);

#endif
