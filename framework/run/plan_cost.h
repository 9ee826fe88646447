/* plan_cost.h: what a battery will cost, for a dry run: attributions and passes of single samples through the network.
 */
#ifndef ASSAY_RUN_PLAN_COST_H
#define ASSAY_RUN_PLAN_COST_H

#include "base/error.h"
#include "battery/battery.h"

struct run;             /* experiment/state.h */
struct explainer_entry; /* experiment/view.h */
struct draw_counts;     /* run/need.h */

struct cost {
    double attributions, forward, backward;
};

struct cost_line {
    const char *name;
    struct cost cost;
    bool trains; /* a control that trains networks first */
};

/* Names and battery are borrowed from the run. */
struct plan_cost {
    const struct battery *battery;
    struct cost_line *explainers; /* [explainer_count], yardsticks of the harness among them */
    struct cost_line *controls;   /* [control_count]: each alone, for all explainers; what two share counts in both */
    uint32_t explainer_count, yardstick_count, control_count;
    double seconds;               /* of the first look, here (plan_time.h) */
    double processor;             /* processor seconds of all processes together, likewise */
    double memory;                /* bytes of all processes together, at their peak */
    uint32_t samples;             /* that go through the network together */
    unsigned workers;             /* processes at a time */
    uint32_t networks, untrained; /* that the harness trains, and those the store does not have */
};

bool plan_cost_make(const struct run *, const struct draw_counts *, struct plan_cost *out, struct error *);
void plan_cost_finish(struct plan_cost *);

/* Whether the row asks for the gradient at the input alone, once for each: the harness has those of networks drawn anew
 * (reference.h) and tells them. Gradients at a layer, and by other rules, nobody else has. */
bool plan_cost_told(const struct explainer_entry *);

#endif
