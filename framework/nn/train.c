/* train.c: epochs over shuffled batches, until the training accuracy is reached or they are used up. */
#include "nn/train.h"

#include "base/rng.h"
#include "nn/net.h"
#include "nn/optimiser.h"
#include "nn/output_scale.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STATISTICS_MOMENTUM .9f /* of BatchNormalization's running mean and variance: ONNX's default */

struct trainer {
    struct weights *weights;
    const struct recipe *recipe;
    uint32_t n;
    const float *x;
    const uint32_t *labels; /* NULL: values */
    const float *values;    /* [n][outputs], in the unit of the data */
    enum value_loss loss;
    size_t sample, outputs; /* elements of a sample; outputs of the network */

    struct net *net;
    struct optimiser_state *optimiser;
    uint32_t *order;              /* [n] */
    float *batch_x;               /* [batch][sample] */
    uint32_t *batch_labels;       /* [batch] */
    uint32_t *predictions;        /* [batch] */
    struct output_scale scale;    /* of LOSS_SQUARED */
    float *scaled, *batch_values; /* [n][outputs], [batch][outputs]: what is trained towards */
};

struct recipe recipe_default(void) {
    return (struct recipe){.optimiser = OPTIMISER_ADAM,
                           .learning_rate = .001,
                           .momentum = .9,
                           .weight_decay_last = true,
                           .batch = 50,
                           .epochs = 200,
                           .stop_accuracy = .95,
                           .seed = 1};
}

void recipe_settle(struct recipe *r) {
    const struct recipe plain = recipe_default();
    if (r->optimiser == OPTIMISER_ADAM) r->momentum = plain.momentum;
    if (!(r->weight_decay > 0)) r->weight_decay_last = plain.weight_decay_last;
}

static bool recipe_check(const struct recipe *r, struct error *e) {
    if (!(r->learning_rate > 0) || !isfinite(r->learning_rate))
        return error_set(e, "learning rate %g: wanted a number above 0", r->learning_rate);
    if (!(r->momentum >= 0) || r->momentum >= 1)
        return error_set(e, "momentum %g: wanted 0 or more, below 1", r->momentum);
    if (!(r->weight_decay >= 0) || !isfinite(r->weight_decay))
        return error_set(e, "weight decay %g: wanted a number of 0 or more", r->weight_decay);
    if (r->batch < 1 || r->batch > NET_TRAIN_BATCH)
        return error_set(e, "batch %u: wanted 1 to %u", r->batch, NET_TRAIN_BATCH);
    if (r->epochs < 1) return error_set(e, "0 epochs: wanted 1 or more");
    return true;
}

static bool labels_check(const struct trainer *t, struct error *e) {
    uint32_t classes = t->weights->graph->classes;
    if (t->n == 0) return error_set(e, "no training samples: wanted 1 or more");
    for (uint32_t i = 0; t->labels && i < t->n; i++)
        if (t->labels[i] >= classes)
            return error_set(e, "training sample %u has label %u: the network has classes 0 to %u", i, t->labels[i],
                             classes - 1);
    return true;
}

static bool redraw_all(const struct trainer *t, struct error *e) {
    struct init_options options = {.scheme = &init_own, .seed = t->recipe->seed};
    for (uint32_t i = 0; i < t->weights->graph->layer_count; i++)
        if (!weights_redraw(t->weights, i, &options, e)) return false;
    return true;
}

/* The net borrows the weights, so they are all made writable before it sees them. */
static bool own_all(struct weights *weights, struct error *e) {
    for (uint32_t i = 0; i < weights->graph->value_count; i++)
        if (weights->data[i] && !weights_edit(weights, i)) return error_memory(e);
    return true;
}

static bool values_init(struct trainer *t, struct error *e) {
    t->scaled = calloc(t->n, t->outputs * sizeof *t->scaled);
    t->batch_values = calloc(t->recipe->batch, t->outputs * sizeof *t->batch_values);
    if (!t->scaled || !t->batch_values) return error_memory(e);
    memcpy(t->scaled, t->values, t->n * t->outputs * sizeof *t->scaled);
    if (t->loss != LOSS_SQUARED) return true;
    if (!output_scale_create(t->weights->graph, t->n, t->values, &t->scale, e)) return false;
    output_scale_apply(&t->scale, t->n, t->values, t->scaled);
    return true;
}

