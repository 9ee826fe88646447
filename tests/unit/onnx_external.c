/* Tensors in other files than the model. */
#include "onnx_fixture.h"

#include "base/text.h"
#include "nn/onnx_proto.h"

#include <sys/stat.h>

#define DATA "weights.bin"

static uint8_t data[1 << 16]; /* of DATA, from byte 1 on: no tensor is aligned */
static size_t data_size;

static void set_text(char **field, const char *text) {
    free(*field);
    *field = strdup(text);
    cr_assert_not_null(*field);
}

static void add_key(Onnx__TensorProto *t, const char *key, const char *value) {
    Onnx__StringStringEntryProto **list = realloc(t->external_data, (t->n_external_data + 1) * sizeof *list);
    Onnx__StringStringEntryProto *entry = calloc(1, sizeof *entry);
    cr_assert(list && entry);
    onnx__string_string_entry_proto__init(entry);
    entry->key = strdup(key);
    entry->value = strdup(value);
    t->external_data = list;
    t->external_data[t->n_external_data++] = entry;
}

static void set_key(Onnx__TensorProto *t, const char *key, const char *value) {
    for (size_t i = 0; i < t->n_external_data; i++)
        if (strcmp(t->external_data[i]->key, key) == 0) set_text(&t->external_data[i]->value, value);
}

/* Moves the elements of a tensor behind `data`. */
static void put_outside(Onnx__TensorProto *t) {
    char offset[32], length[32];
    cr_assert_leq(t->raw_data.len, sizeof data - data_size);
    snprintf(offset, sizeof offset, "%zu", data_size);
    snprintf(length, sizeof length, "%zu", t->raw_data.len);
    memcpy(data + data_size, t->raw_data.data, t->raw_data.len);
    data_size += t->raw_data.len;
    free(t->raw_data.data);
    t->raw_data = (ProtobufCBinaryData){0, NULL};
    t->has_raw_data = false;
    t->has_data_location = true;
    t->data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
    add_key(t, "location", DATA);
    add_key(t, "offset", offset);
    add_key(t, "length", length);
    add_key(t, "checksum", "0");
}

static Onnx__ModelProto *outside;

static void external_enter(void) {
    onnx_enter();
    outside = (Onnx__ModelProto *)onnx_unpack(&onnx__model_proto__descriptor, good, good_size);
    cr_assert_not_null(outside);
    data_size = 1;
    for (size_t i = 0; i < outside->graph->n_initializer; i++) put_outside(outside->graph->initializer[i]);
    scratch_put(DATA, data, data_size);
}

static void external_leave(void) {
    onnx_free(&outside->base);
    onnx_leave();
}

TestSuite(onnx_external, .init = external_enter, .fini = external_leave);

static void put_model(const char *path) {
    size_t size = onnx__model_proto__get_packed_size(outside);
    uint8_t *bytes = malloc(size);
    cr_assert_not_null(bytes);
    onnx__model_proto__pack(outside, bytes);
    scratch_put(path, bytes, size);
    free(bytes);
}

/* Loaded and written again it is the file with everything inside. */
static void expect_the_same_network(const char *path) {
    struct error e = {""};
    struct graph *graph;
    struct weights *weights;
    uint8_t *again;
    size_t size;
    cr_assert(onnx_load(path, &graph, &e), "%s", e.text);
    cr_assert(weights_create(graph, &weights, &e), "%s", e.text);
    cr_assert(onnx_save("again.onnx", weights, &e), "%s", e.text);
    cr_assert(file_read("again.onnx", &again, &size, &e), "%s", e.text);
    cr_assert_eq(size, good_size);
    cr_expect_arr_eq(again, good, size);
    cr_expect(graph->external);
    free(again);
    weights_destroy(weights);
    graph_destroy(graph);
}

Test(onnx_external, is_read_from_beside_the_model) {
    put_model(PATH);
    expect_the_same_network(PATH);
}

