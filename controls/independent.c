/* Independent randomization: one layer at a time is drawn anew, the others stay as trained. */
#include "controls/controls.h"

#include <stdlib.h>

static const struct control_option options[] = {CONTROL_INIT_OPTIONS, {.name = NULL}};

/* With one or two outputs, draws of the top layer come in pairs (W, -W), as in the cascade; below it there is nothing
 * to pair. */
static bool add(struct plan *p, uint32_t index, uint32_t stage, const char *name, const bool *layers,
                const struct init_options *draw, unsigned wants, struct error *e) {
    bool pairs = p->graph->classes <= 2 && layers[p->graph->layer_count - 1];
    for (int sign = 0; sign <= (int)pairs; sign++) {
        struct init_options init = *draw;
        uint32_t a;
        init.negate = sign == 1;
        if (!plan_redrawn(p, layers, &init, &a, e) || !plan_use(p, index, stage, name, draw->draw, a, wants, e))
            return false;
    }
    return true;
}

static bool expand(struct plan *p, uint32_t index, const struct control_values *values, const struct battery *b,
                   uint32_t from, uint32_t to, struct error *e) {
    uint32_t count = p->graph->layer_count;
    bool *layers = calloc(count + 1u, sizeof *layers), ok = true;
    if (!layers) return error_memory(e);
    for (uint32_t draw = from; ok && draw < to; draw++) {
        struct init_options init = control_init(values, b->seed, draw);
        for (uint32_t stage = 0; ok && stage < count; stage++) {
            uint32_t layer = count - 1 - stage;
            layers[layer] = true;
            ok = add(p, index, stage, p->graph->layers[layer].name, layers, &init, WANT_MATCHED, e);
            layers[layer] = false;
        }
        /* The floor needs the fully randomised network, whether or not the cascade is in the battery. */
        for (uint32_t l = 0; l < count; l++) layers[l] = true;
        ok = ok && add(p, index, count, "all (floor)", layers, &init, WANT_MATCHED | WANT_MISMATCHED, e);
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
