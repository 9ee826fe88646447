/* store_sql.h (private to the store): the open file, and SQLite's calls with errors that say what to do. */
#ifndef ASSAY_STORE_STORE_SQL_H
#define ASSAY_STORE_STORE_SQL_H

#include "base/error.h"
#include "store/store_table.h"

#include <sqlite3.h>

struct store {
    sqlite3 *db;
    char *path;
    int layout;                      /* of comparisons: store_layout.h */
    sqlite3_stmt *put[TABLE_STORED]; /* prepared at first use */
    sqlite3_stmt *has_unit, *find, *put_numbers;
    sqlite3_stmt *digest[TABLE_STORED], *seal[TABLE_STORED]; /* of one key; the same */
};

/* Says what SQLite said, and what to do about it. errno is EIO where the file could not be read or written. */
bool store_fail(const struct store *, int code, struct error *);
bool store_execute(struct store *, const char *sql, struct error *);
bool store_prepare(const struct store *, const char *sql, sqlite3_stmt **out, struct error *);
/* Runs a statement with n text parameters to its end or to its first row: *row says which. */
bool store_step(const struct store *, sqlite3_stmt *, const char *const *texts, int n, bool *row, struct error *);
/* Until it is run again: it holds no row and none of the texts. */
void store_rest(sqlite3_stmt *);
/* Prepares, runs and drops a statement that gives no rows. */
bool store_run_once(const struct store *, const char *sql, const char *const *texts, int n, struct error *);

#endif
