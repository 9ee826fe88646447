/* Before a run goes on: every digest again, and what does not match is dropped. */
#include "store/store_verify.h"

#include "base/file.h"
#include "base/text.h"
#include "store/store_digest.h"
#include "store/store_layout.h"
#include "store/store_meta.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool store_seal_unit(struct store *s, const char *explainer, const char *variant, struct error *e) {
    return store_seal(s, TABLE_UNIT, (const char *const[]){explainer, variant}, e);
}

/* ---- verifying ---- */

bool store_verify_meta(struct store *s, struct error *e) {
    char digest[FILE_DIGEST_SIZE] = "", *known = NULL;
    bool empty;

    if (!store_digest_meta(s, digest, &empty, e) || !store_meta(s, META_DIGEST, &known, e)) return false;
    bool ok = (empty && !known) || (known && strcmp(known, digest) == 0) ||
              error_set(e,
                        "%s: what it says of the run was changed after it was stored (its digest does not match): "
                        "leave --resume out to run anew, or choose another folder",
                        s->path);
    free(known);
    return ok;
}

#define META_RESULTS "results" /* digest of what store_digest_results() takes */

bool store_seal_results(struct store *s, struct error *e) {
    char digest[FILE_DIGEST_SIZE];
    return store_digest_results(s, digest, e) && store_set_meta(s, META_RESULTS, digest, e);
}

struct verifier {
    struct store *store;
    bool refuse; /* what does not match is an error, and stays */
    void (*dropped)(void *, const char *);
    void *user;
    struct error *error;
};

static bool delete_rows(const struct verifier *v, const struct table *t, const char *const *key) {
    struct text sql = {0};

    text_add(&sql, "DELETE FROM %s", t->name);
    for (int i = 0; key[i]; i++) text_add(&sql, "%s \"%s\" = ?", i ? " AND" : " WHERE", t->fields[i].column);
    int count = key[1] ? 2 : 1;
    bool ok = sql.failed ? error_memory(v->error) : store_run_once(v->store, sql.data, key, count, v->error);
    text_finish(&sql);
    return ok;
}

static bool refuse(const struct verifier *v, const char *what) {
    return error_set(v->error,
                     "%s: %s was changed after it was stored: run the battery again, or with --resume, which computes "
                     "that again",
                     v->store->path, what);
}

static bool drop(const struct verifier *v, enum table_id id, const char *const *key) {
    bool unit = id == TABLE_UNIT, ok = true;
    char *what = unit ? text_format("the unit of %s on %s", key[0], key[1])
                      : text_format("the %s %s", id == TABLE_AUDIT ? "audit of" : "trained network", key[0]);

    if (!what) return error_memory(v->error);
    if (v->refuse) {
        ok = refuse(v, what);
        free(what);
        return ok;
    }
    for (size_t i = 0; unit && i < STORE_OF_UNIT && ok; i++) ok = delete_rows(v, &store_tables[store_of_unit[i]], key);
    ok = ok && (unit || delete_rows(v, &store_tables[id], key));
    if (ok && v->dropped) v->dropped(v->user, what);
    free(what);
    return ok;
}

/* One row of the list: its key, and the digest it was stored with. */
static bool verify_row(const struct verifier *v, enum table_id id, sqlite3_stmt *statement) {
    const char *key[3] = {NULL, NULL, NULL};
    char digest[FILE_DIGEST_SIZE];
    int keys = store_tables[id].key_count;

    for (int i = 0; i < keys; i++)
        if (!(key[i] = (const char *)sqlite3_column_text(statement, i))) return error_memory(v->error);
    const char *known = (const char *)sqlite3_column_text(statement, keys);
    if (!store_digest(v->store, id, key, digest, v->error)) return false;
    return (known && strcmp(known, digest) == 0) || drop(v, id, key);
}

/* The keys are copied first: rows are deleted on the way. */
static bool verify_table(const struct verifier *v, enum table_id id) {
    const struct table *t = &store_tables[id];
    struct text sql = {0};
    sqlite3_stmt *statement = NULL;
    bool row = false;

    text_add(&sql, "CREATE TEMP TABLE verified AS SELECT ");
    for (int i = 0; i < t->key_count; i++) text_add(&sql, "\"%s\", ", t->fields[i].column);
    text_add(&sql, "row_digest FROM %s ORDER BY rowid", t->name);
    bool ok = sql.failed ? error_memory(v->error) : store_execute(v->store, sql.data, v->error);
    ok = ok && store_prepare(v->store, "SELECT * FROM temp.verified", &statement, v->error);
    while (ok && (ok = store_step(v->store, statement, NULL, 0, &row, v->error)) && row)
        ok = verify_row(v, id, statement);
    sqlite3_finalize(statement);
    store_execute(v->store, "DROP TABLE IF EXISTS temp.verified", NULL);
    text_finish(&sql);
    return ok;
}

/* Rows of a unit that is not there: their key was changed, or the unit's. */
static bool drop_strays(const struct verifier *v) {
    int strays = 0;

    for (size_t i = 1; i < STORE_OF_UNIT; i++) {
        char sql[192];
        snprintf(sql, sizeof sql,
                 "DELETE FROM %s WHERE NOT EXISTS (SELECT 1 FROM units u WHERE u.explainer = %s.explainer AND "
                 "u.variant = %s.variant)",
                 store_tables[store_of_unit[i]].name, store_tables[store_of_unit[i]].name,
                 store_tables[store_of_unit[i]].name);
        const char *delete = store_of_unit[i] == TABLE_COMPARISON ? layout_strays_sql(v->store) : sql;
        if (!store_execute(v->store, delete, v->error)) return false;
        strays += sqlite3_changes(v->store->db);
    }
    if (strays && v->dropped) v->dropped(v->user, "rows that belong to no unit");
    return true;
}

static const enum table_id alone[] = {TABLE_NETWORK, TABLE_AUDIT};

bool store_verify(struct store *s, void (*dropped)(void *, const char *), void *user, struct error *e) {
    const struct verifier v = {.store = s, .dropped = dropped, .user = user, .error = e};
    bool ok = store_verify_meta(s, e) && store_execute(s, "BEGIN IMMEDIATE", e);

    if (!ok) return false;
    ok = verify_table(&v, TABLE_UNIT);
    for (size_t i = 0; i < sizeof alone / sizeof *alone && ok; i++) ok = verify_table(&v, alone[i]);
    ok = ok && drop_strays(&v) &&
         store_execute(s,
                       "DELETE FROM places; DELETE FROM inputs; DELETE FROM uses; DELETE FROM curves; DELETE FROM "
                       "verdicts",
                       e);
    if (!ok) store_execute(s, "ROLLBACK", NULL);
    return ok && store_execute(s, "COMMIT", e);
}

bool store_check(struct store *s, struct error *e) {
    const struct verifier v = {.store = s, .refuse = true, .error = e};
    char digest[FILE_DIGEST_SIZE] = "", *known = NULL;
    bool ok = store_verify_meta(s, e) && store_digest_results(s, digest, e) && store_meta(s, META_RESULTS, &known, e);

    if (ok && (!known || strcmp(known, digest) != 0)) ok = refuse(&v, "a verdict or what it is shown with");
    free(known);
    ok = ok && verify_table(&v, TABLE_UNIT);
    for (size_t i = 0; i < sizeof alone / sizeof *alone && ok; i++) ok = verify_table(&v, alone[i]);
    return ok;
}
