/* The checks of conformance, each a sentence of the report. */
#include "host/conformance.h"

#include "host/conformance_claims.h"
#include "host/conformance_trial.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OTHER_SEED 0x9e3779b97f4a7c15u

static bool check_answer(struct trial *trial) {
    const assay_request batch = trial_batch(trial);
    assay_status status = trial_call(trial, &batch, CALL_NAN_A, trial->first);
    trial->report->forward = trial->handle->forward;
    trial->report->backward = trial->handle->backward;
    trial->report->ruled = trial->handle->ruled;
    handle_inspected(trial->handle, trial->report->inspected, sizeof trial->report->inspected);
    const char *why = trial->call.why[0] ? trial->call.why : "no reason given";
    if (status == ASSAY_UNSUPPORTED) {
        trial->report->unsupported = true;
        snprintf(trial->report->why, sizeof trial->report->why, "%.390s", why);
        trial_say(trial, "answer", CONFORMANCE_UNSUPPORTED, "the %s does not support this model: %.300s",
                  trial->given->program ? "program" : "plugin", why);
        return false;
    }
    if (status != ASSAY_OK && trial->handle->not_finite) {
        trial_say(trial, "answer", CONFORMANCE_BREACH,
                  CONFORMANCE_NETWORK "%s not finite: the explainer cannot be judged on it.",
                  trial->handle->not_finite);
        return false;
    }
    if (status != ASSAY_OK && trial->given->program) {
        bool blamed = strncmp(why, CONFORMANCE_PROGRAM, strlen(CONFORMANCE_PROGRAM)) == 0;
        trial_say(trial, "answer", CONFORMANCE_BREACH, "%s%.350s", blamed ? "" : CONFORMANCE_PROGRAM "failed: ", why);
        return false;
    }
    if (status != ASSAY_OK) {
        trial_say(trial, "answer", CONFORMANCE_BREACH, "the plugin failed with status %d: %.300s", (int)status, why);
        return false;
    }
    trial_say(trial, "answer", CONFORMANCE_OK, "a batch of %u was explained", trial->given->n);
    return trial_again(trial, &batch, "repeat", trial->second);
}

static bool check_written(struct trial *trial) {
    size_t total = trial->given->n * trial->count, missing = 0, at = 0;
    for (size_t k = 0; k < total; k++)
        if (call_unwritten(trial->first + k, 1, CALL_NAN_A) && call_unwritten(trial->second + k, 1, CALL_NAN_B))
            at = missing++ ? at : k;
    if (missing) {
        trial_say(trial, "written", CONFORMANCE_BREACH,
                  "%zu of %zu elements were not written, the first at element %zu of map %zu", missing, total,
                  at % trial->count, at / trial->count);
    } else {
        trial_say(trial, "written", CONFORMANCE_OK, "all %zu elements were written", total);
    }
    return missing == 0;
}

static bool check_finite(struct trial *trial) {
    size_t total = trial->given->n * trial->count;
    for (size_t k = 0; k < total; k++) {
        if (!isfinite(trial->first[k])) {
            trial_say(trial, "finite", CONFORMANCE_BREACH, "element %zu of map %zu is %g", k % trial->count,
                      k / trial->count, (double)trial->first[k]);
            return false;
        }
    }
    trial_say(trial, "finite", CONFORMANCE_OK, "every value is finite");
    return true;
}

static void check_repeat(struct trial *trial) {
    size_t bytes = trial->count * sizeof(float);
    for (uint32_t i = 0; i < trial->given->n; i++) {
        if (memcmp(trial->first + i * trial->count, trial->second + i * trial->count, bytes) != 0) {
            trial_say(trial, "repeat", CONFORMANCE_BREACH, "the same request gave another map %u the second time", i);
            return;
        }
    }
    trial_say(trial, "repeat", CONFORMANCE_OK, "the same request gave the same bytes twice");
}

