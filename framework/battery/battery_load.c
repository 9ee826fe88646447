/* battery_load.c: the sections of a battery and the keys in each, and the loading of a whole one. */
#include "battery/battery.h"

#include "base/file.h"
#include "base/text.h"
#include "battery/battery_rows.h"
#include "battery/network_choice_yaml.h"
#include "battery/yaml_node.h"
#include "data/source.h"
#include "data/source_kind.h"
#include "nn/net.h"
#include "nn/train.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATTERY_WANTED "a battery with model, data, explainers and controls"
#define SOURCE_WANTED "a data source (" SOURCE_FORMS ")"
#define BASELINE_WANTED "a mapping from rows or cells to verdicts"

bool battery_fail(const struct battery *b, struct location location, struct error *e, const char *format, ...) {
    va_list list;

    va_start(list, format);
    error_set_list(e, format, list);
    va_end(list);
    return location_prefix(b->path, b->settings, location, e);
}

bool battery_fail_set(const struct battery *b, const char *key, struct error *e) {
    size_t n = strlen(key);
    for (size_t k = b->setting_count; k-- > 0;)
        if (strncmp(b->settings[k], key, n) == 0 && b->settings[k][n] == '=')
            return error_prefix(e, "--set %s", excerpt_of(b->settings[k]).text);
    return false;
}

bool battery_fail_file(const struct battery *b, enum battery_file which, struct error *e) {
    static const char *const keys[] = {"model", "data.source", "data.class-names", "training.source"};
    const struct location where = b->files[which];

    /* Other complaints begin with a line of their own file. */
    const bool whole = strstr(e->text, strerror(ENOENT)) || which == BATTERY_MODEL;
    if (where.line && whole) return location_prefix(b->path, b->settings, where, e);
    return battery_fail_set(b, keys[which], e);
}

const char *reduction_name(enum reduction reduction) {
    return battery_reductions[reduction];
}

#define MEMBER(member) .offset = offsetof(struct battery, member)

/* ---- What is not a plain member ---- */

static bool read_model(struct yaml_file *file, const struct yaml_field *field, const yaml_node_t *node, void *base,
                       struct error *e) {
    struct battery *b = base;
    const char *text = yaml_scalar(file, node, field->wanted, e);

    if (!text) return false;
    b->files[BATTERY_MODEL] = yaml_location(node);
    b->model = path_from(yaml_folder(file, node), text);
    return b->model || error_memory(e);
}

static bool read_class_names(struct yaml_file *file, const struct yaml_field *field, const yaml_node_t *node,
                             void *base, struct error *e) {
    struct battery *b = base;
    const char *text = yaml_scalar(file, node, "a CSV file with a column name", e);

    (void)field;
    if (!text) return false;
    b->files[BATTERY_CLASS_NAMES] = yaml_location(node);
    b->class_names = path_from(yaml_folder(file, node), text);
    return b->class_names || error_memory(e);
}

static bool read_source(struct yaml_file *file, const struct yaml_field *field, const yaml_node_t *node, void *base,
                        struct error *e) {
    struct battery *b = base;
    const bool training = field->offset == offsetof(struct battery, training_source);
    struct error inner;
    const char *text = yaml_scalar(file, node, field->wanted, e);

    if (!text) return false;
    b->files[training ? BATTERY_TRAINING : BATTERY_DATA] = yaml_location(node);
    return source_resolve(text, yaml_folder(file, node), (char **)(void *)((char *)base + field->offset), &inner) ||
           yaml_fail(file, node, e, "%s", inner.text);
}

/* ---- Sections ---- */

static const char *const targets[] = {"label", "predicted", "output", NULL};
const char *const task_names[] = {"auto", "classification", "binary", "regression", "multi-label", NULL};
const char *const conv_route_names[] = {"auto", "direct", "winograd", NULL};
static const char *const optimisers[] = {"adam", "sgd", NULL};

