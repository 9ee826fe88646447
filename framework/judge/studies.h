/* studies.h: what rules on studies (plan/study.h) have in common: whether a study ran, and its readings. */
#ifndef ASSAY_JUDGE_STUDIES_H
#define ASSAY_JUDGE_STUDIES_H

#include "judge/case.h"
#include "plan/study.h"

/* The studies of the case's control, by their order in the plan: attribution of number k, or false behind the last. */
bool studies_get(const struct judge_case *, uint32_t k, uint32_t *attribution);

/* Where the study did not run, with the word: SKIP where it does not apply, else ERROR; false: it ran, and its readings
 * are there. */
bool studies_gate(const struct judge_case *, uint32_t attribution, struct judgement *);

/* The numbers of a reading, [*count]: NaN where one was not measured. NULL: the study has no reading of that id. */
const double *studies_reading(const struct judge_case *, uint32_t attribution, const char *id, uint32_t *count);
/* The first number of a reading; NaN where there is none. */
double studies_number(const struct judge_case *, uint32_t attribution, const char *id);
/* The limit of a reading; NaN where it has none. */
double studies_limit(const struct judge_case *, uint32_t attribution, const char *id);
/* Of n numbers those that are no NaN, in order: number `rank`, counted from 0; NaN behind the last. */
double studies_at_rank(const double *values, uint32_t n, uint32_t rank);
/* The largest number of a reading and its place; NaN and 0 where none was measured. */
double studies_worst(const struct judge_case *, uint32_t attribution, const char *id, uint32_t *place);

#endif