static void check_batch(struct trial *trial) {
    static const double allowed = 1e-4;
    uint32_t n = trial->given->n;
    double worst = 0;
    if (n < 2) {
        trial_say(trial, "batch", CONFORMANCE_UNSUPPORTED, "a batch of one says nothing about larger ones");
        return;
    }
    for (uint32_t k = 0; k < trial->single_count; k++) {
        uint32_t i = trial->singles[k];
        const assay_request single = trial_single(trial, i);
        if (!trial_again(trial, &single, "batch", trial->second)) return;
        double here = trial_distance(trial->first + i * trial->count, trial->second, trial->count);
        if (!(here <= allowed)) {
            trial_say(trial, "batch", CONFORMANCE_BREACH,
                      "map %u in a batch of %u is not that of the same input alone: relative distance %.2g, allowed %g",
                      i, n, here, allowed);
            return;
        }
        worst = fmax(worst, here);
    }
    if (trial->single_count == n)
        trial_say(trial, "batch", CONFORMANCE_OK,
                  "a batch of %u equals as many single calls: relative distance at most %.2g", n, worst);
    else
        trial_say(trial, "batch", CONFORMANCE_OK,
                  "a batch of %u equals single calls at %u positions: relative distance at most %.2g", n,
                  trial->single_count, worst);
}

static void check_seed(struct trial *trial) {
    bool claimed = trial->given->claims & ASSAY_STOCHASTIC;
    uint64_t seeds[TRIAL_GROUP];
    uint32_t n = trial->group_count, changed;
    assay_request other = trial_group(trial);
    for (uint32_t i = 0; i < n; i++) seeds[i] = trial->group_seeds[i] ^ OTHER_SEED;
    other.seeds = seeds;
    if (!trial_count_changed(trial, &other, "seed", &changed)) return;
    if (claimed && changed == 0 && trial_model_is_linear(trial)) {
        trial_say(trial, "seed", CONFORMANCE_UNSUPPORTED,
                  "claims STOCHASTIC, but on a linear model noise may cancel out");
    } else if (claimed && changed == 0) {
        trial_say(trial, "seed", CONFORMANCE_BREACH, "claims STOCHASTIC, but another seed gave the same %u maps", n);
    } else if (!claimed && changed > 0) {
        trial_say(trial, "seed", CONFORMANCE_BREACH,
                  "does not claim STOCHASTIC, but another seed changed %u of %u maps", changed, n);
    } else {
        trial_say(trial, "seed", CONFORMANCE_OK, "another seed gave %s", claimed ? "other maps" : "the same maps");
    }
}

/* What all calls left behind. */
static void check_memory(struct trial *trial) {
    const char *changed = trial_changed_weights(trial);
    const struct call *call = &trial->call;
    if (call->outside) trial_say(trial, "guard", CONFORMANCE_BREACH, "%s", call->outside);
    else trial_say(trial, "guard", CONFORMANCE_OK, "nothing was written around the maps");
    if (call->read_only) trial_say(trial, "untouched", CONFORMANCE_BREACH, "%s", call->read_only);
    else trial_say(trial, "untouched", CONFORMANCE_OK, "inputs, targets, seeds and the model handle are as they were");
    if (changed)
        trial_say(trial, "weights", CONFORMANCE_BREACH, "the plugin changed the weights of the model: %.80s", changed);
    else trial_say(trial, "weights", CONFORMANCE_OK, "the weights of the model are as they were");
}

bool conformance_check(const struct conformance_case *given, struct conformance_report *report, struct error *e) {
    struct trial trial;
    memset(report, 0, sizeof *report);
    bool ok = trial_init(&trial, given, report, e);
    if (ok && check_answer(&trial) && check_written(&trial) && check_finite(&trial)) {
        check_repeat(&trial);
        check_batch(&trial);
        if (!trial.failed) check_seed(&trial);
        ok = conformance_check_claims(&trial, e);
    }
    if (ok) check_memory(&trial);
    trial_finish(&trial);
    return ok;
}