/* A policy, else a class: its number or name, which is looked up where the names are known. */
static bool read_target(struct yaml_file *file, const struct yaml_field *field, const yaml_node_t *node, void *base,
                        struct error *e) {
    struct battery *b = base;
    const char *text = yaml_scalar(file, node, "'label', 'predicted', 'output' or a class", e);

    if (!text) return false;
    b->target_location = yaml_location(node);
    if (text_nearest(text, targets, sizeof targets / sizeof *targets - 1)) {
        struct yaml_field choice = *field;
        unsigned policy;
        choice.offset = 0;
        if (!yaml_read_choice(file, &choice, node, &policy, e)) return false;
        b->target = (enum target_policy)policy;
        return true;
    }
    b->target = TARGET_CLASS;
    b->target_class = text_copy(text);
    return b->target_class || error_memory(e);
}

static bool read_only_correct(struct yaml_file *file, const struct yaml_field *field, const yaml_node_t *node,
                              void *base, struct error *e) {
    struct battery *b = base;

    b->only_correct_location = yaml_location(node);
    return yaml_read_flag(file, field, node, base, e);
}

const struct yaml_field battery_data_fields[] = {
    {.name = "source", .read = read_source, MEMBER(data_source), .wanted = SOURCE_WANTED, .required = true},
    {.name = "ignore", .read = battery_read_ignore, .wanted = "a list of columns of the CSV file, as in [id, date],"},
    {.name = "preprocess", .read = battery_read_preprocess},
    {.name = "class-names", .read = read_class_names},
    {.name = "inputs", .read = yaml_read_count, MEMBER(inputs), .min = 1, .max = 10000},
    {.name = "figure-inputs", .read = battery_read_figure_inputs},
    {.name = "only-correct", .read = read_only_correct, MEMBER(only_correct)},
    {.name = "target", .read = read_target, .choices = targets},
    {.name = NULL},
};

const struct yaml_field battery_training_fields[] = {
    {.name = "source", .read = read_source, MEMBER(training_source), .wanted = SOURCE_WANTED, .required = true},
    {.name = "images", .read = yaml_read_count, MEMBER(training_images), .min = 2, .max = 1000000},
    {.name = "layers",
     .read = yaml_read_text,
     MEMBER(training_layers),
     .wanted = "layers separated by commas (conv:16x3,relu,...,fc:10)"},
    {.name = "optimiser", .read = yaml_read_choice, MEMBER(recipe.optimiser), .choices = optimisers},
    {.name = "learning-rate", .read = yaml_read_number, MEMBER(recipe.learning_rate), .min = 1e-8, .max = 10},
    {.name = "momentum", .read = yaml_read_number, MEMBER(recipe.momentum), .min = 0, .max = .9999},
    {.name = "weight-decay", .read = yaml_read_number, MEMBER(recipe.weight_decay), .min = 0, .max = 10},
    {.name = "weight-decay-last", .read = yaml_read_flag, MEMBER(recipe.weight_decay_last)},
    {.name = "batch", .read = yaml_read_count, MEMBER(recipe.batch), .min = 1, .max = NET_TRAIN_BATCH},
    {.name = "epochs", .read = yaml_read_count, MEMBER(recipe.epochs), .min = 1, .max = 100000},
    {.name = "stop-accuracy",
     .read = yaml_read_number,
     MEMBER(recipe.stop_accuracy),
     .min = 0,
     .max = 2,
     .wanted = "above 1: never stop early"},
    {.name = "seed", .read = yaml_read_seed, MEMBER(recipe.seed)},
    {.name = NULL},
};

static bool read_data(struct yaml_file *file, const struct yaml_field *field, const yaml_node_t *node, void *base,
                      struct error *e) {
    return yaml_read_fields(file, node, field->wanted, battery_data_fields, base, e);
}

static bool read_training(struct yaml_file *file, const struct yaml_field *field, const yaml_node_t *node, void *base,
                          struct error *e) {
    struct battery *b = base;

    b->has_training = true;
    if (!yaml_read_fields(file, node, field->wanted, battery_training_fields, b, e)) return false;
    recipe_settle(&b->recipe);
    return true;
}

