/* Class sensitivity: another class, another map. Sixt et al. 2020, arXiv:1912.09818, section 3 (random logit). */
#include "controls/controls.h"

#include "base/rng.h"
#include "explainers/explainer.h"
#include "judge/rules.h"

#include <stdio.h>

/* Any class but the one explained and the second best. The evidence against the best class is the evidence for the
 * second: honest maps of the two agree at up to .97. */
static uint32_t choose(const struct target_case *c, struct rng *rng) {
    uint32_t low = c->target < c->second ? c->target : c->second, high = c->target < c->second ? c->second : c->target;
    if (c->classes < 3) return c->target;
    uint32_t other = rng_below(rng, c->classes - 2);
    other += other >= low;
    return other + (other >= high);
}

static const struct target_transform other_class = {"other", choose};

static bool applies(unsigned claims, char *why, size_t size) {
    if (!(claims & ASSAY_CLASS_BLIND)) return true;
    snprintf(why, size, "The method claims to be blind to the class.");
    return false;
}

static bool expand(struct plan *p, uint32_t index, const struct control_values *values, const struct battery *b,
                   uint32_t from, uint32_t to, struct error *e) {
    static const struct ask ask = {.root = ROOT_MODEL, .target = &other_class};
    uint32_t a;
    (void)values, (void)b, (void)to;
    if (from > 0) return true;
    if (p->graph->classes < 3)
        return plan_note(p, index, "The network has fewer than three outputs: no class is left but the second best.",
                         e);
    return plan_ask(p, &ask, &a, e) && plan_use(p, index, 0, "other class", 0, a, WANT_MATCHED, e);
}

const struct control control_class_sensitivity = {
    .id = "class-sensitivity",
    .summary = "the map of another class must be another map",
    .source = "Sixt et al. 2020, arXiv:1912.09818, section 3 (random logit)",
    .claim = "the map depends on the class that is explained",
    .standard = true,
    .quick = true,
    .rule = &rule_classes,
    .applies = applies,
    .expand = expand,
};
