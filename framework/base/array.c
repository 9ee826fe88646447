/* array.c: capacity by powers of two. */
#include "base/array.h"

#include <stdint.h>
#include <stdlib.h>

void *array_grow(void *array, size_t count, size_t size) {
    if (array && (count == 0 || (count & (count - 1)) != 0)) return array;
    size_t capacity = count ? 2 * count : 1;
    return capacity > SIZE_MAX / size ? NULL : realloc(array, capacity * size);
}
