/* samples.h: similarities of a case as matrices of draws x inputs. */
#ifndef ASSAY_JUDGE_SAMPLES_H
#define ASSAY_JUDGE_SAMPLES_H

#include "judge/case.h"

/* Stages the rule tests (a last stage may carry the floor only). */
uint32_t samples_stages(const struct judge_case *);
/* The stage whose floor counts: that of the fully randomised (or permuted) networks. */
uint32_t samples_floor_stage(const struct judge_case *);
/* Attribution of stage and draw; a second one for antithetic pairs. Returns how many (0..2). */
uint32_t samples_attributions(const struct judge_case *, uint32_t stage, uint32_t draw, uint32_t out[2]);

/* y[draws][inputs] of a stage in one view: raw similarity, NaN where there is none. Antithetic pairs are averaged. */
void samples_similarity(const struct judge_case *, uint32_t row, uint32_t stage, uint32_t draws, uint32_t measure,
                        enum view, double *y);
/* What maps share beyond being one map: y[draws][inputs] = (mean over the derangements of the similarity of an input's
 * original to that network's map of another input - base) / span. Antithetic pairs are averaged. `kept`: over the
 * comparisons that are there, NaN where there is none; `filled`: those that are missing count 0. Inputs whose original
 * is constant are NaN in both. Returns the share of comparisons that are missing. */
double samples_mismatched(const struct judge_case *, uint32_t row, uint32_t stage, enum view, double base, double span,
                          double *kept, double *filled);
/* The same of one attribution whose inputs differ: kept[derangements][inputs], and filled likewise. */
double samples_moved(const struct judge_case *, uint32_t attribution, enum view, double base, double span, double *kept,
                     double *filled);
/* Mean similarity of mismatched inputs at that stage and draw: F_r. */
double samples_draw_floor(const struct judge_case *, uint32_t row, uint32_t stage, uint32_t draw, enum view);
/* F: its mean over the case's draws that have one; NaN: none has. */
double samples_floor(const struct judge_case *, uint32_t row, enum view);
/* Mean over inputs of an attribution's similarity to the original; NaN: no input has one. */
double samples_mean(const struct judge_case *, uint32_t attribution, enum view);

/* Rank correlation is undefined for a constant original: those inputs are out of every count. */
bool samples_constant(const struct judge_case *, enum view, uint32_t input);
/* Puts 0 where a map vanished (constant, though the original is not) in y[draws][inputs]; returns the share of such
 * cells. */
double samples_fill_vanished(const struct judge_case *, enum view, uint32_t draws, double *y);

#endif
