/* What a battery will cost. */
#include "run/plan_cost.h"

#include "plan/study.h"
#include "run/need.h"

#include <stdlib.h>

/* What one row costs under one control, or under all of them and the gates (control_count); shared attributions count
 * once in the latter only. */
static struct cost cost_of(const struct run *run, const struct draw_counts *counts, uint32_t row, uint32_t control) {
    const struct explainer_entry *r = &run->explainers[row];
    double n = 0;
    for (uint32_t a = 0; a < run->plan.attribution_count; a++) {
        bool used = control == run->control_count;
        for (uint32_t u = 0; !used && u < run->plan.use_count; u++)
            used = run->plan.uses[u].control == control && run->plan.uses[u].attribution == a;
        for (uint32_t k = 0; !used && k < run->plan.check_count; k++)
            used = run->plan.checks[k].control == control && check_asks(&run->plan.checks[k], a);
        const struct study *study = run->plan.attributions[a].study;
        if (used && need_attribution(run, counts, row, a)) n += study ? study->maps : run->battery->inputs;
    }
    return (struct cost){n, n * r->forwards, n * r->backwards};
}

static struct cost cost_of_control(const struct run *run, const struct draw_counts *counts, uint32_t control) {
    struct cost sum = {0};
    for (uint32_t row = 0; row < run->explainer_count; row++) {
        struct cost c = cost_of(run, counts, row, control);
        sum.attributions += c.attributions;
        sum.forward += c.forward;
        sum.backward += c.backward;
    }
    return sum;
}

bool plan_cost_make(const struct run *run, const struct draw_counts *counts, struct plan_cost *out, struct error *e) {
    *out = (struct plan_cost){.battery = run->battery,
                              .explainers = calloc(run->explainer_count + 1u, sizeof *out->explainers),
                              .controls = calloc(run->control_count + 1u, sizeof *out->controls),
                              .explainer_count = run->explainer_count,
                              .control_count = run->control_count,
                              .networks = run->network_count};
    if (!out->explainers || !out->controls) return error_memory(e);
    for (uint32_t row = 0; row < run->explainer_count; row++) {
        const struct explainer_entry *r = &run->explainers[row];
        out->explainers[row] = (struct cost_line){r->name, cost_of(run, counts, row, run->control_count), false};
        out->yardstick_count += r->yardstick;
    }
    for (uint32_t c = 0; c < run->control_count; c++) {
        const struct control *control = run->controls[c].control;
        out->controls[c] =
            (struct cost_line){control->id, cost_of_control(run, counts, c), control->rule->needs_training};
    }
    for (uint32_t i = 0; i < run->network_count; i++) out->untrained += !run->networks[i].weights;
    return true;
}

void plan_cost_finish(struct plan_cost *cost) {
    free(cost->explainers);
    free(cost->controls);
    *cost = (struct plan_cost){0};
}

bool plan_cost_told(const struct explainer_entry *r) {
    return r->forwards > 0 && r->forwards < 1.5 && r->backwards > .5 && r->backwards < 1.5 && !r->inspected &&
           !r->ruled;
}
