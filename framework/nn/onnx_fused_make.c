/* onnx_fused_make.c: what is asked of a node under translation, and what is made of it. */
#include "nn/onnx_fused_make.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

const char *fused_input(const struct fused *f, size_t i) {
    return i < f->node->n_input ? onnx_text(f->node->input[i]) : "";
}

int64_t fused_integer(const struct fused *f, const char *name, int64_t fallback) {
    const Onnx__AttributeProto *a = onnx_find_attribute(f->node, name);
    return a ? a->i : fallback;
}

float fused_number(const struct fused *f, const char *name, float fallback) {
    const Onnx__AttributeProto *a = onnx_find_attribute(f->node, name);
    return a ? a->f : fallback;
}

bool fused_text_is(const struct fused *f, const char *name, const char *wanted, bool fallback) {
    const Onnx__AttributeProto *a = onnx_find_attribute(f->node, name);
    if (!a) return fallback;
    return a->s.len == strlen(wanted) && memcmp(a->s.data, wanted, a->s.len) == 0;
}

/* ---- What is made of it ---- */

bool fused_make(const struct fused *f, const char *op, const char *out, const char *const *inputs,
                const struct attribute *attributes, size_t attribute_count) {
    char *names[FUSED_INPUTS + 1] = {NULL};
    const char *list[FUSED_INPUTS];
    size_t count = 0;
    bool ok = true;
    names[FUSED_INPUTS] = text_format("%s%s", f->stem, out ? out : "");
    for (; count < FUSED_INPUTS && inputs[count]; count++) {
        list[count] = inputs[count];
        if (inputs[count][0] != '.') continue;
        names[count] = text_format("%s%s", f->stem, inputs[count]);
        list[count] = names[count];
        ok = ok && names[count];
    }
    const char *result = names[FUSED_INPUTS], *name = out ? result : onnx_text(f->node->name);
    ok = (ok && result) || error_memory(f->e);
    ok = ok && graph_add_node(f->graph, op, name, list, count, &result, 1, attributes, attribute_count, f->e);
    for (size_t i = 0; i <= FUSED_INPUTS; i++) free(names[i]);
    return ok;
}

bool fused_add_floats(const struct fused *f, const char *suffix, const struct shape *shape, const float *data,
                      bool parameter) {
    char *name = text_format("%s%s", f->stem, suffix);
    bool ok = name || error_memory(f->e);
    ok = ok && (parameter ? graph_add_parameter : graph_add_floats)(f->graph, name, shape, data, f->e);
    free(name);
    return ok;
}

bool fused_add_number(const struct fused *f, const char *suffix, float value) {
    return fused_add_floats(f, suffix, &(struct shape){0}, &value, false);
}

static bool add_integers(const struct fused *f, const char *suffix, const struct shape *shape, const int64_t *data) {
    char *name = text_format("%s%s", f->stem, suffix);
    bool ok = name || error_memory(f->e);
    ok = ok && graph_add_ints(f->graph, name, shape, data, f->e);
    free(name);
    return ok;
}

bool fused_add_ints(const struct fused *f, const char *suffix, const int64_t *data, size_t count) {
    return add_integers(f, suffix, &(struct shape){1, {count}}, data);
}

bool fused_add_one(const struct fused *f, const char *suffix, int64_t value) {
    return fused_add_ints(f, suffix, &value, 1);
}

bool fused_add_index(const struct fused *f, const char *suffix, int64_t index) {
    return add_integers(f, suffix, &(struct shape){0}, &index);
}
