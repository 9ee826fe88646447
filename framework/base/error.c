/* error.c: messages into a fixed buffer, so that running out of memory can be reported, too. */
#include "base/error.h"

#include <stdio.h>
#include <string.h>

/* A text that is too long ends in dots, and not within a character of UTF-8. */
static void mark_cut(char text[], size_t size) {
    static const char dots[] = "...";
    size_t end = size - sizeof dots;

    for (int k = 0; k < 3 && ((unsigned char)text[end] & 0xc0) == 0x80; k++) end--;
    memcpy(text + end, dots, sizeof dots);
}

/* Through a buffer, so that the old text may be one of the arguments. */
bool error_set_list(struct error *e, const char *format, va_list list) {
    struct error fresh;

    if (!e) return false;
    int n = vsnprintf(fresh.text, sizeof fresh.text, format, list);
    if (n < 0) return error_memory(e);
    if ((size_t)n >= sizeof fresh.text) mark_cut(fresh.text, sizeof fresh.text);
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
    bool cut = n > 0 && (size_t)n > used;
    const char *parts[] = {": ", e->text};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        size_t room = sizeof fresh.text - 1 - used, length = strnlen(parts[i], sizeof e->text);
        if (length > room) {
            length = room;
            cut = true;
        }
        memcpy(fresh.text + used, parts[i], length);
        used += length;
    }
    fresh.text[used] = '\0';
    if (cut) mark_cut(fresh.text, sizeof fresh.text);
    *e = fresh;
    return false;
}

bool error_memory(struct error *e) {
    return error_set(e, "out of memory");
}
