/* explain_input.c: the one input of a map, in every form: arrays, numbers of tokens, pictures, samples of a source. */
#include "cli/explain_input.h"

#include "base/npy.h"
#include "cli/cli.h"
#include "data/channels_last.h"
#include "experiment/plane.h"
#include "experiment/task.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Becomes in->x, as the network takes it. */
static bool check_input(struct explain_input *in, const char *path, const struct shape *shape, struct error *e) {
    if (!subject_fits(in->subject->graph, in->subject->path, shape, path, e) ||
        !(preprocess_fits(&in->preprocess, shape, e) || error_prefix(e, "%s", path)))
        return false;
    in->x = calloc(shape_count(shape), sizeof *in->x);
    return in->x || error_memory(e);
}

/* H x W x C for a network whose file takes it so. */
static bool turn_stored(const struct explain_input *in, struct shape *shape, float **stored, struct error *e) {
    const struct graph *graph = in->subject->graph;
    if (!graph->channels_last || !shape_is_channels_last(shape, &graph->sample)) return true;
    float *turned = malloc(shape_count(shape) * sizeof *turned);
    if (!turned) return error_memory(e);
    shape_channels_first(shape, *stored, turned, sizeof *turned);
    free(*stored);
    *stored = turned;
    *shape = graph->sample;
    return true;
}

/* Numbers of tokens, with or without a batch of one, become rows of the table. */
static bool embed_tokens(struct explain_input *in, const char *path, const struct shape *shape, float *stored,
                         struct error *e) {
    struct dataset one = {.values = stored, .count = 1, .sample = *shape, .preprocess = in->preprocess};
    if (shape->rank == 2 && shape->dim[0] == 1) one.sample = (struct shape){1, {shape->dim[1]}};
    return subject_embed(in->subject->graph, &one, path, e) && check_input(in, path, &one.sample, e) &&
           dataset_sample(&one, 0, in->x, e);
}

/* The shape may have a leading batch of one. */
static bool load_npy(struct explain_input *in, const char *path, struct error *e) {
    const struct graph *graph = in->subject->graph;
    struct shape shape;
    float *stored = NULL;
    if (preprocess_reshapes(&in->preprocess))
        return error_set(e, "--preprocess: '%s' resizes pictures: %s is none", in->preprocess_name, path);
    if (!npy_read(path, &shape, &stored, e)) return false;
    if (graph->tokens && !shape_equal(&shape, &graph->sample)) {
        bool embedded = embed_tokens(in, path, &shape, stored, e);
        free(stored);
        return embedded;
    }
    if (shape.rank == graph->sample.rank + 1 && shape.dim[0] == 1)
        memmove(shape.dim, shape.dim + 1, --shape.rank * sizeof *shape.dim);
    bool ok = turn_stored(in, &shape, &stored, e) && check_input(in, path, &shape, e);
    for (size_t i = 0, n = shape_count(&shape); ok && i < n; i++)
        if (!isfinite(stored[i]))
            ok = error_set(e, "%s: element %zu is %g: a finite number wanted", path, i, (double)stored[i]);
    if (ok) preprocess_floats(&in->preprocess, &shape, stored, in->x);
    free(stored);
    return ok;
}

static void say_plane(const struct explain_input *in) {
    cli_message("note: %s: " PLANE_SAID, in->subject->path);
}

static bool load_picture(struct explain_input *in, const char *path, struct error *e) {
    struct image image = {0};
    if (!image_load(path, &image, e)) return false;
    if (!in->preprocess.channels && subject_channels(in->subject->graph) == 1) in->preprocess.channels = 1;
    bool ok = preprocess_image(&in->preprocess, &image, e) || error_prefix(e, "%s", path);
    struct shape shape = {3, {image.channels, image.height, image.width}};
    if (ok && plane_settle_shape(in->subject->graph, &shape, true)) say_plane(in);
    if (ok && (ok = check_input(in, path, &shape, e))) preprocess_bytes(&in->preprocess, &shape, image.data, in->x);
    image_finish(&image);
    return ok;
}