static bool trainer_init(struct trainer *t, struct error *e) {
    const struct graph *graph = t->weights->graph;
    size_t batch = t->recipe->batch;

    t->sample = shape_count(&graph->sample);
    t->outputs = graph->classes;
    if (!t->labels && !values_init(t, e)) return false;
    if (!redraw_all(t, e) || !own_all(t->weights, e) || !net_create(t->weights, &t->net, e) ||
        !net_widen(t->net, t->recipe->batch, e) || !optimiser_create(graph, t->recipe, &t->optimiser, e))
        return false;
    t->order = calloc(t->n, sizeof *t->order);
    t->predictions = calloc(batch, sizeof *t->predictions);
    t->batch_x = calloc(batch, t->sample * sizeof *t->batch_x);
    t->batch_labels = calloc(batch, sizeof *t->batch_labels);
    return (t->order && t->predictions && t->batch_x && t->batch_labels) || error_memory(e);
}

static void trainer_finish(struct trainer *t) {
    net_destroy(t->net);
    optimiser_destroy(t->optimiser);
    free(t->order);
    free(t->predictions);
    free(t->batch_x);
    free(t->batch_labels);
    free(t->scaled);
    free(t->batch_values);
    output_scale_finish(&t->scale);
}

static void move_statistics(struct trainer *t) {
    for (uint32_t i = 0; i < t->weights->graph->value_count; i++) {
        const float *batch = net_batch_statistic(t->net, i);
        float *running = t->weights->data[i];
        size_t n = batch ? shape_count(&t->weights->graph->values[i].shape) : 0;
        for (size_t k = 0; k < n; k++)
            running[k] = STATISTICS_MOMENTUM * running[k] + (1 - STATISTICS_MOMENTUM) * batch[k];
    }
}

/* The samples order[first..first+count): one step. */
static bool train_batch(struct trainer *t, uint32_t first, uint32_t count, double *loss, uint32_t *correct,
                        struct error *e) {
    float *const *grads;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t from = t->order[first + i];
        memcpy(t->batch_x + i * t->sample, t->x + from * t->sample, t->sample * sizeof *t->x);
        if (t->labels) t->batch_labels[i] = t->labels[from];
        else memcpy(t->batch_values + i * t->outputs, t->scaled + from * t->outputs, t->outputs * sizeof *t->scaled);
    }
    if (!(t->labels ? net_loss(t->net, count, t->batch_x, t->batch_labels, loss, correct, &grads, e)
                    : net_loss_values(t->net, t->loss, count, t->batch_x, t->batch_values, loss, correct, &grads, e)))
        return false;
    if (!isfinite(*loss))
        return error_set(e, "the loss is not finite any more: try a smaller learning rate than %g",
                         t->recipe->learning_rate);
    move_statistics(t);
    return optimiser_step(t->optimiser, t->weights, grads, e);
}

/* Mean loss of the epoch, and the accuracy while it ran. */
static bool train_epoch(struct trainer *t, uint32_t epoch, double *loss, double *accuracy, struct error *e) {
    struct rng rng = rng_stream(t->recipe->seed, "training order", epoch);
    double sum = 0;
    uint64_t right = 0;

    rng_permutation(&rng, t->n, t->order);
    for (uint32_t first = 0; first < t->n; first += t->recipe->batch) {
        uint32_t left = t->n - first, count = left < t->recipe->batch ? left : t->recipe->batch, correct;
        double batch_loss;
        if (!train_batch(t, first, count, &batch_loss, &correct, e)) return false;
        sum += batch_loss * count;
        right += correct;
    }
    *loss = sum / t->n;
    *accuracy = (double)right / t->n / (t->labels ? 1 : (double)t->outputs);
    if (!t->labels && t->loss == LOSS_SQUARED) *accuracy = (double)NAN; /* the loss says as much */
    return true;
}

/* The mean over outputs of 1 - sum (value - z)^2 / sum (value - mean)^2; both sums are of the scaled values. */
static double r_squared(const struct trainer *t, const float *z) {
    double all = 0;
    for (size_t k = 0; k < t->outputs; k++) {
        double mean = 0, off = 0, spread = 0;
        for (size_t i = 0; i < t->n; i++) mean += (double)t->scaled[i * t->outputs + k] / t->n;
        for (size_t i = 0; i < t->n; i++) {
            double v = (double)t->scaled[i * t->outputs + k];
            off += (v - (double)z[i * t->outputs + k]) * (v - (double)z[i * t->outputs + k]);
            spread += (v - mean) * (v - mean);
        }
        all += 1 - off / spread;
    }
    return all / (double)t->outputs;
}

