/* The check of every message before anything of it is used. */
#include "run/message.h"

#include "base/text.h"
#include "experiment/reduce.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Rounding may take a correlation a little beyond 1. */
#define MOST_SIMILARITY (1 + 1e-9)

bool message_check_text(const char *text, size_t size, const char *what, struct error *e) {
    if (!memchr(text, 0, size)) return error_set(e, "%s has no end", what);
    return text_is_clean(text) || error_set(e, "%s is not plain UTF-8", what);
}

bool message_check_real(double value, double low, double high, const char *what, struct error *e) {
    return (value >= low && value <= high) || error_set(e, "%s is %g: %g to %g was wanted", what, value, low, high);
}

bool message_check_digest(const void *data, size_t size, struct error *e) {
    const char *text = data;
    if (size != FILE_DIGEST_SIZE || text[size - 1])
        return error_set(e, "a digest of %zu bytes: %d were wanted", size, FILE_DIGEST_SIZE);
    return strspn(text, "0123456789abcdef") == size - 1 || error_set(e, "a digest that is not of hex digits");
}

const char *message_damage(struct error *what, const char *sender) {
    const struct error said = *what;
    error_set(what, "%s sent a damaged message: %s.", sender, said.text);
    return what->text;
}

/* ---- units ---- */

void message_pair(const struct unit_message *u, uint32_t index, struct record_pair *out) {
    memcpy(out, u->pairs + index * sizeof *out, sizeof *out);
}

void message_record_check(const struct unit_message *u, uint32_t index, struct record_check *out) {
    memcpy(out, u->checks + index * sizeof *out, sizeof *out);
}

static bool asked_of(const struct run *run, const struct unit_sender *from, const struct record_header *h) {
    for (uint32_t k = 0; !from->reference && k < from->count; k++)
        if (h->row == from->row && from->attributions[k] == h->attribution) return true;
    for (uint32_t t = 0; from->reference && t < from->reference->count; t++) {
        const struct reference_task *task = &from->reference->tasks[t];
        const struct explainer_entry *row = &run->explainers[h->row];
        if (task->attribution == h->attribution && row->yardstick && (task->yardsticks & yardstick_bit(row)))
            return true;
    }
    return false;
}

static bool check_header(const struct run *run, const struct unit_sender *from, const struct record_header *h,
                         struct error *e) {
    if (h->row >= run->explainer_count || h->attribution >= run->plan.attribution_count || !asked_of(run, from, h))
        return error_set(e, "a unit that was not asked for (row %u, attribution %u)", h->row, h->attribution);
    const char *key = run->plan.attributions[h->attribution].key;
    if (store_has_unit(run->store, run->explainers[h->row].name, key))
        return error_set(e, "the unit of %s a second time", key);
    if (h->status > UNIT_FAILED) return error_set(e, "status %u: 0 to %d was wanted", h->status, UNIT_FAILED);
    if (!message_check_text(h->why, sizeof h->why, "the reason", e)) return false;
    if (h->status == UNIT_OK && h->why[0]) return error_set(e, "a reason why a unit failed that did not");
    if (h->status != UNIT_OK && (h->comparisons || h->checks || h->map_elements))
        return error_set(e, "results of a unit that failed");
    return message_check_real(h->seconds, 0, DBL_MAX, "the time it took", e);
}

/* Counts have 32 bits and elements some 30 bytes: their products and sums do not overflow 64. */
static bool split(const unsigned char *data, size_t size, struct unit_message *u, struct error *e) {
    const struct record_header *h = &u->header;
    uint64_t pairs = (uint64_t)h->comparisons * sizeof(struct record_pair),
             checks = (uint64_t)h->checks * sizeof(struct record_check),
             map = (uint64_t)h->map_elements * sizeof(float);
    if (size != sizeof *h + pairs + checks + map)
        return error_set(e, "%zu bytes, which are not what its counts say", size);
    u->pairs = data + sizeof *h;
    u->checks = u->pairs + pairs;
    u->map = u->checks + checks;
    return true;
}

struct pair_check {
    const struct run *run;
    const struct unit_message *u;
    struct error *e;
    uint32_t next;
};

/* A map that is constant in one view is constant in every view of less: fewer pixels, or absolute values. (The rank
 * correlation is undefined for no other reason; SSIM's window has reasons of its own.) */
