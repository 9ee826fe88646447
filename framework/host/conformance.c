#include "host/conformance.h"

#include "host/conformance_bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OTHER_SEED 0x9e3779b97f4a7c15u

const char *conformance_state_name(enum conformance_state state) {
    static const char *const names[] = {"ok", "breach", "warning", "unsupported"};
    return names[state];
}

const struct conformance_line *conformance_breach(const struct conformance_report *report) {
    for (uint32_t i = 0; i < report->count; i++) {
        if (report->lines[i].state == CONFORMANCE_BREACH) {
            return &report->lines[i];
        }
    }
    return NULL;
}

/* ---- The checks ---- */

static bool check_answer(struct bench *bench) {
    assay_status status = bench_call(bench, 0, bench->given->n, CANARY_A, bench->first);
    bench->report->forward = bench->handle->forward;
    bench->report->backward = bench->handle->backward;
    const char *why = bench->why[0] ? bench->why : "no reason given";
    if (status == ASSAY_UNSUPPORTED) {
        bench->report->unsupported = true;
        snprintf(bench->report->why, sizeof bench->report->why, "%s", why);
        bench_say(bench, "answer", CONFORMANCE_UNSUPPORTED, "the plugin does not support this model: %.150s", why);
        return false;
    }
    if (status != ASSAY_OK) {
        bench_say(bench, "answer", CONFORMANCE_BREACH, "the plugin failed with status %d: %.150s", (int)status, why);
        return false;
    }
    bench_say(bench, "answer", CONFORMANCE_OK, "a batch of %u was explained", bench->given->n);
    return bench_again(bench, 0, bench->given->n, "repeat", bench->second);
}

static bool check_written(struct bench *bench) {
    size_t total = bench->given->n * bench->count, missing = 0, at = 0;
    for (size_t k = 0; k < total; k++) {
        if (words_are(bench->first + k, 1, CANARY_A, 0) && words_are(bench->second + k, 1, CANARY_B, 0)) {
            at = missing++ ? at : k;
        }
    }
    if (missing) {
        bench_say(bench, "written", CONFORMANCE_BREACH,
                  "%zu of %zu elements were not written, the first at element %zu of map %zu", missing, total,
                  at % bench->count, at / bench->count);
    } else {
        bench_say(bench, "written", CONFORMANCE_OK, "all %zu elements were written", total);
    }
    return missing == 0;
}

static bool check_finite(struct bench *bench) {
    size_t total = bench->given->n * bench->count;
    for (size_t k = 0; k < total; k++) {
        if (!isfinite(bench->first[k])) {
            bench_say(bench, "finite", CONFORMANCE_BREACH, "element %zu of map %zu is %g", k % bench->count,
                      k / bench->count, (double)bench->first[k]);
            return false;
        }
    }
    bench_say(bench, "finite", CONFORMANCE_OK, "every value is finite");
    return true;
}

static void check_repeat(struct bench *bench) {
    size_t bytes = bench->count * sizeof(float);
    for (uint32_t i = 0; i < bench->given->n; i++) {
        if (memcmp(bench->first + i * bench->count, bench->second + i * bench->count, bytes) != 0) {
            bench_say(bench, "repeat", CONFORMANCE_BREACH, "the same request gave another map %u the second time", i);
            return;
        }
    }
    bench_say(bench, "repeat", CONFORMANCE_OK, "the same request gave the same bytes twice");
}

static double distance(const float *a, const float *b, size_t n) {
    double difference = 0, size = 0;
    for (size_t k = 0; k < n; k++) {
        difference += ((double)a[k] - (double)b[k]) * ((double)a[k] - (double)b[k]);
        size += (double)b[k] * (double)b[k];
    }
    return difference > 0 ? sqrt(difference / size) : 0; /* against a map of zeros: infinite */
}

static void check_batch(struct bench *bench) {
    static const double allowed = 1e-4;
    double worst = 0;
    if (bench->given->n < 2) {
        bench_say(bench, "batch", CONFORMANCE_UNSUPPORTED, "a batch of one says nothing about larger ones");
        return;
    }
    for (uint32_t i = 0; i < bench->given->n; i++) {
        if (!bench_again(bench, i, 1, "batch", bench->second)) {
            return;
        }
        double here = distance(bench->first + i * bench->count, bench->second, bench->count);
        if (!(here <= allowed)) {
            bench_say(bench, "batch", CONFORMANCE_BREACH,
                      "map %u in a batch of %u is not that of the same input alone: relative distance %.2g, allowed %g",
                      i, bench->given->n, here, allowed);
            return;
        }
        worst = fmax(worst, here);
    }
    bench_say(bench, "batch", CONFORMANCE_OK,
              "a batch of %u equals as many single calls: relative distance at most %.2g", bench->given->n, worst);
}

