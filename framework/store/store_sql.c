/* SQLite's calls with errors that say what to do. */
#include "store/store_sql.h"

#include <errno.h>
#include <string.h>

/* The file system refused: what it said, where SQLite kept it, and the remedy. */
static bool fail_io(const struct store *s, int code, struct error *e) {
    int why = s->db ? sqlite3_system_errno(s->db) : 0;
    /* EBADF: of a file that SQLite could not open, such as the log in a folder that is read-only. */
    const char *said = why == EBADF ? "it, or the log beside it, does not open"
                       : why        ? strerror(why)
                       : s->db      ? sqlite3_errmsg(s->db)
                                    : sqlite3_errstr(code);
    bool full = (code & 0xff) == SQLITE_FULL || code == SQLITE_IOERR_WRITE;

    if (full)
        error_set(e,
                  "%s: cannot be written: %s: free some space on the disk, or raise the limit on the size of files "
                  "(ulimit -f), then go on with --resume",
                  s->path, said);
    else
        error_set(e,
                  "%s: cannot be read or written: %s: make the file and its folder writable and go on with --resume, "
                  "or choose another folder",
                  s->path, said);
    errno = EIO;
    return false;
}

bool store_fail(const struct store *s, int code, struct error *e) {
    switch (code & 0xff) {
    case SQLITE_NOMEM: return error_memory(e);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return error_set(e, "%s: in use by another process: wait for it to end, or choose another folder", s->path);
    case SQLITE_NOTADB:
        return error_set(e, "%s: not an SQLite file: a store of assay was wanted; choose another folder", s->path);
    case SQLITE_CORRUPT:
        return error_set(
            e, "%s: the file is damaged: an intact store was wanted; delete it, or start again in another folder",
            s->path);
    case SQLITE_FULL:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_IOERR: return fail_io(s, code, e);
    default:
        return error_set(e, "%s: %s (SQLite code %d): a store that can be read and written was wanted", s->path,
                         s->db ? sqlite3_errmsg(s->db) : sqlite3_errstr(code), code);
    }
}

bool store_execute(struct store *s, const char *sql, struct error *e) {
    int code = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK || store_fail(s, code, e);
}

bool store_prepare(const struct store *s, const char *sql, sqlite3_stmt **out, struct error *e) {
    int code = sqlite3_prepare_v2(s->db, sql, -1, out, NULL);
    return code == SQLITE_OK || store_fail(s, code, e);
}

bool store_step(const struct store *s, sqlite3_stmt *statement, const char *const *texts, int n, bool *row,
                struct error *e) {
    int code = SQLITE_OK;

    for (int i = 0; i < n && code == SQLITE_OK; i++)
        code = sqlite3_bind_text(statement, i + 1, texts[i], -1, SQLITE_STATIC);
    if (code == SQLITE_OK) code = sqlite3_step(statement);
    *row = code == SQLITE_ROW;
    return code == SQLITE_ROW || code == SQLITE_DONE || store_fail(s, code, e);
}

void store_rest(sqlite3_stmt *statement) {
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
}

bool store_run_once(const struct store *s, const char *sql, const char *const *texts, int n, struct error *e) {
    sqlite3_stmt *statement;
    bool row;

    if (!store_prepare(s, sql, &statement, e)) return false;
    bool ok = store_step(s, statement, texts, n, &row, e);
    sqlite3_finalize(statement);
    return ok;
}
