/* Networks that the harness trains. */
#include "run/network.h"

#include "base/array.h"
#include "base/file.h"
#include "base/rng.h"
#include "base/text.h"
#include "nn/net.h"
#include "nn/train.h"
#include "run/message.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct recipe recipe_of(const struct run *run, const struct network *n) {
    struct recipe recipe = run->battery->recipe;
    recipe.brief = true; /* nobody is told */
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
    char *text =
        text_format("%s|%s|%s|%s|%d %.17g %.17g %u %u %.17g %llu|%s %u|%s|%.17g %d", ASSAY_VERSION,
                    b->training_layers ? b->training_layers : run->model_digest, choice, data, (int)r.optimiser,
                    r.learning_rate, r.momentum, r.batch, r.epochs, r.stop_accuracy, (unsigned long long)r.seed,
                    network_kind_name(n->kind), n->draw, b->data_source, r.weight_decay, r.weight_decay_last);
    if (!text) return NULL;
    data_digest(text, strlen(text), digest);
    free(text);
    return text_copy(digest);
}

/* The training subset. */
struct training_arrays {
    uint32_t count;
    float *x;         /* [count][sample] */
    uint32_t *labels; /* [count] */
    float *values;    /* [count][outputs] in place of labels where the data have targets; else NULL */
    size_t outputs;
};

static void arrays_finish(struct training_arrays *t) {
    free(t->x);
    free(t->labels);
    free(t->values);
}

