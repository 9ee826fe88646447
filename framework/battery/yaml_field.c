/* yaml_field.c: values of a mapping into members of a struct, by a table of keys. */
#include "battery/yaml_node.h"

#include "base/table_names.h"
#include "base/text.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum any { ANY_FIRST };
_Static_assert(sizeof(enum any) == sizeof(unsigned), "yaml_read_choice writes enumerations as unsigned");

static void *member(const struct yaml_field *field, void *base) {
    return (char *)base + field->offset;
}

bool yaml_read_text(struct yaml_file *file, const struct yaml_field *field, const yaml_node_t *node, void *base,
                    struct error *e) {
    char **out = member(field, base);
    const char *text = yaml_scalar(file, node, field->wanted, e);

    if (!text) return false;
    *out = text_copy(text);
    return *out || error_memory(e);
}

/* "a number from 0 to 1 (a remark)" */
static void range_text(const struct yaml_field *field, const char *kind, char *out, size_t size) {
    snprintf(out, size, "%s from %.10g to %.10g%s%s%s", kind, field->min, field->max, field->wanted ? " (" : "",
             field->wanted ? field->wanted : "", field->wanted ? ")" : "");
}

bool yaml_read_number(struct yaml_file *file, const struct yaml_field *field, const yaml_node_t *node, void *base,
                      struct error *e) {
    char wanted[160];
    double value;

    range_text(field, "a number", wanted, sizeof wanted);
    const char *text = yaml_scalar(file, node, wanted, e);
    if (!text) return false;
    if (!text_to_double(text, &value) || value < field->min || value > field->max)
        return yaml_fail(file, node, e, "'%s': %s wanted", excerpt_of(text).text, wanted);
    *(double *)member(field, base) = value;
    return true;
}

bool yaml_read_count(struct yaml_file *file, const struct yaml_field *field, const yaml_node_t *node, void *base,
                     struct error *e) {
    char wanted[160];
    long value;

    range_text(field, "a whole number", wanted, sizeof wanted);
    const char *text = yaml_scalar(file, node, wanted, e);
    if (!text) return false;
    if (!text_to_long(text, (long)field->min, (long)field->max, &value))
        return yaml_fail(file, node, e, "'%s': %s wanted", excerpt_of(text).text, wanted);
    *(uint32_t *)member(field, base) = (uint32_t)value;
    return true;
}

bool yaml_read_seed(struct yaml_file *file, const struct yaml_field *field, const yaml_node_t *node, void *base,
                    struct error *e) {
    static const char wanted[] = "a whole number from 0 to 18446744073709551615";
    unsigned long long value;
    const char *text = yaml_scalar(file, node, wanted, e);

    if (!text) return false;
    if (!text_to_u64(text, &value)) return yaml_fail(file, node, e, "'%s': %s wanted", excerpt_of(text).text, wanted);
    *(uint64_t *)member(field, base) = value;
    return true;
}

/* The place of the text in the choices of the field. */
static bool find_choice(const struct yaml_file *file, const struct yaml_field *field, const yaml_node_t *node,
                        unsigned *index, struct error *e) {
    struct text list = {0};
    size_t n = 0;

    for (; field->choices[n]; n++)
        text_add(&list, "%s%s", n == 0 ? "" : field->choices[n + 1] ? ", " : " or ", field->choices[n]);
    if (list.failed) {
        text_finish(&list);
        return error_memory(e);
    }
    const char *text = yaml_scalar(file, node, list.data, e);
    const char *nearest = text ? text_nearest(text, field->choices, n) : NULL;
    bool found = false;
    for (unsigned i = 0; text && i < n && !found; i++) {
        found = strcmp(text, field->choices[i]) == 0;
        if (found) *index = i;
    }
    if (text && !found && nearest)
        yaml_fail(file, node, e, "'%s': did you mean '%s'? (%s wanted)", excerpt_of(text).text, nearest, list.data);
    else if (text && !found) yaml_fail(file, node, e, "'%s': %s wanted", excerpt_of(text).text, list.data);
    text_finish(&list);
    return found;
}

bool yaml_read_choice(struct yaml_file *file, const struct yaml_field *field, const yaml_node_t *node, void *base,
                      struct error *e) {
    unsigned index;

    if (!find_choice(file, field, node, &index, e)) return false;
    memcpy(member(field, base), &index, sizeof index);
    return true;
}

bool yaml_read_flag(struct yaml_file *file, const struct yaml_field *field, const yaml_node_t *node, void *base,
                    struct error *e) {
    static const char *const words[] = {"false", "true", NULL};
    struct yaml_field flag = *field;
    unsigned index;

    flag.choices = words;
    if (!find_choice(file, &flag, node, &index, e)) return false;
    *(bool *)member(field, base) = index == 1;
    return true;
}

static bool read_each(struct yaml_file *file, const yaml_node_t *node, const struct yaml_field *fields, void *base,
                      struct error *e) {
    for (const struct yaml_field *f = fields; f->name; f++)
        if (f->required && !yaml_find(file, node, f->name))
            return yaml_fail(file, node, e, "no '%s': %s wanted", f->name, f->wanted);
    for (const struct yaml_field *f = fields; f->name; f++) {
        const yaml_node_t *value = yaml_find(file, node, f->name);
        if (value && !f->read(file, f, value, base, e)) return false;
    }
    return true;
}

bool yaml_read_fields(struct yaml_file *file, const yaml_node_t *node, const char *wanted,
                      const struct yaml_field *fields, void *base, struct error *e) {
    size_t n;
    const char **names = table_names(fields, sizeof *fields, offsetof(struct yaml_field, name), &n);
    if (!names) return error_memory(e);
    bool ok = yaml_check_keys(file, node, "key", wanted, names, n, e) && read_each(file, node, fields, base, e);
    free(names);
    return ok;
}
