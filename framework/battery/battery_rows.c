/* battery_rows.c: the lists of a battery: explainers, controls, measures, inputs of figures. */
#include "battery/battery_rows.h"

#include "base/file.h"
#include "base/text.h"
#include "battery/battery.h"
#include "data/csv_options.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define SPEC_WANTED "an explainer (ID or path/to.so, with :name=value,... behind it)"
#define NAME_LIMIT 120
#define EVERY_CONTROL "all"

/* Names end up in tables, file names and messages: one line, not too long. */
static bool check_name(const struct yaml_file *file, const yaml_node_t *at, const char *name, struct error *e) {
    size_t n = strlen(name);

    for (size_t i = 0; i < n; i++)
        if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
            return yaml_fail(file, at, e, "name '%s': one line of text wanted", excerpt_of(name).text);
    if (n > NAME_LIMIT)
        return yaml_fail(file, at, e, "name '%s' of %zu bytes: at most %d wanted", excerpt_of(name).text, n,
                         NAME_LIMIT);
    return true;
}

/* ---- explainers ---- */

/* A plugin beside the battery is "./my.so", so that it is never looked for in the system's libraries. */
static bool resolve_plugin(const char *folder, struct explainer_spec *spec, struct error *e) {
    bool bare = strcmp(folder, ".") == 0 && !strchr(spec->path, '/');
    char *path = bare ? text_format("./%s", spec->path) : path_from(folder, spec->path);

    if (!path) return error_memory(e);
    free(spec->path);
    spec->path = path;
    return true;
}

/* A command runs in the battery's folder. */
static bool resolve_process(const char *folder, struct process_spec *process, struct error *e) {
    char *copy = text_copy(folder);

    if (!copy) return error_memory(e);
    free(process->folder);
    process->folder = copy;
    return true;
}

static bool read_spec(struct yaml_file *file, const struct yaml_field *field, const yaml_node_t *node, void *base,
                      struct error *e) {
    struct battery_explainer *row = base;
    struct error inner;
    const char *text = yaml_scalar(file, node, field ? field->wanted : SPEC_WANTED, e);

    if (!text) return false;
    if (!explainer_spec_parse(text, &row->spec, &inner)) return yaml_fail(file, node, e, "%s", inner.text);
    for (size_t i = 0; i < row->spec.param_count; i++) row->spec.params[i].location = yaml_location(node);
    if (!row->name) row->name = text_copy(text);
    if (!row->name) return error_memory(e);
    if (row->spec.process) return resolve_process(yaml_folder(file, node), row->spec.process, e);
    return !row->spec.path || resolve_plugin(yaml_folder(file, node), &row->spec, e);
}

static bool read_name(struct yaml_file *file, const struct yaml_field *field, const yaml_node_t *node, void *base,
                      struct error *e) {
    struct battery_explainer *row = base;

    (void)field;
    const char *text = yaml_scalar(file, node, "a name for the row", e);
    if (!text || !check_name(file, node, text, e)) return false;
    row->name = text_copy(text);
    return row->name || error_memory(e);
}

static bool read_process(struct yaml_file *file, const struct yaml_field *field, const yaml_node_t *node, void *base,
                         struct error *e) {
    struct battery_explainer *row = base;

    (void)field;
    if (row->spec.process) return yaml_fail(file, node, e, "both 'use' and 'process': one of them wanted");
    if (!process_spec_read(file, node, &row->spec.process, e)) return false;
    if (!row->name) row->name = process_spec_text(row->spec.process);
    return row->name || error_memory(e);
}

const char *const battery_reductions[] = {"none", "sum", "mean-abs", "max-abs", NULL};

const struct yaml_field battery_explainer_fields[] = {
    {.name = "name", .read = read_name},
    {.name = "use", .read = read_spec, .wanted = SPEC_WANTED},
    {.name = "process", .read = read_process},
    {.name = "reduce",
     .read = yaml_read_choice,
     .offset = offsetof(struct battery_explainer, reduction),
     .choices = battery_reductions},
    {.name = NULL},
};

/* `use` and `process` in one row: the reader of `use` left what is not a process's. */
static bool check_use(const struct yaml_file *file, const yaml_node_t *node, const struct battery_explainer *row,
                      struct error *e) {
    const struct explainer_spec *spec = &row->spec;

    if (spec->process && (spec->id || spec->path))
        return yaml_fail(file, node, e, "both 'use' and 'process': one of them wanted");
    return spec->process || spec->id || spec->path || yaml_fail(file, node, e, "no 'use': " SPEC_WANTED " wanted");
}