/* To be finished either way. */
static bool arrays_fill(const struct run *run, struct training_arrays *t, struct error *e) {
    const struct dataset *d = run->training;
    size_t size = shape_count(&d->sample);
    *t = (struct training_arrays){.count = run->battery->training_images, .outputs = d->target_count};
    t->x = malloc(t->count * size * sizeof *t->x);
    t->labels = malloc(t->count * sizeof *t->labels);
    if (d->targets) t->values = malloc(t->count * t->outputs * sizeof *t->values);
    bool ok = (t->x && t->labels && (t->values || !d->targets)) || error_memory(e);
    for (uint32_t i = 0; ok && i < t->count; i++) {
        uint32_t from = run->training_subset[i];
        ok = dataset_sample(d, from, t->x + i * size, e);
        t->labels[i] = d->labels[from];
        if (t->values)
            memcpy(t->values + i * t->outputs, d->targets + from * t->outputs, t->outputs * sizeof *t->values);
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

/* Of networks that are trained towards targets; in the order of enum value_loss. */
static const char *const loss_names[] = {"|squared", "|logistic"};

static enum value_loss loss_of(const struct run *run) {
    return run->battery->task == TASK_REGRESSION ? LOSS_SQUARED : LOSS_LOGISTIC;
}

bool network_list(struct run *run, struct error *e) {
    char digest[2][FILE_DIGEST_SIZE], both[2 * FILE_DIGEST_SIZE + 16];
    struct training_arrays t;
    bool ok = arrays_fill(run, &t, e);
    if (ok) data_digest(t.x, t.count * shape_count(&run->training->sample) * sizeof *t.x, digest[0]);
    if (ok && t.values) data_digest(t.values, t.count * t.outputs * sizeof *t.values, digest[1]);
    else if (ok) data_digest(t.labels, t.count * sizeof *t.labels, digest[1]);
    arrays_finish(&t);
    if (!ok) return false;
    snprintf(both, sizeof both, "%s%s%s", digest[0], digest[1], t.values ? loss_names[loss_of(run)] : "");
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

/* Of a regression R2 of the output explained. */
static bool r_squared(const struct run *run, uint32_t count, const float *z, double *out, struct error *e) {
    const struct dataset *d = run->data;
    uint32_t target = run->target_class;
    float *pairs = malloc(2 * (size_t)count * sizeof *pairs);
    if (!pairs) return error_memory(e);
    for (uint32_t i = 0; i < count; i++) {
        pairs[i] = d->targets[(size_t)i * d->target_count + target];
        pairs[count + i] = z[(size_t)i * d->target_count + target];
    }
    *out = fit_measure(pairs, pairs + count, count).r2;
    free(pairs);
    return !isnan(*out) || error_set(e, "R2 is not defined: all targets of the data are the same");
}

static bool test_targets(const struct run *run, struct net *net, uint32_t count, const float *x, double *out,
                         struct error *e) {
    const struct dataset *d = run->data;
    float *z = malloc((size_t)count * d->target_count * sizeof *z);
    bool ok = z ? net_forward(net, count, x, z, e) : error_memory(e);
    if (ok && run->battery->task == TASK_REGRESSION) {
        ok = r_squared(run, count, z, out, e);
    } else if (ok) {
        const struct label_accuracy a = label_accuracy_count(d->targets, z, count, d->target_count);
        ok = a.read || error_memory(e);
        *out = ok ? (double)a.right / a.read / a.labels : 0;
    }
    free(z);
    return ok;
}

static bool test_classes(const struct run *run, struct net *net, uint32_t count, const float *x, double *out,
                         struct error *e) {
    uint32_t right = 0, *predicted = malloc(count * sizeof *predicted);
    bool ok = predicted ? net_predict(net, count, x, predicted, e) : error_memory(e);
    for (uint32_t i = 0; ok && i < count; i++) right += predicted[i] == run->data->labels[i];
    *out = count ? (double)right / count : 0;
    free(predicted);
    return ok;
}

static bool test_accuracy(const struct run *run, const struct weights *w, double *out, struct error *e) {
    uint32_t count = run_test_samples(run);
    size_t size = shape_count(&run->data->sample);
    struct net *net = NULL;
    float *x = malloc(count * size * sizeof *x);
    bool ok = x ? run_net(run, w, &net, e) : error_memory(e);
    for (uint32_t i = 0; ok && i < count; i++) ok = dataset_sample(run->data, i, x + i * size, e);
    ok = ok &&
         (run->data->targets ? test_targets(run, net, count, x, out, e) : test_classes(run, net, count, x, out, e));
    net_destroy(net);
    free(x);
    return ok;
}

/* Labels, or the targets of a sample together. */
static void permute(const struct run *run, uint32_t draw, struct training_arrays *t) {
    struct rng rng = rng_stream(run->battery->seed, "permuted labels", draw);
    for (uint32_t i = t->count; i > 1; i--) {
        uint32_t k = rng_below(&rng, i), label = t->labels[k];
        t->labels[k] = t->labels[i - 1];
        t->labels[i - 1] = label;
        for (size_t o = 0; t->values && o < t->outputs; o++) {
            float *a = &t->values[k * t->outputs + o], *b = &t->values[(i - 1) * t->outputs + o], value = *a;
            *a = *b;
            *b = value;
        }
    }
}

static bool train(const struct run *run, const struct training_arrays *t, const struct recipe *recipe,
                  struct weights *w, struct channel *channel, struct train_result *result, struct error *e) {
    return t->values ? train_values(w, loss_of(run), t->count, t->x, t->values, recipe, beat, channel, result, e)
                     : train_run(w, t->count, t->x, t->labels, recipe, beat, channel, result, e);
}

void network_work(const struct run *run, uint32_t index, struct channel *channel) {
    const struct network *n = &run->networks[index];
    size_t flat = weights_flat_count(run->label_graph);
    struct weights *w = NULL;
    struct train_result result = {0};
    struct recipe recipe = recipe_of(run, n);
    struct trained_message t = {0};
    struct error e = {{0}};
    struct training_arrays data;
    bool ok = arrays_fill(run, &data, &e);
    if (ok && n->kind == NETWORK_PERMUTED) permute(run, n->draw, &data);
    ok = ok && weights_create(run->label_graph, &w, &e) && train(run, &data, &recipe, w, channel, &result, &e) &&
         test_accuracy(run, w, &t.test_accuracy, &e);
    t.epochs = result.epochs;
    t.train_accuracy = result.accuracy;
    t.failed = !ok;
    snprintf(t.why, sizeof t.why, "%.511s", e.text);
    text_clean_in_place(t.why);
    size_t size = sizeof t + (ok ? flat * sizeof(float) : 0);
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

bool network_take(struct run *run, uint32_t index, const float *flat, size_t count, struct error *e) {
    if (index >= run->network_count || count != weights_flat_count(run->label_graph))
        return error_set(e, "a network that the battery does not have");
    struct network *n = &run->networks[index];
    return n->weights || take(run, n, 0, 0, 0, flat, e);
}
