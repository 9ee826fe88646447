/* The rows of a unit side by side. */
#include "store/store_compare.h"

#include "base/text.h"
#include "store/store.h"
#include "store/store_layout.h"
#include "store/store_sql.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool store_copy(struct store *from, struct store **out, struct error *e) {
    if (!store_open(":memory:", out, e)) return false;
    sqlite3_backup *backup = sqlite3_backup_init((*out)->db, "main", from->db, "main");
    int code = backup ? sqlite3_backup_step(backup, -1) : sqlite3_errcode((*out)->db);
    if (backup) sqlite3_backup_finish(backup);
    if (code == SQLITE_DONE ? layout_settle(*out, e) : store_fail(*out, code, e)) return true;
    store_close(*out);
    *out = NULL;
    return false;
}

bool store_copy_to(struct store *from, const char *path, struct error *e) {
    sqlite3 *to = NULL;
    int code = sqlite3_open(path, &to);
    sqlite3_backup *backup = code == SQLITE_OK ? sqlite3_backup_init(to, "main", from->db, "main") : NULL;
    if (backup) code = sqlite3_backup_step(backup, -1);
    else if (code == SQLITE_OK) code = sqlite3_errcode(to);
    if (backup) sqlite3_backup_finish(backup);
    sqlite3_close(to);
    if (code == SQLITE_DONE) return true;
    unlink(path);
    return store_fail(from, code, e);
}

struct compared {
    const struct table *table;
    double tolerance;
    struct unit_difference *out;
};

static double apart(double a, double b) {
    if (isnan(a) || isnan(b)) return isnan(a) && isnan(b) ? 0 : INFINITY;
    return a == b ? 0 : fabs(a - b);
}

static bool note(const struct compared *c, double difference, double allowed) {
    if (difference > c->out->largest) c->out->largest = difference;
    return difference <= allowed;
}

static bool numbers_agree(const struct compared *c, const float *x, const float *y, size_t n) {
    double most = 0, worst = 0;
    for (size_t i = 0; i < n; i++) {
        most = fmax(most, fabs((double)x[i]));
        worst = fmax(worst, apart((double)x[i], (double)y[i]));
    }
    return note(c, most > 0 ? worst / most : worst, c->tolerance);
}

static bool blobs_agree(const struct compared *c, sqlite3_stmt *a, sqlite3_stmt *b, int column) {
    const size_t bytes = (size_t)sqlite3_column_bytes(a, column), other = (size_t)sqlite3_column_bytes(b, column);
    const void *x = sqlite3_column_blob(a, column), *y = sqlite3_column_blob(b, column);
    if (bytes != other || (bytes && (!x || !y))) return false;
    if (!bytes || memcmp(x, y, bytes) == 0) return true;
    float *copies = malloc(2 * bytes);
    if (!copies) return false;
    memcpy(copies, x, bytes);
    memcpy((char *)copies + bytes, y, bytes);
    size_t n = bytes / sizeof(float);
    bool ok = numbers_agree(c, copies, copies + n, n);
    free(copies);
    return ok && c->tolerance > 0;
}

static bool reals_agree(const struct compared *c, sqlite3_stmt *a, sqlite3_stmt *b, int column) {
    double x = sqlite3_column_double(a, column), y = sqlite3_column_double(b, column);
    bool none = sqlite3_column_type(a, column) == SQLITE_NULL, other = sqlite3_column_type(b, column) == SQLITE_NULL;
    if (none || other) return none == other;
    double scale = c->table == &store_tables[TABLE_COMPARISON] ? 1 : fmax(1, fabs(x));
    return note(c, apart(x, y) / scale, c->tolerance);
}

static bool texts_agree(sqlite3_stmt *a, sqlite3_stmt *b, int column) {
    const char *x = (const char *)sqlite3_column_text(a, column), *y = (const char *)sqlite3_column_text(b, column);
    return x && y && strcmp(x, y) == 0;
}