static bool read_explainer(struct yaml_file *file, const yaml_node_t *node, struct battery *b, struct error *e) {
    struct battery_explainer *row = &b->explainers[b->explainer_count++];

    row->location = yaml_location(node);
    if (node->type == YAML_MAPPING_NODE ? !yaml_read_fields(file, node, SPEC_WANTED, battery_explainer_fields, row, e)
                                        : !read_spec(file, NULL, node, row, e))
        return false;
    if (!check_use(file, node, row, e) || !check_name(file, node, row->name, e)) return false;
    for (const struct battery_explainer *r = b->explainers; r < row; r++)
        if (strcmp(r->name, row->name) == 0)
            return yaml_fail(file, node, e, "explainer '%s' a second time: another 'name' wanted%s",
                             excerpt_of(row->name).text, yaml_first(r->location).text);
    return true;
}

bool battery_read_explainers(struct yaml_file *file, const struct yaml_field *field, const yaml_node_t *node,
                             void *base, struct error *e) {
    struct battery *b = base;
    size_t n;

    if (!yaml_check_list(file, node, field->wanted, &n, e)) return false;
    b->explainers = calloc(n, sizeof *b->explainers);
    if (!b->explainers) return error_memory(e);
    for (size_t i = 0; i < n; i++)
        if (!read_explainer(file, yaml_file_node(file, node->data.sequence.items.start[i]), b, e)) return false;
    return true;
}

/* ---- controls ---- */

/* A list of values is the same as these with commas between them. The caller frees; NULL after an error. */
static char *read_value(struct yaml_file *file, const yaml_node_t *node, struct error *e) {
    struct text list = {0};
    if (node->type != YAML_SEQUENCE_NODE) {
        const char *value = yaml_scalar(file, node, "a single value", e);
        char *copy = value ? text_copy(value) : NULL;
        if (value && !copy) error_memory(e);
        return copy;
    }
    text_add(&list, "%s", "");
    for (const yaml_node_item_t *i = node->data.sequence.items.start; i < node->data.sequence.items.top; i++) {
        const char *value = yaml_scalar(file, yaml_file_node(file, *i), "a single value", e);
        if (!value) {
            text_finish(&list);
            return NULL;
        }
        text_add(&list, "%s%s", list.length ? ", " : "", value);
    }
    if (list.failed) error_memory(e);
    return list.failed ? NULL : list.data;
}

static bool read_option(struct yaml_file *file, const yaml_node_pair_t *pair, struct battery_control *row,
                        struct error *e) {
    const yaml_node_t *key = yaml_file_node(file, pair->key);
    char *value = read_value(file, yaml_file_node(file, pair->value), e);

    if (!value) return false;
    struct option *option = &row->options[row->option_count++];
    option->name = text_copy(yaml_key(file, pair));
    option->value = value;
    option->location = yaml_location(key);
    return (option->name && option->value) || error_memory(e);
}

static bool read_options(struct yaml_file *file, const yaml_node_t *node, struct battery_control *row,
                         struct error *e) {
    const yaml_node_pair_t *first = node->data.mapping.pairs.start, *end = node->data.mapping.pairs.top;

    row->options = calloc((size_t)(end - first) + 1, sizeof *row->options);
    if (!row->options) return error_memory(e);
    for (const yaml_node_pair_t *p = first; p < end; p++) {
        bool is_id = strcmp(yaml_key(file, p), "id") == 0;
        if (!is_id && !read_option(file, p, row, e)) return false;
    }
    return true;
}

/* Of explainers the key is `use`, of rows `name`. */
static bool fail_without_id(struct yaml_file *file, const yaml_node_t *node, struct error *e) {
    static const char *const taken[] = {"use", "name"};
    for (size_t k = 0; k < sizeof taken / sizeof *taken; k++)
        if (yaml_find(file, node, taken[k]))
            return yaml_fail(file, node, e, "no 'id', but '%s': the id of a control wanted, as in {id: cascading}",
                             taken[k]);
    return yaml_fail(file, node, e, "no 'id': the id of a control wanted, as in {id: cascading}");
}

static bool read_control(struct yaml_file *file, const yaml_node_t *node, struct battery *b, struct error *e) {
    static const char wanted[] = "a control (ID, or {id: ID, option: value})";
    struct battery_control *row = &b->controls[b->control_count++];
    bool mapping = node->type == YAML_MAPPING_NODE;
    const yaml_node_t *id = node;

    row->location = yaml_location(node);
    if (mapping && !yaml_check_keys(file, node, "option", wanted, NULL, 0, e)) return false;
    if (mapping && !(id = yaml_find(file, node, "id"))) return fail_without_id(file, node, e);
    const char *text = yaml_scalar(file, id, mapping ? "the id of a control" : wanted, e);
    if (!text || !check_name(file, id, text, e)) return false;
    if (strcmp(text, EVERY_CONTROL) == 0)
        return yaml_fail(file, id, e, "'%s' stands for every control: the id of one wanted", text);
    if (strcmp(text, STANDARD_CONTROLS) == 0)
        return yaml_fail(file, id, e, "'%s' stands for a list: `controls: %s` without brackets, or ids, wanted", text,
                         text);
    row->id = text_copy(text);
    if (!row->id) return error_memory(e);
    for (const struct battery_control *r = b->controls; r < row; r++)
        if (strcmp(r->id, row->id) == 0)
            return yaml_fail(file, id, e, "control '%s' a second time: once wanted%s", excerpt_of(row->id).text,
                             yaml_first(r->location).text);
    return !mapping || read_options(file, node, row, e);
}

