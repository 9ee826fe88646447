/* json_write.h: JSON that is put together and becomes text, of which nothing is left out where memory is missing. */
#ifndef ASSAY_BASE_JSON_WRITE_H
#define ASSAY_BASE_JSON_WRITE_H

#include <jansson.h>
#include <stddef.h>

/* What json_dumps() gives for these flags, which the caller frees; NULL where memory was missing, of which json_dumps()
 * does not always tell: it leaves bytes out. NULL for NULL. Any thread. */
char *json_write(const json_t *, size_t flags);

/* The array with the value behind it, the object with the value under that key. Both take the value over. NULL where
 * memory was missing, or one of the two is NULL: the other is then released, and json_pack() refuses it under "o". */
json_t *json_with(json_t *array, json_t *value);
json_t *json_put(json_t *object, const char *key, json_t *value);

#endif
