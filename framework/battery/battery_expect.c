/* battery_expect.c: what a battery expects of its cells: `expect`, by row, by row and control, or by cell. */
#include "battery/battery_rows.h"

#include "base/array.h"
#include "base/text.h"
#include "battery/battery.h"

#include <stdlib.h>
#include <string.h>

#define EVERY_CONTROL "all"

static bool read_word(struct yaml_file *file, const yaml_node_t *node, unsigned *words, struct error *e) {
    const char *names[VERDICT_NAMES];
    const size_t n = sizeof names / sizeof *names;
    enum verdict_word word;
    const char *text = yaml_scalar(file, node, "a verdict", e);

    if (!text) return false;
    if (verdict_word_parse(text, &word)) {
        *words |= 1u << word;
        return true;
    }
    for (size_t i = 0; i < n; i++) names[i] = verdict_word_name((enum verdict_word)i);
    const char *nearest = text_nearest(text, names, n);
    if (nearest)
        return yaml_fail(file, node, e, "unknown verdict '%s': did you mean '%s'?", excerpt_of(text).text, nearest);
    return yaml_fail(file, node, e, "unknown verdict '%s': %s, %s, %s, %s, %s, %s, %s or %s wanted",
                     excerpt_of(text).text, names[0], names[1], names[2], names[3], names[4], names[5], names[6],
                     names[7]);
}

static bool read_words(struct yaml_file *file, const yaml_node_t *node, unsigned *words, struct error *e) {
    size_t n;

    *words = 0;
    if (node->type != YAML_SEQUENCE_NODE) return read_word(file, node, words, e);
    if (!yaml_check_list(file, node, "a list of verdicts", &n, e)) return false;
    for (size_t i = 0; i < n; i++)
        if (!read_word(file, yaml_file_node(file, node->data.sequence.items.start[i]), words, e)) return false;
    return true;
}

/* ---- names ---- */

/* The first `length` bytes name a row: one of the battery's, or one that is added to it (experiment/explainers.c). */
static bool is_row(const struct battery *b, const char *name, size_t length) {
    const size_t added = sizeof BATTERY_BEFORE_RELU - 1;
    if (length > added && memcmp(name + length - added, BATTERY_BEFORE_RELU, added) == 0) length -= added;
    for (size_t i = 0; i < b->explainer_count; i++)
        if (strlen(b->explainers[i].name) == length && memcmp(b->explainers[i].name, name, length) == 0) return true;
    return false;
}

/* Of `controls: default` names are looked at later. */
static bool is_control(const struct battery *b, const char *name) {
    if (strcmp(name, EVERY_CONTROL) == 0 || b->standard_controls) return true;
    for (size_t i = 0; i < b->control_count; i++)
        if (strcmp(b->controls[i].id, name) == 0) return true;
    return false;
}

/* Where the name of the control begins in ROW/CONTROL, else NULL: the name of a row may have slashes, that of a control
 * has none. */
static const char *cell_control(const struct battery *b, const char *key) {
    const char *slash = strrchr(key, '/');
    return slash && slash[1] && !is_row(b, key, strlen(key)) && is_row(b, key, (size_t)(slash - key)) ? slash + 1
                                                                                                      : NULL;
}

static bool unknown_control(struct yaml_file *file, const yaml_node_t *at, const struct battery *b, const char *name,
                            struct error *e) {
    const char **names = malloc((b->control_count + 1) * sizeof *names);
    if (!names) return error_memory(e);
    for (size_t i = 0; i < b->control_count; i++) names[i] = b->controls[i].id;
    const char *near = text_nearest(name, names, b->control_count);
    free(names);
    return near ? yaml_fail(file, at, e, "unknown control '%s': did you mean '%s'?", excerpt_of(name).text, near)
                : yaml_fail(file, at, e, "unknown control '%s': one of the battery's wanted", excerpt_of(name).text);
}

/* ---- entries ---- */

