/* assess.h: how well a network does on samples, printed: what `eval` and the end of `train` say. */
#ifndef ASSAY_CLI_ASSESS_H
#define ASSAY_CLI_ASSESS_H

#include "battery/battery.h"
#include "data/dataset.h"
#include "nn/net.h"

/* Of the first `count` samples, by task: the accuracy; RMSE and R2 of each output; the accuracy of all labels and of
 * each. `what` stands before it: "" or "test ". What is not clearly better than guessing is warned of. A logit that is
 * not finite is CLI_BROKEN and names the sample, any other failure CLI_USAGE (cli.h). */
int assess_print(struct net *, const struct dataset *, uint32_t count, const char *source, enum task, const char *what,
                 struct error *);

#endif
