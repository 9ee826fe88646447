/* onnx_sizes.h: sizes of an ONNX file's inputs. Private to onnx_*.c. */
#ifndef ASSAY_NN_ONNX_SIZES_H
#define ASSAY_NN_ONNX_SIZES_H

#include "base/error.h"
#include "nn/onnx_options.h"
#include "nn/onnx_proto.h"

#include <stdbool.h>
#include <stddef.h>

/* Dimension i of an input, a tensor with a shape. What the file leaves open is as declared, or that of the data; the
 * batch (i = 0) is 0 where it is open. False, setting options->open, where the size is not known, and where what the
 * file says is not what was declared. */
bool onnx_input_size(const struct onnx_options *, const Onnx__ValueInfoProto *, size_t i, size_t *out, struct error *);

#endif
