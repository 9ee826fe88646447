/* The keys of a battery, section by section. */
#include "battery/battery_keys.h"

#include "battery/battery.h"
#include "battery/battery_key_texts.h"
#include "battery/battery_rows.h"
#include "battery/network_choice_yaml.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct walk {
    bool (*take)(void *, const struct battery_key *);
    void *user;
    struct error *error;
    size_t texts; /* how many were found */
};

static const struct key_text *find_text(const char *section, const char *name) {
    const struct key_text *t = battery_key_texts;
    size_t length = strlen(section);
    for (; t->path; t++) {
        const char *rest = t->path + length + (length > 0);
        if (strncmp(t->path, section, length) == 0 && (!length || t->path[length] == '.') && strcmp(rest, name) == 0)
            break;
    }
    return t->path ? t : NULL;
}

static enum key_kind kind_of(const struct yaml_field *f) {
    if (f->read == yaml_read_number) return KEY_NUMBER;
    if (f->read == yaml_read_count || f->read == yaml_read_seed) return KEY_WHOLE;
    if (f->read == yaml_read_text) return KEY_TEXT;
    if (f->choices && f->read == yaml_read_choice) return KEY_CHOICE;
    return KEY_OTHER;
}

/* What a struct holds that nobody wrote to. */
static void add_default(struct text *out, const struct yaml_field *f, const void *base) {
    const void *at = (const char *)base + f->offset;
    if (f->read == yaml_read_number) text_add(out, "%.6g", *(const double *)at);
    else if (f->read == yaml_read_count) text_add(out, "%u", *(const unsigned *)at);
    else if (f->read == yaml_read_seed) text_add(out, "%llu", (unsigned long long)*(const uint64_t *)at);
    else if (f->read == yaml_read_choice) text_add(out, "%s", f->choices[*(const unsigned *)at]);
    else text_add(out, "%s", "");
}

static bool take_key(struct walk *w, struct battery_key *key, const char *fallback) {
    const struct key_text *t = find_text(key->section, key->name);
    if (t) {
        w->texts++;
        key->about = t->about;
        key->example = t->example;
        key->type = t->type;
        key->schema = t->schema;
        if (t->fallback) fallback = t->fallback;
        if (t->type) key->kind = KEY_OTHER;
    }
    key->fallback = fallback;
    if (!key->about)
        return error_set(w->error, "%s.%s: the reference has no text for that key: battery_key_texts.c wants one",
                         key->section, key->name);
    return w->take(w->user, key);
}

static bool take_field(struct walk *w, const char *section, const struct yaml_field *f, const void *base) {
    static const char *const flags[] = {"false", "true"};
    bool flag = f->read == yaml_read_flag;
    const void *at = (const char *)base + f->offset;
    struct battery_key key = {.section = section,
                              .name = f->name,
                              .kind = flag ? KEY_FLAG : kind_of(f),
                              .min = f->min,
                              .max = f->read == yaml_read_seed ? 18446744073709551615. : f->max,
                              .huge = f->read == yaml_read_seed,
                              .choices = f->choices,
                              .required = f->required};
    struct text fallback = {0};
    if (strcmp(f->name, "only-correct") == 0) key.kind = KEY_FLAG; /* whose reader keeps the place, too */
    if (flag) text_add(&fallback, "%s", flags[*(const bool *)at]);
    else add_default(&fallback, f, base);
    bool ok = !fallback.failed ? take_key(w, &key, fallback.data) : error_memory(w->error);
    text_finish(&fallback);
    return ok;
}

static bool take_fields(struct walk *w, const char *section, const struct yaml_field *fields, const void *base) {
    bool ok = true;
    for (; ok && fields->name; fields++) ok = take_field(w, section, fields, base);
    return ok;
}

static bool take_constant(struct walk *w, const struct rule_constant *c, struct rule_constants *rule) {
    char fallback[32], example[64];
    snprintf(fallback, sizeof fallback, "%g", *c->field(rule));
    snprintf(example, sizeof example, "%s: %s", c->name, fallback);
    struct battery_key key = {.section = "rule",
                              .name = c->name,
                              .kind = KEY_NUMBER,
                              .min = c->min,
                              .max = c->max,
                              .about = c->summary,
                              .example = example};
    return take_key(w, &key, fallback);
}

static bool take_rule(struct walk *w) {
    struct rule_constants rule = rule_constants_default();
    struct battery_key name = {.section = "rule", .name = "name", .kind = KEY_CHOICE, .choices = battery_rule_kinds},
                       draws = {.section = "rule", .name = "draws", .kind = KEY_OTHER},
                       ignored = {.section = "rule", .name = "logit-r", .kind = KEY_OTHER};
    bool ok = take_key(w, &name, battery_rule_kinds[rule.kind]) && take_key(w, &draws, "");
    for (const struct rule_constant *c = rule_constant_table; ok && c->name; c++) ok = take_constant(w, c, &rule);
    return ok && take_key(w, &ignored, "");
}

static bool take_all(struct walk *w, const struct battery *b) {
    const struct battery_explainer row = {.name = NULL};
    const struct process_spec process = {.start_limit = PROCESS_START_LIMIT};
    return take_fields(w, "", battery_fields, b) &&
           take_fields(w, "output", network_choice_output_fields, &b->network) &&
           take_fields(w, "data", battery_data_fields, b) &&
           take_fields(w, "data.preprocess", battery_preprocess_fields, &b->preprocess) &&
           take_fields(w, "training", battery_training_fields, b) &&
           take_fields(w, "explainers[]", battery_explainer_fields, &row) &&
           take_fields(w, "explainers[].process", battery_process_fields, &process) && take_rule(w);
}

bool battery_keys_each(bool (*take)(void *, const struct battery_key *), void *user, struct error *e) {
    struct walk w = {take, user, e, 0};
    struct battery *b = battery_defaults("battery.yaml");
    size_t texts = 0;
    if (!b) return error_memory(e);
    while (battery_key_texts[texts].path) texts++;
    bool ok = take_all(&w, b);
    battery_destroy(b);
    return ok && (w.texts == texts ||
                  error_set(e, "battery_key_texts.c has %zu texts, of which %zu are no key's", texts, texts - w.texts));
}

void battery_key_add_type(struct text *out, const struct battery_key *key) {
    switch (key->kind) {
    case KEY_NUMBER: text_add(out, "a number from %.10g to %.10g", key->min, key->max); break;
    case KEY_WHOLE:
        if (key->huge) text_add(out, "a whole number from 0 to 18446744073709551615");
        else text_add(out, "a whole number from %.10g to %.10g", key->min, key->max);
        break;
    case KEY_FLAG: text_add(out, "true or false"); break;
    case KEY_CHOICE:
        for (size_t i = 0; key->choices[i]; i++)
            text_add(out, "%s%s", !i ? "one of " : key->choices[i + 1] ? ", " : " or ", key->choices[i]);
        break;
    case KEY_TEXT: text_add(out, "a text"); break;
    case KEY_OTHER: text_add(out, "%s", key->type ? key->type : ""); break;
    }
}
