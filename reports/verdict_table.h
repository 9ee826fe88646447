/* verdict_table.h: all verdicts in memory, explainers x controls, in the order of the battery. */
#ifndef ASSAY_REPORTS_VERDICT_TABLE_H
#define ASSAY_REPORTS_VERDICT_TABLE_H

#include "store/store.h"

struct verdict_table {
    char **explainers, **controls;
    size_t explainer_count, control_count;
    struct verdict_row *cells; /* [explainer_count][control_count]; explainer NULL where there is no verdict */
};

bool verdict_table_load(struct store *, struct verdict_table *, struct error *);
void verdict_table_finish(struct verdict_table *);

/* Drop all but those of these names. */
void verdict_table_keep_explainers(struct verdict_table *, const char *const *names, size_t count);
void verdict_table_keep_controls(struct verdict_table *, const char *const *names, size_t count);

/* A summary over controls (store/store.h): nothing is expected of it, and it counts for nothing. */
bool verdict_is_summary(const struct verdict_row *);
/* Whether the run ended before it came to that cell: there is nothing to accept. */
bool verdict_is_not_run(const struct verdict_row *);

/* By names; NULL where there is none. */
const struct verdict_row *verdict_table_find(const struct verdict_table *, const char *explainer, const char *control);
/* NULL where there is no verdict. */
const struct verdict_row *verdict_table_cell(const struct verdict_table *, size_t explainer, size_t control);

#endif
