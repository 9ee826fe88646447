/* plane.c: pictures and squares for networks without an axis for channels. */
#include "experiment/plane.h"

#define SMALLEST 8u /* side of a square that is no table */

bool plane_settle_shape(struct graph *g, struct shape *sample, bool pictures) {
    const struct shape taken = g->sample, plane = {3, {1, taken.dim[0], taken.dim[1]}};
    if (taken.rank != 2 || g->tokens) return false;
    bool grey = shape_equal(sample, &plane), flat = sample->rank == 1 && sample->dim[0] == shape_count(&taken);
    if (!grey && !flat) return false;
    if (pictures || (taken.dim[0] == taken.dim[1] && taken.dim[0] >= SMALLEST)) {
        g->sample = plane;
        return true;
    }
    if (grey) *sample = taken;
    return false;
}

bool plane_settle(struct graph *g, struct dataset *d) {
    return plane_settle_shape(g, &d->sample, d->files != NULL);
}
