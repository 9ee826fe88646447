/* Digests: SHA-256 over rows as they lie in the file, so that a changed bit is found before a resumed run goes on. */
#include "store/store_digest.h"

#include "base/file.h"
#include "base/text.h"

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

/* The name, and every row that the statement gives. */
static bool add_rows_of(const struct store *s, struct text *out, const char *name, sqlite3_stmt *statement,
                        const char *const *texts, int n, struct error *e) {
    const int columns = sqlite3_column_count(statement);
    bool row, ok;

    text_append(out, name, strlen(name) + 1);
    for (ok = store_step(s, statement, texts, n, &row, e); ok && row;) {
        for (int c = 0; c < columns && ok; c++) ok = add_value(out, statement, c) || error_memory(e);
        ok = ok && store_step(s, statement, NULL, 0, &row, e);
    }
    return ok;
}

static bool add_rows(const struct store *s, struct text *out, const char *name, const char *sql, struct error *e) {
    sqlite3_stmt *statement;

    if (!store_prepare(s, sql, &statement, e)) return false;
    bool ok = add_rows_of(s, out, name, statement, NULL, 0, e);
    sqlite3_finalize(statement);
    return ok;
}

/* SELECT of the columns behind the first `keys`, which are given, but for the digest; in the order of the key. */
static char *select_rows(const struct store *s, const struct table *t, int keys) {
    const int columns = table_columns(t, s->layout);
    struct text sql = {0};

    for (int i = keys; i < columns; i++) text_add(&sql, "%s\"%s\"", i > keys ? ", " : "SELECT ", t->fields[i].column);
    text_add(&sql, " FROM %s", t->name);
    for (int i = 0; i < keys; i++) text_add(&sql, "%s \"%s\" = ?", i ? " AND" : " WHERE", t->fields[i].column);
    for (int i = 0; i < t->key_count; i++) text_add(&sql, "%s \"%s\"", i ? "," : " ORDER BY", t->fields[i].column);
    if (sql.failed) text_finish(&sql);
    return sql.data;
}

/* All rows of the table. */
static bool add_table(const struct store *s, struct text *bytes, enum table_id id, struct error *e) {
    const struct table *t = &store_tables[id];
    char *sql = select_rows(s, t, 0);
    bool ok = sql ? add_rows(s, bytes, t->name, sql, e) : error_memory(e);

    free(sql);
    return ok;
}

/* The tables whose rows make up one unit of (explainer, variant): in all of them the first two columns. */
const enum table_id store_of_unit[STORE_OF_UNIT] = {TABLE_UNIT, TABLE_COMPARISON, TABLE_CHECK, TABLE_MAP};

/* The rows of the table whose first columns are the key. Always as many for one table, so that the statement stays. */
static bool add_rows_of_key(struct store *s, struct text *bytes, enum table_id id, const char *const *key, int keys,
                            struct error *e) {
    const struct table *t = &store_tables[id];

    if (!s->digest[id]) {
        char *sql = select_rows(s, t, keys);
        bool ok = sql ? store_prepare(s, sql, &s->digest[id], e) : error_memory(e);
        free(sql);
        if (!ok) return false;
    }
    bool ok = add_rows_of(s, bytes, t->name, s->digest[id], key, keys, e);
    store_rest(s->digest[id]);
    return ok;
}

bool store_digest(struct store *s, enum table_id id, const char *const *key, char digest[FILE_DIGEST_SIZE],
                  struct error *e) {
    const bool unit = id == TABLE_UNIT;
    const int keys = store_tables[id].key_count;
    const size_t count = unit ? STORE_OF_UNIT : 1;
    struct text bytes = {0};
    bool ok = true;

    for (int k = 0; k < keys; k++) text_append(&bytes, key[k], strlen(key[k]) + 1);
    for (size_t i = 0; i < count && ok; i++)
        ok = add_rows_of_key(s, &bytes, unit ? store_of_unit[i] : id, key, keys, e);
    if (ok) data_digest(bytes.data, bytes.length, digest);
    text_finish(&bytes);
    return ok;
}

bool store_digest_results(const struct store *s, char digest[FILE_DIGEST_SIZE], struct error *e) {
    static const enum table_id ids[] = {TABLE_INPUT, TABLE_USE, TABLE_CURVE, TABLE_VERDICT};
    struct text bytes = {0};
    bool ok = add_rows(s, &bytes, "places", "SELECT kind, name, place FROM places ORDER BY kind, name", e) &&
              add_rows(s, &bytes, "units", "SELECT explainer, variant, row_digest FROM units ORDER BY 1, 2", e);

    for (size_t i = 0; i < sizeof ids / sizeof *ids && ok; i++) ok = add_table(s, &bytes, ids[i], e);
    if (ok) data_digest(bytes.data, bytes.length, digest);
    text_finish(&bytes);
    return ok;
}

/* ---- sealing ---- */

static bool prepare_seal(struct store *s, enum table_id id, struct error *e) {
    const struct table *t = &store_tables[id];
    struct text sql = {0};

    text_add(&sql, "UPDATE %s SET row_digest = ?", t->name);
    for (int i = 0; i < t->key_count; i++) text_add(&sql, "%s \"%s\" = ?", i ? " AND" : " WHERE", t->fields[i].column);
    bool ok = sql.failed ? error_memory(e) : store_prepare(s, sql.data, &s->seal[id], e);
    text_finish(&sql);
    return ok;
}

bool store_seal(struct store *s, enum table_id id, const char *const *key, struct error *e) {
    const int keys = store_tables[id].key_count;
    char digest[FILE_DIGEST_SIZE];
    const char *texts[3] = {digest, key[0], keys > 1 ? key[1] : NULL};
    bool row;

    if (!store_digest(s, id, key, digest, e) || (!s->seal[id] && !prepare_seal(s, id, e))) return false;
    bool ok = store_step(s, s->seal[id], texts, 1 + keys, &row, e);
    store_rest(s->seal[id]);
    return ok;
}

bool store_digest_meta(const struct store *s, char digest[FILE_DIGEST_SIZE], bool *empty, struct error *e) {
    struct text bytes = {0};
    bool ok = add_rows(s, &bytes, "meta", "SELECT key, value FROM meta WHERE key <> '" META_DIGEST "' ORDER BY key", e);

    *empty = bytes.length == sizeof "meta";
    if (ok) data_digest(bytes.data, bytes.length, digest);
    text_finish(&bytes);
    return ok;
}

bool store_seal_meta(struct store *s, struct error *e) {
    char digest[FILE_DIGEST_SIZE] = "";
    bool empty;
    return store_digest_meta(s, digest, &empty, e) &&
           store_run_once(s, "INSERT OR REPLACE INTO meta VALUES ('" META_DIGEST "', ?)", (const char *const[]){digest},
                          1, e);
}
