/* The reference of the battery and its JSON Schema: made of the tables that read batteries, so that every key is there;
 * the batteries of fixtures/ are valid by it, and what the reader refuses is not. */
#include "battery/battery_keys.h"

#include "base/file.h"
#include "base/text.h"
#include "battery/battery.h"
#include "battery/yaml_node.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

TestSuite(battery_keys);

/* ---- YAML as JSON ---- */

static json_t *scalar_json(const yaml_node_t *node) {
    const char *text = (const char *)node->data.scalar.value;
    double real;
    long whole;
    if (node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE) return json_string(text);
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0) return json_boolean(*text == 't');
    if (text_to_long(text, -1000000000, 1000000000, &whole)) return json_integer(whole);
    return text_to_double(text, &real) ? json_real(real) : json_string(text);
}

static json_t *node_json(struct yaml_file *file, const yaml_node_t *node) {
    json_t *all;
    if (node->type == YAML_SCALAR_NODE) return scalar_json(node);
    if (node->type == YAML_SEQUENCE_NODE) {
        all = json_array();
        for (const yaml_node_item_t *i = node->data.sequence.items.start; i < node->data.sequence.items.top; i++)
            json_array_append_new(all, node_json(file, yaml_file_node(file, *i)));
        return all;
    }
    all = json_object();
    for (const yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top; p++)
        json_object_set_new(all, yaml_key(file, p), node_json(file, yaml_file_node(file, p->value)));
    return all;
}

static json_t *text_json(const char *text) {
    struct yaml_file file;
    struct error e;
    cr_assert(yaml_text_open("text", text, strlen(text), "a mapping", &file, &e), "%s in:\n%s", e.text, text);
    json_t *all = node_json(&file, yaml_file_root(&file));
    yaml_file_close(&file);
    return all;
}

/* ---- as much of JSON Schema as the schema uses ---- */

static bool is_valid(const json_t *schema, const json_t *value);

static bool is_type(const char *type, const json_t *value) {
    return (strcmp(type, "string") == 0 && json_is_string(value)) ||
           (strcmp(type, "number") == 0 && json_is_number(value)) ||
           (strcmp(type, "integer") == 0 && json_is_integer(value)) ||
           (strcmp(type, "boolean") == 0 && json_is_boolean(value)) ||
           (strcmp(type, "array") == 0 && json_is_array(value)) ||
           (strcmp(type, "object") == 0 && json_is_object(value));
}

static bool fits_type(const json_t *type, const json_t *value) {
    bool fits = !type || (json_is_string(type) && is_type(json_string_value(type), value));
    for (size_t i = 0; json_is_array(type) && i < json_array_size(type); i++)
        fits = fits || is_type(json_string_value(json_array_get(type, i)), value);
    return fits;
}

static bool fits_any(const json_t *all, const json_t *value, bool equal) {
    bool fits = !all;
    for (size_t i = 0; i < json_array_size(all); i++)
        fits = fits || (equal ? json_equal(json_array_get(all, i), value) : is_valid(json_array_get(all, i), value));
    return fits;
}

static bool fits_object(const json_t *schema, json_t *value) {
    const json_t *properties = json_object_get(schema, "properties"),
                 *more = json_object_get(schema, "additionalProperties"),
                 *required = json_object_get(schema, "required");
    const char *key;
    json_t *item;
    bool fits = true;
    for (size_t i = 0; i < json_array_size(required); i++)
        fits = fits && json_object_get(value, json_string_value(json_array_get(required, i)));
    json_object_foreach(value, key, item) {
        const json_t *own = json_object_get(properties, key);
        if (own) fits = fits && is_valid(own, item);
        else if (json_is_object(more)) fits = fits && is_valid(more, item);
        else fits = fits && !json_is_false(more);
    }
    return fits;
}

static bool fits_array(const json_t *schema, const json_t *value) {
    const json_t *items = json_object_get(schema, "items"), *least = json_object_get(schema, "minItems"),
                 *most = json_object_get(schema, "maxItems");
    size_t n = json_array_size(value);
    bool fits = (!least || n >= (size_t)json_integer_value(least)) && (!most || n <= (size_t)json_integer_value(most));
    for (size_t i = 0; items && i < n; i++) fits = fits && is_valid(items, json_array_get(value, i));
    return fits;
}

