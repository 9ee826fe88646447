/* The table of sources. */
#include "host/source.h"

const struct explainer_source *const explainer_sources[] = {&source_program, &source_library, NULL};
