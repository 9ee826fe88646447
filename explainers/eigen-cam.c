/* eigen-cam: the feature maps of one layer, as a matrix of places x channels, projected on their first right singular
 * vector, and enlarged. No class and no gradient has a part in it. A singular vector has no sign: the one is taken with
 * which the map's sum is not negative. The matrix is not centred, as in the paper (pytorch-grad-cam subtracts means).
 * Muhammad & Yeasin 2020, section III, arXiv:2008.00299. */
#include "cam.h"

#define MOST_ROUNDS 5000
#define CLOSE 1e-13 /* squared length of what a round still changes */

/* gram[n x n] = A A' or A' A of A[places x channels], whichever is smaller. */
static void multiply(const kit_maps *maps, const float *activation, bool by_place, size_t n, double *gram) {
    size_t places = (size_t)maps->height * maps->width, depth = by_place ? maps->channels : places;
    size_t step = by_place ? maps->along : maps->across, inner = by_place ? maps->across : maps->along;
    const float *a = activation + maps->first;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) {
            double sum = 0;
            for (size_t k = 0; k < depth; k++) sum += (double)a[i * step + k * inner] * (double)a[j * step + k * inner];
            gram[i * n + j] = gram[j * n + i] = sum;
        }
}

/* The first eigenvector v[n] of a Gram matrix by power iteration, of length 1; false for a matrix of zeros. It begins
 * with the row of the largest diagonal element, which is not orthogonal to it. */
static bool first_eigenvector(const double *gram, size_t n, double *v, double *next) {
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (gram[i * n + i] > gram[best * n + best]) best = i;
    if (!(gram[best * n + best] > 0)) return false;
    for (size_t i = 0; i < n; i++) v[i] = i == best;
    for (int round = 0; round < MOST_ROUNDS; round++) {
        double length = 0, change = 0;
        for (size_t i = 0; i < n; i++) {
            next[i] = 0;
            for (size_t j = 0; j < n; j++) next[i] += gram[i * n + j] * v[j];
            length += next[i] * next[i];
        }
        for (size_t i = 0; i < n; i++) {
            next[i] /= sqrt(length);
            change += (next[i] - v[i]) * (next[i] - v[i]);
            v[i] = next[i];
        }
        if (change < CLOSE * CLOSE) break;
    }
    return true;
}

/* cam[places] = A v1: of the eigenvector u1 of A A' it is u1 times the singular value. */
static void project(const kit_maps *maps, const float *activation, bool by_place, const double *v, double value,
                    float *cam) {
    size_t places = (size_t)maps->height * maps->width;
    double total = 0;
    for (size_t k = 0; k < places; k++) {
        double sum = by_place ? value * v[k] : 0;
        for (uint32_t c = 0; !by_place && c < maps->channels; c++)
            sum += v[c] * (double)activation[maps->first + c * maps->across + k * maps->along];
        cam[k] = (float)sum;
        total += sum;
    }
    for (size_t k = 0; total < 0 && k < places; k++) cam[k] = -cam[k];
}

/* The singular value of eigenvector v. */
static double value_of(const double *gram, size_t n, const double *v) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) sum += v[i] * gram[i * n + j] * v[j];
    return sqrt(fmax(sum, 0));
}

static assay_status attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                              float *out, assay_why *why) {
    const assay_layers *layers;
    kit_maps maps = {0};
    assay_status status = cam_open(self, model, true, &layers, &maps, why);
    if (status != ASSAY_OK) return status;
    size_t places = (size_t)maps.height * maps.width;
    bool by_place = places <= maps.channels;
    size_t n = by_place ? places : maps.channels;
    float *activation = kit_floats(1, maps.layer.output.count), *cam = kit_floats(1, places);
    double *gram = n < SIZE_MAX / sizeof *gram / (n + 2) ? malloc(n * (n + 2) * sizeof *gram) : NULL;
    if (!activation || !cam || !gram) status = assay_say(why, ASSAY_FAILED, "out of memory");
    for (uint32_t i = 0; i < request->n && status == ASSAY_OK; i++) {
        status = layers->inspect(model, maps.index, 1, request->inputs + i * model->input.count, request->targets + i,
                                 activation, NULL, why);
        if (status != ASSAY_OK) break;
        double *v = gram + n * n;
        multiply(&maps, activation, by_place, n, gram);
        if (first_eigenvector(gram, n, v, v + n)) project(&maps, activation, by_place, v, value_of(gram, n, v), cam);
        else memset(cam, 0, places * sizeof *cam);
        cam_enlarge(&maps, cam, &model->input, out + i * model->input.count);
    }
    free(activation);
    free(cam);
    free(gram);
    return status;
}

static const assay_param_info params[] = {[CAM_LAYER] = CAM_LAYER_PARAM(CAM_LAST_RECTIFIED)};

static const assay_explainer_info info = {
    .id = "eigen-cam",
    .name = "Eigen-CAM",
    .summary = "first principal component of the last convolution's feature maps, enlarged bilinearly",
    .source = "Muhammad & Yeasin 2020, section III, arXiv:2008.00299",
    .claims = ASSAY_CLASS_BLIND,
    .param_count = 1,
    .params = params,
};

static const assay_about about = {
    .id = "eigen-cam",
    .family = "activation map",
    .formula = "A v, v the first right singular vector of A (places x channels), enlarged",
    .cost = "1 forward",
    .inputs = ASSAY_SEQUENCES | ASSAY_PICTURES | ASSAY_TOKENS,
    .checked = "torch.linalg.svd",
    .within = 1e-5,
};
ASSAY_ABOUT_PLUGIN(about);

KIT_PLUGIN(info, attribute);