Test(onnx_external, is_looked_for_where_the_model_is) {
    char *path = text_format("%s/sub/../sub/%s", scratch_folder, PATH);
    cr_assert_not_null(path);
    cr_assert_eq(mkdir("sub", 0700), 0);
    cr_assert_eq(mkdir("sub/deep", 0700), 0);
    cr_assert_eq(rename(DATA, "sub/deep/..data"), 0);
    for (size_t i = 0; i < outside->graph->n_initializer; i++)
        set_key(outside->graph->initializer[i], "location", "deep/..data");
    put_model("sub/" PATH);
    expect_the_same_network("sub/" PATH);
    expect_the_same_network(path);
    free(path);
}

/* Links are followed as long as they stay in the folder; how the model itself is reached is the user's affair. */
Test(onnx_external, links_that_stay_inside) {
    char *model = text_format("%s/sub/%s", scratch_folder, PATH);
    cr_assert_not_null(model);
    cr_assert_eq(mkdir("sub", 0700), 0);
    cr_assert_eq(mkdir("sub/deep", 0700), 0);
    cr_assert_eq(rename(DATA, "sub/deep/data"), 0);
    cr_assert_eq(symlink("deep/../deep/data", "sub/" DATA), 0);
    cr_assert_eq(symlink("sub", "linked"), 0);
    put_model("sub/" PATH);
    expect_the_same_network(model);
    expect_the_same_network("linked/" PATH);
    free(model);
}

/* A folder may be the link, and one beside the model's may have a name that begins like it. */
Test(onnx_external, links_that_lead_out) {
    static const char *const links[] = {"../model2", "../model2/" DATA};
    struct error e = {""};
    struct graph *graph;
    cr_assert_eq(mkdir("model", 0700), 0);
    cr_assert_eq(mkdir("model2", 0700), 0);
    cr_assert_eq(rename(DATA, "model2/" DATA), 0);
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < outside->graph->n_initializer; i++)
            set_key(outside->graph->initializer[i], "location", k ? "link" : "link/" DATA);
        cr_assert_eq(symlink(links[k], "model/link"), 0);
        put_model("model/" PATH);
        cr_expect_not(onnx_load("model/" PATH, &graph, &e), "%s", links[k]);
        cr_expect_not_null(strstr(e.text, "a link out of the model's folder, to"), "%s", e.text);
        cr_assert_eq(unlink("model/link"), 0);
    }
}

/* The rest of the file, then; only as much as the shape asks is read. */
Test(onnx_external, a_length_may_be_missing) {
    for (size_t i = 0; i < outside->graph->n_initializer; i++)
        set_text(&outside->graph->initializer[i]->external_data[2]->key, "no length");
    put_model(PATH);
    expect_the_same_network(PATH);
}

static const struct {
    const char *key, *value; /* of the first tensor */
    const char *wanted[2];   /* both are part of the message */
} wrong[] = {
    {"location", "/etc/passwd", {"location '/etc/passwd' leaves the model's folder", "wanted a file in it"}},
    {"location", "../weights.bin", {"location '../weights.bin' leaves", ""}},
    {"location", "sub/../../weights.bin", {"leaves the model's folder", ""}},
    {"location", "..", {"leaves the model's folder", ""}},
    {"location", "", {"no location", "wanted the name of a file"}},
    {"location", "other.bin", {"other.bin: No such file", "copy the file"}},
    {"location", ".", {"a folder: a regular file was wanted", ""}},
    {"location", "pipe", {"pipe: a pipe: a regular file was wanted", ""}},
    {"location", "passwd", {"passwd: a link out of the model's folder, to /etc/passwd", "copy the file"}},
    {"location", "loop", {"loop: Too many levels of symbolic links", "copy the file"}},
    {"location", "a\033[2Jb", {"a?[2Jb: No such file", ""}},
    {"length", "20", {"a length of 20", "want 72 bytes"}},
    {"length", "73", {"a length of 73", "want 72 bytes"}},
    {"length", "18446744073709551615", {"length '18446744073709551615'", "wanted a number of bytes"}},
    {"length", "-72", {"length '-72'", "wanted a number of bytes"}},
    {"offset", "one", {"offset 'one'", "wanted a number of bytes"}},
    {"offset", "18446744073709551614", {"wanted 72 from byte 18446744073709551614 on", "cut off"}},
    {"offset", "99999", {"wanted 72 from byte 99999 on", "cut off or another model's"}},
};

