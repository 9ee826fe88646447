/* exit-in-parent: ends a process that is not a worker when it is loaded. */
#include "explainer.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Workers end with their parent; the parent itself has no such signal. */
static int in_parent(void) {
    int number = 0;
    prctl(PR_GET_PDEATHSIG, &number);
    return number != SIGKILL;
}

__attribute__((constructor)) static void on_load(void) {
    if (in_parent()) _exit(0);
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    return model->gradient(model, request->n, request->inputs, request->targets, maps, why);
}

static const assay_explainer_info info = {
    .id = "exit-in-parent",
    .name = "exit-in-parent",
    .summary = "ends a process that is not a worker when it is loaded",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
