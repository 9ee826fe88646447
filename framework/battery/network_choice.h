/* network_choice.h: which output of the model's file is explained, and sizes that the file leaves open: `output` and
 * `input-shape` of a battery, --model-output and --input-shape of a command. */
#ifndef ASSAY_BATTERY_NETWORK_CHOICE_H
#define ASSAY_BATTERY_NETWORK_CHOICE_H

#include "base/error.h"
#include "nn/onnx_options.h"

struct network_choice {
    struct onnx_options onnx; /* .output is `name`; .data is for the caller to fill */
    char *name;
};

/* NAME, or `{name: seg, reduce: mean, index: 3}`, and `3x224x224`, as arguments of the command line; NULL: not given.
 */
bool network_choice_parse(const char *output, const char *input_shape, struct network_choice *out, struct error *);
void network_choice_finish(struct network_choice *);

#endif
