/* `assay eval`: how well a network does on samples with labels or targets. */
#include "cli/assess.h"
#include "cli/cli.h"
#include "cli/subject.h"
#include "battery/battery.h"

enum { MODEL, MODEL_OUTPUT, INPUT_SHAPE, DATA, PREPROCESS, CLASS_NAMES, COUNT, TASK, LAYOUT, CONV };

static const struct cli_option options[] = {
    [MODEL] =
        {.name = "model", .kind = CLI_TEXT, .value = "FILE", .summary = "the network, an ONNX file", .required = true},
    [MODEL_OUTPUT] = CLI_MODEL_OUTPUT,
    [INPUT_SHAPE] = CLI_INPUT_SHAPE,
    [DATA] = {.name = "data",
              .kind = CLI_TEXT,
              .value = "SOURCE",
              .summary = "samples with labels or targets",
              .required = true},
    [PREPROCESS] = {.name = "preprocess",
                    .kind = CLI_TEXT,
                    .value = "PRESET",
                    .summary = "how stored values become inputs",
                    .fallback = "none"},
    [CLASS_NAMES] = CLI_CLASS_NAMES,
    [COUNT] = {.name = "count",
               .kind = CLI_INTEGER,
               .value = "N",
               .summary = "only the first N samples",
               .min = 1,
               .max = 1e9},
    [TASK] = CLI_TASK,
    [LAYOUT] = CLI_LAYOUT,
    [CONV] = CLI_CONV_ALONE,
};

static int eval_run(const struct cli_context *context, const struct cli_values *values, struct error *e) {
    (void)context;
    const char *path = values->option[MODEL].text, *source = values->option[DATA].text;
    struct subject subject = {0};
    struct network_choice choice;
    struct dataset *data = NULL;
    struct preprocess preprocess;
    uint32_t count = 0;
    int status = CLI_USAGE;
    const struct cli_value *option = values->option;
    const enum task task = subject_task(&option[TASK]);
    struct error first = {{0}};
    const enum axis_order order = subject_axis_order(&option[LAYOUT]);
    bool missing = false;
    bool ok = subject_choose(&option[MODEL_OUTPUT], option[INPUT_SHAPE].text, task, &choice, e) &&
              subject_preprocess(&option[PREPROCESS], path, &preprocess, e);
    choice.onnx.open = &missing;
    bool opened = ok && subject_open(path, subject_conv(&option[CONV]), &choice.onnx, order, &subject, &first);
    if (ok && !opened && !missing) ok = error_set(e, "%s", first.text);
    ok = ok && subject_data(source, &preprocess, &option[CLASS_NAMES],
                            task == TASK_REGRESSION ? "RMSE and R2" : "the accuracy",
                            opened ? subject_channels(subject.graph) : 0, task, &data, e);
    if (ok && !opened) { /* sizes that the file leaves open are those of the data */
        choice.onnx.data = data->sample;
        ok = subject_open(path, subject_conv(&option[CONV]), &choice.onnx, order, &subject, e);
    }
    if (ok && subject_turn(&subject, data, e) &&
        subject_count(data, source, "count", values->option[COUNT].given, values->option[COUNT].integer, &count, e) &&
        subject_settle_task(&subject, task, data, source, e) &&
        subject_fits_data(subject.graph, path, &choice, data, source, e))
        status = assess_print(subject.net, data, count, source, task, "", e);
    dataset_destroy(data);
    network_choice_finish(&choice);
    subject_finish(&subject);
    return status;
}

const struct cli_command cli_eval = {
    .name = "eval",
    .summary = "print the accuracy of a network on labelled samples, or its RMSE and R2",
    .details = CLI_SOURCES,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = eval_run,
};
