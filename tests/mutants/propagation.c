/* propagation: methods that give each operator a rule on the way back (DeepLIFT, layer-wise relevance propagation,
 * excitation backpropagation): honest relatives, and mutants with one fault each. */
#include "mixtures.h"

/* A rule for each kind of operator, and what is made of what arrives at the input. NULL is the gradient. */
struct propagation {
    const char *layer;     /* of layers */
    double a;              /* its number */
    const char *last;      /* of the layer before the logits, in place of `layer` */
    const char *nonlinear; /* of rectifiers and other functions of one element */
    const char *maximum;
    bool plain_first;  /* the first layer under the gradient's rule */
    bool only_last;    /* every layer but the one before the logits under the gradient's rule */
    assay_start start; /* the signal at the logit */
    bool compares;     /* with a reference: every element `reference`, or the input itself */
    bool own_reference;
    float reference;
    bool multiplied; /* by the input less `factor_from` */
    float factor_from;
};

static const char *rule_of_layer(const struct propagation *how, bool first, bool last) {
    if (last && how->last) return how->last;
    return (first && how->plain_first) || (!last && how->only_last) ? NULL : how->layer;
}

/* rules[count]; ASSAY_UNSUPPORTED for an operator that the methods have no rule for. */
static assay_status choose_rules(const struct job *job, const struct propagation *how, const assay_propagation *host,
                                 uint32_t count, assay_operator_rule *rules) {
    bool last = true;
    for (uint32_t i = count; i-- > 0;) {
        assay_operator op;
        if (!host->get(job->model, i, &op)) return assay_say(job->why, ASSAY_FAILED, "the model hides operator %u", i);
        switch (op.role) {
        case ASSAY_ROLE_OTHER: return assay_say(job->why, ASSAY_UNSUPPORTED, "no rule for %s", op.op);
        case ASSAY_ROLE_LAYER:
            rules[i] = (assay_operator_rule){rule_of_layer(how, op.first, last), how->a, 0};
            last = false;
            break;
        case ASSAY_ROLE_LINEAR:
            if (how->layer) rules[i] = (assay_operator_rule){"epsilon", 1e-6, 0};
            break;
        case ASSAY_ROLE_RECTIFIER:
        case ASSAY_ROLE_POINTWISE: rules[i].rule = how->nonlinear; break;
        case ASSAY_ROLE_MAXIMUM: rules[i].rule = how->maximum; break;
        case ASSAY_ROLE_MOVE: break;
        }
    }
    return ASSAY_OK;
}

static assay_status propagated(const struct job *job) {
    const struct propagation *how = (const struct propagation *)job->mutant->with;
    const assay_model *model = job->model;
    const assay_request *r = job->request;
    const assay_propagation *host = (const assay_propagation *)model->extension(model, ASSAY_PROPAGATION);
    if (!host) return assay_say(job->why, ASSAY_UNSUPPORTED, "the model offers no %s", ASSAY_PROPAGATION);
    size_t n = r->n * model->input.count;
    uint32_t count = host->count(model);
    assay_operator_rule *rules = (assay_operator_rule *)calloc((size_t)count + 1, sizeof *rules);
    float *reference = kit_floats(1, n);
    assay_status status = rules && reference ? ASSAY_OK : mutant_no_memory(job);
    for (size_t k = 0; k < n && status == ASSAY_OK; k++)
        reference[k] = how->own_reference ? r->inputs[k] : how->reference;
    if (status == ASSAY_OK) status = choose_rules(job, how, host, count, rules);
    if (status == ASSAY_OK)
        status = host->propagate(model, rules, how->start, r->n, r->inputs, how->compares ? reference : NULL,
                                 r->targets, job->maps, job->why);
    for (size_t k = 0; k < n && how->multiplied && status == ASSAY_OK; k++)
        job->maps[k] *= r->inputs[k] - how->factor_from;
    free(reference);
    free(rules);
    return status;
}

/* ---- The tables ---- */

#define WITH(...)                                                                                                      \
    .honest = propagated, .with = &(const struct propagation) {                                                        \
        __VA_ARGS__                                                                                                    \
    }
#define RESCALE .nonlinear = "rescale", .maximum = "rescale", .compares = true
#define EPSILON .layer = "epsilon", .a = 1e-6, .nonlinear = "pass", .start = ASSAY_START_LOGIT
#define EXCITATION .layer = "excitation", .nonlinear = "pass"
#define DEEPLIFT(id, wrong) MUTANT(id, "deeplift", wrong, ASSAY_COMPLETE | ASSAY_INPUT_MULTIPLIER | ASSAY_LINEAR_EXACT)
#define LRP(id, wrong) MUTANT(id, "lrp:composite=epsilon", wrong, ASSAY_INPUT_MULTIPLIER)
#define EXCITES(id, wrong) MUTANT(id, "excitation-backprop", wrong, ASSAY_INPUT_MULTIPLIER)

static const struct mutant mutants[] = {
    {HONEST("deeplift-half", "Shrikumar et al. 2017, section 3.5.1, arXiv:1704.02685", "DeepLIFT from a grey picture",
            0),
     WITH(RESCALE, .multiplied = true, .reference = .5f, .factor_from = .5f)},
    {HONEST("lrp-gamma", "Montavon et al. 2019, section 10.2.1, doi:10.1007/978-3-030-28954-6_10",
            "LRP by the rule gamma in every layer", ASSAY_INPUT_MULTIPLIER),
     WITH(.layer = "gamma", .a = .25, .nonlinear = "pass", .start = ASSAY_START_LOGIT)},

    {DEEPLIFT("deeplift-class-next", "explains the class after the target"), WITH(RESCALE, .multiplied = true),
     .fault = class_next},
    {DEEPLIFT("deeplift-minus", "minus the map"), WITH(RESCALE, .multiplied = true), .fault = minus},
    {DEEPLIFT("deeplift-no-reference", "compares the input with itself"),
     WITH(RESCALE, .multiplied = true, .own_reference = true), .equals = "input x gradient"},
    {DEEPLIFT("deeplift-two-references", "slopes from a grey picture, differences from a black one"),
     WITH(RESCALE, .multiplied = true, .reference = .5f)},
    {DEEPLIFT("deeplift-no-difference", "multipliers, not multiplied by the difference"), WITH(RESCALE),
     .equals = "DeepLIFT's multipliers"},

    {LRP("lrp-class-next", "explains the class after the target"), WITH(EPSILON), .fault = class_next},
    {LRP("lrp-first-rule-last", "w-square, which is for the first layer, in the last"),
     WITH(EPSILON, .last = "w-square")},
    {LRP("lrp-z-plus-last", "z-plus, which is for convolutions, in the last layer"), WITH(EPSILON, .last = "z-plus")},
    {LRP("lrp-plain-first", "the first layer without a rule"), WITH(EPSILON, .plain_first = true)},
    {LRP("lrp-epsilon-one", "epsilon of 1, where 1e-6 is said"),
     WITH(.layer = "epsilon", .a = 1, .nonlinear = "pass", .start = ASSAY_START_LOGIT), .dose = 1,
     .equals = "LRP with epsilon=1"},
    {LRP("lrp-bump-50", "a bump in the middle mixed in"), WITH(EPSILON), .fault = with_bump, .dose = .5},

    {EXCITES("excitation-class-next", "explains the class after the target"), WITH(EXCITATION), .fault = class_next},
    {EXCITES("excitation-last-only", "the rule in the last layer, the gradient below"),
     WITH(EXCITATION, .only_last = true)},
};

MUTANT_PLUGIN("propagation");
