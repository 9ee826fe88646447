/* Bottom-up: layers are drawn anew from the input up, one stage more at a time. The order of Binder et al. 2023,
 * arXiv:2211.12486, section 4, and of the code of Hedstroem et al. 2024, beside the cascade from the output down of
 * Adebayo et al. 2018, arXiv:1810.03292, section 3.1. What is above stays as it was trained, so part of the function
 * may survive, and what survives of a map is measured against it, as of single layers. */
#include "controls/controls.h"
#include "controls/stages.h"

#include "judge/rules.h"

static const struct control_option options[] = {STAGES_OPTIONS, {.name = NULL}};

static bool expand(struct plan *p, uint32_t index, const struct control_values *values, const struct battery *b,
                   uint32_t from, uint32_t to, struct error *e) {
    return stages_cascade(p, index, &control_bottom_up, values, b, true, from, to, e);
}

static bool settle(const struct graph *g, const struct battery *b, struct control_values *values, struct text *said,
                   struct error *e) {
    return stages_settle(g, &control_bottom_up, b, values, said, e);
}

const struct control control_bottom_up = {
    .id = "bottom-up",
    .summary = "weights drawn anew layer by layer, from the input up",
    .source = "Binder et al. 2023, arXiv:2211.12486, section 4; Adebayo et al. 2018, arXiv:1810.03292, section 3.1",
    .claim = "no more of the map survives than of the function, however many layers above the input are drawn anew",
    .rule = &rule_bottom_up,
    .options = options,
    .settle = settle,
    .expand = expand,
};