/* Whether the gradient is the same at two quite different points: then noise on the input changes nothing. */
static bool model_is_linear(struct bench *bench) {
    struct error ignored;
    const float *x = bench->given->inputs;
    float *moved = bench->sent_inputs, *there = bench->second;
    float *here = malloc(bench->count * sizeof *here);
    bool linear = false;
    if (here) {
        for (size_t k = 0; k < bench->count; k++) {
            moved[k] = k % 2 ? -x[k] - 1 : 1 - x[k];
        }
        linear = net_gradient(bench->net, NET_GRADIENT, 1, x, bench->given->targets, here, &ignored) &&
                 net_gradient(bench->net, NET_GRADIENT, 1, moved, bench->given->targets, there, &ignored) &&
                 distance(here, there, bench->count) < 1e-5;
    }
    free(here);
    return linear;
}

/* Maps of the whole batch after a change of the request that are not those of the first call. */
static uint32_t count_changed(const struct bench *bench) {
    uint32_t changed = 0;
    for (uint32_t i = 0; i < bench->given->n; i++) {
        size_t at = i * bench->count;
        changed += memcmp(bench->first + at, bench->second + at, bench->count * sizeof(float)) != 0;
    }
    return changed;
}

static bool check_seed(struct bench *bench, struct error *e) {
    uint32_t n = bench->given->n;
    bool claimed = bench->given->claims & ASSAY_STOCHASTIC;
    uint64_t *seeds = malloc(n * sizeof *seeds);
    if (!seeds) {
        return error_memory(e);
    }
    for (uint32_t i = 0; i < n; i++) {
        seeds[i] = bench->given->seeds[i] ^ OTHER_SEED;
    }
    bench->seeds = seeds;
    if (bench_again(bench, 0, n, "seed", bench->second)) {
        uint32_t changed = count_changed(bench);
        if (claimed && changed == 0 && model_is_linear(bench)) {
            bench_say(bench, "seed", CONFORMANCE_UNSUPPORTED,
                      "claims STOCHASTIC, but on a linear model noise may cancel out");
        } else if (claimed && changed == 0) {
            bench_say(bench, "seed", CONFORMANCE_BREACH, "claims STOCHASTIC, but another seed gave the same %u maps",
                      n);
        } else if (!claimed && changed > 0) {
            bench_say(bench, "seed", CONFORMANCE_BREACH,
                      "does not claim STOCHASTIC, but another seed changed %u of %u maps", changed, n);
        } else {
            bench_say(bench, "seed", CONFORMANCE_OK, "another seed gave %s", claimed ? "other maps" : "the same maps");
        }
    }
    bench->seeds = bench->given->seeds;
    free(seeds);
    return true;
}

static void check_non_negative(struct bench *bench) {
    size_t total = bench->given->n * bench->count;
    if (!(bench->given->claims & ASSAY_NON_NEGATIVE)) {
        return;
    }
    for (size_t k = 0; k < total; k++) {
        if (bench->first[k] < 0) {
            bench_say(bench, "non-negative", CONFORMANCE_BREACH,
                      "claims NON_NEGATIVE, but element %zu of map %zu is %g", k % bench->count, k / bench->count,
                      (double)bench->first[k]);
            return;
        }
    }
    bench_say(bench, "non-negative", CONFORMANCE_OK, "no value is below zero");
}

