/* sketch.h: a few numbers of each map, so that two rows can be compared whose maps are never in one process: products
 * with random signs, the same for all maps. The distance of two sketches is that of the maps, give or take 6 %:
 * Johnson and Lindenstrauss 1984, doi:10.1090/conm/026/737400; with signs Achlioptas 2003,
 * doi:10.1016/S0022-0000(03)00025-4. Private to run/. */
#ifndef ASSAY_RUN_SKETCH_H
#define ASSAY_RUN_SKETCH_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

#define SKETCH_META "sketch/" /* and the row: its key in the store */
#define SKETCH_INPUTS 16u     /* the first so many of the run */
#define SKETCH_WIDTH 16u      /* products with each map */

struct sketch {
    uint32_t inputs;
    double value[SKETCH_INPUTS][SKETCH_WIDTH];
};

/* Of no maps yet; then those of the inputs from `first` on, maps[n][count], in order. */
void sketch_begin(struct sketch *);
void sketch_add(struct sketch *, uint32_t first, uint32_t n, size_t count, const float *maps);

/* As text for the store, and back. NULL: out of memory. false: it is no such text. */
char *sketch_to_text(const struct sketch *);
bool sketch_from_text(const char *, struct sketch *out);

/* What a worker may send: numbers, and so many inputs. The reason otherwise. */
bool sketch_check(const struct sketch *, uint32_t inputs, struct error *);

/* |a - b| / the larger of |a| and |b|, over all inputs at once: 0 where both are zeros. Infinite where the two are not
 * of the same inputs. */
double sketch_distance(const struct sketch *a, const struct sketch *b);

/* The same where each map of b is multiplied by the positive factor that suits it best, input by input: 0 where ranks
 * are the same throughout because maps are copies times something. `plain`: the sketch of one map of ones: maps that
 * are constant tell nothing, and infinite is returned where all are, or where a factor is not positive. */
double sketch_scaled_distance(const struct sketch *a, const struct sketch *b, const struct sketch *plain);

#endif
