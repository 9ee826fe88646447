/* integrated-gradients: the gradient averaged on the straight path from a baseline to the input, and, in the paper's
 * form, multiplied by the difference between the two. Sundararajan et al. 2017, arXiv:1703.01365. */
#include "explainer.h"
#include "kit.h"

#define BLOCK 50u /* points of the path held at once where the host makes none */
#define PI 3.14159265358979323846

struct integrated {
    kit_explainer kit; /* first: the host holds a pointer to it */
    uint32_t steps;
    bool multiplied;
    float baseline;
    float nodes[]; /* of the quadrature rule on [0, 1]: [steps] positions, then [steps] weights, which sum to 1 */
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

/* What one call needs: where the path begins and, for a host that does not know lines, BLOCK points of the path, their
 * targets, and the gradient sum of a block. */
struct scratch {
    const assay_line *line; /* NULL: the host has none */
    float *from, *points, *sum;
    uint32_t targets[BLOCK];
};

static bool scratch_init(struct scratch *s, const struct integrated *self, const assay_model *model) {
    size_t count = model->input.count;
    *s = (struct scratch){.line = model->extension(model, ASSAY_LINE), .from = kit_floats(1, count)};
    if (!s->line) {
        s->sum = kit_floats(1, count);
        s->points = kit_floats(BLOCK, count);
    }
    for (size_t k = 0; s->from && k < count; k++) s->from[k] = self->baseline;
    return s->from && (s->line || (s->sum && s->points));
}

static void scratch_finish(struct scratch *s) {
    free(s->from);
    free(s->sum);
    free(s->points);
}

/* The map of weighted gradients on the path, point by point. */
static assay_status sum_points(const struct integrated *self, const assay_model *model, const float *x, uint32_t target,
                               struct scratch *s, float *map, assay_why *why) {
    size_t count = model->input.count;
    const float *weights = self->nodes + self->steps;
    memset(map, 0, count * sizeof *map);
    for (kit_block b = {0, 0}; kit_next(&b, self->steps, BLOCK);) {
        for (uint32_t i = 0; i < b.n; i++) {
            float *point = s->points + i * count, position = self->nodes[b.first + i];
            for (size_t k = 0; k < count; k++) point[k] = self->baseline + position * (x[k] - self->baseline);
            s->targets[i] = target;
        }
        assay_status status = model->gradient_sum(model, b.n, s->points, s->targets, weights + b.first, s->sum, why);
        if (status != ASSAY_OK) return status;
        for (size_t k = 0; k < count; k++) map[k] += s->sum[k];
    }
    return ASSAY_OK;
}

static assay_status explain_one(const struct integrated *self, const assay_model *model, const float *x,
                                uint32_t target, struct scratch *s, float *map, assay_why *why) {
    assay_status status = s->line ? s->line->gradient_sum(model, s->from, x, target, self->steps, self->nodes,
                                                          self->nodes + self->steps, map, why)
                                  : sum_points(self, model, x, target, s, map, why);
    if (status != ASSAY_OK) return status;
    for (size_t k = 0; k < model->input.count && self->multiplied; k++) map[k] *= x[k] - self->baseline;
    return ASSAY_OK;
}

static assay_status attribute(const assay_explainer *base, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    const struct integrated *self = (const struct integrated *)base;
    size_t count = model->input.count;
    struct scratch s;
    assay_status status = ASSAY_OK;
    if (!scratch_init(&s, self, model)) status = assay_say(why, ASSAY_FAILED, "out of memory");
    for (uint32_t i = 0; i < request->n && status == ASSAY_OK; i++)
        status = explain_one(self, model, request->inputs + i * count, request->targets[i], &s, maps + i * count, why);
    scratch_finish(&s);
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

static const assay_explainer *create(const assay_host *host, const char *id, const assay_param *given, uint32_t n,
                                     assay_why *why) {
    (void)id;
    uint32_t steps = (uint32_t)given[STEPS].number;
    const struct rule *rule = rules;
    while (strcmp(rule->name, given[RULE].text) != 0) rule++;
    if (steps < rule->min_steps) {
        assay_say(why, ASSAY_FAILED, "steps=%u: rule=%s wants %u or more", steps, rule->name, rule->min_steps);
        return NULL;
    }
    size_t size = sizeof(struct integrated) + 2 * steps * sizeof(float);
    struct integrated *self = (struct integrated *)kit_create(size, &info, attribute, host, given, n, why);
    if (!self) return NULL;
    self->steps = steps;
    self->multiplied = strcmp(given[FORM].text, "multiplied") == 0;
    self->baseline = (float)given[BASELINE].number;
    rule->fill(steps, self->nodes, self->nodes + steps);
    return &self->kit.base;
}

static const assay_about about = {
    .id = "integrated-gradients",
    .family = "path",
    .formula = "(x - b) mean of df/dx on the straight path from b to x",
    .cost = "steps gradients",
    .inputs = ASSAY_EVERY_INPUT,
    .checked = "captum 0.9.0 IntegratedGradients",
    .within = 1e-5,
};
ASSAY_ABOUT_PLUGIN(about);

ASSAY_EXPORT const assay_plugin assay_entry = {ASSAY_VERSION_INIT, 1, infos, create};
