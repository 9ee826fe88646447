/* json_write.c: JSON into memory of a size that is measured first, so that no buffer has to grow. */
#include "base/json_write.h"

#include <stdlib.h>

char *json_write(const json_t *value, size_t flags) {
    const size_t size = value ? json_dumpb(value, NULL, 0, flags) : 0;
    char *text = size ? malloc(size + 1) : NULL;
    if (!text) return NULL;
    if (json_dumpb(value, text, size, flags) != size) {
        free(text);
        return NULL;
    }
    text[size] = 0;
    return text;
}
