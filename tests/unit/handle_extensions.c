/* assay.vjp/1, assay.weights/1 and assay.background/1: products with the Jacobian, the parameters, samples of the data.
 */
#include "base/rng.h"
#include "lab.h"

static const assay_vjp *vjp_of(const struct lab *lab) {
    const assay_vjp *vjp = lab->handle->model.extension(&lab->handle->model, ASSAY_VJP);
    cr_assert_not_null(vjp);
    return vjp;
}

static const assay_weights *weights_of(const struct lab *lab) {
    const assay_weights *weights = lab->handle->model.extension(&lab->handle->model, ASSAY_WEIGHTS);
    cr_assert_not_null(weights);
    return weights;
}

Test(handle_extensions, one_logit_has_the_bytes_of_its_gradient) {
    struct lab labs[] = {lab_cnn(), lab_mlp(), lab_linear()};
    for (size_t l = 0; l < sizeof labs / sizeof *labs; l++) {
        struct lab *lab = &labs[l];
        const assay_model *model = &lab->handle->model;
        size_t size = LAB_INPUTS * lab->count, outputs = model->outputs;
        float *wanted = malloc(size * sizeof *wanted), *out = malloc(size * sizeof *out);
        float *cotangent = calloc(LAB_INPUTS * outputs, sizeof *cotangent);
        for (uint32_t i = 0; i < LAB_INPUTS; i++) cotangent[i * outputs + lab->targets[i]] = 1;
        cr_assert_eq(model->gradient(model, LAB_INPUTS, lab->inputs, lab->targets, wanted, NULL), ASSAY_OK);
        cr_assert_eq(vjp_of(lab)->vjp(model, LAB_INPUTS, lab->inputs, cotangent, out, NULL), ASSAY_OK);
        cr_expect(memcmp(out, wanted, size * sizeof *out) == 0, "network %zu", l);
        cr_expect(lab->handle->forward == 2 * LAB_INPUTS && lab->handle->backward == 2 * LAB_INPUTS);
        free(wanted);
        free(out);
        free(cotangent);
        lab_close(lab);
    }
}

/* The sum over logits, in double precision. */
static double dot(const float *cotangent, const float *logits, uint32_t outputs) {
    double sum = 0;
    for (uint32_t k = 0; k < outputs; k++) sum += (double)cotangent[k] * (double)logits[k];
    return sum;
}

/* Elements of the input at which a rectifier or a maximum changes between the two points are left out: there the
 * difference is none of a derivative. */
Test(handle_extensions, any_cotangent_agrees_with_central_differences) {
    enum { N = 2, STEPS = 2 };
    static const float step[STEPS] = {2e-3f, 1e-3f};
    struct lab labs[] = {lab_cnn(), lab_mlp()};
    for (size_t l = 0; l < sizeof labs / sizeof *labs; l++) {
        struct lab *lab = &labs[l];
        const assay_model *model = &lab->handle->model;
        uint32_t outputs = model->outputs, compared = 0;
        float *x = malloc(2 * lab->count * sizeof *x), *out = malloc(N * lab->count * sizeof *out);
        float cotangent[N * 5], logits[2 * 5];
        rng_fill_normal(3, 0, N * outputs, cotangent);
        cr_assert_eq(vjp_of(lab)->vjp(model, N, lab->inputs, cotangent, out, NULL), ASSAY_OK);
        for (size_t k = 0; k < N * lab->count; k += 7) {
            uint32_t i = (uint32_t)(k / lab->count);
            double slope[STEPS];
            for (int s = 0; s < STEPS; s++) {
                memcpy(x, lab->inputs + i * lab->count, lab->count * sizeof *x);
                memcpy(x + lab->count, x, lab->count * sizeof *x);
                x[k % lab->count] -= step[s];
                x[lab->count + k % lab->count] += step[s];
                double width = (double)x[lab->count + k % lab->count] - (double)x[k % lab->count];
                cr_assert_eq(model->forward(model, 2, x, logits, NULL), ASSAY_OK);
                slope[s] = (dot(cotangent + i * outputs, logits + outputs, outputs) -
                            dot(cotangent + i * outputs, logits, outputs)) /
                           width;
            }
            if (fabs(slope[0] - slope[1]) > 2e-3) continue;
            compared++;
            cr_expect_float_eq((double)out[k], slope[1], 4e-3, "network %zu, element %zu: %g, not %g", l, k,
                               (double)out[k], slope[1]);
        }
        cr_expect_gt(compared, N * lab->count / 7 / 2, "network %zu: %u elements", l, compared);
        free(x);
        free(out);
        lab_close(lab);
    }
}

