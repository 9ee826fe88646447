/* Input shift: a constant is added to every input, and the first layer's bias takes it away again. The network says the
 * same of the shifted input as of the input. Does the map stay? Of methods that multiply by the input, or go from a
 * baseline of zero, it need not: a property that is told, not judged. Kindermans et al. 2017, arXiv:1711.00867,
 * section 3. */
#include "controls/controls.h"

#include "controls/maps.h"
#include "judge/rules.h"
#include "plan/study.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define INPUTS 8u
#define SAME_LOGITS 1e-4 /* of their largest: what rounding leaves */

static const struct study_reading readings[] = {
    {{.id = "shift", .what = "what is added to every input", .limit = NAN}, 1},
    {{.id = "distance", .what = "distance of the map of the shifted input", .limit = NAN}, INPUTS},
};

struct work {
    const struct study_case *c;
    size_t count;
    uint32_t n;
    float shift;
    float *x, *maps, *logits; /* [n][count], [2][n][count], [2][n][classes] */
    struct weights *other;
};

/* As far as the inputs reach, downward: 0 to 1 becomes -1 to 0. */
static float shift_of(const struct work *w) {
    float low = w->c->x[0], high = w->c->x[0];
    for (size_t k = 0; k < w->n * w->count; k++) low = fminf(low, w->c->x[k]), high = fmaxf(high, w->c->x[k]);
    return low - high;
}

/* The first layer's weight and bias; false: it has another form. */
static bool find_first(const struct graph *g, uint32_t *weight, uint32_t *bias) {
    if (!g->layer_count || g->layers[0].parameter_count < 2) return false;
    *weight = g->layers[0].parameters[0];
    *bias = g->layers[0].parameters[1];
    return g->values[*bias].shape.rank == 1 && g->values[*weight].shape.rank >= 2;
}

/* Takes shift times the sum of each output's weights off the bias. Outputs are the first or the last dimension. */
static bool compensate(struct work *w, bool last, struct error *e) {
    const struct graph *g = w->c->model->graph;
    uint32_t weight, bias;
    if (!find_first(g, &weight, &bias)) return error_set(e, "the first layer has no weights with a bias");
    size_t outputs = shape_count(&g->values[bias].shape), all = shape_count(&g->values[weight].shape);
    if (!weights_copy(w->c->model, &w->other, e)) return false;
    float *b = weights_edit(w->other, bias);
    const float *from = w->c->model->data[weight];
    if (!b) return error_memory(e);
    if (all % outputs) return error_set(e, "the first layer has weights of another form");
    for (size_t o = 0; o < outputs; o++) {
        double sum = 0;
        for (size_t k = 0; k < all / outputs; k++)
            sum += (double)from[last ? k * outputs + o : o * (all / outputs) + k];
        b[o] = (float)((double)b[o] - (double)w->shift * sum);
    }
    return true;
}

static bool same_logits(const struct work *w) {
    size_t n = (size_t)w->n * w->c->model->graph->classes;
    double off = 0, most = 0;
    for (size_t k = 0; k < n; k++) {
        off = fmax(off, fabs((double)w->logits[k] - (double)w->logits[n + k]));
        most = fmax(most, fabs((double)w->logits[k]));
    }
    return off <= SAME_LOGITS * most;
}

/* w->other says of w->x what the model says of the inputs; STUDY_UNSUPPORTED: no bias can do it. */
static enum study_outcome make_other(struct work *w, struct error *e) {
    const struct study_host *host = &w->c->host;
    size_t n = (size_t)w->n * w->c->model->graph->classes;
    if (!host->forward(host->user, w->c->model, w->n, w->c->x, w->logits, e)) return STUDY_FAILED;
    for (int last = 0; last < 2; last++) {
        if (!compensate(w, last, e)) return STUDY_UNSUPPORTED;
        if (!host->forward(host->user, w->other, w->n, w->x, w->logits + n, e)) return STUDY_FAILED;
        if (same_logits(w)) return STUDY_DONE;
        weights_destroy(w->other);
        w->other = NULL;
    }
    error_set(e, "No bias of the first layer takes a shift of the input away: it pads, or something comes before it.");
    return STUDY_UNSUPPORTED;
}

static enum study_outcome measure(struct work *w, struct error *e) {
    for (size_t k = 0; k < w->n * w->count; k++) w->x[k] = w->c->x[k] + w->shift;
    enum study_outcome outcome = make_other(w, e);
    for (int k = 0; outcome == STUDY_DONE && k < 2; k++) {
        const struct study_request r = {.weights = k ? w->other : w->c->model,
                                        .n = w->n,
                                        .x = k ? w->x : w->c->x,
                                        .targets = w->c->target,
                                        .own = true};
        outcome = w->c->host.explain(w->c->host.user, &r, w->maps + (k ? w->n * w->count : 0), e);
    }
    if (outcome == STUDY_DONE) w->c->values[0][0] = (double)w->shift;
    for (uint32_t i = 0; outcome == STUDY_DONE && i < w->n; i++) {
        const float *map = w->maps + i * w->count, *shifted = map + w->n * w->count;
        if (maps_norm(map, w->count) > 0 || maps_norm(shifted, w->count) > 0)
            w->c->values[1][i] = maps_distance(map, shifted, w->count);
    }
    return outcome;
}

static enum study_outcome run(const struct study_case *c, struct error *e) {
    struct work w = {.c = c, .count = shape_count(c->sample), .n = c->inputs < INPUTS ? c->inputs : INPUTS};
    enum study_outcome outcome = STUDY_UNSUPPORTED;
    if (c->one_hot) {
        error_set(e, "Letters cannot be shifted.");
        return outcome;
    }
    w.shift = shift_of(&w);
    size_t one = w.n * w.count;
    w.x = malloc((3 * one + 2 * (size_t)w.n * c->model->graph->classes) * sizeof *w.x);
    if (!w.x) return study_memory(e);
    w.maps = w.x + one;
    w.logits = w.maps + 2 * one;
    outcome = measure(&w, e);
    weights_destroy(w.other);
    free(w.x);
    return outcome;
}

static const struct study study = {.name = "input-shift",
                                   .readings = readings,
                                   .reading_count = sizeof readings / sizeof *readings,
                                   .inputs = INPUTS,
                                   .maps = 2 * INPUTS,
                                   .run = run};

const struct control control_input_shift = {
    .id = "input-shift",
    .summary = "a constant added to every input and taken away by the first layer: whether the map stays, not judged",
    .source = "Kindermans et al. 2017, arXiv:1711.00867, section 3",
    .claim = "nothing: a property of the method",
    .rule = &rule_input_shift,
    .study = &study,
};
