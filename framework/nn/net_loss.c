/* net_loss.c: losses and the gradients of parameters, for training. */
#include "nn/net.h"
#include "nn/net_plan.h"
#include "nn/ops/batchnorm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One array per parameter that a node on the way to the output reads. */
static bool prepare_learned(struct net *net, struct error *e) {
    const struct graph *g = net->graph;
    if (net->learned) return true;
    size_t total = 0;
    for (uint32_t v = 0; v < g->value_count; v++)
        if (g->values[v].kind == VALUE_PARAMETER) total += shape_count(&g->values[v].shape);
    float **learned = calloc(g->value_count, sizeof *learned);
    net->learned_memory = malloc((total + 1) * sizeof *net->learned_memory);
    net->learned_fresh = calloc(g->value_count, sizeof *net->learned_fresh);
    if (!learned || !net->learned_memory || !net->learned_fresh) {
        free(learned);
        free(net->learned_memory);
        free(net->learned_fresh);
        net->learned_memory = NULL;
        net->learned_fresh = NULL;
        return error_memory(e);
    }
    float *next = net->learned_memory;
    for (uint32_t v = 0; v < g->value_count; v++) {
        if (g->values[v].kind != VALUE_PARAMETER) continue;
        learned[v] = next;
        next += shape_count(&g->values[v].shape);
    }
    net->learned = learned;
    net->learned_count = total;
    return true;
}

/* Small networks in groups, whose values stay in the cache; larger ones a whole batch at a time, because products with
 * their weights cost by how often those are read, but of large samples fewer. */
#define CACHED_WEIGHTS ((size_t)1 << 18)
#define TRAINING_FLOATS ((size_t)1 << 25)

uint32_t plan_training_samples(const struct net *net, size_t learned, uint32_t n) {
    const struct graph *g = net->graph;
    size_t per_sample = 1;
    if (net->has_statistics) return n; /* samples depend on each other */
    if (g->single || learned <= CACHED_WEIGHTS) return group_size(net);
    for (uint32_t v = 0; v < g->value_count; v++)
        if (g->values[v].batched) per_sample += shape_count(&g->values[v].shape);
    size_t fitting = TRAINING_FLOATS / per_sample;
    if (fitting < NET_GROUP) fitting = NET_GROUP;
    return n < fitting ? n : (uint32_t)fitting;
}

bool net_widen(struct net *net, uint32_t batch, struct error *e) {
    struct plan *plan;
    uint32_t kept = net->most;
    net->widened = true;
    net->most = plan_training_samples(net, weights_flat_count(net->graph), batch);
    if (!plan_create(net, PLAN_FORWARD, group_size(net), &plan, e)) {
        net->most = kept;
        return false;
    }
    plan_destroy(net->group);
    net->group = plan;
    return true;
}

/* The plan for a training batch, or for as many of its samples as go at once. */
static bool training_plan(struct net *net, uint32_t n, struct plan **out, struct error *e) {
    uint32_t capacity = plan_training_samples(net, net->learned_count, n);
    const struct plan *old = net->training;
    if (!old || old->capacity < capacity || old->workers < thread_team_size(net->team)) {
        plan_destroy(net->training);
        net->training = NULL;
        if (!plan_create(net, PLAN_TRAINING, capacity, &net->training, e)) return false;
    }
    *out = net->training;
    return true;
}

/* What a batch of `n` is trained towards: labels, or values of the loss. */
struct towards {
    uint32_t n;
    const uint32_t *labels; /* [n]; NULL: values */
    const float *values;    /* [n][classes] */
    enum value_loss loss;
};

/* Adds the loss of the plan's samples, and leaves its gradient, for a batch of `n`, at the output. Of a pair (-z, z)
 * the logits are halved: their softmax is then the sigmoid of z, and the loss its binary cross-entropy. */
static void cross_entropy(const struct net *net, struct plan *plan, uint32_t n, const uint32_t *labels, double *loss,
                          uint32_t *correct) {
    uint32_t classes = net->graph->classes;
    double scale = net->graph->paired ? .5 : 1;
    const float *logits = plan->data[net->graph->output];
    float *gradient = plan->gradient[net->graph->output];
    for (uint32_t i = 0; i < plan->batch; i++, logits += classes, gradient += classes) {
        uint32_t best = net_class(logits, classes);
        double most = (double)logits[best], sum = 0;
        for (uint32_t k = 0; k < classes; k++) sum += exp(scale * ((double)logits[k] - most));
        for (uint32_t k = 0; k < classes; k++)
            gradient[k] = (float)(scale * (exp(scale * ((double)logits[k] - most)) / sum - (k == labels[i])) / n);
        *loss += (log(sum) + scale * most - scale * (double)logits[labels[i]]) / n;
        *correct += best == labels[i];
    }
}

