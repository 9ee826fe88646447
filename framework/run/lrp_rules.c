/* lrp_rules.c: what the parameters of `lrp` mean, layer by layer. Tests hold it to the maps. */
#include "run/lrp_rules.h"

#include "host/plugin.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As in explainers/lrp.c; NULL for the first layer: it is as the others of its kind. */
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
#define COMPOSITES (sizeof composites / sizeof *composites)

struct rule {
    char name[24];
    double a, b;
};

/* How the rule of a layer is written; NULL: that is no preset of the shipped method. */
static const char *written(const struct plugin *p, bool first, bool conv) {
    const char *own = plugin_text(p, conv ? "conv" : "dense");
    size_t k = 0;
    while (k < COMPOSITES && strcmp(composites[k].name, plugin_text(p, "composite")) != 0) k++;
    if (k == COMPOSITES) return NULL;
    if (first && *plugin_text(p, "first")) return plugin_text(p, "first");
    if (*own) return own;
    if (first && composites[k].first && (conv || !composites[k].first_conv)) return composites[k].first;
    return conv ? composites[k].conv : composites[k].dense;
}

/* Numbers that are not written are the method's own. */
static void add_defaults(const struct plugin *p, struct rule *r) {
    if (strcmp(r->name, "epsilon") == 0) r->a = plugin_number(p, "epsilon", 0);
    if (strcmp(r->name, "gamma") == 0) r->a = .25;
    if (strcmp(r->name, "alpha-beta") == 0) r->a = 2;
    if (strcmp(r->name, "z-box") == 0) r->b = 1;
}

static bool rule_of(const struct plugin *p, bool first, bool conv, struct rule *r) {
    const char *text = strcmp(p->info.id, "lrp") == 0 ? written(p, first, conv) : NULL;
    if (!text) return false;
    size_t length = strcspn(text, "/");
    *r = (struct rule){.a = 0};
    snprintf(r->name, sizeof r->name, "%.*s", (int)length, text);
    add_defaults(p, r);
    char *end = NULL;
    if (text[length]) r->a = strtod(text + length + 1, &end);
    if (end && *end) r->b = strtod(end + 1, &end);
    return true;
}

static bool is_same_number(double a, double b) {
    return a <= b && a >= b;
}

bool lrp_is_respelled(const struct plugin *a, const struct plugin *b) {
    struct rule of_a, of_b;
    for (int layer = 0; layer < 4; layer++) {
        if (!rule_of(a, layer & 1, layer & 2, &of_a) || !rule_of(b, layer & 1, layer & 2, &of_b)) return false;
        if (strcmp(of_a.name, of_b.name) != 0 || !is_same_number(of_a.a, of_b.a) || !is_same_number(of_a.b, of_b.b))
            return false;
    }
    return strcmp(plugin_text(a, "start"), plugin_text(b, "start")) == 0;
}

bool lrp_is_plain(const struct plugin *p, bool convolutions) {
    struct rule r;
    for (int first = 0; first < 2; first++)
        if (!rule_of(p, first, convolutions, &r) || strcmp(r.name, "epsilon") != 0 || r.a > 1e-6) return false;
    return strcmp(plugin_text(p, "start"), "logit") == 0;
}
