/* Groups that the names of layers tell, and layers that lie between others. */
#include "nn/layer_groups.h"

#include "nn/arch.h"

#include <criterion/criterion.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MANY 64

/* A graph of layers that have nothing but names, which are blanks apart and stand from the input to the output. */
struct named {
    struct graph graph;
    struct layer layers[MANY];
    char *text;
};

static void named_init(struct named *n, const char *names) {
    char *rest = NULL;
    *n = (struct named){.text = strdup(names)};
    for (char *name = strtok_r(n->text, " ", &rest); name; name = strtok_r(NULL, " ", &rest))
        n->layers[n->graph.layer_count++].name = name;
    n->graph.layers = n->layers;
}

static const struct {
    const char *what, *names, *groups;
} cases[] = {
    {"torchvision's ResNet",
     "conv1 layer1.0.conv1 layer1.0.conv2 layer2.0.conv1 layer2.0.downsample.0 layer10.0.conv1 fc",
     "fc=fc, layer10=layer10.*, layer2=layer2.*, layer1=layer1.*, conv1=conv1"},
    {"a vision transformer of timm",
     "patch_embed.proj cls_token pos_embed blocks.0.norm1 blocks.0.attn.qkv blocks.11.norm1 blocks.11.mlp.fc1 norm head",
     "head=head, norm=norm, blocks.11=blocks.11.*, blocks.0=blocks.0.*, pos_embed=pos_embed, cls_token=cls_token, "
     "patch_embed=patch_embed.*"},
    {"one of torchvision",
     "conv_proj encoder.layers.encoder_layer_0.ln_1 encoder.layers.encoder_layer_1.ln_1 encoder.ln heads.head",
     "heads=heads.*, encoder.ln=encoder.ln, encoder.layers.encoder_layer_1=encoder.layers.encoder_layer_1.*, "
     "encoder.layers.encoder_layer_0=encoder.layers.encoder_layer_0.*, conv_proj=conv_proj"},
    {"Hugging Face's BERT in a module",
     "net.bert.embeddings.LayerNorm net.bert.encoder.layer.0.output.dense net.bert.encoder.layer.0.intermediate.dense "
     "net.bert.encoder.layer.1.output.dense net.bert.pooler.dense net.classifier",
     "classifier=net.classifier, bert.pooler=net.bert.pooler.*, bert.encoder.layer.1=net.bert.encoder.layer.1.*, "
     "bert.encoder.layer.0=net.bert.encoder.layer.0.*, bert.embeddings=net.bert.embeddings.*"},
    {"Keras's EfficientNet",
     "stem_conv block1a_dwconv block1a_se_reduce block2a_expand_conv block2b_dwconv top_conv dense",
     "dense=dense, top_conv=top_conv, block2b=block2b_*, block2a=block2a_*, block1a=block1a_*, stem_conv=stem_conv"},
    {"Keras's ResNet, nested",
     "resnet50/conv1_conv resnet50/conv2_block1_1_conv resnet50/conv2_block2_1_conv "
     "resnet50/conv3_block1_1_conv dense",
     "dense=dense, resnet50/conv3=resnet50/conv3_*, resnet50/conv2=resnet50/conv2_*, resnet50/conv1=resnet50/conv1_*"},
    {"Keras's MobileNetV2", "Conv1 block_1_expand block_1_project block_10_expand block_10_project Conv_1",
     "Conv_1=Conv_1, block_10=block_10_*, block_1=block_1_*, Conv1=Conv1"},
    {"Keras's own names", "conv2d conv2d_1 conv2d_2 dense dense_1",
     "dense_1=dense_1, dense=dense, conv2d_2=conv2d_2, conv2d_1=conv2d_1, conv2d=conv2d"},
    {"a stage with most of the network",
     "stem stages.0.a stages.0.b stages.1.a stages.2.blocks.0.a stages.2.blocks.1.a "
     "stages.2.blocks.2.a stages.2.blocks.3.a stages.2.blocks.4.a stages.2.blocks.5.a stages.2.blocks.6.a head",
     "head=head, stages.2=stages.2.*, stages.1=stages.1.*, stages.0=stages.0.*, stem=stem"},
    {"a network in a Sequential",
     "0.conv1 0.layer1.0.a 0.layer1.1.a 0.layer1.2.a 0.layer1.3.a 0.layer2.0.a 0.layer2.1.a "
     "0.layer2.2.a 0.layer2.3.a 1",
     "1=1, 0.layer2=0.layer2.*, 0.layer1=0.layer1.*, 0.conv1=0.conv1"},
    {"a module of all that is not counted", "model.conv model.dense model.out",
     "out=model.out, dense=model.dense, conv=model.conv"},
    {"a layer and its parts", "a.0 a.1 fc.0 fc.1 fc", "fc=fc, fc.1=fc.1, fc.0=fc.0, a.1=a.1, a.0=a.0"},
    {"Inception",
     "Conv2d_1a.conv Conv2d_2a.conv Mixed_5b.b1.conv Mixed_5b.b2.conv Mixed_5c.b1.conv Mixed_6a.b3.conv fc",
     "fc=fc, Mixed_6a=Mixed_6a.*, Mixed_5c=Mixed_5c.*, Mixed_5b=Mixed_5b.*, Conv2d_2a=Conv2d_2a.*, Conv2d_1a=Conv2d_1a.*"},
    {"one layer", "coefficient", "coefficient=coefficient"},
    {"characters that patterns and lists have", "b[0].w b[1].w x,y=z .",
     ".=., x_y_z=x?y=z, b[1]=b\\[1\\].*, b[0]=b\\[0\\].*"},
    {"no layer", "", ""},
};

