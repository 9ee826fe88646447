/* false-class-blind: gradient that claims not to depend on the class. */
#include "honest.h"

CLAIMING_PLUGIN("false-class-blind", ASSAY_CLASS_BLIND, "gradient that claims not to depend on the class");
