/* tables-parameters: parameters whose texts lie where no memory is. */
#define HOSTILE_OWN_TABLES
#include "hostile.h"

static const assay_param_info params[] = {
    {(const char *)64, (const char *)64, ASSAY_CHOICE, 0, 0, 1, (const char *)64, (const char *const *)64}};
static const assay_explainer_info info = {.id = "hostile",
                                          .name = "hostile",
                                          .summary = "wild parameters",
                                          .source = "tests/hostile",
                                          .param_count = 1,
                                          .params = params};

HOSTILE_ENTRY(1, NULL);
