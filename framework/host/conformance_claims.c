/* conformance_claims.c: what an explainer claims of its maps, held against them. */
#include "host/conformance_claims.h"

#include <math.h>
#include <stdlib.h>

static void check_non_negative(struct trial *trial) {
    size_t total = trial->given->n * trial->count;
    if (!(trial->given->claims & ASSAY_NON_NEGATIVE)) return;
    for (size_t k = 0; k < total; k++) {
        if (trial->first[k] < 0) {
            trial_say(trial, "non-negative", CONFORMANCE_BREACH,
                      "claims NON_NEGATIVE, but element %zu of map %zu is %g: correct the map or drop the claim",
                      k % trial->count, k / trial->count, (double)trial->first[k]);
            return;
        }
    }
    trial_say(trial, "non-negative", CONFORMANCE_OK, "no value is below zero");
}

static void check_class_blind(struct trial *trial) {
    uint32_t targets[TRIAL_GROUP];
    uint32_t n = trial->group_count, classes = trial->handle->model.outputs, changed;
    assay_request other = trial_group(trial);
    if (!(trial->given->claims & ASSAY_CLASS_BLIND)) return;
    if (classes < 2) {
        trial_say(trial, "class-blind", CONFORMANCE_UNSUPPORTED, "a model of one output has no other class to ask for");
        return;
    }
    for (uint32_t i = 0; i < n; i++) targets[i] = (trial->group_targets[i] + 1) % classes;
    other.targets = targets;
    if (!trial_count_changed(trial, &other, "class-blind", &changed)) return;
    if (changed) {
        trial_say(trial, "class-blind", CONFORMANCE_BREACH,
                  "claims CLASS_BLIND, but another target changed %u of %u maps: correct the map or drop the claim",
                  changed, n);
    } else {
        trial_say(trial, "class-blind", CONFORMANCE_OK, "another target gave the same maps");
    }
}

/* ---- COMPLETE ---- */

/* Of all maps: sums against f(x) - f(baseline). */
struct completeness {
    double worst, sum, wanted; /* of the map that is furthest off, in units of what is allowed */
    uint32_t at;
    double off, all; /* summed over maps: what is missing, and what is due */
};

static struct completeness measure_sums(const struct trial *trial, const float *logits, const float *from) {
    struct completeness c = {0};
    uint32_t classes = trial->handle->model.outputs;
    for (uint32_t i = 0; i < trial->given->n; i++) {
        uint32_t target = trial->given->targets[i];
        double sum = 0, size = 0, due = (double)logits[(size_t)i * classes + target] - (double)from[target];
        for (size_t k = 0; k < trial->count; k++) {
            sum += (double)trial->first[i * trial->count + k];
            size += fabs((double)trial->first[i * trial->count + k]);
        }
        double allowed = .05 * fabs(due) + .01 * size; /* quadrature errs in proportion to what it adds up */
        double share = fabs(sum - due) / fmax(allowed, 1e-30);
        c.off += fabs(sum - due);
        c.all += fabs(due);
        if (i > 0 && !(share > c.worst)) continue;
        c.worst = share;
        c.at = i;
        c.sum = sum;
        c.wanted = due;
    }
    return c;
}

/* A share of what is due that no number of steps explains. */
#define MISSING .2

