/* onnx_sizes.c: sizes of an ONNX file's inputs: those it says, and those it leaves open. */
#include "nn/onnx_sizes.h"

#include "base/text.h"

static bool is_fixed(const Onnx__TensorShapeProto__Dimension *dim) {
    return dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE && dim->dim_value > 0;
}

/* Height and width open, and as many channels behind them as the data has in front. */
static bool takes_channels_last(const Onnx__TensorShapeProto *shape, const struct shape *data) {
    return shape->n_dim == 4 && data->rank == 3 && !is_fixed(shape->dim[1]) && !is_fixed(shape->dim[2]) &&
           is_fixed(shape->dim[3]) && (size_t)shape->dim[3]->dim_value == data->dim[0];
}

/* Sizes that the file leaves open: as declared, or those of the data. 0: not known. */
static size_t open_size(const struct onnx_options *options, const Onnx__TensorShapeProto *shape, size_t i) {
    const struct shape *declared = &options->declared, *data = &options->data;
    const size_t rank = shape->n_dim;
    if (i == 0) return 0;
    if (declared->rank) return declared->rank + 1 == rank ? declared->dim[i - 1] : 0;
    if (i < 3 && takes_channels_last(shape, data)) return data->dim[i];
    return data->rank + 1 == rank ? data->dim[i - 1] : 0;
}

bool onnx_input_size(const struct onnx_options *options, const Onnx__ValueInfoProto *info, size_t i, size_t *out,
                     struct error *e) {
    const Onnx__TensorShapeProto *shape = info->type->tensor_type->shape;
    const Onnx__TensorShapeProto__Dimension *dim = shape->dim[i];
    bool fixed = is_fixed(dim);
    bool named = dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM && *onnx_text(dim->dim_param);
    size_t wanted = options->declared.rank ? open_size(options, shape, i) : 0;
    *out = fixed ? (size_t)dim->dim_value : open_size(options, shape, i);
    if (fixed && wanted && wanted != *out)
        return error_set(e, "input '%s' has %zu elements in dimension %zu: %zu were declared", onnx_text(info->name),
                         *out, i, wanted);
    if (i == 0 || *out) return true;
    if (options->open) *options->open = true;
    return error_set(e,
                     "input '%s' has no fixed size in dimension %zu%s%s%s: say the shape of a sample "
                     "(--input-shape 3x224x224; in a battery input-shape: 3x224x224), or export the model with fixed "
                     "sizes",
                     onnx_text(info->name), i, named ? " ('" : "", named ? excerpt_of(dim->dim_param).text : "",
                     named ? "')" : "");
}
