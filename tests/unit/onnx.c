/* ONNX files there and back, and files that are cut, damaged or nested without end. */
#include "onnx_fixture.h"

#include "base/rng.h"
#include "nn/net.h"

TestSuite(onnx, .init = onnx_enter, .fini = onnx_leave);

/* ---- There and back ---- */

static void expect_same_values(const struct graph *a, const struct weights *weights, const struct graph *b) {
    cr_assert_eq(a->value_count, b->value_count);
    for (uint32_t i = 0; i < a->value_count; i++) {
        const struct value *v = &a->values[i], *w = &b->values[i];
        const float *data = v->kind == VALUE_PARAMETER && weights ? weights->data[i] : v->data;
        cr_expect_str_eq(v->name, w->name);
        cr_expect_eq(v->kind, w->kind, "%s", v->name);
        cr_expect(shape_equal(&v->shape, &w->shape), "%s", v->name);
        if (data) cr_expect_arr_eq(data, w->data, shape_count(&v->shape) * sizeof *data, "%s", v->name);
        if (v->ints) cr_expect_arr_eq(v->ints, w->ints, shape_count(&v->shape) * sizeof *v->ints, "%s", v->name);
    }
}

static void expect_same_nodes(const struct graph *a, const struct graph *b) {
    cr_assert_eq(a->node_count, b->node_count);
    for (uint32_t i = 0; i < a->node_count; i++) {
        const struct node *n = &a->nodes[i], *m = &b->nodes[i];
        cr_expect_str_eq(n->name, m->name);
        cr_expect_eq(n->op, m->op, "%s", n->name);
        cr_assert_eq(n->input_count, m->input_count, "%s", n->name);
        cr_expect_arr_eq(n->inputs, m->inputs, n->input_count * sizeof *n->inputs, "%s", n->name);
        cr_expect_eq(n->attribute_count, m->attribute_count, "%s", n->name);
    }
    cr_assert_eq(a->layer_count, b->layer_count);
    for (uint32_t i = 0; i < a->layer_count; i++) cr_expect_str_eq(a->layers[i].name, b->layers[i].name);
}

Test(onnx, round_trip_is_exact) {
    struct error e = {""};
    struct graph *first, *second;
    struct weights *weights;
    uint8_t *again;
    size_t again_size;
    cr_assert(onnx_load(PATH, &first, &e), "%s", e.text);
    cr_assert(weights_create(first, &weights, &e), "%s", e.text);
    cr_assert(onnx_save(PATH, weights, &e), "%s", e.text);
    cr_assert(onnx_load(PATH, &second, &e), "%s", e.text);
    expect_same_values(first, weights, second);
    expect_same_nodes(first, second);
    cr_expect_eq(first->file_batch, 0);
    cr_expect_str_eq(first->values[first->output].name, "logits");

    cr_assert(file_read(PATH, &again, &again_size, &e), "%s", e.text);
    cr_assert_eq(again_size, good_size);
    cr_expect_arr_eq(again, good, good_size);
    free(again);
    weights_destroy(weights);
    graph_destroy(first);
    graph_destroy(second);
}

Test(onnx, the_variant_is_written_not_the_original) {
    struct error e = {""};
    struct graph *first, *second;
    struct weights *weights;
    cr_assert(onnx_load(PATH, &first, &e), "%s", e.text);
    cr_assert(weights_create(first, &weights, &e), "%s", e.text);
    uint32_t index = first->layers[0].parameters[0];
    weights_edit(weights, index)[3] = 1234.5f;
    cr_assert(onnx_save(PATH, weights, &e), "%s", e.text);
    cr_assert(onnx_load(PATH, &second, &e), "%s", e.text);
    cr_expect_eq(second->values[index].data[3], 1234.5f);
    weights_destroy(weights);
    graph_destroy(first);
    graph_destroy(second);
}

Test(onnx, a_folder_that_is_not_there) {
    struct error e = {""};
    struct graph *graph;
    struct weights *weights;
    cr_assert(onnx_load(PATH, &graph, &e), "%s", e.text);
    cr_assert(weights_create(graph, &weights, &e), "%s", e.text);
    cr_expect_not(onnx_save("/no/such/folder/a.onnx", weights, &e));
    cr_expect_not_null(strstr(e.text, "/no/such/folder/a.onnx"));
    weights_destroy(weights);
    graph_destroy(graph);
}

