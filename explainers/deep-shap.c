/* deep-shap: contributions by DeepLIFT's rescale rule, averaged over samples of the data as references. They add up to
 * the difference of the logit from its mean over those samples, as Shapley values do. Lundberg and Lee 2017,
 * section 4.2, arXiv:1705.07874. */
#include "kit_background.h"
#include "propagation.h"

enum { SAMPLES, BACKGROUND, PARAMS };

/* One input beside every reference. */
typedef struct pairs {
    kit_background references;
    float *inputs, *map; /* [PROPAGATION_BLOCK][input] */
    uint32_t targets[PROPAGATION_BLOCK];
} pairs;

static void pairs_finish(pairs *p) {
    kit_background_finish(&p->references);
    free(p->inputs);
}

/* pairs_finish() in any case. */
static assay_status pairs_init(pairs *p, const assay_explainer *self, const assay_model *model, assay_why *why) {
    size_t count = model->input.count;
    uint32_t most = (uint32_t)kit_number(self, SAMPLES);
    p->inputs = kit_floats(2 * (size_t)PROPAGATION_BLOCK, count);
    assay_status status = kit_background_init(&p->references, kit_text(self, BACKGROUND), model, why);
    if (status != ASSAY_OK) return status;
    if (!p->inputs) return assay_say(why, ASSAY_FAILED, "out of memory");
    if (p->references.count > most) p->references.count = most;
    p->map = p->inputs + PROPAGATION_BLOCK * count;
    return ASSAY_OK;
}

static assay_status explain(const assay_model *model, const propagation_rules *rules, pairs *p, const float *x,
                            uint32_t target, float *map, assay_why *why) {
    size_t count = model->input.count;
    for (uint32_t i = 0; i < PROPAGATION_BLOCK; i++) {
        memcpy(p->inputs + i * count, x, count * sizeof *x);
        p->targets[i] = target;
    }
    for (size_t k = 0; k < count; k++) map[k] = 0;
    for (kit_block b = {0, 0}; kit_next(&b, p->references.count, PROPAGATION_BLOCK);) {
        const float *references = p->references.samples + b.first * count;
        assay_status status = rules->host->propagate(model, rules->rules, ASSAY_START_ONE, b.n, p->inputs, references,
                                                     p->targets, p->map, why);
        if (status != ASSAY_OK) return status;
        for (size_t k = 0; k < b.n * count; k++)
            map[k % count] += p->map[k] * (x[k % count] - references[k]) / (float)p->references.count;
    }
    return ASSAY_OK;
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    size_t count = model->input.count;
    propagation_rules rules;
    pairs p;
    assay_status status = propagation_open(self, model, propagation_rescale, &rules, why);
    assay_status ready = pairs_init(&p, self, model, why);
    if (status == ASSAY_OK) status = ready;
    for (uint32_t i = 0; i < request->n && status == ASSAY_OK; i++)
        status = explain(model, &rules, &p, request->inputs + i * count, request->targets[i], maps + i * count, why);
    pairs_finish(&p);
    free(rules.rules);
    return status;
}

static const assay_param_info params[PARAMS] = {
    [SAMPLES] = {.name = "samples",
                 .summary = "samples of the data that are references: the first ones",
                 .kind = ASSAY_INTEGER,
                 .number = 50,
                 .min = 1,
                 .max = 1000000},
    [BACKGROUND] = {.name = "background",
                    .summary = "what the references are: samples of the data, or zero (then it is DeepLIFT)",
                    .kind = ASSAY_CHOICE,
                    .text = "data",
                    .choices = kit_backgrounds},
};

static const assay_explainer_info info = {
    .id = "deep-shap",
    .name = "DeepSHAP",
    .summary = "DeepLIFT's contributions, averaged over samples of the data as references",
    .source = "Lundberg and Lee 2017, section 4.2, arXiv:1705.07874",
    .param_count = PARAMS,
    .params = params,
};

static const assay_about about = {
    .id = "deep-shap",
    .family = "propagation",
    .formula = "mean over references b of (x - b) m, with m the multipliers of DeepLIFT between b and x",
    .cost = "2 samples forward, samples backward",
    .inputs = ASSAY_EVERY_INPUT,
    .checked = "captum 0.9.0 DeepLiftShap",
    .within = 1e-5,
};
ASSAY_ABOUT_PLUGIN(about);

KIT_PLUGIN(info, attribute);