static bool measure_values(struct trainer *t, double *accuracy, struct error *e) {
    size_t count = t->n * t->outputs, right = 0;
    float *z = malloc(count * sizeof *z);
    bool ok = z ? net_forward(t->net, t->n, t->x, z, e) : error_memory(e);
    if (ok && t->loss == LOSS_SQUARED) {
        *accuracy = r_squared(t, z);
    } else if (ok) {
        for (size_t k = 0; k < count; k++) right += (z[k] > 0) == (t->values[k] > 0);
        *accuracy = (double)right / (double)count;
    }
    free(z);
    return ok;
}

/* Of labels, a batch at a time. `brief`: no further than until stop_accuracy is out of reach. */
static bool measure_accuracy(struct trainer *t, bool brief, double *accuracy, struct error *e) {
    uint32_t wrong = 0, count;
    if (!t->labels) return measure_values(t, accuracy, e);
    *accuracy = 1;
    for (uint32_t first = 0; first < t->n && !(brief && *accuracy < t->recipe->stop_accuracy); first += count) {
        count = t->n - first < t->recipe->batch ? t->n - first : t->recipe->batch;
        if (!net_predict(t->net, count, t->x + first * t->sample, t->predictions, e)) return false;
        for (uint32_t i = 0; i < count; i++) wrong += t->predictions[i] != t->labels[first + i];
        *accuracy = (double)(t->n - wrong) / t->n;
    }
    return true;
}

static bool train_epochs(struct trainer *t, train_progress progress, void *user, struct train_result *result,
                         struct error *e) {
    bool done = false;
    for (uint32_t epoch = 1; !done; epoch++) {
        bool last = epoch == t->recipe->epochs;
        if (!train_epoch(t, epoch, &result->loss, &result->accuracy, e) ||
            ((last || t->recipe->stop_accuracy <= 1) &&
             !measure_accuracy(t, t->recipe->brief && !last, &result->accuracy, e)))
            return error_prefix(e, "training epoch %u", epoch);
        result->epochs = epoch;
        done = last || result->accuracy >= t->recipe->stop_accuracy;
        if (progress) progress(user, epoch, result->loss, result->accuracy);
    }
    return true;
}

static bool train(struct trainer *t, train_progress progress, void *user, struct train_result *result,
                  struct error *e) {
    struct train_result local = {0};
    bool ok = recipe_check(t->recipe, e) && labels_check(t, e) && trainer_init(t, e) &&
              train_epochs(t, progress, user, &local, e) && output_scale_fold(&t->scale, t->weights, e);
    trainer_finish(t);
    *result = local;
    return ok;
}

bool train_run(struct weights *weights, uint32_t n, const float *x, const uint32_t *labels, const struct recipe *recipe,
               train_progress progress, void *user, struct train_result *result, struct error *e) {
    struct trainer t = {.weights = weights, .recipe = recipe, .n = n, .x = x, .labels = labels};
    return train(&t, progress, user, result, e);
}

/* R2 of targets that do not vary is no number. */
static bool values_check(uint32_t n, uint32_t outputs, const float *values, struct error *e) {
    for (size_t k = 0; k < outputs; k++) {
        size_t i = 1;
        while (i < n && !(values[i * outputs + k] < values[k]) && !(values[i * outputs + k] > values[k])) i++;
        if (i >= n)
            return error_set(e, "target %zu of all %u training samples is %g: targets that differ wanted", k, n,
                             n ? (double)values[k] : 0);
    }
    return true;
}

bool train_values(struct weights *weights, enum value_loss loss, uint32_t n, const float *x, const float *values,
                  const struct recipe *recipe, train_progress progress, void *user, struct train_result *result,
                  struct error *e) {
    struct trainer t = {.weights = weights, .recipe = recipe, .n = n, .x = x, .values = values, .loss = loss};
    *result = (struct train_result){0};
    return (loss != LOSS_SQUARED || values_check(n, weights->graph->classes, values, e)) &&
           train(&t, progress, user, result, e);
}
