/* assay explain: one map of one input. */
#include "base/npy.h"
#include "cli/cli.h"
#include "cli/explain_call.h"
#include "data/class_names.h"
#include "data/channels_last.h"
#include "data/picture.h"
#include "experiment/plane.h"
#include "experiment/task.h"
#include "workers/sandbox.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MODEL,
    MODEL_INPUT, /* this and the next three: see subject_choose() */
    FIXED_INPUTS,
    MODEL_OUTPUT,
    INPUT_SHAPE,
    INPUT,
    DATA,
    INDEX,
    PREPROCESS,
    CLASS_NAMES,
    TARGET,
    TASK,
    LAYOUT,
    EXPLAINER,
    SEED,
    CONV,
    OUTPUT,
    TIME_LIMIT,
    NO_SANDBOX
};

static const struct cli_option options[] = {
    [MODEL] = CLI_MODEL,
    [MODEL_INPUT] = CLI_MODEL_INPUT,
    [FIXED_INPUTS] = CLI_FIXED_INPUTS,
    [MODEL_OUTPUT] = CLI_MODEL_OUTPUT,
    [INPUT_SHAPE] = CLI_INPUT_SHAPE,
    [INPUT] = {.name = "input", .kind = CLI_TEXT, .value = "FILE", .summary = "the input, a .npy, .jpg or .png file"},
    [DATA] = {.name = "data",
              .kind = CLI_TEXT,
              .value = "SOURCE",
              .summary = "where the input is a sample, with --index"},
    [INDEX] = {.name = "index",
               .kind = CLI_INTEGER,
               .value = "I",
               .summary = "the sample of --data, counted from 0",
               .min = 0,
               .max = 1e9},
    [PREPROCESS] = CLI_PREPROCESS,
    [CLASS_NAMES] = CLI_CLASS_NAMES,
    [TARGET] = {.name = "target",
                .kind = CLI_TEXT,
                .value = "CLASS",
                .summary =
                    "the class explained: its number or name, 'predicted', or 'label'; of a regression 'output', or "
                    "one of several by its number or name",
                .required = true},
    [TASK] = CLI_TASK,
    [LAYOUT] = CLI_LAYOUT,
    [EXPLAINER] =
        {.name = "explainer", .kind = CLI_TEXT, .value = "SPEC", .summary = "the explainer", .required = true},
    [SEED] = {.name = "seed",
              .kind = CLI_SEED,
              .value = "S",
              .summary = "of explainers that draw random numbers",
              .fallback = "1"},
    [CONV] = CLI_CONV_ALONE,
    [OUTPUT] = {.name = "output",
                .letter = 'o',
                .kind = CLI_TEXT,
                .value = "FILE",
                .summary = "the map: .npy, or .png, over the input with a colour bar",
                .required = true},
    [TIME_LIMIT] = {.name = "time-limit",
                    .kind = CLI_NUMBER,
                    .value = "S",
                    .summary = "seconds that the explainer may take",
                    .fallback = "600",
                    .min = .01,
                    .max = 1e6},
    [NO_SANDBOX] = CLI_NO_SANDBOX,
};

struct job {
    const struct cli_value *option;
    struct subject subject;
    struct plugin *plugin;
    struct preprocess preprocess;
    struct class_names names;
    float *x, *logits;
    enum task task;
    bool has_label;
    uint32_t label, target;
    float *map;
};

static bool check_output(const char *path, struct error *e) {
    if (!cli_has_extension(path, ".npy") && !cli_has_extension(path, ".png"))
        return error_set(e, "%s: the extension says nothing: .npy or .png wanted", path);
    return cli_writable(path, e);
}

static bool load_plugin(struct job *job, struct error *e) {
    struct explainer_spec spec = {0};
    bool ok = explainer_spec_parse(job->option[EXPLAINER].text, &spec, e) &&
              plugin_create(&spec, job->option[TIME_LIMIT].number, &job->plugin, e);
    explainer_spec_finish(&spec);
    return ok;
}

/* Becomes job->x, as the network takes it. */
static bool check_input(struct job *job, const char *path, const struct shape *shape, struct error *e) {
    if (!subject_fits(job->subject.graph, job->subject.path, shape, path, e) ||
        !(preprocess_fits(&job->preprocess, shape, e) || error_prefix(e, "%s", path)))
        return false;
    job->x = calloc(shape_count(shape), sizeof *job->x);
    return job->x || error_memory(e);
}

