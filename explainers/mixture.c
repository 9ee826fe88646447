/* mixture: dose parts of what no model had a part in, and 1 - dose parts of the gradient, each at a root mean square of
 * 1. A baseline of known strength, for `assay calibrate`: from which dose on do controls notice it? docs/verdict.md,
 * section 6, dose and response. */
#include "explainer.h"
#include "kit.h"

#include <math.h>

enum { CONTENT, DOSE, PARAMS };
static const char *const contents[] = {"edges", "input", "prior", NULL};

/* The step to the next place along each axis of a plane. */
static void make_edges(const assay_model *model, size_t height, size_t width, const float *x, float *map) {
    for (size_t k = 0; k < model->input.count; k++) {
        size_t p = k % (height * width), row = p / width, column = p % width;
        float along = column + 1 < width ? x[k + 1] - x[k] : 0, down = row + 1 < height ? x[k + width] - x[k] : 0;
        map[k] = sqrtf(along * along + down * down);
    }
}

/* The same for every input: a sum of uniform numbers by a multiplicative congruence, nearly normal. */
static void make_prior(size_t count, float *map) {
    uint64_t state = 20181028;
    for (size_t k = 0; k < count; k++) {
        double sum = -6;
        for (int i = 0; i < 12; i++) {
            state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            sum += (double)(state >> 11) * 0x1p-53;
        }
        map[k] = (float)sum;
    }
}

/* In units of the root mean square; zeros stay zeros. */
static double unit_of(const float *map, size_t count) {
    double square = 0;
    for (size_t k = 0; k < count; k++) square += (double)map[k] * (double)map[k];
    return square > 0 ? 1 / sqrt(square / (double)count) : 0;
}

static assay_status mix(const assay_explainer *self, const assay_model *model, const float *x, uint32_t target,
                        float *content, float *map, assay_why *why) {
    size_t count = model->input.count, height, width;
    const char *which = kit_text(self, CONTENT);
    double dose = kit_number(self, DOSE);
    if (strcmp(which, "input") == 0) memcpy(content, x, count * sizeof *content);
    else if (strcmp(which, "prior") == 0) make_prior(count, content);
    else if (kit_plane(&model->input, &height, &width)) make_edges(model, height, width, x, content);
    else
        return assay_say(why, ASSAY_UNSUPPORTED,
                         "edges need an image of C x H x W or a sequence of C x L: the model's input has rank %u",
                         model->input.rank);
    assay_status status = model->gradient(model, 1, x, &target, map, why);
    double part = dose * unit_of(content, count), rest = (1 - dose) * unit_of(map, count);
    for (size_t k = 0; status == ASSAY_OK && k < count; k++)
        map[k] = (float)(part * (double)content[k] + rest * (double)map[k]);
    return status;
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    size_t count = model->input.count;
    float *content = kit_floats(1, count);
    assay_status status = content ? ASSAY_OK : assay_say(why, ASSAY_FAILED, "out of memory");
    for (uint32_t i = 0; status == ASSAY_OK && i < request->n; i++)
        status = mix(self, model, request->inputs + i * count, request->targets[i], content, maps + i * count, why);
    free(content);
    return status;
}

static const assay_param_info params[PARAMS] = {
    [CONTENT] = {.name = "content",
                 .summary =
                     "what the model has no part in: steps of the input, the input, or one pattern for all inputs",
                 .kind = ASSAY_CHOICE,
                 .text = "edges",
                 .choices = contents},
    [DOSE] = {.name = "dose", .summary = "its part of the map", .kind = ASSAY_NUMBER, .number = .5, .min = 0, .max = 1},
};

static const assay_explainer_info info = {
    .id = "mixture",
    .name = "Mixture",
    .summary = "baseline of known strength: dose parts of edges, input or a prior, the rest gradient",
    .source = "baseline; docs/verdict.md, section 6 (dose and response)",
    .claims = 0,
    .param_count = PARAMS,
    .params = params,
};

static const assay_about about = {
    .id = "mixture",
    .family = "baseline",
    .formula = "dose c / rms(c) + (1 - dose) g / rms(g), c content, g gradient",
    .cost = "1 gradient",
    .inputs = ASSAY_SEQUENCES | ASSAY_PICTURES | ASSAY_TOKENS,
    .checked = "its parts",
    .within = 1e-5,
};
ASSAY_ABOUT_PLUGIN(about);

KIT_PLUGIN(info, attribute);
