/* program_ops.c: a call of a program: what it gives is checked by the table of its operation, which then answers. */
#include "host/program_ops.h"

#include "base/clock.h"
#include "base/text.h"
#include "host/program_call.h"

#include <stdlib.h>
#include <string.h>

#define WHY_SIZE 512

/* ---- Arguments ---- */

const void *program_given(const struct program_call *c, const char *name) {
    const struct frame_array *a = frame_find(c->frame, name);
    return a ? a->data : NULL;
}

bool program_whole(const struct program_call *c, const char *key, bool required, json_int_t low, json_int_t high,
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

struct shape program_shape(const struct program_call *c, enum program_form form) {
    switch (form) {
    case PROGRAM_SAMPLES: return sample_shape(c->model, c->n);
    case PROGRAM_SAMPLE: return sample_shape(c->model, 0);
    case PROGRAM_LOGITS: return (struct shape){2, {c->n, c->model->outputs}};
    case PROGRAM_NUMBERS: return (struct shape){1, {c->n}};
    default: return (struct shape){1, {1}};
    }
}

/* ---- Answers ---- */

float *program_reply(struct program_call *c, const char *name, const struct shape *shape) {
    float *out = malloc(shape_count(shape) * sizeof *out);
    if (!out) {
        assay_say(c->why, ASSAY_FAILED, "out of memory");
        return NULL;
    }
    c->memory[c->answer_count] = out;
    c->answers[c->answer_count++] = (struct frame_array){name, FRAME_FLOAT, *shape, out};
    return out;
}

float *program_reply_form(struct program_call *c, enum program_form form) {
    const struct shape shape = program_shape(c, form);
    return program_reply(c, "out", &shape);
}

assay_status program_reply_list(struct program_call *c, const char *key, json_t *list, size_t count) {
    bool ok = json_array_size(list) == count && json_object_set(c->keys, key, list) == 0;
    json_decref(list);
    return ok ? ASSAY_OK : assay_say(c->why, ASSAY_FAILED, "out of memory");
}

/* ---- A call ---- */

static bool is_wanted(const struct program_call *c, const struct program_want *w) {
    return !w->with || json_is_true(json_object_get(c->frame->header, w->with));
}

/* The first array that an op wants says how many samples there are. */
static assay_status check_arrays(struct program_call *c, const struct program_op *op) {
    size_t wanted = 0;
    for (const struct program_want *w = op->wants; w < op->wants + PROGRAM_WANTS_MAX && w->name; w++) {
        const struct frame_array *a = frame_find(c->frame, w->name);
        if (!is_wanted(c, w)) continue;
        if (!a) return assay_say(c->why, ASSAY_FAILED, "%s: no array '%s'", op->name, w->name);
        if (w == op->wants && w->form != PROGRAM_ONE) {
            if (!a->shape.rank || a->shape.dim[0] > UINT32_MAX / 4)
                return assay_say(c->why, ASSAY_FAILED, "%s: array '%s' of no samples", op->name, w->name);
            c->n = (uint32_t)a->shape.dim[0];
        }
        const struct shape shape = program_shape(c, w->form);
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

static const struct program_op *find_op(const char *name) {
    static const struct program_op *const tables[] = {program_passes, program_questions};
    for (size_t t = 0; name && t < sizeof tables / sizeof *tables; t++)
        for (const struct program_op *op = tables[t]; op->name; op++)
            if (strcmp(op->name, name) == 0) return op;
    return NULL;
}

/* Sizes are checked before anything is allocated. */
static bool take_call(struct frame_stream *s, struct frame *frame, struct program_call *c, assay_status *status,
                      struct error *e) {
    const char *name = frame_text(frame, "op");
    const struct program_op *op = find_op(name);
    if (!op) *status = assay_say(c->why, ASSAY_UNSUPPORTED, "no operation '%s'", excerpt_of(name ? name : "").text);
    else *status = check_arrays(c, op);
    if (*status != ASSAY_OK) return frame_skip(s, frame, e);
    if (!frame_take(s, frame, e)) return false;
    *status = op->run(c);
    return true;
}

static bool send_answer(struct frame_stream *s, struct program_call *c, json_t *id, assay_status status, double seconds,
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
    struct program_call c = {.model = model, .weights = weights, .frame = frame, .keys = json_object(), .why = &why};
    json_t *id = json_object_get(frame->header, "id");
    assay_status status = ASSAY_OK;
    double start = clock_seconds();
    bool ok = c.keys ? json_is_integer(id) || error_set(e, "sent a call without a whole number as its 'id'")
                     : error_memory(e);
    ok = ok && take_call(s, frame, &c, &status, e) && send_answer(s, &c, id, status, clock_seconds() - start, e);
    for (int i = 0; i < PROGRAM_ANSWERS_MAX; i++) free(c.memory[i]);
    free(c.many);
    json_decref(c.keys);
    return ok;
}
