/* rounding: rounds towards zero and changes the locale, when it is loaded and in every call. */
#include "explainer.h"

#include <fenv.h>
#include <locale.h>

static void change(void) {
    fesetround(FE_TOWARDZERO);
    setlocale(LC_ALL, "C.UTF-8");
}

__attribute__((constructor)) static void on_load(void) {
    change();
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    assay_status status = model->gradient(model, request->n, request->inputs, request->targets, maps, why);
    change();
    return status;
}

static const assay_explainer_info info = {
    .id = "rounding",
    .name = "rounding",
    .summary = "rounds towards zero and changes the locale, when it is loaded and in every call",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
