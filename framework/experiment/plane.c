/* plane.c: pictures and squares for networks without an axis for channels. */
#include "experiment/plane.h"

#include "nn/op.h"

#include <string.h>

#define SMALLEST 8u /* side of a square that is no table */

/* Whether its nodes move along one dimension: a convolution, or steps in time. */
static bool takes_sequences(const struct graph *g) {
    static const char *const steps[] = {"LSTM", "GRU", "RNN"};
    for (uint32_t i = 0; i < g->node_count; i++) {
        const struct node *node = &g->nodes[i];
        bool conv = strcmp(node->op->name, "Conv") == 0 && g->values[node->inputs[1]].shape.rank == 3;
        for (size_t k = 0; k < sizeof steps / sizeof *steps; k++) conv |= strcmp(node->op->name, steps[k]) == 0;
        if (conv) return true;
    }
    return false;
}

bool plane_settle_shape(struct graph *g, struct shape *sample, bool pictures) {
    const struct shape taken = g->sample, plane = {3, {1, taken.dim[0], taken.dim[1]}};
    if (taken.rank != 2 || g->tokens) return false;
    bool grey = shape_equal(sample, &plane), flat = sample->rank == 1 && sample->dim[0] == shape_count(&taken);
    if (!grey && !flat) return false;
    bool square = taken.dim[0] == taken.dim[1] && taken.dim[0] >= SMALLEST;
    if (pictures || (square && !takes_sequences(g))) {
        g->sample = plane;
        return true;
    }
    if (grey) *sample = taken;
    return false;
}

bool plane_settle(struct graph *g, struct dataset *d) {
    return plane_settle_shape(g, &d->sample, d->files != NULL);
}
