/* backward: other rules for the way back through rectifiers: an honest relative, and mutants with one fault each. */
#include "mixtures.h"

static assay_status ruled(const struct job *job, assay_rule rule) {
    const assay_model *model = job->model;
    const assay_request *r = job->request;
    const assay_backward *backward = (const assay_backward *)model->extension(model, ASSAY_BACKWARD);
    if (!backward) return assay_say(job->why, ASSAY_UNSUPPORTED, "the model offers no %s", ASSAY_BACKWARD);
    return backward->gradient(model, rule, r->n, r->inputs, r->targets, job->maps, job->why);
}

static assay_status guided(const struct job *job) {
    return ruled(job, ASSAY_RULE_GUIDED);
}

static assay_status deconvnet(const struct job *job) {
    return ruled(job, ASSAY_RULE_DECONVNET);
}

/* The rule's hook is not called: the gradient. */
static assay_status inactive(const struct job *job) {
    return ruled(job, ASSAY_RULE_GRADIENT);
}

/* The mean of the guided map and the gradient: the hook sits on every other rectifier. */
static assay_status half_guided(const struct job *job) {
    size_t n = job->request->n * job->model->input.count;
    float *plain = kit_floats(1, n);
    if (!plain) return mutant_no_memory(job);
    struct job other = *job;
    other.maps = plain;
    assay_status status = inactive(&other);
    if (status == ASSAY_OK) status = guided(job);
    for (size_t k = 0; k < n && status == ASSAY_OK; k++) job->maps[k] = (job->maps[k] + plain[k]) / 2;
    free(plain);
    return status;
}

#define GUIDED(id, wrong) MUTANT(id, "guided-backprop", wrong, ASSAY_LINEAR_EXACT), .honest = guided

static const struct mutant mutants[] = {
    {HONEST("deconvnet", "Zeiler & Fergus 2014, section 2.1, arXiv:1311.2901", "deconvnet, without pooling switches",
            0),
     .honest = deconvnet},

    {GUIDED("guided-inactive", "the rule is never used"), .fault = inactive, .equals = "the gradient"},
    {GUIDED("guided-half", "the rule is used for half of the map"), .fault = half_guided, .dose = .5},
    {GUIDED("guided-class-next", "explains the class after the target"), .fault = class_next},
    {GUIDED("guided-log-probability", "explains the log-probability"), .fault = log_probability},
    {GUIDED("guided-minus", "minus the map"), .fault = minus},
    {GUIDED("guided-mirrored", "left and right exchanged"), .fault = mirrored},
};

MUTANT_PLUGIN("backward");
