/* `assay eval`: how well a network does on samples with labels or targets. */
#include "cli/assess.h"
#include "cli/cli.h"
#include "cli/subject.h"
#include "battery/battery.h"

enum { MODEL, CLI_NETWORK_ENUM, DATA, PREPROCESS, CLASS_NAMES, COUNT, TASK, LAYOUT, CONV };

static const struct cli_option options[] = {
    [MODEL] = CLI_MODEL,
    CLI_NETWORK,
    [DATA] = {.name = "data",
              .kind = CLI_TEXT,
              .value = "SOURCE",
              .summary = "samples with labels or targets",
              .required = true},
    [PREPROCESS] = CLI_PREPROCESS,
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

struct job {
    const struct cli_value *option;
    enum task task;
    struct preprocess preprocess;
    struct network_choice choice;
    struct dataset *data;
};

/* `graph`: NULL before it is known, where its sizes are those of the data. */
static bool load_data(struct job *job, const struct graph *graph, struct error *e) {
    return subject_data(job->option[DATA].text, &job->preprocess, &job->option[CLASS_NAMES],
                        job->task == TASK_REGRESSION ? "RMSE and R2" : "the accuracy",
                        graph ? subject_channels(graph) : 0, job->task, &job->data, e);
}

static bool data_shape(void *user, struct shape *out, struct error *e) {
    struct job *job = user;
    if (!load_data(job, NULL, e)) return false;
    *out = job->data->sample;
    return true;
}

static bool load(struct job *job, struct subject *subject, struct error *e) {
    const struct cli_value *option = job->option;
    const char *path = option[MODEL].text;
    struct network_choice *choice = &job->choice;
    bool ok = subject_choose(&option[MODEL_INPUT], job->task, choice, e) &&
              subject_preprocess(&option[PREPROCESS], path, &job->preprocess, e);
    choice->onnx.ask = data_shape;
    choice->onnx.user = job;
    ok = ok && subject_open(path, subject_conv(&option[CONV]), &choice->onnx, subject_axis_order(&option[LAYOUT]),
                            subject, e);
    return ok && (job->data || load_data(job, subject->graph, e));
}

static int eval_run(const struct cli_context *context, const struct cli_values *values, struct error *e) {
    (void)context;
    const char *path = values->option[MODEL].text, *source = values->option[DATA].text;
    struct subject subject = {0};
    struct job job = {.option = values->option, .task = subject_task(&values->option[TASK])};
    uint32_t count = 0;
    int status = CLI_USAGE;
    if (load(&job, &subject, e) && subject_turn(&subject, job.data, e) &&
        subject_count(job.data, source, "count", values->option[COUNT].given, values->option[COUNT].integer, &count,
                      e) &&
        subject_settle_task(&subject, job.task, job.data, source, e) &&
        subject_fits_data(subject.graph, path, &job.choice, job.data, source, e))
        status = assess_print(subject.net, job.data, count, source, job.task, "", e);
    dataset_destroy(job.data);
    network_choice_finish(&job.choice);
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
