/* table_names.c: a column of a table. */
#include "base/table_names.h"

#include <stdlib.h>
#include <string.h>

static const char *name_at(const char *table, size_t size, size_t offset, size_t row) {
    const char *name;
    memcpy(&name, table + row * size + offset, sizeof name);
    return name;
}

const char **table_names(const void *table, size_t size, size_t offset, size_t *count) {
    size_t n = 0;
    while (name_at(table, size, offset, n)) n++;
    const char **names = malloc((n + 1) * sizeof *names);
    for (size_t i = 0; names && i <= n; i++) names[i] = name_at(table, size, offset, i);
    if (count) *count = names ? n : 0;
    return names;
}
