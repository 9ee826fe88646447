/* plain.h: text that any report can show: valid UTF-8 without control characters. */
#ifndef ASSAY_BASE_PLAIN_H
#define ASSAY_BASE_PLAIN_H

#include <stdbool.h>

/* Whether the string is valid UTF-8 (RFC 3629) without control characters (U+0000..1F, U+007F..9F). */
bool plain_is(const char *);

/* Control characters become blanks, bytes that are not UTF-8 question marks. In place; the length stays. */
void plain_make(char *);

#endif
