/* graph.h: a network as ONNX-named operators in topological order. Immutable once finished; every
 * model variant shares one graph and brings its own weights (weights.h).
 *
 * The first dimension of the input is the batch. Shapes recorded here are for a batch of one; the
 * executor (net.h) infers them again for the batch it is given. */
#ifndef ASSAY_NN_GRAPH_H
#define ASSAY_NN_GRAPH_H

#include "base/error.h"
#include "base/shape.h"
#include "base/token_table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct op; /* op.h */
struct graph;

#define GRAPH_NONE UINT32_MAX /* an optional input that is absent */
#define GRAPH_BATCH INT64_MIN /* among the integers of a shape: as many as there are samples */

enum value_kind {
    VALUE_INPUT,
    VALUE_PARAMETER, /* float32, trained: what randomisation re-draws */
    VALUE_CONSTANT,  /* float32 or int64, fixed: never re-drawn */
    VALUE_ACTIVATION
};

struct value {
    char *name;
    enum value_kind kind;
    struct shape shape;
    float *data;   /* VALUE_PARAMETER as loaded, float VALUE_CONSTANT; else NULL */
    int64_t *ints; /* integer VALUE_CONSTANT; else NULL */
    bool batched;  /* depends on the input: dim[0] is the batch */
    uint32_t node; /* that computes it, or GRAPH_NONE */
};

enum attribute_kind { ATTRIBUTE_INT, ATTRIBUTE_FLOAT, ATTRIBUTE_TEXT, ATTRIBUTE_INTS, ATTRIBUTE_FLOATS };

struct attribute {
    const char *name;
    enum attribute_kind kind;
    int64_t integer;
    float number;
    const char *text;
    const int64_t *ints;
    const float *floats;
    size_t count; /* of ints or floats */
};

struct node {
    const struct op *op;
    char *name;
    uint32_t *inputs, input_count; /* value indices; GRAPH_NONE where absent */
    uint32_t *outputs, output_count;
    struct attribute *attributes; /* as given; export writes them back */
    size_t attribute_count;
    void *config; /* parsed by the op; owned by the node */
    bool gate;    /* half of a hard sigmoid: it looks like a rectifier, and is none to backward rules */
};

/* A layer: one weight-bearing node (Conv, Gemm, MatMul, ...) with the parameters of the elementwise and
 * normalisation nodes that follow it directly (a CNTK bias Add, a BatchNormalization). A parameter that follows no such
 * node (a normalisation before its Conv, a class token) begins a layer of its own: every parameter belongs to one. The
 * unit of randomisation. Counted from the input. */
struct layer {
    char *name;           /* of the weight, without ".weight" and the like; unique */
    uint32_t node;        /* the node that begins it */
    uint32_t *parameters; /* value indices, weight first */
    uint32_t parameter_count;
};

/* A network that reads numbers of tokens is cut behind its embedding: its input are rows of the table, dimensions x
 * length; whoever has the numbers looks them up. The table is no parameter: randomisation leaves it as it is. */
struct tokens {
    char *ids;   /* the integer input in the file */
    char *name;  /* of the table */
    char *input; /* of the graph */
    struct token_table table;
};

struct graph {
    struct value *values;
    uint32_t value_count;
    struct node *nodes;
    uint32_t node_count;
    struct layer *layers;
    uint32_t layer_count;
    uint32_t input;        /* GRAPH_NONE: no input, everything was folded into the output's value */
    uint32_t output;       /* the last linear value; a closing Softmax, Sigmoid or Relu is not part of it */
    uint32_t file_output;  /* the output as the file names it */
    struct shape sample;   /* of one input sample, without the batch: C x H x W or F */
    uint32_t classes;      /* elements of one output sample; 2 of one that was paired */
    uint32_t added;        /* the last nodes, which make logits of what the file has and are not written to a file */
    bool paired;           /* the two logits are -z and z of one (graph_pair.h), in this or the other order */
    struct tokens *tokens; /* NULL: the input is no embedding */
    char *warning;         /* NULL, or why the user should look twice (ends in a Softmax, say): see graph_warn */
    char *taken;           /* the output's name in its file where there are several, else NULL */

