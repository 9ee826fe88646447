/* net.h: runs a graph with one variant's weights: forward, gradients, activations.
 *
 * Batches of any size: they are worked through in groups of up to NET_GROUP samples, fewer where samples are large or
 * graph->single, so memory does not grow with them. Every sample's result has the same bits in any batch, alone or with
 * others, and whoever computes it. One caller at a time. */
#ifndef ASSAY_NN_NET_H
#define ASSAY_NN_NET_H

#include "base/thread_team.h"
#include "nn/graph.h"
#include "nn/net_options.h"
#include "nn/weights.h"

struct net;

/* Borrows the weights (and through them the graph), which must outlive the net and not change under it, but after
 * net_loss, and where net_changed is told. */
bool net_create(const struct weights *, struct net **out, struct error *); /* CONV_AUTO */
bool net_create_with(const struct weights *, const struct net_options *, struct net **out, struct error *);
void net_destroy(struct net *);
const struct graph *net_graph(const struct net *);
const struct weights *net_weights(const struct net *);
/* The parameters of that layer are others than before; are those again that they were in net_keep. */
void net_changed(struct net *, uint32_t layer);
void net_restored(struct net *, uint32_t layer);

/* From now on what forward passes have before the layers[layer_count] is kept, up to `bytes` in all, for gradients
 * (net_gradient..., net_vjp) and net_inspect at the same group of inputs: as long as only layers behind are changed,
 * passes begin there. The bits of all answers are the same. The network is the one of which no layer is told to be
 * changed. */
bool net_keep(struct net *, const bool *layers, size_t bytes, struct error *);
/* Bytes that are kept now. */
size_t net_kept(const struct net *);

/* Who computes what is asked from now on, training apart: a team that is there until the next call, or NULL: the caller
 * alone. */
void net_share(struct net *, struct thread_team *);

/* A net of the same weights for another thread, while this one is at work: its mate number `index`, from 0 on, which it
 * owns and keeps. Ready for gradients and sums, or for net_forward alone, until the net is asked for anything but
 * net_forward, net_gradient_logits, net_vjp and sums, or its weights change. It takes up to `most` samples at a time;
 * its line is that of the net. */
bool net_mate(struct net *, unsigned index, uint32_t most, bool gradient, struct net **out, struct error *);
/* Nobody works with a mate now. They go where the options want that (brief_mates), else they stay for the next request.
 */
void net_drop_mates(struct net *);
/* How many there are now. */
unsigned net_mates(const struct net *);

/* Before net_forward of these samples, at once or in parts, by this net or its mates: where they differ from one sample
 * in small parts of their planes, passes compute only what can differ, for the same bits. That sample is the first one
 * of this or of an earlier request. Takes as much memory as a group may (net_options) at most. */
bool net_forward_begin(struct net *, uint32_t n, const float *x, struct error *);
/* logits[n][classes] */
bool net_forward(struct net *, uint32_t n, const float *x, float *logits, struct error *);
/* out[n][sample]: d logit[targets[i]] / d x[i] under the rule. */
bool net_gradient(struct net *, enum net_rule, uint32_t n, const float *x, const uint32_t *targets, float *out,
                  struct error *);
/* With the logits of the same pass, unless logits is NULL. */
bool net_gradient_logits(struct net *, enum net_rule, uint32_t n, const float *x, const uint32_t *targets,
                         float *logits, float *out, struct error *);
/* out[n][sample] = sum over k of cotangent[i][k] * d logit[k] / d x[i]; cotangent[n][classes]. */
bool net_vjp(struct net *, uint32_t n, const float *x, const float *cotangent, float *out, struct error *);
/* out[sample] = sum_i weights[i] * d logit[targets[i]] / d x[i] */
bool net_gradient_sum(struct net *, uint32_t n, const float *x, const uint32_t *targets, const float *weights,
                      float *out, struct error *);
/* The same sum at points from + positions[i] (to - from) of a line: what is linear in the input is computed at its two
 * ends alone. First the line, then any number of sums on it, as long as
 * the weights are the same. */
bool net_line_begin(struct net *, const float *from, const float *to, struct error *);
bool net_line_sum(struct net *, uint32_t n, const float *positions, const float *weights, uint32_t target, float *out,
                  struct error *);
/* The output of node `node` and the gradient of the target logit with respect to it; either may be NULL. */
bool net_inspect(struct net *, uint32_t node, uint32_t n, const float *x, const uint32_t *targets, float *activation,
                 float *gradient, struct error *);
/* Some elements of the outputs of nodes, which are in ascending order, all in one pass. */
struct net_probe {
    uint32_t node;
    size_t elements; /* of each sample, spread over the output; at most all of it, as they are then */
    float *out;      /* [n][elements] */
};
size_t net_probe_elements(const struct graph *, uint32_t node, size_t most); /* `most`, or all there are */
bool net_probe(struct net *, const struct net_probe *, uint32_t count, uint32_t n, const float *x, struct error *);
/* The class of the largest logit; ties go to the lower class. */
uint32_t net_class(const float *logits, uint32_t classes);
/* predictions[n]: the class of the largest logit; ties go to the lower class. */
bool net_predict(struct net *, uint32_t n, const float *x, uint32_t *predictions, struct error *);

/* Training: mean softmax cross-entropy (of paired logits: binary cross-entropy) of the batch (n <=
 * NET_TRAIN_BATCH) and its gradients. grads[value_count]:
 * for every parameter an array the net owns, valid until the next call; NULL for other values. */
#define NET_TRAIN_BATCH 256u
/* Of a net that is trained: from now on net_forward and net_predict take as many samples at a time as a batch of
 * `batch` does. Nothing else but losses may be asked then. */
bool net_widen(struct net *, uint32_t batch, struct error *);
bool net_loss(struct net *, uint32_t n, const float *x, const uint32_t *labels, double *loss, uint32_t *correct,
              float *const **grads, struct error *);
/* The same towards values[n][outputs]: the mean over samples and outputs of the squared difference, or of the binary
 * cross-entropy of each logit's sigmoid with 0 or 1. *correct: of the n x outputs, those on the right side of 0. */
enum value_loss { LOSS_SQUARED, LOSS_LOGISTIC };
bool net_loss_values(struct net *, enum value_loss, uint32_t n, const float *x, const float *values, double *loss,
                     uint32_t *correct, float *const **grads, struct error *);
/* After either: the mean or (biased) variance of that batch, for the parameter `value` that is the running mean or
 * variance of a BatchNormalization (which net_loss leaves alone: the trainer moves it); NULL for every other value. */
const float *net_batch_statistic(const struct net *, uint32_t value);

#endif
