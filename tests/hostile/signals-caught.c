/* signals-caught: ignores or catches every signal, then never answers. */
#include "hostile.h"

static void nothing(int number) {
    (void)number;
}

static assay_status attribute(const struct call *c) {
    (void)c;
    for (int number = 1; number < 32; number++) signal(number, number % 2 ? nothing : SIG_IGN);
    hang();
    return ASSAY_OK;
}

static const struct hostile hostile = {.attribute = attribute};
