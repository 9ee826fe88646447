/* layer_names.h: what the layers of a run's model are called. */
#ifndef ASSAY_REPORTS_LAYER_NAMES_H
#define ASSAY_REPORTS_LAYER_NAMES_H

#include "store/store.h"

struct layer_names {
    char **name;
    size_t count;
};
/* From the input up. None where the run is not described. */
bool layer_names_load(struct store *, struct layer_names *, struct error *);
void layer_names_finish(struct layer_names *);

#endif