/* Of a network of one output, the number 0 is that output unless a task was given. */
static bool settle_task(struct explain_input *in, const struct dataset *data, const char *source, struct error *e) {
    enum task task = in->task;
    bool output = task == TASK_AUTO && strcmp(in->target, "0") == 0;
    if (output &&
        task_is_binary(task, in->subject->graph->classes, data->unlabelled ? NULL : data->labels, data->count))
        cli_message("--target 0: the one output itself, which speaks for class 1; its negative: --task binary");
    return output || subject_settle_task(in->subject, task, data, source, e);
}

static bool load_file(struct explain_input *in, const char *path, struct error *e) {
    const struct dataset no_labels = {0};
    if (!settle_task(in, &no_labels, path, e)) return false;
    return image_has_extension(path) ? load_picture(in, path, e) : load_npy(in, path, e);
}

/* Labels in words name the classes, and columns of targets the outputs, where --class-names does not. */
static bool take_words(struct explain_input *in, struct dataset *data, struct error *e) {
    char ***names = data->target_names ? &data->target_names : &data->class_names;
    uint32_t count = data->target_names ? data->target_count : data->classes;
    if (!*names || count != in->subject->graph->classes) return true;
    in->names.path = text_copy(in->source);
    if (!in->names.path) return error_memory(e);
    in->names.name = *names;
    in->names.count = count;
    *names = NULL;
    return true;
}

static bool load_sample(struct explain_input *in, const char *source, long index, struct error *e) {
    struct graph *graph = in->subject->graph;
    struct dataset *data = NULL;
    const bool by_label = strcmp(in->target, "label") == 0;
    const struct dataset_request request = {
        &in->preprocess,       &in->names, by_label ? "--target label" : NULL, subject_channels(graph),
        task_labels(in->task), NULL};
    bool ok = dataset_load_for(source, &request, &data, e) && subject_turn(in->subject, data, e);
    if (ok && plane_settle(graph, data)) say_plane(in);
    ok =
        ok && subject_embed(graph, data, source, e) && subject_fits(graph, in->subject->path, &data->sample, source, e);
    if (ok && index >= (long)data->count)
        ok = error_set(e, "--index: %ld: %s has %u samples, counted from 0", index, source, data->count);
    if (ok) {
        in->x = calloc(shape_count(&data->sample), sizeof *in->x);
        ok = (in->x || error_memory(e)) && dataset_sample(data, (uint32_t)index, in->x, e) &&
             settle_task(in, data, source, e);
        bool several = in->task == TASK_MULTI_LABEL;
        in->label = several ? task_first_label(data, (uint32_t)index) : data->labels[index];
        in->has_label = in->label != DATASET_NO_LABEL;
        subject_notes(data);
    }
    if (ok && by_label) ok = dataset_check_labels(data, source, graph->classes, e);
    if (ok && by_label && data->targets) ok = dataset_check_targets(data, source, graph->classes, UINT32_MAX, e);
    if (ok && !in->names.count) ok = take_words(in, data, e);
    dataset_destroy(data);
    return ok;
}

bool explain_input_shape(void *user, struct shape *out, struct error *e) {
    const struct explain_input *in = user;
    const struct dataset_request request = {.preprocess = &in->preprocess, .labels_as = task_labels(in->task)};
    struct dataset *data = NULL;
    struct image image = {0};
    float *stored = NULL;
    bool ok = true;
    if (in->source) {
        ok = dataset_load_for(in->source, &request, &data, e);
        if (ok) *out = data->sample;
        dataset_destroy(data);
    } else if (image_has_extension(in->file)) {
        ok = image_load(in->file, &image, e) &&
             (preprocess_image(&in->preprocess, &image, e) || error_prefix(e, "%s", in->file));
        if (ok) *out = (struct shape){3, {image.channels, image.height, image.width}};
        image_finish(&image);
    } else {
        ok = npy_read(in->file, out, &stored, e);
        if (ok && out->rank == 4 && out->dim[0] == 1) memmove(out->dim, out->dim + 1, --out->rank * sizeof *out->dim);
        free(stored);
    }
    return ok;
}

bool explain_input_load(struct explain_input *in, struct error *e) {
    return in->file ? load_file(in, in->file, e) : load_sample(in, in->source, in->index, e);
}

void explain_input_finish(struct explain_input *in) {
    free(in->x);
    class_names_finish(&in->names);
}
