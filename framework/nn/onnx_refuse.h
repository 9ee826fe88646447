/* onnx_refuse.h: what is said of files that are not taken: where it stopped, and what would help. Private to onnx_*.c.
 */
#ifndef ASSAY_NN_ONNX_REFUSE_H
#define ASSAY_NN_ONNX_REFUSE_H

#include "nn/graph.h"
#include "nn/onnx_proto.h"

#include <stdbool.h>

/* Adds to the reason why node `at` was refused how far the file was read, which other operators are missing, and what
 * helps. Returns false. */
bool onnx_refuse(const Onnx__GraphProto *, const bool *needed, size_t at, struct error *);
/* The same for a graph that could not be finished. */
bool onnx_refuse_late(const struct graph *, struct error *);

/* Files of other kinds that networks come in, by their first bytes: false with the way to an ONNX file. */
bool onnx_check_kind(const uint8_t *data, size_t size, struct error *);
/* The same for a folder, such as a SavedModel. */
bool onnx_check_folder(const char *path, struct error *);

#endif
