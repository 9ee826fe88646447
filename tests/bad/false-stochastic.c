/* false-stochastic: gradient that claims to depend on the seed. */
#include "honest.h"

CLAIMING_PLUGIN("false-stochastic", ASSAY_STOCHASTIC, "gradient that claims to depend on the seed");
