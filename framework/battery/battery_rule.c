/* battery_rule.c: `rule` of a battery: its name, the draws, the constants. */
#include "battery/battery_rows.h"

#include "base/text.h"
#include "battery/battery.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define DRAWS_WANTED "a whole number, or three rising ones, from 1 to 1000"

static bool read_draw(struct yaml_file *file, const yaml_node_t *node, long low, uint32_t *out, struct error *e) {
    const char *text = yaml_scalar(file, node, DRAWS_WANTED, e);
    long value;

    if (!text) return false;
    if (!text_to_long(text, low, 1000, &value))
        return yaml_fail(file, node, e, "'%s': " DRAWS_WANTED " wanted", excerpt_of(text).text);
    *out = (uint32_t)value;
    return true;
}

/* One number: so many, and never more. Three: the looks. */
static bool read_draws(struct yaml_file *file, const yaml_node_t *node, struct rule_constants *rule, struct error *e) {
    uint32_t *draws = rule->draws;
    size_t n;

    if (node->type == YAML_SCALAR_NODE) {
        bool ok = read_draw(file, node, 1, draws, e);
        draws[1] = draws[2] = draws[0];
        return ok;
    }
    if (!yaml_check_list(file, node, DRAWS_WANTED, &n, e)) return false;
    if (n != 3) return yaml_fail(file, node, e, "%zu numbers: " DRAWS_WANTED " wanted", n);
    for (size_t i = 0; i < n; i++)
        if (!read_draw(file, yaml_file_node(file, node->data.sequence.items.start[i]), i ? draws[i - 1] + 1L : 1,
                       &draws[i], e))
            return false;
    return true;
}

const char *const battery_rule_kinds[] = {"calibrated", "fixed-cutoff", NULL};

static bool read_constants(struct yaml_file *file, const yaml_node_t *node, struct rule_constants *rule,
                           struct error *e) {
    for (const struct rule_constant *c = rule_constant_table; c->name; c++) {
        const yaml_node_t *value = yaml_find(file, node, c->name);
        struct yaml_field field = {.name = c->name, .min = c->min, .max = c->max};
        if (value && !yaml_read_number(file, &field, value, c->field(rule), e)) return false;
    }
    return true;
}

static const char *const other_keys[] = {"name", "draws", "logit-r"};

static bool check_rule_keys(struct yaml_file *file, const struct yaml_field *field, const yaml_node_t *node,
                            struct error *e) {
    const size_t others = sizeof other_keys / sizeof *other_keys;
    size_t n = others;
    for (const struct rule_constant *c = rule_constant_table; c->name; c++) n++;
    const char **names = malloc(n * sizeof *names);
    if (!names) return error_memory(e);
    memcpy(names, other_keys, sizeof other_keys);
    for (size_t i = others; i < n; i++) names[i] = rule_constant_table[i - others].name;
    bool ok = yaml_check_keys(file, node, "key", field->wanted, names, n, e);
    free(names);
    return ok;
}

bool battery_read_rule(struct yaml_file *file, const struct yaml_field *field, const yaml_node_t *node, void *base,
                       struct error *e) {
    static const struct yaml_field kind = {.offset = offsetof(struct rule_constants, kind),
                                           .choices = battery_rule_kinds};
    struct battery *b = base;
    if (!check_rule_keys(file, field, node, e)) return false;
    const yaml_node_t *name = yaml_find(file, node, "name"), *draws = yaml_find(file, node, "draws"),
                      *ignored = yaml_find(file, node, "logit-r");
    if (ignored) b->ignored = yaml_location(ignored);
    return (!name || yaml_read_choice(file, &kind, name, &b->rule, e)) &&
           (!draws || read_draws(file, draws, &b->rule, e)) && read_constants(file, node, &b->rule, e);
}
