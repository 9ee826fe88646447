/* The guarded call. */
#include "host/call.h"

#include "base/text.h"
#include "host/process_state.h"

#include <stdlib.h>
#include <string.h>

/* Of one request. */
#define REQUEST_ELEMENTS (1u << 20)

#define GUARD ((size_t)8192) /* words before and behind the maps */
#define GUARD_BEFORE 0x5ca1ab1eu
#define GUARD_BEHIND 0xdecade00u

uint32_t call_request_size(size_t elements, uint32_t inputs) {
    size_t most = REQUEST_ELEMENTS / elements + 1;
    return inputs < most ? inputs : (uint32_t)most;
}

bool call_init(struct call *call, const assay_explainer *explainer, size_t count, uint32_t most, struct error *e) {
    *call = (struct call){.explainer = explainer, .count = count, .most = most};
    if (count == 0 || most == 0 || count > (SIZE_MAX / sizeof(float) - 2 * GUARD) / most)
        return error_set(e, "a request of %u samples of %zu elements: wanted some that fit in memory", most, count);
    size_t total = most * count;
    call->inputs = malloc(total * sizeof *call->inputs);
    call->targets = malloc(most * sizeof *call->targets);
    call->seeds = malloc(most * sizeof *call->seeds);
    call->arena = malloc((total + 2 * GUARD) * sizeof *call->arena);
    return (call->inputs && call->targets && call->seeds && call->arena) || error_memory(e);
}

void call_finish(struct call *call) {
    free(call->inputs);
    free(call->targets);
    free(call->seeds);
    free(call->arena);
    *call = (struct call){0};
}

/* Every word is another, so that no block copied from elsewhere in the guard goes unnoticed. */
static void guard_fill(float *out, uint32_t word) {
    for (size_t k = 0; k < GUARD; k++, word += 7) memcpy(&out[k], &word, sizeof word);
}

static bool guard_holds(const float *data, uint32_t word) {
    for (size_t k = 0; k < GUARD; k++, word += 7)
        if (memcmp(&data[k], &word, sizeof word) != 0) return false;
    return true;
}

bool call_unwritten(const float *maps, size_t n, uint32_t nan) {
    for (size_t k = 0; k < n; k++)
        if (memcmp(&maps[k], &nan, sizeof nan) != 0) return false;
    return true;
}

static void prepare(struct call *call, const assay_request *request, uint32_t nan) {
    size_t total = request->n * call->count;
    float *maps = call->arena + GUARD;
    memcpy(call->inputs, request->inputs, total * sizeof *call->inputs);
    memcpy(call->targets, request->targets, request->n * sizeof *call->targets);
    memcpy(call->seeds, request->seeds, request->n * sizeof *call->seeds);
    guard_fill(call->arena, GUARD_BEFORE);
    for (size_t k = 0; k < total; k++) memcpy(&maps[k], &nan, sizeof nan);
    guard_fill(maps + total, GUARD_BEHIND);
    call->why[0] = 0;
}

/* Looks whether anything but the maps was written to. */
static void inspect(struct call *call, const assay_request *request, bool same_model) {
    size_t total = request->n * call->count;
    const char *touched = NULL;
    if (memcmp(call->inputs, request->inputs, total * sizeof *call->inputs) != 0)
        touched = "the plugin wrote to the inputs, which it may only read";
    else if (memcmp(call->targets, request->targets, request->n * sizeof *call->targets) != 0)
        touched = "the plugin wrote to the targets, which it may only read";
    else if (memcmp(call->seeds, request->seeds, request->n * sizeof *call->seeds) != 0)
        touched = "the plugin wrote to the seeds, which it may only read";
    else if (!same_model) touched = "the plugin wrote to the model handle, which it may only read";
    if (touched) call->read_only = touched;
    if (!guard_holds(call->arena, GUARD_BEFORE) || !guard_holds(call->arena + GUARD + total, GUARD_BEHIND))
        call->outside = "the plugin wrote before or behind its maps";
}

assay_status call_make(struct call *call, struct handle *handle, const assay_request *request, uint32_t nan,
                       float *maps) {
    assay_request sent = {request->n, call->inputs, call->targets, call->seeds};
    assay_why why = {call->why, sizeof call->why};
    struct process_state state;
    assay_model model;
    if (request->n > call->most)
        return assay_say(&why, ASSAY_FAILED, "a request of %u samples: at most %u wanted", request->n, call->most);
    prepare(call, request, nan);
    memcpy(&model, &handle->model, sizeof model);
    process_state_save(&state);
    assay_status status = call->explainer->attribute(call->explainer, &handle->model, &sent, call->arena + GUARD, &why);
    process_state_restore(&state);
    call->why[sizeof call->why - 1] = 0;
    text_clean_in_place(call->why);
    inspect(call, request, memcmp(&model, &handle->model, sizeof model) == 0);
    memcpy(&handle->model, &model, sizeof model);
    memcpy(maps, call->arena + GUARD, request->n * call->count * sizeof *maps);
    return status;
}

const char *call_breach(const struct call *call) {
    return call->outside ? call->outside : call->read_only;
}
