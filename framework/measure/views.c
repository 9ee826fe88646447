/* The views of a map: which of them are the same, and which have something to compare. */
#include "measure/views.h"

#include <string.h>

static const char *const view_names[VIEW_COUNT] = {
    [VIEW_SIGNED_ALL] = "signed/all",
    [VIEW_SIGNED_NONZERO] = "signed/nonzero",
    [VIEW_ABSOLUTE_ALL] = "absolute/all",
    [VIEW_ABSOLUTE_NONZERO] = "absolute/nonzero",
};

const char *view_name(enum view view) {
    return view_names[view];
}

unsigned view_named(const char *name) {
    unsigned v = 0;
    while (v < VIEW_COUNT && strcmp(view_names[v], name) != 0) v++;
    return v;
}

bool view_is_absolute(enum view view) {
    return view == VIEW_ABSOLUTE_ALL || view == VIEW_ABSOLUTE_NONZERO;
}

bool view_is_nonzero(enum view view) {
    return view == VIEW_SIGNED_NONZERO || view == VIEW_ABSOLUTE_NONZERO;
}

/* A float's bits as an integer in the same order, -0 below +0, and back. */
static int32_t ordered(int32_t bits) {
    return bits ^ (bits >> 31 & 0x7fffffff);
}

static float float_of(int32_t ordered_bits) {
    int32_t bits = ordered(ordered_bits);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value + 0.f;
}

/* In integers, which the compiler does many at a time. */
struct range range_of(const float *values, size_t n, const uint8_t *mask, bool magnitude) {
    const int32_t exponent = 0x7f800000, kept = magnitude ? INT32_MAX : -1;
    int32_t low = INT32_MAX, high = INT32_MIN, broken = 0;
    size_t count = 0;

    for (size_t i = 0; i < n; i++) {
        int32_t bits, in = !mask || mask[i];
        memcpy(&bits, &values[i], sizeof bits);
        bits &= kept;
        int32_t value = ordered(bits), least = in ? value : INT32_MAX, most = in ? value : INT32_MIN;
        broken |= in & ((bits & exponent) == exponent);
        low = least < low ? least : low;
        high = most > high ? most : high;
        count += (size_t)in;
    }
    return (struct range){.low = float_of(low), .high = float_of(high), .count = count, .finite = !broken};
}

bool range_informative(const struct range *r) {
    return r->finite && r->count >= VIEW_LEAST_PIXELS && r->low < r->high;
}

struct map_views map_views_of(const float *data, const uint8_t *nonzero, const struct map_shape *shape) {
    struct map_views m = {.shape = *shape, .count = (size_t)shape->channels * shape->height * shape->width};

    m.data = data;
    m.nonzero = nonzero && memchr(nonzero, 0, m.count) ? nonzero : NULL;
    struct range all = range_of(data, m.count, NULL, false);
    bool negative = all.low < 0;
    m.range[VIEW_SIGNED_ALL] = all;
    if (negative) m.range[VIEW_ABSOLUTE_ALL] = range_of(data, m.count, NULL, true);
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        bool absolute = negative && view_is_absolute(v), masked = m.nonzero && view_is_nonzero(v);
        m.same_as[v] = absolute ? (masked ? VIEW_ABSOLUTE_NONZERO : VIEW_ABSOLUTE_ALL)
                                : (masked ? VIEW_SIGNED_NONZERO : VIEW_SIGNED_ALL);
        if (masked && m.same_as[v] == v) m.range[v] = range_of(data, m.count, m.nonzero, absolute);
        /* Nothing is said about a map that is broken anywhere. */
        m.informative[v] = all.finite && range_informative(&m.range[m.same_as[v]]);
    }
    return m;
}
