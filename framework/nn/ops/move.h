/* move.h: what operators that copy elements of their input share (move.c, blocks.c). */
#ifndef ASSAY_NN_OPS_MOVE_H
#define ASSAY_NN_OPS_MOVE_H

#include "nn/op.h"
#include "nn/ops/view.h"

/* Where the elements come from; `memory` is the call's scratch, of one int32_t for every element of the output. */
typedef void lay_out(const struct op_call *, struct view *, int32_t *memory);

size_t move_scratch(const struct op_call *);
/* Elements outside are `outside`. */
void move_forward(const struct op_call *, lay_out *, float outside);
void move_backward(const struct op_call *, lay_out *, const float *dy, float *dx);
void move_learn(const struct op_call *, lay_out *, const float *dy, float *d);

/* The integers of input `i`, which an error calls `what`; NULL and 0 where it is absent. */
bool move_list(const struct op_call *, uint32_t i, const char *what, const int64_t **list, size_t *count,
               struct error *);

/* An operator: name_infer and name_lay are there. */
#define DEFINE_MOVES(name, outside)                                                                                    \
    static void name##_forward(const struct op_call *call) {                                                           \
        move_forward(call, name##_lay, outside);                                                                       \
    }                                                                                                                  \
    static void name##_backward(const struct op_call *call, uint32_t input, const float *dy, float *dx) {              \
        (void)input;                                                                                                   \
        move_backward(call, name##_lay, dy, dx);                                                                       \
    }                                                                                                                  \
    static void name##_learn(const struct op_call *call, uint32_t input, const float *dy, float *d) {                  \
        if (input == 0) move_learn(call, name##_lay, dy, d);                                                           \
    }

#define MOVE(id, title, text, least, most, integers, more, own_parse)                                                  \
    const struct op op_##id = {                                                                                        \
        .name = title,                                                                                                 \
        .summary = text,                                                                                               \
        .flags = OP_LINEAR | OP_MOVES | OP_ADDS | (more),                                                              \
        .min_inputs = least,                                                                                           \
        .max_inputs = most,                                                                                            \
        .integer_inputs = integers,                                                                                    \
        .parse = own_parse,                                                                                            \
        .infer = id##_infer,                                                                                           \
        .scratch = move_scratch,                                                                                       \
        .forward = id##_forward,                                                                                       \
        .backward = id##_backward,                                                                                     \
        .learn = id##_learn,                                                                                           \
    }

#endif