Test(layer_groups, from_names) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct named n;
        struct layer_groups groups;
        struct text text = {0};
        struct error e;
        named_init(&n, cases[i].names);
        cr_assert(layer_groups_create(&n.graph, &groups, &e), "%s", e.text);
        layer_groups_add_text(&groups, ", ", &text);
        cr_expect_str_eq(text.data ? text.data : "", cases[i].groups, "%s: %s", cases[i].what, text.data);
        text_finish(&text);
        layer_groups_finish(&groups);
        free(n.text);
    }
}

static bool matches(const char *patterns, const char *name) {
    char *copy = strdup(patterns), *rest = NULL;
    bool found = false;
    for (char *one = strtok_r(copy, " ", &rest); one; one = strtok_r(NULL, " ", &rest))
        found = found || fnmatch(one, name, 0) == 0;
    free(copy);
    return found;
}

/* Whatever order a user gives them: patterns match the layers of their group and no others. */
Test(layer_groups, patterns_match_their_layers_alone) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct named n;
        struct layer_groups groups;
        struct error e;
        uint32_t size = 0;
        named_init(&n, cases[i].names);
        cr_assert(layer_groups_create(&n.graph, &groups, &e), "%s", e.text);
        for (uint32_t k = 0; k < groups.count; size += groups.list[k++].size)
            for (uint32_t l = 0; l < n.graph.layer_count; l++)
                cr_expect_eq(matches(groups.list[k].patterns, n.layers[l].name), groups.of[l] == k, "%s: %s and %s",
                             cases[i].what, groups.list[k].patterns, n.layers[l].name);
        cr_expect_eq(size, n.graph.layer_count);
        layer_groups_finish(&groups);
        free(n.text);
    }
}

/* x -> a -> (b, c side by side) -> Add -> d: whether another lies between those of a set. */
static struct graph *branches(void) {
    static const char *const nodes[][4] = {
        {"Gemm", "x", "a.weight", "a"}, {"Gemm", "a", "b.weight", "b"}, {"Gemm", "a", "c.weight", "c"}};
    const struct attribute transposed = {.name = "transB", .kind = ATTRIBUTE_INT, .integer = 1};
    const struct shape square = {2, {2, 2}};
    const float w[4] = {1, 2, 3, 4};
    struct graph *g;
    struct error e;
    cr_assert(graph_create(&g, &e) && graph_add_input(g, "x", &(struct shape){2, {1, 2}}, &e));
    for (size_t i = 0; i < 3; i++) {
        const char *in[] = {nodes[i][1], nodes[i][2]}, *out[] = {nodes[i][3]};
        cr_assert(graph_add_parameter(g, nodes[i][2], &square, w, &e));
        cr_assert(graph_add_node(g, nodes[i][0], nodes[i][3], in, 2, out, 1, &transposed, 1, &e), "%s", e.text);
    }
    const char *sum[] = {"b", "c"}, *sum_out[] = {"s"}, *last[] = {"s", "d.weight"}, *last_out[] = {"d"};
    cr_assert(graph_add_node(g, "Add", "s", sum, 2, sum_out, 1, NULL, 0, &e), "%s", e.text);
    cr_assert(graph_add_parameter(g, "d.weight", &square, w, &e));
    cr_assert(graph_add_node(g, "Gemm", "d", last, 2, last_out, 1, &transposed, 1, &e), "%s", e.text);
    cr_assert(graph_finish(g, "d", &e), "%s", e.text);
    return g;
}

Test(layer_groups, a_layer_between) {
    static const struct {
        const char *set, *between;
    } sets[] = {{"a", NULL},  {"a b", NULL},  {"b c", NULL},     {"b d", NULL}, {"a b c", NULL},
                {"a d", "b"}, {"a b d", "c"}, {"a b c d", NULL}, {"", NULL}};
    struct graph *g = branches();
    cr_assert_eq(g->layer_count, 4);
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        bool layers[4];
        uint32_t between;
        struct error e;
        for (uint32_t l = 0; l < 4; l++) layers[l] = strchr(sets[i].set, g->layers[l].name[0]);
        cr_assert(layers_find_between(g, layers, &between, &e));
        if (between == GRAPH_NONE) cr_expect_null(sets[i].between, "%s", sets[i].set);
        else cr_expect_str_eq(g->layers[between].name, sets[i].between ? sets[i].between : "none", "%s", sets[i].set);
    }
    graph_destroy(g);
}
