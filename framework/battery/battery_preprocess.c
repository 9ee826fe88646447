/* battery_preprocess.c: `data: {preprocess: ...}`, a preset or a declaration that starts from one. */
#include "base/table_names.h"
#include "base/text.h"
#include "battery/battery.h"
#include "battery/battery_rows.h"
#include "battery/yaml_node.h"
#include "data/preprocess_auto.h"

#include <stdlib.h>
#include <string.h>

#define SIDE_MAX 16384 /* of resize and crop */

static bool read_preset(struct yaml_file *file, const struct yaml_field *field, const yaml_node_t *node, void *base,
                        struct error *e) {
    const char **names = table_names(presets, sizeof *presets, offsetof(struct preset, name), NULL);
    struct yaml_field choice = *field;
    struct preprocess *out = base;
    unsigned index;

    if (!names) return error_memory(e);
    choice.choices = names;
    choice.offset = 0;
    bool ok = yaml_read_choice(file, &choice, node, &index, e);
    if (ok) *out = presets[index].preprocess;
    free(names);
    return ok;
}

static bool read_channel_count(struct yaml_file *file, const struct yaml_field *field, const yaml_node_t *node,
                               void *base, struct error *e) {
    struct preprocess *out = base;

    if (!yaml_read_count(file, field, node, base, e)) return false;
    return out->channels != 2 || yaml_fail(file, node, e, "2: 1 (grey), 3 or 0 (as they are) wanted");
}

/* Three numbers, or one for all channels. */
static bool read_channels(struct yaml_file *file, const struct yaml_field *field, const yaml_node_t *node, void *base,
                          struct error *e) {
    static const char wanted[] = "one number, or a list of three";
    struct yaml_field number = *field;
    double *out = (double *)(void *)((char *)base + field->offset);
    size_t n;

    number.offset = 0;
    if (node->type == YAML_SCALAR_NODE) {
        if (!yaml_read_number(file, &number, node, out, e)) return false;
        out[1] = out[2] = out[0];
        return true;
    }
    if (!yaml_check_list(file, node, wanted, &n, e)) return false;
    if (n != 3) return yaml_fail(file, node, e, "%zu numbers: %s wanted", n, wanted);
    for (size_t i = 0; i < 3; i++)
        if (!yaml_read_number(file, &number, yaml_file_node(file, node->data.sequence.items.start[i]), out + i, e))
            return false;
    return true;
}

#define MEMBER(member) .offset = offsetof(struct preprocess, member)

/* The preset first: the others change it. */
const struct yaml_field battery_preprocess_fields[] = {
    {.name = "preset", .read = read_preset},
    {.name = "resize", .read = yaml_read_count, MEMBER(resize), .min = 0, .max = SIDE_MAX, .wanted = "0: none"},
    {.name = "stretch", .read = yaml_read_flag, MEMBER(stretch)},
    {.name = "crop", .read = yaml_read_count, MEMBER(crop), .min = 0, .max = SIDE_MAX, .wanted = "0: none"},
    {.name = "interpolation", .read = yaml_read_choice, MEMBER(interpolation), .choices = interpolation_names},
    {.name = "scale", .read = yaml_read_number, MEMBER(scale), .min = 1e-9, .max = 1e9},
    {.name = "mean", .read = read_channels, MEMBER(mean), .min = -1e9, .max = 1e9},
    {.name = "std", .read = read_channels, MEMBER(std), .min = 1e-9, .max = 1e9},
    {.name = "order", .read = yaml_read_choice, MEMBER(order), .choices = channel_order_names},
    {.name = "channels",
     .read = read_channel_count,
     MEMBER(channels),
     .min = 0,
     .max = 3,
     .wanted = "1: grey; 3: grey three times; 0: as they are"},
    {.name = NULL},
};

static const char wanted[] = "a preset, 'auto', or a mapping with preset, resize, crop, mean, std, ...";

bool battery_preprocess_parse(const char *text, const char *model, struct preprocess *out, char **file,
                              struct error *e) {
    struct yaml_file yaml;

    if (strcmp(text, PREPROCESS_AUTO) == 0)
        return model ? preprocess_auto(model, out, file, e)
                     : error_set(e, "--preprocess: 'auto': the file of a network (--model) wanted");
    if (*text != '{') {
        const struct preprocess *preset = preset_find(text, e);
        if (preset) *out = *preset;
        return preset;
    }
    *out = presets[0].preprocess;
    if (!yaml_text_open("--preprocess", text, strlen(text), wanted, &yaml, e)) return false;
    bool ok = yaml_read_fields(&yaml, yaml_file_root(&yaml), wanted, battery_preprocess_fields, out, e);
    yaml_file_close(&yaml);
    return ok;
}

static bool read_auto(struct yaml_file *file, const yaml_node_t *node, struct battery *b, struct error *e) {
    struct error inner = {""};
    free(b->preprocess_file);
    b->preprocess_file = NULL;
    return preprocess_auto(b->model, &b->preprocess, &b->preprocess_file, &inner) ||
           yaml_fail(file, node, e, "%s", inner.text);
}

bool battery_read_preprocess(struct yaml_file *file, const struct yaml_field *field, const yaml_node_t *node,
                             void *base, struct error *e) {
    struct battery *b = base;
    struct text text = {0};
    bool is_word = node->type == YAML_SCALAR_NODE;
    const char *word = is_word ? yaml_scalar(file, node, wanted, e) : NULL;
    bool found = word && strcmp(word, PREPROCESS_AUTO) == 0;

    b->preprocess = presets[0].preprocess;
    b->preprocess_given = true;
    if (is_word && !word) return false;
    if (!(found     ? read_auto(file, node, b, e)
          : is_word ? read_preset(file, field, node, &b->preprocess, e)
                    : yaml_read_fields(file, node, wanted, battery_preprocess_fields, &b->preprocess, e)))
        return false;
    if (word && !found) text_add(&text, "%s", word);
    else preprocess_text(&b->preprocess, &text);
    free(b->data_preprocess);
    b->data_preprocess = text.data;
    return !text.failed || error_memory(e);
}
