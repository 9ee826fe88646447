/* pipe-original: another digest of the original maps. */
#include "pipes.h"

static assay_status attribute(const struct call *c) {
    char digest[65];
    memset(digest, 'a', sizeof digest);
    pipe_message(PIPE_ORIGINAL, digest, sizeof digest);
    return honest(c);
}

static const struct hostile hostile = {.attribute = attribute};