    bool channels_last;       /* the file takes H x W x C; a Transpose in front makes it C x H x W (axis_order.h) */
    bool keep_head;           /* output is file_output, whatever closes the network; set it before graph_finish */
    bool external;            /* some values are not in the model's file but beside it */
    bool single;              /* run for one sample at a time, so that any dimension of a value may be the batch, or
                                 part of one; set it before graph_finish, and the file's batch is 1 or open */
    uint32_t opset;           /* of the nodes to come; set it before they are added. graph_create: 13 */
    size_t file_batch;        /* the input's batch as declared; 0: any */
    struct builder *building; /* private; NULL once finished */
};

/* ---- Building. Everything passed is copied. Values may be named before they exist. ---- */
bool graph_create(struct graph **out, struct error *);
void graph_destroy(struct graph *);

/* One input only. dim[0] is the batch: 1, a number, or 0 or SIZE_MAX (-1) when it is symbolic. */
bool graph_add_input(struct graph *, const char *name, const struct shape *with_batch, struct error *);
/* In place of graph_add_input, with the name `input`: tokens `ids` of that length, looked up in table `name` of shape
 * vocabulary x dimensions. */
bool graph_add_tokens(struct graph *, const char *input, const char *ids, const char *name, const struct shape *,
                      const float *table, size_t length, struct error *);
void tokens_destroy(struct tokens *);
bool graph_add_parameter(struct graph *, const char *name, const struct shape *, const float *, struct error *);
bool graph_add_floats(struct graph *, const char *name, const struct shape *, const float *, struct error *);
bool graph_add_ints(struct graph *, const char *name, const struct shape *, const int64_t *, struct error *);
/* An empty input name is an absent optional input. An unknown op is an error naming the op and the node. */
bool graph_add_node(struct graph *, const char *op, const char *name, const char *const *inputs, size_t input_count,
                    const char *const *outputs, size_t output_count, const struct attribute *, size_t attribute_count,
                    struct error *);
/* Checks, drops what the output does not need, sorts topologically, folds what does not depend on the input (a
 * Reshape of a parameter stays a parameter under its own name), infers shapes, finds layers and the last linear
 * output. Value indices change here. A Reshape to a fixed batch is rewritten to keep any batch. A graph without input
 * folds to the value of its output, values[output].data or .ints: operators can be tested so. */
bool graph_finish(struct graph *, const char *output, struct error *);

/* Adds to graph->warning, behind "; ". */
bool graph_warn(struct graph *, struct error *, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* ---- Asking ---- */
/* The operator of bounded values that the output comes from, be it scaled and shifted (Sigmoid, Tanh, Softmax, ...), or
 * NULL: where it is saturated, gradients vanish. */
const char *graph_saturating(const struct graph *);
/* Whether the operators at its end keep the output from ever being negative (Exp, Softplus, a comparison, ...): the
 * sign of such a number tells no class. False where that is not seen. */
bool graph_is_never_negative(const struct graph *);
bool graph_is_never_positive(const struct graph *);
const struct value *graph_value(const struct graph *, uint32_t index);
/* Index of the named layer, or GRAPH_NONE. */
uint32_t graph_layer(const struct graph *, const char *name);
/* Floating-point operations of the weighted nodes for one sample, forward, as if computed directly. An estimate. */
double graph_flops(const struct graph *);
/* How many of the node's inputs depend on the network's. */
uint32_t graph_batched_inputs(const struct graph *, const struct node *);
const struct attribute *node_attribute(const struct node *, const char *name);
/* Whether the value, or a parameter of the layer, is among the node's inputs. */
bool node_reads(const struct node *, uint32_t value);
bool node_reads_layer(const struct node *, const struct layer *);

#endif
