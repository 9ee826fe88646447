/* A network as the model a plugin sees. */
#include "base/rng.h"
#include "lab.h"

Test(handle, shows_shape_and_layers_from_input_to_output) {
    static const struct {
        const char *op;
        uint32_t rank;
        size_t count;
    } wanted[] = {{"Conv", 3, 784},    {"Relu", 3, 784}, {"MaxPool", 3, 196}, {"Conv", 3, 150}, {"Relu", 3, 150},
                  {"Flatten", 1, 150}, {"Gemm", 1, 16},  {"Relu", 1, 16},     {"Gemm", 1, 5}};
    struct lab lab = lab_cnn();
    const assay_model *model = &lab.handle->model;
    const assay_layers *layers = model->extension(model, ASSAY_LAYERS);
    cr_expect(model->input.rank == 3 && model->input.count == 392 && model->outputs == 5);
    cr_expect(model->input.dim[0] == 2 && model->input.dim[1] == 14 && model->input.dim[2] == 14);
    cr_assert_not_null(layers);
    cr_assert_eq(layers->count(model), sizeof wanted / sizeof *wanted);
    for (uint32_t i = 0; i < layers->count(model); i++) {
        assay_layer layer;
        cr_assert(layers->get(model, i, &layer));
        cr_expect_str_eq(layer.op, wanted[i].op);
        cr_expect(layer.output.rank == wanted[i].rank && layer.output.count == wanted[i].count, "layer %u", i);
        cr_expect(layer.name[0]);
    }
    assay_layer layer;
    cr_expect_not(layers->get(model, 9, &layer));
    cr_expect_not(layers->get(model, 0, NULL));
    cr_expect_null(model->extension(model, "assay.magic/1"));
    cr_expect_null(model->extension(model, NULL));
    lab_close(&lab);
}

Test(handle, passes_calls_on_and_counts_samples) {
    struct lab lab = lab_cnn();
    const assay_model *model = &lab.handle->model;
    const assay_layers *layers = model->extension(model, ASSAY_LAYERS);
    const assay_backward *backward = model->extension(model, ASSAY_BACKWARD);
    float logits[15], maps[3 * 392], sum[392], features[3 * 150], *wanted = lab_read("cnn-logits", 15);
    const float weights[] = {1, -2, .5f};
    char text[100] = "";
    assay_why why = {text, sizeof text};

    cr_assert_eq(model->forward(model, 3, lab.inputs, logits, &why), ASSAY_OK);
    cr_expect_leq(lab_distance(logits, wanted, 15), 1e-5);
    cr_expect(lab.handle->forward == 3 && lab.handle->backward == 0);
    free(wanted);

    cr_assert_eq(model->gradient(model, 3, lab.inputs, lab.targets, maps, &why), ASSAY_OK);
    cr_assert_eq(model->gradient_sum(model, 3, lab.inputs, lab.targets, weights, sum, &why), ASSAY_OK);
    for (uint32_t k = 0; k < 392; k++)
        maps[k] = weights[0] * maps[k] + weights[1] * maps[392 + k] + weights[2] * maps[784 + k];
    cr_expect_leq(lab_distance(sum, maps, 392), 1e-5);
    cr_expect(lab.handle->forward == 9 && lab.handle->backward == 6);

    const assay_line *line = model->extension(model, ASSAY_LINE);
    const float ends[] = {0, 1}, two[] = {.5f, .25f};
    const uint32_t same[] = {lab.targets[0], lab.targets[0]};
    cr_assert_eq(line->gradient_sum(model, lab.inputs, lab.inputs + 392, same[0], 2, ends, two, sum, &why), ASSAY_OK);
    cr_assert_eq(model->gradient_sum(model, 2, lab.inputs, same, two, maps, &why), ASSAY_OK);
    cr_expect_leq(lab_distance(sum, maps, 392), 1e-5, "its ends");
    cr_expect(lab.handle->forward == 13 && lab.handle->backward == 10);
    lab.handle->forward = 9, lab.handle->backward = 6;

    cr_assert_eq(layers->inspect(model, 3, 2, lab.inputs, NULL, features, NULL, &why), ASSAY_OK, "%s", text);
    cr_expect(lab.handle->forward == 11 && lab.handle->backward == 6);
    cr_assert_eq(layers->inspect(model, 3, 2, lab.inputs, lab.targets, NULL, features, &why), ASSAY_OK, "%s", text);
    cr_expect(lab.handle->forward == 13 && lab.handle->backward == 8);

    wanted = lab_read("cnn-deconvnet", 3 * 392);
    cr_assert_eq(backward->gradient(model, ASSAY_RULE_DECONVNET, 3, lab.inputs, lab.targets, maps, &why), ASSAY_OK);
    cr_expect_leq(lab_distance(maps, wanted, 3 * 392), 1e-5);
    cr_expect(lab.handle->forward == 16 && lab.handle->backward == 11);
    free(wanted);
    lab_close(&lab);
}

