/* shared.h: memory that a process shares with those it forks from then on. */
#ifndef ASSAY_BASE_SHARED_H
#define ASSAY_BASE_SHARED_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Zero bytes, aligned to a page; pages that nobody touches take no memory. NULL with the reason. */
void *shared_create(size_t size, struct error *);
void shared_destroy(void *, size_t size);

/* The same as files in memory without a name, of which each process maps what it needs: parts that it does not map take
 * none of its address space and are out of its reach once both descriptors are closed. */
struct shared_file {
    int write, read; /* descriptors; what is mapped through `read` cannot be made writable (mprotect) */
};
bool shared_file_create(size_t size, struct shared_file *, struct error *);
void shared_file_close(struct shared_file *);
/* Bytes of its pages that are there. */
size_t shared_file_used(const struct shared_file *);
/* `offset`: a multiple of shared_page(). NULL with the reason; shared_destroy() unmaps. */
void *shared_file_map(const struct shared_file *, size_t offset, size_t size, bool writable, struct error *);
size_t shared_page(void);

#endif
