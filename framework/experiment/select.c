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
    return s->fixed ? s->run->target_class : s->by_label ? label_of(s, candidate) : s->candidate[candidate].predicted;
}

/* What inputs are spread over. Of pictures without labels the prediction stands for the class. */
static uint32_t class_of(const struct selector *s, uint32_t candidate) {
    if (s->run->data->targets) return target_of(s, candidate);
    return s->run->data->unlabelled ? s->candidate[candidate].predicted : s->run->data->labels[s->order[candidate]];
}

/* Whether more of its class are wanted. */
static bool is_open(const struct selector *s, uint32_t candidate) {
    return s->per_class[class_of(s, candidate)] < s->quota;
}

static bool read_on(struct selector *s, uint32_t candidate, struct error *e) {
    return selector_read(s, candidate, is_open, e);
}

/* The number that the data have for the output explained, and the network's; NaN where labels are classes. */
static double value_of(const struct selector *s, uint32_t sample, uint32_t target) {
    const struct dataset *d = s->run->data;
    return d->targets ? (double)d->targets[(size_t)sample * d->target_count + target] : (double)NAN;
}

/* Of several labels, right about the one explained. */
static bool is_right(const struct selector *s, uint32_t candidate) {
    uint32_t target = s->task == TASK_MULTI_LABEL ? target_of(s, candidate) : 0;
    if (s->task != TASK_MULTI_LABEL)
        return s->candidate[candidate].predicted == s->run->data->labels[s->order[candidate]];
    return (selector_output(s, candidate, target) > 0) == (value_of(s, s->order[candidate], target) > 0);
}

static bool take(struct selector *s, uint32_t candidate, struct error *e) {
    struct input_set *set = s->set;
    uint32_t i = set->count, sample = s->order[candidate];
    struct candidate *c = &s->candidate[candidate], *same = &s->candidate[c->same];
    c->dealt = true;
    if (!same->is_input && !selector_sample(s, candidate, set->x + i * s->size, e)) return false;
    if (!same->is_input) s->hash[i] = bytes_hash(set->x + i * s->size, s->size * sizeof *set->x);
    if (same->is_input || is_repeated(s, s->hash[i])) {
        s->repeated++;
        return true;
    }
    same->is_input = true;
    set->sample[i] = sample;
    set->label[i] = label_of(s, candidate);
    set->predicted[i] = c->predicted;
    set->target[i] = target_of(s, candidate);
    s->output[i] = selector_output(s, candidate, set->target[i]);
    s->per_class[class_of(s, candidate)]++;
    input_set_release(set, i, 1, s->size);
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

/* The candidate, which is not dealt with. `spread`: only as many of a class as are its due. */
static bool consider(struct selector *s, uint32_t k, bool spread, struct error *e) {
    if (!s->candidate[k].read && !read_on(s, k, e)) return false;
    bool fits = target_of(s, k) != DATASET_NO_LABEL;
    s->unfit += !fits && spread;
    fits = fits && (!spread || is_open(s, k));
    return !fits || (s->only_correct && !is_right(s, k)) || take(s, k, e);
}

/* First an equal number of every class, then whatever comes. Where labels tell that a class has its due, nothing need
 * be read. */
static bool fill(struct selector *s, struct error *e) {
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t k = 0; k < s->run->data->count && s->set->count < s->wanted; k++) {
            if (!selector_reach(s, k, e)) return false;
            bool wanted = pass == 1 || k < SELECTOR_READ_ALL || !s->has_classes || is_open(s, k);
            if (wanted && !s->candidate[k].dealt && !consider(s, k, pass == 0, e)) return false;
        }
    return s->set->count == s->wanted || too_few(s, e);
}

static bool measure_quality(struct selector *s, struct error *e) {
    const struct dataset *d = s->run->data;
    uint32_t least = d->count < SETUP_READ_LEAST ? d->count : SETUP_READ_LEAST;
    while ((!d->unlabelled || d->targets) && s->known < least)
        if (!selector_reach(s, s->known, e) || !read_on(s, s->known, e)) return false;
    s->run->quality = selector_quality(s);
    return true;
}

static double zero_share(const struct input_set *set, size_t size) {
    size_t zeros = 0, all = set->count * size;
    for (uint32_t i = 0; i < set->count; i++) {
        for (size_t k = i * size; k < (i + (size_t)1) * size; k++) zeros += set->x[k] == 0;
        input_set_release(set, i, 1, size);
    }
    return all ? (double)zeros / (double)all : 0;
}

static bool all_one_hot(const struct input_set *set, const struct layout *layout, size_t size) {
    bool all = set->count > 0;
    for (uint32_t i = 0; all && i < set->count; i++) {
        all = layout_one_hot(layout, set->x + i * size);
        input_set_release(set, i, 1, size);
    }
    return all;
}

static bool allocate(struct input_set *set, uint32_t wanted, size_t size) {
    uint32_t *numbers = malloc((size_t)wanted * (5 + DERANGEMENTS) * sizeof *numbers);
    set->global = numbers;
    if (!numbers || !backed_create(wanted * size * sizeof *set->x, &set->held, NULL)) return false;
    set->x = set->held.data;
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
        input_set_release(set, i, 1, shape_count(shape));
    }
    return ok && store_commit(run->store, e);
}

static bool allocate_logits(struct selector *s, struct error *e) {
    s->logits = malloc((size_t)selector_batch(s) * net_graph(s->net)->classes * sizeof *s->logits);
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
    s->has_classes = !run->data->unlabelled && !run->data->targets;
    s->order = malloc((count > 2 * wanted ? count : 2 * (size_t)wanted) * sizeof *s->order); /* scratch, later */
    s->per_class = calloc(classes, sizeof *s->per_class);
    s->hash = malloc(wanted * sizeof *s->hash);
    s->output = malloc(wanted * sizeof *s->output);
    if (!s->order || !s->hash || !s->output || !s->per_class || !allocate(s->set, wanted, s->size))
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
    free(s->candidate);
    free(s->slot);
    free(s->batch);
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
        ok = put_inputs(&s, root, e) && backed_seal(&set->held, e);
    }
    selector_finish(&s);
    return ok;
}
