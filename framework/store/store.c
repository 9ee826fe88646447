/* Opening and closing, order and names. */
#include "store/store.h"

#include "base/text.h"
#include "store/store_layout.h"
#include "store/store_schema.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* WAL with an exclusive lock: one process per run folder, no shared memory (so network folders work), no fsync per
 * unit. A SIGKILL loses at most the open transaction; a power cut at most whole ones since the log was written back. */
static const char open_sql[] = "PRAGMA locking_mode = EXCLUSIVE;"
                               "PRAGMA synchronous = OFF;" /* of a new file nothing can be lost yet */
                               "PRAGMA journal_mode = WAL;"
                               "PRAGMA wal_autocheckpoint = 16384;" /* 64 MiB: workers wait while it is done */
                               "PRAGMA temp_store = MEMORY;"
                               "PRAGMA cache_size = -32768;"
                               "PRAGMA trusted_schema = OFF;";

/* One thread has it. `name`: what SQLite is to open: the path, or a URI. */
static bool open_file(const char *path, const char *name, int flags, const char *sql, struct store **out,
                      struct error *e) {
    struct store *s = calloc(1, sizeof *s);

    if (!s || !(s->path = text_copy(path))) {
        free(s);
        return error_memory(e);
    }
    int code = sqlite3_open_v2(name, &s->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (code == SQLITE_OK) code = sqlite3_extended_result_codes(s->db, 1);
    bool ok = code == SQLITE_OK || store_fail(s, code, e);
    ok = ok && store_execute(s, sql, e) && store_check_schema(s, e);
    if (!ok) {
        int why = errno;
        store_close(s);
        errno = why;
        return false;
    }
    *out = s;
    return true;
}

bool store_open(const char *path, struct store **out, struct error *e) {
    return open_file(path, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, open_sql, out, e);
}

bool store_look(const char *path, struct store **out, struct error *e) {
    struct text name = {0};
    text_add(&name, path[0] == '/' ? "file://" : "file:"); /* two slashes at the front would be a host */
    for (const char *at = path; *at; at++) text_add(&name, strchr("%?#", *at) ? "%%%02X" : "%c", (unsigned char)*at);
    text_add(&name, "?immutable=1");
    bool ok = name.failed ? error_memory(e)
                          : open_file(path, name.data, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI,
                                      "PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF", out, e);
    text_finish(&name);
    return ok;
}

/* A folder that may not be written to, as of somebody else or on a medium that is read-only. Where a run is at work
 * there, or was killed, a log lies beside the store. */
static bool is_read_only(const char *path) {
    const char *name = strrchr(path, '/');
    char *folder = name ? text_format("%.*s", (int)(name - path + 1), path) : text_copy(".");
    char *log = text_format("%s-wal", path);
    bool only = folder && log && (access(path, W_OK) != 0 || access(folder, W_OK) != 0) && access(log, F_OK) != 0;
    free(folder);
    free(log);
    return only;
}

bool store_open_as_allowed(const char *path, struct store **out, struct error *e) {
    return (is_read_only(path) ? store_look : store_open)(path, out, e);
}

void store_close(struct store *s) {
    if (!s) return;
    for (int i = 0; i < TABLE_STORED; i++) {
        sqlite3_finalize(s->put[i]);
        sqlite3_finalize(s->digest[i]);
        sqlite3_finalize(s->seal[i]);
    }
    sqlite3_finalize(s->has_unit);
    sqlite3_finalize(s->find);
    sqlite3_finalize(s->put_numbers);
    sqlite3_close(s->db);
    free(s->path);
    free(s);
}

const char *store_path(const struct store *s) {
    return s->path;
}

bool store_check_file(const struct store *s, struct error *e) {
    int moved = 0;

    if (sqlite3_file_control(s->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) != SQLITE_OK || !moved) return true;
    return error_set(e,
                     "%s: deleted, moved or replaced while the run was at work (by a plugin, or by another program): "
                     "what was computed is lost; find out who did it, then run again in a new folder",
                     s->path);
}

bool store_begin(struct store *s, struct error *e) {
    return store_execute(s, "BEGIN IMMEDIATE", e);
}

bool store_commit(struct store *s, struct error *e) {
    return store_execute(s, "COMMIT", e);
}

bool store_clear(struct store *s, struct error *e) {
    struct text sql = {0};

    text_add(&sql, "SAVEPOINT clearing; DELETE FROM meta; DELETE FROM places;");
    for (int i = 0; i < TABLE_STORED; i++)
        if (i == TABLE_COMPARISON) text_add(&sql, " %s", layout_clear_sql(s));
        else if (i != TABLE_NETWORK) text_add(&sql, " DELETE FROM %s;", store_tables[i].name);
    text_add(&sql, " RELEASE clearing");
    bool ok = sql.failed ? error_memory(e) : store_execute(s, sql.data, e);
    text_finish(&sql);
    return ok;
}

bool store_drop_networks(struct store *s, struct error *e) {
    char sql[64];
    snprintf(sql, sizeof sql, "DELETE FROM %s", store_tables[TABLE_NETWORK].name);
    return store_execute(s, sql, e);
}

static bool add_places(struct store *s, const char *kind, const char *const *names, size_t n, struct error *e) {
    sqlite3_stmt *statement;
    bool row, ok = true;

    if (!store_prepare(s, "INSERT OR IGNORE INTO places VALUES (?, ?, (SELECT count(*) FROM places))", &statement, e))
        return false;
    for (size_t i = 0; i < n && ok; i++) {
        ok = store_step(s, statement, (const char *const[]){kind, names[i]}, 2, &row, e);
        sqlite3_reset(statement);
    }
    sqlite3_finalize(statement);
    return ok;
}

bool store_set_order(struct store *s, const char *const *explainers, size_t explainer_count,
                     const char *const *controls, size_t control_count, struct error *e) {
    if (!store_execute(s, "SAVEPOINT ordering; DELETE FROM places", e)) return false;
    bool ok = add_places(s, "explainer", explainers, explainer_count, e) &&
              add_places(s, "control", controls, control_count, e);
    if (!ok) {
        store_execute(s, "ROLLBACK TO ordering; RELEASE ordering", NULL);
        return false;
    }
    return store_execute(s, "RELEASE ordering", e);
}

bool store_has_unit(struct store *s, const char *explainer, const char *variant) {
    bool row = false;

    if (!s->has_unit &&
        !store_prepare(s, "SELECT 1 FROM units WHERE explainer = ? AND variant = ?", &s->has_unit, NULL))
        return false;
    store_step(s, s->has_unit, (const char *const[]){explainer, variant}, 2, &row, NULL);
    store_rest(s->has_unit);
    return row;
}

bool store_count_units(struct store *s, bool (*units)(void *, const char *, uint32_t), void *user, struct error *e) {
    sqlite3_stmt *statement;
    bool row, ok;

    if (!store_prepare(s, "SELECT explainer, count(*) FROM units GROUP BY explainer", &statement, e)) return false;
    for (ok = store_step(s, statement, NULL, 0, &row, e); ok && row;) {
        const char *name = (const char *)sqlite3_column_text(statement, 0);
        ok = name ? units(user, name, (uint32_t)sqlite3_column_int64(statement, 1)) : error_memory(e);
        ok = ok && store_step(s, statement, NULL, 0, &row, e);
    }
    sqlite3_finalize(statement);
    return ok;
}

bool store_drop_units(struct store *s, const char *explainer, const char *variant, struct error *e) {
    static const char *const tables[] = {"units", "comparisons", "checks", "maps"};
    const char *const texts[] = {explainer, variant};
    bool ok = store_execute(s, "SAVEPOINT dropping", e);

    if (!ok) return false;
    for (size_t i = 0; i < sizeof tables / sizeof *tables && ok; i++) {
        char sql[96];
        snprintf(sql, sizeof sql, "DELETE FROM %s WHERE explainer = ?%s", tables[i], variant ? " AND variant = ?" : "");
        ok = store_run_once(s, sql, texts, variant ? 2 : 1, e);
    }
    if (!ok) store_execute(s, "ROLLBACK TO dropping", NULL);
    return store_execute(s, "RELEASE dropping", ok ? e : NULL) && ok;
}

static bool each_name(struct store *s, const char *sql, bool (*name)(void *, const char *), void *context,
                      struct error *e) {
    sqlite3_stmt *statement;
    int code = SQLITE_ROW;
    bool ok = true;

    if (!store_prepare(s, sql, &statement, e)) return false;
    while (ok && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(statement, 0);
        ok = text ? name(context, text) : error_memory(e);
    }
    if (code != SQLITE_ROW && code != SQLITE_DONE) ok = store_fail(s, code, e);
    sqlite3_finalize(statement);
    return ok;
}

#define NAMES(column)                                                                                                  \
    "SELECT t." column " FROM (SELECT DISTINCT " column " FROM verdicts) t LEFT JOIN places p ON p.kind = '" column    \
    "' AND p.name = t." column " ORDER BY p.place NULLS LAST, t." column

bool store_each_explainer(struct store *s, bool (*name)(void *, const char *), void *context, struct error *e) {
    return each_name(s, NAMES("explainer"), name, context, e);
}

bool store_each_control(struct store *s, bool (*name)(void *, const char *), void *context, struct error *e) {
    return each_name(s, NAMES("control"), name, context, e);
}
