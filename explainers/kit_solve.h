/* kit_solve.h: least squares for explainers that fit a linear model to perturbed inputs. Header-only, beside kit.h. */
#ifndef ASSAY_KIT_SOLVE_H
#define ASSAY_KIT_SOLVE_H

#include "explainer.h"

#include <math.h>

/* Features that a fit may have: it takes their square in memory and their cube in time. */
#define KIT_SOLVE_MOST 4096u

/* Cholesky's decomposition of the symmetric a[n][n], of which the lower half is read and overwritten: a = L L'. False:
 * it is not positive definite. */
static inline bool kit_decompose(double *a, size_t n) {
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j <= i; j++) {
            double sum = a[i * n + j];
            for (size_t k = 0; k < j; k++) sum -= a[i * n + k] * a[j * n + k];
            if (i == j && !(sum > 0)) return false;
            a[i * n + j] = i == j ? sqrt(sum) : sum / a[j * n + j];
        }
    }
    return true;
}

/* b[n] becomes the solution of (L L') x = b. */
static inline void kit_back_solve(const double *l, size_t n, double *b) {
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < i; k++) b[i] -= l[i * n + k] * b[k];
        b[i] /= l[i * n + i];
    }
    for (size_t i = n; i-- > 0;) {
        for (size_t k = i + 1; k < n; k++) b[i] -= l[k * n + i] * b[k];
        b[i] /= l[i * n + i];
    }
}

/* Adds weight * z z' to the lower half of a[n][n] and weight * y z to b[n], for a row z of zeros and ones. */
static inline void kit_add_row(const bool *z, size_t n, double weight, double y, double *a, double *b) {
    for (size_t i = 0; i < n; i++) {
        if (!z[i]) continue;
        b[i] += weight * y;
        for (size_t j = 0; j <= i; j++) a[i * n + j] += z[j] ? weight : 0;
    }
}

/* ASSAY_UNSUPPORTED with the remedy where there are too many. */
static inline assay_status kit_check_features(uint32_t features, assay_why *why) {
    if (features <= KIT_SOLVE_MOST) return ASSAY_OK;
    return assay_say(
        why, ASSAY_UNSUPPORTED,
        "the input has %u features, and a linear model is fitted to %u at most: cut=grid or groups= wanted", features,
        KIT_SOLVE_MOST);
}

#endif
