/* Relevance through attention, products and normalisations: beside LXT (tests/golden/make_relevance.py), beside closed
 * forms, and where the sum is to be kept. */
#include "methods.h"

static struct lab golden_lab(const char *file, const char *name, const uint32_t targets[LAB_INPUTS]) {
    struct error e;
    struct graph *graph;
    char path[100], inputs[100];
    snprintf(path, sizeof path, "tests/golden/methods/%s.onnx", file);
    snprintf(inputs, sizeof inputs, "%s-inputs", name);
    cr_assert(onnx_load(path, &graph, &e), "%s", e.text);
    size_t count = shape_count(&graph->sample);
    struct lab lab = lab_of(graph, NULL, lab_read_from("methods", inputs, LAB_INPUTS * count));
    memcpy(lab.targets, targets, sizeof lab.targets);
    return lab;
}

static const struct golden {
    const char *file, *name;
    uint32_t targets[LAB_INPUTS];
} goldens[] = {{"attn", "attn", {0, 3, 1}}, {"attn-written-out", "attn", {0, 3, 1}}, {"norms", "norms", {2, 0, 1}}};

static void expect_goldens(const char *spec, const char *kind, bool written_out, double within) {
    for (size_t k = 0; k < sizeof goldens / sizeof *goldens; k++) {
        if (!written_out && strcmp(goldens[k].file, goldens[k].name) != 0) continue;
        struct lab lab = golden_lab(goldens[k].file, goldens[k].name, goldens[k].targets);
        char file[100], why[256] = "";
        float maps[LAB_INPUTS * MOST_ELEMENTS];
        snprintf(file, sizeof file, "%s-%s", goldens[k].name, kind);
        float *wanted = lab_read_from("methods", file, LAB_INPUTS * lab.count);
        cr_assert_eq(lab_explain(&lab, "explainers", spec, maps, why), ASSAY_OK, "%s", why);
        for (uint32_t i = 0; i < LAB_INPUTS; i++) {
            double off = lab_distance(maps + i * lab.count, wanted + i * lab.count, lab.count);
            cr_expect_leq(off, within, "%s by %s: map %u is off by %g", goldens[k].file, spec, i, off);
        }
        free(wanted);
        lab_close(&lab);
    }
}

Test(relevance, agrees_with_lxt) {
    expect_goldens("lrp:composite=epsilon", "lrp", true, 1e-4);
}

/* Contributions that add up to the difference of the logit from that of the reference. */
Test(relevance, deeplift_takes_attention_apart) {
    expect_goldens("deeplift:baseline=0.3", "deeplift", false, 1e-5);
}

/* The same bytes alone and beside others. */
Test(relevance, a_sample_does_not_depend_on_its_neighbours) {
    struct lab lab = golden_lab("attn", "attn", goldens[0].targets);
    char why[256] = "";
    float all[LAB_INPUTS * MOST_ELEMENTS], one[LAB_INPUTS * MOST_ELEMENTS];
    cr_assert_eq(lab_explain(&lab, "explainers", "lrp", all, why), ASSAY_OK, "%s", why);
    memmove(lab.inputs, lab.inputs + 2 * lab.count, lab.count * sizeof *lab.inputs);
    lab.targets[0] = lab.targets[2];
    cr_assert_eq(lab_explain(&lab, "explainers", "lrp", one, why), ASSAY_OK, "%s", why);
    cr_expect_arr_eq(all + 2 * lab.count, one, lab.count * sizeof *one);
    lab_close(&lab);
}

/* ---- Networks of one operator ---- */

enum { SIZE = 4, CLASSES = 2 };

struct step {
    const char *op, *in[3], *out;
};
#define STEPS 7
#define GELU 5 /* of the table below */

/* Steps on x[4], or on its products a and b with two matrices, whose result y is multiplied by a third. Constants: one,
 * root (of 2), scale[4], axis, mask[4], of -inf and 0. */
