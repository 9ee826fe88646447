/* Normal equations by Cholesky's method, with regressors scaled to length 1. */
#include "controls/least_squares.h"

#include <math.h>

#define SINGULAR 1e-9 /* of a regressor of length 1: what the ones before it leave */

/* l[n][n]: the lower triangle. */
static bool factorise(size_t n, const double *gram, double *l) {
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) {
            double sum = gram[i * n + j] / sqrt(gram[i * n + i] * gram[j * n + j]);
            for (size_t k = 0; k < j; k++) sum -= l[i * n + k] * l[j * n + k];
            if (i == j && !(sum > SINGULAR)) return false;
            l[i * n + j] = i == j ? sqrt(sum) : sum / l[j * n + j];
        }
    return true;
}

bool least_squares(size_t n, const double *gram, const double *xy, double *l, double *c) {
    for (size_t i = 0; i < n; i++)
        if (!(gram[i * n + i] > 0)) return false;
    if (!factorise(n, gram, l)) return false;
    for (size_t i = 0; i < n; i++) {
        double sum = xy[i] / sqrt(gram[i * n + i]);
        for (size_t k = 0; k < i; k++) sum -= l[i * n + k] * c[k];
        c[i] = sum / l[i * n + i];
    }
    for (size_t i = n; i-- > 0;) {
        double sum = c[i];
        for (size_t k = i + 1; k < n; k++) sum -= l[k * n + i] * c[k];
        c[i] = sum / l[i * n + i];
    }
    for (size_t i = 0; i < n; i++) c[i] /= sqrt(gram[i * n + i]);
    return true;
}
