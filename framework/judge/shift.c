/* shift.c: whether a map stays when a shift of the input is taken away by the network: told, not judged. */
#include "judge/rules.h"
#include "judge/studies.h"

#include <math.h>

#define STAYS 1e-3 /* relative distance: rounding in a shifted first layer */

static bool decide(struct judge_case *c, struct judgement *j, struct store *curves, struct error *e) {
    uint32_t study, place;
    (void)curves;
    if (!studies_get(c, 0, &study)) {
        judgement_say(j, VERDICT_ERROR, "The plan has no study of this control.");
        return true;
    }
    if (studies_gate(c, study, j)) return true;
    double worst = studies_worst(c, study, "distance", &place), shift = studies_number(c, study, "shift");
    const char *note = isnan(worst)     ? "zero everywhere"
                       : worst <= STAYS ? "the map stays"
                                        : judgement_keep(j, "the map changes by %.2g of its size", worst);
    if (!note) return error_memory(e);
    j->note = note;
    judgement_say(
        j, VERDICT_SKIP,
        "A property that nothing is judged by: inputs shifted by %.3g, which the first layer's bias takes away "
        "again.",
        shift);
    return true;
}

const struct rule rule_input_shift = {
    .name = "input-shift", .family = FAMILY_CHECKS, .root = ROOT_NONE, .decide = decide};
