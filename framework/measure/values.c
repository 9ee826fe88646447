/* values.c: views as arrays of numbers. */
#include "measure/values.h"

#include "measure/views.h"

#include <math.h>
#include <stdlib.h>

bool values_apply(const struct map_shape *s) {
    return (size_t)s->channels * s->height * s->width >= VIEW_LEAST_PIXELS;
}

static size_t take(const struct map_views *m, const uint8_t *nonzero, enum view view, double *out) {
    size_t n = 0;
    for (size_t i = 0; i < m->count; i++) {
        if (view_is_nonzero(view) && nonzero && !nonzero[i]) continue;
        double v = m->data[i];
        out[n++] = view_is_absolute(view) ? fabs(v) : v;
    }
    return n;
}

void compare_values(const struct measure_side *a, const struct measure_side *b, const bool wanted[VIEW_COUNT],
                    double similarity[VIEW_COUNT], double (*of)(const double *, const double *, size_t)) {
    size_t count = a->views->count;
    double *x = malloc(2 * count * sizeof *x), *y = x ? x + count : NULL;
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        if (!wanted[v]) continue;
        similarity[v] = (double)NAN;
        if (!x) continue;
        size_t n = take(a->views, a->views->nonzero, (enum view)v, x);
        take(b->views, a->views->nonzero, (enum view)v, y);
        similarity[v] = of(x, y, n);
    }
    free(x);
}
