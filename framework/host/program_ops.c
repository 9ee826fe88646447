/* program_ops.c: a table of operations: which arrays each wants, and how it is answered. */
#include "host/program_ops.h"

#include "base/clock.h"
#include "base/text.h"
#include "host/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHY_SIZE 512
#define WANTS_MAX 4
#define ANSWERS_MAX 2
#define RANDOM_MAX (1 << 26) /* numbers at a time */

/* What the dimensions of an array have to be. */
enum form { SAMPLES, SAMPLE, NUMBERS, LOGITS, ONE }; /* [n, ...], [...], [n], [n, K], [1] */

struct want {
    const char *name;
    enum frame_type type;
    enum form form;
    const char *with; /* wanted only where that key is true */
};

struct call {
    const assay_model *model;
    const struct program_weights *weights;
    const struct frame *frame;
    uint32_t n;
    json_t *keys;                                   /* of the answer */
    struct frame_array answers[ANSWERS_MAX], *many; /* many: of any number, in place of `answers` */
    size_t answer_count;
    float *memory[ANSWERS_MAX]; /* of the answers, if they are its own */
    assay_why *why;
};

struct op {
    const char *name;
    struct want wants[WANTS_MAX];
    assay_status (*run)(struct call *);
};

/* ---- Arguments ---- */

static const void *given(const struct call *c, const char *name) {
    const struct frame_array *a = frame_find(c->frame, name);
    return a ? a->data : NULL;
}

/* A whole number in [low, high]. */
static bool whole(const struct call *c, const char *key, bool required, json_int_t low, json_int_t high,
                  json_int_t fallback, json_int_t *out) {
    const json_t *value = json_object_get(c->frame->header, key);
    *out = value ? json_integer_value(value) : fallback;
    if (!value && !required) return true;
    if (value && json_is_integer(value) && *out >= low && *out <= high) return true;
    assay_say(c->why, ASSAY_FAILED, "'%s': wanted a whole number from %lld to %lld", key, (long long)low,
              (long long)high);
    return false;
}

static struct shape sample_shape(const assay_model *model, uint32_t n) {
    struct shape shape = {0};
    if (n) shape.dim[shape.rank++] = n;
    for (uint32_t d = 0; d < model->input.rank; d++) shape.dim[shape.rank++] = model->input.dim[d];
    return shape;
}

static struct shape form_shape(const struct call *c, enum form form) {
    switch (form) {
    case SAMPLES: return sample_shape(c->model, c->n);
    case SAMPLE: return sample_shape(c->model, 0);
    case LOGITS: return (struct shape){2, {c->n, c->model->outputs}};
    case NUMBERS: return (struct shape){1, {c->n}};
    default: return (struct shape){1, {1}};
    }
}

/* ---- Answers ---- */

/* Room for an answer, which becomes an array of the frame. */
static float *reply(struct call *c, const char *name, const struct shape *shape) {
    float *out = malloc(shape_count(shape) * sizeof *out);
    if (!out) {
        assay_say(c->why, ASSAY_FAILED, "out of memory");
        return NULL;
    }
    c->memory[c->answer_count] = out;
    c->answers[c->answer_count++] = (struct frame_array){name, FRAME_FLOAT, *shape, out};
    return out;
}

static float *reply_form(struct call *c, enum form form) {
    const struct shape shape = form_shape(c, form);
    return reply(c, "out", &shape);
}

static assay_status run_forward(struct call *c) {
    float *out = reply_form(c, LOGITS);
    return out ? c->model->forward(c->model, c->n, given(c, "x"), out, c->why) : ASSAY_FAILED;
}

static assay_status run_gradient(struct call *c) {
    static const char *const rules[] = {
        [ASSAY_RULE_GRADIENT] = "gradient", [ASSAY_RULE_GUIDED] = "guided", [ASSAY_RULE_DECONVNET] = "deconvnet"};
    const assay_backward *backward = c->model->extension(c->model, ASSAY_BACKWARD);
    const json_t *value = json_object_get(c->frame->header, "rule");
    const char *name = value ? json_string_value(value) : rules[0];
    size_t rule = 0;
    while (name && rule < sizeof rules / sizeof *rules && strcmp(rules[rule], name) != 0) rule++;
    if (!name || rule == sizeof rules / sizeof *rules)
        return assay_say(c->why, ASSAY_UNSUPPORTED, "rule '%s': this assay has gradient, guided and deconvnet",
                         name ? excerpt_of(name).text : "that is no text");
    float *out = reply_form(c, SAMPLES);
    if (!out) return ASSAY_FAILED;
    if (rule == ASSAY_RULE_GRADIENT)
        return c->model->gradient(c->model, c->n, given(c, "x"), given(c, "targets"), out, c->why);
    return backward->gradient(c->model, (assay_rule)rule, c->n, given(c, "x"), given(c, "targets"), out, c->why);
}

