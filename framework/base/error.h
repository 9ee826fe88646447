/* error.h: how a fallible function says what went wrong. */
#ifndef ASSAY_BASE_ERROR_H
#define ASSAY_BASE_ERROR_H

#include <stdarg.h>
#include <stdbool.h>

/* The text reads `file:line:column: what was found: what was wanted` (as much of it as applies). One that is too long
 * for the buffer ends in "...". */
struct error {
    char text[1024];
};

/* Fills *e (which may be NULL) and returns false, so that a failure is one return statement. */
bool error_set(struct error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

bool error_set_list(struct error *e, const char *format, va_list) __attribute__((format(printf, 2, 0)));

/* Puts `format: ` before the text that is there, and returns false. */
bool error_prefix(struct error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

bool error_memory(struct error *e);

#endif
