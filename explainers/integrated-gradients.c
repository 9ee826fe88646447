/* integrated-gradients: the gradient averaged on the straight path from a baseline to the input, and, in the paper's
 * form, multiplied by the difference between the two. Sundararajan et al. 2017, arXiv:1703.01365.
 *
 * Where the path begins (`from`): a constant; each channel's own mean; the input blurred, as in Sturmfels et al. 2020,
 * doi:10.23915/distill.00022, or several constants, whose maps are averaged, as there. */
#include "explainer.h"
#include "kit.h"

#define BLOCK 50u /* points of the path held at once where the host makes none */
#define PI 3.14159265358979323846
#define MOST_STARTS 16u

struct integrated {
    kit_explainer kit; /* first: the host holds a pointer to it */
    uint32_t steps;
    bool multiplied;
    const struct start *start;
    uint32_t starts; /* paths for each input, whose maps are averaged */
    float constants[MOST_STARTS], blur;
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

static void rule_riemann_left(uint32_t n, float *position, float *weight) {
    for (uint32_t k = 0; k < n; k++) {
        position[k] = (float)((double)k / n);
        weight[k] = (float)(1.0 / n);
    }
}

static void rule_riemann_right(uint32_t n, float *position, float *weight) {
    for (uint32_t k = 0; k < n; k++) {
        position[k] = (float)((k + 1.0) / n);
        weight[k] = (float)(1.0 / n);
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
    {"gauss-legendre", 1, rule_gauss_legendre},       {"riemann-left", 1, rule_riemann_left},
    {"riemann-right", 1, rule_riemann_right},         {"riemann-middle", 1, rule_riemann_middle},
    {"riemann-trapezoid", 2, rule_riemann_trapezoid},
};
static const char *const rule_names[] = {"gauss-legendre", "riemann-left",      "riemann-right",
                                         "riemann-middle", "riemann-trapezoid", NULL};

/* ---- Where the path begins ---- */

static void start_constant(const struct integrated *self, const assay_shape *shape, uint32_t index, const float *x,
                           float *room, float *from) {
    (void)x, (void)room;
    for (size_t k = 0; k < shape->count; k++) from[k] = self->constants[index];
}

static void start_mean(const struct integrated *self, const assay_shape *shape, uint32_t index, const float *x,
                       float *room, float *from) {
    (void)self, (void)index, (void)room;
    size_t places = shape->count / shape->dim[0];
    for (size_t c = 0; c < shape->dim[0]; c++) {
        double sum = 0;
        for (size_t k = 0; k < places; k++) sum += (double)x[c * places + k];
        for (size_t k = 0; k < places; k++) from[c * places + k] = (float)(sum / (double)places);
    }
}

/* Of n values `step` apart: each the mean of its neighbours under a normal density of that sd, cut off at three. Beyond
 * the border the last value is repeated. */
static void blur_line(const float *in, size_t n, size_t step, double sd, float *out) {
    long reach = (long)(3 * sd + .5), last = (long)n - 1;
    for (long i = 0; i <= last; i++) {
        double sum = 0, weights = 0;
        for (long off = -reach; off <= reach; off++) {
            long at = i + off < 0 ? 0 : i + off > last ? last : i + off;
            double weight = sd > 0 ? exp(-.5 * (double)(off * off) / (sd * sd)) : 1;
            sum += weight * (double)in[(size_t)at * step];
            weights += weight;
        }
        out[(size_t)i * step] = (float)(sum / weights);
    }
}

static void start_blurred(const struct integrated *self, const assay_shape *shape, uint32_t index, const float *x,
                          float *room, float *from) {
    size_t height, width;
    (void)index;
    if (!kit_plane(shape, &height, &width)) return;
    double sd = (double)self->blur * (double)(height > width ? height : width);
    for (size_t c = 0; c < shape->dim[0]; c++) {
        const size_t at = c * height * width;
        for (size_t y = 0; y < height; y++) blur_line(x + at + y * width, width, 1, sd, room + y * width);
        for (size_t k = 0; k < width; k++) blur_line(room + k, height, width, sd, from + at + k);
    }
}

static const struct start {
    const char *name;
    bool places; /* it takes a picture or a sequence */
    void (*fill)(const struct integrated *, const assay_shape *, uint32_t index, const float *x, float *room,
                 float *from);
} starts[] = {
    {"mean", true, start_mean},
    {"blurred", true, start_blurred},
};
static const struct start constants = {"baseline", false, start_constant};

/* ---- The method ---- */

/* What one call needs: where the path begins, room for finding that, the map of one path and, for a host that does not
 * know lines, BLOCK points of the path, their targets, and the gradient sum of a block. */
struct scratch {
    const assay_line *line; /* NULL: the host has none */
    float *from, *room, *path, *points, *sum;
    uint32_t targets[BLOCK];
};

static bool scratch_init(struct scratch *s, const assay_model *model) {
    size_t count = model->input.count;
    *s = (struct scratch){.line = model->extension(model, ASSAY_LINE),
                          .from = kit_floats(1, count),
                          .room = kit_floats(1, count),
                          .path = kit_floats(1, count)};
    if (!s->line) {
        s->sum = kit_floats(1, count);
        s->points = kit_floats(BLOCK, count);
    }
    return s->from && s->room && s->path && (s->line || (s->sum && s->points));
}

static void scratch_finish(struct scratch *s) {
    free(s->from);
    free(s->room);
    free(s->path);
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
            for (size_t k = 0; k < count; k++) point[k] = s->from[k] + position * (x[k] - s->from[k]);
            s->targets[i] = target;
        }
        assay_status status = model->gradient_sum(model, b.n, s->points, s->targets, weights + b.first, s->sum, why);
        if (status != ASSAY_OK) return status;
        for (size_t k = 0; k < count; k++) map[k] += s->sum[k];
    }
    return ASSAY_OK;
}

