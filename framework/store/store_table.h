/* store_table.h (private to the store): the tables as data. A row struct is described field by field; the SQL that
 * creates, fills and reads its table is made from that description. */
#ifndef ASSAY_STORE_STORE_TABLE_H
#define ASSAY_STORE_STORE_TABLE_H

#include "store/store.h"

#include <sqlite3.h>

enum field_kind {
    FIELD_TEXT,   /* const char *; NULL is stored as "" */
    FIELD_U32,    /* uint32_t */
    FIELD_STATUS, /* enum unit_status */
    FIELD_BOOL,   /* bool */
    FIELD_REAL,   /* double; NaN is stored as NULL */
    FIELD_SHAPE,  /* struct shape, as "1x28x28" */
    FIELD_FLOATS, /* const float *, with its size_t count at `count` */
    FIELD_ARRAY   /* const float *, with its struct shape at `count` */
};

struct field {
    const char *column;
    enum field_kind kind;
    size_t offset, count;
};

enum table_id {
    TABLE_NETWORK,
    TABLE_INPUT,
    TABLE_UNIT,
    TABLE_COMPARISON,
    TABLE_USE,
    TABLE_AUDIT,
    TABLE_CHECK,
    TABLE_MAP,
    TABLE_CURVE,
    TABLE_VERDICT,
    TABLE_STORED, /* those above are tables of the file; those below are joins */
    TABLE_RESULT = TABLE_STORED,
    TABLE_COUNT
};

struct table {
    const char *name;
    const struct field *fields;
    int field_count, key_count; /* the first key_count fields are the key */
    const char *options;        /* of CREATE TABLE */
    const char *from, *order;   /* of SELECT; `t` is the table itself */
    const char *pairs;          /* NULL, or a SELECT in order: FROM is then what it gave, joined with the comparisons */
};

extern const struct table store_tables[TABLE_COUNT];

struct store {
    sqlite3 *db;
    char *path;
    sqlite3_stmt *put[TABLE_STORED]; /* prepared at first use */
    sqlite3_stmt *has_unit;
    unsigned walks; /* names the temporary tables of walks */
};

/* Says what SQLite said, and what to do about it. */
bool store_fail(const struct store *, int code, struct error *);
bool store_execute(struct store *, const char *sql, struct error *);
bool store_prepare(const struct store *, const char *sql, sqlite3_stmt **out, struct error *);

/* A new file gets its tables; one of another program or version, or a damaged one, is an error. */
bool store_check_schema(struct store *, struct error *);

bool store_put_row(struct store *, enum table_id, const void *row, struct error *);

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
void walk_begin(struct walk *, struct store *, enum table_id, struct error *);
bool walk_next(struct walk *, void *row); /* false: no more, or failed */
bool walk_end(struct walk *);             /* false: failed, and the error is filled */

#endif