/* log(1 + exp(-|z|)) + max(z, 0) - z t is the binary cross-entropy of sigmoid(z) with t, without overflow. */
static double logistic_loss(double z, double t, double *slope) {
    double e = exp(-fabs(z)), sigmoid = z < 0 ? e / (1 + e) : 1 / (1 + e);
    *slope = sigmoid - t;
    return log1p(e) + fmax(z, 0) - z * t;
}

/* The same of every output by itself; the mean is over samples and outputs. */
static void value_losses(const struct net *net, struct plan *plan, const struct towards *to, uint32_t first,
                         double *loss, uint32_t *correct) {
    size_t outputs = net->graph->classes, count = plan->batch * outputs;
    const float *z = plan->data[net->graph->output], *t = to->values + first * outputs;
    float *gradient = plan->gradient[net->graph->output];
    double all = (double)to->n * (double)outputs;
    for (size_t k = 0; k < count; k++) {
        double off = (double)z[k] - (double)t[k], slope = 2 * off;
        *loss += (to->loss == LOSS_SQUARED ? off * off : logistic_loss((double)z[k], (double)t[k], &slope)) / all;
        gradient[k] = (float)(slope / all);
        *correct += (z[k] > 0) == (t[k] > 0);
    }
}

/* Gradients that no node has added to. */
static void clear_unread(const struct net *net) {
    const struct graph *g = net->graph;
    for (uint32_t v = 0; v < g->value_count; v++)
        if (net->learned_fresh[v]) memset(net->learned[v], 0, shape_count(&g->values[v].shape) * sizeof(float));
}

static bool train_pass(struct net *net, const struct towards *to, const float *x, double *loss, uint32_t *correct,
                       float *const **grads, struct error *e) {
    size_t sample = shape_count(&net->graph->sample);
    uint32_t n = to->n;
    struct plan *plan;
    if (!prepare_learned(net, e) || !training_plan(net, n, &plan, e)) return false;
    fuse_forget(net);
    regions_forget(net->regions);
    for (uint32_t v = 0; v < net->graph->value_count; v++) net->learned_fresh[v] = net->learned[v] != NULL;
    *loss = 0;
    *correct = 0;
    for (uint32_t i = 0; i < n; i += plan->capacity) {
        if (!plan_resize(net, plan, n - i < plan->capacity ? n - i : plan->capacity, e)) return false;
        run_forward(net, plan, x + i * sample, 0, GRAPH_NONE);
        if (to->labels) cross_entropy(net, plan, n, to->labels + i, loss, correct);
        else value_losses(net, plan, to, i, loss, correct);
        run_backward(
            net, plan, net->graph->output,
            &(struct backward_options){.stop = GRAPH_NONE, .learned = net->learned, .fresh = net->learned_fresh});
    }
    clear_unread(net);
    *grads = net->learned;
    return true;
}

static bool check_batch(uint32_t n, struct error *e) {
    return (n > 0 && n <= NET_TRAIN_BATCH) ||
           error_set(e, "a training batch of %u: wanted 1 to %u", n, NET_TRAIN_BATCH);
}

bool net_loss(struct net *net, uint32_t n, const float *x, const uint32_t *labels, double *loss, uint32_t *correct,
              float *const **grads, struct error *e) {
    if (!check_batch(n, e)) return false;
    for (uint32_t i = 0; i < n; i++)
        if (labels[i] >= net->graph->classes)
            return error_set(e, "label %u of sample %u: the network has %u outputs", labels[i], i, net->graph->classes);
    return train_pass(net, &(struct towards){.n = n, .labels = labels}, x, loss, correct, grads, e);
}

bool net_loss_values(struct net *net, enum value_loss kind, uint32_t n, const float *x, const float *values,
                     double *loss, uint32_t *correct, float *const **grads, struct error *e) {
    const struct towards to = {.n = n, .values = values, .loss = kind};
    return check_batch(n, e) && train_pass(net, &to, x, loss, correct, grads, e);
}

const float *net_batch_statistic(const struct net *net, uint32_t value) {
    if (!net->training) return NULL;
    for (uint32_t i = 0; i < net->step_count; i++) {
        const struct op_call *call = &net->training->calls[net->steps[i]];
        for (uint32_t k = 0; k < call->node->input_count && (call->node->op->flags & OP_STATISTICS); k++)
            if (call->node->inputs[k] == value) return batchnorm_statistic(call, k);
    }
    return NULL;
}
