/* Audits and yardsticks: one pass for each re-drawn network. */
#include "run/reference.h"

#include "base/clock.h"
#include "base/rng.h"
#include "base/text.h"
#include "experiment/canary.h"
#include "run/audit.h"
#include "run/compare.h"
#include "host/handle.h"
#include "run/unit_store.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct reference_pass {
    const struct run *run;
    struct experiment_view view;
    struct channel *channel;
    const struct input_set *set;
    struct variant variant;
    size_t full, classes;
    uint32_t most;            /* inputs that are asked for together */
    float *maps, *made;       /* [most][sample]: gradients, and the maps of one canary (NULL: the run has none) */
    float *original, *logits; /* [inputs][classes] */
    struct audit_original beside;
    struct memo *gradients;
    struct comparer *yardsticks; /* [rows], of those that some task wants; the others are empty */
};

static bool is_wanted(const struct run *run, uint32_t row, unsigned yardsticks) {
    return run->explainers[row].yardstick && (yardsticks & yardstick_bit(&run->explainers[row]));
}

static unsigned wanted_at_all(const struct reference *r) {
    unsigned yardsticks = 0;
    for (uint32_t t = 0; t < r->count; t++) yardsticks |= r->tasks[t].yardsticks;
    return yardsticks;
}

size_t reference_prepared(const struct run *run, size_t limit) {
    size_t rows = 0;
    for (uint32_t row = 0; row < run->explainer_count; row++) rows += run->explainers[row].yardstick;
    return rows ? 2 * limit / rows : limit;
}

/* As many as several threads can share. */
#define BLOCK_BYTES ((size_t)16 << 20)

uint32_t reference_block(size_t elements, uint32_t inputs) {
    size_t most = BLOCK_BYTES / (elements * sizeof(float)) / 10 * 10 + 10;
    return inputs < most ? inputs : (uint32_t)most;
}

static bool reference_pass_init(struct reference_pass *w, const struct run *run, struct channel *channel,
                                struct error *e) {
    *w = (struct reference_pass){.run = run, .channel = channel, .set = &run->inputs[ROOT_MODEL]};
    w->view = run_view(run);
    w->view.prepared = reference_prepared(run, w->view.prepared);
    w->full = shape_count(&run->data->sample);
    w->classes = run->graph->classes;
    size_t n = w->set->count;
    w->most = reference_block(w->full, w->set->count);
    const size_t block = w->most * w->full;
    w->maps = malloc((block + 2 * n * w->classes) * sizeof *w->maps);
    w->yardsticks = calloc(run->explainer_count + 1u, sizeof *w->yardsticks);
    if (!w->maps || !w->yardsticks) return error_memory(e);
    w->original = w->maps + block;
    w->logits = w->original + n * w->classes;
    if (!run->without_canaries && !(w->made = malloc((block + 1) * sizeof *w->made))) return error_memory(e);
    w->beside.logits = w->original;
    return variant_init(&w->variant, run, ROOT_MODEL, e) && likeness_init(&w->beside.layers, run, e);
}

static void reference_pass_finish(struct reference_pass *w) {
    for (uint32_t row = 0; w->yardsticks && row < w->run->explainer_count; row++)
        if (w->yardsticks[row].view) comparer_finish(&w->yardsticks[row]);
    free(w->yardsticks);
    free(w->maps);
    free(w->made);
    variant_finish(&w->variant);
    likeness_finish(&w->beside.layers);
}

/* Inputs from `first` on, as they are asked for and used together. */
struct block {
    uint32_t first, n;
    uint32_t attribution;
    struct error *error;
};

/* Explainers will want these gradients, too. */
static void tell(const struct reference_pass *w, const char *network, const struct block *b) {
    char key[FILE_DIGEST_SIZE];
    for (uint32_t i = 0; w->gradients && i < b->n; i++) {
        const uint32_t input = b->first + i;
        handle_gradient_key(network, w->set->x + input * w->full, w->full, w->set->target[input], key);
        memo_keep(w->gradients, key, w->maps + i * w->full, w->full);
    }
}

/* The logits of the network that the variant is, all of the inputs' of which are at `logits`, and, where a yardstick
 * wants it, the gradient. */