Test(handle_extensions, a_product_is_the_sum_of_weighted_gradients) {
    struct lab lab = lab_cnn();
    const assay_model *model = &lab.handle->model;
    const float cotangent[5] = {1, -2, .5f, 0, 3};
    float *sum = calloc(lab.count, sizeof *sum), *out = malloc(lab.count * sizeof *out);
    for (uint32_t k = 0; k < 5; k++) {
        cr_assert_eq(model->gradient(model, 1, lab.inputs, &k, out, NULL), ASSAY_OK);
        for (size_t j = 0; j < lab.count; j++) sum[j] += cotangent[k] * out[j];
    }
    cr_assert_eq(vjp_of(&lab)->vjp(model, 1, lab.inputs, cotangent, out, NULL), ASSAY_OK);
    cr_expect_leq(lab_distance(out, sum, lab.count), 1e-6);
    free(sum);
    free(out);
    lab_close(&lab);
}

/* Whoever computes it, in whatever batch. */
Test(handle_extensions, helpers_and_batches_change_no_byte) {
    enum { N = 23 };
    struct lab lab = lab_cnn();
    const assay_model *model = &lab.handle->model;
    float *x = malloc(N * lab.count * sizeof *x), *out[2], cotangent[N * 5];
    struct error e;
    rng_fill_normal(1, 0, N * lab.count, x);
    rng_fill_normal(2, 0, N * 5, cotangent);
    for (int i = 0; i < 2; i++) out[i] = malloc(N * lab.count * sizeof *x);
    cr_assert_eq(vjp_of(&lab)->vjp(model, N, x, cotangent, out[0], NULL), ASSAY_OK);
    for (uint32_t i = 0; i < N; i++)
        cr_assert_eq(vjp_of(&lab)->vjp(model, 1, x + i * lab.count, cotangent + i * 5, out[1] + i * lab.count, NULL),
                     ASSAY_OK);
    cr_expect(memcmp(out[0], out[1], N * lab.count * sizeof *x) == 0, "alone");
    cr_assert(memo_create(1 << 20, &lab.handle->memo, &e));
    cr_assert_eq(vjp_of(&lab)->vjp(model, N, x, cotangent, out[1], NULL), ASSAY_OK);
    cr_expect(memcmp(out[0], out[1], N * lab.count * sizeof *x) == 0, "kept");
    weights_edit(lab.weights, lab.graph->layers[0].parameters[0])[0] += 1;
    net_changed(lab.net, 0);
    cr_assert_eq(vjp_of(&lab)->vjp(model, N, x, cotangent, out[1], NULL), ASSAY_OK);
    cr_expect(memcmp(out[0], out[1], N * lab.count * sizeof *x) == 0, "from memory");
    cotangent[N * 5 - 1] += 1;
    cr_assert_eq(vjp_of(&lab)->vjp(model, N, x, cotangent, out[1], NULL), ASSAY_OK);
    cr_expect(memcmp(out[0], out[1], N * lab.count * sizeof *x) != 0, "the last number of the cotangent is another");
    for (int i = 0; i < 2; i++) free(out[i]);
    free(x);
    memo_destroy(lab.handle->memo);
    lab_close(&lab);
}

Test(handle_extensions, refuses_what_a_plugin_must_not_pass) {
    struct lab lab = lab_mlp();
    const assay_model *model = &lab.handle->model;
    const assay_vjp *vjp = vjp_of(&lab);
    float out[20], good[4] = {0}, bad[4] = {0, 0, NAN, 0};
    char text[200] = "";
    assay_why why = {text, sizeof text};
    const struct {
        uint32_t n;
        const float *x, *cotangent;
        float *out;
        const char *words;
    } cases[] = {{0, lab.inputs, good, out, "vjp: n is 0"},
                 {1, NULL, good, out, "vjp: x is NULL"},
                 {1, lab.inputs, NULL, out, "vjp: cotangent is NULL"},
                 {1, lab.inputs, good, NULL, "vjp: out is NULL"},
                 {1, lab.inputs, bad, out, "output 2 of sample 0 is nan"}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        cr_expect_eq(vjp->vjp(model, cases[c].n, cases[c].x, cases[c].cotangent, cases[c].out, &why), ASSAY_FAILED);
        cr_expect(strstr(text, cases[c].words), "\"%s\" does not say \"%s\"", text, cases[c].words);
    }
    cr_expect(lab.handle->forward == 0 && lab.handle->backward == 0, "a refused call is not counted");
    lab_close(&lab);
}

