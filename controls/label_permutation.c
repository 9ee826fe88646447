/* Label permutation: networks trained to memorise permuted labels, beside twins trained again on the true ones. Adebayo
 * et al. 2018, arXiv:1810.03292, section 4. */
#include "controls/controls.h"

#include "judge/rules.h"

static const struct control_option options[] = {
    {"permutations", "networks trained on permuted labels", OPTION_NUMBER, 4, 2, 50, true, NULL},
    {"twins", "networks trained again on the true labels", OPTION_NUMBER, 4, 2, 50, true, NULL},
    {.name = NULL},
};

static bool expand(struct plan *p, uint32_t index, const struct control_values *values, const struct battery *b,
                   uint32_t from, uint32_t to, struct error *e) {
    (void)b;
    (void)to;
    if (from > 0) return true;
    static const char *const counts[] = {"permutations", "twins"};
    for (uint32_t stage = 0; stage < 2; stage++)
        for (uint32_t draw = 0; draw < (uint32_t)control_value(&control_label_permutation, values, counts[stage]);
             draw++) {
            uint32_t a;
            if (!plan_network(p, stage ? NETWORK_TWIN : NETWORK_PERMUTED, draw, &a, e) ||
                !plan_use(p, index, stage, stage ? "twin" : "permuted", draw, a, WANT_MATCHED | WANT_MISMATCHED, e))
                return false;
        }
    return true;
}

const struct control control_label_permutation = {
    .id = "label-permutation",
    .summary = "networks trained on permuted labels, against twins trained on the true ones",
    .source = "Adebayo et al. 2018, arXiv:1810.03292, section 4 (data randomization test)",
    .claim =
        "the map depends on the relation between inputs and labels that was learned, more than retraining alone changes it",
    .standard = true,
    .rule = &rule_labels,
    .options = options,
    .expand = expand,
};
