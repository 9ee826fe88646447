/* integrated-gradients: the gradient averaged on the straight path from a baseline to the input, and, in the paper's
 * form, multiplied by the difference between the two. Sundararajan et al. 2017, arXiv:1703.01365. */
#include "explainer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 50u /* points of the path held at once where the host makes none */
#define PI 3.14159265358979323846

struct integrated {
    assay_explainer base; /* first: the host holds a pointer to it */
    uint32_t steps;
    bool multiplied;
    float baseline;
    float *position, *weight; /* [steps] of the quadrature rule on [0, 1]; weights sum to 1 */
};

/* ---- Quadrature rules on [0, 1] ---- */

/* The Legendre polynomial of degree n at z, and its derivative, by the three-term recurrence. */
static double legendre(uint32_t n, double z, double *derivative) {
    double before = 1, here = z;
    for (uint32_t k = 2; k <= n; k++) {
        double next = ((2.0 * k - 1) * z * here - (k - 1.0) * before) / k;
        before = here;
        here = next;
    }
    *derivative = n * (z * here - before) / (z * z - 1);
    return here;
}

/* Nodes: the roots of the Legendre polynomial, by Newton's method from Tricomi's estimate; weights
 * 2 / ((1 - z^2) P'(z)^2) (Abramowitz & Stegun 25.4.29). Both halved and moved from [-1, 1] to [0, 1]. */
static void rule_gauss_legendre(uint32_t n, float *position, float *weight) {
    for (uint32_t k = 0; k < n; k++) {
        double z = cos(PI * (k + .75) / (n + .5)), slope = 1;
        for (int round = 0; round < 100; round++) {
            double step = legendre(n, z, &slope) / slope;
            z -= step;
            if (fabs(step) < 1e-15) break;
        }
        legendre(n, z, &slope);
        position[n - 1 - k] = (float)((1 + z) / 2);
        weight[n - 1 - k] = (float)(1 / ((1 - z * z) * slope * slope));
    }
}

static void rule_riemann_middle(uint32_t n, float *position, float *weight) {
    for (uint32_t k = 0; k < n; k++) {
        position[k] = (float)((k + .5) / n);
        weight[k] = (float)(1.0 / n);
    }
}

/* The interval is cut into n - 1 pieces, so that the weights sum to 1. (captum 0.9 gives each of the same n points a
 * weight of 1/n and half that at the ends: a sum of (n - 1)/n.) */
static void rule_riemann_trapezoid(uint32_t n, float *position, float *weight) {
    for (uint32_t k = 0; k < n; k++) {
        position[k] = (float)(k / (n - 1.0));
        weight[k] = (float)((k == 0 || k == n - 1 ? .5 : 1) / (n - 1.0));
    }
}

static const struct rule {
    const char *name;
    uint32_t min_steps;
    void (*fill)(uint32_t n, float *position, float *weight);
} rules[] = {
    {"gauss-legendre", 1, rule_gauss_legendre},
    {"riemann-middle", 1, rule_riemann_middle},
    {"riemann-trapezoid", 2, rule_riemann_trapezoid},
};
static const char *const rule_names[] = {"gauss-legendre", "riemann-middle", "riemann-trapezoid", NULL};

/* ---- The method ---- */

/* Buffers of one call: where the path begins and, for a host that does not know lines, BLOCK points of the path, their
 * targets, and the gradient sum of a block. */
struct work {
    const assay_line *line; /* NULL: the host has none */
    float *from, *points, *sum;
    uint32_t *targets;
};

static bool work_init(struct work *work, const struct integrated *self, const assay_model *model) {
    size_t count = model->input.count;
    *work = (struct work){.line = model->extension(model, ASSAY_LINE)};
    if (count > SIZE_MAX / sizeof(float) / BLOCK) return false;
    work->from = malloc(count * sizeof(float));
    if (!work->line) {
        work->sum = malloc(count * sizeof(float));
        work->points = malloc(BLOCK * count * sizeof(float));
        work->targets = malloc(BLOCK * sizeof(uint32_t));
    }
    for (size_t k = 0; work->from && k < count; k++) work->from[k] = self->baseline;
    return work->from && (work->line || (work->sum && work->points && work->targets));
}

static void work_finish(struct work *work) {
    free(work->from);
    free(work->sum);
    free(work->points);
    free(work->targets);
}

/* The map of weighted gradients on the path, point by point. */
static assay_status sum_points(const struct integrated *self, const assay_model *model, const float *x, uint32_t target,
                               struct work *work, float *map, assay_why *why) {
    size_t count = model->input.count;
    memset(map, 0, count * sizeof *map);
    for (uint32_t first = 0; first < self->steps; first += BLOCK) {
        uint32_t n = self->steps - first < BLOCK ? self->steps - first : BLOCK;
        for (uint32_t s = 0; s < n; s++) {
            float *point = work->points + s * count, position = self->position[first + s];
            for (size_t k = 0; k < count; k++) point[k] = self->baseline + position * (x[k] - self->baseline);
            work->targets[s] = target;
        }
        assay_status status =
            model->gradient_sum(model, n, work->points, work->targets, self->weight + first, work->sum, why);
        if (status != ASSAY_OK) return status;
        for (size_t k = 0; k < count; k++) map[k] += work->sum[k];
    }
    return ASSAY_OK;
}

