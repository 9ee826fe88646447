/* Independent randomization: one layer at a time is drawn anew, the others stay as trained. Adebayo et al. 2018,
 * arXiv:1810.03292, section 3.2. */
#include "controls/controls.h"
#include "controls/stages.h"

#include "judge/rules.h"

static const struct control_option options[] = {STAGES_OPTIONS, {.name = NULL}};

static bool expand(struct plan *p, uint32_t index, const struct control_values *values, const struct battery *b,
                   uint32_t from, uint32_t to, struct error *e) {
    struct stages s;
    bool ok = stages_create(p->graph, &control_independent, values, b, &s, e);
    for (uint32_t draw = from; ok && draw < to; draw++) {
        const struct init_options init = control_init(values, b->seed, draw);
        for (uint32_t stage = 0; ok && stage < s.count; stage++)
            ok = stages_draw(p, index, &s, stage, s.names[stage], s.layers + (size_t)stage * s.layer_count, &init,
                             WANT_MATCHED, e);
        /* The floor needs the fully randomised network, whether or not the cascade is in the battery. */
        ok = ok && stages_floor(p, index, &s, &init, e);
    }
    stages_finish(&s);
    return ok;
}

static bool settle(const struct graph *g, const struct battery *b, struct control_values *values, struct text *said,
                   struct error *e) {
    return stages_settle(g, &control_independent, b, values, said, e);
}

const struct control control_independent = {
    .id = "independent",
    .summary = "weights of one layer at a time drawn anew, the others as trained",
    .source = "Adebayo et al. 2018, arXiv:1810.03292, section 3.2 (independent randomization)",
    .claim = "the map depends on the learned weights of each single layer whose re-drawing changes the function",
    .standard = true,
    .rule = &rule_independent,
    .options = options,
    .settle = settle,
    .expand = expand,
};
