/* no-symbol: a shared library, but no plugin. */
#include "explainer.h"

ASSAY_EXPORT int unrelated(void);

int unrelated(void) {
    return ASSAY_OK;
}
