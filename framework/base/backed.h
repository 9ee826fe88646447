/* backed.h: large arrays whose pages need not be in memory: they lie in a file without a name, in $TMPDIR or /tmp, and
 * pages that were given back are read again when they are wanted. A small array, and one for which there is no such
 * file (a file system in memory, no room, a limit), is ordinary memory: nothing is given back then. */
#ifndef ASSAY_BASE_BACKED_H
#define ASSAY_BASE_BACKED_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct backed {
    void *data; /* aligned for any type */
    size_t size;
    int *files; /* until it is sealed */
    size_t file_count;
    bool paged; /* it lies in a file */
};

/* Not zeroed. Destroy after a failure, too. */
bool backed_create(size_t size, struct backed *, struct error *);
/* Nothing is written any more, by this process or by those it forks from now on: what they write is their own, until
 * they give the page back. True in any case but that the array cannot be mapped again. */
bool backed_seal(struct backed *, struct error *);
/* The bytes at `from`, and others of the same pages, are not wanted for now. */
void backed_release(const struct backed *, const void *from, size_t bytes);
void backed_destroy(struct backed *);

/* What an array of that size takes in memory when all is given back: 0, or all of it. */
size_t backed_resident(size_t size);

#endif
