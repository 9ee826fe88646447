/* kit.h, what explainers repeat: blocks, parameters that are copied, layer search, Grad-CAM and bilinear upsampling. */
#include "explainers/kit.h"

#include <criterion/criterion.h>

Test(kit, floats_refuse_what_does_not_fit) {
    float *none = kit_floats(0, 7), *some = kit_floats(3, 5);
    cr_expect_not_null(none);
    cr_assert_not_null(some);
    for (size_t k = 0; k < 15; k++) some[k] = 1;
    cr_expect_null(kit_floats(SIZE_MAX / sizeof(float), 2));
    cr_expect_null(kit_floats(2, SIZE_MAX / 4));
    free(none);
    free(some);
}

Test(kit, blocks_visit_every_sample_once) {
    static const struct {
        uint32_t total, most, blocks;
    } cases[] = {{0, 10, 0}, {1, 10, 1}, {10, 10, 1}, {11, 10, 2}, {25, 10, 3}, {3, 1, 3}, {UINT32_MAX, 1u << 31, 2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t blocks = 0, next = 0;
        for (kit_block b = {0, 0}; kit_next(&b, cases[i].total, cases[i].most); blocks++) {
            cr_expect_eq(b.first, next, "case %zu", i);
            cr_expect(b.n > 0 && b.n <= cases[i].most, "case %zu: %u", i, b.n);
            next = b.first + b.n;
        }
        cr_expect_eq(next, cases[i].total, "case %zu", i);
        cr_expect_eq(blocks, cases[i].blocks, "case %zu", i);
    }
}

static const void *extension(const assay_host *host, const char *name) {
    return strcmp(name, "known") == 0 ? host : NULL;
}

struct larger {
    kit_explainer kit;
    int more[3];
};

Test(kit, an_explainer_keeps_copies_of_its_parameters) {
    static const assay_param_info infos[] = {{.name = "layer", .kind = ASSAY_TEXT, .text = ""},
                                             {.name = "steps", .kind = ASSAY_INTEGER}};
    static const assay_explainer_info info = {.id = "x", .param_count = 2, .params = infos};
    const assay_host host = {.extension = extension};
    char text[] = "conv1", why[64] = "";
    assay_why reason = {why, sizeof why};
    assay_param given[] = {{"layer", 0, text}, {"steps", 50, NULL}};
    struct larger *self = (struct larger *)kit_create(sizeof *self, &info, NULL, &host, given, 2, &reason);
    cr_assert_not_null(self, "%s", why);
    memset(text, 'z', sizeof text);
    given[1].number = 0;
    self->more[2] = 7;
    cr_expect_eq(self->more[0], 0);
    cr_expect_str_eq(kit_text(&self->kit.base, 0), "conv1");
    cr_expect_eq(kit_number(&self->kit.base, 1), 50);
    cr_expect_null(kit_text(&self->kit.base, 1));
    cr_expect_eq(self->kit.base.info, &info);
    cr_expect_not_null(kit_extension(&self->kit.base, "known", &reason));
    cr_expect_str_eq(why, "");
    cr_expect_null(kit_extension(&self->kit.base, "other", &reason));
    cr_expect_str_eq(why, "the host offers no other");
    self->kit.base.destroy(&self->kit.base);
}

static const assay_layer some_layers[] = {
    {"conv1", "Conv", {3, {4, 6, 6}, 144}},
    {"conv2", "Conv", {3, {8, 2, 3}, 48}},
    {"line", "Conv", {2, {8, 3}, 24}},
    {"fc", "Gemm", {1, {10}, 10}},
};

static uint32_t layer_count(const assay_model *model) {
    return model->outputs; /* of the fakes below */
}

static bool layer_get(const assay_model *model, uint32_t index, assay_layer *out) {
    *out = some_layers[index];
    return index < model->outputs;
}

Test(kit, finds_layers) {
    const assay_layers layers = {layer_count, layer_get, NULL};
    const assay_model all = {.input = {3, {3, 9, 9}, 243}, .outputs = 4}, none = {.outputs = 0};
    const assay_model sequence = {.input = {2, {4, 96}, 384}, .outputs = 4};
    uint32_t index = 9;
    assay_layer layer;
    cr_expect(kit_layer_named(&layers, &all, "conv1", &index, &layer));
    cr_expect_eq(index, 0);
    cr_expect_str_eq(layer.name, "conv1");
    cr_expect_not(kit_layer_named(&layers, &all, "conv", &index, &layer));
    cr_expect_not(kit_layer_named(&layers, &none, "conv1", &index, &layer));
    kit_maps maps;
    cr_expect(kit_last_convolution(&layers, &all, 1, &maps), "one of rank 2 gives sequences");
    cr_expect(maps.index == 1 && maps.channels == 8 && maps.height == 2 && maps.width == 3);
    cr_expect(kit_last_convolution(&layers, &all, 7, &maps) && maps.index == 0, "of 7 places or more");
    cr_expect_not(kit_last_convolution(&layers, &all, 37, &maps));
    cr_expect_not(kit_last_convolution(&layers, &none, 1, &maps));
    cr_expect(kit_last_convolution(&layers, &sequence, 2, &maps));
    cr_expect(maps.index == 2 && maps.channels == 8 && maps.height == 1 && maps.width == 3);
    cr_expect_not(kit_last_convolution(&layers, &sequence, 4, &maps));
}

/* ---- the default of Grad-CAM ---- */

#define MOST_LAYERS 8
struct listed {
    const char *what;
    assay_layer layers[MOST_LAYERS];
    const char *layer; /* that is taken, or "" */
    uint32_t channels, height, width;
    size_t first;
    const char *why;
};

static uint32_t listed_count(const assay_model *model) {
    const struct listed *list = model->host;
    uint32_t n = 0;
    while (n < MOST_LAYERS && list->layers[n].name) n++;
    return n;
}

static bool listed_get(const assay_model *model, uint32_t index, assay_layer *out) {
    const struct listed *list = model->host;
    if (index >= listed_count(model)) return false;
    *out = list->layers[index];
    return true;
}

static const struct listed lists[] = {
    {"squeeze and excite behind the last convolution with places",
     {{"conv1", "Conv", {3, {4, 6, 6}, 144}},
      {"conv2", "Conv", {3, {8, 2, 3}, 48}},
      {"squeeze", "Conv", {3, {2, 1, 1}, 2}},
      {"excite", "Conv", {3, {8, 1, 1}, 8}}},
     "conv2",
     8,
     2,
     3,
     0,
     ""},
    {"nothing but 1 x 1", {{"head", "Conv", {3, {5, 1, 1}, 5}}}, "", 0, 0, 0, 0, "head, and its feature map is 1 x 1"},
    {"no convolution", {{"fc", "Gemm", {1, {10}, 10}}}, "", 0, 0, 0, 0, "no convolution"},
    {"a transformer with a class token: norm1 of the last block",
     {{"patches", "Conv", {3, {16, 2, 3}, 96}},
      {"norm1", "LayerNormalization", {2, {7, 16}, 112}},
      {"qkv", "MatMul", {2, {7, 48}, 336}},
      {"attention", "Softmax", {3, {4, 7, 7}, 196}},
      {"norm2", "LayerNormalization", {2, {7, 16}, 112}},
      {"norm", "LayerNormalization", {2, {7, 16}, 112}}},
     "norm1",
     16,
     2,
     3,
     16,
     ""},
    {"the same with its normalisation in single operators, and without convolution",
     {{"sqrt", "Sqrt", {2, {10, 1}, 10}},
      {"div", "Div", {2, {10, 16}, 160}},
      {"scale", "Mul", {2, {10, 16}, 160}},
      {"norm1", "Add", {2, {10, 16}, 160}},
      {"qkv", "MatMul", {2, {10, 48}, 480}},
      {"bias", "Add", {2, {10, 48}, 480}},
      {"attention", "Softmax", {3, {4, 10, 10}, 400}}},
     "norm1",
     16,
     3,
     3,
     16,
     ""},
    {"tokens alone are a square",
     {{"norm1", "LayerNormalization", {2, {9, 4}, 36}}, {"attention", "Softmax", {2, {9, 9}, 81}}},
     "norm1",
     4,
     3,
     3,
     0,
     ""},
    {"a convolution behind the attention, as in hybrids",
     {{"norm1", "LayerNormalization", {2, {9, 4}, 36}},
      {"attention", "Softmax", {2, {9, 9}, 81}},
      {"conv", "Conv", {3, {8, 3, 3}, 72}}},
     "conv",
     8,
     3,
     3,
     0,
     ""},
    {"a Softmax that is no attention (a gate)",
     {{"conv", "Conv", {3, {8, 3, 3}, 72}}, {"gate", "Softmax", {2, {2, 8}, 16}}},
     "conv",
     8,
     3,
     3,
     0,
     ""},
    {"tokens that are no grid",
     {{"patches", "Conv", {3, {8, 4, 4}, 128}},
      {"norm1", "LayerNormalization", {2, {7, 4}, 28}},
      {"attention", "Softmax", {2, {7, 7}, 49}}},
     "patches",
     8,
     4,
     4,
     0,
     ""},
};

Test(kit, default_maps) {
    const assay_layers layers = {listed_count, listed_get, NULL};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const struct listed *list = &lists[i];
        const assay_model model = {.input = {3, {3, 9, 9}, 243}, .host = (void *)list};
        char why[240] = "";
        assay_why reason = {why, sizeof why};
        kit_maps maps;
        assay_status status = kit_default_maps(&layers, &model, &maps, &reason);
        cr_expect_eq(status, *list->layer ? ASSAY_OK : ASSAY_UNSUPPORTED, "%s", list->what);
        cr_expect(strstr(why, list->why), "%s: %s", list->what, why);
        if (status != ASSAY_OK) continue;
        cr_expect_str_eq(maps.layer.name, list->layer, "%s: %s", list->what, maps.layer.name);
        cr_expect(maps.channels == list->channels && maps.height == list->height && maps.width == list->width &&
                      maps.first == list->first,
                  "%s: %u of %u x %u from %zu", list->what, maps.channels, maps.height, maps.width, maps.first);
    }
}

