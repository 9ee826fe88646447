/* memo.h: what a network answered, for requests that come again with the same bytes. A network is a function of its
 * input: asking it twice proves nothing about a plugin that asks. Private to run/. */
#ifndef ASSAY_RUN_MEMO_H
#define ASSAY_RUN_MEMO_H

#include "base/file.h"

#include <stdbool.h>

struct memo;

/* Keeps answers of up to `bytes` in all; the oldest make room for new ones. */
bool memo_create(size_t bytes, struct memo **out, struct error *);
void memo_destroy(struct memo *);

/* `key`: a digest of everything the answer depends on. Copies the answer of `count` floats to `out`; false when it is
 * not there. */
bool memo_find(const struct memo *, const char *key, float *out, size_t count);
/* Does nothing when there is no room for it. */
void memo_keep(struct memo *, const char *key, const float *answer, size_t count);

#endif
