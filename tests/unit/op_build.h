/* op_build.h: a graph with one node of interest, from words. */
#ifndef ASSAY_TESTS_OP_BUILD_H
#define ASSAY_TESTS_OP_BUILD_H

#include "nn/graph.h"
#include "nn/op.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_OPERANDS 8 /* inputs or attributes */
#define MOST_INTEGERS 24

struct variant {
    const char *op;
    const char
        *inputs; /* x: the network's input; s: the same without the batch; g: its GlobalAveragePool; 3x4: a parameter of
                    zeros; [1,2]: integers; 2x2[1,2,3,4]: of that shape; {1,2.5}: numbers; -: absent */
    const char *sample;     /* shape of x without the batch */
    const char *attributes; /* name=value, ... with values 1, 1.5, [1,2] or text */
    bool training;
};

static struct shape read_shape(const char *text) {
    struct shape shape = {0};
    for (char *end; *text && *text != '['; text = *end == 'x' ? end + 1 : end)
        shape.dim[shape.rank++] = strtoul(text, &end, 10);
    return shape;
}

static size_t read_list(const char *text, int64_t *list) {
    size_t count = 0;
    for (char *end; *text == '[' || *text == ','; text = end) list[count++] = strtoll(text + 1, &end, 10);
    return count;
}

static size_t read_numbers(const char *text, float *list) {
    size_t count = 0;
    for (char *end; *text == '{' || *text == ','; text = end) list[count++] = strtof(text + 1, &end);
    return count;
}

static struct attribute read_attribute(char *text, int64_t *list) {
    char *value = strchr(text, '=') + 1;
    value[-1] = '\0';
    struct attribute a = {.name = text, .kind = ATTRIBUTE_TEXT, .text = value};
    if (*value == '[')
        a = (struct attribute){.name = text, .kind = ATTRIBUTE_INTS, .ints = list, .count = read_list(value, list)};
    else if (!strchr("-0123456789", *value)) return a;
    else if (strchr(value, '.'))
        a = (struct attribute){.name = text, .kind = ATTRIBUTE_FLOAT, .number = strtof(value, NULL)};
    else a = (struct attribute){.name = text, .kind = ATTRIBUTE_INT, .integer = strtoll(value, NULL, 10)};
    return a;
}

/* The name of the value that `word` stands for, added to the graph where it is new. */
static const char *add_operand(struct graph *g, const char *word, char name[16], size_t index) {
    struct error e;
    bool ok = true;
    snprintf(name, 16, "p%zu", index);
    if (strcmp(word, "x") == 0) return "identity";
    if (strcmp(word, "-") == 0) return "";
    if (strcmp(word, "s") == 0) {
        const int64_t front = 0;
        ok = graph_add_ints(g, "front", &(struct shape){1, {1}}, &front, &e) &&
             graph_add_node(g, "Squeeze", "s", (const char *[]){"identity", "front"}, 2, (const char *[]){name}, 1,
                            NULL, 0, &e);
    } else if (strcmp(word, "g") == 0) {
        ok = graph_add_node(g, "GlobalAveragePool", "g", (const char *[]){"x"}, 1, (const char *[]){name}, 1, NULL, 0,
                            &e);
    } else if (strchr(word, '[')) {
        int64_t list[MOST_INTEGERS];
        size_t count = read_list(strchr(word, '['), list);
        struct shape shape = *word == '[' ? (struct shape){1, {count}} : read_shape(word);
        cr_assert_eq(shape_count(&shape), count, "%s", word);
        ok = graph_add_ints(g, name, &shape, list, &e);
    } else if (*word == '{') {
        float list[SHAPE_MAX_RANK];
        struct shape shape = {1, {read_numbers(word, list)}};
        ok = graph_add_floats(g, name, &shape, list, &e);
    } else {
        struct shape shape = read_shape(word);
        float *zeros = calloc(shape_count(&shape), sizeof *zeros);
        ok = graph_add_parameter(g, name, &shape, zeros, &e);
        free(zeros);
    }
    cr_assert(ok, "%s", e.text);
    return name;
}

/* The finished graph of one node of interest, its last; x goes through an Identity first. */
static bool build(const struct variant *v, struct graph **out, struct error *e) {
    char text[128], names[MOST_OPERANDS][16], *rest = NULL;
    const char *inputs[MOST_OPERANDS];
    int64_t lists[MOST_OPERANDS][SHAPE_MAX_RANK];
    struct attribute attributes[MOST_OPERANDS];
    struct shape sample = read_shape(v->sample), shape = {sample.rank + 1, {0}};
    size_t input_count = 0, attribute_count = 0;
    static const char *const singles[] = {"ScatterND", "LSTM", "GRU", "RNN"}; /* dimension 0 is no batch */
    bool single = false;
    for (size_t i = 0; i < 4; i++) single |= strcmp(v->op, singles[i]) == 0;
    memcpy(shape.dim + 1, sample.dim, sample.rank * sizeof *sample.dim);
    cr_assert(graph_create(out, e) && graph_add_input(*out, "x", &shape, e), "%s", e->text);
    cr_assert(
        graph_add_node(*out, "Identity", "id", (const char *[]){"x"}, 1, (const char *[]){"identity"}, 1, NULL, 0, e));
    snprintf(text, sizeof text, "%s", v->inputs);
    for (char *w = strtok_r(text, " ", &rest); w; w = strtok_r(NULL, " ", &rest), input_count++)
        inputs[input_count] = add_operand(*out, w, names[input_count], input_count);
    snprintf(text, sizeof text, "%s", v->attributes);
    for (char *w = strtok_r(text, " ", &rest); w; w = strtok_r(NULL, " ", &rest), attribute_count++)
        attributes[attribute_count] = read_attribute(w, lists[attribute_count]);
    (*out)->single = single;
    if (graph_add_node(*out, v->op, "node", inputs, input_count, (const char *[]){"y"}, 1, attributes, attribute_count,
                       e) &&
        graph_finish(*out, "y", e))
        return true;
    graph_destroy(*out);
    return false;
}

#endif
