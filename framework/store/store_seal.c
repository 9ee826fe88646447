/* Digests: SHA-256 over rows as they lie in the file, so that a changed bit is found before a resumed run goes on. */
#include "store/store_seal.h"

#include "base/file.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the bytes that are digested ---- */

/* Each value behind its type and size, so that no two rows have the same bytes. */
static bool add_value(struct text *out, sqlite3_stmt *statement, int column) {
    const unsigned char type = (unsigned char)sqlite3_column_type(statement, column);
    sqlite3_int64 whole;
    double real;
    const void *bytes = &whole;
    uint32_t size = 8;

    if (type == SQLITE_INTEGER) {
        whole = sqlite3_column_int64(statement, column);
    } else if (type == SQLITE_FLOAT) {
        real = sqlite3_column_double(statement, column);
        bytes = &real;
    } else {
        bytes = sqlite3_column_blob(statement, column); /* NULL: no bytes */
        size = (uint32_t)sqlite3_column_bytes(statement, column);
        if (size && !bytes) return false;
    }
    text_append(out, (const char *)&type, 1);
    text_append(out, (const char *)&size, sizeof size);
    if (size) text_append(out, bytes, size);
    return !out->failed;
}

/* The name, and every row of the query. */
static bool add_rows(const struct store *s, struct text *out, const char *name, const char *sql,
                     const char *const *texts, int n, struct error *e) {
    sqlite3_stmt *statement;
    bool row, ok;

    if (!store_prepare(s, sql, &statement, e)) return false;
    const int columns = sqlite3_column_count(statement);
    text_append(out, name, strlen(name) + 1);
    for (ok = store_step(s, statement, texts, n, &row, e); ok && row;) {
        for (int c = 0; c < columns && ok; c++) ok = add_value(out, statement, c) || error_memory(e);
        ok = ok && store_step(s, statement, NULL, 0, &row, e);
    }
    sqlite3_finalize(statement);
    return ok;
}

/* SELECT of the columns behind the first `keys`, which are given, but for the digest; in the order of the key. */
static char *select_rows(const struct table *t, int keys) {
    struct text sql = {0};

    for (int i = keys; i < t->field_count; i++)
        text_add(&sql, "%s\"%s\"", i > keys ? ", " : "SELECT ", t->fields[i].column);
    text_add(&sql, " FROM %s", t->name);
    for (int i = 0; i < keys; i++) text_add(&sql, "%s \"%s\" = ?", i ? " AND" : " WHERE", t->fields[i].column);
    for (int i = 0; i < t->key_count; i++) text_add(&sql, "%s \"%s\"", i ? "," : " ORDER BY", t->fields[i].column);
    if (sql.failed) text_finish(&sql);
    return sql.data;
}

/* The tables whose rows make up one unit of (explainer, variant): in all of them the first two columns. */
static const enum table_id of_unit[] = {TABLE_UNIT, TABLE_COMPARISON, TABLE_CHECK, TABLE_MAP};
static const enum table_id alone[] = {TABLE_NETWORK, TABLE_AUDIT};

static bool digest_rows(const struct store *s, const enum table_id *ids, size_t count, const char *const *key, int keys,
                        char digest[FILE_DIGEST_SIZE], struct error *e) {
    struct text bytes = {0};
    bool ok = true;

    for (int k = 0; k < keys; k++) text_append(&bytes, key[k], strlen(key[k]) + 1);
    for (size_t i = 0; i < count && ok; i++) {
        char *sql = select_rows(&store_tables[ids[i]], keys);
        ok = sql ? add_rows(s, &bytes, store_tables[ids[i]].name, sql, key, keys, e) : error_memory(e);
        free(sql);
    }
    if (ok) data_digest(bytes.data, bytes.length, digest);
    text_finish(&bytes);
    return ok;
}

static bool digest_of(const struct store *s, enum table_id id, const char *const *key, char digest[FILE_DIGEST_SIZE],
                      struct error *e) {
    bool unit = id == TABLE_UNIT;
    return digest_rows(s, unit ? of_unit : &id, unit ? sizeof of_unit / sizeof *of_unit : 1, key,
                       store_tables[id].key_count, digest, e);
}

/* ---- sealing ---- */