static bool add_expectation(struct yaml_file *file, struct battery *b, const char *explainer, const char *control,
                            const yaml_node_t *node, struct error *e) {
    struct expectation row = {.location = yaml_location(node)};

    if (!read_words(file, node, &row.words, e)) return false;
    for (size_t i = b->baseline ? b->battery_expectations : 0; i < b->expectation_count; i++)
        if (strcmp(b->expectations[i].explainer, explainer) == 0 && strcmp(b->expectations[i].control, control) == 0)
            return yaml_fail(file, node, e, "%s/%s a second time: once wanted%s", excerpt_of(explainer).text, control,
                             yaml_first(b->expectations[i].location).text);
    struct expectation *rows = array_grow(b->expectations, b->expectation_count, sizeof *rows);
    if (!rows) return error_memory(e);
    b->expectations = rows;
    row.explainer = text_copy(explainer);
    row.control = text_copy(control);
    rows[b->expectation_count++] = row;
    return (row.explainer && row.control) || error_memory(e);
}

/* Verdicts for every control, or control by control. */
static bool read_row(struct yaml_file *file, struct battery *b, const char *explainer, const yaml_node_t *node,
                     const char *const *controls, struct error *e) {
    if (node->type != YAML_MAPPING_NODE) return add_expectation(file, b, explainer, EVERY_CONTROL, node, e);
    const size_t known = b->standard_controls ? 0 : b->control_count + 1; /* of those names are looked at later */
    if (!yaml_check_keys(file, node, "control", "a verdict", known ? controls : NULL, known, e)) return false;
    for (const yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top; p++)
        if (!add_expectation(file, b, explainer, yaml_key(file, p), yaml_file_node(file, p->value), e)) return false;
    return true;
}

/* One entry: of a row, or of a cell. rows[explainer_count]: the names of all rows. */
static bool read_entry(struct yaml_file *file, struct battery *b, const yaml_node_pair_t *pair, const char *const *rows,
                       const char *const *controls, struct error *e) {
    const yaml_node_t *at = yaml_file_node(file, pair->key), *value = yaml_file_node(file, pair->value);
    const char *key = yaml_key(file, pair), *control = cell_control(b, key);

    if (!control && !is_row(b, key, strlen(key)))
        return yaml_fail_unknown(file, at, "explainer", rows, b->explainer_count, e);
    if (!control) return read_row(file, b, key, value, controls, e);
    if (!is_control(b, control)) return unknown_control(file, at, b, control, e);
    char *row = text_format("%.*s", (int)(control - 1 - key), key);
    bool ok = row ? add_expectation(file, b, row, control, value, e) : error_memory(e);
    free(row);
    return ok;
}

bool battery_read_expect(struct yaml_file *file, const struct yaml_field *field, const yaml_node_t *node, void *base,
                         struct error *e) {
    struct battery *b = base;
    const char **rows = malloc((b->explainer_count + 1) * sizeof *rows);
    const char **controls = malloc((b->control_count + 1) * sizeof *controls);
    bool ok = (rows && controls) || error_memory(e);

    for (size_t i = 0; ok && i < b->explainer_count; i++) rows[i] = b->explainers[i].name;
    for (size_t i = 0; ok && i < b->control_count; i++) controls[i] = b->controls[i].id;
    if (ok) controls[b->control_count] = EVERY_CONTROL;
    ok = ok && yaml_check_keys(file, node, "explainer", field->wanted, NULL, 0, e);
    for (const yaml_node_pair_t *p = node->data.mapping.pairs.start; ok && p < node->data.mapping.pairs.top; p++)
        ok = read_entry(file, b, p, rows, controls, e);
    free(rows);
    free(controls);
    return ok;
}

unsigned battery_expected(const struct battery *b, const char *row, const char *control) {
    const unsigned skip = 1u << VERDICT_SKIP;
    unsigned all = (1u << VERDICT_PASS) | skip;
    bool cell = false;
    for (size_t i = 0; i < b->expectation_count; i++) { /* the later before the earlier */
        const struct expectation *x = &b->expectations[i];
        if (strcmp(x->explainer, row) != 0) continue;
        if (strcmp(x->control, control) == 0) {
            all = x->words;
            cell = true;
        } else if (!cell && strcmp(x->control, EVERY_CONTROL) == 0) {
            all = x->words | skip;
        }
    }
    return all;
}
