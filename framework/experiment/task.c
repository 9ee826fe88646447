/* task.c: classification, binary classification by one logit, regression and several labels. */
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

enum label_kind task_labels(enum task task) {
    return task == TASK_REGRESSION ? LABELS_VALUES : task == TASK_MULTI_LABEL ? LABELS_FLAGS : LABELS_CLASSES;
}

bool task_keeps_head(enum task task) {
    return task == TASK_REGRESSION;
}

static bool is_given(struct location location) {
    return location.line || location.column;
}

static bool settle_regression(struct battery *b, struct error *e) {
    if (is_given(b->only_correct_location) && b->only_correct)
        return battery_fail(b, b->only_correct_location, e,
                            "`only-correct: true` with task regression: the output of a regression is nearer to its "
                            "target or farther, never right or wrong: leave it out");
    b->only_correct = false;
    if (!is_given(b->target_location)) b->target = TARGET_OUTPUT;
    return b->target == TARGET_OUTPUT || b->target == TARGET_CLASS ||
           battery_fail(b, b->target_location, e,
                        "'%s' with task regression, which has no classes: 'output', or of several outputs the number "
                        "or name of one, wanted",
                        b->target == TARGET_LABEL ? "label" : "predicted");
}

bool task_settle_battery(struct battery *b, struct error *e) {
    b->network.onnx.keep_head = task_keeps_head(b->task);
    if (b->task == TASK_REGRESSION) return settle_regression(b, e);
    if (b->target == TARGET_OUTPUT)
        return battery_fail(b, b->target_location, e,
                            "'output' is that of a regression: `task: regression`, or 'label', 'predicted' or a class "
                            "wanted");
    if (b->task == TASK_MULTI_LABEL && !is_given(b->target_location)) b->target = TARGET_LABEL;
    return true;
}

static bool check_labels(const struct graph *g, const char *model, struct error *e) {
    const char *end = graph_saturating(g);
    bool one_sign = graph_is_never_negative(g) || graph_is_never_positive(g);
    if (g->classes < 2) return error_set(e, "%s: task multi-label: one output: task binary wanted", model);
    if (!one_sign) return true;
    return error_set(
        e,
        "%s: task multi-label: the outputs are never %s%s%s: their sign tells no label; export the network "
        "without its last step",
        model, graph_is_never_negative(g) ? "negative" : "positive", end ? " and come from a " : "", end ? end : "");
}

bool task_settle(struct graph *graph, enum task task, const struct dataset *data, const char *source, const char *model,
                 struct error *e) {
    const uint32_t *labels = data->unlabelled ? NULL : data->labels;
    uint32_t other = labels ? other_label(labels, data->count) : data->count;
    if (task == TASK_MULTI_LABEL) return check_labels(graph, model, e);
    if (task_is_binary(task, graph->classes, labels, data->count))
        return graph_pair_logits(graph, e) || error_prefix(e, "%s: task binary", model);
    if (task == TASK_AUTO && graph->classes == 1 && other < data->count)
        return error_set(e,
                         "%s: sample %u has label %u: %s has one output, and such a binary classifier takes labels 0 "
                         "and 1 (a regression? `task: regression` in the battery, --task regression on the command "
                         "line)",
                         source, other, labels[other], model);
    return true;
}

enum task task_settled(enum task declared, const struct graph *graph) {
    if (declared == TASK_REGRESSION || declared == TASK_MULTI_LABEL) return declared;
    return graph->paired ? TASK_BINARY : TASK_CLASSIFICATION;
}

uint32_t task_first_label(const struct dataset *d, uint32_t sample) {
    for (uint32_t k = 0; d->targets && k < d->target_count; k++)
        if (d->targets[(size_t)sample * d->target_count + k] > 0) return k;
    return DATASET_NO_LABEL;
}

const char *task_output_name(const struct dataset *d, uint32_t output) {
    return d->target_names && output < d->target_count ? d->target_names[output] : NULL;
}