static bool is_valid(const json_t *schema, const json_t *value) {
    static const char *const known[] = {
        "type",        "enum",    "const",    "anyOf",    "properties", "additionalProperties",
        "required",    "items",   "minItems", "maxItems", "minimum",    "maximum",
        "description", "$schema", "title"};
    const char *key;
    json_t *item;
    json_object_foreach((json_t *)(uintptr_t)schema, key, item) {
        bool found = false;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++) found = found || strcmp(known[i], key) == 0;
        cr_assert(found, "the test does not know '%s'", key);
    }
    const json_t *constant = json_object_get(schema, "const"), *low = json_object_get(schema, "minimum"),
                 *high = json_object_get(schema, "maximum");
    double number = json_number_value(value);
    return fits_type(json_object_get(schema, "type"), value) &&
           fits_any(json_object_get(schema, "enum"), value, true) &&
           fits_any(json_object_get(schema, "anyOf"), value, false) && (!constant || json_equal(constant, value)) &&
           (!json_is_number(value) ||
            ((!low || number >= json_number_value(low)) && (!high || number <= json_number_value(high)))) &&
           (!json_is_object(value) || fits_object(schema, (json_t *)(uintptr_t)value)) &&
           (!json_is_array(value) || fits_array(schema, value));
}

static json_t *schema_load(void) {
    json_error_t error;
    json_t *schema = json_load_file("docs/battery.schema.json", 0, &error);
    cr_assert(schema, "%s", error.text);
    return schema;
}

/* ---- */

static unsigned check_batteries(const json_t *schema, const char *name) {
    DIR *folder = opendir(name);
    unsigned count = 0;
    cr_assert(folder, "%s", name);
    for (struct dirent *entry; (entry = readdir(folder));) {
        const char *end = strrchr(entry->d_name, '.');
        if (!end || strcmp(end, ".yaml") != 0) continue;
        char *path = text_format("%s/%s", name, entry->d_name);
        uint8_t *text = NULL;
        size_t size = 0;
        struct error e;
        cr_assert(file_read(path, &text, &size, &e), "%s", e.text);
        json_t *battery = text_json((const char *)text);
        cr_expect(is_valid(schema, battery), "%s", path);
        json_decref(battery);
        free(text);
        free(path);
        count++;
    }
    closedir(folder);
    return count;
}

Test(battery_keys, batteries_of_the_fixtures_are_valid) {
    json_t *schema = schema_load();
    cr_expect_geq(check_batteries(schema, "fixtures/batteries"), 10);
    cr_expect_geq(check_batteries(schema, "fixtures/batteries/papers"), 6);
    json_decref(schema);
}

#define HEAD "model: m.onnx\ndata: {source: 'csv:x'}\n"
#define LISTS "explainers: [gradient]\ncontrols: [cascading]\n"

