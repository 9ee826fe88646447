/* equalities.c: the table of theorems, and whether one is about two rows. */
#include "run/equalities.h"

#include "host/handle.h"
#include "host/plugin.h"
#include "nn/function_class.h"
#include "run/lrp_rules.h"

#include <math.h>
#include <string.h>

#define ROUNDING 1e-4   /* of float32, and of fifty steps summed in it */
#define STABILISED 1e-2 /* a denominator with a stabiliser of 1e-6, or a difference of two logits */

static bool is_text(const struct plugin *plugin, const char *name, const char *value) {
    return strcmp(plugin_text(plugin, name), value) == 0;
}

/* The parameter is there, and 0. */
static bool is_zero(const struct plugin *plugin, const char *name) {
    return fabs(plugin_number(plugin, name, 1)) <= 0;
}

/* Dense layers by the rule epsilon, with no more than a stabiliser. */
static bool is_lrp_epsilon_dense(const struct plugin *p, const struct graph *g) {
    (void)g;
    return lrp_is_plain(p, false);
}

/* And convolutions. */
static bool is_lrp_epsilon(const struct plugin *p, const struct graph *g) {
    return is_lrp_epsilon_dense(p, g) && lrp_is_plain(p, true);
}

static bool is_multiplied(const struct plugin *p, const struct graph *g) {
    (void)g;
    return is_text(p, "form", "multiplied");
}

static bool is_deeplift_from_zero(const struct plugin *p, const struct graph *g) {
    (void)g;
    return is_zero(p, "baseline") && is_multiplied(p, g);
}

static bool is_multipliers(const struct plugin *p, const struct graph *g) {
    (void)g;
    return is_text(p, "form", "multipliers");
}

static bool is_multipliers_from_zero(const struct plugin *p, const struct graph *g) {
    return is_zero(p, "baseline") && is_multipliers(p, g);
}

static bool is_average_from_baseline(const struct plugin *p, const struct graph *g) {
    (void)g;
    return is_text(p, "from", "baseline") && is_text(p, "form", "average");
}

static bool is_path_from_baseline(const struct plugin *p, const struct graph *g) {
    (void)g;
    return is_text(p, "from", "baseline") && is_multiplied(p, g);
}

/* The path leaves zero and no point of it is zero, where a rectifier has no gradient. */
static bool is_path_from_zero(const struct plugin *p, const struct graph *g) {
    (void)g;
    return is_zero(p, "baseline") && is_text(p, "from", "baseline") && !is_text(p, "rule", "riemann-left") &&
           !is_text(p, "rule", "riemann-trapezoid");
}

static bool is_integrated_from_zero(const struct plugin *p, const struct graph *g) {
    (void)g;
    return is_path_from_zero(p, g) && is_multiplied(p, g);
}

static bool is_average_from_zero(const struct plugin *p, const struct graph *g) {
    (void)g;
    return is_path_from_zero(p, g) && is_text(p, "form", "average");
}

/* Copies of the input without noise. */
static bool is_without_noise(const struct plugin *p, const struct graph *g) {
    (void)g;
    return is_zero(p, "noise");
}

/* A place is one element: of a table, or with one channel. */
static bool has_plain_places(const struct graph *g) {
    return g->sample.rank == 1 || g->sample.dim[0] == 1;
}

/* Each element is a feature: also by a grid that is fine enough. */
static bool hides_elements(const struct plugin *p, const struct graph *g) {
    bool fine = has_plain_places(g) && is_text(p, "cut", "grid") &&
                plugin_number(p, "features", 0) >= (double)shape_count(&g->sample);
    return is_text(p, "groups", "") && (fine || is_text(p, "cut", "elements"));
}

/* As many coalitions as make the fit a good one. */
static bool fits_elements(const struct plugin *p, const struct graph *g) {
    return hides_elements(p, g) &&
           (is_text(p, "coalitions", "all") || plugin_number(p, "samples", 0) >= 4 * (double)shape_count(&g->sample));
}

static bool is_window_of_one(const struct plugin *p, const struct graph *g) {
    double window = plugin_number(p, "window", 0);
    return window > 0 && window < 2 && plugin_number(p, "stride", 0) <= 1 &&
           (has_plain_places(g) || is_text(p, "channels", "alone"));
}

