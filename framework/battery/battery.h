/* battery.h: the declarative battery file (YAML through libyaml). Parsing checks form, names of keys and ranges of the
 * battery's own values; whether an explainer, control or option exists is checked by whoever has their tables, with the
 * places kept here. Every complaint reads `file:line:column: found: wanted`. */
#ifndef ASSAY_BATTERY_BATTERY_H
#define ASSAY_BATTERY_BATTERY_H

#include "base/error.h"
#include "data/preprocess.h"
#include "battery/location.h"
#include "battery/network_choice.h"
#include "battery/rule.h"
#include "nn/axis_order.h"
#include "nn/net_options.h"
#include "nn/recipe.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One `name: value` option, still text. */
struct option {
    char *name, *value;
    struct location location;
};

/* How channels are reduced before maps are compared. */
enum reduction { REDUCE_NONE, REDUCE_SUM, REDUCE_MEAN_ABS, REDUCE_MAX_ABS };
const char *reduction_name(enum reduction);

/* A program that is a method (docs/protocol.md). */
struct process_spec {
    char **command;     /* ended by NULL, the first one looked for in PATH; NULL: it runs already, and listens */
    char *connect;      /* the UNIX socket where it listens, or NULL */
    char *folder;       /* where the command runs */
    char *options;      /* of the program's own, or NULL */
    char **claims;      /* names, ended by NULL, in place of those that it says itself; or NULL */
    double start_limit; /* seconds until it has said hello */
};
#define PROCESS_START_LIMIT 60.0
#define PROCESS_WORD "process:" /* before a command in a spec */
void process_spec_destroy(struct process_spec *);
/* Its command, or its socket, as text for people; NULL: out of memory. The caller frees. */
char *process_spec_text(const struct process_spec *);
/* Of a command line for the shell, in the current folder. *out is the caller's, also after a failure. */
bool process_spec_shell(const char *command, struct process_spec **out, struct error *);
/* A copy in fresh memory; NULL: out of memory. */
struct process_spec *process_spec_copy(const struct process_spec *);

/* `ID` or `path/to.so`, and `ID:name=value,name=value`: the same syntax in batteries and on the command line. A path to
 * a library with several explainers: `path/to.so#ID`. `process:COMMAND`, for the shell, from there to the end. */
struct explainer_spec {
    char *id;                     /* explainer id, or NULL for the only one of `path` */
    char *path;                   /* shared library, or NULL: found by id */
    struct process_spec *process; /* then there is neither id nor path; or NULL */
    struct option *params;
    size_t param_count;
};
bool explainer_spec_parse(const char *text, struct explainer_spec *out, struct error *);
void explainer_spec_finish(struct explainer_spec *);

struct battery_explainer {
    char *name; /* unique row name; default: the spec as written */
    struct explainer_spec spec;
    enum reduction reduction;
    struct location location;
};

struct battery_control {
    char *id;
    struct option *options;
    size_t option_count;
    struct location location;
};

/* A measure by its name; whoever has the table looks it up. */
struct battery_measure {
    char *id;
    struct location location;
};

/* How the name of a row ends that is added beside one whose map ends in a ReLU; `expect` may name it. */
#define BATTERY_BEFORE_RELU " (before ReLU)"

/* `expect`: explainer row -> control (or "all") -> one of the words, or several (any of them is fine); or ROW/CONTROL
 * -> words. */
struct expectation {
    char *explainer, *control; /* control "all": every control */
    unsigned words;            /* bits of enum verdict_word (rule.h) */
    struct location location;
};

/* In the order of enum conv_route, ended by NULL. */
extern const char *const conv_route_names[];

/* What the outputs of the network mean. TASK_AUTO: one output and labels that are 0 and 1 only are TASK_BINARY, all
 * else TASK_CLASSIFICATION. TASK_REGRESSION: each output is a number with a real target. TASK_MULTI_LABEL: each output
 * is the logit of a label that is there or not, whatever the others are. */
enum task { TASK_AUTO, TASK_CLASSIFICATION, TASK_BINARY, TASK_REGRESSION, TASK_MULTI_LABEL };
extern const char *const task_names[]; /* in that order, ended by NULL */

/* TARGET_OUTPUT: the one output of a regression. */
enum target_policy { TARGET_LABEL, TARGET_PREDICTED, TARGET_OUTPUT, TARGET_CLASS };

#define BATTERY_TRAINING_IMAGES 1000u
#define BATTERY_FIGURE_INPUTS 16u /* at most */

/* Files that a battery names; explainers have their own places. */
enum battery_file { BATTERY_MODEL, BATTERY_DATA, BATTERY_CLASS_NAMES, BATTERY_TRAINING, BATTERY_FILES };

