/* json_layout.h: a JSON value as text a reader can follow: what holds only scalars stays on one line, and numbers have
 * the fewest digits that read back the same (jansson's own writer prints 0.29999999999999999). */
#ifndef ASSAY_REPORTS_JSON_LAYOUT_H
#define ASSAY_REPORTS_JSON_LAYOUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* `indent`: columns of the line it starts on. Text and keys are cleaned. False when out of memory. */
bool json_layout(FILE *, const json_t *, int indent);

/* New references; NULL when out of memory. */
json_t *json_text(const char *); /* cleaned (text_add_clean) */
json_t *json_number(double);     /* null for NaN and infinities, which JSON does not have */

#endif
