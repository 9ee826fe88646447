/* Which samples are explained. */
#include "experiment/setup.h"

#include "base/layout.h"
#include "base/rng.h"
#include "base/text.h"
#include "experiment/selector.h"
#include "experiment/task.h"
#include "nn/net.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_LEAST 10u /* candidates predicted at once */
#define BATCH_MOST 100u

/* Of candidates that may turn out to be wrong some more are predicted than are wanted. */
static uint32_t batch_of(const struct selector *s) {
    uint32_t least = s->only_correct ? BATCH_LEAST : 1;
    return s->wanted < least ? least : s->wanted > BATCH_MOST ? BATCH_MOST : s->wanted;
}

/* A file by its path, anything else by its number. */
static bool not_finite(struct selector *s, uint32_t sample, float logit, struct error *e) {
    const struct dataset *d = s->run->data;
    char number[32] = "";
    s->run->logits_broken = true;
    if (!d->files) snprintf(number, sizeof number, ": sample %u", sample);
    return error_set(e,
                     "%s%s: the network's logits are not finite (%s): nothing can be explained there; check the model "
                     "and the preprocessing",
                     d->files ? d->files[sample].path : s->run->battery->data_source, number,
                     isnan(logit) ? "nan" : "infinite");
}

static bool keep(struct selector *s, uint32_t first, uint32_t n, struct error *e) {
    size_t outputs = net_graph(s->net)->classes;
    if (!s->run->data->targets) return true;
    float *kept = realloc(s->kept, (first + n) * outputs * sizeof *kept);
    if (!kept) return error_memory(e);
    s->kept = kept;
    memcpy(kept + first * outputs, s->logits, n * outputs * sizeof *kept);
    return true;
}

static bool classify(struct selector *s, uint32_t first, uint32_t n, struct error *e) {
    uint32_t classes = net_graph(s->net)->classes;
    for (uint32_t i = 0; i < n; i++) {
        const float *logits = s->logits + (size_t)i * classes;
        for (uint32_t k = 0; k < classes; k++)
            if (!isfinite(logits[k])) return not_finite(s, s->order[first + i], logits[k], e);
        s->predicted[first + i] = net_class(logits, classes);
    }
    return keep(s, first, n, e);
}

/* Predictions of the next candidates in the order. */
static bool predict(struct selector *s, struct error *e) {
    uint32_t left = s->run->data->count - s->known, n = batch_of(s);
    if (n > left) n = left;
    float *x = realloc(s->x, n * s->size * sizeof *x);
    if (!x) return error_memory(e);
    s->x = x;
    s->first = s->known;
    s->count = n;
    bool ok = true;
    for (uint32_t i = 0; ok && i < n; i++)
        ok = dataset_sample(s->run->data, s->order[s->known + i], x + i * s->size, e);
    ok = ok && net_forward(s->net, n, x, s->logits, e) && classify(s, s->known, n, e);
    s->known += n;
    return ok;
}

static bool copy_sample(const struct selector *s, uint32_t candidate, float *out, struct error *e) {
    uint32_t at = candidate - s->first;
    if (candidate < s->first || at >= s->count) return dataset_sample(s->run->data, s->order[candidate], out, e);
    memcpy(out, s->x + at * s->size, s->size * sizeof *out);
    return true;
}

/* Whether an input taken has the values of input `count`: the same one twice says nothing new. */
static bool is_repeated(const struct selector *s, uint64_t hash) {
    const float *x = s->set->x + s->set->count * s->size;
    for (uint32_t i = 0; i < s->set->count; i++)
        if (s->hash[i] == hash && memcmp(s->set->x + i * s->size, x, s->size * sizeof *x) == 0) return true;
    return false;
}

/* Of several labels the first that is there, DATASET_NO_LABEL where none is; of a regression none. */
static uint32_t label_of(const struct selector *s, uint32_t candidate) {
    uint32_t sample = s->order[candidate];
    return s->task == TASK_MULTI_LABEL ? task_first_label(s->run->data, sample) : s->run->data->labels[sample];
}

static uint32_t target_of(const struct selector *s, uint32_t candidate) {
    return s->fixed ? s->run->target_class : s->by_label ? label_of(s, candidate) : s->predicted[candidate];
}

/* What inputs are spread over. Of pictures without labels the prediction stands for the class. */
static uint32_t class_of(const struct selector *s, uint32_t candidate) {
    if (s->run->data->targets) return target_of(s, candidate);
    return s->run->data->unlabelled ? s->predicted[candidate] : s->run->data->labels[s->order[candidate]];
}

