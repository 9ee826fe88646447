/* kit_features.h: an input cut into features that are hidden and shown as one: single elements, cells of a grid,
 * superpixels, groups that are written down. Header-only, for explainers, beside kit.h. */
#ifndef ASSAY_KIT_FEATURES_H
#define ASSAY_KIT_FEATURES_H

#include "explainer.h"
#include "kit.h"
#include "kit_scores.h"

#include <limits.h>

/* ---- Axes ---- */

/* A sample as channels x places: a picture has height x width places, a sequence 1 x length, a volume depth x height x
 * width. Features of a table are channels of one place. Element (c, p) is c * places + p. */
typedef struct kit_axes {
    size_t channels, places;
    size_t size[3]; /* of the places: depth, height, width */
} kit_axes;

static inline kit_axes kit_axes_of(const assay_shape *shape) {
    kit_axes axes = {shape->dim[0], 1, {1, 1, 1}};
    for (uint32_t d = 1; d < shape->rank; d++) {
        axes.size[3 - shape->rank + d] = shape->dim[d];
        axes.places *= shape->dim[d];
    }
    return axes;
}

/* ---- Features ---- */

typedef struct kit_features {
    uint32_t count;
    uint32_t *of; /* [input]: the feature that each element belongs to */
} kit_features;

static inline void kit_features_finish(kit_features *features) {
    free(features->of);
    features->of = NULL;
}

/* Numbers features from 0 without gaps, in the order of their first elements. `of` holds values below `most`. */
static inline bool kit_features_number(kit_features *features, size_t count, size_t most) {
    uint32_t *number = (uint32_t *)malloc(most * sizeof *number);
    if (!number) return false;
    memset(number, 0xff, most * sizeof *number);
    features->count = 0;
    for (size_t k = 0; k < count; k++) {
        uint32_t *mine = &number[features->of[k]];
        if (*mine == UINT32_MAX) *mine = features->count++;
        features->of[k] = *mine;
    }
    free(number);
    return true;
}

static inline size_t kit_cells(const kit_axes *axes, size_t side) {
    size_t cells = 1;
    for (int d = 0; d < 3; d++) cells *= (axes->size[d] + side - 1) / side;
    return cells;
}

/* Cells of equal sides over all channels: the smallest that make at most `wanted` cells. */
static inline void kit_cut_grid(const kit_axes *axes, uint32_t wanted, uint32_t *of) {
    size_t side = 1, cells[3];
    while (kit_cells(axes, side) > wanted) side++;
    for (int d = 0; d < 3; d++) cells[d] = (axes->size[d] + side - 1) / side;
    for (size_t p = 0; p < axes->places; p++) {
        size_t x = p % axes->size[2], y = p / axes->size[2] % axes->size[1], z = p / axes->size[2] / axes->size[1];
        size_t cell = (z / side * cells[1] + y / side) * cells[2] + x / side;
        for (size_t c = 0; c < axes->channels; c++) of[c * axes->places + p] = (uint32_t)cell;
    }
}

/* ---- Superpixels: SLIC, Achanta et al. 2012, section 3, doi:10.1109/TPAMI.2012.120 ---- */

#define KIT_SLIC_ROUNDS 10
/* How far values differ, as a share of their range, that weighs as much as the distance between centres. */
#define KIT_SLIC_COMPACTNESS .1

/* Squared distance of place p to a centre {value of each channel, y, x}. */
static inline double kit_slic_distance(const kit_axes *axes, const float *x, size_t p, const double *centre,
                                       double range, double step) {
    double value = 0, place = 0, at[2] = {(double)(p / axes->size[2]), (double)(p % axes->size[2])};
    for (size_t c = 0; c < axes->channels; c++) {
        double d = ((double)x[c * axes->places + p] - centre[c]) / range;
        value += d * d;
    }
    for (size_t i = 0; i < 2; i++) {
        double d = (at[i] - centre[axes->channels + i]) / step;
        place += d * d;
    }
    return value / (KIT_SLIC_COMPACTNESS * KIT_SLIC_COMPACTNESS) + place;
}

/* Each of k centres[channels + 2] becomes the mean of the places that are its own. */
static inline void kit_slic_means(const kit_axes *axes, const float *x, const uint32_t *of, size_t k, double *centres,
                                  double *counts) {
    size_t width = axes->channels + 2;
    memset(centres, 0, k * width * sizeof *centres);
    memset(counts, 0, k * sizeof *counts);
    for (size_t p = 0; p < axes->places; p++) {
        double *centre = centres + of[p] * width;
        for (size_t c = 0; c < axes->channels; c++) centre[c] += (double)x[c * axes->places + p];
        centre[axes->channels] += (double)(p / axes->size[2]);
        centre[axes->channels + 1] += (double)(p % axes->size[2]);
        counts[of[p]]++;
    }
    for (size_t i = 0; i < k * width; i++) centres[i] /= counts[i / width] > 0 ? counts[i / width] : 1;
}

