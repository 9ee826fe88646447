/* case.h: one explainer under one control, and what is said of it. The rule, its constants and its limits are in
 * docs/verdict.md; step names (E0, E1, G1..G3, N, A, I, M, L0..L6) are the ones used there. */
#ifndef ASSAY_JUDGE_CASE_H
#define ASSAY_JUDGE_CASE_H

#include "judge/results.h"

struct judgement {
    enum verdict_word word;
    bool input_dominated;                       /* with VERDICT_UNINFORMATIVE */
    bool low_power;                             /* only the absolute view of the map exists */
    const char *reason;                         /* one sentence with the numbers; lives as long as the results */
    const char *first_stage;                    /* the stage that decided, ""; lives as long as the plan */
    double score, lower, upper, floor, ceiling; /* of the stage and view that decided; NaN where there is none */
    uint32_t inputs, draws;
    bool reaches_last; /* of twins, a PASS: the last layer had its inputs in another order, so that a method that looks
                          at the top layer only would have been seen */
    struct sentences *sentences; /* that own the reason */
};

/* ERROR without a reason yet, and no numbers. Reasons will live in the results. */
struct judgement judgement_begin(const struct results *);

/* Writes a word and its sentence, whatever its length. Out of memory: the word is ERROR. */
void judgement_say(struct judgement *, enum verdict_word, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What was measured up to now. */
struct judge_case {
    const struct results *r;
    const struct experiment_view *view;
    const struct rule *rule;
    const struct rule_constants *constants;
    uint32_t row, control;
    enum root root;
    uint32_t draws, looks; /* looks: how many times draws are extended, and one */
    enum view views[2];    /* the views verdicts rest on */
    uint32_t view_count;
    enum view magnitude_view;  /* of the guard M */
    double repeat[VIEW_COUNT]; /* C: repeatability; 1 until G1 measured it */
    double floor[VIEW_COUNT];  /* F, mean over draws; NaN until the gates measured it */
};

/* `draws`: the most that count; the plan may have fewer. */
void case_begin(struct judge_case *, const struct results *, uint32_t row, uint32_t control, uint32_t draws);
const struct explainer_entry *case_row(const struct judge_case *);
uint32_t case_inputs(const struct judge_case *); /* of the root */

#endif