/* The number that the data have for the output explained, and the network's; NaN where labels are classes. */
static double value_of(const struct selector *s, uint32_t sample, uint32_t target) {
    const struct dataset *d = s->run->data;
    return d->targets ? (double)d->targets[(size_t)sample * d->target_count + target] : (double)NAN;
}

/* Of several labels, right about the one explained. */
static bool is_right(const struct selector *s, uint32_t candidate) {
    uint32_t target = s->task == TASK_MULTI_LABEL ? target_of(s, candidate) : 0;
    if (s->task != TASK_MULTI_LABEL) return s->predicted[candidate] == s->run->data->labels[s->order[candidate]];
    return (selector_output(s, candidate, target) > 0) == (value_of(s, s->order[candidate], target) > 0);
}

static bool take(struct selector *s, uint32_t candidate, struct error *e) {
    struct input_set *set = s->set;
    uint32_t i = set->count, sample = s->order[candidate];
    s->taken[candidate] = true;
    if (!copy_sample(s, candidate, set->x + i * s->size, e)) return false;
    s->hash[i] = bytes_hash(set->x + i * s->size, s->size * sizeof *set->x);
    if (is_repeated(s, s->hash[i])) {
        s->repeated++;
        return true;
    }
    set->sample[i] = sample;
    set->label[i] = label_of(s, candidate);
    set->predicted[i] = s->predicted[candidate];
    set->target[i] = target_of(s, candidate);
    s->output[i] = selector_output(s, candidate, set->target[i]);
    s->per_class[class_of(s, candidate)]++;
    set->count++;
    return true;
}

/* All were read by then. */
static bool too_few(const struct selector *s, struct error *e) {
    const char *source = s->run->battery->data_source;
    const char *right = s->only_correct ? " that are classified correctly" : "";
    const struct quality q = selector_quality(s);
    struct text remedy = {0};
    text_add(&remedy, "%s", s->only_correct ? ", or set `only-correct: false`; " : "");
    if (s->only_correct) quality_add_warning(&remedy, &q);
    if (remedy.data && remedy.length > 2 && remedy.data[remedy.length - 2] == ';')
        remedy.data[remedy.length - 2] = '\0';
    const char *more = remedy.failed || !remedy.data ? "" : remedy.data;
    if (s->repeated)
        error_set(e,
                  "%s: found %u different samples%s (%u are repetitions of these, value for value): wanted %u; lower "
                  "`inputs`, take the repetitions out and more samples in%s",
                  source, s->set->count, right, s->repeated, s->wanted, more);
    else
        error_set(e, "%s: found %u samples%s: wanted %u; lower `inputs`%s", source, s->set->count, right, s->wanted,
                  more);
    text_finish(&remedy);
    return false;
}

/* First an equal number of every class, then whatever comes. */
static bool fill(struct selector *s, struct error *e) {
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t k = 0; k < s->run->data->count && s->set->count < s->wanted; k++) {
            if (k == s->known && !predict(s, e)) return false;
            bool fits = target_of(s, k) != DATASET_NO_LABEL;
            s->unfit += !fits && pass == 0;
            fits = fits && (pass == 1 || s->per_class[class_of(s, k)] < s->quota);
            bool wanted = !s->taken[k] && fits && (!s->only_correct || is_right(s, k));
            if (wanted && !take(s, k, e)) return false;
        }
    return s->set->count == s->wanted || too_few(s, e);
}

static bool measure_quality(struct selector *s, struct error *e) {
    const struct dataset *d = s->run->data;
    uint32_t least = d->count < SETUP_READ_LEAST ? d->count : SETUP_READ_LEAST;
    while ((!d->unlabelled || d->targets) && s->known < least)
        if (!predict(s, e)) return false;
    s->run->quality = selector_quality(s);
    return true;
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
    return name ? name : task_output_name(run->data, class);
}

static bool put_inputs(const struct selector *s, enum root root, struct error *e) {
    struct run *run = s->run;
    const bool regression = s->task == TASK_REGRESSION;
    const struct input_set *set = &run->inputs[root];
    bool ok = store_begin(run->store, e);
    for (uint32_t i = 0; ok && i < set->count; i++) {
        const struct shape *shape = &run->data->sample;
        struct input_row row = {set->global[i],
                                set->sample[i],
                                set->label[i],
                                regression ? DATASET_NO_LABEL : set->predicted[i],
                                set->target[i],
                                *shape,
                                set->x + i * shape_count(shape),
                                name_of(run, set->target[i]),
                                value_of(s, set->sample[i], set->target[i]),
                                s->output[i]};
        ok = store_put_input(run->store, &row, e);
    }
    return ok && store_commit(run->store, e);
}

