#include "host/conformance_trial.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMO_BYTES ((size_t)64 << 20)
#define GUARD 64u /* words before and after the maps */
#define GUARD_BEFORE 0x5ca1ab1eu
#define GUARD_BEHIND 0xdecade00u

void trial_say(const struct trial *trial, const char *id, enum conformance_state state, const char *format, ...) {
    if (trial->report->count == CONFORMANCE_MAX) return;
    struct conformance_line *line = &trial->report->lines[trial->report->count++];
    va_list list;
    line->state = state;
    snprintf(line->id, sizeof line->id, "%s", id);
    va_start(list, format);
    vsnprintf(line->sentence, sizeof line->sentence, format, list);
    va_end(list);
}

bool trial_init(struct trial *trial, const struct conformance_case *given, struct conformance_report *report,
                struct error *e) {
    *trial = (struct trial){.given = given, .targets = given->targets, .seeds = given->seeds, .report = report};
    if ((!given->memo && !memo_create(MEMO_BYTES, &trial->memo, e)) ||
        !net_create_with(given->weights, &given->net, &trial->net, e) || !handle_create(trial->net, &trial->handle, e))
        return false;
    const struct graph *graph = given->weights->graph;
    trial->handle->helpers = given->helpers;
    trial->handle->memo = given->memo ? given->memo : trial->memo;
    trial->model = trial->handle->model;
    trial->count = trial->model.input.count;
    size_t n = given->n, total = n * trial->count;
    if (total == 0 || trial->count > (SIZE_MAX / sizeof(float) / 2 - 2 * GUARD) / n) {
        return error_set(e, "conformance of %zu samples of %zu elements: wanted 1 or more that fit in memory", n,
                         trial->count);
    }
    trial->sent_inputs = malloc(total * sizeof(float));
    trial->sent_targets = malloc(n * sizeof(uint32_t));
    trial->sent_seeds = malloc(n * sizeof(uint64_t));
    trial->arena = malloc((total + 2 * GUARD) * sizeof(float));
    trial->first = malloc(total * sizeof(float));
    trial->second = malloc(total * sizeof(float));
    trial->digests = calloc(graph->value_count, sizeof *trial->digests);
    if (!trial->sent_inputs || !trial->sent_targets || !trial->sent_seeds || !trial->arena || !trial->first ||
        !trial->second || !trial->digests)
        return error_memory(e);
    for (uint32_t v = 0; v < graph->value_count; v++)
        if (graph->values[v].kind == VALUE_PARAMETER) weights_digest(given->weights, v, trial->digests[v]);
    return true;
}

void trial_finish(struct trial *trial) {
    handle_destroy(trial->handle);
    net_destroy(trial->net);
    memo_destroy(trial->memo);
    free(trial->sent_inputs);
    free(trial->sent_targets);
    free(trial->sent_seeds);
    free(trial->arena);
    free(trial->first);
    free(trial->second);
    free(trial->digests);
}

static void words_fill(float *out, size_t n, uint32_t word, uint32_t step) {
    for (size_t k = 0; k < n; k++, word += step) memcpy(&out[k], &word, sizeof word);
}

bool words_are(const float *data, size_t n, uint32_t word, uint32_t step) {
    for (size_t k = 0; k < n; k++, word += step)
        if (memcmp(&data[k], &word, sizeof word) != 0) return false;
    return true;
}

static bool model_same(const assay_model *a, const assay_model *b) {
    return a->host == b->host && memcmp(&a->input, &b->input, sizeof a->input) == 0 && a->outputs == b->outputs &&
           a->forward == b->forward && a->gradient == b->gradient && a->gradient_sum == b->gradient_sum &&
           a->extension == b->extension;
}

/* Looks after a call on samples `from`..`from + n - 1` whether anything but the maps was written to. */
static void trial_inspect(struct trial *trial, uint32_t from, uint32_t n) {
    const float *inputs = trial->given->inputs + from * trial->count;
    const char *touched = NULL;
    if (memcmp(trial->sent_inputs, inputs, n * trial->count * sizeof(float)) != 0) touched = "the inputs";
    else if (memcmp(trial->sent_targets, trial->targets + from, n * sizeof(uint32_t)) != 0) touched = "the targets";
    else if (memcmp(trial->sent_seeds, trial->seeds + from, n * sizeof(uint64_t)) != 0) touched = "the seeds";
    else if (!model_same(&trial->handle->model, &trial->model)) touched = "the model handle";
    trial->touched = touched ? touched : trial->touched;
    trial->handle->model = trial->model;
    if (!words_are(trial->arena, GUARD, GUARD_BEFORE, 7) ||
        !words_are(trial->arena + GUARD + n * trial->count, GUARD, GUARD_BEHIND, 7))
        trial->guard_broken = true;
}

assay_status trial_call(struct trial *trial, uint32_t from, uint32_t n, uint32_t canary, float *out) {
    size_t size = n * trial->count;
    float *maps = trial->arena + GUARD;
    memcpy(trial->sent_inputs, trial->given->inputs + from * trial->count, size * sizeof(float));
    memcpy(trial->sent_targets, trial->targets + from, n * sizeof(uint32_t));
    memcpy(trial->sent_seeds, trial->seeds + from, n * sizeof(uint64_t));
    words_fill(trial->arena, GUARD, GUARD_BEFORE, 7);
    words_fill(maps, size, canary, 0);
    words_fill(maps + size, GUARD, GUARD_BEHIND, 7);

    const assay_explainer *explainer = trial->given->explainer;
    assay_request request = {n, trial->sent_inputs, trial->sent_targets, trial->sent_seeds};
    assay_why why = {trial->why, sizeof trial->why};
    trial->why[0] = 0;
    assay_status status = explainer->attribute(explainer, &trial->handle->model, &request, maps, &why);
    trial->why[sizeof trial->why - 1] = 0;
    trial_inspect(trial, from, n);
    memcpy(out, maps, size * sizeof *out);
    return status;
}

bool trial_again(struct trial *trial, uint32_t from, uint32_t n, const char *id, float *out) {
    if (trial_call(trial, from, n, CANARY_B, out) == ASSAY_OK) return true;
    trial->failed = true;
    trial_say(trial, id, CONFORMANCE_BREACH, "a later call failed although the first did not: %.150s", trial->why);
    return false;
}

const char *trial_changed_weights(const struct trial *trial) {
    const struct graph *graph = trial->given->weights->graph;
    char digest[65];
    for (uint32_t v = 0; v < graph->value_count; v++) {
        if (graph->values[v].kind == VALUE_PARAMETER) {
            weights_digest(trial->given->weights, v, digest);
            if (strcmp(digest, trial->digests[v]) != 0) return graph->values[v].name;
        }
    }
    return NULL;
}
