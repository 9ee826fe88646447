/* The tables of a new file, and whether a file that is there is ours and intact. */
#include "store/store_schema.h"

#include "base/text.h"
#include "store/store_layout.h"

#include <string.h>

#define APPLICATION_ID 0x61737379 /* "assy", in the header of the file */

static const char *sql_type(enum field_kind kind) {
    switch (kind) {
    case FIELD_TEXT:
    case FIELD_SHAPE: return "TEXT NOT NULL";
    case FIELD_U32:
    case FIELD_STATUS:
    case FIELD_BOOL: return "INTEGER NOT NULL";
    case FIELD_REAL: return "REAL"; /* NULL: no number */
    case FIELD_FLOATS:
    case FIELD_ARRAY: return "BLOB NOT NULL"; /* float32 of this machine's byte order */
    }
    return "";
}

static void add_table(struct text *sql, const struct table *t, int layout) {
    text_add(sql, "CREATE TABLE %s (", t->name);
    for (int i = 0; i < table_columns(t, layout); i++)
        text_add(sql, "\"%s\" %s, ", t->fields[i].column, sql_type(t->fields[i].kind));
    if (t->sealed) text_add(sql, "row_digest TEXT NOT NULL DEFAULT '', ");
    text_add(sql, "PRIMARY KEY (");
    for (int i = 0; i < t->key_count; i++) text_add(sql, "%s\"%s\"", i ? ", " : "", t->fields[i].column);
    text_add(sql, ")) %s;\n", t->options);
}

/* All or nothing: a process killed here leaves an empty file, which the next one fills. */
static bool create(struct store *s, int layout, struct error *e) {
    struct text sql = {0};

    text_add(&sql, "BEGIN;\n"
                   "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);\n"
                   "CREATE TABLE places (kind TEXT, name TEXT, place INTEGER NOT NULL, PRIMARY KEY (kind, name));\n");
    for (int i = 0; i < TABLE_STORED; i++)
        if (i == TABLE_COMPARISON && layout >= LAYOUT_NUMBERED) text_add(&sql, "%s", layout_numbered_sql);
        else add_table(&sql, &store_tables[i], layout);
    text_add(
        &sql,
        "CREATE VIEW variant_places AS SELECT variant, min(printf('%%010d %%010d %%010d', ifnull(place, 9999999999), "
        "stage_index, draw)) AS place FROM uses LEFT JOIN places ON kind = 'control' AND name = control "
        "GROUP BY variant;\n"
        "PRAGMA application_id = %d;\nPRAGMA user_version = %d;\nCOMMIT;",
        APPLICATION_ID, layout);
    bool ok = sql.failed ? error_memory(e) : store_execute(s, sql.data, e);
    text_finish(&sql);
    return ok;
}

static bool ask_number(struct store *s, const char *sql, int64_t *out, struct error *e) {
    sqlite3_stmt *statement;

    if (!store_prepare(s, sql, &statement, e)) return false;
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW) *out = sqlite3_column_int64(statement, 0);
    bool ok = code == SQLITE_ROW || store_fail(s, code, e);
    sqlite3_finalize(statement);
    return ok;
}

static bool check_intact(struct store *s, struct error *e) {
    sqlite3_stmt *statement;

    if (!store_prepare(s, "PRAGMA integrity_check(1)", &statement, e)) return false;
    int code = sqlite3_step(statement);
    const char *found = code == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    bool ok = found && sqlite3_stricmp(found, "ok") == 0;
    if (!ok && code != SQLITE_ROW) store_fail(s, code, e);
    else if (!ok) store_fail(s, SQLITE_CORRUPT, e);
    sqlite3_finalize(statement);
    return ok;
}

/* Every table, index and view of the file, and how it was made. */
static bool list_schema(struct store *s, struct text *out, struct error *e) {
    sqlite3_stmt *statement;
    int code;

    if (!store_prepare(s, "SELECT type, name, tbl_name, ifnull(sql, '') FROM sqlite_master ORDER BY 1, 2", &statement,
                       e))
        return false;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW)
        for (int c = 0; c < 4; c++) {
            const char *text = (const char *)sqlite3_column_text(statement, c);
            text_add(out, "%s\n", text ? text : "");
        }
    sqlite3_finalize(statement);
    if (code != SQLITE_DONE) return store_fail(s, code, e);
    return !out->failed || error_memory(e);
}

/* A changed letter in a table or view would change what is read from it: they must be those of a new file. */
static bool check_unchanged(struct store *s, int layout, struct error *e) {
    struct store fresh = {.path = s->path};
    struct text wanted = {0}, found = {0};
    int code = sqlite3_open(":memory:", &fresh.db);
    bool ok = (code == SQLITE_OK || store_fail(&fresh, code, e)) && create(&fresh, layout, e) &&
              list_schema(&fresh, &wanted, e) && list_schema(s, &found, e);
    if (ok && strcmp(wanted.data, found.data) != 0) ok = store_fail(s, SQLITE_CORRUPT, e);
    sqlite3_close(fresh.db);
    text_finish(&wanted);
    text_finish(&found);
    return ok;
}

bool store_check_schema(struct store *s, struct error *e) {
    int64_t application = 0, version = 0, objects = 0;

    if (!ask_number(s, "SELECT count(*) FROM sqlite_master", &objects, e) ||
        !ask_number(s, "PRAGMA application_id", &application, e) || !ask_number(s, "PRAGMA user_version", &version, e))
        return false;
    if (objects == 0 && application == 0 && version == 0)
        return create(s, LAYOUT_ACTIVATIONS, e) && layout_settle(s, e);
    if (application != APPLICATION_ID)
        return error_set(e, "%s: an SQLite file of another program: a store of assay was wanted; choose another folder",
                         s->path);
    if (version < LAYOUT_NAMED || version > LAYOUT_ACTIVATIONS)
        return error_set(
            e,
            "%s: a store of layout %lld, written by another version of assay: layout %d to %d was wanted; use that "
            "version, or start again in another folder",
            s->path, (long long)version, LAYOUT_NAMED, LAYOUT_ACTIVATIONS);
    return check_intact(s, e) && check_unchanged(s, (int)version, e) && layout_settle(s, e);
}
