/* Groups of layers whose names tell none: what stands side by side. */
#include "onnx_text.h"

#include "nn/layer_groups.h"

TestSuite(layer_blocks, .init = scratch_enter, .fini = scratch_leave);

/* Layers a to h of two channels each, but where two are joined. */
#define NETWORK(...)                                                                                                   \
    {                                                                                                                  \
        .opset = 18, .inputs = "x:f:1x2x3x3", .outputs = "y:f:1x2",                                                    \
        .tensors = {"a_weight:f:2x2x1x1",     "b_weight:f:2x2x1x1",     "c_weight:f:2x2x1x1",    "d_weight:f:2x2x1x1", \
                    "e_weight:f:2x2x1x1",     "f_weight:f:2x2x1x1",     "g_weight:f:2x2x1x1",    "w_weight:f:2x4x1x1", \
                    "n.0.a.weight:f:2x2x1x1", "n.0.b.weight:f:2x2x1x1", "n.1.a.weight:f:2x2x1x1"},                     \
        .nodes = {                                                                                                     \
            __VA_ARGS__                                                                                                \
        }                                                                                                              \
    }
#define END "GlobalAveragePool z > p", "Flatten p > y"

static const struct {
    const char *what;
    struct onnx_words words;
    const char *groups;
} cases[] = {
    {"a fire module",
     NETWORK("Conv x a_weight > 1", "Relu 1 > 2", "Conv 2 b_weight > 3", "Relu 3 > 4", "Conv 4 c_weight > 5",
             "Conv 4 d_weight > 6", "Concat 5 6 > 7 axis=1", "Relu 7 > 8", "Conv 8 w_weight > 9",
             "Conv 9 e_weight > 10", "Conv 10 f_weight > z", END),
     "f=f, e=e, w=w, b=b c d, a=a"},
    {"branches of different depths, added",
     NETWORK("Conv x a_weight > 1", "Conv 1 b_weight > 2", "Relu 2 > 3", "Conv 3 c_weight > 4", "Conv 1 d_weight > 5",
             "Add 4 5 > 6", "Conv 6 e_weight > 7", "Conv 7 f_weight > 8", "Conv 8 g_weight > z", END),
     "g=g, f=f, e=e, b=b c d, a=a"},
    {"what feeds the branches feeds another layer, too",
     NETWORK("Conv x a_weight > 1", "Conv 1 b_weight > 2", "Conv 2 c_weight > 3", "Conv 2 d_weight > 4",
             "Concat 3 4 > 5 axis=1", "Conv 5 w_weight > 6", "Add 6 2 > 7", "Conv 7 e_weight > 8",
             "Conv 8 f_weight > z", END),
     "f=f, e=e, w=w, c=c d, b=b, a=a"},
    {"one behind the other", NETWORK("Conv x a_weight > 1", "Conv 1 b_weight > 2", "Conv 2 c_weight > z", END),
     "c=c, b=b, a=a"},
    {"side by side throughout",
     NETWORK("Conv x a_weight > 1", "Conv x b_weight > 2", "Concat 1 2 > 3 axis=1", "Conv 3 w_weight > z", END),
     "w=w, b=b, a=a"},
    {"names that tell",
     NETWORK("Conv x n.0.a.weight > 1", "Conv x n.0.b.weight > 2", "Add 1 2 > 3", "Conv 3 n.1.a.weight > z", END),
     "1=n.1.*, 0=n.0.*"},
};

Test(layer_blocks, are_groups_where_names_tell_none) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct layer_groups groups;
        struct graph *g;
        struct error e = {""};
        struct text text = {0};
        cr_assert(words_load(&cases[i].words, NULL, &g, &e), "%s: %s", cases[i].what, e.text);
        cr_assert(layer_groups_create(g, &groups, &e), "%s: %s", cases[i].what, e.text);
        layer_groups_add_text(&groups, ", ", &text);
        cr_expect_str_eq(text.data, cases[i].groups, "%s: %s", cases[i].what, text.data);
        for (uint32_t l = 0; l < g->layer_count; l++) cr_expect_lt(groups.of[l], groups.count);
        text_finish(&text);
        layer_groups_finish(&groups);
        graph_destroy(g);
    }
}
