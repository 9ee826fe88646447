/* Rows in and out of the tables. */
#include "store/store_rows.h"

#include "base/text.h"
#include "store/store_digest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const void *member(const void *row, size_t offset) {
    return (const char *)row + offset;
}

static size_t float_count(const struct field *f, const void *row) {
    size_t count;

    if (f->kind == FIELD_ARRAY) return shape_count(member(row, f->count));
    memcpy(&count, member(row, f->count), sizeof count);
    return count;
}

/* "1x28x28"; "" for rank 0. */
static void shape_write(const struct shape *s, struct text *out) {
    for (uint32_t i = 0; i < s->rank; i++) text_add(out, "%s%zu", i ? "x" : "", s->dim[i]);
}

static bool shape_read(const char *text, struct shape *out) {
    *out = (struct shape){0};
    while (*text) {
        char *end;
        if (out->rank == SHAPE_MAX_RANK || *text < '0' || *text > '9') return false;
        out->dim[out->rank++] = (size_t)strtoull(text, &end, 10);
        if (*end == 'x' && end[1]) end++;
        else if (*end) return false;
        text = end;
    }
    return true;
}

static int bind_shape(sqlite3_stmt *statement, int column, const struct shape *s) {
    struct text written = {0};

    shape_write(s, &written);
    int code = written.failed
                   ? SQLITE_NOMEM
                   : sqlite3_bind_text(statement, column, written.data ? written.data : "", -1, SQLITE_TRANSIENT);
    text_finish(&written);
    return code;
}

static int bind_field(sqlite3_stmt *statement, int column, const struct field *f, const void *row) {
    const void *at = member(row, f->offset);

    switch (f->kind) {
    case FIELD_TEXT: {
        const char *text = *(const char *const *)at;
        return sqlite3_bind_text(statement, column, text ? text : "", -1, SQLITE_STATIC);
    }
    case FIELD_U32: return sqlite3_bind_int64(statement, column, *(const uint32_t *)at);
    case FIELD_STATUS: return sqlite3_bind_int(statement, column, (int)*(const enum unit_status *)at);
    case FIELD_BOOL: return sqlite3_bind_int(statement, column, *(const bool *)at);
    case FIELD_REAL: return sqlite3_bind_double(statement, column, *(const double *)at); /* SQLite makes NULL of NaN */
    case FIELD_SHAPE: return bind_shape(statement, column, at);
    case FIELD_FLOATS:
    case FIELD_ARRAY: {
        size_t count = float_count(f, row);
        if (count > SIZE_MAX / sizeof(float)) return SQLITE_TOOBIG;
        return count ? sqlite3_bind_blob64(statement, column, *(const float *const *)at, count * sizeof(float),
                                           SQLITE_STATIC)
                     : sqlite3_bind_zeroblob(statement, column, 0);
    }
    }
    return SQLITE_MISUSE;
}

static bool prepare_put(struct store *s, enum table_id id, struct error *e) {
    const struct table *t = &store_tables[id];
    struct text sql = {0};

    text_add(&sql, "INSERT OR REPLACE INTO %s (", t->name);
    for (int i = 0; i < t->field_count; i++) text_add(&sql, "%s\"%s\"", i ? ", " : "", t->fields[i].column);
    text_add(&sql, ") VALUES (");
    for (int i = 0; i < t->field_count; i++) text_add(&sql, "%s?", i ? ", " : "");
    text_add(&sql, ")");
    bool ok = sql.failed ? error_memory(e) : store_prepare(s, sql.data, &s->put[id], e);
    text_finish(&sql);
    return ok;
}

static bool put_row(struct store *s, enum table_id id, const void *row, struct error *e) {
    const struct table *t = &store_tables[id];

    if (!s->put[id] && !prepare_put(s, id, e)) return false;
    int code = SQLITE_OK;
    for (int i = 0; i < t->field_count && code == SQLITE_OK; i++)
        code = bind_field(s->put[id], i + 1, &t->fields[i], row);
    if (code == SQLITE_OK && (code = sqlite3_step(s->put[id])) == SQLITE_DONE) code = SQLITE_OK;
    bool ok = code == SQLITE_OK || store_fail(s, code, e);
    sqlite3_reset(s->put[id]);
    sqlite3_clear_bindings(s->put[id]);
    return ok;
}

