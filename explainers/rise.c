/* rise: random smooth masks, each weighted by the score of the input behind it. A mask is a coarse grid of coins,
 * enlarged bilinearly and moved by a random offset, as in the authors' code. Petsiuk et al. 2018, arXiv:1806.07421. */
#include "explainer.h"
#include "kit.h"
#include "kit_features.h"

enum { SAMPLES, CELLS, SHOWN, SCORE, CENTRED, BASELINE, PARAMS };

/* The coarse grid, one cell's size in places, and the plane of the input. Of a sequence all has one row. */
struct grid {
    size_t rows, columns, cell_height, cell_width, height, width;
};

#define KEPT_NUMBERS ((size_t)1 << 22) /* of masks: those behind them are drawn again where maps are added up */

struct scratch {
    const assay_random *random;
    struct grid grid;
    size_t plane;
    uint32_t kept;  /* masks */
    float *numbers; /* [rows * columns + 2] */
    float *large;   /* the enlarged grid, one cell more than the plane on each side */
    float *masks;   /* [kept + 1][plane]: the last is of those that are not kept */
    double *scores; /* [samples] */
    double *sums;   /* [plane] */
};

static bool scratch_init(struct scratch *t, const assay_explainer *self, const assay_random *random, size_t height,
                         size_t width) {
    size_t cells = (size_t)kit_number(self, CELLS), rows = height > 1 ? cells : 1;
    struct grid g = {rows, cells, (height + rows - 1) / rows, (width + cells - 1) / cells, height, width};
    size_t samples = (size_t)kit_number(self, SAMPLES), most = KEPT_NUMBERS / (height * width);
    *t = (struct scratch){.random = random, .grid = g, .plane = height * width};
    t->kept = (uint32_t)(samples < most ? samples : most);
    t->numbers = kit_floats(1, rows * cells + 2);
    t->large = kit_floats((rows + 1) * g.cell_height, (cells + 1) * g.cell_width);
    t->masks = kit_floats((size_t)t->kept + 1, t->plane);
    t->scores = (double *)calloc(samples, sizeof *t->scores);
    t->sums = (double *)calloc(height * width, sizeof *t->sums);
    return t->numbers && t->large && t->masks && t->scores && t->sums;
}

static void scratch_finish(struct scratch *t) {
    free(t->numbers);
    free(t->large);
    free(t->masks);
    free(t->scores);
    free(t->sums);
}

/* Mask `index` of the stream (section 3.2): cells are shown with a probability, the last two numbers are the offset. */
static const float *draw_mask(struct scratch *t, uint64_t seed, uint32_t index, double shown) {
    const struct grid *g = &t->grid;
    float *mask = t->masks + (index < t->kept ? index : t->kept) * t->plane;
    size_t cells = g->rows * g->columns, width = (g->columns + 1) * g->cell_width;
    t->random->uniform(seed, (uint64_t)index * (cells + 2), cells + 2, t->numbers);
    size_t down = (size_t)((double)t->numbers[cells] * (double)g->cell_height);
    size_t along = (size_t)((double)t->numbers[cells + 1] * (double)g->cell_width);
    for (size_t k = 0; k < cells; k++) t->numbers[k] = (double)t->numbers[k] < shown ? 1 : 0;
    kit_upsample(t->numbers, g->rows, g->columns, t->large, (g->rows + 1) * g->cell_height, width);
    for (size_t y = 0; y < g->height; y++)
        memcpy(mask + y * g->width, t->large + (y + down) * width + along, g->width * sizeof *mask);
    return mask;
}

static assay_status score_masks(const assay_explainer *self, struct scratch *t, kit_scorer *s, const float *x,
                                uint64_t seed) {
    size_t count = s->model->input.count;
    uint32_t samples = (uint32_t)kit_number(self, SAMPLES);
    float baseline = (float)kit_number(self, BASELINE);
    assay_status status = ASSAY_OK;
    s->scores = t->scores;
    for (uint32_t m = 0; m < samples && status == ASSAY_OK; m++) {
        float *point = kit_scorer_point(s);
        const float *mask = draw_mask(t, seed, m, kit_number(self, SHOWN));
        for (size_t from = 0; from < count; from += t->plane)
            for (size_t k = 0; k < t->plane; k++) point[from + k] = baseline + mask[k] * (x[from + k] - baseline);
        status = kit_scorer_add(s);
    }
    return status == ASSAY_OK ? kit_scorer_flush(s) : status;
}