#define ANCONA "Ancona et al. 2018, arXiv:1711.06104"
#define HESSE "Hesse et al. 2021, arXiv:2111.07668"
#define DRAELOS "Draelos and Carin 2020, arXiv:2011.08891"
#define LUNDBERG "Lundberg and Lee 2017, arXiv:1705.07874"
#define EXACT "where every logit is w x + b, a method that claims LINEAR_EXACT gives "
#define ALONE "where every logit is w x + b, it falls by w (x - b) when one element becomes b"
#define CHANGE "where every logit is w x + b, w (x - b) is what an element brings on any path from b"
#define RELUS                                                                                                          \
    "where every activation f is a ReLU or a leaky one, f(z) / z = f'(z), so that LRP-0 multiplies as the chain rule " \
    "does"
#define NO_BIAS "where every activation is a ReLU or a leaky one and no layer has a bias, f(a x) = a f(x), so that "
#define SLOPES NO_BIAS "slopes from zero are derivatives"
#define PATH NO_BIAS "the gradient is the same all along the path from zero"

#define MEAN_SLOPE                                                                                                     \
    "where one activation f is between affine functions, each of its z moves on a line where x does, and the mean of " \
    "f' there is f's change by that of z"

#define GRADIENT "the gradient"
#define SALIENCY "the absolute gradient"
#define PRODUCT "the input times the gradient"
#define CONTRIBUTION "w (x - b)"
#define ABLATION "what the logit falls by when one element is hidden"
#define RELEVANCE "relevance of dense layers by the rule epsilon"
#define ON_A_LINE "the change of the input times the mean gradient on the line to it"
#define MEAN "the mean gradient on the line to the input"
#define CAM "feature maps weighted by their gradients"

