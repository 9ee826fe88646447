/* rng.h: counter-based random numbers (Philox 4x32-10, Salmon et al. 2011, doi:10.1145/2063384.2063405).
 * A stream is named by (seed, purpose, index), so what one part draws never shifts what another draws. */
#ifndef ASSAY_BASE_RNG_H
#define ASSAY_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
    uint64_t key, counter;
    uint32_t word[4];
    unsigned left;
    double spare; /* second normal of the last Box-Muller pair */
    int has_spare;
};

struct rng rng_stream(uint64_t seed, const char *purpose, uint64_t index);

/* A seed of its own for (seed, purpose, index); same mixing as rng_stream. */
uint64_t rng_seed(uint64_t seed, const char *purpose, uint64_t index);

uint32_t rng_next(struct rng *);
uint32_t rng_below(struct rng *, uint32_t n); /* unbiased, n >= 1 */
double rng_uniform(struct rng *);             /* [0, 1), 53 bits */
double rng_normal(struct rng *);
/* out[n]: mean + sd times the next n of rng_normal. */
void rng_normals(struct rng *, size_t n, double mean, double sd, float *out);

/* Fisher-Yates: out[n] is a permutation of 0..n-1. */
void rng_permutation(struct rng *, uint32_t n, uint32_t *out);
/* out[count][n]: permutations without a fixed point, no two of which send an element to the same one. There are n - 1
 * such at most: those beyond are the identity. `order`: scratch of 2n elements. Every pair of different elements is
 * equally likely. */
void rng_derangements(struct rng *, uint32_t n, uint32_t count, uint32_t *order, uint32_t *out);

/* The bijection underneath: one block of Philox 4x32-10, for tests against the published answers. */
void rng_block(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* Random access: element first+k of the stream `seed`, k < n. Behind assay.random/1. */
void rng_fill_uniform(uint64_t seed, uint64_t first, size_t n, float *out);
void rng_fill_normal(uint64_t seed, uint64_t first, size_t n, float *out);

#endif
