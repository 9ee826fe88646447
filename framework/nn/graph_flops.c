/* graph_flops.c: how much work a network is. */
#include "nn/op.h"

#include <string.h>

double graph_flops(const struct graph *g) {
    double sum = 0;
    for (uint32_t i = 0; i < g->node_count; i++) {
        const struct node *n = &g->nodes[i];
        if (!(n->op->flags & OP_WEIGHTED) || n->input_count < 2 || !g->values[n->outputs[0]].batched) continue;
        const struct shape *w = &g->values[n->inputs[1]].shape, *y = &g->values[n->outputs[0]].shape;
        bool conv = strcmp(n->op->name, "Conv") == 0;
        if (w->rank < 2 || y->rank < 2) continue;
        sum += 2 * (double)(conv ? shape_count(y) * shape_count_from(w, 1)
                                 : shape_count(y) / y->dim[y->rank - 1] * shape_count(w));
    }
    return sum;
}
