/* The rows of a battery. */
#include "experiment/explainers.h"

#include "base/text.h"
#include "experiment/canary.h"

#include <stdlib.h>
#include <string.h>

static bool non_negative(unsigned claims, enum reduction r) {
    return (claims & ASSAY_NON_NEGATIVE) || r == REDUCE_MEAN_ABS || r == REDUCE_MAX_ABS;
}

/* Of tokens one number each is judged: the dimensions of an embedding mean nothing one by one. */
static enum reduction reduction_of(const struct run *run, const struct battery_explainer *entry) {
    return run->graph->tokens && entry->reduction == REDUCE_NONE ? REDUCE_SUM : entry->reduction;
}

/* Adds a row of that name for the spec; takes over `name`. A plugin that cannot be used costs its own row. */
static bool add_row(struct run *run, char *name, const struct explainer_spec *spec, enum reduction reduction,
                    struct location location, struct error *e) {
    struct explainer_entry *r = &run->explainers[run->explainer_count++];
    *r = (struct explainer_entry){.name = name, .reduction = reduction};
    if (!name) return error_memory(e);
    if (!plugin_create(spec, run->battery->time_limit, &r->plugin, e))
        return location_prefix(run->battery->path, run->battery->settings, location, e);
    if (r->plugin->problem) {
        r->breach = text_copy(r->plugin->problem);
        return r->breach || error_memory(e);
    }
    r->claims = r->plugin->claims;
    r->non_negative = non_negative(r->claims, r->reduction);
    return true;
}

/* ---- before the ReLU ---- */

static bool has_relu(const struct explainer_entry *r) {
    return plugin_number(r->plugin, "relu", 0) == 1 && r->reduction != REDUCE_MEAN_ABS &&
           r->reduction != REDUCE_MAX_ABS;
}

static bool same_library(const struct explainer_entry *a, const struct explainer_entry *b) {
    return !a->plugin->problem && !b->plugin->problem && strcmp(a->plugin->path, b->plugin->path) == 0 &&
           strcmp(a->plugin->info.id, b->plugin->info.id) == 0;
}

/* The same spec with relu=0. */
static bool open_before_relu(struct run *run, const struct battery_explainer *entry, struct error *e) {
    struct explainer_spec spec = entry->spec;
    char relu[] = "relu", zero[] = "0";
    spec.params = calloc(entry->spec.param_count + 1, sizeof *spec.params);
    if (!spec.params) return error_memory(e);
    spec.param_count = 0;
    for (size_t k = 0; k < entry->spec.param_count; k++)
        if (strcmp(entry->spec.params[k].name, relu) != 0) spec.params[spec.param_count++] = entry->spec.params[k];
    spec.params[spec.param_count++] = (struct option){.name = relu, .value = zero, .location = entry->location};
    bool ok = add_row(run, text_format("%s" BATTERY_BEFORE_RELU, entry->name), &spec, reduction_of(run, entry),
                      entry->location, e);
    run->explainers[run->explainer_count - 1].added = true;
    free(spec.params);
    return ok;
}

/* Beside each row whose map ends in a ReLU, unless the battery has the map before it already. */
static bool add_before_relu(struct run *run, struct error *e) {
    uint32_t rows = run->explainer_count;
    for (uint32_t i = 0; i < rows; i++) {
        const struct explainer_entry *r = &run->explainers[i];
        bool there = !has_relu(r);
        for (uint32_t k = 0; k < rows && !there; k++)
            there = same_library(r, &run->explainers[k]) && plugin_number(run->explainers[k].plugin, "relu", 1) == 0;
        for (size_t k = 0; k < run->battery->explainer_count && !there; k++) {
            const struct battery_explainer *entry = &run->battery->explainers[k];
            if (strcmp(entry->name, r->name) == 0 && !open_before_relu(run, entry, e)) return false;
        }
    }
    return true;
}

/* ---- yardsticks ---- */

/* One for every reduction that a row has, with or without signs as it has them. */
static bool add_yardsticks(struct run *run, struct error *e) {
    uint32_t rows = run->explainer_count;
    for (uint32_t i = 0; i < rows; i++) {
        enum reduction reduction = run->explainers[i].reduction;
        bool absolute = run->explainers[i].non_negative;
        const char *title = absolute ? "absolute gradient" : "gradient";
        if (run_yardstick(run, &run->explainers[i])) continue;
        struct explainer_entry *r = &run->explainers[run->explainer_count++];
        *r = (struct explainer_entry){.reduction = reduction,
                                      .yardstick = true,
                                      .non_negative = absolute,
                                      .claims = absolute ? (unsigned)ASSAY_NON_NEGATIVE : 0};
        r->name = reduction == REDUCE_NONE ? text_format("(%s)", title)
                                           : text_format("(%s: %s)", title, reduction_name(reduction));
        r->forwards = r->backwards = 1;
        if (!r->name) return error_memory(e);
    }
    return true;
}

/* ---- canaries ---- */

const struct control_entry *run_canary_control(const struct run *run) {
    const struct control_entry *single = NULL;
    for (uint32_t i = 0; i < run->control_count; i++) {
        const struct rule *rule = run->controls[i].control->rule;
        if (rule->magnitude_guard) return &run->controls[i];
        if (!single && rule->single_layers) single = &run->controls[i];
    }
    return single;
}

/* Why there are none, or NULL. */
static const char *without_canaries(const struct run *run, bool unwanted) {
    if (unwanted) return "--no-canaries";
    if (!run_canary_control(run)) return "no control draws weights anew";
    return run->battery->inputs < 2 || run->battery->rule.draws[0] < 2 ? "one input or one draw decides nothing" : NULL;
}

/* Compared as a row of the battery that says nothing of channels. */
static bool add_canaries(struct run *run, bool unwanted, struct error *e) {
    run->without_canaries = without_canaries(run, unwanted);
    for (size_t k = 0; !run->without_canaries && k < canary_count(); k++) {
        const struct canary *c = &canaries[k];
        struct explainer_entry *r = &run->explainers[run->explainer_count++];
        *r = (struct explainer_entry){.name = text_copy(c->name),
                                      .reduction = run->graph->tokens ? REDUCE_SUM : REDUCE_NONE,
                                      .yardstick = true,
                                      .canary = c,
                                      .claims = c->claims};
        if (!r->name) return error_memory(e);
        r->forwards = r->backwards = k == 0; /* the gradient that all are made of */
    }
    return true;
}

bool explainers_open(struct run *run, const struct part *part, bool no_canaries, struct error *e) {
    const struct battery *b = run->battery;
    run->explainers =
        calloc(2 * b->explainer_count + canary_count() + 2 * (REDUCE_MAX_ABS + 1), sizeof *run->explainers);
    if (!run->explainers) return error_memory(e);
    for (size_t i = 0; i < b->explainer_count; i++) {
        const struct battery_explainer *entry = &b->explainers[i];
        if (!part_has_row(part, entry->name)) continue;
        if (!add_row(run, text_copy(entry->name), &entry->spec, reduction_of(run, entry), entry->location, e))
            return false;
    }
    return add_before_relu(run, e) && add_canaries(run, no_canaries, e) && add_yardsticks(run, e);
}
