/* Rows of another store, as they lie there. */
#include "store/store_merge.h"

#include "base/text.h"
#include "store/store_digest.h"

#include <stdlib.h>
#include <string.h>

/* "INSERT INTO units VALUES (?, ?)" */
static bool prepare_insert(struct store *s, const struct table *t, int columns, sqlite3_stmt **out, struct error *e) {
    struct text sql = {0};
    text_add(&sql, "INSERT OR IGNORE INTO %s VALUES (", t->name);
    for (int c = 0; c < columns; c++) text_add(&sql, "%s?", c ? ", " : "");
    text_add(&sql, ")");
    bool ok = sql.failed ? error_memory(e) : store_prepare(s, sql.data, out, e);
    text_finish(&sql);
    return ok;
}

/* The digest of the row with that key, or NULL. */
static bool find_digest(const struct store *s, const struct table *t, const char *const *key, char **out,
                        struct error *e) {
    struct text sql = {0};
    sqlite3_stmt *statement = NULL;
    bool row = false;
    *out = NULL;
    text_add(&sql, "SELECT row_digest FROM %s", t->name);
    for (int i = 0; i < t->key_count; i++) text_add(&sql, "%s \"%s\" = ?", i ? " AND" : " WHERE", t->fields[i].column);
    bool ok = sql.failed ? error_memory(e) : store_prepare(s, sql.data, &statement, e);
    ok = ok && store_step(s, statement, key, t->key_count, &row, e);
    if (ok && row && !(*out = text_copy((const char *)sqlite3_column_text(statement, 0)))) ok = error_memory(e);
    sqlite3_finalize(statement);
    text_finish(&sql);
    return ok;
}

static bool twice(const struct store *from, enum table_id id, const char *const *key, struct error *e) {
    if (id == TABLE_UNIT)
        return error_set(e,
                         "%s: the unit of %s on %s is in an earlier one, too, and not the same: runs that computed "
                         "different shares of one battery were wanted",
                         from->path, key[0], key[1]);
    return error_set(e,
                     "%s: the %s %s is in an earlier one, too, and not the same: runs of one battery, computed on "
                     "machines that are alike, were wanted",
                     from->path, id == TABLE_AUDIT ? "audit of" : "trained network", key[0]);
}

/* Of a table with digests: what is there already must be the same. */
static bool check_row(struct store *into, const struct store *from, enum table_id id, sqlite3_stmt *row,
                      struct error *e) {
    const struct table *t = &store_tables[id];
    const char *key[2] = {(const char *)sqlite3_column_text(row, 0),
                          t->key_count > 1 ? (const char *)sqlite3_column_text(row, 1) : NULL};
    const char *digest = (const char *)sqlite3_column_text(row, t->field_count);
    char *known;
    if (!key[0] || !digest) return error_memory(e);
    bool ok = find_digest(into, t, key, &known, e);
    if (ok && known && strcmp(known, digest) != 0) ok = twice(from, id, key, e);
    free(known);
    return ok;
}

static bool copy_row(struct store *into, sqlite3_stmt *insert, sqlite3_stmt *row, int columns, struct error *e) {
    int code = SQLITE_OK;
    for (int c = 0; c < columns && code == SQLITE_OK; c++)
        code = sqlite3_bind_value(insert, c + 1, sqlite3_column_value(row, c));
    if (code == SQLITE_OK && (code = sqlite3_step(insert)) == SQLITE_DONE) code = SQLITE_OK;
    sqlite3_reset(insert);
    return code == SQLITE_OK || store_fail(into, code, e);
}

static bool take_table(struct store *into, struct store *from, enum table_id id, struct error *e) {
    const struct table *t = &store_tables[id];
    const int columns = t->field_count + (t->sealed ? 1 : 0);
    sqlite3_stmt *row = NULL, *insert = NULL;
    char *sql = text_format("SELECT * FROM %s", t->name);
    bool there = false;
    bool ok = sql ? store_prepare(from, sql, &row, e) && prepare_insert(into, t, columns, &insert, e) : error_memory(e);
    while (ok && (ok = store_step(from, row, NULL, 0, &there, e)) && there)
        ok = (!t->sealed || check_row(into, from, id, row, e)) && copy_row(into, insert, row, columns, e);
    sqlite3_finalize(row);
    sqlite3_finalize(insert);
    free(sql);
    return ok;
}

/* An audit without what it has now would be another one. */
static bool check_layout(const struct store *into, const struct store *from, struct error *e) {
    const struct table *audits = &store_tables[TABLE_AUDIT];
    return table_columns(audits, into->layout) == table_columns(audits, from->layout) ||
           error_set(e,
                     "%s: a store of layout %d, written by another version of assay: layout %d was wanted; put shards "
                     "together with the version that computed them",
                     from->path, from->layout, into->layout);
}

bool store_take(struct store *into, struct store *from, struct error *e) {
    /* Units before the rows that belong to them: one that is refused has added nothing. */
    static const enum table_id ids[] = {TABLE_NETWORK,    TABLE_AUDIT, TABLE_UNIT,
                                        TABLE_COMPARISON, TABLE_CHECK, TABLE_MAP};
    bool ok = check_layout(into, from, e);
    for (size_t i = 0; ok && i < sizeof ids / sizeof *ids; i++) ok = take_table(into, from, ids[i], e);
    return ok;
}
