/* The controls of a battery. */
#include "experiment/controls_open.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static bool unknown_control(const struct battery *b, const struct battery_control *entry,
                            const struct control *const *controls, struct error *e) {
    size_t n = 0;
    while (controls[n]) n++;
    const char **names = calloc(n + 1, sizeof *names);
    if (!names) return error_memory(e);
    for (size_t i = 0; i < n; i++) names[i] = controls[i]->id;
    const char *near = text_nearest(entry->id, names, n);
    battery_fail(b, entry->location, e, "there is no control '%s'%s%s%s", entry->id,
                 near ? ": did you mean '" : ": see 'assay list controls'", near ? near : "", near ? "'?" : "");
    free(names);
    return false;
}

static bool leave_out(struct run *run, const char *id, struct error *e) {
    char *more = run->left_out ? text_format("%s, %s", run->left_out, id) : text_copy(id);
    if (!more) return error_memory(e);
    free(run->left_out);
    run->left_out = more;
    return true;
}

bool controls_open(struct run *run, const struct part *part, bool quick, const struct control *const *controls,
                   struct error *e) {
    const struct battery *b = run->battery;
    run->controls = calloc(b->control_count + 1, sizeof *run->controls);
    if (!run->controls) return error_memory(e);
    for (size_t i = 0; i < b->control_count; i++) {
        const struct battery_control *entry = &b->controls[i];
        if (!part_has_control(part, entry->id)) continue;
        const struct control *found = control_find(controls, entry->id);
        if (quick && found && !found->quick) {
            if (!leave_out(run, entry->id, e)) return false;
            continue;
        }
        struct control_entry *c = &run->controls[run->control_count++];
        c->control = found;
        if (!c->control) return unknown_control(b, entry, controls, e);
        if (!control_values_parse(c->control, b, entry, &c->values, e)) return false;
        if (c->control->rule->needs_training && !b->has_training)
            return battery_fail(b, entry->location, e,
                                "control %s trains networks: the battery needs a `training:` section", entry->id);
    }
    if (run->left_out && !run->control_count)
        return error_set(e, "%s: --quick leaves out every control (%s)", b->path, run->left_out);
    return true;
}

bool controls_settle(struct run *run, struct error *e) {
    for (uint32_t i = 0; i < run->control_count; i++) {
        struct control_entry *c = &run->controls[i];
        struct text said = {0};
        bool ok = !c->control->settle || c->control->settle(run->graph, run->battery, &c->values, &said, e);
        c->said = said.data;
        if (!ok || said.failed) return ok ? error_memory(e) : false;
    }
    return true;
}
