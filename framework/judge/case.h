/* case.h: one explainer under one control, and what is said of it. The rule, its constants and its limits are in
 * docs/verdict.md; step names (E0, G1..G3, N, P, A, I, M, MP, L0..L6) are the ones used there. */
#ifndef ASSAY_JUDGE_CASE_H
#define ASSAY_JUDGE_CASE_H

#include "judge/results.h"

struct judgement {
    enum verdict_word word;
    bool input_dominated, prior_dominated;      /* with VERDICT_UNINFORMATIVE */
    bool low_power;                             /* only the absolute view of the map exists */
    const char *note;                           /* "8 of 30 maps are empty", or ""; lives as long as the results */
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

/* The sentence of such a format, kept in the results; NULL: out of memory. */
const char *judgement_keep(struct judgement *, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Two numbers with as many decimals as tell them apart, but so many at least: "0.298" and "0.300" for 2. */
struct apart {
    char a[32], b[32];
};
struct apart numbers_apart(double a, double b, int least);
/* The same in significant figures. */
struct apart figures_apart(double a, double b, int least);

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
/* What a PASS may be wrong by at the look that these draws are: looks share the rule's alpha, and the first, which an
 * honest method should be done with, has most of it. */
double case_alpha_pass(const struct judge_case *);
/* What a FAIL may be wrong by at one look, over all its tests. */
double case_alpha_fail(const struct judge_case *);
const struct explainer_entry *case_row(const struct judge_case *);
uint32_t case_inputs(const struct judge_case *); /* of the root */
/* What to look at in place of a map without signs that says nothing: how a sentence goes on. */
const char *case_signed_map(const struct judge_case *);

#endif
