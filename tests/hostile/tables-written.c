/* tables-written: makes the program's constants writable and turns their bits. */
#include "hostile.h"

#include <sys/mman.h>

static void turn(unsigned char *at, size_t size) {
    if (mprotect(at, size, PROT_READ | PROT_WRITE) != 0) return;
    for (size_t k = 0; k < size; k++) at[k] ^= 0x10;
}

static assay_status attribute(const struct call *c) {
    assay_status status = honest(c);
    each_mapping("r--p", "/assay", turn);
    return status;
}

static const struct hostile hostile = {.attribute = attribute};
