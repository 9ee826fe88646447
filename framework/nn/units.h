/* units.h: which hidden units of a network can be numbered in another order, and multiplied by numbers of their own,
 * without another function: what leaves one node along its channels enters the next ones along theirs. */
#ifndef ASSAY_NN_UNITS_H
#define ASSAY_NN_UNITS_H

#include "nn/weights.h"

/* Hidden units that keep one order: of the outputs of a layer, of all that is added to them, and of what operators make
 * of them that work channel by channel. */
struct units;

bool units_create(const struct graph *, struct units **out, struct error *);
void units_destroy(struct units *);

/* How many groups of units are free: written and read by parameters alone, which can follow. */
uint32_t units_free(const struct units *);
/* Whether all that the last layer reads is of free groups. */
bool units_reach_last(const struct units *);

/* Puts every free group into a random order, and multiplies each of its units by 1/4, 1/2, 1, 2 or 4 where what lies
 * between its writers and readers lets positive factors pass. Powers of two change no bit of a product; another order
 * changes the rounding of sums. `seed` alone decides. False: out of memory. */
bool units_shuffle(const struct units *, uint64_t seed, struct weights *, struct error *);

#endif
