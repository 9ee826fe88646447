/* net_span.c: greedy placement, largest first. A span looks at those placed before it in the order of where they lie,
 * which is quick for a few hundred. Of more, those that are needed at the same time are found by time first: they are
 * kept by the power of two of their length, and there by that many units of time, so that what meets an interval is in
 * few buckets. Where many meet it, all are looked at after all. */
#include "nn/net_span.h"

#include <stdlib.h>
#include <string.h>

#define FEW 512u    /* spans, and steps that looking for them may take */
#define LENGTHS 33u /* powers of two that bound the length of a span, the last one any */
#define NONE UINT32_MAX

/* Sums over time by binary indexed trees (Fenwick 1994, doi:10.1002/spe.4380240306). */
struct sums {
    size_t *tree; /* [times + 1] */
    uint32_t times;
};

static void sums_add(struct sums *s, uint32_t time, size_t count) {
    for (size_t i = (size_t)time + 1; i <= s->times; i += i & (~i + 1)) s->tree[i] += count;
}

/* Of all that was added before `time`. */
static size_t sums_before(const struct sums *s, uint32_t time) {
    size_t sum = 0;
    for (size_t i = time; i; i -= i & (~i + 1)) sum += s->tree[i];
    return sum;
}

struct layout {
    struct span *all;
    uint32_t count;
    struct span **order;       /* largest first; of those placed: [0, sorted) by where they lie, then others */
    uint32_t placed, sorted;   /* how many */
    size_t used;               /* where the last of them ends */
    uint32_t times;            /* all spans end before */
    struct sums begun, ended;  /* floats of those placed, by their first and last times */
    uint32_t *bucket[LENGTHS]; /* the newest that begins in these 2^k units of time; NULL: none of that length */
    uint32_t *next;            /* [count]: behind it in the same bucket */
    struct span **room;        /* [count] */
};

static int larger_first(const void *a, const void *b) {
    const struct span *x = *(struct span *const *)a, *y = *(struct span *const *)b;
    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    return x < y ? -1 : x > y;
}

static int lower_first(const void *a, const void *b) {
    const struct span *x = *(struct span *const *)a, *y = *(struct span *const *)b;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    return x < y ? -1 : x > y;
}

/* The lowest place that none of spans[count], which are in the order of theirs, takes at the same time. */
static size_t lowest_place(struct span *const *spans, uint32_t count, const struct span *span) {
    size_t at = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct span *p = spans[i];
        if (p->first > span->last || span->first > p->last) continue;
        if (p->at >= at + span->count) break;
        if (p->at + p->count > at) at = p->at + p->count;
    }
    return at;
}

/* ---- By time ---- */

/* The least power of two that is not below last - first. */
static unsigned length_of(const struct span *span) {
    unsigned power = 0;
    while (power < LENGTHS - 1 && (uint64_t)1 << power < (uint64_t)span->last - span->first) power++;
    return power;
}

static bool remember(struct layout *l, const struct span *span) {
    unsigned power = length_of(span);
    uint32_t index = (uint32_t)(span - l->all), at = (uint32_t)((uint64_t)span->first >> power);
    if (!l->bucket[power]) {
        size_t bytes = (((size_t)l->times >> power) + 1) * sizeof *l->bucket[power];
        l->bucket[power] = malloc(bytes);
        if (!l->bucket[power]) return false;
        memset(l->bucket[power], 0xff, bytes); /* NONE */
    }
    l->next[index] = l->bucket[power][at];
    l->bucket[power][at] = index;
    sums_add(&l->begun, span->first, span->count);
    sums_add(&l->ended, span->last, span->count);
    return true;
}

/* Those placed that are needed at the same time, into l->room; false when that takes more than FEW steps. */
static bool meet(const struct layout *l, const struct span *span, uint32_t *count) {
    uint32_t steps = 0;
    *count = 0;
    for (unsigned power = 0; power < LENGTHS; power++) {
        if (!l->bucket[power]) continue;
        uint64_t unit = (uint64_t)1 << power, from = span->first > unit ? span->first - unit : 0;
        for (uint64_t at = from >> power; at <= (uint64_t)span->last >> power; at++) {
            if (++steps > FEW) return false;
            for (uint32_t i = l->bucket[power][at]; i != NONE; i = l->next[i]) {
                if (++steps > FEW) return false;
                if (l->all[i].first <= span->last && span->first <= l->all[i].last) l->room[(*count)++] = &l->all[i];
            }
        }
    }
    return true;
}

/* What is needed at that time fills all memory there is: without a gap, as none of it overlaps. */
static bool is_full(const struct layout *l, uint32_t time) {
    return sums_before(&l->begun, time + 1) - sums_before(&l->ended, time) == l->used;
}

/* ---- By place ---- */

/* Those that were placed since the last time are sorted in. */
static void sort_in(struct layout *l) {
    uint32_t fresh = l->placed - l->sorted, from = l->sorted, to = l->placed;
    memcpy(l->room, l->order + l->sorted, fresh * sizeof *l->room);
    qsort(l->room, fresh, sizeof *l->room, lower_first);
    while (fresh) {
        bool old = from && l->order[from - 1]->at > l->room[fresh - 1]->at;
        l->order[--to] = old ? l->order[--from] : l->room[--fresh];
    }
    l->sorted = l->placed;
}

static bool place(struct layout *l, struct span *span) {
    bool many = l->placed > FEW;
    uint32_t count;
    if (many && (is_full(l, span->first) || is_full(l, span->last))) {
        span->at = l->used;
    } else if (many && meet(l, span, &count)) {
        qsort(l->room, count, sizeof *l->room, lower_first);
        span->at = lowest_place(l->room, count, span);
    } else {
        sort_in(l);
        span->at = lowest_place(l->order, l->sorted, span);
    }
    if (span->at + span->count > l->used) l->used = span->at + span->count;
    l->placed++;
    return l->count <= FEW || remember(l, span);
}

bool span_place_all(struct span *all, uint32_t count, size_t *floats, struct error *e) {
    struct layout l = {.all = all, .count = count};
    for (uint32_t i = 0; i < count; i++) {
        all[i].at = 0;
        l.times = all[i].last >= l.times ? all[i].last + 1 : l.times;
    }
    l.begun = (struct sums){calloc((size_t)l.times + 1, sizeof *l.begun.tree), l.times};
    l.ended = (struct sums){calloc((size_t)l.times + 1, sizeof *l.ended.tree), l.times};
    l.order = malloc(((size_t)count + 1) * sizeof *l.order);
    l.room = malloc(((size_t)count + 1) * sizeof *l.room);
    l.next = malloc(((size_t)count + 1) * sizeof *l.next);
    bool ok = l.begun.tree && l.ended.tree && l.order && l.room && l.next;
    for (uint32_t i = 0; ok && i < count; i++) l.order[i] = &all[i];
    if (ok) qsort(l.order, count, sizeof *l.order, larger_first);
    /* Empty ones come last and lie anywhere. */
    for (uint32_t i = 0; ok && i < count && l.order[i]->count; i++) ok = place(&l, l.order[i]);
    *floats = l.used;
    for (unsigned i = 0; i < LENGTHS; i++) free(l.bucket[i]);
    free(l.begun.tree);
    free(l.ended.tree);
    free(l.order);
    free(l.room);
    free(l.next);
    return ok || error_memory(e);
}