Test(kit, weighs_feature_maps_by_their_mean_gradients) {
    const kit_maps planes = {.channels = 2, .height = 1, .width = 2, .across = 2, .along = 1};
    const kit_maps tokens = {.channels = 2, .height = 1, .width = 2, .first = 2, .across = 1, .along = 2};
    const float activation[] = {1, 2, 10, 20}, gradient[] = {1, 3, -1, 0};
    float cam[2];
    kit_grad_cam(&planes, activation, gradient, cam);
    cr_expect_eq(cam[0], 2 * 1 - .5f * 10);
    cr_expect_eq(cam[1], 2 * 2 - .5f * 20);
    /* The same numbers as tokens, behind a class token that does not count. */
    const float rows[] = {99, 99, 1, 10, 2, 20}, slopes[] = {99, 99, 1, -1, 3, 0};
    kit_grad_cam(&tokens, rows, slopes, cam);
    cr_expect_eq(cam[0], 2 * 1 - .5f * 10);
    cr_expect_eq(cam[1], 2 * 2 - .5f * 20);
    cam[1] = 3;
    kit_relu(cam, 2);
    cr_expect_eq(cam[0], 0);
    cr_expect_eq(cam[1], 3);
}

static assay_status inspect(const assay_model *model, uint32_t index, uint32_t n, const float *x,
                            const uint32_t *targets, float *activation, float *gradient, assay_why *why) {
    (void)model;
    for (uint32_t i = 0; i < n; i++) {
        if (targets[i] > 50) return assay_say(why, ASSAY_FAILED, "target %u", targets[i]);
        for (size_t k = 0; k < some_layers[index].output.count; k++) {
            activation[i * some_layers[index].output.count + k] = x[i];
            gradient[i * some_layers[index].output.count + k] = (float)targets[i];
        }
    }
    return ASSAY_OK;
}

