/* A resumed run in memory, of which some units were taken away. */
#include "run/verify.h"

#include "base/array.h"
#include "base/rng.h"
#include "base/text.h"
#include "experiment/record.h"
#include "experiment/route.h"
#include "experiment/same_run.h"
#include "experiment/setup.h"
#include "run/asked.h"
#include "run/run_folder.h"
#include "run/run.h"
#include "store/store_compare.h"
#include "workers/scratch_folder.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct name_pair {
    char *explainer, *variant;
};

struct units {
    struct name_pair *all;
    uint32_t count;
};

struct verify {
    struct store *stored; /* of the run; never written */
    struct run *run;      /* whose store is the copy */
    struct units units;   /* all of the run, the chosen ones first */
    struct verify_outcome *out;
    void (*differs)(void *, const char *, const char *);
    void *user;
    struct error *error;
};

/* ---- which units ---- */

static bool add_unit(void *user, const struct unit_row *row) {
    struct units *u = user;
    struct name_pair *more = array_grow(u->all, u->count, sizeof *more);
    if (!more) return false;
    u->all = more;
    struct name_pair *n = &u->all[u->count++];
    *n = (struct name_pair){text_copy(row->explainer), text_copy(row->variant)};
    return n->explainer && n->variant;
}

static void units_finish(struct units *u) {
    for (uint32_t i = 0; i < u->count; i++) {
        free(u->all[i].explainer);
        free(u->all[i].variant);
    }
    free(u->all);
}

static bool choose(struct verify *v, const struct verify_request *request) {
    struct units *u = &v->units;
    struct rng rng = rng_stream(request->seed, "verified units", 0);
    *v->error = (struct error){{0}};
    if (!store_each_unit(v->stored, add_unit, u, v->error)) return v->error->text[0] ? false : error_memory(v->error);
    for (uint32_t i = 0; i < u->count; i++) {
        uint32_t k = i + rng_below(&rng, u->count - i);
        struct name_pair swapped = u->all[i];
        u->all[i] = u->all[k];
        u->all[k] = swapped;
    }
    v->out->all = u->count;
    v->out->units = request->units < u->count ? request->units : u->count;
    return u->count || error_set(v->error, "%s: no units: there is nothing to compute again", store_path(v->stored));
}

/* ---- the same run ---- */

/* The files of explainers may differ: another processor or compiler makes other ones. What they compute is compared. */
static bool check_identity(struct verify *v) {
    char identity[65], *known = NULL, *text = NULL;
    struct same_run found = {.same = false};
    bool ok = record_run(v->run, identity, &text, v->error) && store_meta(v->stored, "run", &known, v->error) &&
              same_run(known, text, &found, v->error);
    v->out->explainers = found.explainers;
    v->out->other_files = found.others;
    if (ok && !found.same)
        ok = error_set(v->error,
                       "%s: the battery, model, data or explainers are others than those of the run: those were wanted "
                       "(--battery)",
                       store_path(v->stored));
    free(known);
    free(text);
    return ok;
}

static bool find_route(struct verify *v) {
    char *text = NULL;
    if (!store_meta(v->stored, "run", &text, v->error)) return false;
    struct compute_route stored, here;
    compute_route_of_record(text, &stored);
    compute_route_here(&here);
    v->out->same_route = compute_route_same(&stored, &here);
    free(text);
    return true;
}

/* ---- computing ---- */

/* On another route the originals are other bytes, which is nobody's fault. */
static bool forget_originals(struct verify *v) {
    struct store *s = v->run->store;
    bool ok = true;
    for (int root = 0; root < ROOT_COUNT; root++)
        for (uint32_t row = 0; ok && row < v->run->explainer_count; row++) {
            char *key = text_format("original/%s/%s", root_name((enum root)root), v->run->explainers[row].name);
            ok = key ? store_unset_meta(s, key, v->error) : error_memory(v->error);
            free(key);
        }
    return ok;
}

