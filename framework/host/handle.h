/* handle.h: the host's side of the plugin ABI: a network as an assay_model. Everything a plugin
 * passes in is checked (NULL, layer index, target, an empty batch), and the passes it asks for are counted. */
#ifndef ASSAY_HOST_HANDLE_H
#define ASSAY_HOST_HANDLE_H

#include "base/error.h"
#include "explainers/explainer.h"
#include "nn/net.h"
#include "workers/helpers.h"
#include "host/host.h"
#include "host/memo.h"
#include "host/operators.h"

/* Which network it is, as programs are told (docs/protocol.md). */
#define HANDLE_KIND_MODEL "model"
#define HANDLE_KIND_LABELS "labels"
#define HANDLE_KIND_LINEAR "linear"
#define HANDLE_KIND_OTHER "other"

#define HANDLE_BACKGROUND_MOST 32u

struct handle {
    assay_model model; /* what the plugin sees; model.host is this struct */
    struct net *net;
    struct helpers helpers;       /* who may help; nobody unless the owner says so */
    struct memo *memo;            /* of earlier answers, borrowed; NULL: none is kept */
    const struct memo *gradients; /* of this network, by handle_gradient_key(); borrowed; NULL: none */
    const char *network;          /* with gradients: its name there */
    assay_layer *layers;          /* nodes with an activation the output depends on, from input to output */
    uint32_t *nodes;              /* [layer_count] their indices in the graph */
    uint32_t layer_count;
    struct operators operators; /* what rules of propagation can be given to */
    const char *kind;           /* HANDLE_KIND_...; NULL: other */
    void (*beat)(void *user);   /* called for each frame of a program; or NULL */
    const float *background;    /* [background_count][input], borrowed; NULL: there is none */
    uint32_t background_count;
    void *beat_user;
    bool idle_rules;        /* backward rules change nothing in this network, and are refused */
    const float *mask;      /* [input]: the network is shown mask * x; borrowed; NULL: x */
    const char *not_finite; /* "logits are", "gradient is", ...: what the network answered last that was not; or NULL */
    uint32_t inspected;     /* the layer looked at last, and one; 0: none */
    uint64_t ruled;         /* samples passed under a rule other than the gradient */
    uint64_t forward, backward; /* samples passed so far; a gradient counts one of each */
};

/* Borrows the net, which outlives the handle. Fails for a network whose samples have more than 4 dimensions. */
bool handle_create(struct net *, struct handle **out, struct error *);
/* From now on a backward rule other than the gradient is ASSAY_UNSUPPORTED where the network has no rectifier that it
 * would change. Not for networks of the harness that have none by design: the linear model. */
bool handle_refuse_idle_rules(struct handle *, struct error *);
/* From now on the model is f(mask * x), and its gradients are that function's. The mask[input] is borrowed. Nothing is
 * kept in memos or taken from them. */
bool handle_mask(struct handle *, const float *mask, struct error *);
/* From now on the first of these n samples[n][input], at most HANDLE_BACKGROUND_MOST, are the background of the model.
 * Borrowed. */
static inline void handle_background(struct handle *handle, const float *samples, uint32_t n) {
    handle->background = n ? samples : NULL;
    handle->background_count = n < HANDLE_BACKGROUND_MOST ? n : HANDLE_BACKGROUND_MOST;
}
/* Of the layer that begins at the node, as `assay list layers` has it; else of the node itself. */
const char *handle_node_name(const struct graph *, uint32_t node);
/* The layer that was inspected last, as "conv2 (32 x 12 x 12)"; "" where none was. */
void handle_inspected(const struct handle *, char *out, size_t size);
void handle_destroy(struct handle *);

/* What names the gradient of logit `target` at the sample x[count] of that network. */
void handle_gradient_key(const char *network, const float *x, size_t count, uint32_t target,
                         char key[FILE_DIGEST_SIZE]);

#endif
