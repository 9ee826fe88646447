/* abi-major: speaks the next major version of the ABI. */
#include "explainer.h"

ASSAY_EXPORT const assay_plugin assay_entry = {{ASSAY_ABI_MAJOR + 1, 0}, 0, NULL, NULL};
