/* assay explain: one map of one input. */
#include "base/npy.h"
#include "cli/cli.h"
#include "cli/subject.h"
#include "data/class_names.h"
#include "data/picture.h"
#include "host/call.h"
#include "workers/isolate.h"
#include "workers/sandbox.h"
#include "host/plugin.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS 600.0

enum { MODEL, INPUT, DATA, INDEX, PREPROCESS, CLASS_NAMES, TARGET, EXPLAINER, SEED, CONV, OUTPUT, NO_SANDBOX };

static const struct cli_option options[] = {
    [MODEL] =
        {.name = "model", .kind = CLI_TEXT, .value = "FILE", .summary = "the network, an ONNX file", .required = true},
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
    [PREPROCESS] = {.name = "preprocess",
                    .kind = CLI_TEXT,
                    .value = "PRESET",
                    .summary = "how stored values become inputs",
                    .fallback = "none"},
    [CLASS_NAMES] = {.name = "class-names",
                     .kind = CLI_TEXT,
                     .value = "FILE",
                     .summary = "a CSV file with a column name: what the classes are called"},
    [TARGET] = {.name = "target",
                .kind = CLI_TEXT,
                .value = "CLASS",
                .summary = "the class explained: its number, 'predicted', or 'label'",
                .required = true},
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
                .summary = "the map, .npy or .png",
                .required = true},
    [NO_SANDBOX] = CLI_NO_SANDBOX,
};