static bool take_away(struct verify *v) {
    struct store *s = v->run->store;
    bool ok = store_verify(s, NULL, NULL, v->error) && run_folder_set_order(v->run, v->error) &&
              (v->out->same_route || forget_originals(v));
    for (uint32_t i = 0; ok && i < v->out->units; i++)
        ok = store_drop_units(s, v->units.all[i].explainer, v->units.all[i].variant, v->error);
    return ok;
}

/* ---- comparing ---- */

/* Why the row has no units now, or NULL. */
static const char *breach_now(const struct verify *v, const char *explainer) {
    for (uint32_t row = 0; row < v->run->explainer_count; row++)
        if (strcmp(v->run->explainers[row].name, explainer) == 0) return v->run->explainers[row].breach;
    return NULL;
}

static bool compare_unit(struct verify *v, const struct name_pair *unit) {
    struct unit_difference d;
    if (!store_compare_unit(v->stored, v->run->store, unit->explainer, unit->variant,
                            v->out->same_route ? 0 : VERIFY_TOLERANCE, &d, v->error))
        return false;
    if (d.largest > v->out->largest) v->out->largest = d.largest;
    if (!d.what[0]) return true;
    char *what = text_format("%s on %s", unit->explainer, unit->variant);
    if (!what) return error_memory(v->error);
    v->out->differing++;
    const char *breach = breach_now(v, unit->explainer);
    v->differs(v->user, what, breach ? breach : d.what);
    free(what);
    return true;
}

struct word_search {
    const struct verdict_row *row;
    char word[32];
};

static bool find_word(void *user, const struct verdict_row *row) {
    struct word_search *s = user;
    if (strcmp(row->explainer, s->row->explainer) == 0 && strcmp(row->control, s->row->control) == 0)
        snprintf(s->word, sizeof s->word, "%s", row->verdict);
    return true;
}

static bool compare_word(void *user, const struct verdict_row *row) {
    struct verify *v = user;
    struct word_search s = {row, "none"};
    if (!store_each_verdict(v->run->store, find_word, &s, v->error)) return false;
    if (strcmp(s.word, row->verdict) == 0) return true;
    char *what = text_format("%s under %s", row->explainer, row->control);
    char *how = text_format("%s stored, %s now", row->verdict, s.word);
    bool ok = (what && how) || error_memory(v->error);
    if (ok) v->differs(v->user, what, how);
    v->out->words++;
    free(what);
    free(how);
    return ok;
}

static bool compare(struct verify *v) {
    bool ok = true;
    for (uint32_t i = 0; ok && i < v->out->units; i++) ok = compare_unit(v, &v->units.all[i]);
    return ok && store_each_verdict(v->stored, compare_word, v, v->error);
}

bool verify_run(struct store *stored, const struct verify_request *request, const struct control *const *controls,
                void (*chosen)(void *, const struct verify_outcome *),
                void (*differs)(void *, const char *, const char *), void *user, struct verify_outcome *out,
                bool *started, struct error *e) {
    struct run run = {.log = -1};
    struct verify v = {stored, &run, {0}, out, differs, user, e};
    struct asked asked = {.held = NULL};
    int exit_code;
    *out = (struct verify_outcome){0};
    *started = false;
    scratch_folder_sweep();
    bool ok = asked_read(stored, request->battery, &asked, e) && setup_run(&run, &asked.options, controls, e) &&
              check_identity(&v) && find_route(&v) && choose(&v, request) && store_copy(stored, &run.store, e) &&
              take_away(&v);
    run.log = open("/dev/null", O_WRONLY | O_CLOEXEC);
    asked.options.jobs = request->jobs;
    asked.options.quiet = true;
    if (ok) chosen(user, out);
    *started = ok;
    ok = ok && run_complete(&run, &asked.options, &exit_code, e) && compare(&v);
    int log = run.log;
    setup_finish(&run);
    if (log >= 0) close(log);
    asked_finish(&asked);
    units_finish(&v.units);
    return ok;
}
