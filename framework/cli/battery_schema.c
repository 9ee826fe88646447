/* battery_schema.c: the JSON Schema (draft 2020-12) of a battery, for editors; made of the tables that read batteries.
 */
#include "cli/list_battery.h"

#include "base/json_write.h"

#include "battery/battery_keys.h"
#include "battery/rule.h"
#include "data/preprocess.h"
#include "data/preprocess_auto.h"
#include "measure/similarity.h"
#include "plan/control.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct schema {
    json_t *sections; /* by name: objects */
    const struct control *const *controls;
    bool failed;
};

static json_t *any_of(json_t *first, json_t *second) {
    return json_pack("{s:[o, o]}", "anyOf", first, second);
}

static json_t *list_of(json_t *items) {
    return json_pack("{s:s, s:o, s:i}", "type", "array", "items", items, "minItems", 1);
}

static json_t *names_json(const char *const *names) {
    json_t *all = json_array();
    for (size_t i = 0; names[i]; i++) json_array_append_new(all, json_string(names[i]));
    return json_pack("{s:o}", "enum", all);
}

static json_t *object_json(void) {
    return json_pack("{s:s, s:b, s:{}}", "type", "object", "additionalProperties", 0, "properties");
}

/* ---- keys ---- */

static json_t *whole_json(const struct battery_key *key) {
    json_t *o = json_pack("{s:s, s:I}", "type", "integer", "minimum", (json_int_t)key->min);
    if (!key->huge) json_object_set_new(o, "maximum", json_integer((json_int_t)key->max));
    return o;
}

static json_t *presets_json(void) {
    json_t *all = json_array();
    for (const struct preset *p = presets; p->name; p++) json_array_append_new(all, json_string(p->name));
    return json_pack("{s:o}", "enum", all);
}

static json_t *type_json(const struct battery_key *key) {
    switch (key->kind) {
    case KEY_NUMBER: return json_pack("{s:s, s:f, s:f}", "type", "number", "minimum", key->min, "maximum", key->max);
    case KEY_WHOLE: return whole_json(key);
    case KEY_FLAG: return json_pack("{s:s}", "type", "boolean");
    case KEY_CHOICE: return names_json(key->choices);
    case KEY_TEXT: return json_pack("{s:[s, s]}", "type", "string", "number");
    case KEY_OTHER: break;
    }
    if (strcmp(key->name, "preset") == 0) return presets_json();
    return key->schema ? json_loads(key->schema, 0, NULL) : json_object();
}

static bool add_key(void *user, const struct battery_key *key) {
    struct schema *s = user;
    json_t *section = json_object_get(s->sections, key->section), *type = type_json(key);
    if (!section) {
        json_object_set_new(s->sections, key->section, object_json());
        section = json_object_get(s->sections, key->section);
    }
    if (!section || !type) {
        json_decref(type);
        return false;
    }
    json_object_set_new(type, "description", json_string(key->about));
    if (*key->fallback) {
        char *text = text_format("%s Default: %s.", key->about, key->fallback);
        if (text) json_object_set_new(type, "description", json_string(text));
        free(text);
    }
    json_object_set_new(json_object_get(section, "properties"), key->name, type);
    if (!key->required) return true;
    if (!json_object_get(section, "required")) json_object_set_new(section, "required", json_array());
    return json_array_append_new(json_object_get(section, "required"), json_string(key->name)) == 0;
}

/* ---- what only the program's tables know ---- */

static json_t *option_json(const struct control_option *o) {
    json_t *type = NULL;
    if (o->kind == OPTION_NUMBER)
        type =
            json_pack("{s:s, s:f, s:f}", "type", o->whole ? "integer" : "number", "minimum", o->min, "maximum", o->max);
    if (o->kind == OPTION_TEXT)
        type = any_of(json_pack("{s:[s, s]}", "type", "string", "number"),
                      list_of(json_pack("{s:[s, s]}", "type", "string", "number")));
    if (o->kind == OPTION_CHOICE) {
        json_t *all = json_array();
        for (size_t k = 0; o->choice(k); k++) json_array_append_new(all, json_string(o->choice(k)));
        type = json_pack("{s:o}", "enum", all);
    }
    json_object_set_new(type, "description", json_string(o->summary));
    return type;
}