bool battery_read_controls(struct yaml_file *file, const struct yaml_field *field, const yaml_node_t *node, void *base,
                           struct error *e) {
    struct battery *b = base;
    size_t n;

    b->standard_controls =
        node->type == YAML_SCALAR_NODE && strcmp((const char *)node->data.scalar.value, STANDARD_CONTROLS) == 0;
    if (b->standard_controls) return true;
    if (!yaml_check_list(file, node, field->wanted, &n, e)) return false;
    b->controls = calloc(n, sizeof *b->controls);
    if (!b->controls) return error_memory(e);
    for (size_t i = 0; i < n; i++)
        if (!read_control(file, yaml_file_node(file, node->data.sequence.items.start[i]), b, e)) return false;
    return true;
}

/* ---- measures ---- */

bool battery_read_measures(struct yaml_file *file, const struct yaml_field *field, const yaml_node_t *node, void *base,
                           struct error *e) {
    struct battery *b = base;
    size_t n;

    if (!yaml_check_list(file, node, field->wanted, &n, e)) return false;
    b->measures = calloc(n, sizeof *b->measures);
    if (!b->measures) return error_memory(e);
    for (size_t i = 0; i < n; i++) {
        const yaml_node_t *item = yaml_file_node(file, node->data.sequence.items.start[i]);
        const char *text = yaml_scalar(file, item, "the id of a measure", e);
        if (!text) return false;
        struct battery_measure *m = &b->measures[b->measure_count++];
        m->location = yaml_location(item);
        m->id = text_copy(text);
        if (!m->id) return error_memory(e);
    }
    return true;
}

/* ---- columns that are left out ---- */

bool battery_read_ignore(struct yaml_file *file, const struct yaml_field *field, const yaml_node_t *node, void *base,
                         struct error *e) {
    struct battery *b = base;
    struct text all = {0};
    size_t n;

    bool ok = yaml_check_list(file, node, field->wanted, &n, e);
    for (size_t i = 0; ok && i < n; i++) {
        const char *text =
            yaml_scalar(file, yaml_file_node(file, node->data.sequence.items.start[i]), "the name of a column", e);
        ok = text != NULL;
        if (ok) text_add(&all, "%s%s", i ? CSV_IGNORE_OPTION : "", text);
    }
    if (ok && all.failed) ok = error_memory(e);
    if (ok) b->data_ignore = all.data;
    else text_finish(&all);
    return ok;
}

/* ---- inputs whose maps are kept ---- */

static int by_number(const void *left, const void *right) {
    const uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static bool read_figure_input(struct yaml_file *file, const yaml_node_t *item, struct battery *b, struct error *e) {
    const struct yaml_field one = {.max = b->inputs - 1.0, .wanted = "the first of `inputs` is 0"};
    uint32_t input;

    if (!yaml_read_count(file, &one, item, &input, e)) return false;
    for (uint32_t k = 0; k < b->figure_input_count; k++)
        if (b->figure_inputs[k] == input)
            return yaml_fail(file, item, e, "input %u a second time: each once wanted", (unsigned)input);
    b->figure_inputs[b->figure_input_count++] = input;
    return true;
}

bool battery_read_figure_inputs(struct yaml_file *file, const struct yaml_field *field, const yaml_node_t *node,
                                void *base, struct error *e) {
    struct battery *b = base;
    size_t n;

    (void)field;
    if (!yaml_check_list(file, node, "a list of inputs, counted from 0, as in [0, 3],", &n, e)) return false;
    if (n > BATTERY_FIGURE_INPUTS)
        return yaml_fail(file, node, e, "%zu inputs: at most %u wanted, whose maps are kept for figures", n,
                         BATTERY_FIGURE_INPUTS);
    b->figure_input_count = 0;
    for (size_t i = 0; i < n; i++)
        if (!read_figure_input(file, yaml_file_node(file, node->data.sequence.items.start[i]), b, e)) return false;
    qsort(b->figure_inputs, b->figure_input_count, sizeof *b->figure_inputs, by_number);
    return true;
}
