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

/* What the data's labels are read as, and what of the battery asks for it. A regression is neither right nor wrong on a
 * sample and has no classes: `only-correct: true` and a class as target are refused, and the default target is its
 * output. Several labels: the default target is each sample's first label that is there. Otherwise the default is the
 * prediction. Before the data are loaded. */
bool task_settle_battery(struct battery *, struct error *);
enum label_kind task_labels(enum task);
/* Whether a closing Softmax, Sigmoid or Relu belongs to what is explained. */
bool task_keeps_head(enum task);

/* Pairs the logits of a finished graph (graph_pair.h) where the task is binary, before its weights are made. `source`
 * and `model` are for messages. Fails where the task, the number of outputs and the labels do not go together; of
 * several labels also where the sign of an output tells nothing. */
bool task_settle(struct graph *, enum task, const struct dataset *, const char *source, const char *model,
                 struct error *);
/* What a task is once it is settled: never TASK_AUTO. */
enum task task_settled(enum task declared, const struct graph *);

/* Of several labels the first that is there; DATASET_NO_LABEL where none is. */
uint32_t task_first_label(const struct dataset *, uint32_t sample);
/* The name of an output from the columns of targets, or NULL. */
const char *task_output_name(const struct dataset *, uint32_t output);

#endif