const struct equality equalities[] = {
    /* by definition */
    {.id = "gradient", .is = GRADIENT, .within = ROUNDING},
    {.id = "saliency", .is = SALIENCY, .within = ROUNDING},
    {.id = "input-x-gradient", .is = PRODUCT, .within = ROUNDING},
    {.id = "grad-cam", .pooled = true, .alike = "relu", .is = CAM, .within = ROUNDING},
    {.id = "feature-ablation", .suits = hides_elements, .alike = "baseline", .is = ABLATION, .within = ROUNDING},
    {"smoothgrad", 0, 0, is_without_noise, 0, 0, NULL, false, GRADIENT, ROUNDING, "copies without noise are the input",
     "Smilkov et al. 2017, arXiv:1706.03825"},
    {"occlusion", 0, 0, is_window_of_one, 0, 0, "baseline", false, ABLATION, ROUNDING,
     "a window of one element hides what feature ablation does", "Kokhlikyan et al. 2020, arXiv:2009.07896"},
    {"occlusion", 0, 0, NULL, FUNCTION_OF_FEATURES, 0, "baseline", false, ABLATION, ROUNDING,
     "features of a table are hidden one by one", "Kokhlikyan et al. 2020, arXiv:2009.07896"},

    /* Columns: id, claims, never, suits, needs, demands, alike, pooled, is, within, why, source. */

    /* on networks without what a method is about */
    {"guided-backprop", 0, 0, NULL, FUNCTION_NO_RECTIFIER, 0, NULL, false, GRADIENT, ROUNDING,
     "where no activation is a ReLU, the rule for it changes nothing", "Springenberg et al. 2015, arXiv:1412.6806"},
    {"deconvnet", 0, 0, NULL, FUNCTION_NO_RECTIFIER, 0, NULL, false, GRADIENT, ROUNDING,
     "where no activation is a ReLU, the rule for it changes nothing", "Zeiler and Fergus 2014, arXiv:1311.2901"},
    {"lrp", 0, 0, is_lrp_epsilon_dense, FUNCTION_DENSE, 0, "epsilon", false, RELEVANCE, ROUNDING,
     "where every layer is dense, composites that differ in their rules for convolutions are one",
     "Montavon et al. 2019, doi:10.1007/978-3-030-28954-6_10"},

    /* on affine functions; the claim is about one layer, and what a rule makes of several is not said */
    {NULL, ASSAY_LINEAR_EXACT, ASSAY_INPUT_MULTIPLIER | ASSAY_NON_NEGATIVE, NULL, FUNCTION_AFFINE, FUNCTION_ONE_LAYER,
     NULL, false, GRADIENT, ROUNDING, EXACT "w", ANCONA},
    {NULL, ASSAY_LINEAR_EXACT | ASSAY_NON_NEGATIVE, ASSAY_INPUT_MULTIPLIER, NULL, FUNCTION_AFFINE, FUNCTION_ONE_LAYER,
     NULL, false, SALIENCY, ROUNDING, EXACT "|w|", ANCONA},
    {NULL, ASSAY_LINEAR_EXACT | ASSAY_INPUT_MULTIPLIER, ASSAY_NON_NEGATIVE, NULL, FUNCTION_AFFINE, FUNCTION_ONE_LAYER,
     "baseline", false, CONTRIBUTION, ROUNDING, EXACT "w x", ANCONA},
    {"input-x-gradient", 0, 0, NULL, FUNCTION_AFFINE, 0, "baseline", false, CONTRIBUTION, ROUNDING, NULL, NULL},
    {"lrp", 0, 0, is_lrp_epsilon, FUNCTION_AFFINE, 0, "baseline", false, CONTRIBUTION, STABILISED, RELUS, ANCONA},
    {"lrp", 0, 0, is_lrp_epsilon_dense, FUNCTION_AFFINE | FUNCTION_DENSE, 0, "baseline", false, CONTRIBUTION,
     STABILISED, RELUS, ANCONA},
    {"deeplift", 0, 0, is_multiplied, FUNCTION_AFFINE, 0, "baseline", false, CONTRIBUTION, ROUNDING, CHANGE, ANCONA},
    {"integrated-gradients", 0, 0, is_path_from_baseline, FUNCTION_AFFINE, 0, "baseline", false, CONTRIBUTION, ROUNDING,
     CHANGE, ANCONA},
    {"occlusion", 0, 0, is_window_of_one, FUNCTION_AFFINE, 0, "baseline", false, CONTRIBUTION, STABILISED, ALONE,
     ANCONA},
    {"occlusion", 0, 0, NULL, FUNCTION_AFFINE | FUNCTION_OF_FEATURES, 0, "baseline", false, CONTRIBUTION, STABILISED,
     ALONE, ANCONA},
    {"feature-ablation", 0, 0, hides_elements, FUNCTION_AFFINE, 0, "baseline", false, CONTRIBUTION, STABILISED, ALONE,
     ANCONA},
    {"shapley-sampling", 0, 0, hides_elements, FUNCTION_AFFINE, 0, "baseline", false, CONTRIBUTION, STABILISED,
     ALONE ", in any order", LUNDBERG},
    {"kernel-shap", 0, 0, fits_elements, FUNCTION_AFFINE, 0, "baseline", false, CONTRIBUTION, STABILISED,
     "where every logit is w x + b, every coalition brings the sum of its w (x - b), which a linear fit meets",
     LUNDBERG},

    /* on rectified ones */
    {"lrp", 0, 0, is_lrp_epsilon, FUNCTION_RECTIFIED, 0, NULL, false, PRODUCT, STABILISED, RELUS,
     "Shrikumar et al. 2016, arXiv:1605.01713; " ANCONA},
    {"lrp", 0, 0, is_lrp_epsilon_dense, FUNCTION_RECTIFIED | FUNCTION_DENSE, 0, NULL, false, PRODUCT, STABILISED, RELUS,
     "Shrikumar et al. 2016, arXiv:1605.01713; " ANCONA},
    {"deeplift", 0, 0, is_deeplift_from_zero, FUNCTION_RECTIFIED | FUNCTION_NO_BIAS, 0, NULL, false, PRODUCT, ROUNDING,
     SLOPES, ANCONA},
    {"deeplift", 0, 0, is_multipliers_from_zero, FUNCTION_RECTIFIED | FUNCTION_NO_BIAS, 0, NULL, false, GRADIENT,
     ROUNDING, SLOPES, ANCONA},
    {"integrated-gradients", 0, 0, is_integrated_from_zero, FUNCTION_RECTIFIED | FUNCTION_NO_BIAS, 0, NULL, false,
     PRODUCT, ROUNDING, PATH, HESSE},
    {"integrated-gradients", 0, 0, is_average_from_zero, FUNCTION_RECTIFIED | FUNCTION_NO_BIAS, 0, NULL, false,
     GRADIENT, ROUNDING, PATH, HESSE},

    /* on those of one activation. How well the steps of a path find the mean of f' depends on f, so it is not asked */
    {"deeplift", 0, 0, is_multiplied, FUNCTION_ONE_ACTIVATION, FUNCTION_AFFINE, "baseline", false, ON_A_LINE, ROUNDING,
     MEAN_SLOPE, ANCONA},
    {"integrated-gradients", 0, 0, is_path_from_baseline, FUNCTION_ONE_ACTIVATION, FUNCTION_AFFINE, "baseline", false,
     ON_A_LINE, ROUNDING, MEAN_SLOPE, ANCONA},
    {"deeplift", 0, 0, is_multipliers, FUNCTION_ONE_ACTIVATION, FUNCTION_AFFINE, "baseline", false, MEAN, ROUNDING,
     MEAN_SLOPE, ANCONA},
    {"integrated-gradients", 0, 0, is_average_from_baseline, FUNCTION_ONE_ACTIVATION, FUNCTION_AFFINE, "baseline",
     false, MEAN, ROUNDING, MEAN_SLOPE, ANCONA},

    /* feature maps */
    {"hirescam", 0, 0, NULL, 0, 0, "relu", true, CAM, ROUNDING,
     "where a mean over places and layers without an activation follow the maps, every place has their mean gradient",
     DRAELOS},
};
const size_t equality_count = sizeof equalities / sizeof *equalities;