static assay_status explain_one(const struct integrated *self, const assay_model *model, const float *x,
                                uint32_t target, struct work *work, float *map, assay_why *why) {
    assay_status status = work->line ? work->line->gradient_sum(model, work->from, x, target, self->steps,
                                                                self->position, self->weight, map, why)
                                     : sum_points(self, model, x, target, work, map, why);
    if (status != ASSAY_OK) return status;
    for (size_t k = 0; k < model->input.count && self->multiplied; k++) map[k] *= x[k] - self->baseline;
    return ASSAY_OK;
}

static assay_status attribute(const assay_explainer *base, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    const struct integrated *self = (const struct integrated *)base;
    size_t count = model->input.count;
    struct work work;
    assay_status status = ASSAY_OK;
    if (!work_init(&work, self, model)) status = assay_say(why, ASSAY_FAILED, "out of memory");
    for (uint32_t i = 0; i < request->n && status == ASSAY_OK; i++) {
        status =
            explain_one(self, model, request->inputs + i * count, request->targets[i], &work, maps + i * count, why);
    }
    work_finish(&work);
    return status;
}

/* ---- What the host reads ---- */

enum { STEPS, RULE, BASELINE, FORM, PARAMS };
static const char *const forms[] = {"multiplied", "average", NULL};
static const assay_param_info params[PARAMS] = {
    [STEPS] =
        {.name = "steps", .summary = "points on the path", .kind = ASSAY_INTEGER, .number = 50, .min = 1, .max = 10000},
    [RULE] = {.name = "rule",
              .summary = "quadrature of the path integral",
              .kind = ASSAY_CHOICE,
              .text = "gauss-legendre",
              .choices = rule_names},
    [BASELINE] = {.name = "baseline",
                  .summary = "value of every input element where the path begins",
                  .kind = ASSAY_NUMBER,
                  .number = 0,
                  .min = -1e6,
                  .max = 1e6},
    [FORM] = {.name = "form",
              .summary = "averaged gradient times (input - baseline), or the average alone",
              .kind = ASSAY_CHOICE,
              .text = "multiplied",
              .choices = forms},
};

/* The average of w is w; with the factor it is w * x when the path begins at zero. */
static uint32_t claims_for(const assay_param *given, uint32_t n) {
    (void)n;
    if (strcmp(given[FORM].text, "average") == 0) return ASSAY_LINEAR_EXACT;
    bool from_zero = !(given[BASELINE].number < 0 || given[BASELINE].number > 0);
    return ASSAY_COMPLETE | (from_zero ? ASSAY_INPUT_MULTIPLIER | ASSAY_LINEAR_EXACT : 0u);
}

static const assay_explainer_info info = {
    .id = "integrated-gradients",
    .name = "Integrated Gradients",
    .summary = "gradient averaged from a baseline to the input, times their difference",
    .source = "Sundararajan et al. 2017, section 3, arXiv:1703.01365",
    .claims = ASSAY_COMPLETE | ASSAY_INPUT_MULTIPLIER | ASSAY_LINEAR_EXACT,
    .param_count = PARAMS,
    .params = params,
    .claims_for = claims_for,
};
static const assay_explainer_info *const infos[] = {&info};

static void destroy(const assay_explainer *base) {
    const struct integrated *self = (const struct integrated *)base;
    free(self->position);
    free(self->weight);
    free((void *)base);
}

static const assay_explainer *create(const assay_host *host, const char *id, const assay_param *given, uint32_t n,
                                     assay_why *why) {
    (void)host, (void)id, (void)n;
    uint32_t steps = (uint32_t)given[STEPS].number;
    const struct rule *rule = rules;
    while (strcmp(rule->name, given[RULE].text) != 0) rule++;
    if (steps < rule->min_steps) {
        assay_say(why, ASSAY_FAILED, "steps=%u: rule=%s wants %u or more", steps, rule->name, rule->min_steps);
        return NULL;
    }
    struct integrated *self = malloc(sizeof *self);
    float *position = malloc(steps * sizeof *position), *weight = malloc(steps * sizeof *weight);
    if (!self || !position || !weight) {
        free(self);
        free(position);
        free(weight);
        assay_say(why, ASSAY_FAILED, "out of memory");
        return NULL;
    }
    rule->fill(steps, position, weight);
    *self = (struct integrated){{&info, attribute, destroy},   steps,    strcmp(given[FORM].text, "multiplied") == 0,
                                (float)given[BASELINE].number, position, weight};
    return &self->base;
}

ASSAY_EXPORT const assay_plugin assay_entry = {ASSAY_VERSION_INIT, 1, infos, create};
