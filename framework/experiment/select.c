/* Which samples are explained. */
#include "experiment/setup.h"

#include "base/layout.h"
#include "base/rng.h"
#include "nn/net.h"

#include <stdlib.h>
#include <string.h>

#define BATCH_LEAST 10u /* candidates predicted at once */
#define BATCH_MOST 100u

struct selector {
    struct run *run;
    struct net *net;
    struct input_set *set;
    uint32_t wanted, quota, *per_class; /* per_class: how many are taken */
    uint32_t *order, *predicted;        /* candidates, and their predictions where known */
    float *x;                           /* the candidates predicted last: [first, first + count) of the order */
    uint32_t first, count;
    bool *taken;
    bool only_correct, by_label;
    size_t size;
};

/* Of candidates that may turn out to be wrong some more are predicted than are wanted. */
static uint32_t batch_of(const struct selector *s) {
    uint32_t least = s->only_correct ? BATCH_LEAST : 1;
    return s->wanted < least ? least : s->wanted > BATCH_MOST ? BATCH_MOST : s->wanted;
}

/* Predictions of the next candidates in the order, from *known on. */
static bool predict(struct selector *s, uint32_t *known, struct error *e) {
    uint32_t left = s->run->data->count - *known, n = batch_of(s);
    if (n > left) n = left;
    float *x = realloc(s->x, n * s->size * sizeof *x);
    if (!x) return error_memory(e);
    s->x = x;
    s->first = *known;
    s->count = n;
    bool ok = true;
    for (uint32_t i = 0; ok && i < n; i++) ok = dataset_sample(s->run->data, s->order[*known + i], x + i * s->size, e);
    ok = ok && net_predict(s->net, n, x, s->predicted + *known, e);
    *known += n;
    return ok;
}

static bool copy_sample(const struct selector *s, uint32_t candidate, float *out, struct error *e) {
    uint32_t at = candidate - s->first;
    if (candidate < s->first || at >= s->count) return dataset_sample(s->run->data, s->order[candidate], out, e);
    memcpy(out, s->x + at * s->size, s->size * sizeof *out);
    return true;
}

static bool take(struct selector *s, uint32_t candidate, struct error *e) {
    struct input_set *set = s->set;
    uint32_t i = set->count++, sample = s->order[candidate], label = s->run->data->labels[sample];
    set->sample[i] = sample;
    set->label[i] = label;
    set->predicted[i] = s->predicted[candidate];
    set->target[i] = s->by_label ? label : s->predicted[candidate];
    s->taken[candidate] = true;
    s->per_class[label]++;
    return copy_sample(s, candidate, set->x + i * s->size, e);
}

/* First an equal number of every class, then whatever comes. */
static bool fill(struct selector *s, struct error *e) {
    uint32_t known = 0;
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t k = 0; k < s->run->data->count && s->set->count < s->wanted; k++) {
            if (k == known && !predict(s, &known, e)) return false;
            uint32_t label = s->run->data->labels[s->order[k]];
            bool fits = pass == 1 || s->per_class[label] < s->quota;
            bool wanted = !s->taken[k] && fits && (!s->only_correct || s->predicted[k] == label);
            if (wanted && !take(s, k, e)) return false;
        }
    if (s->set->count == s->wanted) return true;
    return error_set(
        e,
        "%s: found %u samples that are classified correctly: wanted %u; lower `inputs`, or set `only-correct: false`",
        s->run->battery->data_source, s->set->count, s->wanted);
}

static double zero_share(const struct input_set *set, size_t size) {
    size_t zeros = 0, all = set->count * size;
    for (size_t k = 0; k < all; k++) zeros += set->x[k] == 0;
    return all ? (double)zeros / (double)all : 0;
}

static bool all_one_hot(const struct input_set *set, const struct layout *layout, size_t size) {
    bool all = set->count > 0;
    for (uint32_t i = 0; all && i < set->count; i++) all = layout_one_hot(layout, set->x + i * size);
    return all;
}

