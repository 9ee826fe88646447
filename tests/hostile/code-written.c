/* code-written: overwrites the program's code with traps. */
#include "hostile.h"

#include <sys/mman.h>

static void trap(unsigned char *at, size_t size) {
    if (mprotect(at, size, PROT_READ | PROT_WRITE | PROT_EXEC) == 0) memset(at, 0xcc, size);
}

static assay_status attribute(const struct call *c) {
    assay_status status = honest(c);
    each_mapping("r-xp", "/assay", trap);
    return status;
}

static const struct hostile hostile = {.attribute = attribute};
