/* two-in-one: nothing wrong with it: one library with two explainers and every kind of parameter. */
#include "explainer.h"

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    return model->gradient(model, request->n, request->inputs, request->targets, maps, why);
}

static void destroy(const assay_explainer *self) {
    (void)self;
}

static const char *const colours[] = {"red", "green", NULL};
static const assay_param_info params[] = {
    {.name = "level", .summary = "a number", .kind = ASSAY_NUMBER, .number = .5, .min = 0, .max = 1},
    {.name = "count", .summary = "a whole number", .kind = ASSAY_INTEGER, .number = 3, .min = -5, .max = 5},
    {.name = "colour", .summary = "a choice", .kind = ASSAY_CHOICE, .text = "green", .choices = colours},
    {.name = "layer", .summary = "a text", .kind = ASSAY_TEXT, .text = ""},
};
static const assay_explainer_info first = {
    .id = "first-one",
    .name = "First",
    .summary = "gradient",
    .source = "tests/bad",
};
static const assay_explainer_info second = {
    .id = "second-one",
    .name = "Second",
    .summary = "gradient",
    .source = "tests/bad",
    .param_count = 4,
    .params = params,
};
static const assay_explainer_info *const infos[] = {&first, &second};
static const assay_explainer explainers[] = {{&first, attribute, destroy}, {&second, attribute, destroy}};

/* Level 1 is refused, so that create() is seen to fail with words. */
static const assay_explainer *create(const assay_host *host, const char *id, const assay_param *given, uint32_t n,
                                     assay_why *why) {
    (void)host;
    if (n > 0 && given[0].number >= 1) {
        assay_say(why, ASSAY_FAILED, "level=1 is too much");
        return NULL;
    }
    return &explainers[id[0] == 's'];
}

ASSAY_EXPORT const assay_plugin assay_entry = {ASSAY_VERSION_INIT, 2, infos, create};
