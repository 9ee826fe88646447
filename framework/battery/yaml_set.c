/* Settings of the command line: values put into a document before it is read. */
#include "battery/yaml_node.h"

#include "base/text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct setter {
    struct yaml_file *file;
    const char *text; /* KEY.KEY=VALUE */
    unsigned number;
    struct error *error;
};

/* A single word may stand for a mapping: the word is then the value of this key. */
static const struct {
    const char *of, *key;
} words[] = {{"explainers", "use"}, {"controls", "id"}, {"preprocess", "preset"}};

/* Keys by which an item of a list is found. */
static const char *const item_keys[] = {"name", "id", "use"};

static int fail(const struct setter *s, const char *found, const char *wanted) {
    error_set(s->error, "--set %s: %s: %s wanted", excerpt_of(s->text).text, found, wanted);
    return 0;
}

/* Gives a new node its place; 0 when there is none. */
static int placed(const struct setter *s, int id) {
    if (!id) error_memory(s->error);
    else yaml_file_node(s->file, id)->start_mark = yaml_mark_of_setting(s->number);
    return id;
}

/* ---- The value ---- */

/* known[id of `from`]: the copy, 0 while there is none; so that aliases are copied once. */
static int copy_node(const struct setter *s, yaml_document_t *from, int id, int *known) {
    yaml_document_t *to = &s->file->document;
    const yaml_node_t *node = yaml_document_get_node(from, id);
    int copy = known[id];

    if (copy) return copy;
    if (node->type == YAML_SCALAR_NODE)
        copy = yaml_document_add_scalar(to, NULL, node->data.scalar.value, (int)node->data.scalar.length,
                                        node->data.scalar.style);
    else if (node->type == YAML_SEQUENCE_NODE) copy = yaml_document_add_sequence(to, NULL, YAML_ANY_SEQUENCE_STYLE);
    else copy = yaml_document_add_mapping(to, NULL, YAML_ANY_MAPPING_STYLE);
    known[id] = copy = placed(s, copy);
    if (copy && node->type == YAML_SEQUENCE_NODE)
        for (const yaml_node_item_t *i = node->data.sequence.items.start; i < node->data.sequence.items.top; i++) {
            int item = copy_node(s, from, *i, known);
            if (!item || !yaml_document_append_sequence_item(to, copy, item)) return placed(s, 0);
        }
    if (copy && node->type == YAML_MAPPING_NODE)
        for (const yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top; p++) {
            int key = copy_node(s, from, p->key, known), value = copy_node(s, from, p->value, known);
            if (!key || !value || !yaml_document_append_mapping_pair(to, copy, key, value)) return placed(s, 0);
        }
    return copy;
}

/* The value as a node of the document; 0 on failure. */
static int read_value(const struct setter *s, const char *value, const char *name) {
    struct yaml_file file;
    int id = 0;

    if (!yaml_text_open(name, value, strlen(value), "a value", &file, s->error)) return 0;
    const yaml_document_t *d = &file.document;
    int *known = calloc((size_t)(d->nodes.top - d->nodes.start) + 1, sizeof *known);
    id = known ? copy_node(s, &file.document, 1, known) : placed(s, 0);
    free(known);
    yaml_file_close(&file);
    return id;
}

/* ---- The key ---- */

static bool is_word(struct yaml_file *file, int id, const char *text) {
    const yaml_node_t *node = yaml_file_node(file, id);
    return node->type == YAML_SCALAR_NODE && strcmp((const char *)node->data.scalar.value, text) == 0;
}

/* The word itself, or what the first of item_keys that is there says; NULL when there is none. */
static const char *item_name(const struct setter *s, int id) {
    const yaml_node_t *item = yaml_file_node(s->file, id);

    if (item->type == YAML_SCALAR_NODE) return (const char *)item->data.scalar.value;
    for (size_t k = 0; item->type == YAML_MAPPING_NODE && k < sizeof item_keys / sizeof *item_keys; k++)
        for (const yaml_node_pair_t *p = item->data.mapping.pairs.start; p < item->data.mapping.pairs.top; p++) {
            const yaml_node_t *value = yaml_file_node(s->file, p->value);
            if (is_word(s->file, p->key, item_keys[k]) && value->type == YAML_SCALAR_NODE)
                return (const char *)value->data.scalar.value;
        }
    return NULL;
}