static struct lab lab_steps(const struct step *steps) {
    static const float values[LAB_INPUTS * SIZE] = {.5f, -1.2f, 2, .25f, -3, 1, .75f, -.5f, 1.5f, 2.5f, -2, .125f};
    static const float wa[SIZE * SIZE] = {1, .5f, -1, 2, 0, 1.5f, .25f, -1, 2, -.75f, 1, .5f, -1, 1, .5f, 1};
    static const float wb[SIZE * SIZE] = {.5f, -1, 1, .25f, 2, 1, -.5f, 1, -1, .75f, 1.5f, -2, 1, 1, .5f, -.25f};
    static const float head[SIZE * CLASSES] = {1, -1, .5f, 2, -.75f, 1, 1.5f, .25f}, scale[] = {1, -.5f, 2, 1.5f};
    static const float mask[] = {0, 0, -INFINITY, 0};
    static const float one = 1, root = 1.41421356f;
    const struct shape sample = {2, {1, SIZE}}, square = {2, {SIZE, SIZE}}, last = {2, {SIZE, CLASSES}};
    const struct shape each = {1, {SIZE}}, single = {1, {1}};
    const int64_t axis = 1;
    struct error e;
    struct graph *g;
    cr_assert(graph_create(&g, &e) && graph_add_input(g, "x", &sample, &e), "%s", e.text);
    cr_assert(graph_add_parameter(g, "wa", &square, wa, &e) && graph_add_parameter(g, "wb", &square, wb, &e) &&
              graph_add_parameter(g, "head", &last, head, &e) && graph_add_parameter(g, "scale", &each, scale, &e) &&
              graph_add_floats(g, "mask", &each, mask, &e) && graph_add_parameter(g, "one", &single, &one, &e) &&
              graph_add_parameter(g, "root", &single, &root, &e) && graph_add_ints(g, "axis", &single, &axis, &e));
    for (; steps->op; steps++) {
        uint32_t n = 1;
        while (n < 3 && steps->in[n]) n++;
        cr_assert(graph_add_node(g, steps->op, steps->out, (const char **)(const void *)steps->in, n,
                                 (const char *[]){steps->out}, 1, NULL, 0, &e),
                  "%s", e.text);
    }
    cr_assert(graph_add_node(g, "MatMul", "last", (const char *[]){"y", "head"}, 2, (const char *[]){"logits"}, 1, NULL,
                             0, &e));
    cr_assert(graph_finish(g, "logits", &e), "%s", e.text);
    float *inputs = malloc(sizeof values);
    cr_assert_not_null(inputs);
    memcpy(inputs, values, sizeof values);
    struct lab lab = lab_of(g, NULL, inputs);
    memcpy(lab.targets, (uint32_t[]){0, 1, 1}, sizeof lab.targets);
    return lab;
}

static const struct kept {
    const char *name;
    struct step steps[STEPS];
} keeping[] = {
    {"product", {{"MatMul", {"x", "wa"}, "a"}, {"MatMul", {"x", "wb"}, "b"}, {"Mul", {"a", "b"}, "y"}}},
    {"square", {{"MatMul", {"x", "wa"}, "a"}, {"Mul", {"a", "a"}, "y"}}},
    {"layernorm", {{"MatMul", {"x", "wa"}, "a"}, {"LayerNormalization", {"a", "scale"}, "y"}}},
    {"rms",
     {{"MatMul", {"x", "wa"}, "a"},
      {"Mul", {"a", "a"}, "b"},
      {"ReduceMean", {"b", "axis"}, "c"},
      {"Add", {"c", "one"}, "d"},
      {"Sqrt", {"d"}, "e"},
      {"Div", {"a", "e"}, "y"}}},
    {"silu", {{"MatMul", {"x", "wa"}, "a"}, {"Sigmoid", {"a"}, "b"}, {"Mul", {"b", "a"}, "y"}}},
    {"gelu",
     {{"MatMul", {"x", "wa"}, "a"},
      {"Div", {"a", "root"}, "b"},
      {"Erf", {"b"}, "c"},
      {"Add", {"c", "one"}, "d"},
      {"Mul", {"a", "d"}, "y"}}},
    {"gated",
     {{"MatMul", {"x", "wa"}, "a"}, {"MatMul", {"x", "wb"}, "b"}, {"Sigmoid", {"a"}, "c"}, {"Mul", {"c", "b"}, "y"}}},
};

/* Without biases what arrives adds up to the logit. */
Test(relevance, products_and_normalisations_keep_the_sum) {
    for (size_t k = 0; k < sizeof keeping / sizeof *keeping; k++) {
        struct lab lab = lab_steps(keeping[k].steps);
        float maps[LAB_INPUTS * SIZE], logits[LAB_INPUTS * CLASSES];
        char why[256] = "";
        const assay_model *model = &lab.handle->model;
        cr_assert_eq(model->forward(model, LAB_INPUTS, lab.inputs, logits, NULL), ASSAY_OK);
        cr_assert_eq(lab_explain(&lab, "explainers", "lrp:composite=epsilon,epsilon=0", maps, why), ASSAY_OK, "%s: %s",
                     keeping[k].name, why);
        for (uint32_t i = 0; i < LAB_INPUTS; i++) {
            double sum = 0, logit = (double)logits[i * CLASSES + lab.targets[i]];
            for (uint32_t j = 0; j < SIZE; j++) sum += (double)maps[i * SIZE + j];
            cr_expect_float_eq(sum, logit, 1e-4 * (1 + fabs(logit)), "%s: %g of %g", keeping[k].name, sum, logit);
        }
        lab_close(&lab);
    }
}

