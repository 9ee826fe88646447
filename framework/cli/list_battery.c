/* list_battery.c: the keys of a battery, as lines and as a part of a manual page. */
#include "cli/list_battery.h"

#include "battery/battery_keys.h"
#include "plan/control.h"

#include <stdio.h>
#include <string.h>

/* ---- text ---- */

static bool print_key(void *user, const struct battery_key *key) {
    struct text name = {0}, line = {0};
    (void)user;
    text_add(&name, "%s%s%s", key->section, *key->section ? "." : "", key->name);
    battery_key_add_type(&line, key);
    if (key->required) text_add(&line, "; required");
    if (*key->fallback) text_add(&line, "; default %s", key->fallback);
    text_add(&line, "; %s", key->about);
    bool ok = !name.failed && !line.failed;
    if (ok) printf("  %-32s  %s\n", name.data, line.data);
    text_finish(&name);
    text_finish(&line);
    return ok;
}

bool list_battery_text(const struct cli_context *context, struct error *e) {
    (void)context;
    printf("battery:\n");
    return battery_keys_each(print_key, NULL, e);
}

/* ---- mdoc ---- */

struct page {
    const char *section; /* of the key before */
};

/* What the sections are called. */
static const struct {
    const char *section, *title;
} titles[] = {
    {"", "The battery"},
    {"output", "output, as a mapping"},
    {"data", "data"},
    {"data.preprocess", "data.preprocess, as a mapping"},
    {"training", "training"},
    {"explainers[]", "A row of explainers, as a mapping"},
    {"explainers[].process", "process of a row"},
    {"rule", "rule"},
};

/* A backslash and a dot or quote at the front of a line mean something to roff. */
static void put_roff(const char *text) {
    if (*text == '.' || *text == '\'') fputs("\\&", stdout);
    for (; *text; text++)
        if (*text == '\\') fputs("\\e", stdout);
        else putchar(*text);
}

static void put_sentence(const char *text) {
    char first = *text >= 'a' && *text <= 'z' ? (char)(*text - 'a' + 'A') : *text;
    putchar(first);
    put_roff(text + 1);
    fputs(".\n", stdout);
}

static void begin_section(struct page *p, const char *section) {
    const char *title = section;
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
        if (strcmp(titles[i].section, section) == 0) title = titles[i].title;
    if (p->section) printf(".El\n");
    printf(".Ss %s\n.Bl -tag -width Ds\n", title);
    p->section = section;
}

static bool print_item(void *user, const struct battery_key *key) {
    struct page *p = user;
    struct text type = {0};
    battery_key_add_type(&type, key);
    if (type.failed) return false;
    if (!p->section || strcmp(p->section, key->section) != 0) begin_section(p, key->section);
    printf(".It Li %s\n", key->name);
    put_sentence(key->about);
    put_sentence(type.data);
    if (key->required) printf("Required.\n");
    if (*key->fallback) {
        printf("Default: ");
        put_roff(key->fallback);
        printf(".\n");
    }
    printf("Example:\n.Dl ");
    put_roff(key->example);
    putchar('\n');
    text_finish(&type);
    return true;
}

static void print_option(const struct control_option *o) {
    printf(".It Li %s\n", o->name);
    put_sentence(o->summary);
    for (size_t k = 0; o->kind == OPTION_CHOICE && o->choice(k); k++)
        printf("%s%s", !k ? "One of " : o->choice(k + 1) ? ", " : " or ", o->choice(k));
    if (o->kind == OPTION_CHOICE) printf(".\nDefault: %s.\n", o->choice(0));
    if (o->kind == OPTION_NUMBER)
        printf("A %snumber from %g to %g.\nDefault: %g.\n", o->whole ? "whole " : "", o->min, o->max, o->number);
    if (o->kind == OPTION_TEXT) printf("A text, or a list.\n");
}

/* The options of each control that has some. */
static void print_controls(const struct control *const *controls) {
    for (size_t i = 0; controls[i]; i++) {
        const struct control_option *o = controls[i]->options;
        if (!o || !o->name) continue;
        printf(".Ss Options of the control %s\n", controls[i]->id);
        put_sentence(controls[i]->summary);
        printf(".Bl -tag -width Ds\n");
        for (; o->name; o++) print_option(o);
        printf(".El\n");
    }
}

bool list_battery_mdoc(const struct cli_context *context, struct error *e) {
    struct page page = {NULL};
    if (!battery_keys_each(print_item, &page, e)) return false;
    printf(".El\n");
    print_controls(context->controls);
    return true;
}
