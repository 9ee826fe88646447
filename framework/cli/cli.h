/* cli.h: the commands of `assay`, and what they share. main.c holds the table. */
#ifndef ASSAY_CLI_CLI_H
#define ASSAY_CLI_CLI_H

#include "cli/options.h"

/* DESIGN.md, Exit codes. */
enum cli_exit {
    CLI_EXPECTED = 0,   /* done; all verdicts as expected */
    CLI_UNEXPECTED = 1, /* a verdict was not the expected one */
    CLI_USAGE = 2,      /* usage, battery or input error, before anything ran */
    CLI_BROKEN = 3,     /* something could not run, or gave numbers that are not finite */
    CLI_OPEN = 4,       /* INCONCLUSIVE, UNINFORMATIVE or nothing but SKIP, beyond what was expected */
    CLI_SHARE = 5,      /* a part of a run is done, and nothing is judged */
    CLI_SIGNAL = 128    /* and the number of the signal that ended it, as shells have it */
};

struct control;
struct report;
struct transport_kind;

/* The tables only main.c sees. */
struct cli_context {
    const char *program;                   /* as it was called: argv[0] */
    const struct control *const *controls; /* NULL-terminated */
    const struct report *reports;
    const struct cli_command *const *commands; /* likewise */
    const struct transport_kind *transport;    /* between the processes of one run; NULL: built without */
};

/* For the details of commands that take --data. */
#define CLI_SOURCES                                                                                                    \
    "A SOURCE is idx:IMAGES,LABELS (plain or gzipped), csv:FILE[,label=COLUMN], folder:DIR (pictures and\n"            \
    "labels.csv, or a folder for each class), sequence:FILE (letters A C G T), npy:INPUTS[,LABELS],\n"                 \
    "npz:FILE or cifar10:FILE[,FILE...].\n"                                                                            \
    "A PRESET is one of 'assay list presets', or changes one: '{preset: torchvision, resize: 232}'.\n"

/* The option of commands that compute: the choices of the battery's `conv`. */
#define CLI_CONV(...)                                                                                                  \
    { .name = "conv", .kind = CLI_CHOICE, .value = "ROUTE", .choices = conv_route_names, __VA_ARGS__ }
#define CLI_CONV_ALONE CLI_CONV(.summary = "how 3x3 convolutions are computed", .fallback = "auto")

/* The option of commands that read outputs: the choices of the battery's `task`. */
#define CLI_TASK                                                                                                       \
    {                                                                                                                  \
        .name = "task", .kind = CLI_CHOICE, .value = "TASK", .choices = task_names, .fallback = "auto",                \
        .summary = "what the outputs mean; auto: one output with labels 0 and 1 is binary"                             \
    }

/* The option of commands that read pictures: the choices of the battery's `layout`. */
#define CLI_LAYOUT                                                                                                     \
    {                                                                                                                  \
        .name = "layout", .kind = CLI_CHOICE, .value = "LAYOUT", .choices = axis_order_names, .fallback = "auto",      \
        .summary = "of the pictures that the file takes; auto: nhwc where it begins with a Transpose to nchw"          \
    }

/* The options of commands that read one network and samples. */
#define CLI_MODEL                                                                                                      \
    { .name = "model", .kind = CLI_TEXT, .value = "FILE", .summary = "the network, an ONNX file", .required = true }
#define CLI_PREPROCESS                                                                                                 \
    {                                                                                                                  \
        .name = "preprocess", .kind = CLI_TEXT, .value = "PRESET", .fallback = "none",                                 \
        .summary = "how stored values become inputs"                                                                   \
    }

/* The option of commands that take labels. */
#define CLI_CLASS_NAMES                                                                                                \
    {                                                                                                                  \
        .name = "class-names", .kind = CLI_TEXT, .value = "FILE",                                                      \
        .summary = "a CSV file with a column name: what the classes are called"                                        \
    }

/* Of commands that train, too. */
#define CLI_MODEL_OUTPUT                                                                                               \
    {                                                                                                                  \
        .name = "model-output", .kind = CLI_TEXT, .value = "NAME",                                                     \
        .summary = "which of the network's outputs; or {name: NAME, reduce: mean|sum, index: K}"                       \
    }

