/* store_table.h (private to the store): the tables as data. A row struct is described field by field; the SQL that
 * creates, fills and reads its table is made from that description. */
#ifndef ASSAY_STORE_STORE_TABLE_H
#define ASSAY_STORE_STORE_TABLE_H

#include "store/store_row_types.h"

/* Layouts of a file, by its user_version. All are read, and written to where they are there. */
#define LAYOUT_NAMED 4       /* comparisons are a table in which each has all its names */
#define LAYOUT_NUMBERED 5    /* their names have numbers */
#define LAYOUT_ACTIVATIONS 6 /* and audits have activations; of a new file */

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
    int since; /* the first layout that has it; 0: all have */
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
    bool sealed;                /* has a column "row_digest" behind its fields: store_digest.c */
    const char *options;        /* of CREATE TABLE */
    const char *from, *order;   /* of SELECT; `t` is the table itself */
    const char *pairs;          /* NULL, or a SELECT of explainers and variants, in order: of each all comparisons */
    int pair_fields; /* how many fields that SELECT gives: the explainer first; the variant is its last column */
};

extern const struct table store_tables[TABLE_COUNT];

/* How many of the table's fields, the first ones, a file of that layout has. What it has not is read as empty. */
int table_columns(const struct table *, int layout);

#endif
