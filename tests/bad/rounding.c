/* rounding: rounds towards zero and changes the locale, when it is loaded and in every call. */
#include "honest.h"

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
    assay_status status = honest(self, model, request, maps, why);
    change();
    return status;
}

HONEST_PLUGIN("rounding", attribute);
