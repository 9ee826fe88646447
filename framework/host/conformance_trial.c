/* Requests of the conformance checks. */
#include "host/conformance_trial.h"

#include "base/rng.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMO_BYTES ((size_t)64 << 20)

void trial_say(const struct trial *trial, const char *id, enum conformance_state state, const char *format, ...) {
    struct conformance_report *report = trial->report;
    /* No check says so many lines. Were there more, a breach would still be said. */
    if (report->count == CONFORMANCE_MAX && state != CONFORMANCE_BREACH) return;
    struct conformance_line *line =
        &report->lines[report->count < CONFORMANCE_MAX ? report->count++ : report->count - 1];
    va_list list;
    line->state = state;
    snprintf(line->id, sizeof line->id, "%s", id);
    va_start(list, format);
    vsnprintf(line->sentence, sizeof line->sentence, format, list);
    va_end(list);
}

/* All positions of a small batch. Of a large one the first, the last, and one drawn from each of the equal parts
 * between them, so that late ones are always among them. */
static void choose_singles(struct trial *trial) {
    uint32_t n = trial->given->n, count = n < TRIAL_SINGLES ? n : TRIAL_SINGLES;
    struct rng rng = rng_stream(trial->given->seeds[0], "conformance positions", n);
    for (uint32_t k = 0; k < count; k++) {
        uint32_t from = (uint32_t)((uint64_t)k * n / count), end = (uint32_t)((uint64_t)(k + 1) * n / count);
        trial->singles[k] = from + rng_below(&rng, end - from);
    }
    trial->singles[0] = 0;
    trial->singles[count - 1] = n - 1;
    trial->single_count = count;
}

static bool make_group(struct trial *trial, struct error *e) {
    const struct conformance_case *given = trial->given;
    uint32_t last = trial->single_count - 1;
    trial->group_count = last + 1 < TRIAL_GROUP ? last + 1 : TRIAL_GROUP;
    size_t size = trial->group_count * trial->count;
    trial->group_inputs = malloc(size * sizeof *trial->group_inputs);
    trial->group_maps = malloc(size * sizeof *trial->group_maps);
    if (!trial->group_inputs || !trial->group_maps) return error_memory(e);
    for (uint32_t k = 0; k < trial->group_count; k++) {
        uint32_t at = trial->group_count > 1 ? trial->singles[k * last / (trial->group_count - 1)] : 0;
        memcpy(trial->group_inputs + k * trial->count, given->inputs + at * trial->count,
               trial->count * sizeof *trial->group_inputs);
        trial->group_targets[k] = given->targets[at];
        trial->group_seeds[k] = given->seeds[at];
    }
    return true;
}

static bool keep_digests(struct trial *trial, struct error *e) {
    const struct weights *weights = trial->given->weights;
    const struct graph *graph = weights->graph;
    trial->digests = calloc(graph->value_count, sizeof *trial->digests);
    if (!trial->digests) return error_memory(e);
    for (uint32_t v = 0; v < graph->value_count; v++)
        if (graph->values[v].kind == VALUE_PARAMETER) weights_digest(weights, v, trial->digests[v]);
    return true;
}

bool trial_init(struct trial *trial, const struct conformance_case *given, struct conformance_report *report,
                struct error *e) {
    *trial = (struct trial){.given = given, .report = report};
    if ((!given->memo && !memo_create(MEMO_BYTES, &trial->memo, e)) ||
        !net_create_with(given->weights, &given->net, &trial->net, e) ||
        !handle_create(trial->net, &trial->handle, e) ||
        (!given->linear && !handle_refuse_idle_rules(trial->handle, e)))
        return false;
    trial->handle->helpers = given->helpers;
    trial->handle->kind = given->kind;
    if (given->background) handle_background(trial->handle, given->background, given->background_count);
    else handle_background(trial->handle, given->inputs, given->n);
    trial->handle->beat = given->called ? given->before_call : NULL;
    trial->handle->beat_user = given->before_call_user;
    trial->handle->memo = given->memo ? given->memo : trial->memo;
    trial->count = trial->handle->model.input.count;
    if (!call_init(&trial->call, given->explainer, trial->count, given->n, e)) return false;
    size_t total = given->n * trial->count;
    trial->first = malloc(total * sizeof(float));
    trial->second = malloc(total * sizeof(float));
    trial->scratch = malloc(trial->count * sizeof(float));
    if (!trial->first || !trial->second || !trial->scratch) return error_memory(e);
    choose_singles(trial);
    return make_group(trial, e) && keep_digests(trial, e);
}

