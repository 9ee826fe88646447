/* lrp: layer-wise relevance propagation under composites: a rule for the first layer, one for convolutions and one for
 * dense layers, by a preset or one by one. Relevance begins as the logit; activations pass it on, sums and averages
 * divide it in proportion, a maximum gives it to its winner. A BatchNormalization is part of its layer. Softmax,
 * products of values and other normalisations have the rules of AttnLRP. Bach et al. 2015,
 * doi:10.1371/journal.pone.0130140; Montavon et al. 2019, doi:10.1007/978-3-030-28954-6_10. */
#include "propagation.h"

enum { COMPOSITE, FIRST, CONV, DENSE, EPSILON, START, PARAMS };

/* ---- Rules as parameters and presets write them: a name, and its numbers behind / ---- */

static const struct form {
    const char *name;
    uint32_t numbers;
    double least;    /* of the only number */
    double a, b;     /* where none are given */
    bool multiplies; /* by the input */
} forms[] = {
    {"epsilon", 1, 0, -1, 0, true}, /* below 0: the parameter epsilon */
    {"gamma", 1, 0, .25, 0, true},   {"alpha-beta", 1, 1, 2, 1, true}, {"z-plus", 0, 0, 0, 0, true},
    {"w-square", 0, 0, 0, 0, false}, {"flat", 0, 0, 0, 0, false},      {"z-box", 2, 0, 0, 1, false},
};
#define FORMS (sizeof forms / sizeof *forms)

/* The rule that `text` means into *rule, whose name is that of the form; NULL when it means none. */
static const struct form *read_rule(const char *text, assay_operator_rule *rule) {
    for (const struct form *f = forms; f < forms + FORMS; f++) {
        size_t length = strlen(f->name);
        double values[2] = {f->a, f->b};
        uint32_t given = 0;
        if (strncmp(text, f->name, length) != 0 || (text[length] && text[length] != '/')) continue;
        for (const char *at = text + length; *at; given++) {
            char *end;
            if (*at != '/' || given == f->numbers) return NULL;
            values[given] = strtod(at + 1, &end);
            if (end == at + 1 || !(fabs(values[given]) <= 1e6)) return NULL;
            at = end;
        }
        if (given == 1 && (f->numbers == 2 || values[0] < f->least)) return NULL;
        if (strcmp(f->name, "alpha-beta") == 0) values[1] = values[0] - 1;
        *rule = (assay_operator_rule){f->name, values[0], values[1]};
        return f;
    }
    return NULL;
}

/* ---- Presets: the rules of the three kinds of layers; NULL for the first: it is as the others of its kind ---- */

static const struct composite {
    const char *name, *first, *conv, *dense;
    bool first_conv; /* `first` is for a convolution alone */
} composites[] = {
    {"epsilon-plus", NULL, "z-plus", "epsilon", false},
    {"epsilon-alpha2-beta1", NULL, "alpha-beta", "epsilon", false},
    {"epsilon-plus-flat", "flat", "z-plus", "epsilon", false},
    {"epsilon-alpha2-beta1-flat", "flat", "alpha-beta", "epsilon", false},
    {"epsilon-gamma-box", "z-box", "gamma", "epsilon", true},
    {"epsilon", NULL, "epsilon", "epsilon", false},
};
static const char *const composite_names[] = {"epsilon-plus",
                                              "epsilon-alpha2-beta1",
                                              "epsilon-plus-flat",
                                              "epsilon-alpha2-beta1-flat",
                                              "epsilon-gamma-box",
                                              "epsilon",
                                              NULL};

static const struct composite *find_composite(const char *name) {
    const struct composite *c = composites;
    while (strcmp(c->name, name) != 0) c++;
    return c;
}

/* The rule of a layer: as given for the first one, else for its kind, else by the preset. */
static const char *rule_of(const assay_param *given, bool first, bool conv) {
    const struct composite *preset = find_composite(given[COMPOSITE].text);
    if (first && *given[FIRST].text) return given[FIRST].text;
    if (*given[conv ? CONV : DENSE].text) return given[conv ? CONV : DENSE].text;
    if (first && preset->first && (conv || !preset->first_conv)) return preset->first;
    return conv ? preset->conv : preset->dense;
}

/* What is neither linear nor an activation: attention and normalisations (Achtibat et al. 2024, arXiv:2402.05602). */
static assay_status choose_other(const assay_explainer *self, const assay_operator *op, assay_operator_rule *rule,
                                 assay_why *why) {
    static const struct {
        const char *op, *rule;
    } others[] = {{"Softmax", "softmax"},
                  {"Mul", "uniform"},
                  {"MatMul", "uniform"},
                  {"Einsum", "uniform"},
                  {"Div", "detached"}, /* of a LayerNormalization in several nodes; no other */
                  {"LayerNormalization", "detached"},
                  {"GroupNormalization", "detached"},
                  {"InstanceNormalization", "detached"}};
    for (size_t k = 0; k < sizeof others / sizeof *others; k++) {
        if (strcmp(op->op, others[k].op) != 0) continue;
        *rule = (assay_operator_rule){others[k].rule, PROPAGATION_STABILISER, 0};
        return ASSAY_OK;
    }
    return propagation_refuse(self, op, why);
}

