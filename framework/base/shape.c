/* shape.c: counts that cannot overflow, and shapes as text. */
#include "base/shape.h"

#include <stdio.h>

size_t shape_count_from(const struct shape *s, uint32_t axis) {
    size_t count = 1;
    bool overflow = false;

    for (uint32_t i = axis; i < s->rank; i++) {
        if (s->dim[i] == 0) return 0;
        overflow = overflow || count > SIZE_MAX / s->dim[i];
        count *= s->dim[i];
    }
    return overflow ? SIZE_MAX : count;
}

size_t shape_count(const struct shape *s) {
    return shape_count_from(s, 0);
}

bool shape_equal(const struct shape *a, const struct shape *b) {
    if (a->rank != b->rank) return false;
    for (uint32_t i = 0; i < a->rank; i++)
        if (a->dim[i] != b->dim[i]) return false;
    return true;
}

const char *shape_text(const struct shape *s, char *buffer, size_t size) {
    size_t used = 0;

    if (size) buffer[0] = '\0';
    if (s->rank == 0) snprintf(buffer, size, "scalar");
    for (uint32_t i = 0; i < s->rank && used < size; i++) {
        int n = snprintf(buffer + used, size - used, "%s%zu", i ? "x" : "", s->dim[i]);
        if (n < 0) break;
        used += (size_t)n;
    }
    return buffer;
}
