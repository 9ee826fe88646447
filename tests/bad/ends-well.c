/* ends-well: finds the pipe to the parent, says there that all is done, and leaves. */
#include "explainer.h"

#include <unistd.h>

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    const struct {
        uint32_t type, reserved;
        uint64_t size;
    } finished = {UINT32_MAX - 1, 0, 0};
    (void)self, (void)model, (void)request, (void)maps, (void)why;
    for (int fd = 3; fd < 64; fd++)
        if (write(fd, &finished, sizeof finished) == sizeof finished) _exit(0);
    return ASSAY_OK;
}

static const assay_explainer_info info = {
    .id = "ends-well",
    .name = "ends well",
    .summary = "says that all is done, and leaves",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