/* With a memo a request that comes again is not computed again, as changed weights give away; any other is. */
Test(handle, answers_from_memory_are_those_of_the_same_request) {
    struct lab lab = lab_cnn();
    const assay_model *model = &lab.handle->model;
    const assay_backward *backward = model->extension(model, ASSAY_BACKWARD);
    const float weights[] = {1, -2, .5f}, others[] = {1, -2, .25f};
    const uint32_t targets[] = {4, 3, 2};
    float first[3 * 392], again[3 * 392], logits[2][15];
    struct error e;
    assay_why why = {0};
    cr_assert(memo_create(1 << 20, &lab.handle->memo, &e));
    cr_assert_eq(model->forward(model, 3, lab.inputs, logits[0], &why), ASSAY_OK);
    cr_assert_eq(model->gradient_sum(model, 3, lab.inputs, lab.targets, weights, first, &why), ASSAY_OK);
    weights_edit(lab.weights, lab.graph->layers[0].parameters[0])[0] += 1;
    net_changed(lab.net, 0);
    cr_assert_eq(model->gradient_sum(model, 3, lab.inputs, lab.targets, weights, again, &why), ASSAY_OK);
    cr_expect(memcmp(first, again, 392 * sizeof *first) == 0);
    cr_assert_eq(model->gradient_sum(model, 3, lab.inputs, lab.targets, others, again, &why), ASSAY_OK);
    cr_expect(memcmp(first, again, 392 * sizeof *first) != 0, "other weights");
    cr_assert_eq(model->gradient_sum(model, 3, lab.inputs, targets, weights, again, &why), ASSAY_OK);
    cr_expect(memcmp(first, again, 392 * sizeof *first) != 0, "other targets");
    cr_assert_eq(model->gradient_sum(model, 2, lab.inputs, lab.targets, weights, again, &why), ASSAY_OK);
    cr_expect(memcmp(first, again, 392 * sizeof *first) != 0, "fewer samples");
    cr_assert_eq(model->gradient(model, 3, lab.inputs, lab.targets, first, &why), ASSAY_OK);
    cr_assert_eq(backward->gradient(model, ASSAY_RULE_GUIDED, 3, lab.inputs, lab.targets, again, &why), ASSAY_OK);
    cr_expect(memcmp(first, again, sizeof first) != 0, "another rule");
    const assay_line *line = model->extension(model, ASSAY_LINE);
    const float *x = lab.inputs, points[][2] = {{0, 1}, {0, .5f}};
    for (int i = 0; i < 2; i++) {
        float *out = i ? again : first;
        cr_assert_eq(line->gradient_sum(model, x, x + 392, 0, 2, points[i], weights, out, &why), ASSAY_OK);
    }
    cr_expect(memcmp(first, again, 392 * sizeof *first) != 0, "other positions");
    cr_assert_eq(line->gradient_sum(model, x, x + 784, 0, 2, points[1], weights, first, &why), ASSAY_OK);
    cr_expect(memcmp(first, again, 392 * sizeof *first) != 0, "another end");
    cr_assert_eq(model->forward(model, 3, lab.inputs, logits[1], &why), ASSAY_OK);
    cr_expect(memcmp(logits[0], logits[1], sizeof *logits) == 0);
    cr_expect_eq(lab.handle->forward, 32, "what was asked is counted, whoever answers");
    memo_destroy(lab.handle->memo);
    lab_close(&lab);
}