/* Names the items that are there. */
static void fail_item(const struct setter *s, const yaml_node_t *list, const char *name) {
    struct text found = {0}, wanted = {0};

    for (yaml_node_item_t *i = list->data.sequence.items.start; i < list->data.sequence.items.top; i++) {
        const char *known = item_name(s, *i);
        if (!known) continue;
        text_add(&wanted, "%s%s", wanted.length ? ", " : "one of its names (", excerpt_of(known).text);
    }
    text_add(&found, "the list has no item '%s'", excerpt_of(name).text);
    text_add(&wanted, "%s", wanted.length ? ")" : "the whole list, as in KEY=[...],");
    if (found.failed || wanted.failed) error_memory(s->error);
    else fail(s, found.data, wanted.data);
    text_finish(&found);
    text_finish(&wanted);
}

/* The item of that name; NULL when there is none. */
static int *find_item(const struct setter *s, const yaml_node_t *list, const char *name) {
    for (yaml_node_item_t *i = list->data.sequence.items.start; i < list->data.sequence.items.top; i++) {
        if (is_word(s->file, *i, name)) return i;
        const yaml_node_t *item = yaml_file_node(s->file, *i);
        if (item->type != YAML_MAPPING_NODE) continue;
        for (const yaml_node_pair_t *p = item->data.mapping.pairs.start; p < item->data.mapping.pairs.top; p++)
            for (size_t k = 0; k < sizeof item_keys / sizeof *item_keys; k++)
                if (is_word(s->file, p->key, item_keys[k]) && is_word(s->file, p->value, name)) return i;
    }
    return NULL;
}

/* The value of that key; a key that is not there is added with an empty mapping. */
static int *find_or_add(const struct setter *s, int mapping, const char *name) {
    yaml_document_t *d = &s->file->document;
    yaml_node_t *node = yaml_file_node(s->file, mapping);

    for (yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top; p++)
        if (is_word(s->file, p->key, name)) return &p->value;
    int key = placed(s, yaml_document_add_scalar(d, NULL, (const yaml_char_t *)name, -1, YAML_PLAIN_SCALAR_STYLE));
    int value = key ? placed(s, yaml_document_add_mapping(d, NULL, YAML_ANY_MAPPING_STYLE)) : 0;
    if (!value || !yaml_document_append_mapping_pair(d, mapping, key, value)) {
        placed(s, 0);
        return NULL;
    }
    return &yaml_file_node(s->file, mapping)->data.mapping.pairs.top[-1].value;
}

/* `cascading` becomes {id: cascading}; 0 where a word stands for no mapping. */
static int unfold_word(const struct setter *s, int word, const char *of) {
    yaml_document_t *d = &s->file->document;
    const yaml_mark_t mark = yaml_file_node(s->file, word)->start_mark;

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i].of, of) != 0) continue;
        int key = yaml_document_add_scalar(d, NULL, (const yaml_char_t *)words[i].key, -1, YAML_PLAIN_SCALAR_STYLE);
        int mapping = key ? yaml_document_add_mapping(d, NULL, YAML_ANY_MAPPING_STYLE) : 0;
        if (!mapping || !yaml_document_append_mapping_pair(d, mapping, key, word)) return placed(s, 0);
        yaml_file_node(s->file, key)->start_mark = yaml_file_node(s->file, mapping)->start_mark = mark;
        return mapping;
    }
    return fail(s, "a key below a single value", "a key of the battery");
}

/* Where the value goes; `keys` is cut up. */
static int *find_slot(const struct setter *s, char *keys) {
    const char *of = "";
    int id = 1, *slot = NULL;

    for (char *name = keys, *next; name; name = next) {
        next = strchr(name, '.');
        if (next) *next++ = '\0';
        if (!*name) return fail(s, "an empty key", "KEY.KEY=VALUE"), NULL;
        if (slot && yaml_file_node(s->file, id)->type == YAML_SCALAR_NODE && !(*slot = id = unfold_word(s, id, of)))
            return NULL;
        const yaml_node_t *node = yaml_file_node(s->file, id);
        if (node->type == YAML_MAPPING_NODE) {
            slot = find_or_add(s, id, name);
            of = name;
        } else {
            slot = find_item(s, node, name);
            if (!slot) fail_item(s, node, name);
        }
        if (!slot) return NULL;
        id = *slot;
    }
    return slot;
}

bool yaml_file_set(struct yaml_file *file, const char *text, unsigned number, struct error *e) {
    const struct setter s = {file, text, number, e};
    const char *equals = strchr(text, '=');

    if (!equals) return fail(&s, "no '='", "KEY.KEY=VALUE");
    char *keys = text_format("%.*s", (int)(equals - text), text), *name = keys ? text_format("--set %s", keys) : NULL;
    int value = name ? read_value(&s, equals + 1, name) : placed(&s, 0);
    int *slot = value ? find_slot(&s, keys) : NULL;
    if (slot) *slot = value;
    free(name);
    free(keys);
    return slot;
}