/* An activation that is written as a product passes all on, as one operator does: also where 1 + Erf is near 0. */
Test(relevance, a_gelu_written_out_passes_as_one) {
    struct lab lab = lab_steps(keeping[GELU].steps);
    float maps[LAB_INPUTS * SIZE];
    char why[256] = "";
    const assay_model *model = &lab.handle->model;
    const assay_layers *layers = model->extension(model, ASSAY_LAYERS);
    float z[LAB_INPUTS * SIZE], y[LAB_INPUTS * SIZE];
    cr_assert_eq(lab_explain(&lab, "explainers", "lrp:composite=epsilon,epsilon=0", maps, why), ASSAY_OK, "%s", why);
    cr_assert_eq(layers->inspect(model, 0, LAB_INPUTS, lab.inputs, lab.targets, z, NULL, NULL), ASSAY_OK);
    cr_assert_eq(layers->inspect(model, 4, LAB_INPUTS, lab.inputs, lab.targets, y, NULL, NULL), ASSAY_OK);
    const float *wa = lab.graph->values[lab.graph->nodes[0].inputs[1]].data;
    const float *head = lab.graph->values[lab.graph->nodes[5].inputs[1]].data;
    for (uint32_t i = 0; i < LAB_INPUTS; i++) {
        for (uint32_t j = 0; j < SIZE; j++) {
            double due = 0;
            for (uint32_t o = 0; o < SIZE; o++) {
                double relevance = (double)y[i * SIZE + o] * (double)head[o * CLASSES + lab.targets[i]];
                due +=
                    (double)lab.inputs[i * SIZE + j] * (double)wa[j * SIZE + o] / (double)z[i * SIZE + o] * relevance;
            }
            cr_expect_float_eq(maps[i * SIZE + j], due, 1e-4 * (1 + fabs(due)), "element %u of map %u", j, i);
        }
    }
    lab_close(&lab);
}

/* x (R - y sum R), with R = y w behind it: proposition 3.1 of the paper. */
Test(relevance, softmax_is_its_taylor_expansion) {
    static const struct step steps[] = {{"Softmax", {"x"}, "y"}, {0}};
    struct lab lab = lab_steps(steps);
    float maps[LAB_INPUTS * SIZE];
    char why[256] = "";
    lab.inputs[1] = -1e30f; /* as a mask makes it: no part in the output, and none in the map */
    cr_assert_eq(lab_explain(&lab, "explainers", "lrp:composite=epsilon,epsilon=0", maps, why), ASSAY_OK, "%s", why);
    const float *head = lab.graph->values[lab.graph->nodes[1].inputs[1]].data;
    for (uint32_t i = 0; i < LAB_INPUTS; i++) {
        const float *x = lab.inputs + i * SIZE;
        double y[SIZE], sum = 0, logit = 0;
        for (uint32_t j = 0; j < SIZE; j++) sum += exp((double)x[j]);
        for (uint32_t j = 0; j < SIZE; j++) {
            y[j] = exp((double)x[j]) / sum;
            logit += y[j] * (double)head[j * CLASSES + lab.targets[i]];
        }
        for (uint32_t j = 0; j < SIZE; j++) {
            double relevance = y[j] * (double)head[j * CLASSES + lab.targets[i]];
            double due = y[j] > 0 ? (double)x[j] * (relevance - y[j] * logit) : 0;
            cr_expect_float_eq(maps[i * SIZE + j], due, 1e-5 * (1 + fabs(due)), "element %u of map %u", j, i);
        }
    }
    lab_close(&lab);
}

/* As torch.export writes it: the same maps with the guard and without. */
Test(relevance, a_guarded_softmax_is_one) {
    static const struct step plain[] = {{"Softmax", {"x"}, "y"}, {0}};
    static const struct step guarded[] = {
        {"Softmax", {"x"}, "a"}, {"IsNaN", {"a"}, "b"}, {"Where", {"b", "one", "a"}, "y"}, {0}};
    static const char *const specs[] = {"lrp", "deeplift"};
    struct lab labs[] = {lab_steps(plain), lab_steps(guarded)};
    for (size_t k = 0; k < 2; k++) {
        float maps[2][LAB_INPUTS * SIZE];
        char why[256] = "";
        for (size_t i = 0; i < 2; i++)
            cr_assert_eq(lab_explain(&labs[i], "explainers", specs[k], maps[i], why), ASSAY_OK, "%s", why);
        cr_expect_arr_eq(maps[0], maps[1], sizeof maps[0], "%s", specs[k]);
    }
    lab_close(&labs[0]);
    lab_close(&labs[1]);
}