/* In this order: `expect` looks into the lists before it. */
const struct yaml_field battery_fields[] = {
    {.name = "name", .read = yaml_read_text, MEMBER(name), .wanted = "a name for the battery"},
    {.name = "model", .read = read_model, .wanted = "the path of an ONNX file", .required = true},
    {.name = "input", .read = network_choice_read_input, MEMBER(network)},
    {.name = "inputs", .read = network_choice_read_inputs, MEMBER(network)},
    {.name = "output", .read = network_choice_read_output, MEMBER(network)},
    {.name = "input-shape", .read = network_choice_read_shape, MEMBER(network)},
    {.name = "task", .read = yaml_read_choice, MEMBER(task), .choices = task_names},
    {.name = "layout", .read = yaml_read_choice, MEMBER(axis_order), .choices = axis_order_names},
    {.name = "seed", .read = yaml_read_seed, MEMBER(seed)},
    {.name = "data", .read = read_data, .wanted = "a mapping with source, preprocess, ...", .required = true},
    {.name = "training", .read = read_training, .wanted = "a mapping with source, images, ..."},
    {.name = "explainers", .read = battery_read_explainers, .wanted = EXPLAINERS_WANTED, .required = true},
    {.name = "controls", .read = battery_read_controls, .wanted = CONTROLS_WANTED, .required = true},
    {.name = "measures", .read = battery_read_measures, .wanted = "a list of measures, as in [pearson, hog],"},
    {.name = "expect", .read = battery_read_expect, .wanted = "a mapping from explainers to verdicts"},
    {.name = "rule", .read = battery_read_rule, .wanted = "a mapping with name, draws, delta, ..."},
    {.name = "conv", .read = yaml_read_choice, MEMBER(conv), .choices = conv_route_names},
    {.name = "time-limit",
     .read = yaml_read_number,
     MEMBER(time_limit),
     .min = .001,
     .max = 86400,
     .wanted = "seconds"},
    {.name = NULL},
};

/* ---- The whole ---- */

static char *folder_of(const char *path) {
    char *folder = text_copy(path);
    char *slash = folder ? strrchr(folder, '/') : NULL;

    if (folder && !slash) {
        free(folder);
        return text_copy(".");
    }
    if (slash) slash[slash == folder] = '\0'; /* "/battery.yaml" is in "/" */
    return folder;
}

/* The file name without its extension. */
static char *name_of(const char *path) {
    const char *slash = strrchr(path, '/');
    char *name = text_copy(slash ? slash + 1 : path);
    char *dot = name ? strrchr(name, '.') : NULL;

    if (dot && dot != name) *dot = '\0';
    return name;
}

struct battery *battery_defaults(const char *path) {
    struct battery *b = calloc(1, sizeof *b);

    if (!b) return NULL;
    b->path = text_copy(path);
    b->folder = folder_of(path);
    b->preprocess = presets[0].preprocess;
    b->data_preprocess = text_copy(presets[0].name);
    b->inputs = 30;
    b->figure_input_count = 1; /* input 0 */
    b->only_correct = true;
    b->target = TARGET_PREDICTED;
    b->training_images = BATTERY_TRAINING_IMAGES;
    b->recipe = recipe_default();
    b->rule = rule_constants_default();
    b->seed = 1;
    b->time_limit = 60;
    if (!b->path || !b->folder || !b->data_preprocess) {
        battery_destroy(b);
        return NULL;
    }
    return b;
}

/* Opened, and changed by the settings. */
static bool open_with(const struct battery *b, const struct battery_source *from, struct yaml_file *file,
                      struct error *e) {
    if (!yaml_text_open(b->path, from->text, from->size, BATTERY_WANTED, file, e)) return false;
    file->folder = b->folder;
    file->settings = b->settings;
    bool ok = yaml_check_keys(file, yaml_file_root(file), "key", BATTERY_WANTED, NULL, 0, e);
    for (size_t i = 0; ok && i < b->setting_count; i++) ok = yaml_file_set(file, b->settings[i], (unsigned)i, e);
    if (!ok) yaml_file_close(file);
    return ok;
}

