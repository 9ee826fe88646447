/* task.c: classification, and binary classification by one logit. */
#include "experiment/task.h"

#include "nn/graph_pair.h"

/* The first label that is neither 0 nor 1; `count` where there is none. */
static uint32_t other_label(const uint32_t *labels, uint32_t count) {
    uint32_t i = 0;
    while (i < count && labels[i] < 2) i++;
    return i;
}

bool task_is_binary(enum task task, uint32_t outputs, const uint32_t *labels, uint32_t count) {
    if (task != TASK_AUTO) return task == TASK_BINARY;
    return outputs == 1 && labels && count > 0 && other_label(labels, count) == count;
}

bool task_settle(struct graph *graph, enum task task, const struct dataset *data, const char *source, const char *model,
                 struct error *e) {
    const uint32_t *labels = data->unlabelled ? NULL : data->labels;
    uint32_t other = labels ? other_label(labels, data->count) : data->count;
    if (task_is_binary(task, graph->classes, labels, data->count))
        return graph_pair_logits(graph, e) || error_prefix(e, "%s: task binary", model);
    if (task == TASK_AUTO && graph->classes == 1 && other < data->count)
        return error_set(e,
                         "%s: sample %u has label %u: %s has one output, and such a binary classifier takes labels 0 "
                         "and 1",
                         source, other, labels[other], model);
    return true;
}
