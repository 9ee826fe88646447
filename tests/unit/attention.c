/* Attention methods on a transformer of a text that is nothing but its attentions: whole matrices multiplied, as in the
 * papers. tests/unit/networks.c has vision transformers. */
#include "lab.h"

#define TOKENS 4u
#define HEADS 2u
#define BLOCKS 2u
#define SQUARE (TOKENS * TOKENS)

/* Weights and gradients [BLOCKS][HEADS][TOKENS][TOKENS]. */
struct attentions {
    float weights[BLOCKS][HEADS * SQUARE], gradient[BLOCKS][HEADS * SQUARE];
    uint32_t tokens[BLOCKS];
};

static const char *const ops[] = {"MatMul", "Softmax", "Relu", "Softmax", "Gemm"};

static uint32_t layer_count(const assay_model *model) {
    (void)model;
    return sizeof ops / sizeof *ops;
}

static bool layer_get(const assay_model *model, uint32_t index, assay_layer *out) {
    const struct attentions *a = model->host;
    if (index >= layer_count(model)) return false;
    uint32_t tokens = a->tokens[index / 2 % 2];
    *out = (assay_layer){"layer", ops[index], {3, {HEADS, tokens, tokens, 0}, (size_t)HEADS * tokens * tokens}};
    return true;
}

static assay_status inspect(const assay_model *model, uint32_t index, uint32_t n, const float *x,
                            const uint32_t *targets, float *activation, float *gradient, assay_why *why) {
    const struct attentions *a = model->host;
    (void)x, (void)why;
    cr_assert(n == 1 && *targets == 1 && strcmp(ops[index], "Softmax") == 0);
    memcpy(activation, a->weights[index / 2], sizeof a->weights[0]);
    if (gradient) memcpy(gradient, a->gradient[index / 2], sizeof a->gradient[0]);
    return ASSAY_OK;
}

static const void *extension(const assay_model *model, const char *name) {
    static const assay_layers layers = {layer_count, layer_get, inspect};
    (void)model;
    return strcmp(name, ASSAY_LAYERS) == 0 ? &layers : NULL;
}

/* A text of 3 dimensions and as many positions as tokens; rows of the weights sum to 1. */
static struct attentions make(struct handle *handle) {
    struct attentions a = {.tokens = {TOKENS, TOKENS}};
    for (uint32_t b = 0; b < BLOCKS; b++)
        for (uint32_t k = 0; k < HEADS * SQUARE; k++) {
            a.weights[b][k] = (float)(1 + (7 * k + 5 * b) % 11);
            a.gradient[b][k] = (float)((double)((5 * k + 3 * b) % 13) / 4 - 1.5);
        }
    for (uint32_t r = 0; r < BLOCKS * HEADS * TOKENS; r++) {
        float *row = a.weights[0] + r * TOKENS, sum = 0;
        for (uint32_t t = 0; t < TOKENS; t++) sum += row[t];
        for (uint32_t t = 0; t < TOKENS; t++) row[t] /= sum;
    }
    handle->model = (assay_model){.input = {2, {3, TOKENS, 0, 0}, 3 * TOKENS}, .outputs = 2, .extension = extension};
    return a;
}

/* product[TOKENS][TOKENS]: M1 M0, where M is (I + mean A) / 2, or I + mean of what is positive of A gradient. */
static void multiply(const struct attentions *a, bool with_gradient, double product[SQUARE]) {
    double now[SQUARE], block[SQUARE];
    for (uint32_t k = 0; k < SQUARE; k++) product[k] = k % (TOKENS + 1) == 0;
    for (uint32_t b = 0; b < BLOCKS; b++) {
        for (uint32_t k = 0; k < SQUARE; k++) {
            double mean = 0, one = k % (TOKENS + 1) == 0;
            for (uint32_t h = 0; h < HEADS; h++) {
                double weight = (double)a->weights[b][h * SQUARE + k];
                double times = weight * (double)a->gradient[b][h * SQUARE + k];
                mean += (with_gradient ? times > 0 ? times : 0 : weight) / HEADS;
            }
            block[k] = with_gradient ? one + mean : (one + mean) / 2;
        }
        for (uint32_t k = 0; k < SQUARE; k++) {
            now[k] = 0;
            for (uint32_t t = 0; t < TOKENS; t++)
                now[k] += block[k / TOKENS * TOKENS + t] * product[t * TOKENS + k % TOKENS];
        }
        memcpy(product, now, sizeof now);
    }
}

static const struct reading {
    const char *spec;
    bool with_gradient, mean;
} readings[] = {
    {"attention-rollout", false, false},
    {"attention-rollout:readout=mean", false, true},
    {"attention-x-gradient", true, false},
    {"attention-x-gradient:readout=mean", true, true},
};

Test(attention, of_a_text_is_the_product_of_its_blocks) {
    float inputs[LAB_INPUTS * 3 * TOKENS] = {0}, maps[LAB_INPUTS * 3 * TOKENS];
    struct handle handle = {0};
    const struct attentions a = make(&handle);
    const struct lab lab = {
        .handle = &handle, .inputs = inputs, .count = 3 * TOKENS, .targets = {1, 1, 1}, .seeds = {1, 2, 3}};
    handle.model.host = &a;
    for (size_t r = 0; r < sizeof readings / sizeof *readings; r++) {
        double product[SQUARE];
        char why[256] = "";
        cr_assert_eq(lab_explain(&lab, "explainers", readings[r].spec, maps, why), ASSAY_OK, "%s", why);
        multiply(&a, readings[r].with_gradient, product);
        for (uint32_t k = 0; k < 3 * TOKENS; k++) {
            double due = product[k % TOKENS];
            for (uint32_t t = 1; t < TOKENS && readings[r].mean; t++) due += product[t * TOKENS + k % TOKENS];
            due = readings[r].mean ? due / TOKENS : due;
            cr_expect_float_eq((double)maps[k], due, 1e-6, "%s: element %u is %g, not %g", readings[r].spec, k,
                               (double)maps[k], due);
        }
    }
}

Test(attention, is_refused_where_tokens_are_not_those_of_the_input) {
    float inputs[LAB_INPUTS * 3 * 5] = {0}, maps[LAB_INPUTS * 392];
    struct handle handle = {0};
    struct attentions a = make(&handle);
    struct lab lab = {.handle = &handle, .inputs = inputs, .targets = {1, 1, 1}}, cnn = lab_cnn();
    char why[256] = "";
    handle.model.host = &a;
    handle.model.input = (assay_shape){2, {3, 5, 0, 0}, 15};
    cr_expect_eq(lab_explain(&lab, "explainers", "attention-rollout", maps, why), ASSAY_UNSUPPORTED);
    cr_expect(strstr(why, "neither the positions of a sequence"), "%s", why);
    a.tokens[1] = TOKENS - 1;
    cr_expect_eq(lab_explain(&lab, "explainers", "attention-rollout", maps, why), ASSAY_UNSUPPORTED);
    cr_expect(strstr(why, "attention over 4 tokens and over 3"), "%s", why);
    cr_expect_eq(lab_explain(&cnn, "explainers", "attention-x-gradient", maps, why), ASSAY_UNSUPPORTED);
    cr_expect(strstr(why, "no self-attention"), "%s", why);
    lab_close(&cnn);
}
