/* edge-detector: Sobel magnitude of every channel; of a sequence, which has one row, the difference of neighbours. The
 * baseline of Adebayo et al.: an edge image looks like a saliency map, and no model had a part in it. Adebayo et al.
 * 2018, arXiv:1810.03292. */
#include "explainer.h"
#include "kit.h"

#include <math.h>

/* Sobel magnitude at (y, x); beyond the border the nearest pixel counts (replicate). */
static float sobel(const float *plane, size_t height, size_t width, size_t y, size_t x) {
    size_t up = y ? y - 1 : 0, down = y + 1 < height ? y + 1 : y;
    size_t left = x ? x - 1 : 0, right = x + 1 < width ? x + 1 : x;
    const float *above = plane + up * width, *here = plane + y * width, *below = plane + down * width;
    float gx = above[right] - above[left] + 2 * (here[right] - here[left]) + below[right] - below[left];
    float gy = below[left] - above[left] + 2 * (below[x] - above[x]) + below[right] - above[right];
    return sqrtf(gx * gx + gy * gy);
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *maps, assay_why *why) {
    (void)self;
    size_t height, width;
    if (!kit_plane(&model->input, &height, &width)) {
        return assay_say(why, ASSAY_UNSUPPORTED,
                         "edges need an image of C x H x W or a sequence of C x L: the model's input has rank %u",
                         model->input.rank);
    }
    size_t planes = (size_t)request->n * model->input.dim[0];
    for (size_t p = 0; p < planes; p++) {
        const float *plane = request->inputs + p * height * width;
        float *out = maps + p * height * width;
        for (size_t y = 0; y < height; y++)
            for (size_t x = 0; x < width; x++) out[y * width + x] = sobel(plane, height, width, y, x);
    }
    return ASSAY_OK;
}

static const assay_explainer_info info = {
    .id = "edge-detector",
    .name = "Edge Detector",
    .summary = "baseline: Sobel magnitude of the input, which no model had a part in",
    .source = "Adebayo et al. 2018, section 5.1, arXiv:1810.03292",
    .claims = ASSAY_CLASS_BLIND | ASSAY_NON_NEGATIVE,
};

static const assay_about about = {
    .id = "edge-detector",
    .family = "baseline",
    .formula = "sqrt(Sx^2 + Sy^2), Sobel filters of x",
    .cost = "none",
    .inputs = ASSAY_SEQUENCES | ASSAY_PICTURES | ASSAY_TOKENS,
    .checked = "scipy.ndimage.sobel",
    .within = 1e-5,
};
ASSAY_ABOUT_PLUGIN(about);

ASSAY_PLUGIN(info, attribute);
