/* The parent's side: what an explain job sends and how it ends, into the store. */
#include "run/explain_job.h"
#include "run/sketch.h"
#include "run/unit_store.h"

#include "base/text.h"
#include "host/call.h"
#include "plan/study.h"

#include <stdlib.h>
#include <string.h>

/* Attributions with a network, and so with calls, for each class: of a single input at worst. */
static uint32_t divided_attributions(const struct plan *p) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < p->attribution_count; i++) {
        const struct attribution *a = &p->attributions[i];
        count += attribution_is_twin(a) && a->model.twin == TWIN_CONFIDENCE;
    }
    return count;
}

/* Attributions that the job's checks ask for besides. */
static uint32_t extra_attributions(const struct plan *p, const struct explain_job *explain) {
    uint32_t extra = 0;
    for (uint32_t i = 0; i < p->check_count; i++)
        for (uint32_t k = 0; !p->checks[i].readings && k < explain->count; k++)
            if (p->checks[i].owner == explain->attributions[k]) extra += p->checks[i].ask_count;
    return extra;
}

uint32_t explain_job_calls(const struct run *run, const struct explain_job *explain) {
    uint32_t inputs = run->inputs[explain->root].count;
    uint32_t requests = inputs / call_request_size(shape_count(&run->data->sample), inputs) + 1;
    uint32_t attributions = explain->count + 1 + extra_attributions(&run->plan, explain); /* 1: the original */
    uint32_t calls = attributions * (requests + 1) + divided_attributions(&run->plan) * inputs +
                     4; /* a beat after each; before and behind all */
    for (uint32_t k = 0; k < explain->count; k++) {
        const struct study *study = run->plan.attributions[explain->attributions[k]].study;
        if (study) calls += 2 * study->maps + 1;
    }
    return calls;
}

static bool keep_breach(struct run *run, const char *row, const char *why, struct error *e) {
    char *key = text_format("breach/%s", row);
    bool ok = key ? store_begin(run->store, e) && store_set_meta(run->store, key, why, e) &&
                        store_drop_units(run->store, row, NULL, e) && store_commit(run->store, e)
                  : error_memory(e);
    free(key);
    return ok;
}

bool run_breach(struct run *run, uint32_t row, const char *why, struct error *e) {
    struct explainer_entry *r = &run->explainers[row];
    if (r->breach) return true;
    r->breach = text_copy(why);
    if (!r->breach) return error_memory(e);
    return keep_breach(run, r->name, why, e);
}

bool explain_job_breach(struct explain_job *explain, const char *why, struct error *e) {
    if (!explain->breach) explain->breach = text_copy(why);
    return explain->breach || error_memory(e);
}

static bool breach_message(struct explain_job *explain, struct error *what, struct error *e) {
    return explain_job_breach(explain, message_damage(what, PLUGIN_PROCESS), e);
}

/* The original map of every process of this explainer must be the same, byte by byte. */
static bool check_original(struct run *run, struct explain_job *explain, const char *digest, struct error *e) {
    char *known = NULL,
         *key = text_format("original/%s/%s", root_name(explain->root), run->explainers[explain->row].name);
    bool ok = key ? store_meta(run->store, key, &known, e) : error_memory(e);
    explain->original = true;
    if (ok && !known) ok = store_set_meta(run->store, key, digest, e);
    else if (ok && strcmp(known, digest) != 0) ok = explain_job_breach(explain, EXPLAIN_JOB_NOT_REPRODUCIBLE, e);
    free(known);
    free(key);
    return ok;
}

/* What the plugin did that it must not, in its worker's words. */
static bool take_breach(struct explain_job *explain, const void *data, size_t size, struct error *e) {
    char why[CALL_WHY_SIZE];
    size_t n = size < sizeof why ? size : sizeof why - 1;
    memcpy(why, data, n);
    why[n] = 0;
    text_clean_in_place(why);
    return explain_job_breach(explain, why, e);
}

static bool keep_sketch(struct run *run, const struct explain_job *explain, const struct sketch *sketch,
                        struct error *e) {
    char *key = text_format(SKETCH_META "%s", run->explainers[explain->row].name), *text = sketch_to_text(sketch);
    bool ok = key && text ? store_set_meta(run->store, key, text, e) : error_memory(e);
    free(key);
    free(text);
    return ok;
}

static bool take_sketch(struct run *run, struct explain_job *explain, const void *data, size_t size, struct error *e) {
    struct sketch sketch;
    struct error what = {{0}};
    bool ok = size == sizeof sketch || error_set(&what, "a sketch of %zu bytes", size);
    if (ok) memcpy(&sketch, data, sizeof sketch);
    ok = ok && (explain->root == ROOT_MODEL || error_set(&what, "a sketch of other maps than the model's")) &&
         sketch_check(&sketch, run->inputs[ROOT_MODEL].count, &what);
    return ok ? keep_sketch(run, explain, &sketch, e) : breach_message(explain, &what, e);
}

bool explain_job_message(struct run *run, struct explain_job *explain, uint32_t type, const void *data, size_t size,
                         struct error *e) {
    const struct unit_sender sender = {explain->row, explain->attributions, explain->count, NULL};
    struct unit_message unit;
    struct error what = {{0}};
    bool ok;
    if (explain->breach || run->explainers[explain->row].breach) return true; /* nothing more is taken */
    if (type == RECORD_BREACH) return take_breach(explain, data, size, e);
    if (type == RECORD_SKETCH) return take_sketch(run, explain, data, size, e);
    if (type == RECORD_ORIGINAL) {
        ok = message_check_digest(data, size, &what) && (!explain->original || error_set(&what, "a second original"));
        return ok ? check_original(run, explain, data, e) : breach_message(explain, &what, e);
    }
    ok = type == RECORD_UNIT ? message_check_unit(run, &sender, data, size, &unit, &what)
                             : error_set(&what, "type %u, which is not known", type);
    if (ok && unit.header.status == UNIT_OK && !explain->original)
        ok = error_set(&what, "a unit before the map of the original");
    return ok ? unit_store_put(run, &unit, e) : breach_message(explain, &what, e);
}

bool explain_job_ended(struct run *run, struct explain_job *explain, const char *death, struct error *e) {
    const struct explainer_entry *row = &run->explainers[explain->row];
    if (explain->breach || row->breach || row->unsupported) return true;
    const char *noun = plugin_noun(row->plugin);
    char *why = death ? text_format("The %s %s.", noun, death)
                      : text_format("The %s's process ended before everything was answered.", noun);
    bool ok = why || error_memory(e);
    for (uint32_t k = 0; ok && k < explain->count; k++)
        ok = unit_store_missing(run, explain->row, explain->attributions[k], why, e);
    free(why);
    return ok;
}
