/* verdict_judge.c: what comes before any rule. */
#include "run/verdict_judge.h"

#include "host/conformance.h"
#include "host/plugin.h"

#include <string.h>

/* A sentence that says who is to blame already. */
static bool program_speaks(const char *breach) {
    return strncmp(breach, CONFORMANCE_PROGRAM, strlen(CONFORMANCE_PROGRAM)) == 0;
}

bool verdict_judge(const struct results *r, uint32_t row, uint32_t control, uint32_t draws, struct store *curves,
                   struct judgement *j, struct error *e) {
    const struct explainer_entry *explainer = &r->view.explainers[row];
    const struct control *asked = r->view.controls[control].control;
    char why[512];
    *j = judgement_begin(r);
    if (explainer->plugin && explainer->plugin->problem)
        judgement_say(j, VERDICT_ERROR, "The explainer cannot be used: %s", explainer->plugin->problem);
    else if (explainer->breach && strncmp(explainer->breach, CONFORMANCE_NETWORK, strlen(CONFORMANCE_NETWORK)) == 0)
        judgement_say(j, VERDICT_ERROR, "%s", explainer->breach);
    else if (explainer->breach && explainer->plugin && explainer->plugin->source->outside)
        judgement_say(j, VERDICT_ERROR, "%s%s",
                      program_speaks(explainer->breach) ? "" : "Breach of the rules: ", explainer->breach);
    else if (explainer->breach) judgement_say(j, VERDICT_ERROR, "Breach of the plugin rules: %s", explainer->breach);
    else if (explainer->unsupported) judgement_say(j, VERDICT_SKIP, "%s", explainer->unsupported);
    else if (!control_applies(asked, explainer->claims, why, sizeof why)) judgement_say(j, VERDICT_SKIP, "%s", why);
    else return judge(r, row, control, draws, curves, j, e);
    return true;
}
