/* guided-ig: integrated gradients on a path that changes the elements with the smallest gradients first, and stays near
 * the straight line. Kapishnikov et al. 2021, algorithm 1 with the bounds of section 4, arXiv:2106.09788; the order of
 * operations is that of the authors' code. */
#include "explainer.h"
#include "kit.h"

#define BLOCK 32u  /* inputs that walk side by side */
#define CLOSE 1e-9 /* of distances, relative and absolute */

enum { STEPS, FRACTION, DISTANCE, BASELINE, PARAMS };

/* One input on its way. */
struct walk {
    const float *to;
    double from;            /* every element of the baseline */
    double *x, *map;        /* [input]: where it is, and what was added up */
    double *sizes, *sorted; /* [input]: of the gradients; infinite for elements that went as far as they may */
};

/* Element `k` of the path's corridor, at share `at` of the straight line. */
static double on_line(const struct walk *w, double at, size_t k) {
    return w->from + ((double)w->to[k] - w->from) * at;
}

static double distance_left(const struct walk *w, size_t count) {
    double sum = 0;
    for (size_t k = 0; k < count; k++) sum += fabs(w->x[k] - (double)w->to[k]);
    return sum;
}

/* The value of rank `rank` (from 0) of values[n], which change places: Hoare's FIND (1961, doi:10.1145/366622.366647).
 */
static double select_rank(double *values, size_t n, size_t rank) {
    ptrdiff_t low = 0, high = (ptrdiff_t)n - 1, wanted = (ptrdiff_t)rank;
    while (low < high) {
        double pivot = values[wanted];
        ptrdiff_t i = low, j = high;
        while (i <= j) {
            while (values[i] < pivot) i++;
            while (pivot < values[j]) j--;
            if (i > j) break;
            double swapped = values[i];
            values[i++] = values[j];
            values[j--] = swapped;
        }
        if (j < wanted) low = i;
        if (wanted < i) high = j;
    }
    return values[wanted];
}

/* Moves element k, and adds what that is worth. */
static void move(struct walk *w, const float *gradient, size_t k, double to) {
    w->map[k] += (to - w->x[k]) * (double)gradient[k];
    w->x[k] = to;
}

/* Moves the elements with the smallest gradients as far as they may, or as far as needed to come within `left` of the
 * input; whether there is more to do. */
static bool advance(struct walk *w, const float *gradient, size_t count, double fraction, double most, double left) {
    double here = distance_left(w, count), within = 0;
    if (fabs(here - left) <= CLOSE * fmax(fmax(fabs(here), fabs(left)), 1)) return false;
    for (size_t k = 0; k < count; k++) {
        double size = fabs((double)gradient[k]), end = on_line(w, most, k);
        w->sizes[k] = w->x[k] < end || w->x[k] > end ? size : HUGE_VAL;
    }
    memcpy(w->sorted, w->sizes, count * sizeof *w->sorted);
    double limit = select_rank(w->sorted, count, (size_t)(fraction * (double)(count - 1)));
    for (size_t k = 0; k < count; k++)
        if (w->sizes[k] <= limit && w->sizes[k] < HUGE_VAL) within += fabs(w->x[k] - on_line(w, most, k));
    double share = within > 0 ? (here - left) / within : 0;
    if (!(share > 0)) return false; /* nothing may move, or rounding went past the mark */
    for (size_t k = 0; k < count; k++) {
        if (!(w->sizes[k] <= limit && w->sizes[k] < HUGE_VAL)) continue;
        double end = on_line(w, most, k);
        move(w, gradient, k, share > 1 ? end : w->x[k] + (end - w->x[k]) * share);
    }
    return share > 1;
}

/* One step: elements that fell behind the corridor are taken along, then it is gone on until the distance is due. */
static void step(const assay_explainer *self, struct walk *w, const float *gradient, size_t count, double total,
                 uint32_t number) {
    uint32_t steps = (uint32_t)kit_number(self, STEPS);
    double at = (number + 1.0) / steps, slack = kit_number(self, DISTANCE);
    double least = fmax(at - slack, 0), most = fmin(at + slack, 1);
    for (size_t k = 0; k < count; k++) {
        double start = on_line(w, least, k), way = (double)w->to[k] - w->from;
        if (way > 0 ? w->x[k] < start : w->x[k] > start) move(w, gradient, k, start);
    }
    while (advance(w, gradient, count, kit_number(self, FRACTION), most, total * (1 - at))) continue;
}

/* What one call needs: BLOCK walks, their points and targets as the model wants them, and its gradients. */
struct scratch {
    struct walk walks[BLOCK];
    double totals[BLOCK], *numbers;
    float *points, *gradients;
};

