/* kit_background.h: gradients on lines from samples of the data to an input, averaged. Header-only, for explainers,
 * beside kit.h. */
#ifndef ASSAY_KIT_BACKGROUND_H
#define ASSAY_KIT_BACKGROUND_H

#include "explainer.h"
#include "kit.h"
#include "noise.h"

#define KIT_BACKGROUND_BLOCK 50u /* points held at once */

/* Where the lines begin: at samples of the data, or at zero. */
static const char *const kit_backgrounds[] = {"data", "zero", NULL};

#define KIT_BACKGROUND_PARAM                                                                                           \
    {                                                                                                                  \
        .name = "background", .summary = "where lines begin: at samples of the data, or at zero",                      \
        .kind = ASSAY_CHOICE, .text = "data", .choices = kit_backgrounds                                               \
    }

#define KIT_LINES_SAMPLES_PARAM                                                                                        \
    {                                                                                                                  \
        .name = "samples", .summary = "points, each on a line of its own", .kind = ASSAY_INTEGER, .number = 200,       \
        .min = 1, .max = 1000000                                                                                       \
    }

/* What an input is compared with. */
typedef struct kit_background {
    const float *samples; /* [count][input] */
    uint32_t count;
    float *own; /* [input]: zeros, where they are the background */
} kit_background;

static inline void kit_background_finish(kit_background *b) {
    free(b->own);
}

/* `which` is one of kit_backgrounds. kit_background_finish() in any case. */
static inline assay_status kit_background_init(kit_background *b, const char *which, const assay_model *model,
                                               assay_why *why) {
    size_t count = model->input.count;
    const assay_background *data = (const assay_background *)model->extension(model, ASSAY_BACKGROUND);
    *b = (kit_background){.count = 1};
    if (strcmp(which, "data") == 0) {
        if (!data)
            return assay_say(why, ASSAY_UNSUPPORTED,
                             "no samples of the data are known of this network: background=zero wanted");
        b->samples = data->samples(model, &b->count);
    } else {
        b->samples = b->own = kit_floats(1, count);
        for (size_t k = 0; b->own && k < count; k++) b->own[k] = 0;
    }
    return b->samples ? ASSAY_OK : assay_say(why, ASSAY_FAILED, "out of memory");
}

/* What a call needs. */
typedef struct kit_lines {
    const assay_random *random;
    kit_background begins;
    float *points, *ways, *gradients; /* [block][input]: ways lead from the beginning to the (noisy) input */
    uint32_t targets[KIT_BACKGROUND_BLOCK];
} kit_lines;

static inline void kit_lines_finish(kit_lines *l) {
    kit_background_finish(&l->begins);
    free(l->points);
}

/* Parameter number `first` is KIT_BACKGROUND_PARAM. kit_lines_finish() in any case. */
static inline assay_status kit_lines_init(kit_lines *l, const assay_explainer *self, uint32_t first,
                                          const assay_model *model, assay_why *why) {
    size_t count = model->input.count;
    *l = (kit_lines){.random = (const assay_random *)kit_extension(self, ASSAY_RANDOM, why)};
    if (!l->random) return ASSAY_FAILED;
    assay_status status = kit_background_init(&l->begins, kit_text(self, first), model, why);
    if (status != ASSAY_OK) return status;
    l->points = kit_floats(3 * (size_t)KIT_BACKGROUND_BLOCK, count);
    if (!l->points) return assay_say(why, ASSAY_FAILED, "out of memory");
    l->ways = l->points + KIT_BACKGROUND_BLOCK * count;
    l->gradients = l->ways + KIT_BACKGROUND_BLOCK * count;
    return ASSAY_OK;
}

/* Sample `number` of the stream into place i of a block: the background sample and the place on the line to it are
 * numbers 2 and 2 + 1 of the uniform stream, the noise is of the normal one. */
static inline void kit_lines_draw(kit_lines *l, size_t count, const float *x, float noise, uint64_t seed,
                                  uint32_t number, uint32_t i) {
    float *point = l->points + i * count, *way = l->ways + i * count, chance[2];
    l->random->uniform(seed, 2 * (uint64_t)number, 2, chance);
    const float *begin = l->begins.samples + (size_t)((double)chance[0] * l->begins.count) * count;
    if (noise > 0) l->random->normal(seed, (uint64_t)number * count, count, way);
    for (size_t k = 0; k < count; k++) {
        way[k] = x[k] + (noise > 0 ? noise * way[k] : 0) - begin[k];
        point[k] = begin[k] + chance[1] * way[k];
    }
}

/* map[input]: the mean of way x gradient over `samples` points; `noise` is the standard deviation of what is added to
 * the input. Fails as the model does. */
static inline assay_status kit_lines_explain(kit_lines *l, const assay_model *model, const float *x, uint32_t target,
                                             uint64_t seed, uint32_t samples, float noise, float *map, assay_why *why) {
    size_t count = model->input.count;
    for (size_t k = 0; k < count; k++) map[k] = 0;
    for (kit_block b = {0, 0}; kit_next(&b, samples, KIT_BACKGROUND_BLOCK);) {
        for (uint32_t i = 0; i < b.n; i++) {
            kit_lines_draw(l, count, x, noise, seed, b.first + i, i);
            l->targets[i] = target;
        }
        assay_status status = model->gradient(model, b.n, l->points, l->targets, l->gradients, why);
        if (status != ASSAY_OK) return status;
        for (size_t k = 0; k < b.n * count; k++) map[k % count] += l->ways[k] * l->gradients[k] / (float)samples;
    }
    return ASSAY_OK;
}

/* A whole method: KIT_LINES_SAMPLES_PARAM and KIT_BACKGROUND_PARAM are its parameters of those numbers; the standard
 * deviation of the noise is that share of an input's range. */
static inline assay_status kit_lines_attribute(const assay_explainer *self, const assay_model *model,
                                               const assay_request *request, uint32_t samples, uint32_t background,
                                               float noise, float *maps, assay_why *why) {
    size_t count = model->input.count;
    kit_lines lines;
    assay_status status = kit_lines_init(&lines, self, background, model, why);
    for (uint32_t i = 0; i < request->n && status == ASSAY_OK; i++) {
        const float *x = request->inputs + i * count;
        status = kit_lines_explain(&lines, model, x, request->targets[i], request->seeds[i],
                                   (uint32_t)kit_number(self, samples), noise * (float)noise_range(x, count),
                                   maps + i * count, why);
    }
    kit_lines_finish(&lines);
    return status;
}

#endif
