/* Arrays laid out in one memory: against the same rule done by looking at every pair. */
#include "nn/net_span.h"

#include "base/rng.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define MOST 1200u

/* The lowest place for `span` beside those of placed[n] that are needed at the same time: behind one of them, or 0. */
static size_t lowest(const struct span *const *placed, uint32_t n, const struct span *span) {
    size_t best = SIZE_MAX;
    for (uint32_t i = 0; i <= n; i++) {
        size_t at = i < n ? placed[i]->at + placed[i]->count : 0;
        bool free_there = at < best;
        for (uint32_t k = 0; k < n && free_there; k++) {
            bool meets = placed[k]->first <= span->last && span->first <= placed[k]->last;
            free_there = !meets || placed[k]->at >= at + span->count || placed[k]->at + placed[k]->count <= at;
        }
        if (free_there) best = at;
    }
    return best;
}

static void check(struct span *spans, uint32_t count) {
    static const struct span *placed[MOST];
    static bool done[MOST];
    struct error e;
    size_t floats, used = 0;
    memset(done, 0, sizeof done);
    cr_assert(span_place_all(spans, count, &floats, &e), "%s", e.text);
    for (uint32_t n = 0; n < count; n++) {
        uint32_t next = count;
        for (uint32_t i = 0; i < count; i++)
            if (!done[i] && (next == count || spans[i].count > spans[next].count)) next = i;
        done[next] = true;
        cr_expect_eq(spans[next].at, lowest(placed, n, &spans[next]), "span %u", next);
        placed[n] = &spans[next];
        if (spans[next].at + spans[next].count > used) used = spans[next].at + spans[next].count;
    }
    cr_expect_eq(floats, used);
}

/* Short and long ones, few sizes and many, times that several share. */
Test(net_span, each_lies_as_low_as_it_can) {
    struct span spans[MOST];
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct rng rng = rng_stream(seed, "spans", 0);
        uint32_t count = 1 + rng_below(&rng, seed % 2 ? MOST : MOST / 4), times = 1 + rng_below(&rng, 2 * MOST);
        uint32_t longest = 1 + rng_below(&rng, times), sizes = 1 + rng_below(&rng, 40);
        for (uint32_t i = 0; i < count; i++) {
            uint32_t first = rng_below(&rng, times), length = rng_below(&rng, longest);
            spans[i] =
                (struct span){.first = first, .last = first + length, .count = 16 * (1 + rng_below(&rng, sizes))};
        }
        check(spans, count);
    }
}

/* As the arrays of a chain's gradient: all are needed in the middle. */
Test(net_span, nested) {
    struct span spans[MOST];
    for (uint32_t i = 0; i < MOST; i++) spans[i] = (struct span){.first = i, .last = 2 * MOST - i, .count = 16 + i % 3};
    check(spans, MOST);
}

/* A million arrays of a chain, and as many that are all needed at the end: by looking at every pair hours. */
Test(net_span, many, .timeout = 60) {
    enum { MANY = 1000000 };
    struct span *spans = calloc(MANY, sizeof *spans);
    struct error e;
    size_t floats;
    cr_assert_not_null(spans);
    for (uint32_t i = 0; i < MANY; i++) spans[i] = (struct span){.first = i, .last = i + 1, .count = 16};
    cr_assert(span_place_all(spans, MANY, &floats, &e), "%s", e.text);
    cr_expect_eq(floats, 2 * 16);
    for (uint32_t i = 0; i < MANY; i++) spans[i].last = MANY + i;
    cr_assert(span_place_all(spans, MANY, &floats, &e), "%s", e.text);
    cr_expect_eq(floats, MANY * (size_t)16);
    free(spans);
}

Test(net_span, none_and_empty_ones) {
    struct span spans[2] = {{.first = 3, .last = 4, .at = 99}, {.first = 3, .last = 3, .count = 16, .at = 99}};
    struct error e;
    size_t floats = 99;
    cr_assert(span_place_all(spans, 0, &floats, &e), "%s", e.text);
    cr_expect_eq(floats, 0);
    cr_assert(span_place_all(spans, 2, &floats, &e), "%s", e.text);
    cr_expect_eq(floats, 16);
    cr_expect_eq(spans[0].at, 0);
    cr_expect_eq(spans[1].at, 0);
}
