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
