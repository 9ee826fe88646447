#define _DEFAULT_SOURCE /* MAP_ANONYMOUS (in POSIX since 2024), madvise */
#include "base/large.h"

#include <stdint.h>
#include <sys/mman.h>

#define LARGE_PAGE ((size_t)2 << 20)
#define PAGE ((size_t)4 << 10)

static size_t whole_pages(size_t bytes) {
    size_t page = bytes < LARGE_PAGE ? PAGE : LARGE_PAGE;
    return (bytes / page + 1) * page;
}

void *large_create(size_t bytes, struct error *e) {
    size_t size = whole_pages(bytes), room = size + LARGE_PAGE;
    char *memory = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        error_memory(e);
        return NULL;
    }
    size_t before = (LARGE_PAGE - (uintptr_t)memory % LARGE_PAGE) % LARGE_PAGE;
    if (before) munmap(memory, before);
    if (before < LARGE_PAGE) munmap(memory + before + size, LARGE_PAGE - before);
    memory += before;
    /* Hints: without them it works as well, and slower. */
#ifdef MADV_HUGEPAGE
    if (size >= LARGE_PAGE) madvise(memory, size, MADV_HUGEPAGE);
#endif
#ifdef MADV_WIPEONFORK
    madvise(memory, size, MADV_WIPEONFORK);
#endif
    return memory;
}

void large_destroy(void *memory, size_t bytes) {
    if (memory) munmap(memory, whole_pages(bytes));
}
