/* assay explain: one map of one input. */
#include "base/npy.h"
#include "cli/cli.h"
#include "cli/explain_call.h"
#include "cli/explain_input.h"
#include "data/picture.h"
#include "experiment/task.h"
#include "workers/sandbox.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MODEL,
    CLI_NETWORK_ENUM,
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
    CLI_NETWORK,
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
    struct explain_input input;
    uint32_t target;
    float *logits, *map;
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

/* A regression has no classes, and nothing else has `output`. */
static bool check_policy(const struct job *job, struct error *e) {
    const char *target = job->option[TARGET].text;
    bool class = strcmp(target, "predicted") == 0 || strcmp(target, "label") == 0;
    if (job->input.task == TASK_REGRESSION && class)
        return error_set(e,
                         "--target: '%s' with --task regression, which has no classes: 'output', or of several outputs "
                         "the number or name of one, wanted",
                         target);
    if (job->input.task != TASK_REGRESSION && strcmp(target, "output") == 0)
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
    job->input = (struct explain_input){.file = option[INPUT].given ? option[INPUT].text : NULL,
                                        .source = option[DATA].given ? option[DATA].text : NULL,
                                        .index = option[INDEX].integer,
                                        .target = option[TARGET].text,
                                        .preprocess_name = option[PREPROCESS].text,
                                        .task = subject_task(&option[TASK]),
                                        .subject = &job->subject};
    return check_policy(job, e) &&
           subject_preprocess(&option[PREPROCESS], option[MODEL].text, &job->input.preprocess, e);
}

static bool load_network(struct job *job, struct error *e) {
    const struct cli_value *option = job->option;
    const enum conv_route conv = subject_conv(&option[CONV]);
    const enum axis_order order = subject_axis_order(&option[LAYOUT]);
    struct network_choice choice;
    if (!check_options(job, e) || !subject_choose(&option[MODEL_INPUT], job->input.task, &choice, e)) return false;
    choice.onnx.ask = explain_input_shape;
    choice.onnx.user = &job->input;
    bool ok = subject_open(option[MODEL].text, conv, &choice.onnx, order, &job->subject, e);
    network_choice_finish(&choice);
    return ok;
}

static bool load_names(struct job *job, struct error *e) {
    const struct cli_value *option = &job->option[CLASS_NAMES];
    return !option->given || (class_names_load(option->text, &job->input.names, e) &&
                              class_names_fit(&job->input.names, job->subject.graph->classes, e));
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
        job->target = job->input.label;
        return job->input.has_label
                   ? job->input.label < classes ||
                         error_set(e, "%s: sample %ld has label %u: %s has %u classes", job->option[DATA].text,
                                   job->option[INDEX].integer, job->input.label, job->subject.path, classes)
                   : no_label(job, e);
    }
    if (strcmp(text, "output") == 0)
        return classes == 1 || error_set(e, "--target: 'output': %s has %u outputs: the number or name of one wanted",
                                         job->subject.path, classes);
    if (text_to_long(text, 0, (long)classes - 1, &number)) {
        job->target = (uint32_t)number;
        return true;
    }
    if (class_names_find(&job->input.names, text, &job->target) == 1) return true;
    const char *nearest = class_names_nearest(&job->input.names, text);
    if (nearest) return error_set(e, "--target: '%s': did you mean '%s'?", text, nearest);
    return error_set(e, "--target: '%s': a class from 0 to %u, a name of --class-names, 'predicted' or 'label' wanted",
                     text, classes - 1);
}

static bool predict(struct job *job, struct error *e) {
    uint32_t classes = job->subject.graph->classes;
    job->logits = calloc(classes, sizeof *job->logits);
    if (!job->logits) return error_memory(e);
    if (!net_forward(job->subject.net, 1, job->input.x, job->logits, e) || !subject_finite(job->logits, classes, e))
        return error_prefix(e, "%s", job->subject.path);
    if (strcmp(job->option[TARGET].text, "predicted") == 0) job->target = net_class(job->logits, classes);
    return true;
}

static bool explain(struct job *job, struct error *e) {
    const struct cli_value *option = job->option;
    const struct explain_call call = {.plugin = job->plugin,
                                      .name = option[EXPLAINER].text,
                                      .net = job->subject.net,
                                      .x = job->input.x,
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
    const char *name = class_names_at(&job->input.names, job->target);
    printf("target %u%s%s%s, %s %.6g\n", job->target, name ? " (" : "", name ? name : "", name ? ")" : "",
           job->input.task == TASK_REGRESSION ? "output" : "logit", (double)job->logits[job->target]);
    printf("map of shape %s: sum %.6g, min %.6g, max %.6g\n", shape_text(shape, buffer, sizeof buffer), sum, low, high);
}

static bool write_map(const struct job *job, struct error *e) {
    const char *path = job->option[OUTPUT].text;
    const struct shape *shape = &job->subject.graph->sample;
    return cli_has_extension(path, ".png") ? picture_write_map(path, shape, job->input.x, job->map, e)
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
    if (load_network(&job, e) && load_names(&job, e) && explain_input_load(&job.input, e) && check_target(&job, e)) {
        status = CLI_BROKEN;
        if (predict(&job, e) && explain(&job, e) && write_map(&job, e)) {
            print_summary(&job);
            status = CLI_EXPECTED;
        }
    }
done:
    free(job.map);
    free(job.logits);
    explain_input_finish(&job.input);
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
