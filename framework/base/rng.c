/* How a name becomes a key: with mix() the finaliser of SplitMix64 (Steele, Lea & Flood 2014,
 * doi:10.1145/2660193.2660195) and fnv() the 64-bit FNV-1a hash of the purpose's bytes,
 *
 *     key = mix(mix(mix(seed) ^ fnv(purpose)) ^ index)
 *
 * whose low and high halves are Philox's two key words. mix() is a bijection, so two streams of the same seed and
 * purpose never share a key. Counter words 0 and 1 count blocks of four numbers; word 2 says what the block is for:
 * 0 a stream, 1 rng_fill_uniform, 2 rng_fill_normal (both under key mix(seed)); word 3 is 0. */
#include "base/rng.h"

#include <math.h>
#include <stdbool.h>

enum { DOMAIN_STREAM, DOMAIN_FILL_UNIFORM, DOMAIN_FILL_NORMAL };

static const double two_pi = 6.283185307179586476925;

static uint64_t mix(uint64_t x) {
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static uint64_t fnv(const char *text) {
    uint64_t h = 0xcbf29ce484222325u;
    for (; *text; text++) h = (h ^ (unsigned char)*text) * 0x100000001b3u;
    return h;
}

uint64_t rng_seed(uint64_t seed, const char *purpose, uint64_t index) {
    return mix(mix(mix(seed) ^ fnv(purpose)) ^ index);
}

void rng_block(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];

    for (int round = 0; round < 10; round++) {
        uint64_t a = (uint64_t)0xD2511F53u * c0, b = (uint64_t)0xCD9E8D57u * c2;
        c0 = (uint32_t)(b >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)b;
        c2 = (uint32_t)(a >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)a;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

static void block_at(uint64_t key, uint64_t position, uint32_t domain, uint32_t out[4]) {
    const uint32_t counter[4] = {(uint32_t)position, (uint32_t)(position >> 32), domain, 0};
    const uint32_t words[2] = {(uint32_t)key, (uint32_t)(key >> 32)};
    rng_block(counter, words, out);
}

struct rng rng_stream(uint64_t seed, const char *purpose, uint64_t index) {
    return (struct rng){.key = rng_seed(seed, purpose, index)};
}

uint32_t rng_next(struct rng *r) {
    if (!r->left) {
        block_at(r->key, r->counter++, DOMAIN_STREAM, r->word);
        r->left = 4;
    }
    return r->word[4 - r->left--];
}

/* Lemire 2019, doi:10.1145/3230636 */
uint32_t rng_below(struct rng *r, uint32_t n) {
    uint64_t product = (uint64_t)rng_next(r) * n;
    if ((uint32_t)product < n) {
        uint32_t rejected = (uint32_t)(-n) % n;
        while ((uint32_t)product < rejected) product = (uint64_t)rng_next(r) * n;
    }
    return (uint32_t)(product >> 32);
}

double rng_uniform(struct rng *r) {
    uint64_t high = rng_next(r) >> 5, low = rng_next(r) >> 6;
    return (double)(high << 26 | low) * 0x1p-53;
}

/* Box & Muller 1958; u is in (0, 1]. */
static void box_muller(double u, double v, double out[2]) {
    double radius = sqrt(-2 * log(u));
    out[0] = radius * cos(two_pi * v);
    out[1] = radius * sin(two_pi * v);
}

double rng_normal(struct rng *r) {
    double pair[2];

    if (r->has_spare) {
        r->has_spare = 0;
        return r->spare;
    }
    double u = 1 - rng_uniform(r);
    box_muller(u, rng_uniform(r), pair);
    r->spare = pair[1];
    r->has_spare = 1;
    return pair[0];
}

void rng_permutation(struct rng *r, uint32_t n, uint32_t *out) {
    for (uint32_t i = 0; i < n; i++) out[i] = i;
    for (uint32_t i = n; i > 1; i--) {
        uint32_t j = rng_below(r, i), swapped = out[i - 1];
        out[i - 1] = out[j];
        out[j] = swapped;
    }
}

/* By rejection: every derangement is equally likely, after e = 2.7 tries on average. */
void rng_derangement(struct rng *r, uint32_t n, uint32_t *out) {
    bool fixed;
    do {
        rng_permutation(r, n, out);
        fixed = false;
        for (uint32_t i = 0; i < n && !fixed; i++) fixed = out[i] == i;
    } while (fixed && n >= 2);
}

void rng_fill_uniform(uint64_t seed, uint64_t first, size_t n, float *out) {
    uint64_t key = mix(seed), held = 0;
    uint32_t word[4];

    for (size_t k = 0; k < n; k++) {
        uint64_t element = first + k;
        if (k == 0 || element / 4 != held) {
            held = element / 4;
            block_at(key, held, DOMAIN_FILL_UNIFORM, word);
        }
        out[k] = (float)(word[element % 4] >> 8) * 0x1p-24f;
    }
}

void rng_fill_normal(uint64_t seed, uint64_t first, size_t n, float *out) {
    uint64_t key = mix(seed), held = 0;
    uint32_t word[4];
    double normal[4];

    for (size_t k = 0; k < n; k++) {
        uint64_t element = first + k;
        if (k == 0 || element / 4 != held) {
            held = element / 4;
            block_at(key, held, DOMAIN_FILL_NORMAL, word);
            box_muller((word[0] + 1.0) * 0x1p-32, word[1] * 0x1p-32, normal);
            box_muller((word[2] + 1.0) * 0x1p-32, word[3] * 0x1p-32, normal + 2);
        }
        out[k] = (float)normal[element % 4];
    }
}
