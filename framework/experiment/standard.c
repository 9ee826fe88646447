/* standard.c: the controls that `controls: default` stands for. */
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
        return location_prefix(b->baseline && i >= b->battery_expectations ? b->baseline : b->path, b->settings,
                               x->location, e);
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
