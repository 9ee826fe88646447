/* same_maps.h: which methods gave the same maps of the original network, and which should have. Private to run/. */
#ifndef ASSAY_RUN_SAME_MAPS_H
#define ASSAY_RUN_SAME_MAPS_H

#include "experiment/state.h"

/* Compares every two rows of different methods by the sketches of their maps, and puts into the store (meta
 * "equalities", an object; nothing where there is nothing to say)
 *  - pairs: a, b, relative distance, and what it is: "expected" (equal, as a theorem has it), "unexplained" (equal, and
 *    no theorem says why), "broken" (a theorem says that they are equal, and they are not); theorem and source;
 *  - sentence: those that are expected; warning: the others.
 * One method twice, with another reduction or name, is no pair; nor is a map before and after its ReLU. */
bool same_maps_put(struct run *, struct error *);

#endif
