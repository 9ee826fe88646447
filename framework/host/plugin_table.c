#include "host/plugin_table.h"

#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_EXPLAINERS 1000u
#define MOST_PARAMS 100u
#define ALL_CLAIMS                                                                                                     \
    ((uint32_t)(ASSAY_COMPLETE | ASSAY_INPUT_MULTIPLIER | ASSAY_NON_NEGATIVE | ASSAY_STOCHASTIC | ASSAY_CLASS_BLIND |  \
                ASSAY_LINEAR_EXACT))

const char *const plugin_claim_names[] = {
    "complete", "input-multiplier", "non-negative", "stochastic", "class-blind", "linear-exact", NULL};

static bool is_kebab(const char *name) {
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return n > 0 && name[n] == 0 && name[0] != '-' && name[n - 1] != '-';
}

static bool is_text(const char *text) {
    return text && *text && !strpbrk(text, "\n\t\r");
}

/* ---- Tables ---- */

static bool check_range(const assay_param_info *param, struct error *e) {
    if (!isfinite(param->min) || !isfinite(param->max) || !(param->min <= param->number) ||
        !(param->number <= param->max)) {
        return error_set(e, "parameter %s: default %g in [%g, %g]: wanted min <= default <= max, all finite",
                         param->name, param->number, param->min, param->max);
    }
    if (param->kind == ASSAY_INTEGER && param->number != floor(param->number))
        return error_set(e, "parameter %s: default %g: wanted a whole number", param->name, param->number);
    return true;
}

static bool check_choices(const assay_param_info *param, struct error *e) {
    if (!param->choices || !param->choices[0] || !param->text)
        return error_set(e, "parameter %s: no choices or no default: wanted both", param->name);
    for (size_t i = 0; param->choices[i]; i++)
        if (strcmp(param->choices[i], param->text) == 0) return true;
    return error_set(e, "parameter %s: the default %s is none of the choices", param->name, param->text);
}

static bool check_param(const assay_explainer_info *info, uint32_t index, struct error *e) {
    const assay_param_info *param = &info->params[index];
    if (!param->name || !is_kebab(param->name))
        return error_set(e, "parameter %u: name %s: wanted kebab-case", index, param->name ? param->name : "(NULL)");
    if (!is_text(param->summary)) return error_set(e, "parameter %s: no summary: wanted one line", param->name);
    for (uint32_t i = 0; i < index; i++)
        if (strcmp(info->params[i].name, param->name) == 0)
            return error_set(e, "parameter %s is declared twice", param->name);
    switch (param->kind) {
    case ASSAY_NUMBER:
    case ASSAY_INTEGER: return check_range(param, e);
    case ASSAY_CHOICE: return check_choices(param, e);
    case ASSAY_TEXT:
        return param->text || error_set(e, "parameter %s: the default text is NULL: wanted \"\" or more", param->name);
    }
    return error_set(e, "parameter %s: kind %d is unknown", param->name, (int)param->kind);
}

static bool check_info(const assay_plugin *entry, uint32_t index, struct error *e) {
    const assay_explainer_info *info = entry->info[index];
    if (!info || !info->id || !is_kebab(info->id))
        return error_set(e, "explainer %u: id %s: wanted kebab-case", index, info && info->id ? info->id : "(NULL)");
    for (uint32_t i = 0; i < index; i++)
        if (strcmp(entry->info[i]->id, info->id) == 0) return error_set(e, "explainer %s is listed twice", info->id);
    if (!is_text(info->name) || !is_text(info->summary) || !is_text(info->source))
        return error_set(e, "explainer %s: name, summary or source is missing: wanted one line each", info->id);
    if (info->claims & ~ALL_CLAIMS)
        return error_set(e, "explainer %s: claims 0x%x: bits beyond those of enum assay_claim", info->id, info->claims);
    if (info->param_count > MOST_PARAMS || (info->param_count > 0 && !info->params)) {
        return error_set(e, "explainer %s: %u parameters in a table at %s: wanted at most %u", info->id,
                         info->param_count, info->params ? "some address" : "NULL", MOST_PARAMS);
    }
    for (uint32_t i = 0; i < info->param_count; i++)
        if (!check_param(info, i, e)) return error_prefix(e, "explainer %s", info->id);
    return true;
}

bool plugin_table_check(const assay_plugin *entry, const char *path, struct error *e) {
    if (entry->abi.major != ASSAY_ABI_MAJOR || entry->abi.minor > ASSAY_ABI_MINOR) {
        return error_set(e,
                         "%s: built for plugin ABI %u.%u: this assay speaks %u.%u: rebuild it with this assay's "
                         "explainer.h%s",
                         path, entry->abi.major, entry->abi.minor, ASSAY_ABI_MAJOR, ASSAY_ABI_MINOR,
                         entry->abi.major < ASSAY_ABI_MAJOR ? "" : ", or update assay");
    }
    if (entry->count == 0 || entry->count > MOST_EXPLAINERS || !entry->info || !entry->create) {
        return error_set(e, "%s: %s has %u explainers, info %s, create %s: wanted 1 to %u explainers and both", path,
                         ASSAY_ENTRY, entry->count, entry->info ? "set" : "NULL", entry->create ? "set" : "NULL",
                         MOST_EXPLAINERS);
    }
    for (uint32_t i = 0; i < entry->count; i++)
        if (!check_info(entry, i, e)) return error_prefix(e, "%s", path);
    return true;
}

