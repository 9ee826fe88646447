/* axioms: methods that are complete, each without one axiom. first-place: all is given to the first feature.
 * one-order: features come in one by one in their order, an honest path that treats none alike. rescaled: input times
 * gradient, stretched until it adds up. by-place: integrated gradients, of which the upper rows have more. */
#include "explainer.h"

#include <stdlib.h>
#include <string.h>

typedef assay_status (*method)(const assay_model *, const float *x, uint32_t target, float *map, assay_why *);

static assay_status logit(const assay_model *model, const float *x, uint32_t target, double *out, assay_why *why) {
    float logits[64] = {0};
    if (model->outputs > 64) return assay_say(why, ASSAY_UNSUPPORTED, "too many classes");
    assay_status status = model->forward(model, 1, x, logits, why);
    *out = (double)logits[target];
    return status;
}

/* f(x) - f(0); scratch[input] */
static assay_status difference(const assay_model *model, const float *x, uint32_t target, float *scratch, double *out,
                               assay_why *why) {
    double from = 0;
    memset(scratch, 0, model->input.count * sizeof *scratch);
    assay_status status = logit(model, scratch, target, &from, why);
    if (status == ASSAY_OK) status = logit(model, x, target, out, why);
    *out -= from;
    return status;
}

static assay_status first_place(const assay_model *model, const float *x, uint32_t target, float *map, assay_why *why) {
    double due = 0;
    assay_status status = difference(model, x, target, map, &due, why);
    map[0] = (float)due;
    return status;
}

static assay_status one_order(const assay_model *model, const float *x, uint32_t target, float *map, assay_why *why) {
    size_t count = model->input.count;
    float *shown = calloc(count, sizeof *shown);
    double last = 0, now = 0;
    if (!shown) return assay_say(why, ASSAY_FAILED, "out of memory");
    assay_status status = logit(model, shown, target, &last, why);
    for (size_t k = 0; k < count && status == ASSAY_OK; k++) {
        map[k] = 0;
        if (!(x[k] < 0 || x[k] > 0)) continue;
        shown[k] = x[k];
        status = logit(model, shown, target, &now, why);
        map[k] = (float)(now - last);
        last = now;
    }
    free(shown);
    return status;
}

static assay_status rescaled(const assay_model *model, const float *x, uint32_t target, float *map, assay_why *why) {
    double due = 0, sum = 0;
    assay_status status = difference(model, x, target, map, &due, why);
    if (status == ASSAY_OK) status = model->gradient(model, 1, x, &target, map, why);
    for (size_t k = 0; k < model->input.count; k++) sum += (double)(map[k] *= x[k]);
    for (size_t k = 0; k < model->input.count; k++) map[k] = (float)((double)map[k] * due / sum);
    return status;
}

static assay_status by_place(const assay_model *model, const float *x, uint32_t target, float *map, assay_why *why) {
    enum { STEPS = 20 };
    const assay_line *line = model->extension(model, ASSAY_LINE);
    size_t count = model->input.count;
    float positions[STEPS], weights[STEPS], *origin = calloc(count, sizeof *origin);
    if (!line || !origin) return assay_say(why, ASSAY_FAILED, "out of memory");
    for (uint32_t k = 0; k < STEPS; k++) positions[k] = ((float)k + .5f) / STEPS, weights[k] = 1.f / STEPS;
    assay_status status = line->gradient_sum(model, origin, x, target, STEPS, positions, weights, map, why);
    for (size_t k = 0; k < count; k++)
        map[k] *= x[k] * (model->input.rank < 3 ? 1 : 1.1f - .2f * (float)k / (float)count);
    free(origin);
    return status;
}

static const struct {
    const char *id;
    method explain;
} methods[] = {{"first-place", first_place}, {"one-order", one_order}, {"rescaled", rescaled}, {"by-place", by_place}};

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    size_t which = 0;
    assay_status status = ASSAY_OK;
    while (strcmp(methods[which].id, self->info->id) != 0) which++;
    for (uint32_t i = 0; i < request->n && status == ASSAY_OK; i++)
        status = methods[which].explain(model, request->inputs + i * model->input.count, request->targets[i],
                                        maps + i * model->input.count, why);
    return status;
}

static void destroy(const assay_explainer *self) {
    (void)self;
}

#define INFO(text)                                                                                                     \
    { .id = text, .name = text, .summary = text, .source = "tests/bad", .claims = ASSAY_COMPLETE }
static const assay_explainer_info info[] = {INFO("first-place"), INFO("one-order"), INFO("rescaled"), INFO("by-place")};
static const assay_explainer_info *const infos[] = {&info[0], &info[1], &info[2], &info[3]};
static const assay_explainer explainers[] = {{&info[0], attribute, destroy},
                                             {&info[1], attribute, destroy},
                                             {&info[2], attribute, destroy},
                                             {&info[3], attribute, destroy}};

static const assay_explainer *create(const assay_host *host, const char *id, const assay_param *given, uint32_t n,
                                     assay_why *why) {
    size_t which = 0;
    (void)host, (void)given, (void)n, (void)why;
    while (strcmp(methods[which].id, id) != 0) which++;
    return &explainers[which];
}

ASSAY_EXPORT const assay_plugin assay_entry = {ASSAY_VERSION_INIT, 4, infos, create};