bool store_seal(struct store *s, enum table_id id, const char *const *key, struct error *e) {
    const struct table *t = &store_tables[id];
    char digest[FILE_DIGEST_SIZE];
    const char *texts[3] = {digest, key[0], t->key_count > 1 ? key[1] : NULL};
    struct text sql = {0};

    if (!digest_of(s, id, key, digest, e)) return false;
    text_add(&sql, "UPDATE %s SET row_digest = ?", t->name);
    for (int i = 0; i < t->key_count; i++) text_add(&sql, "%s \"%s\" = ?", i ? " AND" : " WHERE", t->fields[i].column);
    bool ok = sql.failed ? error_memory(e) : store_run_once(s, sql.data, texts, 1 + t->key_count, e);
    text_finish(&sql);
    return ok;
}

bool store_seal_unit(struct store *s, const char *explainer, const char *variant, struct error *e) {
    return store_seal(s, TABLE_UNIT, (const char *const[]){explainer, variant}, e);
}

#define META_DIGEST "digest"

static bool digest_meta(const struct store *s, char digest[FILE_DIGEST_SIZE], bool *empty, struct error *e) {
    struct text bytes = {0};
    bool ok = add_rows(s, &bytes, "meta", "SELECT key, value FROM meta WHERE key <> '" META_DIGEST "' ORDER BY key",
                       NULL, 0, e);

    *empty = bytes.length == sizeof "meta";
    if (ok) data_digest(bytes.data, bytes.length, digest);
    text_finish(&bytes);
    return ok;
}

bool store_seal_meta(struct store *s, struct error *e) {
    char digest[FILE_DIGEST_SIZE] = "";
    bool empty;
    return digest_meta(s, digest, &empty, e) &&
           store_run_once(s, "INSERT OR REPLACE INTO meta VALUES ('" META_DIGEST "', ?)", (const char *const[]){digest},
                          1, e);
}

/* ---- verifying ---- */

static bool verify_meta(struct store *s, struct error *e) {
    char digest[FILE_DIGEST_SIZE] = "", *known = NULL;
    bool empty;

    if (!digest_meta(s, digest, &empty, e) || !store_meta(s, META_DIGEST, &known, e)) return false;
    bool ok = (empty && !known) || (known && strcmp(known, digest) == 0) ||
              error_set(e,
                        "%s: what it says of the run was changed after it was stored (its digest does not match): "
                        "leave --resume out to run anew, or choose another folder",
                        s->path);
    free(known);
    return ok;
}

struct verifier {
    struct store *store;
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

static bool drop(const struct verifier *v, enum table_id id, const char *const *key) {
    bool unit = id == TABLE_UNIT, ok = true;
    char *what = unit ? text_format("the unit of %s on %s", key[0], key[1])
                      : text_format("the %s %s", id == TABLE_AUDIT ? "audit of" : "trained network", key[0]);

    if (!what) return error_memory(v->error);
    for (size_t i = 0; unit && i < sizeof of_unit / sizeof *of_unit && ok; i++)
        ok = delete_rows(v, &store_tables[of_unit[i]], key);
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
    if (!digest_of(v->store, id, key, digest, v->error)) return false;
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

    for (size_t i = 1; i < sizeof of_unit / sizeof *of_unit; i++) {
        char sql[192];
        snprintf(sql, sizeof sql,
                 "DELETE FROM %s WHERE NOT EXISTS (SELECT 1 FROM units u WHERE u.explainer = %s.explainer AND "
                 "u.variant = %s.variant)",
                 store_tables[of_unit[i]].name, store_tables[of_unit[i]].name, store_tables[of_unit[i]].name);
        if (!store_execute(v->store, sql, v->error)) return false;
        strays += sqlite3_changes(v->store->db);
    }
    if (strays && v->dropped) v->dropped(v->user, "rows that belong to no unit");
    return true;
}

bool store_verify(struct store *s, void (*dropped)(void *, const char *), void *user, struct error *e) {
    const struct verifier v = {s, dropped, user, e};
    bool ok = verify_meta(s, e) && store_begin(s, e);

    if (!ok) return false;
    ok = verify_table(&v, TABLE_UNIT);
    for (size_t i = 0; i < sizeof alone / sizeof *alone && ok; i++) ok = verify_table(&v, alone[i]);
    ok = ok && drop_strays(&v) &&
         store_execute(s,
                       "DELETE FROM places; DELETE FROM inputs; DELETE FROM uses; DELETE FROM curves; DELETE FROM "
                       "verdicts",
                       e);
    if (!ok) store_execute(s, "ROLLBACK", NULL);
    return ok && store_commit(s, e);
}
