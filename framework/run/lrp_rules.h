/* lrp_rules.h: which rules the parameters of `lrp` mean, as explainers/lrp.c reads them: one method has several
 * spellings. Private to run/. */
#ifndef ASSAY_RUN_LRP_RULES_H
#define ASSAY_RUN_LRP_RULES_H

#include <stdbool.h>

struct plugin;

/* Whether the two are `lrp`, and have one rule for every layer of any network, whatever their parameters are called. */
bool lrp_is_respelled(const struct plugin *, const struct plugin *);

/* Whether all dense layers, or all convolutions, have the rule epsilon with no more than a stabiliser, and relevance
 * starts at the logit. */
bool lrp_is_plain(const struct plugin *, bool convolutions);

#endif
