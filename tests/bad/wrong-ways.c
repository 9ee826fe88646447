/* wrong-ways: mutants of the gradient (and of x * gradient, IG's kin) that depend on the model in a wrong way, one
 * fault each, by the parameter `fault`. It claims nothing, so only controls without claims can see them. */
#include "explainer.h"
#include "kit.h"

enum { FAULT, DOSE, PARAMS };

struct asked {
    const assay_model *model;
    const float *x;
    uint32_t target;
    float dose;
    assay_why *why;
};

static assay_status gradient_of(const struct asked *a, uint32_t target, float *map) {
    return a->model->gradient(a->model, 1, a->x, &target, map, a->why);
}

static assay_status none(const struct asked *a, float *map) {
    return gradient_of(a, a->target, map);
}

static assay_status next_class(const struct asked *a, float *map) {
    return gradient_of(a, (a->target + 1) % a->model->outputs, map);
}

/* p[outputs]: softmax of the logits. */
static assay_status probabilities(const struct asked *a, float *p) {
    uint32_t k = a->model->outputs;
    assay_status status = a->model->forward(a->model, 1, a->x, p, a->why);
    float most = p[0], total = 0;
    for (uint32_t c = 1; c < k; c++) most = fmaxf(most, p[c]);
    for (uint32_t c = 0; c < k; c++) total += p[c] = expf(p[c] - most);
    for (uint32_t c = 0; c < k; c++) p[c] /= total;
    return status;
}

static assay_status argmax(const struct asked *a, float *map) {
    float p[64];
    uint32_t best = 0;
    assay_status status = a->model->outputs > 64 ? ASSAY_FAILED : probabilities(a, p);
    for (uint32_t c = 1; status == ASSAY_OK && c < a->model->outputs; c++) best = p[c] > p[best] ? c : best;
    return status == ASSAY_OK ? gradient_of(a, best, map) : status;
}

/* sum of weights[outputs] * gradients */
static assay_status weighted(const struct asked *a, const float *weights, float *map) {
    size_t count = a->model->input.count;
    float *one = kit_floats(1, count);
    assay_status status = one ? ASSAY_OK : ASSAY_FAILED;
    memset(map, 0, count * sizeof *map);
    for (uint32_t c = 0; status == ASSAY_OK && c < a->model->outputs; c++) {
        status = gradient_of(a, c, one);
        for (size_t k = 0; k < count; k++) map[k] += weights[c] * one[k];
    }
    free(one);
    return status;
}

static assay_status softmax(const struct asked *a, float *map) {
    float p[64], w[64];
    assay_status status = a->model->outputs > 64 ? ASSAY_FAILED : probabilities(a, p);
    for (uint32_t c = 0; status == ASSAY_OK && c < a->model->outputs; c++)
        w[c] = p[a->target] * ((c == a->target) - p[c]);
    return status == ASSAY_OK ? weighted(a, w, map) : status;
}

static assay_status log_softmax(const struct asked *a, float *map) {
    float p[64], w[64];
    assay_status status = a->model->outputs > 64 ? ASSAY_FAILED : probabilities(a, p);
    for (uint32_t c = 0; status == ASSAY_OK && c < a->model->outputs; c++) w[c] = (c == a->target) - p[c];
    return status == ASSAY_OK ? weighted(a, w, map) : status;
}

static assay_status sum(const struct asked *a, float *map) {
    float w[64];
    for (int c = 0; c < 64; c++) w[c] = 1;
    return a->model->outputs > 64 ? ASSAY_FAILED : weighted(a, w, map);
}

static assay_status odd_zero(const struct asked *a, float *map) {
    if (a->target % 2 == 0) return none(a, map);
    memset(map, 0, a->model->input.count * sizeof *map);
    return ASSAY_OK;
}

static double norm_of(const float *v, size_t n) {
    double s = 0;
    for (size_t k = 0; k < n; k++) s += (double)v[k] * (double)v[k];
    return sqrt(s);
}

/* map + dose * what, in units of the map's size. */
static void mix(const struct asked *a, const float *what, float *map) {
    size_t count = a->model->input.count;
    double size = norm_of(what, count), scale = size > 0 ? a->dose * norm_of(map, count) / size : 0;
    for (size_t k = 0; k < count; k++) map[k] += (float)scale * what[k];
}

static assay_status edges(const struct asked *a, float *map) {
    size_t count = a->model->input.count;
    float *edge = kit_floats(1, count);
    assay_status status = edge ? none(a, map) : ASSAY_FAILED;
    for (size_t k = 0; edge && k < count; k++) edge[k] = k ? a->x[k] - a->x[k - 1] : 0;
    if (status == ASSAY_OK) mix(a, edge, map);
    free(edge);
    return status;
}

static assay_status bump(const struct asked *a, float *map) {
    size_t count = a->model->input.count;
    uint32_t rank = a->model->input.rank, width = a->model->input.dim[rank - 1],
             height = rank > 2 ? a->model->input.dim[rank - 2] : 1;
    float *hill = kit_floats(1, count);
    assay_status status = hill ? none(a, map) : ASSAY_FAILED;
    for (size_t k = 0; hill && k < count; k++) {
        float x = ((float)(k % width) - (float)width / 2) / ((float)width / 6),
              y = height > 1 ? ((float)(k / width % height) - (float)height / 2) / ((float)height / 6) : 0;
        hill[k] = expf(-(x * x + y * y) / 2);
    }
    if (status == ASSAY_OK) mix(a, hill, map);
    free(hill);
    return status;
}

