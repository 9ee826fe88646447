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
    float *maps, *logits; /* [inputs][sample], [inputs][classes] */
    float *original;      /* [inputs][classes] */
    struct audit_original beside;
    float *made; /* [inputs][sample]: the maps of one canary; NULL: the run has none */
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

static bool reference_pass_init(struct reference_pass *w, const struct run *run, struct channel *channel,
                                struct error *e) {
    *w = (struct reference_pass){.run = run, .channel = channel, .set = &run->inputs[ROOT_MODEL]};
    w->view = run_view(run);
    w->view.prepared = reference_prepared(run, w->view.prepared);
    w->full = shape_count(&run->data->sample);
    w->classes = run->graph->classes;
    size_t n = w->set->count;
    w->maps = malloc(n * (w->full + 2 * w->classes) * sizeof *w->maps);
    w->yardsticks = calloc(run->explainer_count + 1u, sizeof *w->yardsticks);
    if (!w->maps || !w->yardsticks) return error_memory(e);
    w->original = w->maps + n * w->full;
    w->logits = w->original + n * w->classes;
    if (!run->without_canaries && !(w->made = malloc((n * w->full + 1) * sizeof *w->made))) return error_memory(e);
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

/* Explainers will want these gradients, too. */
static void tell(const struct reference_pass *w, const char *network) {
    char key[FILE_DIGEST_SIZE];
    for (uint32_t i = 0; w->gradients && i < w->set->count; i++) {
        const float *x = w->set->x + i * w->full;
        handle_gradient_key(network, x, w->full, w->set->target[i], key);
        memo_keep(w->gradients, key, w->maps + i * w->full, w->full);
    }
}

/* A unit as it goes out. */
struct sent_unit {
    uint32_t attribution;
    const struct attributed *given;
};

/* The logits of that network and, where a yardstick wants it, the gradient. */
static bool ask(struct reference_pass *w, const struct attribution *a, bool gradient, float *logits, struct error *e) {
    struct helpers helpers = channel_helpers(w->channel);
    struct net_request r = {.question = ASK_FORWARD, .n = w->set->count, .x = w->set->x};
    if (!variant_take(&w->variant, a, e)) return false;
    if (!gradient) return helpers_ask(&helpers, w->variant.net, &r, logits, e);
    r.question = ASK_GRADIENT;
    r.targets = w->set->target;
    r.logits = logits;
    if (!helpers_ask(&helpers, w->variant.net, &r, w->maps, e)) return false;
    tell(w, a->key);
    return true;
}

/* The gradient, for canaries and yardsticks with signs; then its magnitude in place of it, for those without. */
static bool each_yardstick(struct reference_pass *w, unsigned yardsticks,
                           bool (*visit)(struct reference_pass *, uint32_t row, const void *), const void *what) {
    bool ok = true;
    for (int absolute = 0; ok && absolute < 2; absolute++) {
        for (size_t k = 0; absolute && k < w->set->count * w->full; k++) w->maps[k] = fabsf(w->maps[k]);
        for (uint32_t row = 0; ok && row < w->run->explainer_count; row++)
            if (is_wanted(w->run, row, yardsticks) && w->run->explainers[row].non_negative == (absolute == 1))
                ok = visit(w, row, what);
    }
    return ok;
}

/* Of a canary its own maps, else the gradients. False: out of memory. */
static bool make_maps(struct reference_pass *w, uint32_t row, uint32_t attribution, const float **maps) {
    const struct run *run = w->run;
    const struct canary *canary = run->explainers[row].canary;
    *maps = canary ? w->made : w->maps;
    if (!canary) return true;
    char *purpose = text_format("%s/%s", canary->name, run->plan.attributions[attribution].key);
    for (uint32_t i = 0; purpose && i < w->set->count; i++) {
        const struct canary_case c = {layout_of(w->view.sample), w->set->x + i * w->full, w->maps + i * w->full,
                                      run->battery->seed, rng_seed(run->battery->seed, purpose, w->set->sample[i])};
        canary->make(&c, w->made + i * w->full);
    }
    free(purpose);
    return purpose != NULL;
}

static bool send_yardstick(struct reference_pass *w, uint32_t row, const void *unit) {
    const struct sent_unit *u = unit;
    const struct canary *canary = w->run->explainers[row].canary;
    struct attributed given = *u->given;
    given.original = canary && canary->same;
    if (given.status == UNIT_OK && !given.original && !make_maps(w, row, u->attribution, &given.maps)) return false;
    return comparer_send(&w->yardsticks[row], u->attribution, &given, NULL);
}

static bool send_yardsticks(struct reference_pass *w, const struct reference_task *task, double seconds,
                            struct error *e) {
    struct error why = {{0}};
    bool finite = comparer_finite(&w->view, ROOT_MODEL, w->maps, &why);
    const struct attributed given = {.status = finite ? UNIT_OK : UNIT_FAILED,
                                     .why = why.text,
                                     .maps = w->maps,
                                     .x = w->set->x,
                                     .targets = w->set->target,
                                     .seconds = seconds};
    const struct sent_unit unit = {task->attribution, &given};
    return each_yardstick(w, task->yardsticks, send_yardstick, &unit) || error_memory(e);
}

static bool take_original(struct reference_pass *w, uint32_t row, const void *error) {
    struct error *e = *(struct error *const *)error;
    struct comparer *c = &w->yardsticks[row];
    const float *maps;
    if (!make_maps(w, row, run_original(w->run, ROOT_MODEL), &maps)) return error_memory(e);
    return comparer_init(c, &w->view, row, ROOT_MODEL, w->channel, e) && comparer_take_originals(c, maps, e);
}

/* The original first: everything is compared with it. */
static bool begin(struct reference_pass *w, const struct reference *r, struct error *e) {
    const struct attribution *original = &w->run->plan.attributions[run_original(w->run, ROOT_MODEL)];
    unsigned yardsticks = wanted_at_all(r);
    return ask(w, original, yardsticks != 0, w->original, e) &&
           likeness_take_original(&w->beside.layers, w->variant.net, e) &&
           (!yardsticks || each_yardstick(w, yardsticks, take_original, &e));
}

static bool do_task(struct reference_pass *w, const struct reference_task *task, struct error *e) {
    const struct attribution *a = &w->run->plan.attributions[task->attribution];
    double start = clock_seconds();
    if (!ask(w, a, task->yardsticks != 0, w->logits, e)) return false;
    return (!task->audit || audit_send(&w->variant, task->attribution, &w->beside, w->logits, w->channel, e)) &&
           (!task->yardsticks || send_yardsticks(w, task, clock_seconds() - start, e));
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
