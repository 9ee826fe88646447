#include "host/conformance_bench.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMO_BYTES ((size_t)64 << 20)
#define GUARD 64u /* words before and after the maps */
#define GUARD_BEFORE 0x5ca1ab1eu
#define GUARD_BEHIND 0xdecade00u

void bench_say(const struct bench *bench, const char *id, enum conformance_state state, const char *format, ...) {
    if (bench->report->count == CONFORMANCE_MAX) {
        return;
    }
    struct conformance_line *line = &bench->report->lines[bench->report->count++];
    va_list list;
    line->state = state;
    snprintf(line->id, sizeof line->id, "%s", id);
    va_start(list, format);
    vsnprintf(line->sentence, sizeof line->sentence, format, list);
    va_end(list);
}

bool bench_init(struct bench *bench, const struct conformance_case *given, struct conformance_report *report,
                struct error *e) {
    *bench = (struct bench){.given = given, .targets = given->targets, .seeds = given->seeds, .report = report};
    if ((!given->memo && !memo_create(MEMO_BYTES, &bench->memo, e)) ||
        !net_create_with(given->weights, &given->net, &bench->net, e) ||
        !handle_create(bench->net, &bench->handle, e)) {
        return false;
    }
    const struct graph *graph = given->weights->graph;
    bench->handle->crew = given->crew;
    bench->handle->memo = given->memo ? given->memo : bench->memo;
    bench->model = bench->handle->model;
    bench->count = bench->model.input.count;
    size_t n = given->n, total = n * bench->count;
    if (total == 0 || bench->count > (SIZE_MAX / sizeof(float) / 2 - 2 * GUARD) / n) {
        return error_set(e, "conformance of %zu samples of %zu elements: wanted 1 or more that fit in memory", n,
                         bench->count);
    }
    bench->sent_inputs = malloc(total * sizeof(float));
    bench->sent_targets = malloc(n * sizeof(uint32_t));
    bench->sent_seeds = malloc(n * sizeof(uint64_t));
    bench->arena = malloc((total + 2 * GUARD) * sizeof(float));
    bench->first = malloc(total * sizeof(float));
    bench->second = malloc(total * sizeof(float));
    bench->digests = calloc(graph->value_count, sizeof *bench->digests);
    if (!bench->sent_inputs || !bench->sent_targets || !bench->sent_seeds || !bench->arena || !bench->first ||
        !bench->second || !bench->digests) {
        return error_memory(e);
    }
    for (uint32_t v = 0; v < graph->value_count; v++) {
        if (graph->values[v].kind == VALUE_PARAMETER) {
            weights_digest(given->weights, v, bench->digests[v]);
        }
    }
    return true;
}

void bench_finish(struct bench *bench) {
    handle_destroy(bench->handle);
    net_destroy(bench->net);
    memo_destroy(bench->memo);
    free(bench->sent_inputs);
    free(bench->sent_targets);
    free(bench->sent_seeds);
    free(bench->arena);
    free(bench->first);
    free(bench->second);
    free(bench->digests);
}

static void words_fill(float *out, size_t n, uint32_t word, uint32_t step) {
    for (size_t k = 0; k < n; k++, word += step) {
        memcpy(&out[k], &word, sizeof word);
    }
}

bool words_are(const float *data, size_t n, uint32_t word, uint32_t step) {
    for (size_t k = 0; k < n; k++, word += step) {
        if (memcmp(&data[k], &word, sizeof word) != 0) {
            return false;
        }
    }
    return true;
}

static bool model_same(const assay_model *a, const assay_model *b) {
    return a->host == b->host && memcmp(&a->input, &b->input, sizeof a->input) == 0 && a->outputs == b->outputs &&
           a->forward == b->forward && a->gradient == b->gradient && a->gradient_sum == b->gradient_sum &&
           a->extension == b->extension;
}

/* Looks after a call on samples `from`..`from + n - 1` whether anything but the maps was written to. */
static void bench_inspect(struct bench *bench, uint32_t from, uint32_t n) {
    const float *inputs = bench->given->inputs + from * bench->count;
    const char *touched = NULL;
    if (memcmp(bench->sent_inputs, inputs, n * bench->count * sizeof(float)) != 0) {
        touched = "the inputs";
    } else if (memcmp(bench->sent_targets, bench->targets + from, n * sizeof(uint32_t)) != 0) {
        touched = "the targets";
    } else if (memcmp(bench->sent_seeds, bench->seeds + from, n * sizeof(uint64_t)) != 0) {
        touched = "the seeds";
    } else if (!model_same(&bench->handle->model, &bench->model)) {
        touched = "the model handle";
    }
    bench->touched = touched ? touched : bench->touched;
    bench->handle->model = bench->model;
    if (!words_are(bench->arena, GUARD, GUARD_BEFORE, 7) ||
        !words_are(bench->arena + GUARD + n * bench->count, GUARD, GUARD_BEHIND, 7)) {
        bench->guard_broken = true;
    }
}

assay_status bench_call(struct bench *bench, uint32_t from, uint32_t n, uint32_t canary, float *out) {
    size_t size = n * bench->count;
    float *maps = bench->arena + GUARD;
    memcpy(bench->sent_inputs, bench->given->inputs + from * bench->count, size * sizeof(float));
    memcpy(bench->sent_targets, bench->targets + from, n * sizeof(uint32_t));
    memcpy(bench->sent_seeds, bench->seeds + from, n * sizeof(uint64_t));
    words_fill(bench->arena, GUARD, GUARD_BEFORE, 7);
    words_fill(maps, size, canary, 0);
    words_fill(maps + size, GUARD, GUARD_BEHIND, 7);

    const assay_explainer *explainer = bench->given->explainer;
    assay_request request = {n, bench->sent_inputs, bench->sent_targets, bench->sent_seeds};
    assay_why why = {bench->why, sizeof bench->why};
    bench->why[0] = 0;
    assay_status status = explainer->attribute(explainer, &bench->handle->model, &request, maps, &why);
    bench->why[sizeof bench->why - 1] = 0;
    bench_inspect(bench, from, n);
    memcpy(out, maps, size * sizeof *out);
    return status;
}

bool bench_again(struct bench *bench, uint32_t from, uint32_t n, const char *id, float *out) {
    if (bench_call(bench, from, n, CANARY_B, out) == ASSAY_OK) {
        return true;
    }
    bench->failed = true;
    bench_say(bench, id, CONFORMANCE_BREACH, "a later call failed although the first did not: %.150s", bench->why);
    return false;
}

const char *bench_changed_weights(const struct bench *bench) {
    const struct graph *graph = bench->given->weights->graph;
    char digest[65];
    for (uint32_t v = 0; v < graph->value_count; v++) {
        if (graph->values[v].kind == VALUE_PARAMETER) {
            weights_digest(bench->given->weights, v, digest);
            if (strcmp(digest, bench->digests[v]) != 0) {
                return graph->values[v].name;
            }
        }
    }
    return NULL;
}