static bool check_undefined(const struct pair_check *c, const double v[VIEW_COUNT]) {
    bool possible = (!isnan(v[VIEW_SIGNED_ALL]) || isnan(v[VIEW_ABSOLUTE_ALL])) &&
                    (!isnan(v[VIEW_SIGNED_ALL]) || isnan(v[VIEW_SIGNED_NONZERO])) &&
                    (!isnan(v[VIEW_ABSOLUTE_ALL]) || isnan(v[VIEW_ABSOLUTE_NONZERO])) &&
                    (!isnan(v[VIEW_SIGNED_NONZERO]) || isnan(v[VIEW_ABSOLUTE_NONZERO]));
    return possible || error_set(c->e, "comparison %u is undefined where no constant map would be", c->next);
}

static bool check_pair(void *user, const struct record_asked *asked) {
    struct pair_check *c = user;
    const struct run *run = c->run;
    const struct input_set *set = &run->inputs[run->plan.attributions[c->u->header.attribution].root];
    double values[VIEW_COUNT];
    for (uint32_t v = 0; v < VIEW_COUNT; v++, c->next++) {
        struct record_pair p;
        if (c->next >= c->u->header.comparisons) return error_set(c->e, "too few comparisons (%u)", c->next);
        message_pair(c->u, c->next, &p);
        if (p.mismatched != asked->mismatched || p.measure != asked->measure || p.view != v ||
            p.input != set->global[asked->input] || p.other != set->global[asked->other])
            return error_set(c->e,
                             "comparison %u is of inputs %u and %u, measure %u, view %u: of %u and %u, %u, %u was "
                             "wanted",
                             c->next, p.input, p.other, p.measure, p.view, set->global[asked->input],
                             set->global[asked->other], asked->measure, v);
        if (!isnan(p.value) && !message_check_real(p.value, -MOST_SIMILARITY, MOST_SIMILARITY, "a similarity", c->e))
            return false;
        values[v] = p.value;
    }
    return asked->measure != 0 || check_undefined(c, values);
}

static bool check_pairs(const struct run *run, const struct unit_message *u, struct error *e) {
    struct pair_check c = {run, u, e, 0};
    const struct experiment_view view = run_view(run);
    if (!record_each_asked(&view, u->header.row, u->header.attribution, check_pair, &c)) return false;
    return c.next == u->header.comparisons ||
           error_set(e, "%u comparisons: %u were wanted", u->header.comparisons, c.next);
}

/* A number of a study may be missing, and have no limit. */
static bool check_outcome(const struct check *check, const struct record_check *c, struct error *e) {
    if (check->readings) {
        if (isinf(c->worst)) return error_set(e, "a reading is infinite");
        double limit = check->predicate->limit;
        return isnan(limit) ? isnan(c->tolerance) || error_set(e, "a limit of a reading that has none")
                            : message_check_real(c->tolerance, limit, limit, "the limit of a reading", e);
    }
    if (isnan(c->worst)) return error_set(e, "a deviation is not a number");
    return message_check_real(c->tolerance, 0, DBL_MAX, "a tolerance", e);
}

/* One outcome for each input, or the readings of a study. */
static bool check_one(const struct run *run, const struct unit_message *u, uint32_t number, uint32_t *next,
                      struct error *e) {
    const struct check *check = &run->plan.checks[number];
    const struct input_set *set = &run->inputs[run->plan.attributions[check->owner].root];
    for (uint32_t i = 0; i < check_outcomes(check, set->count); i++) {
        struct record_check c;
        uint32_t input = check->readings ? i : set->global[i];
        if (*next >= u->header.checks) return error_set(e, "too few checks (%u)", *next);
        message_record_check(u, (*next)++, &c);
        if (c.check != number || c.input != input)
            return error_set(e, "check %u of input %u: %u of %u was wanted", c.check, c.input, number, input);
        if (!check_outcome(check, &c, e)) return false;
    }
    return true;
}

/* A check that asks for several maps is left out where one of them could not be had: the judge takes that for an
 * ERROR. */
static bool is_left_out(const struct unit_message *u, const struct check *check, uint32_t number, uint32_t next) {
    struct record_check c = {.check = UINT32_MAX};
    if (next < u->header.checks) message_record_check(u, next, &c);
    return check->ask_count > 1 && c.check != number;
}

static bool check_checks(const struct run *run, const struct unit_message *u, struct error *e) {
    uint32_t next = 0;
    for (uint32_t k = 0; k < run->plan.check_count; k++) {
        const struct check *check = &run->plan.checks[k];
        if (check->owner != u->header.attribution || is_left_out(u, check, k, next)) continue;
        if (!check_one(run, u, k, &next, e)) return false;
    }
    return next == u->header.checks || error_set(e, "%u checks: %u were wanted", u->header.checks, next);
}