static json_t *control_json(const struct control *c) {
    json_t *o = object_json(), *properties = json_object_get(o, "properties");
    json_object_set_new(properties, "id", json_pack("{s:s, s:s}", "const", c->id, "description", c->summary));
    for (const struct control_option *option = c->options; option && option->name; option++)
        json_object_set_new(properties, option->name, option_json(option));
    json_object_set_new(o, "required", json_pack("[s]", "id"));
    return o;
}

static json_t *controls_json(const struct control *const *controls) {
    json_t *ids = json_array(), *all = json_array();
    for (size_t i = 0; controls[i]; i++) json_array_append_new(ids, json_string(controls[i]->id));
    json_array_append_new(all, json_pack("{s:o}", "enum", ids));
    for (size_t i = 0; controls[i]; i++) json_array_append_new(all, control_json(controls[i]));
    return any_of(json_pack("{s:s}", "const", "default"), list_of(json_pack("{s:o}", "anyOf", all)));
}

static json_t *measures_json(void) {
    json_t *all = json_array();
    for (size_t m = 0; measures[m]; m++) json_array_append_new(all, json_string(measures[m]->id));
    return list_of(json_pack("{s:o}", "enum", all));
}

/* Words, one or several, and rows of them by control. */
static json_t *expect_json(void) {
    json_t *all = json_array();
    for (unsigned w = 0; w < VERDICT_NAMES; w++)
        json_array_append_new(all, json_string(verdict_word_name((enum verdict_word)w)));
    json_t *word = json_pack("{s:o}", "enum", all), *words = any_of(word, list_of(json_incref(word)));
    return json_pack("{s:s, s:o}", "type", "object", "additionalProperties",
                     any_of(words, json_pack("{s:s, s:O}", "type", "object", "additionalProperties", words)));
}

/* Puts the schema of a key, which keeps its description. */
static void put(struct schema *s, const char *section, const char *name, json_t *type) {
    json_t *properties = json_object_get(json_object_get(s->sections, section), "properties"),
           *described = json_object_get(properties, name);
    if (!described || !type || json_object_set(type, "description", json_object_get(described, "description")) != 0 ||
        json_object_set(properties, name, type) != 0)
        s->failed = true;
    json_decref(type);
}

static json_t *section_of(const struct schema *s, const char *name) {
    return json_deep_copy(json_object_get(s->sections, name));
}

static json_t *text_or(json_t *other) {
    return any_of(json_pack("{s:s}", "type", "string"), other);
}

static json_t *preprocess_json(const struct schema *s) {
    json_t *words = presets_json();
    json_array_append_new(json_object_get(words, "enum"), json_string(PREPROCESS_AUTO));
    return any_of(words, section_of(s, "data.preprocess"));
}

/* Innermost first. */
static json_t *join(struct schema *s) {
    put(s, "data", "preprocess", preprocess_json(s));
    put(s, "explainers[]", "process", section_of(s, "explainers[].process"));
    put(s, "", "output", text_or(section_of(s, "output")));
    put(s, "", "data", section_of(s, "data"));
    put(s, "", "training", section_of(s, "training"));
    put(s, "", "rule", section_of(s, "rule"));
    put(s, "", "explainers", list_of(text_or(section_of(s, "explainers[]"))));
    put(s, "", "controls", controls_json(s->controls));
    put(s, "", "measures", measures_json());
    put(s, "", "expect", expect_json());
    return section_of(s, "");
}

bool list_battery_schema(const struct cli_context *context, struct error *e) {
    struct schema s = {json_object(), context->controls, false};
    if (!battery_keys_each(add_key, &s, e)) {
        json_decref(s.sections);
        return e->text[0] ? false : error_memory(e);
    }
    json_t *root = join(&s), *all = json_pack("{s:s, s:s}", "$schema", "https://json-schema.org/draft/2020-12/schema",
                                              "title", "A battery of assay");
    bool ok = root && all && !s.failed && json_object_update(all, root) == 0;
    char *text = ok ? json_write(all, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(12)) : NULL;
    ok = text || error_memory(e);
    if (ok) puts(text);
    free(text);
    json_decref(all);
    json_decref(root);
    json_decref(s.sections);
    return ok;
}