/* In a run a warning, since it depends on the number of steps. */
static bool check_complete(struct trial *trial, struct error *e) {
    uint32_t n = trial->given->n, classes = trial->handle->model.outputs;
    if (!(trial->given->claims & ASSAY_COMPLETE)) return true;
    float *logits = calloc((size_t)n + 1, classes * sizeof *logits);
    float *baseline = trial->scratch, *from = logits ? logits + (size_t)n * classes : NULL;
    for (size_t k = 0; k < trial->count; k++) baseline[k] = (float)trial->given->baseline;
    bool ok = logits ? net_forward(trial->net, n, trial->given->inputs, logits, e) &&
                           net_forward(trial->net, 1, baseline, from, e)
                     : error_memory(e);
    if (ok) {
        const struct completeness c = measure_sums(trial, logits, from);
        bool missing = c.worst > 1 && c.off > MISSING * c.all, cancels = c.worst <= 1 && c.off > MISSING * c.all;
        trial_say(trial, "complete",
                  c.worst <= 1 && !cancels              ? CONFORMANCE_OK
                  : missing && trial->given->all_claims ? CONFORMANCE_BREACH
                                                        : CONFORMANCE_WARNING,
                  "map %u, the furthest off, sums to %.5g where f(x) - f(baseline) is %.5g%s", c.at, c.sum, c.wanted,
                  cancels        ? ": that is near only beside values of the map that cancel"
                  : c.worst <= 1 ? ""
                  : missing      ? ": a part of the path is missing, or the baseline is another"
                                 : ": more steps may bring it nearer");
    }
    free(logits);
    return ok;
}

/* ---- what a run leaves to controls ---- */

/* As the control zero-pixel, of the zeros that the inputs have. */
static void check_multiplier(struct trial *trial) {
    size_t zeros = 0;
    if (!(trial->given->claims & ASSAY_INPUT_MULTIPLIER) || !trial->given->all_claims) return;
    for (uint32_t i = 0; i < trial->given->n; i++) {
        const float *map = trial->first + i * trial->count, *x = trial->given->inputs + i * trial->count;
        double most = 0;
        for (size_t k = 0; k < trial->count; k++) most = fmax(most, fabs((double)map[k]));
        for (size_t k = 0; k < trial->count; k++) {
            if (x[k] < 0 || x[k] > 0) continue;
            zeros++;
            if (fabs((double)map[k]) <= 1e-6 * most) continue;
            trial_say(
                trial, "input-multiplier", CONFORMANCE_BREACH,
                "claims INPUT_MULTIPLIER, but element %zu of map %u is %g where the input is zero: correct the map or drop the claim",
                k, i, (double)map[k]);
            return;
        }
    }
    if (zeros) trial_say(trial, "input-multiplier", CONFORMANCE_OK, "where the input is zero, so is the map");
    else
        trial_say(trial, "input-multiplier", CONFORMANCE_UNSUPPORTED,
                  "claims INPUT_MULTIPLIER, but no element of the inputs is zero");
}

/* As the control linear-identity: there the gradient is the row of W. */
static bool check_linear(struct trial *trial, struct error *e) {
    uint32_t claims = trial->given->claims;
    float *due = trial->second;
    double worst = 0;
    if (!(claims & ASSAY_LINEAR_EXACT) || !trial->given->all_claims || !trial_model_is_linear(trial)) return true;
    for (uint32_t i = 0; i < trial->given->n; i++) {
        const float *x = trial->given->inputs + i * trial->count;
        if (!net_gradient(trial->net, NET_GRADIENT, 1, x, trial->given->targets + i, due, e)) return false;
        for (size_t k = 0; k < trial->count; k++) {
            if (claims & ASSAY_INPUT_MULTIPLIER) due[k] *= x[k];
            if (claims & ASSAY_NON_NEGATIVE) due[k] = fabsf(due[k]);
        }
        worst = fmax(worst, trial_distance(trial->first + i * trial->count, due, trial->count));
    }
    if (worst <= 1e-4)
        trial_say(trial, "linear-exact", CONFORMANCE_OK,
                  "on a linear model the map is the one it claims: relative distance %.2g", worst);
    else
        trial_say(
            trial, "linear-exact", CONFORMANCE_BREACH,
            "claims LINEAR_EXACT, but on a linear model the map is another: relative distance %.2g, allowed %g: correct the map or drop the claim",
            worst, 1e-4);
    return true;
}

bool conformance_check_claims(struct trial *trial, struct error *e) {
    check_non_negative(trial);
    if (!trial->failed) check_class_blind(trial);
    check_multiplier(trial);
    return check_complete(trial, e) && check_linear(trial, e);
}
