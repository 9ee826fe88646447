/* Independent randomization: one layer at a time is drawn anew, the others stay as trained. */
#include "controls/controls.h"

#include <stdlib.h>

static const struct control_option options[] = {CONTROL_INIT_OPTIONS, {.name = NULL}};

static bool expand(struct plan *p, uint32_t index, const struct control_values *values, const struct battery *b, uint32_t from,
                   uint32_t to, struct error *e) {
    uint32_t count = p->graph->layer_count;
    bool *layers = calloc(count + 1u, sizeof *layers), ok = true;
    if (!layers) return error_memory(e);
    for (uint32_t draw = from; ok && draw < to; draw++) {
        struct init_options init = control_init(values, b->seed, draw);
        for (uint32_t stage = 0; ok && stage < count; stage++) {
            uint32_t layer = count - 1 - stage, a;
            layers[layer] = true;
            /* Pairs (W, -W) for one or two outputs, as in the cascade. */
            for (int sign = 0; ok && sign <= (p->graph->classes <= 2); sign++) {
                init.negate = sign == 1;
                ok = plan_redrawn(p, layers, &init, &a, e) &&
                     plan_use(p, index, stage, p->graph->layers[layer].name, draw, a, WANT_MATCHED, e);
            }
            layers[layer] = false;
        }
        /* The floor needs the fully randomised network, whether or not the cascade is in the battery. */
        for (uint32_t l = 0; l < count; l++) layers[l] = true;
        uint32_t a;
        init.negate = false;
        ok = ok && plan_redrawn(p, layers, &init, &a, e) &&
             plan_use(p, index, count, "all (floor)", draw, a, WANT_MATCHED | WANT_MISMATCHED, e);
        for (uint32_t l = 0; l < count; l++) layers[l] = false;
    }
    free(layers);
    return ok;
}

const struct control control_independent = {
    .id = "independent",
    .summary = "weights of one layer at a time drawn anew, the others as trained",
    .source = "Adebayo et al. 2018, arXiv:1810.03292, section 3.2 (independent randomization)",
    .claim = "the map depends on the learned weights of each single layer whose re-drawing changes the function",
    .judge = JUDGE_INDEPENDENT,
    .options = options,
    .expand = expand,
};