/* Both ways: what the one accepts, the other does, too. */
Test(battery_keys, schema_and_reader_agree) {
    static const struct {
        const char *yaml;
        bool valid;
    } cases[] = {
        {HEAD LISTS, true},
        {HEAD LISTS "seed: 3\nconv: direct\ntime-limit: 2.5\n", true},
        {HEAD LISTS "time-limit: 0\n", false},
        {HEAD LISTS "time-limit: soon\n", false},
        {HEAD LISTS "conv: fast\n", false},
        {HEAD LISTS "colour: red\n", false},
        {HEAD "controls: [cascading]\n", false},
        {HEAD "explainers: []\ncontrols: [cascading]\n", false},
        {HEAD "explainers: [{use: gradient, name: a, reduce: sum}]\ncontrols: default\n", true},
        {HEAD "explainers: [{use: gradient, reduce: most}]\ncontrols: [cascading]\n", false},
        {HEAD "explainers: [{process: {command: [a, b], claims: stochastic}}]\ncontrols: [cascading]\n", true},
        {HEAD "explainers: [{process: {commands: [a, b]}}]\ncontrols: [cascading]\n", false},
        {HEAD LISTS "rule: {delta: 0.25, draws: [2, 4, 8]}\n", true},
        {HEAD LISTS "rule: {delta: 2}\n", false},
        {HEAD LISTS "rule: {draws: [2, 4]}\n", false},
        {HEAD LISTS "rule: {name: strict}\n", false},
        {HEAD LISTS "expect: {gradient: [PASS, FAIL], gradient/cascading: FAIL}\n", true},
        {HEAD LISTS "expect: {gradient: {cascading: FAIL}}\n", true},
        {HEAD LISTS "expect: {gradient: MAYBE}\n", false},
        {HEAD LISTS "output: {name: y, reduce: mean}\ninputs: {a: 0.5}\ninput-shape: 3x8x8\n", true},
        {HEAD LISTS "output: {name: y, reduce: most}\n", false},
        {"model: m\ndata: {source: 'csv:x', preprocess: {preset: unit, crop: 9, mean: [1, 2, 3]}}\n" LISTS, true},
        {"model: m\ndata: {source: 'csv:x', preprocess: {crop: -1}}\n" LISTS, false},
        {"model: m\ndata: {source: 'csv:x', preprocess: {channels: 2}}\n" LISTS, false},
        {"model: m\ndata: {source: 'csv:x', preprocess: square}\n" LISTS, false},
        {"model: m\ndata: {source: 'csv:x', only-correct: perhaps}\n" LISTS, false},
        {"model: m\ndata: {source: 'csv:x', inputs: 10001}\n" LISTS, false},
        {"model: m\ndata: {inputs: 3}\n" LISTS, false},
        {HEAD LISTS "training: {source: 'csv:y', optimiser: sgd, stop-accuracy: 2}\n", true},
        {HEAD LISTS "training: {source: 'csv:y', weight-decay: 0.001, weight-decay-last: false}\n", true},
        {HEAD LISTS "training: {source: 'csv:y', weight-decay: -1}\n", false},
        {HEAD LISTS "training: {source: 'csv:y', optimiser: newton}\n", false},
    };
    json_t *schema = schema_load();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct battery *b = NULL;
        struct error e = {""};
        const struct battery_source from = {.path = "b.yaml", .text = cases[i].yaml, .size = strlen(cases[i].yaml)};
        json_t *battery = text_json(cases[i].yaml);
        cr_expect_eq(battery_load_from(&from, &b, &e), cases[i].valid, "the reader on %s: %s", cases[i].yaml, e.text);
        cr_expect_eq(is_valid(schema, battery), cases[i].valid, "the schema on %s", cases[i].yaml);
        battery_destroy(b);
        json_decref(battery);
    }
    json_decref(schema);
}

/* An example is YAML, and what it shows is the key. */
static bool take_example(void *user, const struct battery_key *key) {
    unsigned *count = user;
    json_t *example = text_json(key->example);
    struct text type = {0};
    battery_key_add_type(&type, key);
    cr_expect(json_object_get(example, key->name), "%s: %s", key->name, key->example);
    cr_expect(type.length > 0, "%s.%s has no type", key->section, key->name);
    text_finish(&type);
    json_decref(example);
    ++*count;
    return true;
}

Test(battery_keys, every_key_has_a_text_and_an_example) {
    unsigned count = 0;
    struct error e = {""};
    cr_expect(battery_keys_each(take_example, &count, &e), "%s", e.text);
    cr_expect_geq(count, 70);
}

static bool take_default(void *user, const struct battery_key *key) {
    static const struct {
        const char *section, *name, *fallback, *type;
    } cases[] = {
        {"data", "inputs", "30", "a whole number from 1 to 10000"},
        {"", "conv", "auto", "one of auto, direct or winograd"},
        {"", "time-limit", "60", "a number from 0.001 to 86400"},
        {"training", "momentum", NULL, "a number from 0 to 0.9999"},
        {"rule", "delta", "0.3", "a number from 0 to 1"},
        {"explainers[].process", "start-limit", "60", NULL},
        {"data.preprocess", "stretch", "false", "true or false"},
        {"", "seed", "1", "a whole number from 0 to 18446744073709551615"},
    };
    unsigned *found = user;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text type = {0};
        if (strcmp(cases[i].section, key->section) != 0 || strcmp(cases[i].name, key->name) != 0) continue;
        battery_key_add_type(&type, key);
        if (cases[i].fallback) cr_expect_str_eq(key->fallback, cases[i].fallback, "%s", key->name);
        if (cases[i].type) cr_expect_str_eq(type.data, cases[i].type, "%s", key->name);
        text_finish(&type);
        ++*found;
    }
    return true;
}

/* They come from the structs that the reader fills. */
Test(battery_keys, defaults_and_ranges_are_those_of_the_reader) {
    unsigned found = 0;
    struct error e = {""};
    cr_assert(battery_keys_each(take_default, &found, &e), "%s", e.text);
    cr_expect_eq(found, 8);
}