/* Of two rows of `lrp`, whatever the network is. */
static const struct equality respelled = {.id = "lrp",
                                          .is = "that method",
                                          .within = ROUNDING,
                                          .why = "two spellings of one method: every layer has the same rule",
                                          .source = "Montavon et al. 2019, doi:10.1007/978-3-030-28954-6_10"};

static bool is_about(const struct equality *q, const struct equality_network *network,
                     const struct explainer_entry *row) {
    if (q->id && strcmp(q->id, row->plugin->info.id) != 0) return false;
    if ((row->claims & q->claims) != q->claims || (row->claims & q->never)) return false;
    return (network->function & q->needs) == q->needs && (!q->suits || q->suits(row->plugin, network->graph));
}

/* Whether `inspected`, a name and a shape, is that node. */
static bool is_node(const struct graph *g, uint32_t node, const char *inspected) {
    const char *name = handle_node_name(g, node);
    size_t length = strlen(name);
    return strncmp(inspected, name, length) == 0 && strncmp(inspected + length, " (", 2) == 0;
}

static bool is_pooled(const struct equality_network *network, const struct explainer_entry *a,
                      const struct explainer_entry *b, bool *pooled, struct error *e) {
    *pooled = false;
    if (!a->inspected || !b->inspected || strcmp(a->inspected, b->inspected) != 0) return true;
    for (uint32_t i = 0; i < network->graph->node_count; i++)
        if (is_node(network->graph, i, a->inspected)) return function_is_pooled_behind(network->graph, i, pooled, e);
    return true;
}

/* The parameter is the same number; a method without it has 0, as `baseline` and `relu` mean. */
static bool is_alike(const char *name, const struct explainer_entry *a, const struct explainer_entry *b) {
    double difference = plugin_number(a->plugin, name, 0) - plugin_number(b->plugin, name, 0);
    return difference <= 0 && difference >= 0;
}

/* Whether two theorems about the rows make one statement. */
static bool joins(const struct equality_network *network, const struct equality *const by[2],
                  const struct explainer_entry *a, const struct explainer_entry *b, bool *join, struct error *e) {
    *join = strcmp(by[0]->is, by[1]->is) == 0 && is_about(by[0], network, a) && is_about(by[1], network, b) &&
            (!by[0]->alike || is_alike(by[0]->alike, a, b));
    return !*join || !by[0]->pooled || is_pooled(network, a, b, join, e);
}

static enum equal strength(const struct equality_network *network, const struct equality *const by[2]) {
    unsigned demands = by[0]->demands | by[1]->demands;
    return (network->function & demands) == demands ? EQUAL_DUE : EQUAL_EXPLAINED;
}

bool equality_between(const struct equality_network *network, const struct explainer_entry *a,
                      const struct explainer_entry *b, const struct equality *by[2], enum equal *out, struct error *e) {
    *out = EQUAL_NOT;
    if (lrp_is_respelled(a->plugin, b->plugin)) {
        by[0] = by[1] = &respelled;
        *out = EQUAL_DUE;
        return true;
    }
    for (size_t k = 0; k < equality_count * equality_count && *out < EQUAL_DUE; k++) {
        const struct equality *const both[2] = {&equalities[k / equality_count], &equalities[k % equality_count]};
        bool join;
        if (!joins(network, both, a, b, &join, e)) return false;
        if (!join || strength(network, both) <= *out) continue;
        *out = strength(network, both);
        by[0] = both[0];
        by[1] = both[1];
    }
    return true;
}
