/* onnx_file.c: a graph from an ONNX file. */
#include "nn/onnx.h"
#include "nn/onnx_proto.h"
#include "nn/onnx_refuse.h"

#include "base/file.h"

#include <stdlib.h>

/* Names come from the file, and an error goes to a terminal. */
static void make_printable(struct error *e) {
    for (char *c = e ? e->text : NULL; c && *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f) *c = '?';
}

static bool load(const char *path, Onnx__ModelProto *model, const struct onnx_options *options, struct graph **out,
                 struct error *e) {
    bool external = false;
    bool ok = (!model->graph ||
               (onnx_take_external(model->graph, path, &external, e) && onnx_name_by_scope(model->graph, e))) &&
              onnx_build_with(model, options, out, e);
    if (!ok) make_printable(e);
    if (ok && (*out)->input == GRAPH_NONE) {
        graph_destroy(*out);
        return error_set(e, "it has no input: wanted one");
    }
    if (ok) (*out)->external = external;
    return ok;
}

static bool load_file(const char *path, const struct onnx_options *options, struct graph **out, struct error *e) {
    uint8_t *data = NULL;
    size_t size;
    if (!onnx_check_folder(path, e) || !file_read(path, &data, &size, e)) return false;
    Onnx__ModelProto *model = NULL;
    bool ok = onnx_check_kind(data, size, e);
    if (ok) model = (Onnx__ModelProto *)onnx_unpack(&onnx__model_proto__descriptor, data, size);
    free(data); /* the model has copied what it needs: the weights are to be in memory twice, not three times */
    if (ok && !model)
        ok = error_set(
            e, "no ONNX model, or one that is cut off: wanted an ONNX file (copy it again, or export it again)");
    ok = ok && load(path, model, options, out, e);
    if (model) onnx_free(&model->base);
    return ok || error_prefix(e, "%s", path);
}

bool onnx_load_with(const char *path, const struct onnx_options *options, struct graph **out, struct error *e) {
    struct onnx_options chosen = *options;
    bool open = false;
    if (!options->ask) return load_file(path, options, out, e);
    chosen.open = &open;
    if (load_file(path, &chosen, out, e)) return true;
    chosen.open = options->open;
    return open && options->ask(options->user, &chosen.data, e) && load_file(path, &chosen, out, e);
}

bool onnx_load(const char *path, struct graph **out, struct error *e) {
    return onnx_load_with(path, &(struct onnx_options){.output = NULL}, out, e);
}
