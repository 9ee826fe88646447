/* What the store says of its run, as JSON. */
#include "reports/run_record.h"

#include <stdlib.h>

bool run_record_load(struct store *s, const char *key, json_t **out, struct error *e) {
    char *text;

    *out = NULL;
    if (!store_meta(s, key, &text, e)) return false;
    if (text) *out = json_loads(text, 0, NULL);
    free(text);
    return true;
}
