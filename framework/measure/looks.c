/* looks.c: the error rate of one look. */
#include "measure/looks.h"

#define FIRST_SHARE .6 /* docs/verdict.md, section 4: what was simulated */

uint32_t looks_count(const uint32_t draws[LOOKS_MAX]) {
    return 1u + (draws[1] > draws[0]) + (draws[2] > draws[1]);
}

double looks_alpha_pass(double alpha, uint32_t looks, bool first) {
    if (looks < 2) return alpha;
    return alpha * (first ? FIRST_SHARE : (1 - FIRST_SHARE) / (looks - 1));
}

double looks_alpha_fail(double alpha, uint32_t looks) {
    return alpha / looks;
}