static bool allocate(struct input_set *set, uint32_t wanted, size_t size) {
    uint32_t *numbers = malloc((size_t)wanted * (5 + DERANGEMENTS) * sizeof *numbers);
    set->x = malloc(wanted * size * sizeof *set->x);
    set->global = numbers;
    if (!numbers || !set->x) return false;
    set->sample = numbers + wanted;
    set->label = set->sample + wanted;
    set->predicted = set->label + wanted;
    set->target = set->predicted + wanted;
    set->derangements = set->target + wanted;
    return true;
}

/* The same sample with the same target on another root keeps its number. */
static void number(struct run *run, enum root root) {
    struct input_set *set = &run->inputs[root];
    for (uint32_t i = 0; i < set->count; i++) {
        bool known = false;
        for (int r = 0; r < ROOT_COUNT && !known; r++) {
            const struct input_set *other = &run->inputs[r];
            for (uint32_t k = 0; r != (int)root && k < other->count && !known; k++)
                if (other->sample[k] == set->sample[i] && other->target[k] == set->target[i]) {
                    set->global[i] = other->global[k];
                    known = true;
                }
        }
        if (!known) set->global[i] = run->global_count++;
    }
}

/* From the battery's file, else from labels that are words. */
static const char *name_of(const struct run *run, uint32_t class) {
    const char *name = class_names_at(&run->class_names, class);

    if (!name && run->data->class_names && class < run->data->classes) name = run->data->class_names[class];
    return name;
}

static bool put_inputs(struct run *run, enum root root, struct error *e) {
    const struct input_set *set = &run->inputs[root];
    bool ok = store_begin(run->store, e);
    for (uint32_t i = 0; ok && i < set->count; i++) {
        const struct shape *shape = &run->data->sample;
        struct input_row row = {set->global[i],
                                set->sample[i],
                                set->label[i],
                                set->predicted[i],
                                set->target[i],
                                *shape,
                                set->x + i * shape_count(shape),
                                name_of(run, set->target[i])};
        ok = store_put_input(run->store, &row, e);
    }
    return ok && store_commit(run->store, e);
}

bool setup_inputs(struct run *run, enum root root, struct error *e) {
    const struct battery *b = run->battery;
    struct input_set *set = &run->inputs[root];
    if (root == ROOT_LINEAR && !run->linear) return true;
    uint32_t count = run->data->count, classes = run->data->classes;
    struct selector s = {.run = run, .set = set, .wanted = b->inputs, .size = shape_count(&run->data->sample)};
    /* Label permutation explains the true class of inputs that the network trained on true labels gets right. */
    s.by_label = root == ROOT_LABELS || b->target == TARGET_LABEL;
    s.only_correct = root == ROOT_LABELS || b->only_correct;
    s.quota = (b->inputs + classes - 1) / classes;
    s.order = malloc(2 * (size_t)count * sizeof *s.order); /* the second half: scratch of the derangements */
    s.predicted = malloc(count * sizeof *s.predicted);
    s.taken = calloc(count, sizeof *s.taken);
    s.per_class = calloc(classes, sizeof *s.per_class);
    bool ok = s.order && s.predicted && s.taken && s.per_class && allocate(set, b->inputs, s.size);
    if (!ok) error_memory(e);
    if (ok) {
        struct rng rng = rng_stream(b->seed, "inputs", 0);
        rng_permutation(&rng, count, s.order);
        /* The linear model classifies nothing: its inputs are those of the model. */
        enum root judge_root = root == ROOT_LINEAR ? ROOT_MODEL : root;
        ok = run_net(run, run_root_weights(run, judge_root), &s.net, e) && fill(&s, e);
    }
    for (uint32_t i = 0; ok && root == ROOT_LINEAR && i < set->count; i++)
        set->target[i] %= run->linear_graph->classes; /* it may have fewer outputs than the model */
    if (ok) {
        struct rng rng = rng_stream(b->seed, "derangements", 0);
        rng_derangements(&rng, set->count, DERANGEMENTS, s.order, set->derangements);
        const struct layout layout = layout_of(&run->data->sample);
        set->zero_share = zero_share(set, s.size);
        set->one_hot = all_one_hot(set, &layout, s.size);
        number(run, root);
        ok = put_inputs(run, root, e);
    }
    net_destroy(s.net);
    free(s.x);
    free(s.order);
    free(s.predicted);
    free(s.taken);
    free(s.per_class);
    return ok;
}