/* ---- reading ---- */

/* One walk over a table's rows, in order. */
struct walk {
    struct store *store;
    const struct table *table;
    sqlite3_stmt *statement;
    float *floats;  /* of the current row */
    unsigned pairs; /* number of its temporary table, or 0 */
    struct error *error;
    bool failed;
};

static bool damaged(const struct walk *w, const struct field *f, const char *wanted) {
    return error_set(
        w->error,
        "%s: table %s, column %s: a value that assay did not write: %s was wanted; start again in another folder",
        w->store->path, w->table->name, f->column, wanted);
}

static bool read_integer(const struct walk *w, int column, const struct field *f, int64_t most, int64_t *out) {
    *out = sqlite3_column_int64(w->statement, column);
    if (sqlite3_column_type(w->statement, column) != SQLITE_INTEGER || *out < 0 || *out > most)
        return damaged(w, f, "a small whole number");
    return true;
}

/* SQLite's bytes may lie at any address, so floats are copied to where floats may lie. */
static bool read_floats(struct walk *w, int column, const struct field *f, void *row) {
    size_t bytes = (size_t)sqlite3_column_bytes(w->statement, column), count = bytes / sizeof(float);
    const void *blob = sqlite3_column_blob(w->statement, column);

    free(w->floats);
    w->floats = NULL;
    if (bytes % sizeof(float) || (f->kind == FIELD_ARRAY && shape_count(member(row, f->count)) != count))
        return damaged(w, f, "as many numbers as the shape says");
    w->floats = malloc(bytes ? bytes : 1);
    if (!w->floats || (bytes && !blob)) return error_memory(w->error);
    if (bytes) memcpy(w->floats, blob, bytes);
    memcpy((char *)row + f->offset, &w->floats, sizeof w->floats);
    if (f->kind == FIELD_FLOATS) memcpy((char *)row + f->count, &count, sizeof count);
    return true;
}

static bool read_field(struct walk *w, int column, const struct field *f, void *row) {
    void *at = (char *)row + f->offset;
    int64_t whole = 0;

    switch (f->kind) {
    case FIELD_TEXT:
    case FIELD_SHAPE: {
        const char *text = (const char *)sqlite3_column_text(w->statement, column);
        if (!text) return damaged(w, f, "text");
        if (f->kind == FIELD_SHAPE) return shape_read(text, at) || damaged(w, f, "a shape such as 1x28x28");
        *(const char **)at = text;
        return true;
    }
    case FIELD_U32:
        if (!read_integer(w, column, f, UINT32_MAX, &whole)) return false;
        *(uint32_t *)at = (uint32_t)whole;
        return true;
    case FIELD_STATUS:
        if (!read_integer(w, column, f, UNIT_FAILED, &whole)) return false;
        *(enum unit_status *)at = (enum unit_status)whole;
        return true;
    case FIELD_BOOL:
        if (!read_integer(w, column, f, 1, &whole)) return false;
        *(bool *)at = whole != 0;
        return true;
    case FIELD_REAL:
        *(double *)at = sqlite3_column_type(w->statement, column) == SQLITE_NULL
                            ? (double)NAN
                            : sqlite3_column_double(w->statement, column);
        return true;
    case FIELD_FLOATS:
    case FIELD_ARRAY: return read_floats(w, column, f, row);
    }
    return false;
}

/* Sorts the pairs of a walk into a temporary table of its own. */
static bool sort_pairs(struct walk *w) {
    struct text sql = {0};

    w->pairs = ++w->store->walks;
    text_add(&sql, "CREATE TEMP TABLE walk_%u AS %s", w->pairs, w->table->pairs);
    bool ok = sql.failed ? error_memory(w->error) : store_execute(w->store, sql.data, w->error);
    text_finish(&sql);
    return ok;
}

