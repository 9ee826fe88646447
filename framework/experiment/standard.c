/* standard.c: which of the battery is run: the standard controls, and what --only names. */
#include "experiment/standard.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static bool check_expectations(const struct battery *b, struct error *e) {
    for (size_t i = 0; i < b->expectation_count; i++) {
        const struct expectation *x = &b->expectations[i];
        bool known = strcmp(x->control, "all") == 0;
        for (size_t k = 0; k < b->control_count; k++) known = known || strcmp(b->controls[k].id, x->control) == 0;
        if (known) continue;
        error_set(e, "expect: '%s' is none of the battery's controls", excerpt_of(x->control).text);
        return location_prefix(i < b->battery_expectations ? b->path : b->baseline, b->settings, x->location, e);
    }
    return true;
}

static bool cannot_train(const struct battery *b, const struct control *c) {
    return c->rule->needs_training && !b->has_training;
}

void standard_controls_untrained(const struct battery *b, const struct control *const *controls, struct text *out) {
    for (size_t k = 0; b->standard_controls && controls[k]; k++)
        if (controls[k]->standard && cannot_train(b, controls[k]))
            text_add(out, "%s%s", out->length ? ", " : "", controls[k]->id);
}

bool standard_controls_fill(struct battery *b, const struct control *const *controls, struct error *e) {
    size_t n = 0;
    if (!b->standard_controls) return true;
    while (controls[n]) n++;
    b->controls = calloc(n + 1, sizeof *b->controls);
    if (!b->controls) return error_memory(e);
    for (size_t k = 0; k < n; k++) {
        if (!controls[k]->standard || cannot_train(b, controls[k])) continue;
        struct battery_control *entry = &b->controls[b->control_count++];
        entry->id = text_copy(controls[k]->id);
        if (!entry->id) return error_memory(e);
    }
    return check_expectations(b, e);
}

static const char *find_row(const struct battery *b, const char *name, size_t length) {
    for (size_t i = 0; i < b->explainer_count; i++) {
        const char *known = b->explainers[i].name;
        if (strlen(known) == length && memcmp(known, name, length) == 0) return known;
    }
    return NULL;
}

static const char *find_control(const struct battery *b, const char *name) {
    for (size_t i = 0; i < b->control_count; i++)
        if (strcmp(b->controls[i].id, name) == 0) return b->controls[i].id;
    return NULL;
}

static bool say_unknown(const struct battery *b, const char *only, struct error *e) {
    size_t n = 0;
    const char **names = calloc(b->explainer_count + b->control_count + 1, sizeof *names);
    if (!names) return error_memory(e);
    for (size_t i = 0; i < b->explainer_count; i++) names[n++] = b->explainers[i].name;
    for (size_t i = 0; i < b->control_count; i++) names[n++] = b->controls[i].id;
    const char *near = text_nearest(only, names, n);
    error_set(e, "--only %s: the battery %s has no such explainer or control%s%s%s", only, b->path,
              near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "");
    free(names);
    return false;
}

bool only_resolve(const struct battery *b, const char *only, const char **row, const char **control, struct error *e) {
    *row = *control = NULL;
    if (!only) return true;
    *row = find_row(b, only, strlen(only));
    *control = find_control(b, only);
    if (*row || *control) return true;
    const char *slash = strrchr(only, '/'); /* the name of a row may have some, that of a control has none */
    if (slash) {
        *row = find_row(b, only, (size_t)(slash - only));
        *control = find_control(b, slash + 1);
    }
    return (*row && *control) || say_unknown(b, only, e);
}
