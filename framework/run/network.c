/* Networks that the harness trains. */
#include "run/network.h"

#include "base/array.h"
#include "base/file.h"
#include "base/rng.h"
#include "base/text.h"
#include "nn/net.h"
#include "nn/train.h"
#include "run/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEST_SAMPLES 2000u /* of the explained data, for the test accuracy */

static struct recipe recipe_of(const struct run *run, const struct network *n) {
    struct recipe recipe = run->battery->recipe;
    recipe.seed = rng_seed(run->battery->seed + recipe.seed, network_kind_name(n->kind), n->draw);
    return recipe;
}

/* What was chosen of the model's file: its output, and the constants, those that stand for other inputs among them. */
static bool choice_digest(const struct graph *g, char out[FILE_DIGEST_SIZE]) {
    struct text all = {0};
    char digest[FILE_DIGEST_SIZE];
    text_add(&all, "%s", g->taken ? g->taken : "");
    for (uint32_t i = 0; i < g->value_count; i++) {
        const struct value *v = &g->values[i];
        if (v->kind != VALUE_CONSTANT) continue;
        data_digest(v->ints ? (const void *)v->ints : v->data,
                    shape_count(&v->shape) * (v->ints ? sizeof *v->ints : sizeof *v->data), digest);
        text_add(&all, " %s", digest);
    }
    bool ok = !all.failed;
    if (ok) data_digest(all.data, all.length, out);
    text_finish(&all);
    return ok;
}

/* What the network is a function of: architecture, data as trained on, recipe, kind, seeds. */
static char *network_key(const struct run *run, const struct network *n, const char *data) {
    const struct battery *b = run->battery;
    const struct recipe r = recipe_of(run, n);
    char digest[FILE_DIGEST_SIZE], choice[FILE_DIGEST_SIZE];
    if (!choice_digest(run->label_graph, choice)) return NULL;
    char *text = text_format("%s|%s|%s|%s|%d %.17g %.17g %u %u %.17g %llu|%s %u|%s", ASSAY_VERSION,
                             b->training_layers ? b->training_layers : run->model_digest, choice, data,
                             (int)r.optimiser, r.learning_rate, r.momentum, r.batch, r.epochs, r.stop_accuracy,
                             (unsigned long long)r.seed, network_kind_name(n->kind), n->draw, b->data_source);
    if (!text) return NULL;
    data_digest(text, strlen(text), digest);
    free(text);
    return text_copy(digest);
}

/* x[images][sample] and labels[images] of the training subset. */
static bool training_arrays(const struct run *run, float **x, uint32_t **labels, struct error *e) {
    uint32_t count = run->battery->training_images;
    size_t size = shape_count(&run->training->sample);
    *x = malloc(count * size * sizeof **x);
    *labels = malloc(count * sizeof **labels);
    if (!*x || !*labels) {
        free(*x);
        free(*labels);
        return error_memory(e);
    }
    bool ok = true;
    for (uint32_t i = 0; ok && i < count; i++) {
        ok = dataset_sample(run->training, run->training_subset[i], *x + i * size, e);
        (*labels)[i] = run->training->labels[run->training_subset[i]];
    }
    if (!ok) {
        free(*x);
        free(*labels);
        *x = NULL;
        *labels = NULL;
    }
    return ok;
}

static bool add(struct run *run, enum network_kind kind, uint32_t draw, const char *data, struct error *e) {
    if (run_network(run, kind, draw)) return true;
    struct network *more = array_grow(run->networks, run->network_count, sizeof *more);
    if (!more) return error_memory(e);
    run->networks = more;
    struct network *n = &more[run->network_count++];
    *n = (struct network){.kind = kind, .draw = draw};
    n->key = network_key(run, n, data);
    return n->key || error_memory(e);
}

static bool take(struct run *run, struct network *n, uint32_t epochs, double train, double test, const float *flat,
                 struct error *e) {
    n->epochs = epochs;
    n->train_accuracy = train;
    n->test_accuracy = test;
    return weights_create(run->label_graph, &n->weights, e) && weights_from_flat(n->weights, flat, e);
}

struct loader {
    struct run *run;
    struct error *e;
};

static bool load(void *user, const struct network_row *row) {
    struct loader *l = user;
    for (uint32_t i = 0; i < l->run->network_count; i++) {
        struct network *n = &l->run->networks[i];
        if (n->weights || strcmp(n->key, row->key) != 0 || row->flat_count != weights_flat_count(l->run->label_graph))
            continue;
        if (!take(l->run, n, row->epochs, row->train_accuracy, row->test_accuracy, row->flat, l->e)) return false;
    }
    return true;
}