static assay_status run_gradient_sum(struct call *c) {
    float *out = reply_form(c, SAMPLE);
    return out ? c->model->gradient_sum(c->model, c->n, given(c, "x"), given(c, "targets"), given(c, "weights"), out,
                                        c->why)
               : ASSAY_FAILED;
}

static assay_status run_line(struct call *c) {
    const assay_line *line = c->model->extension(c->model, ASSAY_LINE);
    json_int_t target;
    if (!whole(c, "target", true, 0, (json_int_t)c->model->outputs - 1, 0, &target)) return ASSAY_FAILED;
    float *out = reply_form(c, SAMPLE);
    return out ? line->gradient_sum(c->model, given(c, "from"), given(c, "to"), (uint32_t)target, c->n,
                                    given(c, "positions"), given(c, "weights"), out, c->why)
               : ASSAY_FAILED;
}

static assay_status run_vjp(struct call *c) {
    const assay_vjp *vjp = c->model->extension(c->model, ASSAY_VJP);
    float *out = reply_form(c, SAMPLES);
    return out ? vjp->vjp(c->model, c->n, given(c, "x"), given(c, "cotangent"), out, c->why) : ASSAY_FAILED;
}

static json_t *dimensions(uint32_t rank, const uint32_t *dim) {
    json_t *list = json_array();
    for (uint32_t d = 0; list && d < rank; d++) json_array_append_new(list, json_integer(dim[d]));
    return list;
}

static assay_status run_layers(struct call *c) {
    const assay_layers *layers = c->model->extension(c->model, ASSAY_LAYERS);
    json_t *list = json_array();
    for (uint32_t i = 0; i < layers->count(c->model); i++) {
        assay_layer layer;
        layers->get(c->model, i, &layer);
        json_array_append_new(list, json_pack("{s:s, s:s, s:o}", "name", layer.name, "op", layer.op, "shape",
                                              dimensions(layer.output.rank, layer.output.dim)));
    }
    if (json_array_size(list) != layers->count(c->model) || json_object_set(c->keys, "layers", list) != 0) {
        json_decref(list);
        return assay_say(c->why, ASSAY_FAILED, "out of memory");
    }
    json_decref(list);
    return ASSAY_OK;
}

static assay_status run_inspect(struct call *c) {
    const assay_layers *layers = c->model->extension(c->model, ASSAY_LAYERS);
    const bool gradient = json_is_true(json_object_get(c->frame->header, "gradient"));
    json_int_t index;
    assay_layer layer;
    if (!whole(c, "layer", true, 0, (json_int_t)layers->count(c->model) - 1, 0, &index)) return ASSAY_FAILED;
    layers->get(c->model, (uint32_t)index, &layer);
    struct shape shape = {1, {c->n}};
    for (uint32_t d = 0; d < layer.output.rank; d++) shape.dim[shape.rank++] = layer.output.dim[d];
    float *activation = reply(c, "activation", &shape), *slopes = NULL;
    if (!activation || (gradient && !(slopes = reply(c, "gradient", &shape)))) return ASSAY_FAILED;
    return layers->inspect(c->model, (uint32_t)index, c->n, given(c, "x"), given(c, "targets"), activation, slopes,
                           c->why);
}

static const assay_parameter *find_parameter(const struct program_weights *w, const char *name) {
    for (uint32_t i = 0; name && i < w->count; i++)
        if (strcmp(w->of[i].name, name) == 0) return &w->of[i];
    return NULL;
}

