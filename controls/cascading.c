/* Cascading randomization: layers are drawn anew from the output down, one stage more at a time. Adebayo et al. 2018,
 * arXiv:1810.03292, section 3.1. */
#include "controls/controls.h"
#include "controls/stages.h"

#include "judge/rules.h"

static const struct control_option options[] = {STAGES_OPTIONS, {.name = NULL}};

static bool expand(struct plan *p, uint32_t index, const struct control_values *values, const struct battery *b,
                   uint32_t from, uint32_t to, struct error *e) {
    return stages_cascade(p, index, &control_cascading, values, b, false, from, to, e);
}

static bool settle(const struct graph *g, const struct battery *b, struct control_values *values, struct text *said,
                   struct error *e) {
    return stages_settle(g, &control_cascading, b, values, said, e);
}

const struct control control_cascading = {
    .id = "cascading",
    .summary = "weights drawn anew layer by layer, from the output down",
    .source =
        "Adebayo et al. 2018, arXiv:1810.03292, section 3.1 (cascading randomization); MPRT in Hedstrom et al. 2023",
    .claim = "the signed map and its magnitudes depend on the learned weights of every layer, from the top one on",
    .standard = true,
    .quick = true,
    .rule = &rule_cascading,
    .options = options,
    .settle = settle,
    .expand = expand,
};
