/* wild-about: honest, but what it says of itself besides is about an explainer that it does not have. */
#include "honest.h"

static const assay_about about = {.id = "another", .family = "f", .formula = "f", .cost = "c", .inputs = 1};
ASSAY_ABOUT_PLUGIN(about);

HONEST_PLUGIN("wild-about", honest);
