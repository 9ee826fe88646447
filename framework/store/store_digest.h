/* store_digest.h (private to the store): digests of rows as they lie in the file. */
#ifndef ASSAY_STORE_STORE_DIGEST_H
#define ASSAY_STORE_STORE_DIGEST_H

#include "base/file.h"
#include "store/store_sql.h"

/* The tables whose rows make up one unit of (explainer, variant): in all of them the first two columns. */
#define STORE_OF_UNIT 4u
extern const enum table_id store_of_unit[STORE_OF_UNIT];

/* Of the row with that key (as many texts as the table's key has); of TABLE_UNIT: of all rows of the unit. */
bool store_digest(struct store *, enum table_id, const char *const *key, char digest[FILE_DIGEST_SIZE], struct error *);
/* The same, into the row's column "row_digest". */
bool store_seal(struct store *, enum table_id, const char *const *key, struct error *);

/* Of what a run computes in its end (the order of rows, inputs, uses, curves, verdicts), and of which units there are.
 */
bool store_digest_results(const struct store *, char digest[FILE_DIGEST_SIZE], struct error *);

/* Of all of meta but this key, under which it is kept. */
#define META_DIGEST "digest"
bool store_digest_meta(const struct store *, char digest[FILE_DIGEST_SIZE], bool *empty, struct error *);
bool store_seal_meta(struct store *, struct error *);

#endif