static bool allocate_logits(struct selector *s, struct error *e) {
    s->logits = malloc((size_t)batch_of(s) * net_graph(s->net)->classes * sizeof *s->logits);
    return s->logits || error_memory(e);
}

/* Label permutation explains the true class of inputs that the network trained on true labels gets right; of a
 * regression, which has neither, the output that the battery names. */
static void choose_policy(struct selector *s, enum root root) {
    const struct battery *b = s->run->battery;
    bool labels = root == ROOT_LABELS && s->task != TASK_REGRESSION;
    s->by_label = labels || b->target == TARGET_LABEL;
    s->fixed = !s->by_label && (b->target == TARGET_CLASS || b->target == TARGET_OUTPUT);
    s->only_correct = labels || b->only_correct;
}

static bool selector_init(struct selector *s, enum root root, struct error *e) {
    struct run *run = s->run;
    uint32_t count = run->data->count, wanted = s->wanted;
    uint32_t classes = run->data->unlabelled ? run->graph->classes : run->data->classes;
    s->task = task_settled(run->battery->task, run->graph);
    choose_policy(s, root);
    s->quota = s->fixed && run->data->targets ? wanted : (wanted + classes - 1) / classes;
    s->order = malloc(2 * (size_t)count * sizeof *s->order); /* the second half: scratch of the derangements */
    s->predicted = malloc(count * sizeof *s->predicted);
    s->taken = calloc(count, sizeof *s->taken);
    s->per_class = calloc(classes, sizeof *s->per_class);
    s->hash = malloc(wanted * sizeof *s->hash);
    s->output = malloc(wanted * sizeof *s->output);
    if (!s->order || !s->predicted || !s->taken || !s->hash || !s->output || !s->per_class ||
        !allocate(s->set, wanted, s->size))
        return error_memory(e);
    struct rng rng = rng_stream(run->battery->seed, "inputs", 0);
    rng_permutation(&rng, count, s->order);
    return true;
}

static void selector_finish(struct selector *s) {
    net_destroy(s->net);
    free(s->x);
    free(s->kept);
    free(s->logits);
    free(s->order);
    free(s->predicted);
    free(s->taken);
    free(s->per_class);
    free(s->hash);
    free(s->output);
}

static void note_passed_over(const struct selector *s) {
    struct run *run = s->run;
    if (s->repeated)
        dataset_note(run->data, "%s: %u samples are passed over: the same values as one of the inputs",
                     run->battery->data_source, s->repeated);
    if (s->unfit)
        dataset_note(run->data, "%s: %u samples are passed over: none of their labels is there to be explained",
                     run->battery->data_source, s->unfit);
    if (s->task == TASK_MULTI_LABEL && s->by_label)
        dataset_note(run->data,
                     "%s: explained is the first label of each sample that is there (`target:` says another)",
                     run->battery->data_source);
}

/* What follows from the inputs taken. */
static void complete(struct selector *s, enum root root) {
    struct run *run = s->run;
    struct input_set *set = s->set;
    const struct layout layout = layout_of(&run->data->sample);
    struct rng rng = rng_stream(run->battery->seed, "derangements", 0);
    rng_derangements(&rng, set->count, DERANGEMENTS, s->order, set->derangements);
    set->zero_share = zero_share(set, s->size);
    set->one_hot = all_one_hot(set, &layout, s->size);
    for (uint32_t i = 0; root == ROOT_LINEAR && i < set->count; i++)
        set->target[i] %= run->linear_graph->classes; /* it may have fewer outputs than the model */
    number(run, root);
}

bool setup_inputs(struct run *run, enum root root, struct error *e) {
    if (root == ROOT_LINEAR && !run->linear) return true;
    struct input_set *set = &run->inputs[root];
    struct selector s = {
        .run = run, .set = set, .wanted = run->battery->inputs, .size = shape_count(&run->data->sample)};
    /* The linear model classifies nothing: its inputs are those of the model. */
    enum root judge_root = root == ROOT_LINEAR ? ROOT_MODEL : root;
    bool ok = selector_init(&s, root, e) && run_net(run, run_root_weights(run, judge_root), &s.net, e) &&
              allocate_logits(&s, e) && fill(&s, e) && (root != ROOT_MODEL || run->dry || measure_quality(&s, e));
    if (ok && root == ROOT_MODEL) note_passed_over(&s);
    if (ok) {
        complete(&s, root);
        ok = put_inputs(&s, root, e);
    }
    selector_finish(&s);
    return ok;
}
