/* equal_scale.c: why two maps may be one up to a positive factor, which ranks do not see. */
#include "host/plugin.h"
#include "nn/function_class.h"
#include "run/equalities.h"

#include <string.h>

/* Rows whose maps are those of another method times a number of each input. */
struct scale {
    const char *id;                                             /* NULL: any */
    bool (*suits)(const struct plugin *, const struct graph *); /* NULL: any parameters */
    unsigned needs;                                             /* of enum function_class, that the network has */
    const char *why, *source;
};

/* Relevance that starts at one in place of the logit. */
static bool starts_at_one(const struct plugin *p, const struct graph *g) {
    (void)g;
    return strcmp(plugin_text(p, "start"), "one") == 0;
}

/* A path with a point at zero, where a ReLU has no gradient. */
static bool begins_at_zero(const struct plugin *p, const struct graph *g) {
    (void)g;
    return plugin_number(p, "baseline", 1) <= 0 && plugin_number(p, "baseline", 1) >= 0;
}

/* Its output is f(w x + b), and every gradient is a multiple of w. */
static bool is_closed_by_activation(const struct plugin *p, const struct graph *g) {
    (void)p;
    return g->keep_head;
}

static const struct scale scales[] = {
    {"lrp", starts_at_one, 0, "relevance is in proportion to what it starts with",
     "Montavon et al. 2019, doi:10.1007/978-3-030-28954-6_10"},
    {"lrp", NULL, FUNCTION_ONE_LAYER, "in a single layer the rule epsilon divides everything by one number",
     "Montavon et al. 2019, doi:10.1007/978-3-030-28954-6_10"},
    {"integrated-gradients", begins_at_zero, FUNCTION_RECTIFIED | FUNCTION_NO_BIAS,
     "where every activation is a ReLU or a leaky one and no layer has a bias, the gradient is the same all along the "
     "path from zero, but for zero itself",
     "Hesse et al. 2021, arXiv:2111.07668"},
    {NULL, is_closed_by_activation, FUNCTION_ONE_ACTIVATION,
     "where the output is f(w x + b), every derivative is a multiple of w", "the chain rule"},
};

static bool is_scaled(const struct scale *s, const struct equality_network *network,
                      const struct explainer_entry *row) {
    return (!s->id || strcmp(s->id, row->plugin->info.id) == 0) && (network->function & s->needs) == s->needs &&
           (!s->suits || s->suits(row->plugin, network->graph));
}

const char *equality_scale(const struct equality_network *network, const struct explainer_entry *a,
                           const struct explainer_entry *b, const char **source) {
    for (size_t k = 0; k < sizeof scales / sizeof *scales; k++)
        if (is_scaled(&scales[k], network, a) || is_scaled(&scales[k], network, b)) {
            *source = scales[k].source;
            return scales[k].why;
        }
    return NULL;
}
