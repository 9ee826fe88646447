/* share.c: whose job it is, and what the store of a share says of itself. */
#include "run/share.h"

#include "base/file.h"
#include "base/text.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* ---- jobs ---- */

/* Explain jobs, a row's side by side: those of one draw are turned by one from row to row, as the jobs that belong to
 * no draw may be dearer than others. */
static uint32_t number_of(const struct run *run, const struct job *j) {
    const struct explain_job *c = &j->explain;
    uint32_t slots = jobs_draws(&run->plan) + 1;
    if (j->kind == JOB_TRAIN) return j->number;
    if (j->kind == JOB_REFERENCE) return j->number == PLAN_NO_DRAW ? 0 : j->number;
    uint32_t slot = c->draw == PLAN_NO_DRAW ? 0 : c->draw + 1, row = (uint32_t)c->root * run->explainer_count + c->row;
    return row * slots + (slot + row) % slots;
}

static bool is_mine(const struct wave_state *w, const struct job *j) {
    const struct run *run = w->run;
    if (j->kind == JOB_CONFORM) return true;
    return number_of(run, j) % run->share.parts + 1 == run->share.part;
}

/* A row that is asked nothing else here conforms elsewhere. */
static bool is_asked(const struct wave_state *w, const struct job *j) {
    if (j->kind != JOB_CONFORM) return true;
    for (size_t i = 0; i < w->count; i++)
        if (w->jobs[i].kind == JOB_EXPLAIN && w->jobs[i].explain.row == j->number) return true;
    w->conformed[j->number] = true;
    return false;
}

void share_take(struct wave_state *w) {
    w->run->others = 0;
    for (size_t i = 0; i < w->count; i++) w->run->others += w->jobs[i].kind != JOB_TRAIN && !is_mine(w, &w->jobs[i]);
    jobs_keep(w, is_mine);
    jobs_keep(w, is_asked);
}

/* ---- what the store says ---- */

bool share_read(struct store *store, struct share_record *out, struct error *e) {
    char *text = NULL;
    *out = (struct share_record){.ended = false};
    if (!store_meta(store, META_SHARE, &text, e)) return false;
    json_t *o = text ? json_loads(text, 0, NULL) : NULL;
    const char *probe = json_string_value(json_object_get(o, "probe"));
    out->share.part = (uint32_t)json_integer_value(json_object_get(o, "part"));
    out->share.parts = (uint32_t)json_integer_value(json_object_get(o, "parts"));
    out->ended = json_is_true(json_object_get(o, "ended"));
    if (probe && strlen(probe) < sizeof out->probe) strcpy(out->probe, probe);
    json_decref(o);
    free(text);
    return true;
}

static bool put_record(struct run *run, bool ended, const char *probe, struct error *e) {
    char *text = text_format("{\"part\": %u, \"parts\": %u, \"ended\": %s, \"probe\": \"%s\"}", run->share.part,
                             run->share.parts, ended ? "true" : "false", probe);
    bool ok = text ? store_set_meta(run->store, META_SHARE, text, e) : error_memory(e);
    free(text);
    return ok;
}

static bool note_name(void *any, const char *name) {
    (void)name;
    *(bool *)any = true;
    return true;
}

bool share_check(struct run *run, struct error *e) {
    struct share_record known;
    bool judged = false;
    if (!share_read(run->store, &known, e)) return false;
    const struct share *s = &run->share;
    if (known.share.parts && !s->parts)
        return error_set(
            e, "%s: shard %u of %u: go on with --shard %u/%u, or put all shards together with 'assay merge'",
            store_path(run->store), known.share.part, known.share.parts, known.share.part, known.share.parts);
    if (known.share.parts && (known.share.part != s->part || known.share.parts != s->parts))
        return error_set(e, "%s: shard %u of %u: --shard %u/%u wants a folder of its own (-o)", store_path(run->store),
                         known.share.part, known.share.parts, s->part, s->parts);
    if (s->parts && (!store_each_explainer(run->store, note_name, &judged, e))) return false;
    return !judged ||
           error_set(e, "%s: a whole run with verdicts: nothing of it is left to share", store_path(run->store));
}

/* Of earlier waves: what a row does not support is asked nowhere. */
static bool load_unsupported(struct run *run, struct error *e) {
    bool ok = true;
    for (uint32_t row = 0; ok && row < run->explainer_count; row++) {
        struct explainer_entry *r = &run->explainers[row];
        char *key = text_format(META_UNSUPPORTED "%s", r->name);
        ok = key ? r->unsupported || store_meta(run->store, key, &r->unsupported, e) : error_memory(e);
        free(key);
    }
    return ok;
}

bool share_check_machine(const struct run *run, struct error *e) {
    char probe[FILE_DIGEST_SIZE], *known = NULL;
    bool ok = store_meta(run->store, META_PROBE, &known, e) && (!known || share_probe(run, probe, e));
    if (ok && known && strcmp(known, probe) != 0)
        ok = error_set(e,
                       "%s: the shards were computed on machines that give other bytes than this one for the model's "
                       "own outputs: a machine with a processor like theirs was wanted",
                       store_path(run->store));
    free(known);
    return ok;
}

bool share_begin(struct run *run, struct error *e) {
    return load_unsupported(run, e) && put_record(run, false, "", e);
}

bool share_forget(struct run *run, struct error *e) {
    bool ok = store_unset_meta(run->store, META_PROBE, e);
    for (uint32_t row = 0; ok && row < run->explainer_count; row++) {
        char *key = text_format(META_UNSUPPORTED "%s", run->explainers[row].name);
        ok = key ? store_unset_meta(run->store, key, e) : error_memory(e);
        free(key);
    }
    return ok;
}

static bool put_unsupported(struct run *run, struct error *e) {
    bool ok = true;
    for (uint32_t row = 0; ok && row < run->explainer_count; row++) {
        const struct explainer_entry *r = &run->explainers[row];
        char *key = text_format(META_UNSUPPORTED "%s", r->name);
        ok = key ? !r->unsupported || store_set_meta(run->store, key, r->unsupported, e) : error_memory(e);
        free(key);
    }
    return ok;
}

bool share_end(struct run *run, struct error *e) {
    char probe[FILE_DIGEST_SIZE];
    return put_unsupported(run, e) && share_probe(run, probe, e) && put_record(run, true, probe, e) &&
           store_begin(run->store, e) && store_seal_results(run->store, e) && store_commit(run->store, e);
}

/* ---- what the machine computes ---- */

#define PROBED 16u /* inputs */

bool share_probe(const struct run *run, char digest[FILE_DIGEST_SIZE], struct error *e) {
    const struct input_set *set = &run->inputs[ROOT_MODEL];
    uint32_t n = set->count < PROBED ? set->count : PROBED;
    size_t size = n * (run->graph->classes + shape_count(&run->data->sample));
    struct net *net = NULL;
    float *logits = malloc((size + 1) * sizeof *logits);
    bool ok = logits ? run_net(run, run->model, &net, e) : error_memory(e);
    ok = ok &&
         net_gradient_logits(net, NET_GRADIENT, n, set->x, set->target, logits, logits + n * run->graph->classes, e);
    input_set_release(set, 0, n, shape_count(&run->data->sample));
    if (ok) data_digest(logits, size * sizeof *logits, digest);
    net_destroy(net);
    free(logits);
    return ok;
}
