/* run_open.h: runs that came to their end, for the commands that read them. */
#ifndef ASSAY_CLI_RUN_OPEN_H
#define ASSAY_CLI_RUN_OPEN_H

#include "store/store.h"

/* The store of the folder, whatever it holds; the caller closes it. An error where there is none. One that may not be
 * written to is read without a lock. */
bool cli_store_open(const char *folder, struct store **out, struct error *);

/* The same without a lock (store_look). */
bool cli_store_look(const char *folder, struct store **out, struct error *);

/* The store of the folder; the caller closes it. An error where there is none, or one without verdicts. */
bool cli_run_open(const char *folder, struct store **out, struct error *);

#endif
