/* network_choice.h: which input and output of the model's file are explained, what its other inputs are, and sizes that
 * the file leaves open: `input`, `inputs`, `output` and `input-shape` of a battery, --model-input, --fixed-inputs,
 * --model-output and --input-shape of a command. */
#ifndef ASSAY_BATTERY_NETWORK_CHOICE_H
#define ASSAY_BATTERY_NETWORK_CHOICE_H

#include "base/error.h"
#include "nn/onnx_options.h"

struct network_choice {
    struct onnx_options onnx; /* its texts are those below; .data is for the caller to fill */
    char *name, *input;       /* of the output, and of the input */
    struct onnx_fixed *fixed; /* whose texts are owned */
};

/* Arguments of the command line; NULL: not given. */
struct network_choice_texts {
    const char *input;       /* NAME */
    const char *inputs;      /* `{mask: 1, age: age.npy}` */
    const char *output;      /* NAME, or `{name: seg, reduce: mean, index: 3}` */
    const char *input_shape; /* 3x224x224 */
};

bool network_choice_parse(const struct network_choice_texts *, struct network_choice *out, struct error *);
void network_choice_finish(struct network_choice *);

#endif
