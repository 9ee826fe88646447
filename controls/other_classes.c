/* Other classes: the rows of all classes but t are drawn anew in the last layer. Logit t stays as it is to the last
 * bit, so what explains logit t must stay, too: implementation invariance, Sundararajan et al. 2017, arXiv:1703.01365,
 * section 2.2. */
#include "controls/controls.h"

#include "base/array.h"
#include "base/rng.h"
#include "controls/class_rows.h"
#include "controls/maps.h"
#include "judge/rules.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CLASSES 4u        /* t: in one of them an argmax may stay where it is */
#define INPUTS 3u         /* of each t */
#define NAMED_CLASSES 50u /* of more classes a fault is not named: it takes a map for each */

enum { DISTANCE, TARGET, FOLLOWED, FOLLOWS, SOFTMAX, LOG_SOFTMAX, READINGS };

static const struct study_reading readings[READINGS] = {
    [DISTANCE] = {{.id = "distance",
                   .what = "the map of a class stays as it is when the weights of the other classes are drawn anew",
                   .limit = 1e-3},
                  CLASSES},
    [TARGET] = {{.id = "target", .what = "the class of each distance", .limit = NAN}, CLASSES},
    [FOLLOWED] = {{.id = "followed", .what = "other classes whose weights alone change the map", .limit = NAN}, 1},
    [FOLLOWS] = {{.id = "follows", .what = "the one other class whose weights change the map", .limit = NAN}, 1},
    [SOFTMAX] = {{.id = "softmax",
                  .what = "the size of the sum of all classes' maps, where their sizes add up to 1",
                  .limit = NAN},
                 1},
    [LOG_SOFTMAX] = {{.id = "log-softmax", .what = "the same, weighted by the classes' probabilities", .limit = NAN},
                     1},
};

/* What one study holds. */
struct work {
    const struct study_case *c;
    struct class_rows rows;
    size_t count;      /* elements of a sample */
    bool *which;       /* [classes] */
    float *x, *maps;   /* [INPUTS][count], [2 * INPUTS][count] */
    uint32_t *targets; /* [NAMED_CLASSES or INPUTS] */
};

/* Number `from` and those behind it; the first is of class t where the run has one. */
static void take_inputs(const struct work *w, uint32_t t, uint32_t from) {
    const struct study_case *c = w->c;
    for (uint32_t k = 0; k < INPUTS; k++) {
        uint32_t at = (from + k) % c->inputs;
        for (uint32_t i = 0; k == 0 && i < c->inputs; i++)
            if (c->target[i] == t) at = i;
        memcpy(w->x + k * w->count, c->x + at * w->count, w->count * sizeof *w->x);
        w->targets[k] = t;
    }
}

/* The model with the rows in w->which drawn anew: *out is the caller's. */
static enum study_outcome redraw(const struct work *w, uint64_t draw, uint32_t n, struct weights **out,
                                 struct error *e) {
    const struct study_case *c = w->c;
    if (!weights_copy(c->model, out, e) || !class_rows_redraw(&w->rows, c, w->which, draw, *out, e))
        return STUDY_FAILED;
    return class_rows_audit(c, *out, NULL, w->which, 0, n, w->x, e);
}

/* Maps of the first n inputs. */
static enum study_outcome explain(const struct work *w, const struct weights *network, uint32_t n, float *maps,
                                  struct error *e) {
    const struct study_request r = {.weights = network, .n = n, .x = w->x, .targets = w->targets, .own = true};
    return w->c->host.explain(w->c->host.user, &r, maps, e);
}

static enum study_outcome measure_class(const struct work *w, uint32_t place, uint32_t t, struct error *e) {
    struct weights *other = NULL;
    double distances[INPUTS];
    for (uint32_t k = 0; k < w->rows.classes; k++) w->which[k] = k != t;
    take_inputs(w, t, place * INPUTS);
    enum study_outcome outcome = redraw(w, t, INPUTS, &other, e);
    if (outcome == STUDY_DONE) outcome = explain(w, w->c->model, INPUTS, w->maps, e);
    if (outcome == STUDY_DONE) outcome = explain(w, other, INPUTS, w->maps + INPUTS * w->count, e);
    weights_destroy(other);
    if (outcome != STUDY_DONE) return outcome;
    uint32_t live = 0;
    for (uint32_t k = 0; k < INPUTS; k++) {
        const float *map = w->maps + k * w->count, *changed = map + INPUTS * w->count;
        if (!(maps_norm(map, w->count) > 0) && !(maps_norm(changed, w->count) > 0)) continue;
        distances[live++] = maps_distance(map, changed, w->count);
    }
    w->c->values[DISTANCE][place] = array_median(distances, live);
    w->c->values[TARGET][place] = t;
    return STUDY_DONE;
}

/* ---- what the map explains instead ---- */

/* Softmax of logits[n], in place. */
static void to_probabilities(float *logits, uint32_t n) {
    double most = -HUGE_VAL, total = 0;
    for (uint32_t k = 0; k < n; k++) most = fmax(most, (double)logits[k]);
    for (uint32_t k = 0; k < n; k++) total += exp((double)logits[k] - most);
    for (uint32_t k = 0; k < n; k++) logits[k] = (float)(exp((double)logits[k] - most) / total);
}

/* sums[2][count] and sizes[2]: of all classes' maps of the first input, as they are and weighted by p[classes]. */
static enum study_outcome add_classes(const struct work *w, const float *p, double *sums, double sizes[2],
                                      struct error *e) {
    enum study_outcome outcome = STUDY_DONE;
    for (uint32_t k = 0; k < w->rows.classes; k++) {
        w->targets[0] = k;
        outcome = explain(w, w->c->model, 1, w->maps, e);
        if (outcome != STUDY_DONE) break;
        for (size_t j = 0; j < w->count; j++) {
            sums[j] += (double)w->maps[j];
            sums[w->count + j] += (double)p[k] * (double)w->maps[j];
        }
        sizes[0] += maps_norm(w->maps, w->count);
        sizes[1] += (double)p[k] * maps_norm(w->maps, w->count);
    }
    return outcome;
}

