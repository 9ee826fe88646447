/* json_read.h: JSON text that somebody else wrote. */
#ifndef ASSAY_BASE_JSON_READ_H
#define ASSAY_BASE_JSON_READ_H

#include <jansson.h>
#include <stddef.h>

/* The value, which the caller releases by json_decref(); objects with a key twice are refused. NULL: `why` has line,
 * column and text, and the text is empty where memory was missing, of which jansson itself does not always tell. Any
 * thread. */
json_t *json_read(const char *bytes, size_t size, json_error_t *why);

#endif