struct battery {
    const char *const *settings; /* of the command line, in the order of places; borrowed */
    size_t setting_count;
    char *path;   /* of the file */
    char *folder; /* of the file, against which relative paths are read */
    char *name;   /* default: the file name without extension */
    char *model;  /* resolved path */
    struct network_choice network;
    enum task task;             /* default TASK_AUTO */
    enum axis_order axis_order; /* of the pictures the model takes; default AXIS_ORDER_AUTO */

    char *data_source;            /* paths inside resolved */
    char *data_ignore;            /* columns that are left out, as in data/csv_options.h; NULL: none */
    struct preprocess preprocess; /* of data and training */
    char *class_names;            /* resolved path of a file with their names, or NULL */
    char *data_preprocess;        /* the same in words: a preset, or preprocess_text() */
    char *preprocess_file;        /* where `preprocess: auto` found it; else NULL */
    bool preprocess_given;        /* some preprocessing was asked for, be it none */
    uint32_t inputs;              /* samples explained, default 30, 1..10000; of one there is no floor */
    uint32_t figure_inputs[BATTERY_FIGURE_INPUTS]; /* whose maps are kept for figures: places, from 0, in their order */
    uint32_t figure_input_count;                   /* default: the first input alone */
    bool only_correct;         /* take only correctly classified samples (default true, false of a regression) */
    enum target_policy target; /* default by the task (task_settle_battery); fixed over all variants either way */
    char *target_class;        /* of TARGET_CLASS: the number or the name of a class or output; else NULL */
    struct location files[BATTERY_FILES];                   /* where they stand; nowhere: not given */
    struct location target_location, only_correct_location; /* nowhere: not given */

    bool has_training;        /* `training:` given: label permutation needs it */
    char *training_source;    /* same preprocessing as data */
    uint32_t training_images; /* default BATTERY_TRAINING_IMAGES */
    char *training_layers;    /* arch list; NULL: the model file's architecture, re-initialised */
    struct recipe recipe;

    struct battery_explainer *explainers;
    size_t explainer_count;
    struct battery_measure *measures; /* beside those that every run computes */
    size_t measure_count;
    bool standard_controls; /* `controls: default`: filled in by whoever knows the controls */
    struct battery_control *controls;
    size_t control_count;
    struct expectation *expectations; /* of the battery, then those of the baseline, whose words go before */
    size_t expectation_count, battery_expectations;
    char *baseline;                       /* path of its file, or NULL */
    char digest[65], baseline_digest[65]; /* SHA-256 of both files */

    struct rule_constants rule; /* constants; defaults from rule_constants_default() */
    struct location ignored;    /* of `logit-r` of the rule, which earlier versions read; line 0: not there */
    uint64_t seed;              /* default 1 */
    enum conv_route conv;       /* default CONV_AUTO; training does not depend on it */
    double time_limit;          /* seconds per call of a plugin, default 60 */
};

/* Where a battery comes from. */
struct battery_source {
    const char *path; /* "-": standard input, seen from the current folder */
    const char *text; /* NULL: what is there; else this in its place */
    size_t size;
    const char *const *settings; /* as below */
    size_t setting_count;
    const char *baseline;      /* a file of further expectations, or NULL */
    const char *baseline_text; /* likewise in its place, or NULL */
    size_t baseline_size;
};
bool battery_load_from(const struct battery_source *, struct battery **out, struct error *);
bool battery_load(const char *path, struct battery **out, struct error *);
/* With settings `KEY.KEY=VALUE` in place of values of the file; paths in them are relative to the current folder. They
 * are borrowed as long as the battery lives. */
bool battery_load_with(const char *path, const char *const *settings, size_t count, struct battery **out,
                       struct error *);
/* The words that are fine for that cell (bits of enum verdict_word): its own, or its row's (then a SKIP is fine, too),
 * else PASS or SKIP. */
unsigned battery_expected(const struct battery *, const char *row, const char *control);
/* Puts "--set KEY=VALUE: " before the text that is there where the command line set that key, and returns false. */
bool battery_fail_set(const struct battery *, const char *key, struct error *);
/* The same for a file of the battery; where the text says that a file is missing, the battery's line. */
bool battery_fail_file(const struct battery *, enum battery_file, struct error *);
/* A complaint about that place of the battery. */
bool battery_fail(const struct battery *, struct location, struct error *, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void battery_destroy(struct battery *);

/* The value of `preprocess` as an argument of the command line: a preset, `{preset: torchvision, resize: 232}`,
 * or `auto`, as beside the file `model` (NULL: there is none), where *file, the caller's, becomes its source. */
bool battery_preprocess_parse(const char *text, const char *model, struct preprocess *out, char **file, struct error *);

#endif
