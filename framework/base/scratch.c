/* scratch.c: anonymous pages that a child of fork finds empty (MADV_WIPEONFORK). */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS (in POSIX since 2024), madvise */
#include "base/scratch.h"

#include <sys/mman.h>

void *scratch_create(size_t bytes, struct error *e) {
    void *memory = mmap(NULL, bytes + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        error_memory(e);
        return NULL;
    }
#ifdef MADV_WIPEONFORK
    madvise(memory, bytes + 1, MADV_WIPEONFORK); /* a hint: without it forks copy what either side writes */
#endif
    return memory;
}

void scratch_destroy(void *memory, size_t bytes) {
    if (memory) munmap(memory, bytes + 1);
}
