/* same_maps.h: methods that gave the same maps of the original network, byte for byte. Private to run/. */
#ifndef ASSAY_RUN_SAME_MAPS_H
#define ASSAY_RUN_SAME_MAPS_H

#include "experiment/state.h"

/* Puts "A and B; C and D" into the store (meta "same-maps"), nothing where all differ. One method twice, with another
 * reduction or name, is no such pair. */
bool same_maps_put(struct run *, struct error *);

#endif