static bool scratch_init(struct scratch *t, const assay_explainer *self, size_t count, uint32_t n) {
    uint32_t block = n < BLOCK ? n : BLOCK;
    *t = (struct scratch){.numbers = (double *)calloc(4 * (size_t)block, count * sizeof *t->numbers),
                          .points = kit_floats(block, count),
                          .gradients = kit_floats(block, count)};
    for (uint32_t i = 0; t->numbers && i < block; i++) {
        double *mine = t->numbers + 4 * i * count;
        t->walks[i] = (struct walk){.from = (double)(float)kit_number(self, BASELINE),
                                    .x = mine,
                                    .map = mine + count,
                                    .sizes = mine + 2 * count,
                                    .sorted = mine + 3 * count};
    }
    return t->numbers && t->points && t->gradients;
}

static void scratch_finish(struct scratch *t) {
    free(t->numbers);
    free(t->points);
    free(t->gradients);
}

/* n inputs side by side, n <= BLOCK. */
static assay_status explain_block(const assay_explainer *self, const assay_model *model, uint32_t n,
                                  const float *inputs, const uint32_t *targets, struct scratch *t, float *maps,
                                  assay_why *why) {
    size_t count = model->input.count;
    uint32_t steps = (uint32_t)kit_number(self, STEPS);
    for (uint32_t i = 0; i < n; i++) {
        struct walk *w = &t->walks[i];
        w->to = inputs + i * count;
        for (size_t k = 0; k < count; k++) {
            w->x[k] = w->from;
            w->map[k] = 0;
        }
        t->totals[i] = distance_left(w, count);
    }
    for (uint32_t s = 0; s < steps; s++) {
        for (size_t k = 0; k < n * count; k++) t->points[k] = (float)t->walks[k / count].x[k % count];
        assay_status status = model->gradient(model, n, t->points, targets, t->gradients, why);
        if (status != ASSAY_OK) return status;
        for (uint32_t i = 0; i < n; i++) step(self, &t->walks[i], t->gradients + i * count, count, t->totals[i], s);
    }
    for (size_t k = 0; k < n * count; k++) maps[k] = (float)t->walks[k / count].map[k % count];
    return ASSAY_OK;
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    size_t count = model->input.count;
    struct scratch t;
    assay_status status = ASSAY_OK;
    if (!scratch_init(&t, self, count, request->n)) status = assay_say(why, ASSAY_FAILED, "out of memory");
    for (kit_block b = {0, 0}; status == ASSAY_OK && kit_next(&b, request->n, BLOCK);)
        status = explain_block(self, model, b.n, request->inputs + b.first * count, request->targets + b.first, &t,
                               maps + b.first * count, why);
    scratch_finish(&t);
    return status;
}

static const assay_param_info params[PARAMS] = {
    [STEPS] = {.name = "steps",
               .summary = "points on the path",
               .kind = ASSAY_INTEGER,
               .number = 200,
               .min = 1,
               .max = 10000},
    [FRACTION] = {.name = "fraction",
                  .summary = "of the elements that is changed at a time",
                  .kind = ASSAY_NUMBER,
                  .number = .25,
                  .max = 1},
    [DISTANCE] = {.name = "distance",
                  .summary = "from the straight line, as a share of it: 0 is integrated gradients",
                  .kind = ASSAY_NUMBER,
                  .number = .02,
                  .max = 1},
    [BASELINE] = {.name = "baseline",
                  .summary = "value of every input element where the path begins",
                  .kind = ASSAY_NUMBER,
                  .min = -1e6,
                  .max = 1e6},
};

/* On a linear model each element gets its way times its weight, whatever the path. The sum over a finite path is near
 * f(x) - f(b), but how near depends on the network: that is not claimed. */
static uint32_t claims_for(const assay_param *given, uint32_t n) {
    (void)n;
    bool from_zero = !(given[BASELINE].number < 0 || given[BASELINE].number > 0);
    return from_zero ? ASSAY_INPUT_MULTIPLIER | ASSAY_LINEAR_EXACT : 0u;
}

static const assay_explainer_info info = {
    .id = "guided-ig",
    .name = "Guided Integrated Gradients",
    .summary = "gradients on a path that changes the elements with the smallest gradients first",
    .source = "Kapishnikov et al. 2021, section 4, arXiv:2106.09788",
    .claims = ASSAY_INPUT_MULTIPLIER | ASSAY_LINEAR_EXACT,
    .param_count = PARAMS,
    .params = params,
    .claims_for = claims_for,
};

static const assay_about about = {
    .id = "guided-ig",
    .family = "path",
    .formula = "sum of df/dx dx on a path near the line from b to x, elements with small |df/dx| first",
    .cost = "steps gradients",
    .inputs = ASSAY_EVERY_INPUT,
    .checked = "saliency 0.2.1 GuidedIG",
    .within = 1e-3,
};
ASSAY_ABOUT_PLUGIN(about);

KIT_PLUGIN(info, attribute);