/* ---- parameters ---- */

Test(handle_extensions, parameters_are_those_of_the_network) {
    struct lab lab = lab_cnn();
    const assay_model *model = &lab.handle->model;
    const assay_weights *weights = weights_of(&lab);
    static const struct {
        uint32_t rank, first;
        size_t count;
    } wanted[] = {{4, 4, 72}, {1, 4, 4}, {4, 6, 216}, {1, 6, 6}, {2, 16, 2400}, {1, 16, 16}, {2, 5, 80}, {1, 5, 5}};
    float *flat = lab_read("cnn-weights", LAB_CNN_WEIGHTS);
    assay_parameter p;
    size_t at = 0;
    cr_assert_eq(weights->count(model), sizeof wanted / sizeof *wanted);
    for (uint32_t i = 0; i < weights->count(model); i++) {
        cr_assert(weights->get(model, i, &p));
        cr_expect(p.name[0] && p.rank == wanted[i].rank && p.dim[0] == wanted[i].first && p.count == wanted[i].count,
                  "parameter %u: %s", i, p.name);
        cr_expect(memcmp(p.data, flat + at, p.count * sizeof *flat) == 0, "parameter %u: %s", i, p.name);
        at += p.count;
    }
    cr_expect_not(weights->get(model, 8, &p));
    cr_expect_not(weights->get(model, 0, NULL));
    free(flat);
    lab_close(&lab);
}

/* With what is added to the logits and what the input is multiplied by, W x + b is known to the last number. */
Test(handle_extensions, raised_logits_and_the_mask_are_among_them) {
    struct lab lab = lab_linear();
    const assay_model *model = &lab.handle->model;
    const assay_weights *weights = weights_of(&lab);
    static const float raised[3] = {5, 0, -7};
    float mask[20], logits[3];
    assay_parameter p[4];
    struct error e;
    for (int k = 0; k < 20; k++) mask[k] = k % 3 ? 1 : 0;
    lab.weights->raised = malloc(sizeof raised);
    memcpy(lab.weights->raised, raised, sizeof raised);
    cr_assert_eq(weights->count(model), 3);
    cr_assert(handle_mask(lab.handle, mask, &e));
    cr_assert_eq(weights->count(model), 4);
    for (uint32_t i = 0; i < 4; i++) cr_assert(weights->get(model, i, &p[i]));
    cr_expect_not(weights->get(model, 4, &p[0]));
    cr_expect_str_eq(p[2].name, ASSAY_WEIGHTS_RAISED);
    cr_expect_str_eq(p[3].name, ASSAY_WEIGHTS_MASK);
    cr_expect(p[3].rank == 3 && p[3].dim[2] == 5 && p[3].count == 20);
    cr_assert_eq(model->forward(model, 1, lab.inputs, logits, NULL), ASSAY_OK);
    for (uint32_t c = 0; c < 3; c++) {
        double sum = (double)p[1].data[c] + (double)p[2].data[c];
        for (uint32_t k = 0; k < 20; k++)
            sum += (double)p[0].data[c * 20 + k] * (double)p[3].data[k] * (double)lab.inputs[k];
        cr_expect_float_eq((double)logits[c], sum, 1e-5, "logit %u: %g, not %g", c, (double)logits[c], sum);
    }
    lab_close(&lab);
}

Test(handle_extensions, the_background_is_what_the_host_was_given) {
    struct lab lab = lab_mlp();
    const assay_model *model = &lab.handle->model;
    float many[40 * 20] = {0};
    uint32_t count = 0;
    handle_background(lab.handle, NULL, 0);
    cr_expect_null(model->extension(model, ASSAY_BACKGROUND));
    handle_background(lab.handle, lab.inputs, LAB_INPUTS);
    const assay_background *background = model->extension(model, ASSAY_BACKGROUND);
    cr_assert_not_null(background);
    cr_expect_eq(background->samples(model, &count), lab.inputs);
    cr_expect_eq(count, LAB_INPUTS);
    handle_background(lab.handle, many, 40);
    cr_expect_eq(background->samples(model, &count), many);
    cr_expect_eq(count, HANDLE_BACKGROUND_MOST);
    lab_close(&lab);
}