static bool ask(struct reference_pass *w, const struct block *b, bool gradient, float *logits) {
    struct helpers helpers = channel_helpers(w->channel);
    struct net_request r = {.question = ASK_FORWARD, .n = b->n, .x = w->set->x + b->first * w->full};
    logits += b->first * w->classes;
    if (!gradient) return helpers_ask(&helpers, w->variant.net, &r, logits, b->error);
    r.question = ASK_GRADIENT;
    r.targets = w->set->target + b->first;
    r.logits = logits;
    if (!helpers_ask(&helpers, w->variant.net, &r, w->maps, b->error)) return false;
    tell(w, w->run->plan.attributions[b->attribution].key, b);
    return true;
}

/* The gradient, for canaries and yardsticks with signs; then its magnitude in place of it, for those without. */
static bool each_yardstick(struct reference_pass *w, unsigned yardsticks,
                           bool (*visit)(struct reference_pass *, uint32_t row, const struct block *),
                           const struct block *b) {
    bool ok = true;
    for (int absolute = 0; ok && absolute < 2; absolute++) {
        for (size_t k = 0; absolute && k < b->n * w->full; k++) w->maps[k] = fabsf(w->maps[k]);
        for (uint32_t row = 0; ok && row < w->run->explainer_count; row++)
            if (is_wanted(w->run, row, yardsticks) && w->run->explainers[row].non_negative == (absolute == 1))
                ok = visit(w, row, b);
    }
    return ok;
}

/* Of a canary its own maps, else the gradients. False: out of memory. */
static bool make_maps(struct reference_pass *w, uint32_t row, const struct block *b, const float **maps) {
    const struct run *run = w->run;
    const struct canary *canary = run->explainers[row].canary;
    *maps = canary ? w->made : w->maps;
    if (!canary) return true;
    char *purpose = text_format("%s/%s", canary->name, run->plan.attributions[b->attribution].key);
    for (uint32_t i = 0; purpose && i < b->n; i++) {
        const uint32_t input = b->first + i;
        const struct canary_case c = {layout_of(w->view.sample), w->set->x + input * w->full, w->maps + i * w->full,
                                      run->battery->seed, rng_seed(run->battery->seed, purpose, w->set->sample[input])};
        canary->make(&c, w->made + i * w->full);
    }
    free(purpose);
    return purpose != NULL;
}

static bool take_original(struct reference_pass *w, uint32_t row, const struct block *b) {
    struct comparer *c = &w->yardsticks[row];
    const float *maps;
    if (!make_maps(w, row, b, &maps)) return error_memory(b->error);
    return (b->first || comparer_init(c, &w->view, row, ROOT_MODEL, w->channel, b->error)) &&
           comparer_take_originals(c, b->first, b->n, maps, b->error);
}

static bool add_yardstick(struct reference_pass *w, uint32_t row, const struct block *b) {
    const struct canary *canary = w->run->explainers[row].canary;
    struct comparer *c = &w->yardsticks[row];
    const float *maps = NULL;
    if (!b->first) comparer_begin(c, b->attribution);
    if (canary && canary->same) return comparer_add(c, b->first, b->n, COMPARER_SAME, NULL) || error_memory(b->error);
    return (make_maps(w, row, b, &maps) && comparer_add(c, b->first, b->n, COMPARER_GIVEN, maps)) ||
           error_memory(b->error);
}

/* Every input, a block at a time. `why`: the first of its maps that is not finite; none behind it is looked at. NULL:
 * all are, whatever they are. */
static bool each_block(struct reference_pass *w, uint32_t attribution, unsigned yardsticks, float *logits,
                       bool (*visit)(struct reference_pass *, uint32_t row, const struct block *), double *seconds,
                       struct error *why, struct error *e) {
    struct block b = {.attribution = attribution, .error = e};
    bool ok = variant_take(&w->variant, &w->run->plan.attributions[attribution], e);
    for (; ok && b.first < w->set->count; b.first += b.n) {
        const double start = clock_seconds();
        b.n = w->set->count - b.first < w->most ? w->set->count - b.first : w->most;
        ok = ask(w, &b, yardsticks != 0, logits);
        *seconds += clock_seconds() - start;
        if (ok && yardsticks &&
            (!why || (!why->text[0] && comparer_finite(&w->view, ROOT_MODEL, b.first, b.n, w->maps, why))))
            ok = each_yardstick(w, yardsticks, visit, &b);
        input_set_release(w->set, b.first, b.n, w->full);
    }
    return ok;
}