static bool values_agree(const struct compared *c, sqlite3_stmt *a, sqlite3_stmt *b, int column) {
    const struct field *f = &c->table->fields[column];
    bool loose = c->tolerance > 0;
    if (strcmp(f->column, "seconds") == 0 || (loose && strcmp(f->column, "why") == 0)) return true;
    switch (f->kind) {
    case FIELD_REAL: return reals_agree(c, a, b, column);
    case FIELD_FLOATS:
    case FIELD_ARRAY: return blobs_agree(c, a, b, column);
    default: return texts_agree(a, b, column);
    }
}

/* "comparisons matched, 3, 3, spearman, signed/all, value: 0.5 and 0.25" */
static void say(const struct compared *c, sqlite3_stmt *a, sqlite3_stmt *b, int column) {
    struct text t = {0};
    const bool blob = sqlite3_column_type(a, column) == SQLITE_BLOB;
    text_add(&t, "%s", c->table->name);
    for (int i = 2; i < c->table->key_count; i++) text_add(&t, " %s,", (const char *)sqlite3_column_text(a, i));
    text_add(&t, " %s: ", c->table->fields[column].column);
    if (blob) text_add(&t, "other numbers");
    else {
        const char *x = (const char *)sqlite3_column_text(a, column), *y = (const char *)sqlite3_column_text(b, column);
        text_add(&t, "%.40s stored, %.40s now", x ? x : "none", y ? y : "none");
    }
    snprintf(c->out->what, sizeof c->out->what, "%s", t.data ? t.data : "a difference");
    text_finish(&t);
}

static void compare_row(const struct compared *c, sqlite3_stmt *a, sqlite3_stmt *b) {
    for (int i = 0; i < c->table->field_count && !c->out->what[0]; i++)
        if (!values_agree(c, a, b, i)) say(c, a, b, i);
}

static char *select_unit(const struct table *t) {
    struct text sql = {0};
    for (int i = 0; i < t->field_count; i++) text_add(&sql, "%s\"%s\"", i ? ", " : "SELECT ", t->fields[i].column);
    text_add(&sql, " FROM %s WHERE explainer = ? AND variant = ? ORDER BY ", t->name);
    for (int i = 0; i < t->key_count; i++) text_add(&sql, "%s\"%s\"", i ? ", " : "", t->fields[i].column);
    if (sql.failed) text_finish(&sql);
    return sql.data;
}

static bool compare_table(struct compared *c, struct store *a, struct store *b, const char *const *key,
                          struct error *e) {
    sqlite3_stmt *x = NULL, *y = NULL;
    bool more = false, other = false;
    char *sql = select_unit(c->table);
    bool ok = sql ? store_prepare(a, sql, &x, e) && store_prepare(b, sql, &y, e) : error_memory(e);
    ok = ok && store_step(a, x, key, 2, &more, e) && store_step(b, y, key, 2, &other, e);
    while (ok && more && other && !c->out->what[0]) {
        compare_row(c, x, y);
        ok = store_step(a, x, NULL, 0, &more, e) && store_step(b, y, NULL, 0, &other, e);
    }
    if (ok && more != other && !c->out->what[0])
        snprintf(c->out->what, sizeof c->out->what, "%s: %s", c->table->name,
                 more ? "fewer now than stored" : "more now than stored");
    sqlite3_finalize(x);
    sqlite3_finalize(y);
    free(sql);
    return ok;
}

bool store_compare_unit(struct store *a, struct store *b, const char *explainer, const char *variant, double tolerance,
                        struct unit_difference *out, struct error *e) {
    static const enum table_id ids[] = {TABLE_UNIT, TABLE_COMPARISON, TABLE_CHECK, TABLE_MAP};
    const char *const key[] = {explainer, variant};
    bool ok = true;
    *out = (struct unit_difference){.largest = 0};
    for (size_t i = 0; ok && !out->what[0] && i < sizeof ids / sizeof *ids; i++) {
        struct compared c = {&store_tables[ids[i]], tolerance, out};
        ok = compare_table(&c, a, b, key, e);
    }
    return ok;
}