/* Equation 6. */
static void sum_masks(const assay_explainer *self, struct scratch *t, uint64_t seed) {
    uint32_t samples = (uint32_t)kit_number(self, SAMPLES);
    double shown = kit_number(self, SHOWN), mean = 0;
    for (uint32_t m = 0; m < samples && kit_number(self, CENTRED) > 0; m++) mean += t->scores[m] / samples;
    memset(t->sums, 0, t->plane * sizeof *t->sums);
    for (uint32_t m = 0; m < samples; m++) {
        const float *mask = m < t->kept ? t->masks + m * t->plane : draw_mask(t, seed, m, shown);
        double weight = (t->scores[m] - mean) / (samples * shown);
        for (size_t k = 0; k < t->plane; k++) t->sums[k] += weight * (double)mask[k];
    }
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    size_t count = model->input.count, height, width;
    const assay_random *random = kit_extension(self, ASSAY_RANDOM, why);
    if (!random) return ASSAY_FAILED;
    if (!kit_plane(&model->input, &height, &width))
        return assay_say(
            why, ASSAY_UNSUPPORTED,
            "smooth masks need an image of C x H x W or a sequence of C x L: the model's input has rank %u",
            model->input.rank);
    kit_scorer s;
    struct scratch t;
    assay_status status = kit_scorer_init(&s, model, why);
    if (!scratch_init(&t, self, random, height, width)) status = assay_say(why, ASSAY_FAILED, "out of memory");
    s.probability = strcmp(kit_text(self, SCORE), "probability") == 0;
    for (uint32_t i = 0; i < request->n && status == ASSAY_OK; i++) {
        s.target = request->targets[i];
        status = score_masks(self, &t, &s, request->inputs + i * count, request->seeds[i]);
        if (status != ASSAY_OK) break;
        sum_masks(self, &t, request->seeds[i]);
        for (size_t k = 0; k < count; k++) maps[i * count + k] = (float)t.sums[k % (height * width)];
    }
    kit_scorer_finish(&s);
    scratch_finish(&t);
    return status;
}

static const char *const score_names[] = {"logit", "probability", NULL};
static const assay_param_info params[PARAMS] = {
    [SAMPLES] = {.name = "samples", .summary = "masks", .kind = ASSAY_INTEGER, .number = 1000, .min = 1, .max = 1e6},
    [CELLS] = {.name = "cells",
               .summary = "of the coarse grid, along each side",
               .kind = ASSAY_INTEGER,
               .number = 7,
               .min = 1,
               .max = 1000},
    [SHOWN] = {.name = "shown",
               .summary = "probability that a cell is shown",
               .kind = ASSAY_NUMBER,
               .number = .5,
               .min = .001,
               .max = .999},
    [SCORE] = {.name = "score",
               .summary = "what weighs a mask: the logit, or the probability as in the paper",
               .kind = ASSAY_CHOICE,
               .text = "logit",
               .choices = score_names},
    [CENTRED] = {.name = "centred",
                 .summary = "1: scores less their mean, which takes noise away; 0: as in the paper",
                 .kind = ASSAY_INTEGER,
                 .max = 1},
    [BASELINE] = KIT_BASELINE_PARAM,
};

static const assay_explainer_info info = {
    .id = "rise",
    .name = "RISE",
    .summary = "random smooth masks, weighted by the logit of the input behind them",
    .source = "Petsiuk et al. 2018, section 3, arXiv:1806.07421",
    .claims = ASSAY_STOCHASTIC,
    .param_count = PARAMS,
    .params = params,
};

static const assay_about about = {
    .id = "rise",
    .family = "perturbation",
    .formula = "mean of f(b + m (x - b)) m / p over random masks m, of which the share p is shown",
    .cost = "samples forward",
    .inputs = ASSAY_SEQUENCES | ASSAY_PICTURES | ASSAY_TOKENS,
    .checked = "the authors' masks in numpy, in torch",
    .within = 1e-5,
};
ASSAY_ABOUT_PLUGIN(about);

KIT_PLUGIN(info, attribute);
