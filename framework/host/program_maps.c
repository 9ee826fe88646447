/* program_maps.c: asking for maps, answering calls until they come. */
#include "host/program_maps.h"

#include "base/text.h"
#include "host/program_ops.h"

#include <string.h>

struct asked {
    struct program *program;
    int64_t id;
    const assay_model *model;
    const assay_request *request;
    struct program_weights weights;
    struct shape shape; /* of the inputs, and of the maps */
    float *maps;
    assay_why *why;
};

static const struct handle *handle_of(const assay_model *model) {
    return model->host;
}

static bool send_request(const struct asked *a, struct error *e) {
    const assay_request *r = a->request;
    const struct handle *handle = handle_of(a->model);
    const struct shape each = {1, {r->n}};
    const struct frame_array arrays[] = {{"inputs", FRAME_FLOAT, a->shape, (void *)r->inputs},
                                         {"targets", FRAME_UINT, each, (void *)r->targets},
                                         {"seeds", FRAME_ULONG, each, (void *)r->seeds}};
    json_t *keys = json_pack("{s:s, s:I, s:I, s:I, s:s, s:s}", "type", "attribute", "id", (json_int_t)a->id, "n",
                             (json_int_t)r->n, "outputs", (json_int_t)a->model->outputs, "variant", a->weights.all,
                             "kind", handle->kind ? handle->kind : HANDLE_KIND_OTHER);
    return frame_send(&a->program->stream, keys, arrays, sizeof arrays / sizeof *arrays, e);
}

static bool is_answer_to(const struct asked *a, const struct frame *f, struct error *e) {
    const json_t *id = json_object_get(f->header, "id");
    return (json_is_integer(id) && json_integer_value(id) == a->id) ||
           error_set(e, "sent a frame '%s' whose 'id' is not that of the request, %lld", excerpt_of(f->type).text,
                     (long long)a->id);
}

static bool take_maps(const struct asked *a, struct frame *f, struct error *e) {
    const struct frame_array *maps = frame_find(f, "maps");
    char have[128], want[128];
    if (!is_answer_to(a, f, e)) return false;
    if (!maps || f->array_count != 1) return error_set(e, "sent 'maps' without the one array 'maps'");
    if (maps->type != FRAME_FLOAT || !shape_equal(&maps->shape, &a->shape))
        return error_set(e, "sent maps of %s%s: <f4 %s, the shape of the inputs, wanted",
                         maps->type == FRAME_FLOAT ? "" : "another type and ",
                         shape_text(&maps->shape, have, sizeof have), shape_text(&a->shape, want, sizeof want));
    if (!frame_take(&a->program->stream, f, e)) return false;
    memcpy(a->maps, maps->data, frame_array_bytes(maps));
    return true;
}

static bool take_error(const struct asked *a, const struct frame *f, assay_status *status, struct error *e) {
    const char *word = frame_text(f, "status"), *message = frame_text(f, "message");
    bool unsupported = word && strcmp(word, "unsupported") == 0;
    if (!is_answer_to(a, f, e)) return false;
    if (!unsupported && !(word && strcmp(word, "failed") == 0))
        return error_set(e, "sent an error whose 'status' is neither unsupported nor failed");
    *status = assay_say(a->why, unsupported ? ASSAY_UNSUPPORTED : ASSAY_FAILED, "%s",
                        message && *message ? message : "The program failed and gave no reason.");
    return frame_skip(&a->program->stream, f, e);
}

/* One frame; *over when it was the last. */
static bool take_frame(const struct asked *a, struct frame *f, bool *over, assay_status *status, struct error *e) {
    struct frame_stream *s = &a->program->stream;
    const struct handle *handle = handle_of(a->model);
    if (!frame_receive(s, f, e)) return false;
    if (handle->beat) handle->beat(handle->beat_user);
    *over = strcmp(f->type, "call") != 0;
    if (!*over) return program_answer(s, f, a->model, &a->weights, e);
    if (strcmp(f->type, "maps") == 0) return take_maps(a, f, e);
    if (strcmp(f->type, "error") == 0) return take_error(a, f, status, e);
    return error_set(e, "sent a frame '%s' where a call, maps or an error was due", excerpt_of(f->type).text);
}

assay_status program_maps(struct program *p, int64_t id, const assay_model *model, const assay_request *request,
                          float *maps, bool *broken, assay_why *why) {
    struct asked a = {.program = p, .id = id, .model = model, .request = request, .maps = maps, .why = why};
    struct error e = {{0}};
    assay_status status = ASSAY_OK;
    bool over = false;
    a.shape.dim[a.shape.rank++] = request->n;
    for (uint32_t d = 0; d < model->input.rank; d++) a.shape.dim[a.shape.rank++] = model->input.dim[d];
    bool ok = program_weights_init(model, &a.weights, &e) && send_request(&a, &e);
    while (ok && !over) {
        struct frame f = {0};
        ok = take_frame(&a, &f, &over, &status, &e);
        frame_finish(&f);
    }
    program_weights_finish(&a.weights);
    *broken = p->broken = !ok;
    if (ok) return status;
    program_tell_end(p, &e);
    text_clean_in_place(e.text);
    return assay_say(why, ASSAY_FAILED, "The program %s.", e.text);
}