static void walk_begin(struct walk *w, struct store *s, enum table_id id, struct error *e) {
    const struct table *t = &store_tables[id];
    struct text sql = {0};

    *w = (struct walk){.store = s, .table = t, .error = e};
    w->failed = t->pairs && !sort_pairs(w);
    if (w->failed) return;
    for (int i = 0; i < t->field_count; i++)
        text_add(&sql, "%s %s%s", i ? "," : "SELECT", t->pairs ? "" : "t.", t->fields[i].column);
    if (t->pairs)
        text_add(&sql, " FROM temp.walk_%u o CROSS JOIN comparisons t ON explainer = x AND variant = v", w->pairs);
    else text_add(&sql, " FROM %s", t->from);
    text_add(&sql, " ORDER BY %s", t->order);
    w->failed = !(sql.failed ? error_memory(e) : store_prepare(s, sql.data, &w->statement, e));
    text_finish(&sql);
}

/* False: no more, or failed. */
static bool walk_next(struct walk *w, void *row) {
    if (w->failed) return false;
    int code = sqlite3_step(w->statement);
    if (code == SQLITE_DONE) return false;
    w->failed = code != SQLITE_ROW && !store_fail(w->store, code, w->error);
    for (int i = 0; i < w->table->field_count && !w->failed; i++)
        w->failed = !read_field(w, i, &w->table->fields[i], row);
    return !w->failed;
}

/* False: failed, and the error is filled. */
static bool walk_end(struct walk *w) {
    sqlite3_finalize(w->statement);
    free(w->floats);
    if (w->pairs) { /* inside another walk SQLite keeps it until the store is closed */
        char sql[64];
        snprintf(sql, sizeof sql, "DROP TABLE IF EXISTS temp.walk_%u", w->pairs);
        store_execute(w->store, sql, NULL);
    }
    return !w->failed;
}

/* The typed faces of one walk and one insertion. */
#define STORE_EACH(NAME, TABLE)                                                                                        \
    bool store_each_##NAME(struct store *s, bool (*row)(void *, const struct NAME##_row *), void *context,             \
                           struct error *e) {                                                                          \
        struct walk w;                                                                                                 \
        struct NAME##_row current = {0};                                                                               \
        bool ok = true;                                                                                                \
        walk_begin(&w, s, TABLE, e);                                                                                   \
        while (ok && walk_next(&w, &current)) ok = row(context, &current);                                             \
        return walk_end(&w) && ok;                                                                                     \
    }
#define STORE_PUT(NAME, TABLE)                                                                                         \
    bool store_put_##NAME(struct store *s, const struct NAME##_row *row, struct error *e) {                            \
        return put_row(s, TABLE, row, e);                                                                              \
    }

bool store_put_network(struct store *s, const struct network_row *row, struct error *e) {
    return put_row(s, TABLE_NETWORK, row, e) && store_seal(s, TABLE_NETWORK, &row->key, e);
}
bool store_put_audit(struct store *s, const struct audit_row *row, struct error *e) {
    return put_row(s, TABLE_AUDIT, row, e) && store_seal(s, TABLE_AUDIT, &row->variant, e);
}

STORE_EACH(network, TABLE_NETWORK)
STORE_PUT(input, TABLE_INPUT)
STORE_EACH(input, TABLE_INPUT)
STORE_PUT(unit, TABLE_UNIT)
STORE_EACH(unit, TABLE_UNIT)
STORE_PUT(comparison, TABLE_COMPARISON)
STORE_EACH(comparison, TABLE_COMPARISON)
STORE_PUT(use, TABLE_USE)
STORE_EACH(use, TABLE_USE)
STORE_EACH(audit, TABLE_AUDIT)
STORE_PUT(check, TABLE_CHECK)
STORE_EACH(check, TABLE_CHECK)
STORE_PUT(map, TABLE_MAP)
STORE_EACH(map, TABLE_MAP)
STORE_PUT(curve, TABLE_CURVE)
STORE_EACH(curve, TABLE_CURVE)
STORE_PUT(verdict, TABLE_VERDICT)
STORE_EACH(verdict, TABLE_VERDICT)
STORE_EACH(result, TABLE_RESULT)
