/* assess.c: predictions of all samples, and what they come to. */
#include "cli/assess.h"

#include "cli/cli.h"
#include "cli/subject.h"
#include "experiment/task.h"
#include "measure/quality.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK 100u /* samples in memory at a time */

/* Logits are kept where targets are numbers, else what they predict. */
struct assessed {
    struct net *net;
    const struct dataset *data;
    const char *source;
    uint32_t count, outputs;
    uint32_t *predicted; /* [count], or NULL */
    float *outputs_kept; /* [count][outputs], or NULL */
};

static int take_chunk(struct assessed *a, uint32_t first, uint32_t n, float *x, float *logits, struct error *e) {
    size_t size = shape_count(&a->data->sample);
    for (uint32_t i = 0; i < n; i++)
        if (!dataset_sample(a->data, first + i, x + i * size, e)) return CLI_USAGE;
    if (!net_forward(a->net, n, x, logits, e)) return CLI_USAGE;
    for (uint32_t i = 0; i < n; i++) {
        const float *row = logits + (size_t)i * a->outputs;
        if (!subject_finite(row, a->outputs, e)) {
            error_prefix(e, "%s: sample %u", a->source, first + i);
            return CLI_BROKEN;
        }
        if (a->predicted) a->predicted[first + i] = net_class(row, a->outputs);
        else memcpy(a->outputs_kept + (size_t)(first + i) * a->outputs, row, a->outputs * sizeof *row);
    }
    return CLI_EXPECTED;
}

static int predict(struct assessed *a, struct error *e) {
    size_t size = shape_count(&a->data->sample);
    float *x = calloc(size, CHUNK * sizeof *x), *logits = calloc(a->outputs, CHUNK * sizeof *logits);
    if (a->data->targets) a->outputs_kept = calloc(a->count, a->outputs * sizeof *a->outputs_kept);
    else a->predicted = calloc(a->count, sizeof *a->predicted);
    bool room = x && logits && (a->predicted || a->outputs_kept);
    int status = room ? CLI_EXPECTED : CLI_USAGE;
    if (!room) error_memory(e);
    for (uint32_t first = 0; status == CLI_EXPECTED && first < a->count; first += CHUNK)
        status = take_chunk(a, first, a->count - first < CHUNK ? a->count - first : CHUNK, x, logits, e);
    free(x);
    free(logits);
    return status;
}

static void say_warning(const struct quality *q, const char *which) {
    struct text warning = {0};
    quality_add_warning(&warning, q);
    if (warning.data) cli_message("warning: %s%s", which, warning.data);
    text_finish(&warning);
}

/* "output 1 'rain': ", of several. */
static char *output_prefix(const struct assessed *a, const char *word, uint32_t k) {
    const char *name = task_output_name(a->data, k);
    if (a->outputs == 1) return text_copy("");
    return name ? text_format("%s %u '%s': ", word, k, excerpt_of(name).text) : text_format("%s %u: ", word, k);
}

/* Column k of [count][width]; NULL when out of memory. */
static float *column_of(const float *rows, uint32_t count, size_t width, uint32_t k) {
    float *column = malloc(count * sizeof *column);
    for (size_t i = 0; column && i < count; i++) column[i] = rows[i * width + k];
    return column;
}

static bool print_fit(const struct assessed *a, uint32_t k, const char *what, struct error *e) {
    float *y = column_of(a->data->targets, a->count, a->outputs, k),
          *z = column_of(a->outputs_kept, a->count, a->outputs, k);
    char *prefix = output_prefix(a, "output", k);
    bool ok = (y && z && prefix) || error_memory(e);
    if (ok) {
        const struct quality q = {.kind = QUALITY_FIT, .fit = fit_measure(y, z, a->count)};
        printf("%s%sRMSE %.6g, ", prefix, what, q.fit.rmse);
        if (isnan(q.fit.r2)) printf("R2 not defined, all targets are the same (%u samples)\n", a->count);
        else printf("R2 %.4f (%u samples)\n", q.fit.r2, a->count);
        say_warning(&q, prefix);
    }
    free(prefix);
    free(y);
    free(z);
    return ok;
}

/* What is more frequent of each label is the base rate. */
static bool print_labels(const struct assessed *a, const char *what, struct error *e) {
    const struct quality q = {.kind = QUALITY_LABELS,
                              .labels = label_accuracy_count(a->data->targets, a->outputs_kept, a->count, a->outputs)};
    if (!q.labels.read) return error_memory(e);
    uint64_t all = (uint64_t)a->count * a->outputs;
    printf("%saccuracy %.4f (%llu/%llu labels of %u samples), base rate %.4f\n", what,
           (double)q.labels.right / (double)all, (unsigned long long)q.labels.right, (unsigned long long)all, a->count,
           q.labels.base);
    for (uint32_t k = 0; k < a->outputs; k++) {
        uint32_t right = 0, there = 0;
        char *prefix = output_prefix(a, "label", k);
        if (!prefix) return error_memory(e);
        for (size_t i = 0; i < a->count; i++) {
            bool flag = a->data->targets[i * a->outputs + k] > 0;
            right += (a->outputs_kept[i * a->outputs + k] > 0) == flag;
            there += flag;
        }
        uint32_t most = there > a->count - there ? there : a->count - there;
        printf("%saccuracy %.4f (%u/%u), base rate %.4f\n", prefix, (double)right / a->count, right, a->count,
               (double)most / a->count);
        free(prefix);
    }
    say_warning(&q, "");
    return true;
}

static bool print_classes(const struct assessed *a, const char *what, struct error *e) {
    const uint32_t *labels = a->data->unlabelled ? NULL : a->data->labels;
    const struct quality q = {.kind = QUALITY_CLASSES,
                              .accuracy = accuracy_count(a->predicted, labels, a->count, a->outputs)};
    const struct accuracy *c = &q.accuracy;
    if (!c->read) return error_memory(e);
    printf("%saccuracy %.4f (%u/%u)\n", what, (double)c->right / c->read, c->right, c->read);
    say_warning(&q, "");
    return true;
}

int assess_print(struct net *net, const struct dataset *data, uint32_t count, const char *source, enum task task,
                 const char *what, struct error *e) {
    struct assessed a = {.net = net, .data = data, .source = source, .count = count};
    a.outputs = net_graph(net)->classes;
    int status = predict(&a, e);
    bool ok = status == CLI_EXPECTED;
    if (ok && task == TASK_REGRESSION)
        for (uint32_t k = 0; ok && k < a.outputs; k++) ok = print_fit(&a, k, what, e);
    else if (ok) ok = task == TASK_MULTI_LABEL ? print_labels(&a, what, e) : print_classes(&a, what, e);
    free(a.predicted);
    free(a.outputs_kept);
    return ok || status != CLI_EXPECTED ? status : CLI_BROKEN;
}
