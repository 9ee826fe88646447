/* error.c: messages into a fixed buffer, so that running out of memory can be reported, too. */
#include "base/error.h"

#include <stdio.h>
#include <string.h>

/* Through a buffer, so that the old text may be one of the arguments. */
bool error_set_list(struct error *e, const char *format, va_list list) {
    struct error fresh;

    if (!e) return false;
    if (vsnprintf(fresh.text, sizeof fresh.text, format, list) < 0) fresh.text[0] = '\0';
    *e = fresh;
    return false;
}

bool error_set(struct error *e, const char *format, ...) {
    va_list list;

    va_start(list, format);
    error_set_list(e, format, list);
    va_end(list);
    return false;
}

bool error_prefix(struct error *e, const char *format, ...) {
    struct error fresh;
    va_list list;

    if (!e) return false;
    va_start(list, format);
    int n = vsnprintf(fresh.text, sizeof fresh.text, format, list);
    va_end(list);
    size_t used = n < 0 ? 0 : strnlen(fresh.text, sizeof fresh.text - 1);
    const char *parts[] = {": ", e->text};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        size_t room = sizeof fresh.text - 1 - used, length = strnlen(parts[i], sizeof e->text);
        if (length > room) length = room;
        memcpy(fresh.text + used, parts[i], length);
        used += length;
    }
    fresh.text[used] = '\0';
    *e = fresh;
    return false;
}

bool error_memory(struct error *e) {
    return error_set(e, "out of memory");
}
