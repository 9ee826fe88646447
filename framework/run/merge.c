/* Shards into one store. */
#include "run/merge.h"

#include "base/file.h"
#include "base/text.h"
#include "experiment/route.h"
#include "run/run_folder.h"
#include "run/share.h"
#include "run/sketch.h"
#include "store/store_merge.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct merge {
    struct store *into, *from; /* `from`: of the shard at hand */
    const char *first, *run;   /* the folder of the first shard, and of that one */
    char *identity, *record, *asked;
    uint32_t parts;
    const char **of; /* [parts] the folder that each came from */
    char probe[FILE_DIGEST_SIZE];
    struct error *error;
};

/* ---- the same run ---- */

/* The first thing that two records of runs do not share: "seed". */
static const char *difference(const char *a, const char *b) {
    static const char *const keys[] = {"assay",    "abi",        "battery",  "seed", "conv",   "model",   "data",
                                       "training", "explainers", "controls", "rule", "expect", "measures"};
    json_t *x = json_loads(a, 0, NULL), *y = json_loads(b, 0, NULL);
    const char *found = "description";
    for (size_t i = 0; x && y && i < sizeof keys / sizeof *keys; i++) {
        const json_t *p = json_object_get(x, keys[i]), *q = json_object_get(y, keys[i]);
        if (p == q || json_equal(p, q)) continue;
        found = strcmp(keys[i], "assay") == 0 ? "version" : keys[i];
        break;
    }
    json_decref(x);
    json_decref(y);
    return found;
}

static bool check_same(struct merge *m, const char *identity, const char *record) {
    if (strcmp(m->identity, identity) == 0) return true;
    return error_set(m->error, "%s: another %s than in %s: shards of one run were wanted", m->run,
                     difference(m->record, record), m->first);
}

/* What a probe of a few inputs need not show: training, say, goes by OpenBLAS. */
static bool check_route(const struct merge *m, const char *record) {
    struct compute_route first, this;
    compute_route_of_record(m->record, &first);
    compute_route_of_record(record, &this);
    if ((!compute_route_known(&first) && !compute_route_known(&this)) || compute_route_same(&first, &this)) return true;
    return error_set(m->error,
                     "%s: computed by the route %s, where %s is by %s: shards of machines with processors alike were "
                     "wanted (or ASSAY_ISA and OPENBLAS_CORETYPE set alike)",
                     m->run, compute_route_text(&this).text, m->first, compute_route_text(&first).text);
}

static bool take_first(struct merge *m, const struct share_record *r, char **identity, char **record) {
    m->first = m->run;
    m->identity = *identity;
    m->record = *record;
    *identity = *record = NULL;
    m->parts = r->share.parts;
    memcpy(m->probe, r->probe, sizeof m->probe);
    m->of = calloc(m->parts, sizeof *m->of);
    return (m->of || error_memory(m->error)) && store_meta(m->from, "asked", &m->asked, m->error);
}

static bool check_share(struct merge *m, const struct share_record *r) {
    if (r->share.parts != m->parts)
        return error_set(m->error, "%s: shard %u of %u, where %s is one of %u: shards of one division were wanted",
                         m->run, r->share.part, r->share.parts, m->first, m->parts);
    if (m->of[r->share.part - 1])
        return error_set(m->error, "%s: shard %u of %u, as %s is: each once was wanted", m->run, r->share.part,
                         r->share.parts, m->of[r->share.part - 1]);
    m->of[r->share.part - 1] = m->run;
    return strcmp(m->probe, r->probe) == 0 ||
           error_set(m->error,
                     "%s: the machine gave other bytes than that of %s for the model's own outputs: shards of "
                     "machines with processors alike were wanted (or ASSAY_ISA and OPENBLAS_CORETYPE set alike)",
                     m->run, m->first);
}

static bool check_record(struct merge *m, const struct share_record *r) {
    if (!r->share.parts || r->share.part < 1 || r->share.part > r->share.parts || r->share.parts > SHARES_MAX)
        return error_set(m->error, "%s: no shard: a folder of 'assay run --shard' was wanted", m->run);
    return r->ended || error_set(m->error, "%s: shard %u of %u did not come to its end: go on with it by --resume",
                                 m->run, r->share.part, r->share.parts);
}

/* ---- what rows did ---- */

#define BREACH "breach/"
#define ORIGINAL "original/"
#define UNDECIDED "" /* which of several breaches is the row's */

/* Where shards blame a row for different things, the one that one machine would have come upon first counts: a run
 * that goes on finds out. */
static bool take_breach(struct merge *m, const char *row, const char *why) {
    char *key = text_format(BREACH "%s", row), *known = NULL;
    bool ok = key ? store_meta(m->into, key, &known, m->error) : error_memory(m->error);
    ok = ok && store_set_meta(m->into, key, known && strcmp(known, why) != 0 ? UNDECIDED : why, m->error);
    free(known);
    free(key);
    return ok;
}

