/* path: integrated gradients: honest relatives, and mutants with one fault each. */
#include "mixtures.h"

#define PATH_STEPS_MOST 50u

enum path_from { FROM_PARAMETER, FROM_ZERO, FROM_MEAN, FROM_NUMBER };

/* Where the path lies and what is made of the gradients on it. */
struct path {
    uint32_t steps;      /* midpoints of as many pieces; 0: 20 */
    double end;          /* how far the path goes to the input; 0: all the way */
    double sum;          /* of the weights; 0: 1 */
    enum path_from from; /* FROM_PARAMETER: the parameter `baseline` */
    double number;       /* of FROM_NUMBER: the baseline */
    uint32_t baselines;  /* 0: one; else so many, from 0 to 1, and the mean of their maps */
    bool average;        /* not multiplied by (input - baseline) */
    bool last_only;      /* the gradient at the end alone */
    bool sampled;        /* positions drawn from the seed, and the input with noise: gradient SHAP */
};

static const assay_param_info params[] = {{.name = "baseline",
                                           .summary = "value of every input element where the path begins",
                                           .kind = ASSAY_NUMBER,
                                           .number = 0,
                                           .min = -1e6,
                                           .max = 1e6}};

static void baseline_of(const struct job *job, const struct path *path, const float *x, double number, float *from) {
    size_t count = job->model->input.count;
    double value = number, sum = 0;
    for (size_t k = 0; k < count; k++) sum += (double)x[k];
    if (path->from == FROM_MEAN) value = sum / (double)count;
    for (size_t k = 0; k < count; k++) from[k] = (float)value;
}

/* positions[steps] on the path, and their weights. */
static void nodes_of(const struct path *path, const assay_random *random, uint64_t seed, uint32_t steps,
                     float *positions, float *weights) {
    double end = path->end > 0 ? path->end : 1, sum = path->sum > 0 ? path->sum : 1;
    if (path->sampled) random->uniform(seed, 0, steps, positions);
    for (uint32_t s = 0; s < steps; s++) {
        if (!path->sampled) positions[s] = (float)(path->last_only ? 1 : end * (s + .5) / steps);
        weights[s] = (float)(sum / steps);
    }
}

/* points[steps][input] on the way from `from` to x; of gradient SHAP to x with noise of .05. */
static void points_of(const struct job *job, const struct path *path, const assay_random *random, uint64_t seed,
                      const float *from, const float *x, const float *positions, uint32_t steps, float *points) {
    size_t count = job->model->input.count;
    if (path->sampled) random->normal(seed, PATH_STEPS_MOST, steps * count, points);
    for (uint32_t s = 0; s < steps; s++)
        for (size_t k = 0; k < count; k++) {
            float *point = points + s * count + k, to = x[k] + (path->sampled ? .05f * *point : 0);
            *point = from[k] + positions[s] * (to - from[k]);
        }
}

/* map[input] += share of the map from one baseline. `buffer` holds the baseline, a sum and the points. */
static assay_status add_path(const struct job *job, const struct path *path, uint32_t i, double number, double share,
                             float *buffer, float *map) {
    const assay_model *model = job->model;
    const assay_random *random = path->sampled ? mutant_random(job) : NULL;
    const float *x = job->request->inputs + i * model->input.count;
    size_t count = model->input.count;
    uint32_t steps = path->steps ? path->steps : 20, targets[PATH_STEPS_MOST];
    float positions[PATH_STEPS_MOST], weights[PATH_STEPS_MOST], *from = buffer, *sum = from + count,
                                                                *points = sum + count;
    if (path->sampled && !random) return ASSAY_FAILED;
    baseline_of(job, path, x, number, from);
    nodes_of(path, random, job->request->seeds[i], steps, positions, weights);
    points_of(job, path, random, job->request->seeds[i], from, x, positions, steps, points);
    for (uint32_t s = 0; s < steps; s++) targets[s] = job->request->targets[i];
    assay_status status = model->gradient_sum(model, steps, points, targets, weights, sum, job->why);
    for (size_t k = 0; k < count && status == ASSAY_OK; k++)
        map[k] += (float)share * sum[k] * (path->average ? 1 : x[k] - from[k]);
    return status;
}

static assay_status integrated(const struct job *job) {
    static const struct path whole = {0};
    const struct path *path = job->mutant->with ? (const struct path *)job->mutant->with : &whole;
    size_t count = job->model->input.count;
    uint32_t baselines = path->baselines ? path->baselines : 1;
    double number = path->from == FROM_NUMBER                                  ? path->number
                    : path->from == FROM_PARAMETER && job->mutant->info.params ? kit_number(job->self, 0)
                                                                               : 0;
    float *buffer = kit_floats(PATH_STEPS_MOST + 2, count);
    assay_status status = buffer ? ASSAY_OK : mutant_no_memory(job);
    if (status == ASSAY_OK) memset(job->maps, 0, job->request->n * count * sizeof *job->maps);
    for (uint32_t i = 0; i < job->request->n; i++)
        for (uint32_t b = 0; b < baselines && status == ASSAY_OK; b++)
            status = add_path(job, path, i, baselines > 1 ? b / (baselines - 1.0) : number, 1.0 / baselines, buffer,
                              job->maps + i * count);
    free(buffer);
    return status;
}

