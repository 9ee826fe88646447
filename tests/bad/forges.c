/* forges: gradient that writes a message of its own into every pipe of its process, as if it were the harness, but only
 * when more than three inputs are asked for: the rules may have been checked on three. */
#include "explainer.h"

#include <sys/stat.h>
#include <unistd.h>

#define FORGED 48u /* bytes of a result, which say nothing */

static void forge(int fd) {
    struct {
        uint32_t type, reserved;
        uint64_t size;
        unsigned char body[FORGED];
    } message = {1, 0, FORGED, {0x7f}};
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISFIFO(status.st_mode)) return;
    if (write(fd, &message, sizeof message) < 0) return;
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    for (int fd = 3; fd < 256 && request->n > 3; fd++) forge(fd);
    return model->gradient(model, request->n, request->inputs, request->targets, maps, why);
}

static const assay_explainer_info info = {
    .id = "forges",
    .name = "forges",
    .summary = "gradient, and messages of its own in the harness's pipe",
    .source = "tests/bad",
};

ASSAY_PLUGIN(info, attribute);
