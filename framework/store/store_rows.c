/* Rows in and out of the tables. */
#include "store/store_rows.h"

#include "base/text.h"
#include "store/store_digest.h"
#include "store/store_layout.h"

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
    const int columns = table_columns(t, s->layout);
    for (int i = 0; i < columns; i++) text_add(&sql, "%s\"%s\"", i ? ", " : "", t->fields[i].column);
    text_add(&sql, ") VALUES (");
    for (int i = 0; i < columns; i++) text_add(&sql, "%s?", i ? ", " : "");
    text_add(&sql, ")");
    bool ok = sql.failed ? error_memory(e) : store_prepare(s, sql.data, &s->put[id], e);
    text_finish(&sql);
    return ok;
}

static bool put_row(struct store *s, enum table_id id, const void *row, struct error *e) {
    const struct table *t = &store_tables[id];

    if (!s->put[id] && !prepare_put(s, id, e)) return false;
    int code = SQLITE_OK;
    for (int i = 0; i < table_columns(t, s->layout) && code == SQLITE_OK; i++)
        code = bind_field(s->put[id], i + 1, &t->fields[i], row);
    if (code == SQLITE_OK && (code = sqlite3_step(s->put[id])) == SQLITE_DONE) code = SQLITE_OK;
    bool ok = code == SQLITE_OK || store_fail(s, code, e);
    store_rest(s->put[id]);
    return ok;
}

/* Where the names have numbers already, as all but a few have, without the trigger: it takes twice as long. */
static bool put_numbered(struct store *s, const struct comparison_row *r, bool *done, struct error *e) {
    static const char sql[] =
        "INSERT OR REPLACE INTO similarities SELECT p.pair, k.kind, ?6, ?7, ?8 FROM pairs p CROSS "
        "JOIN kinds k WHERE p.explainer = ?1 AND p.variant = ?2 AND k.pairing = ?3 AND "
        "k.measure = ?4 AND k.view = ?5";
    const char *const texts[] = {r->explainer, r->variant, r->pairing, r->measure, r->view};
    bool row;

    if (!s->put_numbers && !store_prepare(s, sql, &s->put_numbers, e)) return false;
    int code = sqlite3_bind_int64(s->put_numbers, 6, r->input);
    if (code == SQLITE_OK) code = sqlite3_bind_int64(s->put_numbers, 7, r->other);
    if (code == SQLITE_OK) code = sqlite3_bind_double(s->put_numbers, 8, r->value);
    bool ok = (code == SQLITE_OK || store_fail(s, code, e)) && store_step(s, s->put_numbers, texts, 5, &row, e);
    *done = ok && sqlite3_changes(s->db) == 1;
    store_rest(s->put_numbers);
    return ok;
}

bool store_put_comparison(struct store *s, const struct comparison_row *row, struct error *e) {
    bool done = false;

    if (s->layout >= LAYOUT_NUMBERED && !put_numbered(s, row, &done, e)) return false;
    return done || put_row(s, TABLE_COMPARISON, row, e);
}

/* ---- reading ---- */

/* One walk over a table's rows, in order. */
struct walk {
    struct store *store;
    const struct table *table;
    sqlite3_stmt *statement;
    sqlite3_stmt *pairs; /* whose rows the statement is run for, one after the other; or NULL */
    bool inside;         /* a pair */
    const char *only[2]; /* of pairs, those whose first fields are these texts; NULL: all */
    float *floats;       /* of the current row */
    struct error *error;
    bool failed;
};

static bool damaged(const struct walk *w, const struct field *f, const char *wanted) {
    return error_set(
        w->error,
        "%s: table %s, column %s: a value that assay did not write: %s was wanted; start again in another folder",
        w->store->path, w->table->name, f->column, wanted);
}

static bool read_integer(const struct walk *w, sqlite3_stmt *from, int column, const struct field *f, int64_t most,
                         int64_t *out) {
    *out = sqlite3_column_int64(from, column);
    if (sqlite3_column_type(from, column) != SQLITE_INTEGER || *out < 0 || *out > most)
        return damaged(w, f, "a small whole number");
    return true;
}

