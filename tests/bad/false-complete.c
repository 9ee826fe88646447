/* false-complete: gradient that claims to sum to the change of the logit. */
#include "honest.h"

CLAIMING_PLUGIN("false-complete", ASSAY_COMPLETE, "gradient that claims to sum to the change of the logit");