static assay_status send_weights(struct call *c, const json_t *names) {
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

static assay_status run_weights(struct call *c) {
    const json_t *names = json_object_get(c->frame->header, "names");
    if (names) return send_weights(c, names);
    json_t *list = json_array();
    for (uint32_t i = 0; i < c->weights->count; i++) {
        const assay_parameter *p = &c->weights->of[i];
        json_array_append_new(list,
                              json_pack("[s, o, s]", p->name, dimensions(p->rank, p->dim), c->weights->digests[i]));
    }
    bool ok = json_array_size(list) == c->weights->count && json_object_set(c->keys, "weights", list) == 0;
    json_decref(list);
    return ok ? ASSAY_OK : assay_say(c->why, ASSAY_FAILED, "out of memory");
}

static assay_status run_random(struct call *c) {
    const assay_random *random = handle_host()->extension(handle_host(), ASSAY_RANDOM);
    const char *kind = frame_text(c->frame, "kind");
    json_int_t first, count;
    uint64_t seed;
    if (!kind || (strcmp(kind, "uniform") != 0 && strcmp(kind, "normal") != 0))
        return assay_say(c->why, ASSAY_FAILED, "'kind': wanted uniform or normal");
    if (!whole(c, "first", false, 0, (json_int_t)1 << 52, 0, &first) ||
        !whole(c, "count", true, 1, RANDOM_MAX, 0, &count))
        return ASSAY_FAILED;
    const struct shape shape = {1, {(size_t)count}};
    float *out = reply(c, "out", &shape);
    if (!out) return ASSAY_FAILED;
    memcpy(&seed, given(c, "seed"), sizeof seed);
    (*kind == 'u' ? random->uniform : random->normal)(seed, (uint64_t)first, (size_t)count, out);
    return ASSAY_OK;
}

#define X                                                                                                              \
    { "x", FRAME_FLOAT, SAMPLES, NULL }
#define TARGETS                                                                                                        \
    { "targets", FRAME_UINT, NUMBERS, NULL }
#define WEIGHTS                                                                                                        \
    { "weights", FRAME_FLOAT, NUMBERS, NULL }

static const struct op ops[] = {
    {"forward", {X}, run_forward},
    {"gradient", {X, TARGETS}, run_gradient},
    {"gradient_sum", {X, TARGETS, WEIGHTS}, run_gradient_sum},
    {"line",
     {{"positions", FRAME_FLOAT, NUMBERS, NULL},
      WEIGHTS,
      {"from", FRAME_FLOAT, SAMPLE, NULL},
      {"to", FRAME_FLOAT, SAMPLE, NULL}},
     run_line},
    {"vjp", {X, {"cotangent", FRAME_FLOAT, LOGITS, NULL}}, run_vjp},
    {"layers", {{0}}, run_layers},
    {"inspect", {X, {"targets", FRAME_UINT, NUMBERS, "gradient"}}, run_inspect},
    {"weights", {{0}}, run_weights},
    {"random", {{"seed", FRAME_ULONG, ONE, NULL}}, run_random},
};

/* ---- A call ---- */

static bool is_wanted(const struct call *c, const struct want *w) {
    return !w->with || json_is_true(json_object_get(c->frame->header, w->with));
}

/* The first array that an op wants says how many samples there are. */
static assay_status check_arrays(struct call *c, const struct op *op) {
    size_t wanted = 0;
    for (const struct want *w = op->wants; w < op->wants + WANTS_MAX && w->name; w++) {
        const struct frame_array *a = frame_find(c->frame, w->name);
        if (!is_wanted(c, w)) continue;
        if (!a) return assay_say(c->why, ASSAY_FAILED, "%s: no array '%s'", op->name, w->name);
        if (w == op->wants && w->form != ONE) {
            if (!a->shape.rank || a->shape.dim[0] > UINT32_MAX / 4)
                return assay_say(c->why, ASSAY_FAILED, "%s: array '%s' of no samples", op->name, w->name);
            c->n = (uint32_t)a->shape.dim[0];
        }
        const struct shape shape = form_shape(c, w->form);
        if (a->type != w->type || !shape_equal(&a->shape, &shape)) {
            char have[128], want[128];
            return assay_say(c->why, ASSAY_FAILED, "%s: array '%s' of %s %s: %s %s wanted", op->name, w->name,
                             frame_type_name(a->type), shape_text(&a->shape, have, sizeof have),
                             frame_type_name(w->type), shape_text(&shape, want, sizeof want));
        }
        wanted++;
    }
    if (wanted == c->frame->array_count) return ASSAY_OK;
    return assay_say(c->why, ASSAY_FAILED, "%s: %zu arrays: %zu wanted", op->name, c->frame->array_count, wanted);
}

static const struct op *find_op(const char *name) {
    for (size_t i = 0; name && i < sizeof ops / sizeof *ops; i++)
        if (strcmp(ops[i].name, name) == 0) return &ops[i];
    return NULL;
}

/* Sizes are checked before anything is allocated. */
static bool take_call(struct frame_stream *s, struct frame *frame, struct call *c, assay_status *status,
                      struct error *e) {
    const char *name = frame_text(frame, "op");
    const struct op *op = find_op(name);
    if (!op) *status = assay_say(c->why, ASSAY_UNSUPPORTED, "no operation '%s'", excerpt_of(name ? name : "").text);
    else *status = check_arrays(c, op);
    if (*status != ASSAY_OK) return frame_skip(s, frame, e);
    if (!frame_take(s, frame, e)) return false;
    *status = op->run(c);
    return true;
}

static bool send_answer(struct frame_stream *s, struct call *c, json_t *id, assay_status status, double seconds,
                        struct error *e) {
    if (status != ASSAY_OK) {
        text_clean_in_place(c->why->text);
        return frame_send(s,
                          json_pack("{s:s, s:O, s:s, s:s}", "type", "error", "id", id, "status",
                                    status == ASSAY_UNSUPPORTED ? "unsupported" : "failed", "message", c->why->text),
                          NULL, 0, e);
    }
    json_object_set_new(c->keys, "type", json_string("answer"));
    json_object_set(c->keys, "id", id);
    json_object_set_new(c->keys, "us", json_integer((json_int_t)(seconds * 1e6)));
    return frame_send(s, json_incref(c->keys), c->many ? c->many : c->answers, c->answer_count, e);
}

bool program_answer(struct frame_stream *s, struct frame *frame, const assay_model *model,
                    const struct program_weights *weights, struct error *e) {
    char text[WHY_SIZE] = "it failed without a reason";
    assay_why why = {text, sizeof text};
    struct call c = {.model = model, .weights = weights, .frame = frame, .keys = json_object(), .why = &why};
    json_t *id = json_object_get(frame->header, "id");
    assay_status status = ASSAY_OK;
    double start = clock_seconds();
    bool ok = c.keys ? json_is_integer(id) || error_set(e, "sent a call without a whole number as its 'id'")
                     : error_memory(e);
    ok = ok && take_call(s, frame, &c, &status, e) && send_answer(s, &c, id, status, clock_seconds() - start, e);
    for (int i = 0; i < ANSWERS_MAX; i++) free(c.memory[i]);
    free(c.many);
    json_decref(c.keys);
    return ok;
}

/* ---- Parameters ---- */

/* Networks of the same parameters may differ in what they do with them. */
static bool digest_layers(const assay_model *model, struct text *all) {
    const assay_layers *layers = model->extension(model, ASSAY_LAYERS);
    for (uint32_t i = 0; i < layers->count(model); i++) {
        assay_layer layer;
        layers->get(model, i, &layer);
        text_add(all, "%s %s\n", layer.op, layer.name);
    }
    return !all->failed;
}

bool program_weights_init(const assay_model *model, struct program_weights *w, struct error *e) {
    const assay_weights *weights = model->extension(model, ASSAY_WEIGHTS);
    struct text all = {0};
    *w = (struct program_weights){.count = weights->count(model)};
    w->of = calloc(w->count + (size_t)1, sizeof *w->of);
    w->digests = calloc(w->count + (size_t)1, sizeof *w->digests);
    bool ok = w->of && w->digests;
    for (uint32_t i = 0; ok && i < w->count; i++) {
        weights->get(model, i, &w->of[i]);
        data_digest(w->of[i].data, w->of[i].count * sizeof(float), w->digests[i]);
        text_add(&all, "%s %s\n", w->of[i].name, w->digests[i]);
    }
    text_add(&all, "%u outputs\n", model->outputs);
    ok = ok && digest_layers(model, &all);
    if (ok) data_digest(all.data, all.length, w->all);
    text_finish(&all);
    return ok || error_memory(e);
}

void program_weights_finish(struct program_weights *w) {
    free(w->of);
    free(w->digests);
    *w = (struct program_weights){0};
}