static assay_status choose(const assay_explainer *self, const assay_operator *op, assay_operator_rule *rule,
                           assay_why *why) {
    const assay_param *given = ((const kit_explainer *)self)->params;
    if (op->role == ASSAY_ROLE_OTHER) return choose_other(self, op, rule, why);
    if (op->role != ASSAY_ROLE_LAYER) return propagation_between(self, op, rule, why);
    read_rule(rule_of(given, op->first, strncmp(op->op, "Conv", 4) == 0), rule);
    if (rule->a < 0 && strcmp(rule->rule, "epsilon") == 0) rule->a = given[EPSILON].number;
    return ASSAY_OK;
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    assay_start start = strcmp(kit_text(self, START), "logit") == 0 ? ASSAY_START_LOGIT : ASSAY_START_ONE;
    return propagation_attribute(self, model, request, choose, start, maps, why);
}

/* ---- What the host reads ---- */

static const char *const starts[] = {"logit", "one", NULL};
#define RULE_PARAM(which, name_)                                                                                       \
    [which] = {.name = name_,                                                                                          \
               .summary = "rule of " name_ " layers; empty: the composite's; else epsilon/E, gamma/G, alpha-beta/A, "  \
                          "z-plus, w-square, flat or z-box/LOW/HIGH, numbers as you like",                             \
               .kind = ASSAY_TEXT,                                                                                     \
               .text = ""}
static const assay_param_info params[PARAMS] = {
    [COMPOSITE] = {.name = "composite",
                   .summary = "preset of rules for convolutions, dense layers and the first one",
                   .kind = ASSAY_CHOICE,
                   .text = "epsilon-plus",
                   .choices = composite_names},
    RULE_PARAM(FIRST, "first"),
    RULE_PARAM(CONV, "conv"),
    RULE_PARAM(DENSE, "dense"),
    [EPSILON] = {.name = "epsilon",
                 .summary = "added to |z| by the rule epsilon; 0: LRP-0",
                 .kind = ASSAY_NUMBER,
                 .number = 1e-6,
                 .min = 0,
                 .max = 1e6},
    [START] = {.name = "start",
               .summary = "relevance of the output: its logit, or one",
               .kind = ASSAY_CHOICE,
               .text = "logit",
               .choices = starts},
};

/* A first layer, of either kind, whose rule multiplies by the input; a single dense one under LRP-0 is exactly w x. A
 * rule that cannot be read is refused by create(). */
static uint32_t claims_for(const assay_param *given, uint32_t n) {
    (void)n;
    assay_operator_rule dense, conv;
    const struct form *of_dense = read_rule(rule_of(given, true, false), &dense);
    const struct form *of_conv = read_rule(rule_of(given, true, true), &conv);
    if (!of_dense || !of_conv || !of_dense->multiplies || !of_conv->multiplies) return 0;
    double epsilon = dense.a < 0 ? given[EPSILON].number : dense.a;
    bool exact = strcmp(dense.rule, "epsilon") == 0 && !(epsilon > 0) && strcmp(given[START].text, "logit") == 0;
    return ASSAY_INPUT_MULTIPLIER | (exact ? ASSAY_LINEAR_EXACT : 0u);
}

static const assay_explainer_info info = {
    .id = "lrp",
    .name = "LRP",
    .summary = "layer-wise relevance propagation: the logit divided among inputs, layer by layer",
    .source = "Bach et al. 2015, doi:10.1371/journal.pone.0130140; composites: Montavon et al. 2019, section 10.3, "
              "doi:10.1007/978-3-030-28954-6_10; attention: Achtibat et al. 2024, arXiv:2402.05602",
    .claims = ASSAY_INPUT_MULTIPLIER,
    .param_count = PARAMS,
    .params = params,
    .claims_for = claims_for,
};

static const assay_about about = {
    .id = "lrp",
    .family = "propagation",
    .formula = "sum over units of x w / (z + eps sign z) times the unit's relevance, and the rules like it",
    .cost = "1 forward, up to 4 forward and 4 backward of each layer",
    .inputs = ASSAY_EVERY_INPUT,
    .checked = "zennit 0.5.1, every rule and preset; LXT 2.1, attention and normalisations",
    .within = 1e-4,
};
ASSAY_ABOUT_PLUGIN(about);
static const assay_explainer_info *const infos[] = {&info};

static const assay_explainer *create(const assay_host *host, const char *id, const assay_param *given, uint32_t n,
                                     assay_why *why) {
    (void)id;
    for (uint32_t k = FIRST; k <= DENSE; k++) {
        assay_operator_rule rule;
        if (!*given[k].text || read_rule(given[k].text, &rule)) continue;
        assay_say(
            why, ASSAY_FAILED,
            "%s=%s: wanted epsilon/E, gamma/G, alpha-beta/A (1 or more), z-plus, w-square, flat or z-box/LOW/HIGH",
            info.params[k].name, given[k].text);
        return NULL;
    }
    kit_explainer *self = kit_create(sizeof *self, &info, attribute, host, given, n, why);
    return self ? &self->base : NULL;
}

ASSAY_EXPORT const assay_plugin assay_entry = {ASSAY_VERSION_INIT, 1, infos, create};
