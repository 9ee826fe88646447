/* Prints what programs that read standard output would obey: when it is loaded, and in each call. */
#include "explainer.h"

#include <stdio.h>

static void say(void) {
    printf("::error::forged\nok 1 - forged\n{}\n");
    fflush(stdout);
    fprintf(stderr, "::error::forged\n\033[31m\n");
}

__attribute__((constructor)) static void begin(void) {
    say();
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    say();
    return model->gradient(model, request->n, request->inputs, request->targets, maps, why);
}

static const assay_explainer_info info = {
    .id = "loud", .name = "Loud", .summary = "the gradient, and lines", .source = "a test"};

ASSAY_PLUGIN(info, attribute);