/* ---- Files that are no good ---- */

/* A broken file is refused with its name, or it is another good network, which then can be run. */
static bool survives(const void *data, size_t size) {
    struct error e = {""};
    struct graph *graph = NULL;
    if (!load_bytes(data, size, &graph, &e)) {
        cr_expect_eq(strncmp(e.text, PATH ":", strlen(PATH) + 1), 0, "%s", e.text);
        cr_expect_null(strchr(e.text, '\n'));
        return false;
    }
    struct weights *weights;
    struct net *net;
    size_t inputs = shape_count(&graph->sample);
    if (weights_create(graph, &weights, &e)) {
        if (inputs < 1000000 && graph->classes < 1000000 && net_create(weights, &net, &e)) {
            float *x = calloc(inputs, sizeof *x), *logits = calloc(graph->classes, sizeof *logits);
            if (x && logits) net_forward(net, 1, x, logits, &e);
            free(x);
            free(logits);
            net_destroy(net);
        }
        weights_destroy(weights);
    }
    graph_destroy(graph);
    return true;
}

Test(onnx, missing_file) {
    struct error e = {""};
    struct graph *graph;
    cr_expect_not(onnx_load("/no/such/file.onnx", &graph, &e));
    cr_expect_not_null(strstr(e.text, "/no/such/file.onnx"));
}

Test(onnx, every_truncation) {
    size_t loaded = 0;
    for (size_t size = 0; size < good_size; size++) loaded += survives(good, size);
    /* The operator set comes last; a file without it is one of set 1, whose BatchNormalization trains. */
    cr_expect_eq(loaded, 0, "%zu prefixes of %zu bytes load", loaded, good_size);
}

Test(onnx, random_flips) {
    struct rng rng = rng_stream(1, "flip", 0);
    size_t loaded = 0, refused = 0;
    uint8_t *bytes = malloc(good_size);
    cr_assert_not_null(bytes);
    for (int round = 0; round < 3000; round++) {
        memcpy(bytes, good, good_size);
        for (uint32_t flips = 1 + rng_below(&rng, 4); flips; flips--)
            bytes[rng_below(&rng, (uint32_t)good_size)] = (uint8_t)rng_next(&rng);
        if (survives(bytes, good_size)) loaded++;
        else refused++;
    }
    free(bytes);
    cr_expect_gt(loaded, 100);
    cr_expect_gt(refused, 100);
}

Test(onnx, random_bytes) {
    struct rng rng = rng_stream(1, "bytes", 0);
    uint8_t bytes[600];
    for (int round = 0; round < 500; round++) {
        size_t size = rng_below(&rng, sizeof bytes);
        for (size_t i = 0; i < size; i++) bytes[i] = (uint8_t)rng_next(&rng);
        cr_expect_not(survives(bytes, size));
    }
}

/* A graph in a node in a graph in ..., deeper than any stack: built from the inside out. */
Test(onnx, bottomless_nesting) {
    enum { SIZE = 400000, ROOM = 8 };
    /* GraphProto.node = 1, NodeProto.attribute = 5, AttributeProto.g = 6 */
    static const uint8_t tags[] = {0x0a, 0x2a, 0x32};
    uint8_t *bytes = malloc(SIZE);
    cr_assert_not_null(bytes);
    size_t at = SIZE;
    bool whole = false;
    for (unsigned level = 0; !whole; level++) {
        size_t length = SIZE - at, n = 0;
        uint8_t varint[5];
        for (; length > 0x7f; length >>= 7) varint[n++] = (uint8_t)(length | 0x80);
        varint[n++] = (uint8_t)length;
        at -= n;
        memcpy(bytes + at, varint, n);
        whole = level % 3 == 0 && level > 0 && at < 4 * ROOM;
        at--;
        bytes[at] = whole ? 0x3a : tags[2 - level % 3]; /* ModelProto.graph = 7 */
    }
    struct error e = {""};
    struct graph *graph;
    cr_expect_not(load_bytes(bytes + at, SIZE - at, &graph, &e));
    cr_expect_not_null(strstr(e.text, "no ONNX model"), "%s", e.text);
    free(bytes);
}