/* ... and DeepLIFT, whose contributions add up, of what a mask hides, too. */
Test(relevance, deeplift_of_a_softmax_adds_up) {
    static const struct step steps[] = {{"Add", {"x", "mask"}, "a"}, {"Softmax", {"a"}, "y"}, {0}};
    struct lab lab = lab_steps(steps);
    float maps[LAB_INPUTS * SIZE], logits[LAB_INPUTS * CLASSES], rest[CLASSES];
    static const float zero[SIZE];
    char why[256] = "";
    const assay_model *model = &lab.handle->model;
    for (uint32_t j = 0; j < SIZE; j++) lab.inputs[SIZE + j] += 2000; /* far from the reference */
    cr_assert_eq(model->forward(model, LAB_INPUTS, lab.inputs, logits, NULL), ASSAY_OK);
    cr_assert_eq(model->forward(model, 1, zero, rest, NULL), ASSAY_OK);
    cr_assert_eq(lab_explain(&lab, "explainers", "deeplift", maps, why), ASSAY_OK, "%s", why);
    for (uint32_t i = 0; i < LAB_INPUTS; i++) {
        uint32_t t = lab.targets[i];
        double sum = 0;
        for (uint32_t j = 0; j < SIZE; j++) sum += (double)maps[i * SIZE + j];
        cr_expect_float_eq(sum, (double)(logits[i * CLASSES + t] - rest[t]), i == 1 ? 1e-3 : 1e-5);
        cr_expect_float_eq(maps[i * SIZE + 2], 0, 1e-12, "what is masked");
        cr_expect_gt(fabsf(maps[i * SIZE]), 1e-9f);
    }
    lab_close(&lab);
}

/* ---- What has no rule ---- */

Test(relevance, methods_say_what_they_have_no_rule_for) {
    static const struct step root[] = {{"Softmax", {"x"}, "a"}, {"Div", {"x", "a"}, "y"}, {0}};
    static const struct step soft[] = {{"Softmax", {"x"}, "y"}, {0}};
    static const struct {
        const struct step *steps;
        const char *spec, *words;
    } refused[] = {{root, "lrp", "rule 'detached' is not for the operator Div (node 'y')"},
                   {root, "deeplift", "DeepLIFT has no rule for the operator Div"},
                   {soft, "excitation-backprop", "no rule for the operator Softmax"}};
    for (size_t k = 0; k < sizeof refused / sizeof *refused; k++) {
        struct lab lab = lab_steps(refused[k].steps);
        float maps[LAB_INPUTS * SIZE];
        char why[256] = "";
        cr_expect_eq(lab_explain(&lab, "explainers", refused[k].spec, maps, why), ASSAY_UNSUPPORTED);
        cr_expect(strstr(why, refused[k].words), "%s", why);
        lab_close(&lab);
    }
}

/* A rule of one operator given to another of the same role is an error of the plugin's. */
Test(relevance, a_rule_is_for_its_operators) {
    struct lab lab = lab_steps(keeping[0].steps);
    const assay_model *model = &lab.handle->model;
    const assay_propagation *p = model->extension(model, ASSAY_PROPAGATION);
    static const char *const wrong[] = {"softmax", "detached"};
    for (size_t k = 0; k < 2; k++) {
        assay_operator_rule rules[8] = {{0}};
        float maps[LAB_INPUTS * SIZE];
        char text[256] = "";
        assay_why why = {text, sizeof text};
        for (uint32_t i = 0; i < p->count(model); i++) {
            assay_operator op;
            cr_assert(p->get(model, i, &op));
            if (op.role == ASSAY_ROLE_OTHER) rules[i].rule = wrong[k];
        }
        cr_expect_eq(p->propagate(model, rules, ASSAY_START_ONE, LAB_INPUTS, lab.inputs, NULL, lab.targets, maps, &why),
                     ASSAY_UNSUPPORTED);
        cr_expect(strstr(text, "is not for the operator Mul (node 'y')"), "%s", text);
    }
    lab_close(&lab);
}