/* Maps of the softmax probability add up to 0, as the probabilities add up to 1; those of its logarithm do so weighted
 * by the probabilities. */
static enum study_outcome measure_sums(const struct work *w, struct error *e) {
    const struct study_case *c = w->c;
    float *p = malloc(w->rows.classes * sizeof *p);
    double *sums = calloc(2 * w->count, sizeof *sums), sizes[2] = {0, 0}, squares[2] = {0, 0};
    enum study_outcome outcome = STUDY_FAILED;
    if (!p || !sums) outcome = study_memory(e);
    else if (c->host.forward(c->host.user, c->model, 1, w->x, p, e)) {
        to_probabilities(p, w->rows.classes);
        outcome = add_classes(w, p, sums, sizes, e);
    }
    for (size_t j = 0; outcome == STUDY_DONE && j < 2 * w->count; j++) squares[j >= w->count] += sums[j] * sums[j];
    for (int k = 0; outcome == STUDY_DONE && k < 2; k++)
        if (sizes[k] > 0) c->values[k ? LOG_SOFTMAX : SOFTMAX][0] = sqrt(squares[k]) / sizes[k];
    free(sums);
    free(p);
    return outcome;
}

/* Which single other row the second input's map of class t depends on. (The first is of class t: there an argmax is not
 * seen.) */
static enum study_outcome measure_followed(const struct work *w, uint32_t t, struct error *e) {
    enum study_outcome outcome;
    uint32_t followed = 0, last = 0;
    memmove(w->x, w->x + w->count, w->count * sizeof *w->x);
    w->targets[0] = t;
    outcome = explain(w, w->c->model, 1, w->maps, e);
    for (uint32_t k = 0; outcome == STUDY_DONE && k < w->rows.classes; k++) {
        struct weights *other = NULL;
        if (k == t) continue;
        for (uint32_t row = 0; row < w->rows.classes; row++) w->which[row] = row == k;
        outcome = redraw(w, k, 1, &other, e);
        if (outcome == STUDY_DONE) outcome = explain(w, other, 1, w->maps + w->count, e);
        weights_destroy(other);
        if (outcome != STUDY_DONE ||
            !(maps_distance(w->maps, w->maps + w->count, w->count) > readings[DISTANCE].predicate.limit))
            continue;
        followed++;
        last = k;
    }
    if (outcome != STUDY_DONE) return outcome;
    w->c->values[FOLLOWED][0] = followed;
    if (followed == 1) w->c->values[FOLLOWS][0] = last;
    return STUDY_DONE;
}

static enum study_outcome name_fault(const struct work *w, struct error *e) {
    const double *distances = w->c->values[DISTANCE];
    uint32_t place = 0;
    for (uint32_t k = 1; k < CLASSES; k++)
        if (isnan(distances[place]) || distances[k] > distances[place]) place = k;
    if (!(distances[place] > readings[DISTANCE].predicate.limit) || w->rows.classes > NAMED_CLASSES) return STUDY_DONE;
    uint32_t t = (uint32_t)w->c->values[TARGET][place];
    take_inputs(w, t, place * INPUTS);
    enum study_outcome outcome = measure_sums(w, e);
    return outcome == STUDY_DONE ? measure_followed(w, t, e) : outcome;
}

static enum study_outcome measure(const struct work *w, struct error *e) {
    struct rng rng = rng_stream(w->c->seed, w->c->study->name, 0);
    uint32_t classes = w->rows.classes, *order = malloc(classes * sizeof *order);
    enum study_outcome outcome = STUDY_DONE;
    if (!order) return study_memory(e);
    rng_permutation(&rng, classes, order);
    for (uint32_t k = 0; outcome == STUDY_DONE && k < CLASSES && k < classes; k++)
        outcome = measure_class(w, k, order[k], e);
    free(order);
    return outcome == STUDY_DONE ? name_fault(w, e) : outcome;
}

static enum study_outcome run(const struct study_case *c, struct error *e) {
    struct work w = {.c = c, .count = shape_count(c->sample)};
    enum study_outcome outcome = STUDY_UNSUPPORTED;
    if (!class_rows_find(c, &w.rows, e)) return outcome;
    w.which = malloc(w.rows.classes * sizeof *w.which);
    w.x = malloc(3 * INPUTS * w.count * sizeof *w.x);
    w.targets = malloc(INPUTS * sizeof *w.targets);
    w.maps = w.x ? w.x + INPUTS * w.count : NULL;
    if (w.which && w.x && w.targets) outcome = measure(&w, e);
    else outcome = study_memory(e);
    free(w.which);
    free(w.x);
    free(w.targets);
    return outcome;
}

static const struct study study = {.name = "other-classes",
                                   .readings = readings,
                                   .reading_count = READINGS,
                                   .inputs = CLASSES * INPUTS,
                                   .maps = 2 * CLASSES * INPUTS + 2 * NAMED_CLASSES,
                                   .run = run};

const struct control control_other_classes = {
    .id = "other-classes",
    .summary = "the weights of the other classes drawn anew, the logit explained as it is: the map must stay",
    .source = "Sundararajan et al. 2017, arXiv:1703.01365, section 2.2 (implementation invariance)",
    .claim = "the map explains the logit of the class asked for, and nothing else of the network's output",
    .standard = true,
    .quick = true,
    .rule = &rule_other_classes,
    .applies = maps_have_classes,
    .study = &study,
};