/* The options of commands that open a network, as subject_choose() takes them: the rows of the command's table, and
 * their names in its enum. */
#define CLI_NETWORK_ENUM MODEL_INPUT, FIXED_INPUTS, MODEL_OUTPUT, INPUT_SHAPE
#define CLI_NETWORK                                                                                                    \
    [MODEL_INPUT] = {.name = "model-input",                                                                            \
                     .kind = CLI_TEXT,                                                                                 \
                     .value = "NAME",                                                                                  \
                     .summary = "which of the network's inputs is explained, where it has several"},                   \
    [FIXED_INPUTS] = {.name = "fixed-inputs",                                                                          \
                      .kind = CLI_TEXT,                                                                                \
                      .value = "MAPPING",                                                                              \
                      .summary = "what its other inputs are: {NAME: 0, NAME: file.npy}"},                              \
    [MODEL_OUTPUT] = CLI_MODEL_OUTPUT,                                                                                 \
    [INPUT_SHAPE] = {.name = "input-shape",                                                                            \
                     .kind = CLI_TEXT,                                                                                 \
                     .value = "SHAPE",                                                                                 \
                     .summary = "of one sample, such as 3x224x224, where the file leaves sizes open"}

/* The options of commands that run a battery. */
#define CLI_JOBS                                                                                                       \
    {                                                                                                                  \
        .name = "jobs", .letter = 'j', .kind = CLI_INTEGER, .value = "N", .min = 1, .max = 1024,                       \
        .summary = "worker processes (default: one for each processor)"                                                \
    }
#define CLI_CONSOLE_FORMAT                                                                                             \
    {                                                                                                                  \
        .name = "format", .kind = CLI_CHOICE, .value = "FORMAT", .choices = console_names, .fallback = "table",        \
        .summary = "what is said on standard output"                                                                   \
    }
#define CLI_NO_FIGURES                                                                                                 \
    { .name = "no-figures", .kind = CLI_FLAG, .summary = "leave the figures out" }

/* The option of commands that run plugins (workers/sandbox.h): sandbox_turn_off() when it is given. */
#define CLI_NO_SANDBOX                                                                                                 \
    {                                                                                                                  \
        .name = "no-sandbox", .kind = CLI_FLAG,                                                                        \
        .summary = "let plugins write anywhere, use the network and signal other processes"                            \
    }

/* For the details of commands that take an explainer. */
#define CLI_SPECS                                                                                                      \
    "A SPEC is ID, path/to.so or path/to.so#ID, with parameters as in ID:name=value,name=value;\n"                     \
    "or process:COMMAND, a program that speaks docs/protocol.md.\n"

extern const struct cli_command cli_run, cli_accept, cli_merge, cli_status, cli_verify, cli_report, cli_figure,
    cli_compare, cli_why, cli_list, cli_explain, cli_check, cli_new, cli_train, cli_eval, cli_calibrate, cli_doctor,
    cli_completions;

/* Fails unless `path` can be written: its folder exists and takes new files, and it is no folder itself. Asked before
 * the work starts, so that the work is not lost. */
bool cli_writable(const char *path, struct error *);

/* False: the value of --`option` is none of the n names; which is near, and all of them, `also` (", or ...") behind. */
bool cli_unknown(const char *option, const char *asked, const char *const *names, size_t n, const char *also,
                 struct error *);

/* One line on standard error, "assay: ...", whatever a file or an argument put into it (text_clean). */
void cli_message(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Of commands that print a verdict table. */
extern const char *const cli_colour_names[];
#define CLI_COLOUR                                                                                                     \
    {                                                                                                                  \
        .name = "color", .kind = CLI_CHOICE, .value = "WHEN", .choices = cli_colour_names, .fallback = "auto",         \
        .summary = "colours in the table; auto: on a terminal, where NO_COLOR is not set"                              \
    }
bool cli_colour(const struct cli_value *);
/* How wide standard output is: a terminal as it is, within bounds; else REPORT_WIDTH. */
size_t cli_width(void);

/* Whether `path` ends in `extension` (".npy"). */
bool cli_has_extension(const char *path, const char *extension);

#endif