/* More inputs than a block holds, each with its own cam. */
Test(kit, weighs_every_input_of_a_request) {
    enum { N = 23, PLANE = 6, CHANNELS = 8 };
    const assay_layers layers = {layer_count, layer_get, inspect};
    const assay_model model = {.outputs = 4, .input = {1, {1}, 1}};
    kit_maps maps;
    cr_assert(kit_maps_of_planes(1, &some_layers[1], &(assay_shape){3, {3, 9, 9}, 243}, &maps));
    float x[N], cams[N * PLANE];
    uint32_t targets[N];
    char why[64] = "";
    assay_why reason = {why, sizeof why};
    for (uint32_t i = 0; i < N; i++) x[i] = (float)i, targets[i] = 2 * i;
    const assay_request request = {N, x, targets, NULL};
    cr_expect_eq(kit_grad_cams(&layers, &model, &maps, &request, cams, &reason), ASSAY_OK);
    for (uint32_t i = 0; i < N * PLANE; i++)
        cr_expect_eq(cams[i], (float)(CHANNELS * 2 * (i / PLANE) * (i / PLANE)), "%u: %g", i, (double)cams[i]);
    targets[N - 1] = 51;
    cr_expect_eq(kit_grad_cams(&layers, &model, &maps, &request, cams, &reason), ASSAY_FAILED);
    cr_expect_str_eq(why, "target 51");
}

/* torch.nn.functional.interpolate(torch.tensor([[[[0., 4.], [8., 12.]]]]), size=(4, 3), mode="bilinear") */
Test(kit, upsamples_as_torch_does) {
    static const float map[] = {0, 4, 8, 12}, wanted[] = {0, 2, 4, 2, 4, 6, 6, 8, 10, 8, 10, 12};
    float out[12], same[4], one[6];
    kit_upsample(map, 2, 2, out, 4, 3);
    for (size_t k = 0; k < 12; k++) cr_expect_float_eq(out[k], wanted[k], 1e-6, "%zu: %g", k, (double)out[k]);
    kit_upsample(map, 2, 2, same, 2, 2);
    cr_expect_arr_eq(same, map, sizeof map);
    kit_upsample(map + 1, 1, 1, one, 2, 3);
    for (size_t k = 0; k < 6; k++) cr_expect_eq(one[k], 4);
}
