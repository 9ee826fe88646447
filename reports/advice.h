/* advice.h (private to reports/): what would decide an INCONCLUSIVE: the one answer of the page and of `assay why`. */
#ifndef ASSAY_REPORTS_ADVICE_H
#define ASSAY_REPORTS_ADVICE_H

#include "base/text.h"
#include "reports/curve_set.h"
#include "reports/evidence.h"
#include "reports/robust.h"

struct advice {
    const struct verdict_row *verdict;
    const struct curve_set *curves;
    const struct evidence *evidence; /* of that row and control, with the draws of the verdict */
    const struct share_rule *rule;
};

/* Sentences, a line each with its end: of every test that is open how many draws or inputs would decide it. Nothing is
 * added where the verdict is no INCONCLUSIVE, or joins others. False: out of memory. */
bool advice_add(struct text *, const struct advice *);

#endif
