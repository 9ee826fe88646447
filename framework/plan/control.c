/* control.c: the options of controls, read from a battery. */
#include "plan/control.h"

#include "base/rng.h"
#include "base/text.h"
#include "plan/study.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *control_init_choice(size_t k) {
    return init_schemes[k] ? init_schemes[k]->name : NULL;
}

const char *control_stats_choice(size_t k) {
    static const char *const names[] = {"reset", "keep", NULL};
    return names[k];
}

/* Not the battery's seed itself: a model trained from the same number would meet its own initial weights again. */
uint64_t control_draw_seed(uint64_t seed) {
    return rng_seed(seed, "randomisation", 0);
}

struct init_options control_init(const struct control_values *v, uint64_t seed, uint32_t draw) {
    return (struct init_options){.scheme = init_schemes[(size_t)v->value[0]],
                                 .sigma = v->value[1],
                                 .keep_running_stats = v->value[2] > 0,
                                 .seed = control_draw_seed(seed),
                                 .draw = draw};
}

const struct control *control_find(const struct control *const *controls, const char *id) {
    for (; *controls; controls++)
        if (strcmp((*controls)->id, id) == 0) return *controls;
    return NULL;
}

bool control_applies(const struct control *c, unsigned claims, char *why, size_t size) {
    return !c->applies || c->applies(claims, why, size);
}

static size_t option_count(const struct control *c) {
    size_t n = 0;
    while (c->options && c->options[n].name) n++;
    return n;
}

/* The number of the option, or that of options. */
static size_t option_index(const struct control *c, const char *name) {
    size_t i = 0, n = option_count(c);
    while (i < n && strcmp(c->options[i].name, name) != 0) i++;
    return i;
}

double control_value(const struct control *c, const struct control_values *values, const char *name) {
    size_t i = option_index(c, name);
    return i < option_count(c) ? values->value[i] : (double)NAN;
}

const char *control_text(const struct control *c, const struct control_values *values, const char *name) {
    size_t i = option_index(c, name);
    return i < option_count(c) ? values->text[i] : NULL;
}

struct location control_location(const struct control *c, const struct control_values *values, const char *name) {
    size_t i = option_index(c, name);
    return i < option_count(c) ? values->location[i] : (struct location){0, 0};
}

void control_settle_text(const struct control *c, struct control_values *values, const char *name, char *text) {
    size_t i = option_index(c, name);
    free(values->settled[i]);
    values->text[i] = values->settled[i] = text;
}

void control_values_finish(struct control_values *values) {
    for (size_t i = 0; i < CONTROL_OPTIONS_MAX; i++) free(values->settled[i]);
    *values = (struct control_values){.value = {0}};
}

static bool parse_choice(const struct control_option *o, const char *text, double *out) {
    for (size_t k = 0; o->choice(k); k++)
        if (strcmp(o->choice(k), text) == 0) {
            *out = (double)k;
            return true;
        }
    return false;
}

static bool parse_option(const struct control *c, const struct control_option *o, const struct battery *b,
                         const struct option *given, double *out, struct error *e) {
    if (o->kind == OPTION_CHOICE) {
        if (parse_choice(o, given->value, out)) return true;
        struct text choices = {0};
        for (size_t k = 0; o->choice(k); k++) text_add(&choices, "%s%s", k ? ", " : "", o->choice(k));
        battery_fail(b, given->location, e, "%s of control %s is '%s': wanted one of %s", o->name, c->id, given->value,
                     choices.failed ? "its choices" : choices.data);
        text_finish(&choices);
        return false;
    }
    if (!text_to_double(given->value, out) || !(*out >= o->min && *out <= o->max) || (o->whole && *out != floor(*out)))
        return battery_fail(b, given->location, e, "%s of control %s is '%s': wanted a %snumber from %g to %g", o->name,
                            c->id, given->value, o->whole ? "whole " : "", o->min, o->max);
    return true;
}

static bool unknown_option(const struct control *c, const struct battery *b, const struct option *given,
                           struct error *e) {
    const char *names[CONTROL_OPTIONS_MAX];
    size_t n = option_count(c);
    for (size_t i = 0; i < n; i++) names[i] = c->options[i].name;
    const char *near = text_nearest(given->name, names, n);
    return battery_fail(b, given->location, e, "control %s has no option '%s'%s%s%s", c->id, given->name,
                        near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "");
}

bool control_values_parse(const struct control *c, const struct battery *b, const struct battery_control *entry,
                          struct control_values *out, struct error *e) {
    size_t n = option_count(c);
    *out = (struct control_values){.value = {0}};
    for (size_t i = 0; i < n; i++) out->value[i] = c->options[i].kind == OPTION_NUMBER ? c->options[i].number : 0;
    for (size_t k = 0; k < entry->option_count; k++) {
        const struct option *given = &entry->options[k];
        size_t i = option_index(c, given->name);
        if (i == n) return unknown_option(c, b, given, e);
        out->text[i] = given->value;
        out->location[i] = given->location;
        if (c->options[i].kind != OPTION_TEXT && !parse_option(c, &c->options[i], b, given, &out->value[i], e))
            return false;
    }
    return true;
}

bool control_expand(const struct control *control, struct plan *p, uint32_t index, const struct control_values *values,
                    const struct battery *b, uint32_t from, uint32_t to, struct error *e) {
    if (control->study) return from > 0 || plan_study(p, index, control->study, e);
    return control->expand(p, index, values, b, from, to, e);
}