static assay_status minus(const struct asked *a, float *map) {
    assay_status status = none(a, map);
    for (size_t k = 0; k < a->model->input.count; k++) map[k] = -map[k];
    return status;
}

/* The sign of the first channel. */
static assay_status channel(const struct asked *a, float *map) {
    assay_status status = none(a, map);
    size_t plane = a->model->input.count / a->model->input.dim[0];
    for (size_t k = 0; k < plane; k++) map[k] = -map[k];
    return status;
}

static assay_status times_logit(const struct asked *a, float *map) {
    float logits[64];
    assay_status status = a->model->outputs > 64 ? ASSAY_FAILED : a->model->forward(a->model, 1, a->x, logits, a->why);
    if (status == ASSAY_OK) status = none(a, map);
    for (size_t k = 0; status == ASSAY_OK && k < a->model->input.count; k++) map[k] *= logits[a->target];
    return status;
}

static assay_status absolute(const struct asked *a, float *map) {
    assay_status status = none(a, map);
    for (size_t k = 0; k < a->model->input.count; k++) map[k] = fabsf(map[k]);
    return status;
}

/* One place to the right, `dose` times, and around the end. */
static assay_status shifted(const struct asked *a, float *map) {
    size_t width = a->model->input.dim[a->model->input.rank - 1];
    assay_status status = none(a, map);
    for (float d = a->dose; status == ASSAY_OK && d > 0; d -= 1)
        for (size_t row = 0; row < a->model->input.count; row += width) {
            float last = map[row + width - 1];
            memmove(map + row + 1, map + row, (width - 1) * sizeof *map);
            map[row] = last;
        }
    return status;
}

static assay_status mirrored(const struct asked *a, float *map) {
    size_t width = a->model->input.dim[a->model->input.rank - 1];
    assay_status status = none(a, map);
    for (size_t row = 0; row < a->model->input.count; row += width)
        for (size_t k = 0; k < width / 2; k++) {
            float swap = map[row + k];
            map[row + k] = map[row + width - 1 - k];
            map[row + width - 1 - k] = swap;
        }
    return status;
}

/* x * mean gradient on [0, dose] of the path from 0, of 50 steps. */
static assay_status part_of_path(const struct asked *a, float *map) {
    enum { STEPS = 50 };
    size_t count = a->model->input.count;
    float *point = kit_floats(2, count);
    struct asked at = *a;
    assay_status status = point ? ASSAY_OK : ASSAY_FAILED;
    memset(map, 0, count * sizeof *map);
    for (int s = 0; status == ASSAY_OK && s < STEPS; s++) {
        for (size_t k = 0; k < count; k++) point[k] = a->x[k] * a->dose * ((float)s + .5f) / STEPS;
        at.x = point;
        status = gradient_of(&at, a->target, point + count);
        for (size_t k = 0; k < count; k++) map[k] += a->x[k] * point[count + k] / STEPS;
    }
    free(point);
    return status;
}

/* Integrated gradients times the dose: 1.02 of 51 steps for 50, .98 of a step that is missing. */
static assay_status scaled_path(const struct asked *a, float *map) {
    struct asked whole = *a;
    whole.dose = 1;
    assay_status status = part_of_path(&whole, map);
    for (size_t k = 0; k < a->model->input.count; k++) map[k] *= a->dose;
    return status;
}

static const struct fault {
    const char *name;
    assay_status (*map)(const struct asked *, float *);
} faults[] = {
    {"none", none},
    {"next-class", next_class},
    {"argmax", argmax},
    {"softmax", softmax},
    {"log-softmax", log_softmax},
    {"sum", sum},
    {"odd-zero", odd_zero},
    {"edges", edges},
    {"bump", bump},
    {"minus", minus},
    {"channel", channel},
    {"times-logit", times_logit},
    {"absolute", absolute},
    {"shifted", shifted},
    {"mirrored", mirrored},
    {"part-of-path", part_of_path},
    {"scaled-path", scaled_path},
};

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    const struct fault *fault = faults;
    while (strcmp(fault->name, kit_text(self, FAULT)) != 0) fault++;
    for (uint32_t i = 0; i < request->n; i++) {
        const struct asked a = {model, request->inputs + i * model->input.count, request->targets[i],
                                (float)kit_number(self, DOSE), why};
        assay_status status = fault->map(&a, maps + i * model->input.count);
        if (status != ASSAY_OK) return status;
    }
    return ASSAY_OK;
}

static const char *const names[] = {"none",     "next-class", "argmax",       "softmax",     "log-softmax", "sum",
                                    "odd-zero", "edges",      "bump",         "minus",       "times-logit", "absolute",
                                    "shifted",  "mirrored",   "part-of-path", "scaled-path", "channel",     NULL};

static const assay_param_info params[PARAMS] = {
    [FAULT] = {.name = "fault", .summary = "which", .kind = ASSAY_CHOICE, .text = "none", .choices = names},
    [DOSE] = {.name = "dose", .summary = "how much", .kind = ASSAY_NUMBER, .number = .25, .min = 0, .max = 100},
};

static const assay_explainer_info info = {
    .id = "wrong-ways",
    .name = "wrong ways",
    .summary = "mutants that depend on the model in a wrong way",
    .source = "tests/bad",
    .param_count = PARAMS,
    .params = params,
};

KIT_PLUGIN(info, attribute);
