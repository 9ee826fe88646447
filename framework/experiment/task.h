/* task.h: what the outputs of a network mean, settled from what was declared and from the labels. */
#ifndef ASSAY_EXPERIMENT_TASK_H
#define ASSAY_EXPERIMENT_TASK_H

#include "battery/battery.h"
#include "data/dataset.h"
#include "nn/graph.h"

/* What is said where the outputs are read as those of a binary classifier. */
#define TASK_BINARY_SAID                                                                                               \
    "one output: a binary classifier, class 1 where its logit is above 0; explained is the logit for class 1, its "    \
    "negative for class 0"

/* Whether a network of one output is a binary classifier of these labels (or NULL: the data has none). */
bool task_is_binary(enum task, uint32_t outputs, const uint32_t *labels, uint32_t count);

/* Pairs the logits of a finished graph (graph_pair.h) where the task is binary, before its weights are made. `source`
 * and `model` are for messages. Fails where the task, the number of outputs and the labels do not go together. */
bool task_settle(struct graph *, enum task, const struct dataset *, const char *source, const char *model,
                 struct error *);

#endif
