/* list_battery.h: the reference of the battery: `assay list battery`, and its JSON Schema: `assay list schema`. */
#ifndef ASSAY_CLI_LIST_BATTERY_H
#define ASSAY_CLI_LIST_BATTERY_H

#include "cli/cli.h"

/* A line for each key. */
bool list_battery_text(const struct cli_context *, struct error *);
/* The same as lists of mdoc, for docs/assay-battery.5. */
bool list_battery_mdoc(const struct cli_context *, struct error *);
/* docs/battery.schema.json. */
bool list_battery_schema(const struct cli_context *, struct error *);

#endif
