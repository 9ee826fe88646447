/* abi-minor: wants a newer minor version of the ABI than there is. */
#include "explainer.h"

ASSAY_EXPORT const assay_plugin assay_entry = {{ASSAY_ABI_MAJOR, ASSAY_ABI_MINOR + 1}, 0, NULL, NULL};
