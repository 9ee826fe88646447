/* One unit as bytes, and which comparisons it holds. */
#include "run/unit_record.h"

#include "base/array.h"
#include "base/text.h"
#include "experiment/reduce.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One input's map against the originals of those that it is mismatched with. */
static bool each_mismatched(const struct input_set *set, uint32_t measure, uint32_t other,
                            bool (*visit)(void *, const struct record_asked *), void *user) {
    for (uint32_t d = 0; d < DERANGEMENTS; d++)
        for (uint32_t i = 0; i < set->count; i++)
            if (set->derangements[(size_t)d * set->count + i] == other && i != other &&
                !visit(user, &(struct record_asked){true, measure, i, other}))
                return false;
    return true;
}

/* Mismatched: the original of one input against this network's map of another, so that only structure common to all
 * inputs is left. Measures that decide nothing are `shown` only. */
static bool each_of_map(const struct experiment_view *v, const struct map_shape *shape, const struct attribution *a,
                        bool shown, uint32_t other, bool (*visit)(void *, const struct record_asked *), void *user) {
    const struct input_set *set = &v->inputs[a->root];
    for (uint32_t m = 0; (a->wants & WANT_MATCHED) && measures[m] && (shown || m == 0); m++)
        if (view_measures(v, m) && measures[m]->applies(shape) &&
            !visit(user, &(struct record_asked){false, m, other, other}))
            return false;
    for (uint32_t m = 0; (a->wants & WANT_MISMATCHED) && measures[m] && (shown || m == 0); m++) {
        bool floor = m == 0 || (measures[m]->chosen && view_measures(v, m) && measures[m]->applies(shape));
        if (floor && !each_mismatched(set, m, other, visit, user)) return false;
    }
    return true;
}

bool record_each_asked_of(const struct experiment_view *v, uint32_t row, uint32_t attribution, uint32_t first,
                          uint32_t n, bool (*visit)(void *, const struct record_asked *), void *user) {
    const struct attribution *a = &v->plan->attributions[attribution];
    const struct map_shape shape = run_map_shape(v->sample, v->explainers[row].reduction);
    for (uint32_t other = first; other < first + n; other++)
        if (!each_of_map(v, &shape, a, !v->explainers[row].canary, other, visit, user)) return false;
    return true;
}

bool record_each_asked(const struct experiment_view *v, uint32_t row, uint32_t attribution,
                       bool (*visit)(void *, const struct record_asked *), void *user) {
    const uint32_t count = v->inputs[v->plan->attributions[attribution].root].count;
    return record_each_asked_of(v, row, attribution, 0, count, visit, user);
}

uint32_t record_kept(const struct experiment_view *v, uint32_t row, uint32_t attribution, uint32_t *places) {
    const struct attribution *a = &v->plan->attributions[attribution];
    uint32_t count = 0;
    if (v->explainers[row].canary || !attribution_is_plain(a) || (a->draw != 0 && a->draw != PLAN_NO_DRAW)) return 0;
    for (uint32_t k = 0; k < v->figure_input_count; k++)
        if (v->figure_inputs[k] < v->inputs[a->root].count) places[count++] = v->figure_inputs[k];
    return count;
}

void record_begin(struct record_buffer *b, uint32_t row, uint32_t attribution, enum unit_status status, const char *why,
                  double seconds) {
    b->header =
        (struct record_header){.row = row, .attribution = attribution, .status = (uint32_t)status, .seconds = seconds};
    snprintf(b->header.why, sizeof b->header.why, "%s", why);
    text_clean_in_place(b->header.why);
    b->map = NULL;
}

void record_finish(struct record_buffer *b) {
    free(b->pairs);
    free(b->checks);
    *b = (struct record_buffer){.failed = false};
}

void record_comparison(struct record_buffer *b, bool mismatched, uint32_t measure, enum view view, uint32_t input,
                       uint32_t other, double value) {
    struct record_pair *more = array_grow(b->pairs, b->header.comparisons, sizeof *more);
    b->failed = b->failed || !more;
    if (!more) return;
    b->pairs = more;
    struct record_pair *p = &b->pairs[b->header.comparisons++];
    memset(p, 0, sizeof *p);
    *p = (struct record_pair){value, input, other, mismatched, (uint8_t)measure, (uint8_t)view};
}

void record_check(struct record_buffer *b, uint32_t check, uint32_t input, double worst, double tolerance) {
    struct record_check *more = array_grow(b->checks, b->header.checks, sizeof *more);
    b->failed = b->failed || !more;
    if (!more) return;
    b->checks = more;
    b->checks[b->header.checks++] = (struct record_check){worst, tolerance, check, input};
}

/* The lowest check from `least` on. */
static uint32_t next_check(const struct record_buffer *b, uint32_t least) {
    uint32_t next = UINT32_MAX;
    for (uint32_t i = 0; i < b->header.checks; i++)
        if (b->checks[i].check >= least && b->checks[i].check < next) next = b->checks[i].check;
    return next;
}

void record_order_checks(struct record_buffer *b) {
    const uint32_t count = b->header.checks;
    struct record_check *ordered = malloc((count + (size_t)1) * sizeof *ordered);
    b->failed = b->failed || !ordered;
    if (!ordered) return;
    for (uint32_t done = 0, check = 0; done < count; check++) {
        check = next_check(b, check);
        for (uint32_t i = 0; i < count; i++)
            if (b->checks[i].check == check) ordered[done++] = b->checks[i];
    }
    free(b->checks);
    b->checks = ordered;
}

void record_map(struct record_buffer *b, const float *map, size_t elements) {
    b->map = map;
    b->header.map_elements = (uint32_t)elements;
}

bool record_send(struct record_buffer *b, struct channel *channel) {
    size_t pairs = b->header.comparisons * sizeof *b->pairs, checks = b->header.checks * sizeof *b->checks,
           map = b->header.map_elements * sizeof *b->map, size = sizeof b->header + pairs + checks + map;
    unsigned char *bytes = b->failed ? NULL : malloc(size), *at = bytes;
    if (!bytes) return false;
    memcpy(at, &b->header, sizeof b->header);
    at += sizeof b->header;
    if (pairs) memcpy(at, b->pairs, pairs);
    at += pairs;
    if (checks) memcpy(at, b->checks, checks);
    at += checks;
    if (map) memcpy(at, b->map, map);
    channel_send(channel, RECORD_UNIT, bytes, size);
    free(bytes);
    return true;
}
