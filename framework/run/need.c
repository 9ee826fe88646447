/* Which attributions the controls, the gates and the yardsticks ask of a row. */
#include "run/need.h"

#include "experiment/canary.h"
#include "experiment/explainers.h"

bool need_applies(const struct run *run, uint32_t control, uint32_t row, char *why, size_t size) {
    return control_applies(run->controls[control].control, run->explainers[row].claims, why, size);
}

static bool used_by(const struct run *run, const struct draw_counts *x, uint32_t row, uint32_t attribution) {
    char why[512];
    const struct plan *p = &run->plan;
    for (uint32_t i = 0; i < p->use_count; i++) {
        const struct use *u = &p->uses[i];
        if (u->attribution != attribution || u->draw >= x->draws[u->control * run->explainer_count + row]) continue;
        if (need_applies(run, u->control, row, why, sizeof why)) return true;
    }
    for (uint32_t i = 0; i < p->check_count; i++) {
        unsigned claims = p->checks[i].predicate->claims;
        if ((run->explainers[row].claims & claims) == claims && check_asks(&p->checks[i], attribution) &&
            need_applies(run, p->checks[i].control, row, why, sizeof why))
            return true;
    }
    return false;
}

/* Whether some control whose gates read that root applies to the row. */
static bool on_root(const struct run *run, uint32_t row, enum root root) {
    char why[512];
    for (uint32_t c = 0; c < run->control_count; c++)
        if (run->controls[c].control->rule->root == root && need_applies(run, c, row, why, sizeof why)) return true;
    return false;
}

/* Whether shares of that use are compared with the gradient's: of single layers, and of maps without signs, all; of a
 * cascade of signed maps the last, whose other inputs' maps are the base of the magnitudes (test MP). */
static bool is_paired(const struct run *run, const struct use *u, const struct explainer_entry *r) {
    const struct rule *rule = run->controls[u->control].control->rule;
    if (!attribution_is_redrawn(&run->plan.attributions[u->attribution])) return false;
    return rule->single_layers || r->non_negative || u->stage_index + 1 == plan_stages(&run->plan, u->control);
}

/* Whether a row that has this yardstick is asked for the attribution, and for its share. */
static bool pairs_yardstick(const struct run *run, const struct draw_counts *x, const struct explainer_entry *yardstick,
                            uint32_t attribution) {
    const struct plan *p = &run->plan;
    for (uint32_t i = 0; i < p->use_count; i++) {
        const struct use *u = &p->uses[i];
        for (uint32_t row = 0; u->attribution == attribution && row < run->explainer_count; row++) {
            const struct explainer_entry *r = &run->explainers[row];
            char why[512];
            if ((!r->yardstick || r->canary) && !r->held && run_yardstick(run, r) == yardstick &&
                is_paired(run, u, r) && u->draw < x->draws[u->control * run->explainer_count + row] &&
                need_applies(run, u->control, row, why, sizeof why))
                return true;
        }
    }
    return false;
}

static bool redraws(const struct run *run) {
    for (uint32_t i = 0; i < run->plan.attribution_count; i++)
        if (attribution_is_redrawn(&run->plan.attributions[i])) return true;
    return false;
}

/* The original, its repetition for what is random, and the first look of the one control that judges canaries. */
static bool canary_needs(const struct run *run, const struct explainer_entry *r, uint32_t attribution) {
    const struct attribution *a = &run->plan.attributions[attribution];
    uint32_t control = (uint32_t)(run_canary_control(run) - run->controls);
    if (a->root != ROOT_MODEL) return false;
    if (attribution_is_original(a)) return true;
    if (attribution_is_repeat(a)) return (r->claims & ASSAY_STOCHASTIC) != 0;
    for (uint32_t i = 0; i < run->plan.use_count; i++) {
        const struct use *u = &run->plan.uses[i];
        if (u->attribution == attribution && u->control == control && u->draw < run->battery->rule.draws[0])
            return true;
    }
    return false;
}

/* Whether test MP may be asked of the row. */
static bool asks_priors(const struct run *run, uint32_t row) {
    char why[512];
    for (uint32_t c = 0; c < run->control_count && !run->explainers[row].non_negative; c++) {
        const struct rule *rule = run->controls[c].control->rule;
        if ((rule->magnitude_guard || rule->single_layers) && need_applies(run, c, row, why, sizeof why)) return true;
    }
    return false;
}

bool need_attribution(const struct run *run, const struct draw_counts *x, uint32_t row, uint32_t attribution) {
    const struct attribution *a = &run->plan.attributions[attribution];
    const struct explainer_entry *r = &run->explainers[row];
    if (r->held) return false;
    if (r->canary) return canary_needs(run, r, attribution);
    if (r->yardstick) {
        if (a->root != ROOT_MODEL || !attribution_is_plain(a)) return false;
        return attribution_is_original(a) ? redraws(run) : pairs_yardstick(run, x, r, attribution);
    }
    if (used_by(run, x, row, attribution)) return true;
    if (!on_root(run, row, a->root)) return false;
    return attribution_is_original(a) || attribution_is_jittered(a) ||
           (attribution_is_moved(a) && asks_priors(run, row)) ||
           (attribution_is_repeat(a) && (r->claims & ASSAY_STOCHASTIC));
}

uint32_t need_units(const struct run *run, const struct draw_counts *x, uint32_t row) {
    uint32_t units = 0;
    for (uint32_t a = 0; a < run->plan.attribution_count; a++) units += need_attribution(run, x, row, a);
    return units;
}
