/* op.h: one operator: how it reads a node, and what it computes forward and backward. */
#ifndef ASSAY_NN_OP_H
#define ASSAY_NN_OP_H

#include "base/thread_team.h"
#include "nn/graph.h"
#include "nn/net_options.h"

/* One argument or result in one run. */
struct operand {
    struct shape shape;
    float *data;         /* NULL where absent, integer, or not computed yet */
    const int64_t *ints; /* an integer constant */
    bool batched;
};

struct window_fit;
struct windows;

struct op_call {
    const struct node *node;
    struct operand *in; /* [node->input_count] */
    struct operand out;
    float *scratch; /* of op->scratch floats, contents undefined */
    float *saved;   /* of op->saved floats, kept from the forward to the backward pass */
    uint32_t *mask; /* of a Relu: what it let through (ops/mask.h); its input and output may be gone on the way back.
                       NULL: they are there */
    enum net_rule rule;
    uint32_t batch;                 /* samples in this run */
    bool single;                    /* graph->single: dimension 0 need not be the batch */
    bool training;                  /* BatchNormalization uses the statistics of the batch */
    bool rectifies;                 /* MaxPool in training: it does what a Relu before it leaves to it */
    bool fresh;                     /* OP_OVERWRITES: what learn() adds to holds nothing yet */
    unsigned workers;               /* scratch is for a team of so many at most */
    struct thread_team *team;       /* to share the work with, or NULL */
    const struct conv_fused *fused; /* Conv: how the net runs it (ops/conv.h); NULL: as the node says */
    /* NULL, or how windows lie on whole planes, of which input 0 and the output are parts: those that the output's
     * windows see, with what lies beside the planes. The bits are those of the whole. */
    const struct window_fit *whole;
};

enum op_flags {
    OP_RESHAPES = 1,      /* same elements in the same order: the output may be the input's memory */
    OP_WEIGHTED = 2,      /* with a parameter among its inputs it begins a layer */
    OP_JOINS = 4,         /* its parameters belong to the layer it follows */
    OP_LINEAR = 8,        /* with one batched input its gradient depends on parameters only (except in training) */
    OP_STATISTICS = 16,   /* in training the samples of a batch depend on each other */
    OP_MOVES = 32,        /* copies elements (or 0) and computes nothing: integers at load move likewise */
    OP_ASKS_SHAPE = 64,   /* depends on the shape of its inputs only: known at load, but for the batch */
    OP_TAKES_BATCH = 128, /* its integers may hold GRAPH_BATCH */
    /* Its gradient needs neither inputs nor output, however many are batched (except in training): their memory may be
     * used again by then. So it is with an OP_LINEAR of one batched input. */
    OP_FORGETS = 256,
    OP_POINTWISE = 512, /* an element of the output depends on that element of the one batched input alone */
    /* Its gradient needs the output and not the input, and both ways it can write to the array it reads. */
    OP_IN_PLACE = 1024,
    OP_ADDS = 2048, /* learn() adds the gradient of any input, also of one that depends on the network's */
    /* An element of the output depends on those of its inputs, broadcast, that are at its place; it is so for any part
     * of the planes. So it is with OP_POINTWISE. */
    OP_LOCAL = 4096,
    OP_OVERWRITES = 8192 /* where call->fresh, learn() sets the gradient: nobody has to clear it before */
};

struct op {
    const char *name; /* as ONNX has it */
    const char *summary;
    unsigned flags;
    uint32_t min_inputs, max_inputs;
    uint32_t integer_inputs; /* bits, 1 for input 0: those that are (constant) integers */
    uint32_t empty_inputs;   /* the same: those that may be empty, as if they were absent */

    /* Instead of everything below: gives `output` its value at once; no node is kept (Constant). */
    bool (*define)(struct graph *, const char *output, const struct attribute *, size_t count, struct error *);

    /* Attributes into node->config (free()d with the node); NULL: the op has none. `opset` decides what they mean. */
    bool (*parse)(struct node *, uint32_t opset, struct error *);
    /* Shape of the output from those of the inputs; NULL: that of input 0. */
    bool (*infer)(const struct op_call *, struct shape *out, struct error *);
    size_t (*scratch)(const struct op_call *); /* floats, for call->workers; NULL: none */
    size_t (*saved)(const struct op_call *);   /* floats; NULL: none */

    /* At load, for values that do not depend on the input. Whether the result is of integers (NULL: where input 0 is),
     * and those (NULL: an OP_MOVES, or the op has none). */
    bool (*whole)(const struct op_call *);
    bool (*integers)(const struct op_call *, int64_t *out, struct error *);

    void (*forward)(const struct op_call *);
    /* Where windows of the planes of input 0 make those of the output (ops/window.h): how they lie, and that forward()
     * heeds call->whole. False: not for this call. */
    bool (*windows)(const struct op_call *, struct windows *);
    /* Overwrites `gradient` (of the shape of input `input`, which is batched) given that of the output. */
    void (*backward)(const struct op_call *, uint32_t input, const float *output_gradient, float *gradient);
    /* The same for an input that is a parameter (of OP_ADDS, for any), added to `gradient`. */
    void (*learn)(const struct op_call *, uint32_t input, const float *output_gradient, float *gradient);
};

/* The one table (ops/table.c), ended by NULL. */
const struct op *const *ops_all(void);
const struct op *op_find(const char *name);
/* The known op at the smallest edit distance, or NULL. */
const char *op_nearest(const char *name);

/* ---- Reading attributes: false with the reason when one has another type or lies outside [min, max] ---- */
bool op_integer(const struct node *, const char *name, int64_t min, int64_t max, int64_t fallback, int64_t *out,
                struct error *);
/* Neither an infinity nor NaN. */
bool op_number(const struct node *, const char *name, float fallback, float *out, struct error *);
/* The epsilon of a normalisation: 1e-5, or 0 or more. */
bool op_epsilon(const struct node *, float *out, struct error *);
/* `count` numbers in [min, max]; all of them `fallback` when the attribute is absent. */
bool op_sizes(const struct node *, const char *name, int64_t min, int64_t max, uint32_t fallback, uint32_t *out,
              size_t count, struct error *);
/* NULL when absent. */
bool op_text(const struct node *, const char *name, const char **out, struct error *);
/* node->config of `size` zero bytes, or NULL with the reason. */
void *op_config(struct node *, size_t size, struct error *);

/* ---- Calls ---- */
/* Shapes and constants of the node's operands; shapes[value_count], or NULL: as the graph has them. */
void op_call_init(struct op_call *, const struct graph *, const struct node *, const struct shape *shapes,
                  struct operand *in);
bool op_infer(const struct op_call *, struct shape *out, struct error *);
/* shapes[value_count] for a batch. */
bool graph_infer(const struct graph *, uint32_t batch, struct shape *shapes, struct error *);

/* ---- Small helpers ---- */
bool op_present(const struct op_call *, uint32_t input);
/* Whether dimension 0 of the output is the batch. */
bool op_batch_first(const struct op_call *);
/* False with the reason when it is and the operator, as `touches` says, works along it. */
bool op_spares_batch(const struct op_call *, bool touches, struct error *);
/* `axis` counted from the back when negative, in [0, rank) or, with `end`, [0, rank]. */
bool op_axis(int64_t axis, uint32_t rank, bool end, uint32_t *out, struct error *);

#define OP_SHAPE_TEXT 200 /* bytes for shape_text */
/* What one value may hold per sample; a small file must not ask for all memory. */
#define OP_MAX_ELEMENTS ((size_t)1 << 26)

#endif
