/* memo.h: what a network answered, for requests that come again with the same bytes, in this process or another. A
 * network is a function of its input: asking it twice proves nothing about a plugin that asks. */
#ifndef ASSAY_HOST_MEMO_H
#define ASSAY_HOST_MEMO_H

#include "base/file.h"

#include <stdbool.h>

struct memo;

/* Keeps answers of up to `bytes` in all, the first ones, in memory that processes forked from now on share: any of them
 * may add to it and find what another added. Pages without an answer take no memory. */
bool memo_create(size_t bytes, struct memo **out, struct error *);
void memo_destroy(struct memo *);

/* `key`: a digest of everything the answer depends on. Copies the answer of `count` floats to `out`; false when it is
 * not there, or no longer what was kept: foreign code runs beside it, and may have written where it must not. */
bool memo_find(const struct memo *, const char *key, float *out, size_t count);
/* Does nothing when there is no room for it, or the memo was opened for reading. */
void memo_keep(struct memo *, const char *key, const float *answer, size_t count);

/* Bytes of answers that are kept. */
size_t memo_used(const struct memo *);

/* `count` memos of up to `bytes` each, none of which takes address space until a process opens it. A process in which a
 * plugin runs opens its own before the plugin comes, and closes the file (child.h closes all descriptors): it cannot
 * reach another's, nor write to one that was opened for reading. */
struct memo_file;
bool memo_file_create(uint32_t count, size_t bytes, struct memo_file **out, struct error *);
void memo_file_destroy(struct memo_file *); /* memos that are open stay */
/* Bytes of all of them that are there, tables included. */
size_t memo_file_used(const struct memo_file *);
bool memo_file_open(const struct memo_file *, uint32_t index, bool writable, struct memo **out, struct error *);

#endif
