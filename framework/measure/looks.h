/* looks.h: how the error rate is divided among looks, of rules that look at a row after draws[0], draws[1], draws[2]
 * draws. docs/verdict.md, section 4. */
#ifndef ASSAY_MEASURE_LOOKS_H
#define ASSAY_MEASURE_LOOKS_H

#include <stdbool.h>
#include <stdint.h>

#define LOOKS_MAX 3u

/* How many of them there are: 1 to LOOKS_MAX. draws[] does not fall, and equal ones are one look. */
uint32_t looks_count(const uint32_t draws[LOOKS_MAX]);
/* What a PASS may be wrong by at one of so many looks: the first has more of it. */
double looks_alpha_pass(double alpha, uint32_t looks, bool first);
/* What a FAIL may, at any of them. */
double looks_alpha_fail(double alpha, uint32_t looks);

#endif
