/* verdict_columns.h (private to reports/): the controls that a table for readers shows. */
#ifndef ASSAY_REPORTS_VERDICT_COLUMNS_H
#define ASSAY_REPORTS_VERDICT_COLUMNS_H

#include "base/text.h"
#include "reports/verdict_table.h"

/* A control that is SKIP for every row says nothing about any: its name stands below the table, without a column. A
 * SKIP that was not expected is news and keeps the column, and the summary stays, too. */
struct verdict_columns {
    const struct verdict_table *table; /* borrowed */
    size_t *shown;                     /* [count]: numbers of controls, in order */
    size_t count;
};

bool verdict_columns_load(const struct verdict_table *, struct verdict_columns *, struct error *);
void verdict_columns_finish(struct verdict_columns *);

/* "mprt, twins": the controls without a column; nothing where every one has its own. `add_name` escapes. */
void verdict_columns_add_left_out(struct text *, const struct verdict_columns *,
                                  void (*add_name)(struct text *, const char *));

#endif
