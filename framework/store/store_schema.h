/* store_schema.h (private to the store): the tables of a file. */
#ifndef ASSAY_STORE_STORE_SCHEMA_H
#define ASSAY_STORE_STORE_SCHEMA_H

#include "store/store_sql.h"

/* A new file gets its tables; one of another program or version, or a damaged one, is an error. */
bool store_check_schema(struct store *, struct error *);

#endif