/* H x W x C for a network whose file takes it so. */
static bool turn_stored(const struct job *job, struct shape *shape, float **stored, struct error *e) {
    const struct graph *graph = job->subject.graph;
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
static bool embed_tokens(struct job *job, const char *path, const struct shape *shape, float *stored, struct error *e) {
    struct dataset one = {.values = stored, .count = 1, .sample = *shape, .preprocess = job->preprocess};
    if (shape->rank == 2 && shape->dim[0] == 1) one.sample = (struct shape){1, {shape->dim[1]}};
    return subject_embed(job->subject.graph, &one, path, e) && check_input(job, path, &one.sample, e) &&
           dataset_sample(&one, 0, job->x, e);
}

/* The shape may have a leading batch of one. */
static bool load_npy(struct job *job, const char *path, struct error *e) {
    const struct graph *graph = job->subject.graph;
    struct shape shape;
    float *stored = NULL;
    if (preprocess_reshapes(&job->preprocess))
        return error_set(e, "--preprocess: '%s' resizes pictures: %s is none", job->option[PREPROCESS].text, path);
    if (!npy_read(path, &shape, &stored, e)) return false;
    if (graph->tokens && !shape_equal(&shape, &graph->sample)) {
        bool embedded = embed_tokens(job, path, &shape, stored, e);
        free(stored);
        return embedded;
    }
    if (shape.rank == graph->sample.rank + 1 && shape.dim[0] == 1)
        memmove(shape.dim, shape.dim + 1, --shape.rank * sizeof *shape.dim);
    bool ok = turn_stored(job, &shape, &stored, e) && check_input(job, path, &shape, e);
    for (size_t i = 0, n = shape_count(&shape); ok && i < n; i++)
        if (!isfinite(stored[i]))
            ok = error_set(e, "%s: element %zu is %g: a finite number wanted", path, i, (double)stored[i]);
    if (ok) preprocess_floats(&job->preprocess, &shape, stored, job->x);
    free(stored);
    return ok;
}

static void say_plane(const struct job *job) {
    cli_message("note: %s: " PLANE_SAID, job->subject.path);
}

static bool load_picture(struct job *job, const char *path, struct error *e) {
    struct image image = {0};
    if (!image_load(path, &image, e)) return false;
    if (!job->preprocess.channels && subject_channels(job->subject.graph) == 1) job->preprocess.channels = 1;
    bool ok = preprocess_image(&job->preprocess, &image, e) || error_prefix(e, "%s", path);
    struct shape shape = {3, {image.channels, image.height, image.width}};
    if (ok && plane_settle_shape(job->subject.graph, &shape, true)) say_plane(job);
    if (ok && (ok = check_input(job, path, &shape, e))) preprocess_bytes(&job->preprocess, &shape, image.data, job->x);
    image_finish(&image);
    return ok;
}

/* Of a network of one output, the number 0 is that output unless a task was given. */
static bool settle_task(struct job *job, const struct dataset *data, const char *source, struct error *e) {
    enum task task = job->task;
    bool output = task == TASK_AUTO && strcmp(job->option[TARGET].text, "0") == 0;
    if (output &&
        task_is_binary(task, job->subject.graph->classes, data->unlabelled ? NULL : data->labels, data->count))
        cli_message("--target 0: the one output itself, which speaks for class 1; its negative: --task binary");
    return output || subject_settle_task(&job->subject, task, data, source, e);
}

static bool load_file(struct job *job, const char *path, struct error *e) {
    const struct dataset no_labels = {0};
    if (!settle_task(job, &no_labels, path, e)) return false;
    return image_has_extension(path) ? load_picture(job, path, e) : load_npy(job, path, e);
}

/* Labels in words name the classes, and columns of targets the outputs, where --class-names does not. */
static bool take_words(struct job *job, struct dataset *data, struct error *e) {
    char ***names = data->target_names ? &data->target_names : &data->class_names;
    uint32_t count = data->target_names ? data->target_count : data->classes;
    if (!*names || count != job->subject.graph->classes) return true;
    job->names.path = text_copy(job->option[DATA].text);
    if (!job->names.path) return error_memory(e);
    job->names.name = *names;
    job->names.count = count;
    *names = NULL;
    return true;
}

static bool load_sample(struct job *job, const char *source, long index, struct error *e) {
    struct graph *graph = job->subject.graph;
    struct dataset *data = NULL;
    const bool by_label = strcmp(job->option[TARGET].text, "label") == 0;
    const struct dataset_request request = {
        &job->preprocess,       &job->names, by_label ? "--target label" : NULL, subject_channels(graph),
        task_labels(job->task), NULL};
    bool ok = dataset_load_for(source, &request, &data, e) && subject_turn(&job->subject, data, e);
    if (ok && plane_settle(graph, data)) say_plane(job);
    ok =
        ok && subject_embed(graph, data, source, e) && subject_fits(graph, job->subject.path, &data->sample, source, e);
    if (ok && index >= (long)data->count)
        ok = error_set(e, "--index: %ld: %s has %u samples, counted from 0", index, source, data->count);
    if (ok) {
        job->x = calloc(shape_count(&data->sample), sizeof *job->x);
        ok = (job->x || error_memory(e)) && dataset_sample(data, (uint32_t)index, job->x, e) &&
             settle_task(job, data, source, e);
        bool several = job->task == TASK_MULTI_LABEL;
        job->label = several ? task_first_label(data, (uint32_t)index) : data->labels[index];
        job->has_label = job->label != DATASET_NO_LABEL;
        subject_notes(data);
    }
    if (ok && by_label) ok = dataset_check_labels(data, source, graph->classes, e);
    if (ok && by_label && data->targets) ok = dataset_check_targets(data, source, graph->classes, UINT32_MAX, e);
    if (ok && !job->names.count) ok = take_words(job, data, e);
    dataset_destroy(data);
    return ok;
}

/* A regression has no classes, and nothing else has `output`. */
static bool check_policy(const struct job *job, struct error *e) {
    const char *target = job->option[TARGET].text;
    bool class = strcmp(target, "predicted") == 0 || strcmp(target, "label") == 0;
    if (job->task == TASK_REGRESSION && class)
        return error_set(e,
                         "--target: '%s' with --task regression, which has no classes: 'output', or of several outputs "
                         "the number or name of one, wanted",
                         target);
    if (job->task != TASK_REGRESSION && strcmp(target, "output") == 0)
        return error_set(e, "--target: 'output' is that of a regression: --task regression, or a class, wanted");
    return true;
}

static bool check_options(struct job *job, struct error *e) {
    const struct cli_value *option = job->option;
    if (option[INPUT].given == option[DATA].given) {
        return error_set(e, "explain: %s: one of them wanted",
                         option[DATA].given ? "both --input and --data" : "neither --input nor --data");
    }
    if (option[DATA].given != option[INDEX].given) {
        return error_set(e, option[DATA].given ? "explain: --data without --index: the number of a sample wanted"
                                               : "explain: --index without --data: a data source wanted");
    }
    job->task = subject_task(&option[TASK]);
    return check_policy(job, e) && subject_preprocess(&option[PREPROCESS], option[MODEL].text, &job->preprocess, e);
}

/* The shape of the input, for sizes that the network leaves open. */
static bool input_shape(void *user, struct shape *out, struct error *e) {
    const struct job *job = user;
    const struct cli_value *option = job->option;
    const struct dataset_request request = {.preprocess = &job->preprocess, .labels_as = task_labels(job->task)};
    struct dataset *data = NULL;
    struct image image = {0};
    float *stored = NULL;
    bool ok = true;
    if (option[DATA].given) {
        ok = dataset_load_for(option[DATA].text, &request, &data, e);
        if (ok) *out = data->sample;
        dataset_destroy(data);
    } else if (image_has_extension(option[INPUT].text)) {
        ok = image_load(option[INPUT].text, &image, e) &&
             (preprocess_image(&job->preprocess, &image, e) || error_prefix(e, "%s", option[INPUT].text));
        if (ok) *out = (struct shape){3, {image.channels, image.height, image.width}};
        image_finish(&image);
    } else {
        ok = npy_read(option[INPUT].text, out, &stored, e);
        if (ok && out->rank == 4 && out->dim[0] == 1) memmove(out->dim, out->dim + 1, --out->rank * sizeof *out->dim);
        free(stored);
    }
    return ok;
}

static bool load_network(struct job *job, struct error *e) {
    const struct cli_value *option = job->option;
    const enum conv_route conv = subject_conv(&option[CONV]);
    const enum axis_order order = subject_axis_order(&option[LAYOUT]);
    struct network_choice choice;
    if (!check_options(job, e) || !subject_choose(&option[MODEL_INPUT], job->task, &choice, e)) return false;
    choice.onnx.ask = input_shape;
    choice.onnx.user = job;
    bool ok = subject_open(option[MODEL].text, conv, &choice.onnx, order, &job->subject, e);
    network_choice_finish(&choice);
    return ok;
}

static bool load_input(struct job *job, struct error *e) {
    const struct cli_value *option = job->option;
    return option[INPUT].given ? load_file(job, option[INPUT].text, e)
                               : load_sample(job, option[DATA].text, option[INDEX].integer, e);
}

static bool load_names(struct job *job, struct error *e) {
    const struct cli_value *option = &job->option[CLASS_NAMES];
    return !option->given || (class_names_load(option->text, &job->names, e) &&
                              class_names_fit(&job->names, job->subject.graph->classes, e));
}

static bool no_label(const struct job *job, struct error *e) {
    const struct cli_value *option = job->option;
    if (!option[DATA].given) return error_set(e, "--target: 'label': the file of --input has none: --data wanted");
    return error_set(e, "--target: 'label': sample %ld of %s has none that is there", option[INDEX].integer,
                     option[DATA].text);
}

/* "predicted" is resolved once the logits are there. */
static bool check_target(struct job *job, struct error *e) {
    const char *text = job->option[TARGET].text;
    uint32_t classes = job->subject.graph->classes;
    long number;
    if (strcmp(text, "predicted") == 0) return true;
    if (strcmp(text, "label") == 0) {
        job->target = job->label;
        return job->has_label ? job->label < classes || error_set(e, "%s: sample %ld has label %u: %s has %u classes",
                                                                  job->option[DATA].text, job->option[INDEX].integer,
                                                                  job->label, job->subject.path, classes)
                              : no_label(job, e);
    }
    if (strcmp(text, "output") == 0)
        return classes == 1 || error_set(e, "--target: 'output': %s has %u outputs: the number or name of one wanted",
                                         job->subject.path, classes);
    if (text_to_long(text, 0, (long)classes - 1, &number)) {
        job->target = (uint32_t)number;
        return true;
    }
    if (class_names_find(&job->names, text, &job->target) == 1) return true;
    const char *nearest = class_names_nearest(&job->names, text);
    if (nearest) return error_set(e, "--target: '%s': did you mean '%s'?", text, nearest);
    return error_set(e, "--target: '%s': a class from 0 to %u, a name of --class-names, 'predicted' or 'label' wanted",
                     text, classes - 1);
}

static bool predict(struct job *job, struct error *e) {
    uint32_t classes = job->subject.graph->classes;
    job->logits = calloc(classes, sizeof *job->logits);
    if (!job->logits) return error_memory(e);
    if (!net_forward(job->subject.net, 1, job->x, job->logits, e) || !subject_finite(job->logits, classes, e))
        return error_prefix(e, "%s", job->subject.path);
    if (strcmp(job->option[TARGET].text, "predicted") == 0) job->target = net_class(job->logits, classes);
    return true;
}

static bool explain(struct job *job, struct error *e) {
    const struct cli_value *option = job->option;
    const struct explain_call call = {.plugin = job->plugin,
                                      .name = option[EXPLAINER].text,
                                      .net = job->subject.net,
                                      .x = job->x,
                                      .target = job->target,
                                      .seed = option[SEED].seed,
                                      .limit = option[TIME_LIMIT].number};
    return explain_call(&call, &job->map, e);
}

static void print_summary(const struct job *job) {
    const struct shape *shape = &job->subject.graph->sample;
    double sum = 0, low = INFINITY, high = -INFINITY;
    char buffer[128];
    for (size_t i = 0, n = shape_count(shape); i < n; i++) {
        double value = (double)job->map[i];
        sum += value;
        low = fmin(low, value);
        high = fmax(high, value);
    }
    const char *name = class_names_at(&job->names, job->target);
    printf("target %u%s%s%s, %s %.6g\n", job->target, name ? " (" : "", name ? name : "", name ? ")" : "",
           job->task == TASK_REGRESSION ? "output" : "logit", (double)job->logits[job->target]);
    printf("map of shape %s: sum %.6g, min %.6g, max %.6g\n", shape_text(shape, buffer, sizeof buffer), sum, low, high);
}

static bool write_map(const struct job *job, struct error *e) {
    const char *path = job->option[OUTPUT].text;
    const struct shape *shape = &job->subject.graph->sample;
    return cli_has_extension(path, ".png") ? picture_write_map(path, shape, job->x, job->map, e)
                                           : npy_write(path, shape, job->map, e);
}

static int explain_run(const struct cli_context *context, const struct cli_values *values, struct error *e) {
    (void)context;
    struct job job = {.option = values->option};
    int status = CLI_USAGE;
    if (job.option[NO_SANDBOX].given) sandbox_turn_off();
    if (!check_output(job.option[OUTPUT].text, e) || !load_plugin(&job, e)) goto done;
    if (!plugin_usable(job.plugin, e)) {
        status = CLI_BROKEN;
        goto done;
    }
    if (load_network(&job, e) && load_names(&job, e) && load_input(&job, e) && check_target(&job, e)) {
        status = CLI_BROKEN;
        if (predict(&job, e) && explain(&job, e) && write_map(&job, e)) {
            print_summary(&job);
            status = CLI_EXPECTED;
        }
    }
done:
    free(job.map);
    free(job.logits);
    free(job.x);
    class_names_finish(&job.names);
    plugin_destroy(job.plugin);
    subject_finish(&job.subject);
    return status;
}

const struct cli_command cli_explain = {
    .name = "explain",
    .summary = "compute one map, and write it as a .npy or .png file",
    .details = CLI_SOURCES CLI_SPECS,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = explain_run,
};
