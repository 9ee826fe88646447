/* subject.c: a network opened for a command, its data, and whether the two fit. */
#include "cli/subject.h"

#include "base/layout.h"
#include "cli/cli.h"
#include "data/channels_last.h"
#include "data/preprocess_auto.h"
#include "experiment/plane.h"
#include "experiment/task.h"
#include "nn/graph_pair.h"
#include "nn/onnx.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool settle_axis_order(struct subject *s, enum axis_order order, struct error *e) {
    return graph_settle_axis_order(s->graph, order, e) || error_prefix(e, "%s", s->path);
}

bool subject_choose(const struct cli_value values[4], enum task task, struct network_choice *out, struct error *e) {
    const struct network_choice_texts texts = {values[0].text, values[1].text, values[2].text, values[3].text};
    if (!network_choice_parse(&texts, out, e)) return false;
    out->onnx.keep_head = task_keeps_head(task);
    return true;
}

bool subject_open(const char *path, enum conv_route conv, const struct onnx_options *choice, enum axis_order order,
                  struct subject *out, struct error *e) {
    const struct net_options options = {.conv = conv};
    *out = (struct subject){.path = path, .conv = conv};
    if (!onnx_load_with(path, choice, &out->graph, e) || !settle_axis_order(out, order, e) ||
        !weights_create(out->graph, &out->weights, e) || !net_create_with(out->weights, &options, &out->net, e)) {
        subject_finish(out);
        return false;
    }
    if (out->graph->channels_last) cli_message("%s: %s", path, CHANNELS_LAST_SAID);
    if (out->graph->warning) cli_message("%s: warning: %s", path, out->graph->warning);
    return true;
}

/* The index of the value's text. */
static size_t choice(const struct cli_value *value, const char *const *names) {
    size_t i = 0;
    while (names[i] && strcmp(names[i], value->text) != 0) i++;
    return i;
}

enum conv_route subject_conv(const struct cli_value *value) {
    return (enum conv_route)choice(value, conv_route_names);
}

enum axis_order subject_axis_order(const struct cli_value *value) {
    return (enum axis_order)choice(value, axis_order_names);
}

bool subject_turn(const struct subject *s, struct dataset *data, struct error *e) {
    return !s->graph->channels_last || dataset_channels_first(data, &s->graph->sample, e);
}

enum task subject_task(const struct cli_value *value) {
    return (enum task)choice(value, task_names);
}

bool subject_settle_task(struct subject *s, enum task task, const struct dataset *data, const char *source,
                         struct error *e) {
    const struct net_options options = {.conv = s->conv};
    if (!task_settle(s->graph, task, data, source, s->path, e)) return false;
    if (!graph_is_pair_of_one(s->graph)) return true;
    cli_message("%s: %s", s->path, TASK_BINARY_SAID);
    net_destroy(s->net);
    weights_destroy(s->weights);
    s->net = NULL;
    s->weights = NULL;
    return weights_create(s->graph, &s->weights, e) && net_create_with(s->weights, &options, &s->net, e);
}

void subject_notes(struct dataset *d) {
    for (const char *line = d->notes.data, *end; line && *line; line = end + 1) {
        end = strchr(line, '\n');
        cli_message("note: %.*s", (int)(end - line), line);
    }
    text_finish(&d->notes);
    d->notes = (struct text){0};
}

uint32_t subject_channels(const struct graph *graph) {
    const struct layout layout = layout_of(&graph->sample);
    if (graph->sample.rank == 2) return 1; /* a picture without an axis for channels, if it is one */
    return layout.kind == &layout_picture ? (uint32_t)layout.channels : 0;
}

bool subject_preprocess(const struct cli_value *value, const char *model, struct preprocess *out, struct error *e) {
    struct text words = {0};
    char *file = NULL;
    char *unread = value->given || !model ? NULL : preprocess_auto_file(model);
    if (unread) cli_message("note: " PREPROCESS_AUTO_ADVICE, unread);
    free(unread);
    bool ok = battery_preprocess_parse(value->text, model, out, &file, e);
    if (ok && file) {
        preprocess_text(out, &words);
        cli_message("note: preprocess: auto: %s: %s", file, words.failed ? "out of memory" : words.data);
    }
    text_finish(&words);
    free(file);
    return ok;
}

bool subject_data(const char *source, const struct preprocess *preprocess, const struct cli_value *class_names,
                  const char *labels_for, uint32_t channels, enum task task, struct dataset **out, struct error *e) {
    struct class_names names = {0};
    const struct dataset_request request = {preprocess, &names, labels_for, channels, task_labels(task), NULL};
    bool ok = (!class_names->given || class_names_load(class_names->text, &names, e)) &&
              dataset_load_for(source, &request, out, e);
    class_names_finish(&names);
    if (ok) subject_notes(*out);
    return ok;
}

void subject_finish(struct subject *subject) {
    net_destroy(subject->net);
    weights_destroy(subject->weights);
    graph_destroy(subject->graph);
    *subject = (struct subject){0};
}

bool subject_fits(const struct graph *graph, const char *model, const struct shape *shape, const char *source,
                  struct error *e) {
    char have[128], want[128];
    return layout_fits(shape, &graph->sample) ||
           error_set(e, "%s: samples of shape %s: %s takes shape %s%s", source, shape_text(shape, have, sizeof have),
                     model, shape_text(&graph->sample, want, sizeof want),
                     shape_is_channels_last(&graph->sample, shape) ? ": channels last: layout nhwc wanted" : "");
}

bool subject_embed(const struct graph *graph, struct dataset *data, const char *source, struct error *e) {
    return !graph->tokens || dataset_embed(data, &graph->tokens->table, source, e);
}

bool subject_fits_data(struct graph *graph, const char *model, const struct network_choice *choice,
                       struct dataset *data, const char *source, struct error *e) {
    const uint32_t picked = choice->onnx.pick ? choice->onnx.index : UINT32_MAX;
    if (plane_settle(graph, data)) cli_message("note: %s: " PLANE_SAID, model);
    bool ok = subject_embed(graph, data, source, e) && subject_fits(graph, model, &data->sample, source, e) &&
              dataset_check_targets(data, source, graph->classes, picked, e) &&
              dataset_check_labels(data, source, graph->classes, e);
    if (ok) subject_notes(data);
    return ok;
}

bool subject_count(const struct dataset *data, const char *source, const char *option, bool given, long wanted,
                   uint32_t *count, struct error *e) {
    if (given && wanted > (long)data->count)
        return error_set(e, "--%s: %ld: %s has %u samples", option, wanted, source, data->count);
    *count = given ? (uint32_t)wanted : data->count;
    return *count > 0 || error_set(e, "%s: no samples: at least 1 wanted", source);
}

bool subject_finite(const float *logits, uint32_t classes, struct error *e) {
    for (uint32_t k = 0; k < classes; k++)
        if (!isfinite(logits[k]))
            return error_set(e, "the logit of class %u is %g: a finite number wanted", k, (double)logits[k]);
    return true;
}
