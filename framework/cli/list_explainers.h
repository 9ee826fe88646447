/* list_explainers.h: the explainers that are found by id, by family, for people and as the page docs/explainers.md. */
#ifndef ASSAY_CLI_LIST_EXPLAINERS_H
#define ASSAY_CLI_LIST_EXPLAINERS_H

#include "base/error.h"

#include <stdbool.h>

/* To standard output: each with its summary, parameters, cost, claims and inputs. */
bool list_explainers_text(struct error *);
/* To standard output: a page of Markdown with a table for each family. Errors: one of them cannot be used. */
bool list_explainers_page(struct error *);

#endif
