/* Which attributions the controls, the gates and the yardsticks ask of a row. */
#include "run/need.h"

bool need_applies(const struct run *run, uint32_t control, uint32_t row, char *why, size_t size) {
    return control_applies(run->controls[control].control, run->explainers[row].claims, why, size);
}

static bool used_by(const struct run *run, const struct draw_counts *x, uint32_t row, uint32_t attribution) {
    char why[256];
    const struct plan *p = &run->plan;
    for (uint32_t i = 0; i < p->use_count; i++) {
        const struct use *u = &p->uses[i];
        if (u->attribution != attribution || u->draw >= x->draws[u->control * run->explainer_count + row]) continue;
        if (need_applies(run, u->control, row, why, sizeof why)) return true;
    }
    for (uint32_t i = 0; i < p->check_count; i++)
        if (check_asks(&p->checks[i], attribution) && need_applies(run, p->checks[i].control, row, why, sizeof why))
            return true;
    return false;
}

/* Whether some control whose gates read that root applies to the row. */
static bool on_root(const struct run *run, uint32_t row, enum root root) {
    char why[256];
    for (uint32_t c = 0; c < run->control_count; c++)
        if (run->controls[c].control->rule->root == root && need_applies(run, c, row, why, sizeof why)) return true;
    return false;
}

bool need_attribution(const struct run *run, const struct draw_counts *x, uint32_t row, uint32_t attribution) {
    const struct attribution *a = &run->plan.attributions[attribution];
    const struct explainer_entry *r = &run->explainers[row];
    if (r->yardstick) {
        if (a->root != ROOT_MODEL || !attribution_is_plain(a) || attribution_is_twin(a)) return false;
        if (attribution_is_original(a)) return true;
        for (uint32_t other = 0; other < run->explainer_count; other++) {
            const struct explainer_entry *o = &run->explainers[other];
            if (!o->yardstick && o->non_negative && o->reduction == r->reduction && used_by(run, x, other, attribution))
                return true;
        }
        return false;
    }
    if (used_by(run, x, row, attribution)) return true;
    if (!on_root(run, row, a->root)) return false;
    return attribution_is_original(a) || attribution_is_jittered(a) ||
           (attribution_is_repeat(a) && (r->claims & ASSAY_STOCHASTIC));
}
