/* subject.c: a network opened for a command, its data, and whether the two fit. */
#include "cli/subject.h"

#include "base/layout.h"
#include "cli/cli.h"
#include "nn/onnx.h"
#include "battery/battery.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK 100u /* samples in memory at a time */

enum conv_route subject_conv(const struct cli_value *value) {
    size_t i = 0;
    while (conv_route_names[i] && strcmp(conv_route_names[i], value->text) != 0) i++;
    return (enum conv_route)i;
}

bool subject_open(const char *path, enum conv_route conv, struct subject *out, struct error *e) {
    const struct net_options options = {.conv = conv};
    *out = (struct subject){.path = path};
    if (!onnx_load(path, &out->graph, e) || !weights_create(out->graph, &out->weights, e) ||
        !net_create_with(out->weights, &options, &out->net, e)) {
        subject_finish(out);
        return false;
    }
    if (out->graph->warning) cli_message("%s: warning: %s", path, out->graph->warning);
    return true;
}

bool subject_data(const char *source, const struct cli_value *preprocess, struct dataset **out, struct error *e) {
    struct preprocess declared;
    return battery_preprocess_parse(preprocess->text, &declared, e) && dataset_load_with(source, &declared, out, e);
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
           error_set(e, "%s: samples of shape %s: %s takes shape %s", source, shape_text(shape, have, sizeof have),
                     model, shape_text(&graph->sample, want, sizeof want));
}

bool subject_embed(const struct graph *graph, struct dataset *data, const char *source, struct error *e) {
    return !graph->tokens || dataset_embed(data, &graph->tokens->table, source, e);
}

bool subject_fits_data(const struct graph *graph, const char *model, struct dataset *data, const char *source,
                       struct error *e) {
    return subject_embed(graph, data, source, e) && subject_fits(graph, model, &data->sample, source, e) &&
           dataset_check_labels(data, source, graph->classes, e);
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

int subject_accuracy(struct net *net, const struct dataset *data, uint32_t count, const char *source, uint32_t *correct,
                     struct error *e) {
    uint32_t classes = net_graph(net)->classes;
    size_t size = shape_count(&data->sample);
    int status = CLI_USAGE;
    float *x = calloc(size, CHUNK * sizeof *x), *logits = calloc(classes, CHUNK * sizeof *logits);
    *correct = 0;
    if (!x || !logits) {
        error_memory(e);
        goto done;
    }
    for (uint32_t first = 0; first < count; first += CHUNK) {
        uint32_t n = count - first < CHUNK ? count - first : CHUNK;
        for (uint32_t i = 0; i < n; i++)
            if (!dataset_sample(data, first + i, x + i * size, e)) goto done;
        if (!net_forward(net, n, x, logits, e)) goto done;
        for (uint32_t i = 0; i < n; i++) {
            const float *row = logits + (size_t)i * classes;
            if (!subject_finite(row, classes, e)) {
                error_prefix(e, "%s: sample %u", source, first + i);
                status = CLI_BROKEN;
                goto done;
            }
            *correct += net_class(row, classes) == data->labels[first + i];
        }
    }
    status = CLI_EXPECTED;
done:
    free(x);
    free(logits);
    return status;
}