static bool check_class_blind(struct bench *bench, struct error *e) {
    uint32_t n = bench->given->n, classes = bench->model.outputs;
    if (!(bench->given->claims & ASSAY_CLASS_BLIND)) {
        return true;
    }
    if (classes < 2) {
        bench_say(bench, "class-blind", CONFORMANCE_UNSUPPORTED, "a model of one output has no other class to ask for");
        return true;
    }
    uint32_t *targets = malloc(n * sizeof *targets);
    if (!targets) {
        return error_memory(e);
    }
    for (uint32_t i = 0; i < n; i++) {
        targets[i] = (bench->given->targets[i] + 1) % classes;
    }
    bench->targets = targets;
    if (bench_again(bench, 0, n, "class-blind", bench->second)) {
        uint32_t changed = count_changed(bench);
        if (changed) {
            bench_say(bench, "class-blind", CONFORMANCE_BREACH,
                      "claims CLASS_BLIND, but another target changed %u of %u maps", changed, n);
        } else {
            bench_say(bench, "class-blind", CONFORMANCE_OK, "another target gave the same maps");
        }
    }
    bench->targets = bench->given->targets;
    free(targets);
    return true;
}

/* The sum of map i against f(x) - f(baseline); no breach, since it depends on the number of steps. */
static bool check_complete(struct bench *bench, struct error *e) {
    uint32_t n = bench->given->n, classes = bench->model.outputs, worst_at = 0;
    double worst = 0, worst_sum = 0, worst_wanted = 0;
    if (!(bench->given->claims & ASSAY_COMPLETE)) {
        return true;
    }
    float *logits = calloc((size_t)n + 1, classes * sizeof *logits);
    float *baseline = bench->sent_inputs, *from = logits ? logits + (size_t)n * classes : NULL;
    for (size_t k = 0; k < bench->count; k++) {
        baseline[k] = (float)bench->given->baseline;
    }
    bool ok = logits ? net_forward(bench->net, n, bench->given->inputs, logits, e) &&
                           net_forward(bench->net, 1, baseline, from, e)
                     : error_memory(e);
    for (uint32_t i = 0; ok && i < n; i++) {
        double sum = 0, size = 0, there = (double)logits[(size_t)i * classes + bench->given->targets[i]];
        double start = (double)from[bench->given->targets[i]];
        for (size_t k = 0; k < bench->count; k++) {
            sum += (double)bench->first[i * bench->count + k];
            size += fabs((double)bench->first[i * bench->count + k]);
        }
        double allowed = .05 * fabs(there - start) + .01 * size; /* quadrature errs in proportion to what it adds up */
        double share = fabs(sum - (there - start)) / fmax(allowed, 1e-30);
        if (i == 0 || share > worst) {
            worst = share, worst_at = i, worst_sum = sum, worst_wanted = there - start;
        }
    }
    if (ok) {
        bench_say(bench, "complete", worst <= 1 ? CONFORMANCE_OK : CONFORMANCE_WARNING,
                  "map %u, the furthest off, sums to %.5g where f(x) - f(baseline) is %.5g%s", worst_at, worst_sum,
                  worst_wanted, worst <= 1 ? "" : ": more steps may bring it nearer");
    }
    free(logits);
    return ok;
}

/* What all calls left behind. */
static void check_memory(struct bench *bench) {
    const char *changed = bench_changed_weights(bench);
    if (bench->guard_broken) {
        bench_say(bench, "guard", CONFORMANCE_BREACH, "the plugin wrote before or behind its maps");
    } else {
        bench_say(bench, "guard", CONFORMANCE_OK, "nothing was written around the maps");
    }
    if (bench->touched) {
        bench_say(bench, "untouched", CONFORMANCE_BREACH, "the plugin wrote to %s, which it may only read",
                  bench->touched);
    } else {
        bench_say(bench, "untouched", CONFORMANCE_OK, "inputs, targets, seeds and the model handle are as they were");
    }
    if (changed) {
        bench_say(bench, "weights", CONFORMANCE_BREACH, "the plugin changed the weights of the model: %.80s", changed);
    } else {
        bench_say(bench, "weights", CONFORMANCE_OK, "the weights of the model are as they were");
    }
}

bool conformance_check(const struct conformance_case *given, struct conformance_report *report, struct error *e) {
    struct bench bench;
    memset(report, 0, sizeof *report);
    bool ok = bench_init(&bench, given, report, e);
    if (ok && check_answer(&bench) && check_written(&bench) && check_finite(&bench)) {
        check_repeat(&bench);
        check_batch(&bench);
        ok = bench.failed || check_seed(&bench, e);
        check_non_negative(&bench);
        ok = ok && (bench.failed || check_class_blind(&bench, e)) && check_complete(&bench, e);
    }
    if (ok) {
        check_memory(&bench);
    }
    bench_finish(&bench);
    return ok;
}