/* In the order of each_yardstick. */
static bool send_yardsticks(struct reference_pass *w, const struct reference_task *task, double seconds,
                            const struct error *why, struct error *e) {
    const enum unit_status status = why->text[0] ? UNIT_FAILED : UNIT_OK;
    for (int absolute = 0; absolute < 2; absolute++)
        for (uint32_t row = 0; row < w->run->explainer_count; row++)
            if (is_wanted(w->run, row, task->yardsticks) && w->run->explainers[row].non_negative == (absolute == 1) &&
                !comparer_send(&w->yardsticks[row], task->attribution, status, why->text, seconds))
                return error_memory(e);
    return true;
}

/* The original first: everything is compared with it. */
static bool begin(struct reference_pass *w, const struct reference *r, struct error *e) {
    return each_block(w, run_original(w->run, ROOT_MODEL), wanted_at_all(r), w->original, take_original, &(double){0},
                      NULL, e) &&
           likeness_take_original(&w->beside.layers, w->variant.net, e);
}

static bool do_task(struct reference_pass *w, const struct reference_task *task, struct error *e) {
    struct error why = {{0}};
    double seconds = 0;
    if (!each_block(w, task->attribution, task->yardsticks, w->logits, add_yardstick, &seconds, &why, e)) return false;
    return (!task->audit || audit_send(&w->variant, task->attribution, &w->beside, w->logits, w->channel, e)) &&
           (!task->yardsticks || send_yardsticks(w, task, seconds, &why, e));
}

void reference_work(const struct run *run, const struct reference *r, struct channel *channel) {
    struct reference_pass w;
    struct error e = {{0}};
    bool ok = reference_pass_init(&w, run, channel, &e);
    w.gradients = r->gradients;
    for (uint32_t t = 0; ok && t < r->count; t++)
        variant_expect(&w.variant, &run->plan.attributions[r->tasks[t].attribution]);
    ok = ok && begin(&w, r, &e);
    for (uint32_t t = r->count; ok && t-- > 0;) {
        channel_beat(channel);
        ok = do_task(&w, &r->tasks[t], &e);
    }
    if (!ok) fprintf(stderr, "audit and yardsticks: %s\n", e.text);
    reference_pass_finish(&w);
}

/* ---- in the parent ---- */

/* What came is no longer asked for: a second time it would be damage. */
static void tick_off(struct reference *r, uint32_t attribution, bool audit, unsigned yardsticks) {
    for (uint32_t t = 0; t < r->count; t++) {
        if (r->tasks[t].attribution != attribution) continue;
        r->tasks[t].audit = r->tasks[t].audit && !audit;
        r->tasks[t].yardsticks &= ~yardsticks;
    }
}

bool reference_message(struct run *run, struct reference *r, uint32_t type, const void *data, size_t size,
                       struct error *e) {
    const struct unit_sender sender = {.reference = r};
    struct error what = {{0}};
    struct audit_message audit;
    struct unit_message unit;
    if (r->damaged) return true; /* nothing more is taken from this process */
    if (type == RECORD_AUDIT && message_check_audit(run, r, data, size, &audit, &what)) {
        tick_off(r, audit.attribution, true, 0);
        return audit_put(run, &audit, e);
    }
    if (type == RECORD_UNIT && message_check_unit(run, &sender, data, size, &unit, &what)) {
        tick_off(r, unit.header.attribution, false, yardstick_bit(&run->explainers[unit.header.row]));
        return unit_store_put(run, &unit, e);
    }
    if (!what.text[0]) error_set(&what, "type %u, which is not known", type);
    r->damaged = text_copy(message_damage(&what, "The harness's own process"));
    return r->damaged || error_memory(e);
}

bool reference_lacks(const struct reference *r) {
    for (uint32_t t = 0; t < r->count; t++)
        if (r->tasks[t].audit || r->tasks[t].yardsticks) return true;
    return false;
}

bool reference_ended(struct run *run, const struct reference *r, struct error *e) {
    if (r->damaged && run->log >= 0) dprintf(run->log, "audit and yardsticks: %s\n", r->damaged);
    const char *why = r->damaged ? r->damaged : "The harness's own process ended early (see plugins.log).";
    bool ok = true;
    for (uint32_t t = 0; ok && t < r->count; t++)
        for (uint32_t row = 0; ok && row < run->explainer_count; row++)
            if (is_wanted(run, row, r->tasks[t].yardsticks))
                ok = unit_store_missing(run, row, r->tasks[t].attribution, why, e);
    return ok;
}
