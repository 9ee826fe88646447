/* What a store says of its run. */
#include "store/store_meta.h"

#include "base/text.h"
#include "store/store_digest.h"

bool store_set_meta(struct store *s, const char *key, const char *value, struct error *e) {
    if (!store_execute(s, "SAVEPOINT setting", e)) return false;
    bool ok = store_run_once(s, "INSERT OR REPLACE INTO meta VALUES (?, ?)", (const char *const[]){key, value}, 2, e) &&
              store_seal_meta(s, e);
    if (!ok) store_execute(s, "ROLLBACK TO setting", NULL);
    return store_execute(s, "RELEASE setting", ok ? e : NULL) && ok;
}

bool store_meta(struct store *s, const char *key, char **value, struct error *e) {
    sqlite3_stmt *statement;
    bool row;

    *value = NULL;
    if (!store_prepare(s, "SELECT value FROM meta WHERE key = ?", &statement, e)) return false;
    bool ok = store_step(s, statement, &key, 1, &row, e);
    if (ok && row && !(*value = text_copy((const char *)sqlite3_column_text(statement, 0)))) ok = error_memory(e);
    sqlite3_finalize(statement);
    return ok;
}

bool store_each_meta(struct store *s, const char *prefix, bool (*visit)(void *, const char *, const char *), void *user,
                     struct error *e) {
    sqlite3_stmt *statement;
    bool row, ok;

    if (!store_prepare(s, "SELECT key, value FROM meta WHERE substr(key, 1, length(?1)) = ?1 ORDER BY key", &statement,
                       e))
        return false;
    for (ok = store_step(s, statement, &prefix, 1, &row, e); ok && row;) {
        const char *key = (const char *)sqlite3_column_text(statement, 0);
        const char *value = (const char *)sqlite3_column_text(statement, 1);
        ok = (key && value) || error_memory(e);
        ok = ok && visit(user, key, value) && store_step(s, statement, NULL, 0, &row, e);
    }
    sqlite3_finalize(statement);
    return ok;
}

bool store_unset_meta(struct store *s, const char *key, struct error *e) {
    if (!store_execute(s, "SAVEPOINT unsetting", e)) return false;
    bool ok = store_run_once(s, "DELETE FROM meta WHERE key = ?", &key, 1, e) && store_seal_meta(s, e);
    if (!ok) store_execute(s, "ROLLBACK TO unsetting", NULL);
    return store_execute(s, "RELEASE unsetting", ok ? e : NULL) && ok;
}