struct job {
    const struct cli_value *option;
    struct subject subject;
    struct plugin *plugin;
    struct preprocess preprocess;
    struct class_names names;
    float *x, *logits;
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
    bool ok = explainer_spec_parse(job->option[EXPLAINER].text, &spec, e) && plugin_create(&spec, &job->plugin, e);
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

/* The shape may have a leading batch of one. */
static bool load_npy(struct job *job, const char *path, struct error *e) {
    const struct graph *graph = job->subject.graph;
    struct shape shape;
    float *stored = NULL;
    if (job->preprocess.resize || job->preprocess.crop)
        return error_set(e, "--preprocess: '%s' resizes pictures: %s is none", job->option[PREPROCESS].text, path);
    if (!npy_read(path, &shape, &stored, e)) return false;
    if (shape.rank == graph->sample.rank + 1 && shape.dim[0] == 1)
        memmove(shape.dim, shape.dim + 1, --shape.rank * sizeof *shape.dim);
    bool ok = check_input(job, path, &shape, e);
    for (size_t i = 0, n = shape_count(&shape); ok && i < n; i++)
        if (!isfinite(stored[i]))
            ok = error_set(e, "%s: element %zu is %g: a finite number wanted", path, i, (double)stored[i]);
    if (ok) preprocess_floats(&job->preprocess, &shape, stored, job->x);
    free(stored);
    return ok;
}

static bool load_picture(struct job *job, const char *path, struct error *e) {
    struct image image = {0};
    if (!image_load(path, &image, e)) return false;
    bool ok = preprocess_image(&job->preprocess, &image, e) || error_prefix(e, "%s", path);
    const struct shape shape = {3, {image.channels, image.height, image.width}};
    if (ok && (ok = check_input(job, path, &shape, e))) preprocess_bytes(&job->preprocess, &shape, image.data, job->x);
    image_finish(&image);
    return ok;
}

static bool load_file(struct job *job, const char *path, struct error *e) {
    return image_has_extension(path) ? load_picture(job, path, e) : load_npy(job, path, e);
}

static bool load_sample(struct job *job, const char *source, long index, struct error *e) {
    const struct graph *graph = job->subject.graph;
    struct dataset *data = NULL;
    bool ok = dataset_load_with(source, &job->preprocess, &data, e) && subject_embed(graph, data, source, e) &&
              subject_fits(graph, job->subject.path, &data->sample, source, e);
    if (ok && index >= (long)data->count)
        ok = error_set(e, "--index: %ld: %s has %u samples, counted from 0", index, source, data->count);
    if (ok) {
        job->x = calloc(shape_count(&data->sample), sizeof *job->x);
        ok = job->x || error_memory(e);
    }
    if (ok) {
        ok = dataset_sample(data, (uint32_t)index, job->x, e);
        job->has_label = true;
        job->label = data->labels[index];
    }
    dataset_destroy(data);
    return ok;
}

static bool load_input(struct job *job, struct error *e) {
    const struct cli_value *option = job->option;
    if (option[INPUT].given == option[DATA].given) {
        return error_set(e, "explain: %s: one of them wanted",
                         option[DATA].given ? "both --input and --data" : "neither --input nor --data");
    }
    if (option[DATA].given != option[INDEX].given) {
        return error_set(e, option[DATA].given ? "explain: --data without --index: the number of a sample wanted"
                                               : "explain: --index without --data: a data source wanted");
    }
    if (!battery_preprocess_parse(option[PREPROCESS].text, &job->preprocess, e)) return false;
    return option[INPUT].given ? load_file(job, option[INPUT].text, e)
                               : load_sample(job, option[DATA].text, option[INDEX].integer, e);
}

static bool load_names(struct job *job, struct error *e) {
    const struct cli_value *option = &job->option[CLASS_NAMES];
    return !option->given || class_names_load(option->text, &job->names, e);
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
                              : error_set(e, "--target: 'label': the file of --input has none: --data wanted");
    }
    if (!text_to_long(text, 0, (long)classes - 1, &number))
        return error_set(e, "--target: '%s': a class from 0 to %u, 'predicted' or 'label' wanted", text, classes - 1);
    job->target = (uint32_t)number;
    return true;
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

/* In the child: a guarded call of an explainer that was opened. */
static bool ask(struct job *job, const assay_explainer *explainer, struct cores *cores, float *map, struct error *e) {
    const assay_request request = {1, job->x, &job->target, &job->option[SEED].seed};
    struct handle *handle = NULL;
    struct call call = {0};
    bool ok = handle_create(job->subject.net, &handle, e) &&
              call_init(&call, explainer, shape_count(&job->subject.graph->sample), 1, e);
    if (ok) {
        cores_enter(cores, 0);
        handle->helpers = (struct helpers){cores, 0};
        ok = call_make(&call, handle, &request, CALL_NAN_A, map) == ASSAY_OK ||
             error_set(e, "%s", call.why[0] ? call.why : "failed without a reason");
        if (call_breach(&call)) ok = error_set(e, "%s", call_breach(&call));
    }
    call_finish(&call);
    handle_destroy(handle);
    return ok;
}

/* In the child: everything the plugin does. Elements that were not written are NaN. */
static bool explain_work(void *user, int fd) {
    struct job *job = user;
    struct error e = {{0}};
    struct cores *cores = NULL;
    const assay_explainer *explainer = NULL;
    size_t n = shape_count(&job->subject.graph->sample);
    float *map = calloc(n, sizeof *map);
    bool ok = (map || error_memory(&e)) && cores_create(cores_online(), 1, &cores, &e) &&
              plugin_open(job->plugin, handle_host(), &explainer, &e) && ask(job, explainer, cores, map, &e);
    isolate_write(fd, ok ? (const void *)map : e.text, ok ? n * sizeof *map : strlen(e.text));
    plugin_close(job->plugin, explainer);
    cores_destroy(cores);
    free(map);
    return ok;
}

static bool explain(struct job *job, struct error *e) {
    const char *name = job->option[EXPLAINER].text;
    size_t n = shape_count(&job->subject.graph->sample), size = 0;
    char *out = NULL;
    if (!isolate_run(explain_work, job, SECONDS, &out, &size, e)) return error_prefix(e, "%s", name);
    job->map = (float *)(void *)out; /* from malloc, so aligned */
    if (size != n * sizeof *job->map)
        return error_set(e, "%s: the child process sent %zu bytes: %zu wanted", name, size, n * sizeof *job->map);
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(job->map[i])) {
            return error_set(e, "%s: element %zu of the map is %g or was not written: a finite number wanted", name, i,
                             (double)job->map[i]);
        }
    }
    return true;
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
    printf("target %u%s%s%s, logit %.6g\n", job->target, name ? " (" : "", name ? name : "", name ? ")" : "",
           (double)job->logits[job->target]);
    printf("map of shape %s: sum %.6g, min %.6g, max %.6g\n", shape_text(shape, buffer, sizeof buffer), sum, low, high);
}

static bool write_map(const struct job *job, struct error *e) {
    const char *path = job->option[OUTPUT].text;
    const struct shape *shape = &job->subject.graph->sample;
    return cli_has_extension(path, ".png") ? picture_write_png(path, shape, job->map, PICTURE_MAP, e)
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
    if (subject_open(job.option[MODEL].text, subject_conv(&job.option[CONV]), &job.subject, e) && load_input(&job, e) &&
        load_names(&job, e) && check_target(&job, e)) {
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
