/* Cascading randomization: layers are drawn anew from the output down, one more at each stage. */
#include "controls/controls.h"

#include <stdio.h>
#include <stdlib.h>

static const struct control_option options[] = {CONTROL_INIT_OPTIONS, {.name = NULL}};

/* With one or two outputs an honest gradient flips sign as a block from draw to draw; antithetic pairs of top-layer
 * draws (W, -W) cancel that exactly (docs/verdict.md, caveat 2). Both members count as one draw. */
static bool needs_pairs(const struct plan *p) {
    return p->graph->classes <= 2;
}

static bool expand_draw(struct plan *p, uint32_t index, struct init_options init, bool *layers, uint32_t draw,
                        struct error *e) {
    uint32_t count = p->graph->layer_count;
    for (uint32_t l = 0; l < count; l++) layers[l] = false;
    for (uint32_t stage = 0; stage < count; stage++) {
        uint32_t layer = count - 1 - stage;
        layers[layer] = true;
        char name[160];
        snprintf(name, sizeof name, "%s%s", stage ? "+" : "", p->graph->layers[layer].name);
        /* The floor is always that of the fully randomised stage: a partly randomised network shares the untouched
         * weights. */
        unsigned wants = stage + 1 == count ? WANT_MATCHED | WANT_MISMATCHED : WANT_MATCHED;
        for (int sign = 0; sign <= (int)needs_pairs(p); sign++) {
            uint32_t a;
            init.negate = sign == 1;
            if (!plan_redrawn(p, layers, &init, &a, e) || !plan_use(p, index, stage, name, draw, a, wants, e))
                return false;
        }
    }
    return true;
}

static bool expand(struct plan *p, uint32_t index, const struct control_values *values, const struct battery *b,
                   uint32_t from, uint32_t to, struct error *e) {
    bool *layers = calloc(p->graph->layer_count + 1u, sizeof *layers);
    if (!layers) return error_memory(e);
    bool ok = true;
    for (uint32_t draw = from; ok && draw < to; draw++)
        ok = expand_draw(p, index, control_init(values, b->seed, draw), layers, draw, e);
    free(layers);
    return ok;
}

const struct control control_cascading = {
    .id = "cascading",
    .summary = "weights drawn anew layer by layer, from the output down",
    .source =
        "Adebayo et al. 2018, arXiv:1810.03292, section 3.1 (cascading randomization); MPRT in Hedstrom et al. 2023",
    .claim = "the signed map and its magnitudes depend on the learned weights of every layer, from the top one on",
    .judge = JUDGE_CASCADE,
    .options = options,
    .expand = expand,
};