bool plugin_table_find(const assay_plugin *entry, const char *path, const char *id, const assay_explainer_info **out,
                       struct error *e) {
    const char *names[MOST_EXPLAINERS];
    struct text known = {0};
    for (uint32_t i = 0; i < entry->count; i++) {
        names[i] = entry->info[i]->id;
        text_add(&known, "%s%s", i ? ", " : "", names[i]);
        if (id ? strcmp(names[i], id) == 0 : entry->count == 1) {
            *out = entry->info[i];
            text_finish(&known);
            return true;
        }
    }
    const char *nearest = id ? text_nearest(id, names, entry->count) : NULL;
    if (known.failed) {
        error_memory(e);
    } else if (!id) {
        error_set(e, "%s: holds %u explainers: wanted the one you mean, as %s#ID; it has %s", path, entry->count, path,
                  known.data);
    } else {
        error_set(e, "%s: no explainer %s: %s%s%sit has %s", path, id, nearest ? "did you mean " : "",
                  nearest ? nearest : "", nearest ? "? " : "", known.data);
    }
    text_finish(&known);
    return false;
}

/* ---- Parameters ---- */

static bool read_number(const assay_param_info *info, const char *value, double *out, struct error *e) {
    bool whole = info->kind == ASSAY_INTEGER;
    if (!text_to_double(value, out) || (whole && *out != floor(*out)) || *out < info->min || *out > info->max) {
        return error_set(e, "%s=%s: wanted a %snumber in [%.10g, %.10g]", info->name, value, whole ? "whole " : "",
                         info->min, info->max);
    }
    return true;
}

static bool read_choice(const assay_param_info *info, const char *value, struct error *e) {
    struct text known = {0};
    size_t n = 0;
    for (; info->choices[n]; n++) {
        if (strcmp(info->choices[n], value) == 0) {
            text_finish(&known);
            return true;
        }
        text_add(&known, "%s%s", n ? ", " : "", info->choices[n]);
    }
    const char *nearest = text_nearest(value, info->choices, n);
    error_set(e, "%s=%s: wanted one of %s%s%s%s", info->name, value, known.failed ? "its choices" : known.data,
              nearest ? ": did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
    text_finish(&known);
    return false;
}

static bool unknown_param(const assay_explainer_info *info, const char *name, struct error *e) {
    const char *names[MOST_PARAMS];
    struct text known = {0};
    for (uint32_t i = 0; i < info->param_count; i++) {
        names[i] = info->params[i].name;
        text_add(&known, "%s%s", i ? ", " : "", names[i]);
    }
    const char *nearest = text_nearest(name, names, info->param_count);
    error_set(e, "no parameter %s: %s%s%s%s has %s", name, nearest ? "did you mean " : "", nearest ? nearest : "",
              nearest ? "? " : "", info->id, known.data ? known.data : "none");
    text_finish(&known);
    return false;
}

static bool read_param(struct plugin *plugin, const struct option *given, struct error *e) {
    for (uint32_t i = 0; i < plugin->info->param_count; i++) {
        const assay_param_info *info = &plugin->info->params[i];
        assay_param *param = &plugin->params[i];
        if (strcmp(info->name, given->name) != 0) continue;
        if (info->kind == ASSAY_NUMBER || info->kind == ASSAY_INTEGER)
            return read_number(info, given->value, &param->number, e);
        if (info->kind == ASSAY_CHOICE && !read_choice(info, given->value, e)) return false;
        plugin->values[i] = text_copy(given->value);
        param->text = plugin->values[i];
        return param->text || error_memory(e);
    }
    return unknown_param(plugin->info, given->name, e);
}

bool plugin_params_fill(struct plugin *plugin, const struct option *given, size_t count, struct error *e) {
    uint32_t n = plugin->info->param_count;
    plugin->params = calloc((size_t)n + 1, sizeof *plugin->params);
    plugin->values = calloc((size_t)n + 1, sizeof *plugin->values);
    if (!plugin->params || !plugin->values) return error_memory(e);
    for (uint32_t i = 0; i < n; i++) {
        const assay_param_info *info = &plugin->info->params[i];
        plugin->params[i] = (assay_param){info->name, info->number, info->text};
    }
    for (size_t i = 0; i < count; i++)
        if (!read_param(plugin, &given[i], e)) return error_prefix(e, "%s", plugin->info->id);
    return true;
}

void plugin_params_finish(struct plugin *plugin) {
    for (uint32_t i = 0; plugin->values && i < plugin->info->param_count; i++) free(plugin->values[i]);
    free(plugin->values);
    free(plugin->params);
    plugin->values = NULL;
    plugin->params = NULL;
}

char *plugin_params_text(const struct plugin *plugin) {
    struct text text = {0};
    text_append(&text, "", 0);
    for (uint32_t i = 0; i < plugin->info->param_count; i++) {
        assay_param_kind kind = plugin->info->params[i].kind;
        text_add(&text, "%s%s=", i ? "," : "", plugin->params[i].name);
        if (kind == ASSAY_NUMBER || kind == ASSAY_INTEGER) text_add(&text, "%.10g", plugin->params[i].number);
        else text_add(&text, "%s", plugin->params[i].text);
    }
    if (text.failed) text_finish(&text);
    return text.data;
}

double plugin_number(const struct plugin *plugin, const char *name, double fallback) {
    for (uint32_t i = 0; i < plugin->info->param_count; i++)
        if (plugin->info->params[i].kind <= ASSAY_INTEGER && strcmp(plugin->params[i].name, name) == 0)
            return plugin->params[i].number;
    return fallback;
}
