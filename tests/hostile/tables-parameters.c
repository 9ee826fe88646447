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

static const assay_explainer *create(const assay_host *host, const char *id, const assay_param *given, uint32_t n,
                                     assay_why *why) {
    (void)host, (void)id, (void)given, (void)n, (void)why;
    return NULL;
}

static const assay_explainer_info *const infos[] = {&info};
const assay_plugin assay_entry = {ASSAY_VERSION_INIT, 1, infos, create};