/* Each place goes to the nearest centre that is at most two steps away in both directions, ties to the first; where
 * there is none it stays. */
static inline void kit_slic_assign(const kit_axes *axes, const float *x, const double *centres, const double *counts,
                                   size_t k, double range, double step, double *nearest, uint32_t *of) {
    size_t width = axes->channels + 2;
    for (size_t p = 0; p < axes->places; p++) nearest[p] = HUGE_VAL;
    for (size_t i = 0; i < k; i++) {
        const double *centre = centres + i * width, *at = centre + axes->channels;
        size_t first[2], end[2];
        for (size_t d = 0; d < 2; d++) {
            first[d] = (size_t)ceil(fmax(at[d] - 2 * step, 0));
            end[d] = (size_t)fmin(floor(at[d] + 2 * step) + 1, (double)axes->size[1 + d]);
        }
        for (size_t row = first[0]; counts[i] > 0 && row < end[0]; row++)
            for (size_t column = first[1]; column < end[1]; column++) {
                size_t p = row * axes->size[2] + column;
                double distance = kit_slic_distance(axes, x, p, centre, range, step);
                if (distance < nearest[p]) nearest[p] = distance, of[p] = (uint32_t)i;
            }
    }
}

/* About `wanted` superpixels of a picture, from the cells of a grid. A superpixel need not be connected. */
static inline bool kit_cut_slic(const kit_axes *axes, const float *x, uint32_t wanted, uint32_t *of) {
    size_t count = axes->channels * axes->places, side = 1;
    while (kit_cells(axes, side) > wanted) side++;
    size_t k = kit_cells(axes, side);
    double low = (double)x[0], high = low;
    for (size_t i = 1; i < count; i++) low = fmin(low, (double)x[i]), high = fmax(high, (double)x[i]);
    double range = high > low ? high - low : 1;
    double *centres = (double *)calloc(k * (axes->channels + 3) + axes->places, sizeof *centres);
    if (!centres) return false;
    double *counts = centres + k * (axes->channels + 2), *nearest = counts + k;
    kit_cut_grid(axes, wanted, of);
    for (int round = 0; round < KIT_SLIC_ROUNDS; round++) {
        kit_slic_means(axes, x, of, k, centres, counts);
        kit_slic_assign(axes, x, centres, counts, k, range, (double)side, nearest, of);
    }
    for (size_t c = 1; c < axes->channels; c++) memcpy(of + c * axes->places, of, axes->places * sizeof *of);
    free(centres);
    return true;
}

/* ---- Groups that are written down: "0-3/7+9" ---- */

/* Elements with a number in the text: `-` is a run, `+` joins, `/` ends a group. All others are alone. */
static inline assay_status kit_cut_groups(const char *text, size_t count, uint32_t *of, assay_why *why) {
    uint32_t group = (uint32_t)count;
    for (size_t k = 0; k < count; k++) of[k] = (uint32_t)k;
    for (const char *at = text; *at;) {
        char *end;
        unsigned long first = *at >= '0' && *at <= '9' ? strtoul(at, &end, 10) : ULONG_MAX, last = first;
        if (first != ULONG_MAX && *end == '-' && end[1] >= '0' && end[1] <= '9') last = strtoul(end + 1, &end, 10);
        if (first > last || last >= count || (*end && *end != '+' && *end != '/') || (*end && !end[1]))
            return assay_say(
                why, ASSAY_FAILED,
                "groups=%.60s: at \"%.20s\": wanted elements below %zu, as in 0-3/7+9: - is a run, + joins, "
                "/ ends a group",
                text, at, count);
        for (unsigned long k = first; k <= last; k++) {
            if (of[k] >= count)
                return assay_say(why, ASSAY_FAILED, "groups=%.60s: element %lu is named twice", text, k);
            of[k] = group;
        }
        group += *end == '/';
        at = *end ? end + 1 : end;
    }
    return ASSAY_OK;
}

/* ---- All of them ---- */

/* How a method's parameters say it: KIT_FEATURE_PARAMS(CUT) in its table, where CUT is followed by three more. */
static const char *const kit_cuts[] = {"grid", "elements", "slic", NULL};

#define KIT_BASELINE_PARAM                                                                                             \
    { .name = "baseline", .summary = "value of hidden elements", .kind = ASSAY_NUMBER, .min = -1e6, .max = 1e6 }