/* The map of one path, into s->path. */
static assay_status explain_path(const struct integrated *self, const assay_model *model, uint32_t index,
                                 const float *x, uint32_t target, struct scratch *s, assay_why *why) {
    self->start->fill(self, &model->input, index, x, s->room, s->from);
    assay_status status = s->line ? s->line->gradient_sum(model, s->from, x, target, self->steps, self->nodes,
                                                          self->nodes + self->steps, s->path, why)
                                  : sum_points(self, model, x, target, s, s->path, why);
    if (status != ASSAY_OK) return status;
    for (size_t k = 0; k < model->input.count && self->multiplied; k++) s->path[k] *= x[k] - s->from[k];
    return ASSAY_OK;
}

static assay_status explain_one(const struct integrated *self, const assay_model *model, const float *x,
                                uint32_t target, struct scratch *s, float *map, assay_why *why) {
    size_t count = model->input.count;
    for (uint32_t i = 0; i < self->starts; i++) {
        assay_status status = explain_path(self, model, i, x, target, s, why);
        if (status != ASSAY_OK) return status;
        for (size_t k = 0; k < count; k++) map[k] = i ? map[k] + s->path[k] : s->path[k];
    }
    for (size_t k = 0; k < count && self->starts > 1; k++) map[k] /= (float)self->starts;
    return ASSAY_OK;
}

static assay_status attribute(const assay_explainer *base, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    const struct integrated *self = (const struct integrated *)base;
    size_t count = model->input.count, height, width;
    struct scratch s;
    if (self->start->places && !kit_plane(&model->input, &height, &width))
        return assay_say(why, ASSAY_UNSUPPORTED, "from=%s needs images or sequences: features have no neighbours",
                         self->start->name);
    assay_status status = ASSAY_OK;
    if (!scratch_init(&s, model)) status = assay_say(why, ASSAY_FAILED, "out of memory");
    for (uint32_t i = 0; i < request->n && status == ASSAY_OK; i++)
        status = explain_one(self, model, request->inputs + i * count, request->targets[i], &s, maps + i * count, why);
    scratch_finish(&s);
    return status;
}

/* ---- What the host reads ---- */

enum { STEPS, RULE, BASELINE, FORM, FROM, PARAMS };
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
    [FROM] = {.name = "from",
              .summary = "where the path begins: baseline; mean: of each channel; blurred or blurred/SD: the "
                         "input, with an sd as a share of its larger side (0.1); A/B/...: at constants, 16 at most, "
                         "averaged",
              .kind = ASSAY_TEXT,
              .text = "baseline"},
};

/* The average of w is w; with the factor it is w * x when the path begins at zero. Completeness is claimed of constants
 * alone: the host knows no other baseline. */
static uint32_t claims_for(const assay_param *given, uint32_t n) {
    (void)n;
    if (strcmp(given[FORM].text, "average") == 0) return ASSAY_LINEAR_EXACT;
    if (strcmp(given[FROM].text, constants.name) != 0) return 0;
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

static bool say_from(const char *text, assay_why *why) {
    assay_say(why, ASSAY_FAILED,
              "from=%s: wanted baseline, mean, blurred, blurred/SD or 1 to %u numbers, such as 0/0.5/1", text,
              MOST_STARTS);
    return false;
}

/* Numbers with / between them; false with the reason. */
static bool read_constants(const char *text, struct integrated *self, assay_why *why) {
    for (const char *at = text;; at++) {
        char *end;
        double value = strtod(at, &end);
        if (end == at || !(fabs(value) <= 1e6) || (*end && *end != '/') || self->starts == MOST_STARTS)
            return say_from(text, why);
        self->constants[self->starts++] = (float)value;
        if (!*end) return true;
        at = end;
    }
}

static bool configure(struct integrated *self, const assay_param *given, assay_why *why) {
    const char *text = given[FROM].text;
    self->multiplied = strcmp(given[FORM].text, "multiplied") == 0;
    self->start = &constants;
    self->constants[0] = (float)given[BASELINE].number;
    self->starts = strcmp(text, constants.name) == 0;
    self->blur = .10f;
    for (size_t k = 0; k < sizeof starts / sizeof *starts; k++)
        if (strncmp(text, starts[k].name, strlen(starts[k].name)) == 0) self->start = &starts[k];
    if (self->start == &constants) return self->starts || read_constants(text, self, why);
    text += strlen(self->start->name);
    self->starts = 1;
    if (*text == '/' && self->start->fill == start_blurred) {
        char *end;
        double sd = strtod(text + 1, &end);
        if (end == text + 1 || *end || !(sd >= 0 && sd <= 1)) return say_from(given[FROM].text, why);
        self->blur = (float)sd;
        return true;
    }
    return !*text || say_from(given[FROM].text, why);
}

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
    if (!configure(self, given, why)) {
        kit_destroy(&self->kit.base);
        return NULL;
    }
    self->steps = steps;
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
