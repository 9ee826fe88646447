#define _DEFAULT_SOURCE /* MAP_ANONYMOUS: in POSIX since 2024, in every system long before */
#include "base/shared.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

void *shared_create(size_t size, struct error *e) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED) return memory;
    error_set(e, "cannot share %zu bytes of memory between processes: %s", size, strerror(errno));
    return NULL;
}

void shared_destroy(void *memory, size_t size) {
    if (memory) munmap(memory, size);
}
