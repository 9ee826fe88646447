/* killed: ends its own process as an out-of-memory killer would, when ASSAY_TEST_KILL is set: "load" when it is loaded,
 * "first" at once, "variant" when the network is another than the one it saw first; else it is the gradient. */
#include "explainer.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

__attribute__((constructor)) static void load(void) {
    const char *when = getenv("ASSAY_TEST_KILL");
    if (when && strcmp(when, "load") == 0) raise(SIGKILL);
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    static float first;
    static int known;
    const char *when = getenv("ASSAY_TEST_KILL");
    float *logits = malloc(model->outputs * sizeof *logits);
    (void)self;
    assay_status status = logits ? model->forward(model, 1, request->inputs, logits, why) : ASSAY_FAILED;
    if (status == ASSAY_OK && when && strcmp(when, "first") == 0) raise(SIGKILL);
    if (status == ASSAY_OK && !known) first = logits[0], known = 1;
    if (status == ASSAY_OK && when && strcmp(when, "variant") == 0 && request->n > 3 && logits[0] != first)
        raise(SIGKILL);
    free(logits);
    return status == ASSAY_OK ? model->gradient(model, request->n, request->inputs, request->targets, maps, why)
                              : status;
}

static const assay_explainer_info info = {
    .id = "killed",
    .name = "killed",
    .summary = "kills its process when told to",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
