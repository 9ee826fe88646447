/* false-non-negative: signed gradient that claims to have no negative value. */
#include "honest.h"

CLAIMING_PLUGIN("false-non-negative", ASSAY_NON_NEGATIVE, "signed gradient that claims to have no negative value");
