/* json_read.c: JSON text, and whether the text or the memory is to blame. */
#include "base/json_read.h"

#include <errno.h>

json_t *json_read(const char *bytes, size_t size, json_error_t *why) {
    int before = errno;
    errno = 0;
    json_t *root = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, why);
    /* Some of its allocations fail as "invalid token", others without a text. */
    if (!root && errno == ENOMEM) why->text[0] = 0;
    errno = before;
    return root;
}