static bool take_meta(void *user, const char *key, const char *value) {
    struct merge *m = user;
    char *known = NULL;
    if (strncmp(key, BREACH, strlen(BREACH)) == 0) return take_breach(m, key + strlen(BREACH), value);
    if (!store_meta(m->into, key, &known, m->error)) return false;
    bool ok = true, original = strncmp(key, ORIGINAL, strlen(ORIGINAL)) == 0;
    if (!known) ok = store_set_meta(m->into, key, value, m->error);
    else if (original && strcmp(known, value) != 0)
        ok = take_breach(m, strchr(key + strlen(ORIGINAL), '/') + 1, EXPLAIN_JOB_NOT_REPRODUCIBLE);
    free(known);
    return ok;
}

static bool take_metas(struct merge *m) {
    static const char *const prefixes[] = {ORIGINAL, SKETCH_META, BREACH, JOBS_KILLED, META_UNSUPPORTED};
    bool ok = true;
    for (size_t i = 0; ok && i < sizeof prefixes / sizeof *prefixes; i++)
        ok = store_each_meta(m->from, prefixes[i], take_meta, m, m->error);
    return ok;
}

/* ---- all shards ---- */

static bool take_run(struct merge *m) {
    struct share_record r;
    char *identity = NULL, *record = NULL;
    bool ok = share_read(m->from, &r, m->error) && check_record(m, &r) && store_check(m->from, m->error) &&
              store_meta(m->from, "identity", &identity, m->error) && store_meta(m->from, "run", &record, m->error);
    if (ok && (!identity || !record)) ok = error_set(m->error, "%s: it does not say which run it is", m->run);
    ok = ok &&
         (m->identity ? check_same(m, identity, record) && check_route(m, record)
                      : take_first(m, &r, &identity, &record)) &&
         check_share(m, &r) && store_take(m->into, m->from, m->error) && take_metas(m);
    free(identity);
    free(record);
    return ok;
}

static bool open_run(struct merge *m) {
    char *path = text_format("%s/assay.db", m->run);
    bool ok =
        path ? file_exists(path) || error_set(m->error, "%s: no run folder: one with an assay.db was wanted", m->run)
             : error_memory(m->error);
    ok = ok && store_open_as_allowed(path, &m->from, m->error);
    free(path);
    return ok;
}

static bool check_all(const struct merge *m) {
    for (uint32_t k = 0; k < m->parts; k++)
        if (!m->of[k])
            return error_set(m->error, "shard %u of %u is missing: all of them were wanted", k + 1, m->parts);
    return true;
}

/* Which units of a row that broke the rules had come is chance. */
static bool drop_row(void *user, const char *key, const char *why) {
    struct merge *m = user;
    (void)why;
    return store_drop_units(m->into, key + strlen(BREACH), NULL, m->error);
}

static bool find_undecided(void *user, const char *key, const char *why) {
    char **found = user;
    if (strcmp(why, UNDECIDED) != 0 || *found) return true;
    *found = text_copy(key);
    return true;
}

static bool settle_breaches(struct merge *m) {
    bool ok = store_each_meta(m->into, BREACH, drop_row, m, m->error);
    for (char *key = NULL; ok; free(key), key = NULL) {
        ok = store_each_meta(m->into, BREACH, find_undecided, &key, m->error);
        if (!ok || !key) return ok;
        ok = store_unset_meta(m->into, key, m->error);
    }
    return ok;
}

static bool conclude(struct merge *m) {
    return check_all(m) && settle_breaches(m) && store_set_meta(m->into, "identity", m->identity, m->error) &&
           store_set_meta(m->into, "run", m->record, m->error) &&
           (!m->asked || store_set_meta(m->into, "asked", m->asked, m->error)) &&
           store_set_meta(m->into, META_PROBE, m->probe, m->error);
}

static bool take_all(struct merge *m, const char *const *runs, size_t count) {
    bool ok = store_begin(m->into, m->error);
    for (size_t i = 0; ok && i < count; i++) {
        m->run = runs[i];
        ok = open_run(m) && take_run(m);
        store_close(m->from);
        m->from = NULL;
    }
    return ok && conclude(m) && store_commit(m->into, m->error);
}

void merge_discard(const char *folder, bool was_there) {
    static const char *const names[] = {"assay.db", "plugins.log"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path = text_format("%s/%s", folder, names[i]);
        if (path) unlink(path);
        free(path);
    }
    if (!was_there) rmdir(folder);
}

bool merge_runs(const char *folder, const char *const *runs, size_t count, struct error *e) {
    struct merge m = {.error = e};
    const bool there = access(folder, F_OK) == 0;
    char *path = text_format("%s/assay.db", folder);
    if (!path) return error_memory(e);
    bool free_place = (!file_exists(path) && !run_folder_is_foreign(folder, path)) ||
                      error_set(e, "%s: the folder holds files: a new or empty one was wanted", folder);
    bool ok = free_place && file_make_folder(folder, e) && store_open(path, &m.into, e) && take_all(&m, runs, count);
    store_close(m.into);
    if (!ok && free_place) unlink(path);
    if (!ok && !there) rmdir(folder);
    free(m.identity);
    free(m.record);
    free(m.asked);
    free(m.of);
    free(path);
    return ok;
}