#define KIT_FEATURE_PARAMS(first)                                                                                      \
    [first] = {.name = "cut",                                                                                          \
               .summary = "features: cells of a grid, single elements, or superpixels of a picture",                   \
               .kind = ASSAY_CHOICE,                                                                                   \
               .text = "grid",                                                                                         \
               .choices = kit_cuts},                                                                                   \
    [(first) + 1] = {.name = "features",                                                                               \
                     .summary = "cells or superpixels at most",                                                        \
                     .kind = ASSAY_INTEGER,                                                                            \
                     .number = 49,                                                                                     \
                     .min = 1,                                                                                         \
                     .max = 100000},                                                                                   \
    [(first) + 2] = {.name = "groups",                                                                                 \
                     .summary = "elements that are one feature each, as 0-3/7+9; all others are alone; or none",       \
                     .kind = ASSAY_TEXT,                                                                               \
                     .text = ""},                                                                                      \
    [(first) + 3] = KIT_BASELINE_PARAM

/* Cuts the input x[input]: by `groups` unless it is empty, else as `cut` says, into `wanted` features at most; features
 * of a table are single elements in any case. kit_features_finish() in any case. ASSAY_UNSUPPORTED: superpixels of
 * what is no picture. */
static inline assay_status kit_features_init(kit_features *features, const assay_shape *shape, const char *cut,
                                             uint32_t wanted, const char *groups, const float *x, assay_why *why) {
    kit_axes axes = kit_axes_of(shape);
    assay_status status = ASSAY_OK;
    bool slic = strcmp(cut, "slic") == 0, ok = true;
    *features = (kit_features){0, (uint32_t *)malloc(shape->count * sizeof(uint32_t))};
    if (!features->of) return assay_say(why, ASSAY_FAILED, "out of memory");
    if (slic && shape->rank != 3)
        return assay_say(why, ASSAY_UNSUPPORTED, "superpixels are of pictures: the model's input has rank %u",
                         shape->rank);
    if (groups[0]) status = kit_cut_groups(groups, shape->count, features->of, why);
    else if (slic) ok = kit_cut_slic(&axes, x, wanted, features->of);
    else if (shape->rank == 1 || strcmp(cut, "elements") == 0)
        for (size_t k = 0; k < shape->count; k++) features->of[k] = (uint32_t)k;
    else kit_cut_grid(&axes, wanted, features->of);
    if (status != ASSAY_OK) return status;
    ok = ok && kit_features_number(features, shape->count, 2 * shape->count);
    return ok ? ASSAY_OK : assay_say(why, ASSAY_FAILED, "out of memory");
}

/* point[input]: x where its feature is shown, else the baseline. */
static inline void kit_features_show(const kit_features *features, const bool *shown, const float *x, float baseline,
                                     size_t count, float *point) {
    for (size_t k = 0; k < count; k++) point[k] = shown[features->of[k]] ? x[k] : baseline;
}

/* map[input]: every element gets the value of its feature. */
static inline void kit_features_spread(const kit_features *features, const double *values, size_t count, float *map) {
    for (size_t k = 0; k < count; k++) map[k] = (float)values[features->of[k]];
}

/* ---- A method that asks what features bring ---- */

/* Four parameters of the method, one behind the other from that of kit_cuts on: cut, features, groups, baseline.
 * Whether every feature is one element, and whether hidden elements are zero, as claims depend on it. */
static inline bool kit_features_alone(const assay_param *cut) {
    return strcmp(cut[0].text, "elements") == 0 && !cut[2].text[0];
}
static inline bool kit_features_from_zero(const assay_param *cut) {
    return !(cut[3].number < 0 || cut[3].number > 0);
}

/* The map of one input; s->target is its class. */
typedef assay_status (*kit_explain_features)(const assay_explainer *, kit_scorer *s, const kit_features *,
                                             const float *x, uint64_t seed, float *map);

/* For attribute(): cuts each input of the request as the parameters from number `first` on say, and asks `explain`. */
static inline assay_status kit_features_each(const assay_explainer *self, uint32_t first, kit_explain_features explain,
                                             const assay_model *model, const assay_request *request, float *maps,
                                             assay_why *why) {
    size_t count = model->input.count;
    kit_scorer s;
    assay_status status = kit_scorer_init(&s, model, why);
    for (uint32_t i = 0; i < request->n && status == ASSAY_OK; i++) {
        const float *x = request->inputs + i * count;
        kit_features features;
        s.target = request->targets[i];
        status = kit_features_init(&features, &model->input, kit_text(self, first),
                                   (uint32_t)kit_number(self, first + 1), kit_text(self, first + 2), x, why);
        if (status == ASSAY_OK) status = explain(self, &s, &features, x, request->seeds[i], maps + i * count);
        kit_features_finish(&features);
    }
    kit_scorer_finish(&s);
    return status;
}

#endif
