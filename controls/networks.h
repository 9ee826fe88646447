/* networks.h: small networks that controls build in memory. */
#ifndef ASSAY_CONTROLS_NETWORKS_H
#define ASSAY_CONTROLS_NETWORKS_H

#include "nn/weights.h"

/* One that is being built: nodes follow one another, each by default on the output of the last. After a failure nothing
 * more is done, and network_end says why. */
struct network_builder {
    struct graph *graph;
    const char *last; /* the output of the last node */
    bool ok;
    struct error *error;
};

struct own_network {
    struct graph *graph;
    struct weights *weights;
};

void network_begin(struct network_builder *, const struct shape *sample, struct error *);
/* A parameter of that name, copied. */
void network_parameter(struct network_builder *, const char *name, const struct shape *, const float *data);
/* A node whose output has the node's name. `second`, `third`: further inputs, or NULL. */
void network_node(struct network_builder *, const char *op, const char *name, const char *first, const char *second,
                  const char *third, const struct attribute *, size_t attribute_count);
/* out = in W' [+ b]: W is outputs x inputs; b may be NULL. */
void network_gemm(struct network_builder *, const char *name, const char *in, size_t outputs, size_t inputs,
                  const float *w, const float *b);
/* The logits are the last node's output. *out is there to be finished after a failure, too. */
bool network_end(struct network_builder *, struct own_network *out);
void own_network_finish(struct own_network *);

#endif
