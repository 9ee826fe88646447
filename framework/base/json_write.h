/* json_write.h: JSON as text. */
#ifndef ASSAY_BASE_JSON_WRITE_H
#define ASSAY_BASE_JSON_WRITE_H

#include <jansson.h>
#include <stddef.h>

/* What json_dumps() gives for these flags, which the caller frees; NULL where memory was missing, of which json_dumps()
 * does not always tell: it leaves bytes out. NULL for NULL. Any thread. */
char *json_write(const json_t *, size_t flags);

#endif
