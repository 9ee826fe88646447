/* judge.h: from similarities to one of six words. The rule, its constants and its limits are in docs/verdict.md; step
 * names (E0, E1, G1..G3, N, A, I, M, L0..L6) are the ones used there. */
#ifndef ASSAY_JUDGE_JUDGE_H
#define ASSAY_JUDGE_JUDGE_H

#include "measure/interval.h"
#include "judge/results.h"

struct judgement {
    enum verdict_word word;
    bool input_dominated; /* with VERDICT_UNINFORMATIVE */
    bool low_power;       /* only the absolute view of the map exists */
    char reason[512];     /* one sentence with the numbers */
    char first_stage[160];
    double score, lower, upper, floor, ceiling; /* of the stage and view that decided; NaN where there is none */
    uint32_t inputs, draws;
};

/* Writes a word and its sentence. */
void judgement_say(struct judgement *, enum verdict_word, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* One explainer under one control, with what was measured up to now. */
struct judge_case {
    const struct results *r;
    const struct run *run;
    const struct verdict_rule *rule;
    uint32_t row, control;
    enum root root;
    uint32_t draws, looks; /* looks: how many times draws are extended, and one */
    enum view views[2];    /* the views verdicts rest on */
    uint32_t view_count;
    enum view magnitude_view;  /* of the guard M */
    double repeat[VIEW_COUNT]; /* C: repeatability */
    double floor[VIEW_COUNT];  /* F, mean over draws */
};

/* Fills the case. `draws`: how many draws exist. */
void judge_begin(struct judge_case *, const struct results *, uint32_t row, uint32_t control, uint32_t draws);

/* Decides. With `curves`, also stores the curve rows of this explainer and control. */
bool judge(struct judge_case *, struct judgement *, bool curves, struct error *);

/* ---- steps shared by the rules ---- */

/* Anything that could not run, constant originals (E0), repeatability (G1, L1), stability (G2), one input or
 * draw (N), sameness (G3, L2): true when it decided. Sets c->repeat and c->floor. */
bool judge_gates(struct judge_case *, struct judgement *);

/* Attribution of stage and draw; a second one for antithetic pairs. Returns how many (0..2). */
uint32_t judge_stage(const struct judge_case *, uint32_t stage, uint32_t draw, uint32_t out[2]);

/* y[draws][inputs] of a stage in one view: raw similarity, NaN where there is none. Antithetic pairs are averaged. */
void judge_similarity(const struct judge_case *, uint32_t row, uint32_t stage, uint32_t draws, uint32_t measure,
                      enum view, double *y);
/* Mean similarity of mismatched inputs at that stage and draw: F_r. */
double judge_floor(const struct judge_case *, uint32_t row, uint32_t stage, uint32_t draw, enum view);
/* The stage whose floor counts: that of the fully randomised (or permuted) network. */
uint32_t judge_floor_stage(const struct judge_case *);
/* Stages the rule tests (the independent control's last stage only carries the floor). */
uint32_t judge_stages(const struct judge_case *);

/* M of the guard: mean rank correlation of |x u| and |x v| with u, v independent normal, in that view, over the inputs.
 */
double judge_chance_magnitude(const struct judge_case *, enum view);
/* y: (S_abs - b) / (C_abs - b), b = max(F_abs, M), of a stage: the share of the magnitudes that survives. False, and
 * NaN everywhere, where C_abs - b is below the rule's `degenerate`: a repetition is then no more alike than random
 * weights times the input would be, and there is nothing to take shares of. */
bool judge_magnitude(const struct judge_case *, uint32_t stage, uint32_t draws, double *y, double *base);

/* Rank correlation is undefined for a constant original: those inputs are out of every count. */
bool judge_constant(const struct judge_case *, enum view, uint32_t input);
/* Puts 0 where a map vanished (constant, though the original is not) in y[draws][inputs]; returns the share of such
 * cells. */
double judge_fill_vanished(const struct judge_case *, enum view, uint32_t draws, double *y);
uint32_t judge_inputs(const struct judge_case *); /* of the root */

bool judge_weights(struct judge_case *, struct judgement *, bool curves, struct error *);
bool judge_labels(struct judge_case *, struct judgement *, bool curves, struct error *);
void judge_checks(struct judge_case *, struct judgement *);

/* Stores the curve of one stage and view. `y` is scratch for [draws][inputs]. */
bool judge_curve(const struct judge_case *, uint32_t stage, uint32_t measure, enum view, const struct interval *share,
                 double alpha_fail, double alpha_pass, const char *decision, double *y, struct error *);

#endif
