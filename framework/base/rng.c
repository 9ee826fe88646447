/* How a name becomes a key: with mix() the finaliser of SplitMix64 (Steele, Lea & Flood 2014,
 * doi:10.1145/2660193.2660195) and text_hash() the 64-bit FNV-1a hash of the purpose's bytes,
 *
 *     key = mix(mix(mix(seed) ^ text_hash(purpose)) ^ index)
 *
 * whose low and high halves are Philox's two key words. mix() is a bijection, so two streams of the same seed and
 * purpose never share a key. Counter words 0 and 1 count blocks of four numbers; word 2 says what the block is for:
 * 0 a stream, 1 rng_fill_uniform, 2 rng_fill_normal (both under key mix(seed)); word 3 is 0. */
#include "base/rng.h"
#include "base/text.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { DOMAIN_STREAM, DOMAIN_FILL_UNIFORM, DOMAIN_FILL_NORMAL };

static const double two_pi = 6.283185307179586476925;

static uint64_t mix(uint64_t x) {
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

uint64_t rng_seed(uint64_t seed, const char *purpose, uint64_t index) {
    return mix(mix(mix(seed) ^ text_hash(purpose)) ^ index);
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

static double uniform_of(uint32_t first, uint32_t second) {
    uint64_t high = first >> 5, low = second >> 6;
    return (double)(high << 26 | low) * 0x1p-53;
}

double rng_uniform(struct rng *r) {
    uint32_t first = rng_next(r);
    return uniform_of(first, rng_next(r));
}

/* ---- Normal numbers: LANES pairs at a time, in loops that compilers vectorise. The logarithm, sine and cosine are
 * ours, so that numbers are the same wherever IEEE 754 is: libraries differ in the last bit. ---- */

#define LANES 8u

static uint64_t bits_of(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static double double_of(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* The natural logarithm of a normal number up to 1: x = 2^k m with m near 1, log m by the series of fdlibm's e_log.c
 * (Sun Microsystems 1993), below 1 ulp. */
static inline double log_of(double x) {
    uint64_t shifted = bits_of(x) - 0x3fe6a09e667f3bcdu + ((uint64_t)1023 << 52); /* sqrt(1/2) */
    uint64_t exponent = shifted >> 52;
    double k = double_of(exponent | 0x4330000000000000u) - (0x1p52 + 1023);
    double f = double_of(bits_of(x) - ((exponent - 1023) << 52)) - 1;
    double s = f / (2 + f), z = s * s, half = .5 * f * f;
    double series = 1.479819860511658591e-1;
    series = 1.531383769920937332e-1 + z * series;
    series = 1.818357216161805012e-1 + z * series;
    series = 2.222219843214978396e-1 + z * series;
    series = 2.857142874366239149e-1 + z * series;
    series = 3.999999999940941908e-1 + z * series;
    series = 6.666666666666735130e-1 + z * series;
    return k * 6.93147180369123816490e-1 - (half - (s * (half + z * series) + k * 1.90821492927058770002e-10) - f);
}

/* Cosine and sine of v turns, 0 <= v < 1: the nearest quarter taken off exactly, the rest by fdlibm's k_cos.c and
 * k_sin.c. */
static inline void turn_of(double v, double *cosine, double *sine) {
    double moved = 4 * v + 0x1.8p52; /* rounds; the quarter is in the last bits */
    uint64_t quarter = bits_of(moved) & 3;
    double x = two_pi * (v - .25 * (moved - 0x1.8p52)), z = x * x;
    double s = 1.58969099521155010221e-10, c = -1.13596475577881948265e-11;
    s = -2.50507602534068634195e-8 + z * s;
    s = 2.75573137070700676789e-6 + z * s;
    s = -1.98412698298579493134e-4 + z * s;
    s = 8.33333333332248946124e-3 + z * s;
    s = -1.66666666666666324348e-1 + z * s;
    c = 2.08757232129817482790e-9 + z * c;
    c = -2.75573143513906633035e-7 + z * c;
    c = 2.48015872894767294178e-5 + z * c;
    c = -1.38888888888741095749e-3 + z * c;
    c = 4.16666666666666019037e-2 + z * c;
    uint64_t up = bits_of(x + x * z * s), along = bits_of(1 - (.5 * z - z * z * c)), odd = 0 - (quarter & 1);
    *cosine = double_of(((up & odd) | (along & ~odd)) ^ ((quarter + 1) & 2) << 62);
    *sine = double_of(((along & odd) | (up & ~odd)) ^ (quarter & 2) << 62);
}

/* Box & Muller 1958; u is in (0, 1]. out[2 LANES]: pairs, one behind the other. */
static void box_muller(const double *u, const double *v, double *out) {
    double square[LANES], cosine[LANES], sine[LANES];
    for (unsigned i = 0; i < LANES; i++) square[i] = -2 * log_of(u[i]);
    for (unsigned i = 0; i < LANES; i++) turn_of(v[i], &cosine[i], &sine[i]);
    for (unsigned i = 0; i < LANES; i++) {
        double radius = sqrt(square[i]);
        out[2 * i] = radius * cosine[i];
        out[2 * i + 1] = radius * sine[i];
    }
}

double rng_normal(struct rng *r) {
    double cosine, sine;

    if (r->has_spare) {
        r->has_spare = 0;
        return r->spare;
    }
    double radius = sqrt(-2 * log_of(1 - rng_uniform(r)));
    turn_of(rng_uniform(r), &cosine, &sine);
    r->spare = radius * sine;
    r->has_spare = 1;
    return radius * cosine;
}

void rng_normals(struct rng *r, size_t n, double mean, double sd, float *out) {
    double u[LANES], v[LANES], pairs[2 * LANES];
    for (; n && (r->has_spare || r->left); n--) *out++ = (float)(mean + sd * rng_normal(r));
    for (; n >= 2 * LANES; n -= 2 * LANES, out += 2 * LANES) {
        for (unsigned i = 0; i < LANES; i++) { /* a block is two uniform numbers, and they are a pair */
            uint32_t word[4];
            block_at(r->key, r->counter++, DOMAIN_STREAM, word);
            u[i] = 1 - uniform_of(word[0], word[1]);
            v[i] = uniform_of(word[2], word[3]);
        }
        box_muller(u, v, pairs);
        for (unsigned i = 0; i < 2 * LANES; i++) out[i] = (float)(mean + sd * pairs[i]);
    }
    for (; n; n--) *out++ = (float)(mean + sd * rng_normal(r));
}

void rng_permutation(struct rng *r, uint32_t n, uint32_t *out) {
    for (uint32_t i = 0; i < n; i++) out[i] = i;
    for (uint32_t i = n; i > 1; i--) {
        uint32_t j = rng_below(r, i), swapped = out[i - 1];
        out[i - 1] = out[j];
        out[j] = swapped;
    }
}

/* Shifts of one random order by different distances: no two of them pair the same elements. */
void rng_derangements(struct rng *r, uint32_t n, uint32_t count, uint32_t *order, uint32_t *out) {
    uint32_t *shifts = order + n, distinct = n > 1 ? n - 1 : 0;
    rng_permutation(r, n, order);
    rng_permutation(r, distinct, shifts);
    for (uint32_t d = 0; d < count; d++)
        for (uint32_t k = 0; k < n; k++) {
            uint32_t shift = d < distinct ? shifts[d] + 1 : 0;
            out[(size_t)d * n + order[k]] = order[(k + (uint64_t)shift) % n];
        }
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

/* The 2 LANES elements of the stream from `first` on, a multiple of that. */
static void normal_elements(uint64_t key, uint64_t first, float *out) {
    double u[LANES], v[LANES], pairs[2 * LANES];
    for (unsigned i = 0; i < LANES; i += 2) {
        uint32_t word[4];
        block_at(key, first / 4 + i / 2, DOMAIN_FILL_NORMAL, word);
        for (unsigned k = 0; k < 2; k++) {
            u[i + k] = (word[2 * k] + 1.0) * 0x1p-32;
            v[i + k] = word[2 * k + 1] * 0x1p-32;
        }
    }
    box_muller(u, v, pairs);
    for (unsigned i = 0; i < 2 * LANES; i++) out[i] = (float)pairs[i];
}

void rng_fill_normal(uint64_t seed, uint64_t first, size_t n, float *out) {
    const uint64_t key = mix(seed), step = 2 * LANES;
    float some[2 * LANES];

    for (size_t k = 0; k < n;) {
        uint64_t element = first + k, start = element / step * step;
        size_t skip = (size_t)(element - start), most = (size_t)step - skip, count = n - k < most ? n - k : most;
        bool whole = count == step;
        normal_elements(key, start, whole ? out + k : some);
        if (!whole) memcpy(out + k, some + skip, count * sizeof *out);
        k += count;
    }
}
