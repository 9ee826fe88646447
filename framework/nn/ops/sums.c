/* sums.c: the sum of neighbours, compiled for several processors. One place has it: clang gives what chooses between
 * the bodies a name that other files see, so that two of one name do not link, and the function itself one they do not.
 */
#include "nn/ops/sums.h"
#include "nn/ops/fast_math.h"

FAST_CLONES static double sum_of_neighbours(const float *x, size_t n) {
    return sum_dense(x, n);
}

double sum_wide(const float *x, size_t n) {
    return sum_of_neighbours(x, n);
}