bool network_list(struct run *run, struct error *e) {
    char digest[2][FILE_DIGEST_SIZE], both[2 * FILE_DIGEST_SIZE];
    float *x;
    uint32_t *labels, count = run->battery->training_images;
    if (!training_arrays(run, &x, &labels, e)) return false;
    data_digest(x, count * shape_count(&run->training->sample) * sizeof *x, digest[0]);
    data_digest(labels, count * sizeof *labels, digest[1]);
    free(x);
    free(labels);
    snprintf(both, sizeof both, "%s%s", digest[0], digest[1]);
    if (!add(run, NETWORK_TRUE, 0, both, e)) return false;
    for (uint32_t i = 0; i < run->plan.attribution_count; i++) {
        const struct attribution *a = &run->plan.attributions[i];
        if (a->model.kind == MODEL_RETRAINED && !add(run, a->model.network, a->model.network_draw, both, e))
            return false;
    }
    struct loader l = {run, e};
    return store_each_network(run->store, load, &l, e);
}

/* ---- in the child ---- */

static void beat(void *user, uint32_t epoch, double loss, double accuracy) {
    (void)epoch;
    (void)loss;
    (void)accuracy;
    channel_beat(user);
}

static bool test_accuracy(const struct run *run, const struct weights *w, double *out, struct error *e) {
    uint32_t count = run->data->count < TEST_SAMPLES ? run->data->count : TEST_SAMPLES, right = 0;
    size_t size = shape_count(&run->data->sample);
    struct net *net = NULL;
    float *x = malloc(count * size * sizeof *x);
    uint32_t *predicted = malloc(count * sizeof *predicted);
    bool ok = x && predicted ? run_net(run, w, &net, e) : error_memory(e);
    for (uint32_t i = 0; ok && i < count; i++) ok = dataset_sample(run->data, i, x + i * size, e);
    ok = ok && net_predict(net, count, x, predicted, e);
    for (uint32_t i = 0; ok && i < count; i++) right += predicted[i] == run->data->labels[i];
    *out = count ? (double)right / count : 0;
    net_destroy(net);
    free(predicted);
    free(x);
    return ok;
}

static void permute(const struct run *run, uint32_t draw, uint32_t *labels, uint32_t count) {
    struct rng rng = rng_stream(run->battery->seed, "permuted labels", draw);
    for (uint32_t i = count; i > 1; i--) {
        uint32_t k = rng_below(&rng, i), label = labels[k];
        labels[k] = labels[i - 1];
        labels[i - 1] = label;
    }
}

void network_work(const struct run *run, uint32_t index, struct channel *channel) {
    const struct network *n = &run->networks[index];
    uint32_t count = run->battery->training_images, *labels = NULL;
    size_t flat = weights_flat_count(run->label_graph);
    struct weights *w = NULL;
    struct train_result result = {0};
    struct recipe recipe = recipe_of(run, n);
    struct trained_message t = {0};
    struct error e = {{0}};
    float *x = NULL;
    bool ok = training_arrays(run, &x, &labels, &e);
    if (ok && n->kind == NETWORK_PERMUTED) permute(run, n->draw, labels, count);
    ok = ok && weights_create(run->label_graph, &w, &e) &&
         train_run(w, count, x, labels, &recipe, beat, channel, &result, &e) &&
         test_accuracy(run, w, &t.test_accuracy, &e);
    t.epochs = result.epochs;
    t.train_accuracy = result.accuracy;
    t.failed = !ok;
    snprintf(t.why, sizeof t.why, "%.511s", e.text);
    text_clean_in_place(t.why);
    size_t size = sizeof t + (ok ? flat * sizeof *x : 0);
    unsigned char *bytes = malloc(size);
    if (!bytes) return;
    memcpy(bytes, &t, sizeof t);
    float *parameters = ok ? malloc(flat * sizeof *parameters) : NULL;
    if (parameters) {
        weights_to_flat(w, parameters);
        memcpy(bytes + sizeof t, parameters, flat * sizeof *parameters);
    }
    if (!ok || parameters) channel_send(channel, 1, bytes, size);
}

/* ---- in the parent ---- */

bool network_message(struct run *run, uint32_t index, const void *data, size_t size, struct error *e) {
    struct network *n = &run->networks[index];
    struct trained_message t;
    struct error what = {{0}};
    size_t count = weights_flat_count(run->label_graph);
    if (n->weights || n->failure) return true; /* a second message says nothing */
    if (!message_check_trained(run, count, data, size, &t, &what)) {
        n->failure = text_copy(message_damage(&what, "the training process"));
        return n->failure || error_memory(e);
    }
    if (t.failed) {
        n->failure = text_copy(t.why);
        return n->failure || error_memory(e);
    }
    float *flat = malloc(count * sizeof *flat);
    if (!flat) return error_memory(e);
    memcpy(flat, (const char *)data + sizeof t, count * sizeof *flat);
    struct network_row row = {
        n->key, network_kind_name(n->kind), n->draw, t.epochs, t.train_accuracy, t.test_accuracy, flat, count};
    bool ok = take(run, n, t.epochs, t.train_accuracy, t.test_accuracy, flat, e) && store_begin(run->store, e) &&
              store_put_network(run->store, &row, e) && store_commit(run->store, e);
    free(flat);
    return ok;
}

bool network_died(struct run *run, uint32_t index, const char *death, struct error *e) {
    struct network *n = &run->networks[index];
    if (n->weights || n->failure) return true;
    n->failure = text_format("the training process %s", death);
    return n->failure || error_memory(e);
}
