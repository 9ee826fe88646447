/* store_layout.h (private to the store): how comparisons lie in the file. To all who read and delete them they are one
 * table, whatever the layout (store_table.h). */
#ifndef ASSAY_STORE_STORE_LAYOUT_H
#define ASSAY_STORE_STORE_LAYOUT_H

#include "store/store_sql.h"

/* What makes comparisons in a new file of the numbered layout. */
extern const char layout_numbered_sql[];

/* Of an open file with tables: which layout it has, and what the reading of that one needs. */
bool layout_settle(struct store *, struct error *);

/* What deletes all comparisons. */
const char *layout_clear_sql(const struct store *);
/* What deletes comparisons of units that are not there. */
const char *layout_strays_sql(const struct store *);

#endif
