/* store_seal.h (private to the store): digests of rows as they lie in the file. */
#ifndef ASSAY_STORE_STORE_SEAL_H
#define ASSAY_STORE_STORE_SEAL_H

#include "store/store_sql.h"

/* Digest of the row with that key (as many texts as the table's key has), into its column "row_digest". */
bool store_seal(struct store *, enum table_id, const char *const *key, struct error *);
/* Digest of all of meta, into meta. */
bool store_seal_meta(struct store *, struct error *);

#endif