void trial_finish(struct trial *trial) {
    handle_destroy(trial->handle);
    net_destroy(trial->net);
    memo_destroy(trial->memo);
    call_finish(&trial->call);
    free(trial->first);
    free(trial->second);
    free(trial->scratch);
    free(trial->group_inputs);
    free(trial->group_maps);
    free(trial->digests);
}

assay_request trial_batch(const struct trial *trial) {
    const struct conformance_case *given = trial->given;
    return (assay_request){given->n, given->inputs, given->targets, given->seeds};
}

assay_request trial_single(const struct trial *trial, uint32_t position) {
    const struct conformance_case *given = trial->given;
    return (assay_request){1, given->inputs + position * trial->count, given->targets + position,
                           given->seeds + position};
}

assay_request trial_group(const struct trial *trial) {
    return (assay_request){trial->group_count, trial->group_inputs, trial->group_targets, trial->group_seeds};
}

assay_status trial_call(struct trial *trial, const assay_request *request, uint32_t nan, float *out) {
    if (trial->given->before_call) trial->given->before_call(trial->given->before_call_user);
    return call_make(&trial->call, trial->handle, request, nan, out);
}

bool trial_again(struct trial *trial, const assay_request *request, const char *id, float *out) {
    if (trial_call(trial, request, CALL_NAN_B, out) == ASSAY_OK) return true;
    trial->failed = true;
    trial_say(trial, id, CONFORMANCE_BREACH, "a later call failed although the first did not: %.300s", trial->call.why);
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

double trial_distance(const float *a, const float *b, size_t n) {
    double difference = 0, size = 0;
    for (size_t k = 0; k < n; k++) {
        difference += ((double)a[k] - (double)b[k]) * ((double)a[k] - (double)b[k]);
        size += (double)b[k] * (double)b[k];
    }
    return difference > 0 ? sqrt(difference / size) : 0; /* against a map of zeros: infinite */
}

bool trial_model_is_linear(struct trial *trial) {
    struct error ignored;
    const float *x = trial->given->inputs;
    float *moved = trial->scratch, *there = trial->second;
    float *here = malloc(trial->count * sizeof *here);
    bool linear = false;
    if (here) {
        for (size_t k = 0; k < trial->count; k++) moved[k] = k % 2 ? -x[k] - 1 : 1 - x[k];
        linear = net_gradient(trial->net, NET_GRADIENT, 1, x, trial->given->targets, here, &ignored) &&
                 net_gradient(trial->net, NET_GRADIENT, 1, moved, trial->given->targets, there, &ignored) &&
                 trial_distance(here, there, trial->count) < 1e-5;
    }
    free(here);
    return linear;
}

bool trial_count_changed(struct trial *trial, const assay_request *other, const char *id, uint32_t *changed) {
    const assay_request group = trial_group(trial);
    float *before = trial->second, *after = trial->group_maps;
    bool ok = trial_again(trial, &group, id, before) && trial_again(trial, other, id, after);
    *changed = 0;
    for (uint32_t i = 0; ok && i < trial->group_count; i++) {
        size_t at = i * trial->count;
        *changed += memcmp(before + at, after + at, trial->count * sizeof *after) != 0;
    }
    return ok;
}