/* ---- The tables ---- */

#define IG_PAPER "Sundararajan et al. 2017, section 3, arXiv:1703.01365"
#define IG(id, wrong)                                                                                                  \
    MUTANT(id, "integrated-gradients", wrong, ASSAY_COMPLETE | ASSAY_INPUT_MULTIPLIER | ASSAY_LINEAR_EXACT),           \
        .honest = integrated
#define GSHAP(id, wrong)                                                                                               \
    MUTANT(id, "gradient-shap", wrong, ASSAY_STOCHASTIC | ASSAY_INPUT_MULTIPLIER | ASSAY_LINEAR_EXACT),                \
        .honest = integrated
#define WITH(...)                                                                                                      \
    .with = &(const struct path) {                                                                                     \
        __VA_ARGS__                                                                                                    \
    }

static const struct mutant mutants[] = {
    {HONEST("ig-baseline-half", IG_PAPER, "integrated gradients from a grey picture", 0), .honest = integrated,
     WITH(.from = FROM_NUMBER, .number = .5)},
    {HONEST("ig-baseline-mean", IG_PAPER, "integrated gradients from a picture of the input's mean", 0),
     .honest = integrated, WITH(.from = FROM_MEAN)},
    {HONEST("ig-five-baselines", "Sturmfels et al. 2020, doi:10.23915/distill.00022",
            "mean of integrated gradients from five grey pictures", 0),
     .honest = integrated, WITH(.baselines = 5)},
    {HONEST("gradient-shap", "Lundberg & Lee 2017, arXiv:1705.07874; Erion et al. 2021, arXiv:1906.10670",
            "gradients at noisy copies anywhere on the path, times the input",
            ASSAY_STOCHASTIC | ASSAY_INPUT_MULTIPLIER | ASSAY_LINEAR_EXACT),
     .honest = integrated, WITH(.sampled = true, .steps = 50)},

    {GSHAP("gshap-class-next", "explains the class after the target"), WITH(.sampled = true, .steps = 50),
     .fault = class_next},
    {GSHAP("gshap-no-difference", "not multiplied by the difference from the baseline"),
     WITH(.sampled = true, .steps = 50, .average = true), .equals = "the gradient averaged over noisy copies"},
    {GSHAP("gshap-minus", "minus the map"), WITH(.sampled = true, .steps = 50), .fault = minus},

    {IG("ig-class-next", "explains the class after the target"), .fault = class_next},
    {IG("ig-class-own", "explains the network's own argmax"), .fault = class_own},
    {IG("ig-probability", "explains the softmax probability"), .fault = probability},
    {IG("ig-log-probability", "explains the log-probability"), .fault = log_probability},
    {IG("ig-minus", "minus the map"), .fault = minus},
    {IG("ig-times-logit", "multiplied by the target's logit"), .fault = times_logit},
    {IG("ig-sign-lost", "absolute values, which is not said"), .fault = sign_lost},
    {IG("ig-step-too-many", "51 steps with the weights of 50"), WITH(.steps = 50, .sum = 51.0 / 50), .dose = .02},
    {IG("ig-step-missing", "49 steps with the weights of 50"), WITH(.steps = 49, .sum = 49.0 / 50), .dose = .02},
    {IG("ig-half-path", "the path ends half way"), WITH(.end = .5), .dose = .5},
    {IG("ig-three-quarter-path", "the path ends at three quarters"), WITH(.end = .75), .dose = .25},
    {IG("ig-last-step", "the gradient at the end of the path alone"), WITH(.last_only = true),
     .equals = "input x gradient"},
    {IG("ig-no-times", "not multiplied by the input"), WITH(.average = true), .equals = "the averaged gradient"},
    {IG("ig-centred", "begins at the picture's mean"), WITH(.from = FROM_MEAN),
     .equals = "integrated gradients from the picture's mean"},
    {.info = {.id = "ig-baseline-ignored",
              .name = "ig-baseline-ignored",
              .summary = "begins at 0 whatever the parameter says",
              .source = "tests/mutants",
              .claims = MUTANT_CLAIMS(ASSAY_COMPLETE),
              .param_count = 1,
              .params = params},
     .base = "integrated-gradients",
     .given = "baseline=0.5",
     .honest = integrated,
     WITH(.from = FROM_ZERO),
     .equals = "integrated gradients from 0, but that its parameter changes nothing"},
    {IG("ig-edges-25", "edges of the input mixed in"), .fault = with_edges, .dose = .25},
    {IG("ig-bump-50", "a bump in the middle mixed in"), .fault = with_bump, .dose = .50},
    {IG("ig-shifted-1", "one pixel to the right"), .fault = shifted, .dose = 1},
    {IG("ig-mirrored", "left and right exchanged"), .fault = mirrored},
    {IG("ig-transposed", "rows and columns exchanged"), .fault = transposed},
    {IG("ig-zero-three", "empty maps of class 3"), .fault = zero_three},
};

MUTANT_PLUGIN("path");