static void expect_refusal(const char *what, const char *const wanted[2]) {
    struct error e = {""};
    struct graph *graph;
    put_model(PATH);
    cr_expect_not(onnx_load(PATH, &graph, &e), "%s", what);
    cr_expect_eq(strncmp(e.text, PATH ": tensor '", strlen(PATH ": tensor '")), 0, "%s: %s", what, e.text);
    cr_expect_null(strstr(e.text + strlen(PATH ": tensor '"), "tensor '"), "%s: named twice: %s", what, e.text);
    for (int k = 0; k < 2; k++)
        cr_expect_not_null(strstr(e.text, wanted[k]), "%s: '%s' lacks '%s'", what, e.text, wanted[k]);
}

Test(onnx_external, wrong_places) {
    Onnx__TensorProto *first = outside->graph->initializer[0];
    cr_assert_eq(mkfifo("pipe", 0600), 0);
    cr_assert_eq(symlink("/etc/passwd", "passwd"), 0);
    cr_assert_eq(symlink("loop", "loop"), 0);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char *before[3];
        for (int k = 0; k < 3; k++) before[k] = strdup(first->external_data[k]->value);
        set_key(first, wrong[i].key, wrong[i].value);
        expect_refusal(wrong[i].value, wrong[i].wanted);
        for (int k = 0; k < 3; k++) {
            set_text(&first->external_data[k]->value, before[k]);
            free(before[k]);
        }
    }
}

Test(onnx_external, a_file_that_is_cut_off) {
    scratch_put(DATA, data, data_size - 1);
    expect_refusal("one byte is missing", (const char *const[2]){DATA ": the file has", "cut off"});
    scratch_put(DATA, data, 0);
    expect_refusal("empty", (const char *const[2]){"the file has 0 bytes", "cut off"});
}

Test(onnx_external, a_shape_that_asks_for_more_than_there_is) {
    Onnx__TensorProto *first = outside->graph->initializer[0];
    set_text(&first->external_data[2]->key, "no length");
    first->dims[0] = INT64_MAX / 64;
    expect_refusal("absurd", (const char *const[2]){"the file has", "bytes"});
    first->dims[0] = INT64_MAX;
    expect_refusal("beyond all", (const char *const[2]){"more", "memory can address"});
    first->dims[0] = -1;
    expect_refusal("negative", (const char *const[2]){"has dimension -1", "wanted 0 or more"});
}

/* A thousand tensors of the same bytes would take a thousand times the file. */
Test(onnx_external, a_file_that_is_read_too_often) {
    Onnx__GraphProto *g = outside->graph;
    enum { MORE = 1000 };
    Onnx__TensorProto **list = realloc(g->initializer, (g->n_initializer + MORE) * sizeof *list);
    cr_assert_not_null(list);
    g->initializer = list;
    for (int i = 0; i < MORE; i++) {
        Onnx__TensorProto *t = calloc(1, sizeof *t);
        int64_t *dims = calloc(1, sizeof *dims);
        cr_assert(t && dims);
        onnx__tensor_proto__init(t);
        *dims = (int64_t)(data_size - 1) / 4;
        t->n_dims = 1;
        t->dims = dims;
        t->name = text_format("more%d", i);
        t->has_data_type = true;
        t->data_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
        t->has_data_location = true;
        t->data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
        add_key(t, "location", DATA);
        list[g->n_initializer++] = t;
    }
    expect_refusal("too often", (const char *const[2]){"more than 16 times", DATA});
}