/* What another process found is taken for the same network, input and target, under the plain rule, and for nothing
 * else. */
Test(handle, gradients_that_are_known_are_not_asked_for) {
    struct lab lab = lab_cnn();
    const assay_model *model = &lab.handle->model;
    const assay_backward *backward = model->extension(model, ASSAY_BACKWARD);
    const uint32_t other = (lab.targets[1] + 1) % 5;
    float known[2][392], maps[2 * 392], wanted[2 * 392];
    char key[FILE_DIGEST_SIZE];
    struct memo *memo;
    struct error e;
    assay_why why = {0};
    cr_assert(memo_create(1 << 20, &memo, &e));
    cr_assert_eq(model->gradient(model, 2, lab.inputs, lab.targets, wanted, &why), ASSAY_OK);
    for (uint32_t i = 0; i < 2; i++) {
        for (int k = 0; k < 392; k++) known[i][k] = (float)(100 * i + (unsigned)k);
        handle_gradient_key("this", lab.inputs + i * 392, 392, lab.targets[i], key);
        memo_keep(memo, key, known[i], 392);
    }
    lab.handle->gradients = memo;
    lab.handle->network = "this";
    cr_assert_eq(model->gradient(model, 2, lab.inputs, lab.targets, maps, &why), ASSAY_OK);
    cr_expect_arr_eq(maps, known, sizeof known);
    cr_expect_eq(lab.handle->backward, 4, "counted all the same");
    cr_assert_eq(model->gradient(model, 1, lab.inputs + 392, lab.targets + 1, maps, &why), ASSAY_OK);
    cr_expect_arr_eq(maps, known[1], sizeof known[1], "alone");
    cr_assert_eq(model->gradient(model, 1, lab.inputs + 392, &other, maps, &why), ASSAY_OK);
    cr_expect(memcmp(maps, known[1], sizeof known[1]) != 0, "another target");
    cr_assert_eq(backward->gradient(model, ASSAY_RULE_GUIDED, 2, lab.inputs, lab.targets, maps, &why), ASSAY_OK);
    cr_expect(memcmp(maps, known, sizeof known) != 0, "another rule");
    lab.handle->network = "that";
    cr_assert_eq(model->gradient(model, 2, lab.inputs, lab.targets, maps, &why), ASSAY_OK);
    cr_expect_arr_eq(maps, wanted, sizeof wanted, "another network");
    memo_destroy(memo);
    lab_close(&lab);
}