static bool check_map(const struct run *run, const struct unit_message *u, struct error *e) {
    struct map_shape s = run_map_shape(&run->data->sample, run->explainers[u->header.row].reduction);
    const struct experiment_view view = run_view(run);
    uint32_t places[BATTERY_FIGURE_INPUTS];
    size_t kept = record_kept(&view, u->header.row, u->header.attribution, places);
    size_t wanted = kept * s.channels * s.height * s.width;
    if (u->header.map_elements != wanted)
        return error_set(e, "maps of %u elements: %zu were wanted", u->header.map_elements, wanted);
    for (size_t k = 0; k < wanted; k++) {
        float value;
        memcpy(&value, u->map + k * sizeof value, sizeof value);
        if (!isfinite(value)) return error_set(e, "element %zu of a map is not finite", k);
    }
    return true;
}

bool message_check_unit(const struct run *run, const struct unit_sender *from, const void *data, size_t size,
                        struct unit_message *out, struct error *e) {
    if (size < sizeof out->header) return error_set(e, "a unit of %zu bytes", size);
    memcpy(&out->header, data, sizeof out->header);
    if (!check_header(run, from, &out->header, e) || !split(data, size, out, e)) return false;
    return out->header.status != UNIT_OK ||
           (check_pairs(run, out, e) && check_checks(run, out, e) && check_map(run, out, e));
}

/* ---- audits and trained networks ---- */

/* Whose R2 is any number up to 1, and which has no classes to agree on. */
static bool is_regression(const struct run *run) {
    return run->battery->task == TASK_REGRESSION;
}

static uint32_t named_layers(const struct run *run, const struct attribution *a) {
    uint32_t named = 0;
    for (uint32_t l = 0; a->model.layers && l < run->graph->layer_count; l++) named += a->model.layers[l];
    return named;
}

/* Of a layer that is not there, 0. */
static bool check_activations(const struct run *run, const struct audit_message *a, struct error *e) {
    struct likeness layers;
    if (!likeness_plan(&layers, run, e)) return false;
    for (uint32_t k = 0; k < LIKENESS_LAYERS; k++) {
        double most = k < layers.count ? MOST_SIMILARITY : 0, r = (double)a->activation_r[k];
        bool none = k < layers.count && isnan(r);
        if (!none && !message_check_real(r, -most, most, "a correlation of activations", e)) return false;
    }
    return true;
}

bool message_check_audit(const struct run *run, const struct reference *r, const void *data, size_t size,
                         struct audit_message *out, struct error *e) {
    bool asked = false;
    if (size != sizeof *out) return error_set(e, "an audit of %zu bytes", size);
    memcpy(out, data, sizeof *out);
    for (uint32_t t = 0; t < r->count; t++)
        asked = asked || (r->tasks[t].attribution == out->attribution && r->tasks[t].audit);
    if (!asked || out->attribution >= run->plan.attribution_count)
        return error_set(e, "an audit that was not asked for (attribution %u)", out->attribution);
    if (out->expected > named_layers(run, &run->plan.attributions[out->attribution]) ||
        out->changed > run->graph->layer_count || out->finite > 1)
        return error_set(e, "an audit of layers that are not there");
    return message_check_digest(out->digest, sizeof out->digest, e) &&
           (isnan(out->agreement) ? is_regression(run) || error_set(e, "a share of inputs that is no number")
                                  : message_check_real(out->agreement, 0, MOST_SIMILARITY, "a share of inputs", e)) &&
           (isnan(out->logit_r) ||
            message_check_real(out->logit_r, -MOST_SIMILARITY, MOST_SIMILARITY, "a correlation of logits", e)) &&
           check_activations(run, out, e);
}

bool message_check_trained(const struct run *run, size_t count, const void *data, size_t size,
                           struct trained_message *out, struct error *e) {
    if (size < sizeof *out) return error_set(e, "a trained network of %zu bytes", size);
    memcpy(out, data, sizeof *out);
    if (out->failed > 1 || out->epochs > run->battery->recipe.epochs)
        return error_set(e, "a training of %u epochs", out->epochs);
    if (!message_check_text(out->why, sizeof out->why, "the reason", e)) return false;
    size_t weights = out->failed ? 0 : count;
    if (size - sizeof *out != weights * sizeof(float))
        return error_set(e, "%zu bytes of weights: %zu were wanted", size - sizeof *out, weights * sizeof(float));
    for (size_t k = 0; k < weights; k++) {
        float value;
        memcpy(&value, (const char *)data + sizeof *out + k * sizeof value, sizeof value);
        if (!isfinite(value)) return error_set(e, "weight %zu is not finite", k);
    }
    double least = is_regression(run) ? -DBL_MAX : 0;
    return message_check_real(out->train_accuracy, least, 1, "an accuracy", e) &&
           message_check_real(out->test_accuracy, least, 1, "an accuracy", e);
}
