/* mask.c: bits are set in words side by side, element LANES * k + j of a block in bit k of word j, so that whole
 * vectors are compared and shifted at once. */
#include "nn/ops/mask.h"

#include "nn/ops/fast_math.h"

#include <string.h>

#define LANES 8u
#define BITS 32u
#define BLOCK (LANES * BITS)
#define PIECE (128 * BLOCK) /* that is shared out */

typedef float lanes __attribute__((vector_size(LANES * sizeof(float)))); /* which gcc does not find for itself below */
typedef uint32_t words __attribute__((vector_size(LANES * sizeof(uint32_t))));

size_t mask_words(size_t n) {
    return (n + BLOCK - 1) / BLOCK * LANES;
}

FAST_CLONES static void make_block(const float *restrict y, uint32_t *restrict mask) {
    uint32_t bits[LANES] = {0};
    for (uint32_t k = 0; k < BITS; k++)
        for (uint32_t j = 0; j < LANES; j++) bits[j] |= (y[LANES * k + j] <= 0 ? 0u : 1u) << k;
    memcpy(mask, bits, sizeof bits);
}

struct job {
    const float *x;
    float *y;
    const uint32_t *bits;
    uint32_t *mask;
    enum net_rule rule;
};

static void make(void *user, size_t first, size_t n) {
    const struct job *j = user;
    const float *y = j->x + first;
    uint32_t *mask = j->mask + first / BITS;
    float rest[BLOCK] = {0};
    for (; n >= BLOCK; n -= BLOCK, y += BLOCK, mask += LANES) make_block(y, mask);
    if (!n) return;
    memcpy(rest, y, n * sizeof *y);
    make_block(rest, mask);
}

void mask_make(struct thread_team *team, size_t n, const float *y, uint32_t *mask) {
    thread_team_share(team, n, PIECE, make, &(struct job){.x = y, .mask = mask});
}

/* Through an array of its own, as y may be x. NaN stays NaN: it is not below zero. */
FAST_CLONES static void clip_block(const float *x, float *y, uint32_t *mask, size_t n) {
    float block[BLOCK] = {0};
    memcpy(block, x, n * sizeof *x);
    for (uint32_t i = 0; i < BLOCK; i++) block[i] = block[i] < 0 ? 0 : block[i];
    make_block(block, mask);
    memcpy(y, block, n * sizeof *y);
}

static void clip(void *user, size_t first, size_t n) {
    const struct job *j = user;
    const float *x = j->x + first;
    float *y = j->y + first;
    uint32_t *mask = j->mask + first / BITS;
    for (; n >= BLOCK; n -= BLOCK, x += BLOCK, y += BLOCK, mask += LANES) clip_block(x, y, mask, BLOCK);
    if (n) clip_block(x, y, mask, n);
}

void mask_clip(struct thread_team *team, size_t n, const float *x, float *y, uint32_t *mask) {
    thread_team_share(team, n, PIECE, clip, &(struct job){.x = x, .y = y, .mask = mask});
}

FAST_CLONES static void pass_block(const uint32_t *mask, bool guided, const float *dy, float *dx) {
    words bits, row;
    memcpy(&bits, mask, sizeof bits);
    for (uint32_t k = 0; k < BITS; k++) {
        memcpy(&row, dy + LANES * k, sizeof row);
        row &= -(bits >> k & 1u);
        if (guided) row &= ~(words)((lanes)row < 0);
        memcpy(dx + LANES * k, &row, sizeof row);
    }
}

static void pass(void *user, size_t first, size_t n) {
    const struct job *j = user;
    const float *dy = j->x + first;
    float *dx = j->y + first, rest[BLOCK] = {0};
    const uint32_t *mask = j->bits + first / BITS;
    if (j->rule == NET_DECONVNET) {
        for (size_t i = 0; i < n; i++) dx[i] = dy[i] < 0 ? 0 : dy[i];
        return;
    }
    bool guided = j->rule == NET_GUIDED;
    for (; n >= BLOCK; n -= BLOCK, dy += BLOCK, dx += BLOCK, mask += LANES) pass_block(mask, guided, dy, dx);
    if (!n) return;
    memcpy(rest, dy, n * sizeof *dy);
    pass_block(mask, guided, rest, rest);
    memcpy(dx, rest, n * sizeof *dx);
}

void mask_pass(struct thread_team *team, size_t n, const uint32_t *mask, enum net_rule rule, const float *dy,
               float *dx) {
    thread_team_share(team, n, PIECE, pass, &(struct job){.x = dy, .y = dx, .bits = mask, .rule = rule});
}
