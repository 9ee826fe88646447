/* program_questions.c: operations of the protocol that ask about the network and what comes with it. */
#include "base/text.h"
#include "host/host.h"
#include "host/program_call.h"

#include <stdlib.h>
#include <string.h>

#define RANDOM_MAX (1 << 26) /* numbers at a time */

static json_t *dimensions(uint32_t rank, const uint32_t *dim) {
    json_t *list = json_array();
    for (uint32_t d = 0; list && d < rank; d++) json_array_append_new(list, json_integer(dim[d]));
    return list;
}

static assay_status run_layers(struct program_call *c) {
    const assay_layers *layers = c->model->extension(c->model, ASSAY_LAYERS);
    json_t *list = json_array();
    for (uint32_t i = 0; i < layers->count(c->model); i++) {
        assay_layer layer;
        layers->get(c->model, i, &layer);
        json_array_append_new(list, json_pack("{s:s, s:s, s:o}", "name", layer.name, "op", layer.op, "shape",
                                              dimensions(layer.output.rank, layer.output.dim)));
    }
    return program_reply_list(c, "layers", list, layers->count(c->model));
}

static assay_status run_inspect(struct program_call *c) {
    const assay_layers *layers = c->model->extension(c->model, ASSAY_LAYERS);
    const bool gradient = json_is_true(json_object_get(c->frame->header, "gradient"));
    json_int_t index;
    assay_layer layer;
    if (!program_whole(c, "layer", true, 0, (json_int_t)layers->count(c->model) - 1, 0, &index)) return ASSAY_FAILED;
    layers->get(c->model, (uint32_t)index, &layer);
    struct shape shape = {1, {c->n}};
    for (uint32_t d = 0; d < layer.output.rank; d++) shape.dim[shape.rank++] = layer.output.dim[d];
    float *activation = program_reply(c, "activation", &shape), *slopes = NULL;
    if (!activation || (gradient && !(slopes = program_reply(c, "gradient", &shape)))) return ASSAY_FAILED;
    return layers->inspect(c->model, (uint32_t)index, c->n, program_given(c, "x"), program_given(c, "targets"),
                           activation, slopes, c->why);
}

static const assay_parameter *find_parameter(const struct program_weights *w, const char *name) {
    for (uint32_t i = 0; name && i < w->count; i++)
        if (strcmp(w->of[i].name, name) == 0) return &w->of[i];
    return NULL;
}

static assay_status send_weights(struct program_call *c, const json_t *names) {
    size_t bytes = 0, n = json_array_size(names);
    if (!json_is_array(names)) return assay_say(c->why, ASSAY_FAILED, "'names': wanted a list of names");
    c->many = calloc(n + 1, sizeof *c->many);
    if (!c->many) return assay_say(c->why, ASSAY_FAILED, "out of memory");
    for (size_t i = 0; i < n; i++) {
        const char *name = json_string_value(json_array_get(names, i));
        const assay_parameter *p = find_parameter(c->weights, name);
        if (!p)
            return assay_say(c->why, ASSAY_FAILED, "the network has no parameter '%s'",
                             excerpt_of(name ? name : "").text);
        struct frame_array *a = &c->many[i];
        *a = (struct frame_array){p->name, FRAME_FLOAT, {p->rank, {0}}, (void *)p->data};
        for (uint32_t d = 0; d < p->rank; d++) a->shape.dim[d] = p->dim[d];
        bytes += p->count * sizeof(float);
        if (bytes > FRAME_BYTES_MAX)
            return assay_say(c->why, ASSAY_FAILED, "more than %zu bytes: fewer names at a time wanted",
                             FRAME_BYTES_MAX);
    }
    c->answer_count = n;
    return ASSAY_OK;
}

static assay_status run_weights(struct program_call *c) {
    const json_t *names = json_object_get(c->frame->header, "names");
    if (names) return send_weights(c, names);
    json_t *list = json_array();
    for (uint32_t i = 0; i < c->weights->count; i++) {
        const assay_parameter *p = &c->weights->of[i];
        json_array_append_new(list,
                              json_pack("[s, o, s]", p->name, dimensions(p->rank, p->dim), c->weights->digests[i]));
    }
    return program_reply_list(c, "weights", list, c->weights->count);
}

static assay_status run_random(struct program_call *c) {
    const assay_random *random = handle_host()->extension(handle_host(), ASSAY_RANDOM);
    const char *kind = frame_text(c->frame, "kind");
    json_int_t first, count;
    uint64_t seed;
    if (!kind || (strcmp(kind, "uniform") != 0 && strcmp(kind, "normal") != 0))
        return assay_say(c->why, ASSAY_FAILED, "'kind': wanted uniform or normal");
    if (!program_whole(c, "first", false, 0, (json_int_t)1 << 52, 0, &first) ||
        !program_whole(c, "count", true, 1, RANDOM_MAX, 0, &count))
        return ASSAY_FAILED;
    const struct shape shape = {1, {(size_t)count}};
    float *out = program_reply(c, "out", &shape);
    if (!out) return ASSAY_FAILED;
    memcpy(&seed, program_given(c, "seed"), sizeof seed);
    (*kind == 'u' ? random->uniform : random->normal)(seed, (uint64_t)first, (size_t)count, out);
    return ASSAY_OK;
}

/* ---- Samples of the data ---- */

static assay_status run_background(struct program_call *c) {
    const assay_background *background = c->model->extension(c->model, ASSAY_BACKGROUND);
    uint32_t count = 0;
    const float *samples = background ? background->samples(c->model, &count) : NULL;
    if (!samples) return assay_say(c->why, ASSAY_UNSUPPORTED, "no samples of the data are known of this network");
    c->n = count;
    float *out = program_reply_form(c, PROGRAM_SAMPLES);
    if (!out) return ASSAY_FAILED;
    memcpy(out, samples, count * c->model->input.count * sizeof *out);
    return ASSAY_OK;
}

static assay_status run_operators(struct program_call *c) {
    static const char *const roles[] = {
        [ASSAY_ROLE_LAYER] = "layer",         [ASSAY_ROLE_LINEAR] = "linear",       [ASSAY_ROLE_MOVE] = "move",
        [ASSAY_ROLE_RECTIFIER] = "rectifier", [ASSAY_ROLE_POINTWISE] = "pointwise", [ASSAY_ROLE_MAXIMUM] = "maximum",
        [ASSAY_ROLE_OTHER] = "other",
    };
    const assay_propagation *host = c->model->extension(c->model, ASSAY_PROPAGATION);
    json_t *list = json_array();
    for (uint32_t i = 0; i < host->count(c->model); i++) {
        assay_operator op;
        if (!host->get(c->model, i, &op)) break;
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:b}", "name", op.name, "op", op.op, "role",
                                              roles[op.role], "first", op.first));
    }
    return program_reply_list(c, "operators", list, host->count(c->model));
}

const struct program_op program_questions[] = {
    {"layers", {{0}}, run_layers},
    {"inspect",
     {{"x", FRAME_FLOAT, PROGRAM_SAMPLES, NULL}, {"targets", FRAME_UINT, PROGRAM_NUMBERS, "gradient"}},
     run_inspect},
    {"weights", {{0}}, run_weights},
    {"random", {{"seed", FRAME_ULONG, PROGRAM_ONE, NULL}}, run_random},
    {"background", {{0}}, run_background},
    {"operators", {{0}}, run_operators},
    {0},
};