/* SQLite's bytes may lie at any address, so floats are copied to where floats may lie. */
static bool read_floats(struct walk *w, sqlite3_stmt *from, int column, const struct field *f, void *row) {
    size_t bytes = (size_t)sqlite3_column_bytes(from, column), count = bytes / sizeof(float);
    const void *blob = sqlite3_column_blob(from, column);

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

static bool read_field(struct walk *w, sqlite3_stmt *from, int column, const struct field *f, void *row) {
    void *at = (char *)row + f->offset;
    int64_t whole = 0;

    switch (f->kind) {
    case FIELD_TEXT:
    case FIELD_SHAPE: {
        const char *text = (const char *)sqlite3_column_text(from, column);
        if (!text) return damaged(w, f, "text");
        if (f->kind == FIELD_SHAPE) return shape_read(text, at) || damaged(w, f, "a shape such as 1x28x28");
        *(const char **)at = text;
        return true;
    }
    case FIELD_U32:
        if (!read_integer(w, from, column, f, UINT32_MAX, &whole)) return false;
        *(uint32_t *)at = (uint32_t)whole;
        return true;
    case FIELD_STATUS:
        if (!read_integer(w, from, column, f, UNIT_FAILED, &whole)) return false;
        *(enum unit_status *)at = (enum unit_status)whole;
        return true;
    case FIELD_BOOL:
        if (!read_integer(w, from, column, f, 1, &whole)) return false;
        *(bool *)at = whole != 0;
        return true;
    case FIELD_REAL:
        *(double *)at =
            sqlite3_column_type(from, column) == SQLITE_NULL ? (double)NAN : sqlite3_column_double(from, column);
        return true;
    case FIELD_FLOATS:
    case FIELD_ARRAY: return read_floats(w, from, column, f, row);
    }
    return false;
}

static void walk_begin(struct walk *w, struct store *s, enum table_id id, struct error *e) {
    const struct table *t = &store_tables[id];
    struct text sql = {0};

    *w = (struct walk){.store = s, .table = t, .error = e};
    const int columns = table_columns(t, s->layout);
    for (int i = t->pair_fields; i < t->field_count; i++)
        text_add(&sql, "%s %s%s", i > t->pair_fields ? "," : "SELECT", i < columns ? "t." : "x'' AS ",
                 t->fields[i].column);
    text_add(&sql, " FROM %s ORDER BY %s", t->pairs ? "comparisons t WHERE explainer = ? AND variant = ?" : t->from,
             t->order);
    w->failed = !(sql.failed ? error_memory(e) : store_prepare(s, sql.data, &w->statement, e));
    if (t->pairs && !w->failed) w->failed = !store_prepare(s, t->pairs, &w->pairs, e);
    text_finish(&sql);
}

/* Reads the fields from `first` on, of which there are `count`. */
static bool read_fields(struct walk *w, sqlite3_stmt *from, int first, int count, void *row) {
    bool ok = true;

    for (int i = 0; i < count && ok; i++) ok = read_field(w, from, i, &w->table->fields[first + i], row);
    return ok;
}

/* False: no more rows of the statement, or failed. */
static bool step(struct walk *w, sqlite3_stmt *statement) {
    int code = sqlite3_step(statement);

    if (code == SQLITE_DONE) return false;
    w->failed = code != SQLITE_ROW && !store_fail(w->store, code, w->error);
    return !w->failed;
}

static bool is_wanted(const struct walk *w) {
    bool wanted = true;

    for (int i = 0; i < 2 && w->only[i] && wanted; i++) {
        const char *text = (const char *)sqlite3_column_text(w->pairs, i);
        wanted = text && strcmp(text, w->only[i]) == 0;
    }
    return wanted;
}

/* Its rows are asked for; what they share is read once. Texts stay where they are until the next pair. */
static bool next_pair(struct walk *w, void *row) {
    do
        if (!step(w, w->pairs)) return false;
    while (!is_wanted(w));
    const int columns[] = {0, sqlite3_column_count(w->pairs) - 1};
    w->failed = !read_fields(w, w->pairs, 0, w->table->pair_fields, row);
    sqlite3_reset(w->statement);
    for (int i = 0; i < 2 && !w->failed; i++) {
        const char *text = (const char *)sqlite3_column_text(w->pairs, columns[i]);
        int code = text ? sqlite3_bind_text(w->statement, i + 1, text, -1, SQLITE_STATIC) : SQLITE_NOMEM;
        w->failed = code != SQLITE_OK && !store_fail(w->store, code, w->error);
    }
    w->inside = !w->failed;
    return !w->failed;
}

/* False: no more, or failed. */
static bool walk_next(struct walk *w, void *row) {
    const int shared = w->table->pair_fields;

    for (bool more = !w->failed; more; more = w->pairs && !w->failed && next_pair(w, row)) {
        if ((!w->pairs || w->inside) && step(w, w->statement)) {
            w->failed = !read_fields(w, w->statement, shared, w->table->field_count - shared, row);
            return !w->failed;
        }
    }
    return false;
}

/* False: failed, and the error is filled. */
static bool walk_end(struct walk *w) {
    sqlite3_finalize(w->statement);
    sqlite3_finalize(w->pairs);
    free(w->floats);
    return !w->failed;
}

bool store_find_comparison(struct store *s, struct comparison_row *key, bool *found, struct error *e) {
    static const char sql[] = "SELECT value FROM comparisons WHERE explainer = ? AND variant = ? AND pairing = ? AND "
                              "measure = ? AND view = ? AND input = ? ORDER BY other DESC LIMIT 1";
    const char *const texts[] = {key->explainer, key->variant, key->pairing, key->measure, key->view};

    *found = false;
    if (!s->find && !store_prepare(s, sql, &s->find, e)) return false;
    int code = sqlite3_bind_int64(s->find, 6, key->input);
    bool ok = (code == SQLITE_OK || store_fail(s, code, e)) && store_step(s, s->find, texts, 5, found, e);
    if (ok && *found)
        key->value = sqlite3_column_type(s->find, 0) == SQLITE_NULL ? (double)NAN : sqlite3_column_double(s->find, 0);
    store_rest(s->find);
    return ok;
}

bool store_each_result_of(struct store *s, const char *explainer, const char *control,
                          bool (*row)(void *, const struct result_row *), void *context, struct error *e) {
    struct walk w;
    struct result_row current = {0};
    bool ok = true;

    walk_begin(&w, s, TABLE_RESULT, e);
    w.only[0] = explainer;
    w.only[1] = control;
    while (ok && walk_next(&w, &current)) ok = row(context, &current);
    return walk_end(&w) && ok;
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
