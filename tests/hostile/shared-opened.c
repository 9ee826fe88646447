/* shared-opened: makes read-only shared memory writable and overwrites it. */
#include "hostile.h"

#include <sys/mman.h>

static void scribble(unsigned char *at, size_t size) {
    if (mprotect(at, size, PROT_READ | PROT_WRITE) != 0) return;
    memset(at, 0x7f, size < 8u << 20 ? size : 8u << 20);
}

static assay_status attribute(const struct call *c) {
    assay_status status = honest(c);
    each_mapping("r--s", "", scribble);
    return status;
}

static const struct hostile hostile = {.attribute = attribute};