/* What is expected besides, and goes before what the battery expects of the same cell. */
static bool read_baseline(struct battery *b, const struct battery_source *from, struct error *e) {
    const char *path = from->baseline, *text = from->baseline_text;
    size_t size = from->baseline_size;
    char *bytes = NULL;
    struct yaml_file file;

    b->baseline = text_copy(path);
    b->battery_expectations = b->expectation_count;
    if (!b->baseline) return error_memory(e);
    if (!text && !file_exists(path))
        return error_set(e, "%s: there is no such baseline: 'assay accept RUN --baseline %s' writes it", path, path);
    if (!text && !yaml_file_read(path, &bytes, &size, e)) return false;
    if (bytes) text = bytes;
    data_digest(text, size, b->baseline_digest);
    bool ok = yaml_text_open(path, text, size, BASELINE_WANTED, &file, e);
    const struct yaml_field field = {.wanted = BASELINE_WANTED};
    if (ok) {
        ok = battery_read_expect(&file, &field, yaml_file_root(&file), b, e);
        yaml_file_close(&file);
    }
    free(bytes);
    return ok;
}

bool battery_load(const char *path, struct battery **out, struct error *e) {
    return battery_load_with(path, NULL, 0, out, e);
}

bool battery_load_with(const char *path, const char *const *settings, size_t count, struct battery **out,
                       struct error *e) {
    return battery_load_from(&(struct battery_source){.path = path, .settings = settings, .setting_count = count}, out,
                             e);
}

static bool load_text(struct battery *b, const struct battery_source *from, struct error *e) {
    struct yaml_file file;

    b->settings = from->settings;
    b->setting_count = from->setting_count;
    data_digest(from->text, from->size, b->digest);
    if (!open_with(b, from, &file, e)) return false;
    bool ok = yaml_read_fields(&file, yaml_file_root(&file), BATTERY_WANTED, battery_fields, b, e);
    yaml_file_close(&file);
    b->battery_expectations = b->expectation_count;
    if (ok && !b->name) {
        b->name = strcmp(b->path, YAML_STANDARD_INPUT) == 0 ? text_copy("stdin") : name_of(b->path);
        ok = b->name || error_memory(e);
    }
    return ok && (!from->baseline || read_baseline(b, from, e));
}

bool battery_load_from(const struct battery_source *from, struct battery **out, struct error *e) {
    struct battery_source read = *from;
    char *bytes = NULL;
    struct battery *b = battery_defaults(from->path);

    if (!b) return error_memory(e);
    bool ok = from->text || yaml_file_read(from->path, &bytes, &read.size, e);
    if (bytes) read.text = bytes;
    ok = ok && load_text(b, &read, e);
    free(bytes);
    if (ok) *out = b;
    else battery_destroy(b);
    return ok;
}

static void explainers_destroy(struct battery *b) {
    for (size_t i = 0; i < b->explainer_count; i++) {
        free(b->explainers[i].name);
        explainer_spec_finish(&b->explainers[i].spec);
    }
    free(b->explainers);
}

static void controls_destroy(struct battery *b) {
    for (size_t i = 0; i < b->control_count; i++) {
        struct battery_control *c = &b->controls[i];
        for (size_t k = 0; k < c->option_count; k++) {
            free(c->options[k].name);
            free(c->options[k].value);
        }
        free(c->options);
        free(c->id);
    }
    free(b->controls);
}

void battery_destroy(struct battery *b) {
    if (!b) return;
    explainers_destroy(b);
    controls_destroy(b);
    for (size_t k = 0; k < b->measure_count; k++) free(b->measures[k].id);
    free(b->measures);
    for (size_t i = 0; i < b->expectation_count; i++) {
        free(b->expectations[i].explainer);
        free(b->expectations[i].control);
    }
    free(b->expectations);
    char *const texts[] = {b->path,         b->folder,          b->name,        b->model,           b->data_source,
                           b->data_ignore,  b->data_preprocess, b->class_names, b->training_source, b->training_layers,
                           b->target_class, b->preprocess_file, b->baseline};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) free(texts[i]);
    network_choice_finish(&b->network);
    free(b);
}