Test(handle, refuses_what_a_plugin_must_not_pass) {
    struct lab lab = lab_cnn();
    const assay_model *model = &lab.handle->model;
    const assay_layers *layers = model->extension(model, ASSAY_LAYERS);
    const assay_backward *backward = model->extension(model, ASSAY_BACKWARD);
    const assay_line *line = model->extension(model, ASSAY_LINE);
    float out[3 * 784], one = 1;
    const uint32_t high[] = {0, 5, 0};
    char text[200] = "";
    assay_why why = {text, sizeof text};
#define REFUSED(status, call, words)                                                                                   \
    do {                                                                                                               \
        text[0] = 0;                                                                                                   \
        cr_expect_eq(call, status, "%s", words);                                                                       \
        cr_expect(strstr(text, words), "\"%s\" does not say \"%s\"", text, words);                                     \
    } while (0)
    REFUSED(ASSAY_FAILED, model->forward(model, 0, lab.inputs, out, &why), "forward: n is 0");
    REFUSED(ASSAY_FAILED, model->forward(model, 1, NULL, out, &why), "forward: x is NULL");
    REFUSED(ASSAY_FAILED, model->forward(model, 1, lab.inputs, NULL, &why), "forward: logits is NULL");
    REFUSED(ASSAY_FAILED, model->gradient(model, 3, lab.inputs, high, out, &why), "target 5 of sample 1");
    REFUSED(ASSAY_FAILED, model->gradient(model, 3, lab.inputs, NULL, out, &why), "gradient: targets is NULL");
    REFUSED(ASSAY_FAILED, model->gradient(model, 3, lab.inputs, lab.targets, NULL, &why), "gradient: out is NULL");
    REFUSED(ASSAY_FAILED, model->gradient_sum(model, 1, lab.inputs, high, NULL, out, &why), "weights is NULL");
    REFUSED(ASSAY_FAILED, model->gradient_sum(model, 1, lab.inputs, high, &one, NULL, &why), "out is NULL");
    const float *x = lab.inputs;
    REFUSED(ASSAY_FAILED, line->gradient_sum(model, NULL, x, 0, 1, &one, &one, out, &why), "line gradient_sum: x is");
    REFUSED(ASSAY_FAILED, line->gradient_sum(model, x, NULL, 0, 1, &one, &one, out, &why), "to is NULL");
    REFUSED(ASSAY_FAILED, line->gradient_sum(model, x, x, 0, 1, NULL, &one, out, &why), "positions is NULL");
    REFUSED(ASSAY_FAILED, line->gradient_sum(model, x, x, 0, 1, &one, NULL, out, &why), "weights is NULL");
    REFUSED(ASSAY_FAILED, line->gradient_sum(model, x, x, 0, 1, &one, &one, NULL, &why), "out is NULL");
    REFUSED(ASSAY_FAILED, line->gradient_sum(model, x, x, 0, 0, &one, &one, out, &why), "n is 0");
    REFUSED(ASSAY_FAILED, line->gradient_sum(model, x, x, 5, 1, &one, &one, out, &why), "target 5");
    REFUSED(ASSAY_FAILED, layers->inspect(model, 9, 1, lab.inputs, high, out, NULL, &why), "layer 9: wanted one below");
    REFUSED(ASSAY_FAILED, layers->inspect(model, 0, 2, lab.inputs, high, NULL, out, &why), "target 5");
    REFUSED(ASSAY_UNSUPPORTED, backward->gradient(model, (assay_rule)7, 1, lab.inputs, high, out, &why), "no rule 7");
    cr_expect_eq(model->forward(model, 0, NULL, NULL, NULL), ASSAY_FAILED, "a NULL why is allowed");
    cr_expect(lab.handle->forward == 0 && lab.handle->backward == 0, "a refused call is not counted");
    lab_close(&lab);
}

Test(handle, host_gives_random_numbers_and_a_log) {
    const assay_host *host = handle_host();
    const assay_random *random = host->extension(host, ASSAY_RANDOM);
    const assay_log *log = host->extension(host, ASSAY_LOG);
    float a[10], b[10], wanted[10];
    cr_assert(random && log);
    cr_expect(host->abi.major == ASSAY_ABI_MAJOR && host->abi.minor == ASSAY_ABI_MINOR);
    cr_expect_str_eq(host->name, "assay");
    cr_expect_null(host->extension(host, "assay.magic/1"));
    rng_fill_normal(5, 0, 10, wanted);
    random->normal(5, 0, 10, a);
    random->normal(5, 4, 6, b);
    cr_expect_arr_eq(a, wanted, sizeof a);
    cr_expect_arr_eq(b, wanted + 4, 6 * sizeof *b, "a stream can be continued");
    random->uniform(5, 0, 10, a);
    for (int i = 0; i < 10; i++) cr_expect(a[i] >= 0 && a[i] < 1);
}
