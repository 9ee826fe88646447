/* Parameters: texts of the battery's author against what the explainer declares. */
#include "host/plugin_params.h"

#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool read_number(const struct param_info *info, const char *value, double *out, struct error *e) {
    bool whole = info->kind == ASSAY_INTEGER;
    if (!text_to_double(value, out) || (whole && *out != floor(*out)) || *out < info->min || *out > info->max) {
        return error_set(e, "%s=%s: wanted a %snumber in [%.10g, %.10g]", info->name, value, whole ? "whole " : "",
                         info->min, info->max);
    }
    return true;
}

static bool read_choice(const struct param_info *info, const char *value, struct error *e) {
    const char *names[INFO_CHOICES_MAX];
    struct text known = {0};
    for (uint32_t i = 0; i < info->choice_count; i++) {
        names[i] = info->choices[i];
        if (strcmp(names[i], value) == 0) {
            text_finish(&known);
            return true;
        }
        text_add(&known, "%s%s", i ? ", " : "", names[i]);
    }
    const char *nearest = text_nearest(value, names, info->choice_count);
    error_set(e, "%s=%s: wanted one of %s%s%s%s", info->name, value, known.failed ? "its choices" : known.data,
              nearest ? ": did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
    text_finish(&known);
    return false;
}

static bool unknown_param(const struct explainer_info *info, const char *name, struct error *e) {
    const char *names[INFO_PARAMS_MAX];
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

static bool read_param(const struct explainer_info *info, const struct option *given, struct plugin_params *out,
                       struct error *e) {
    for (uint32_t i = 0; i < info->param_count; i++) {
        const struct param_info *param = &info->params[i];
        if (strcmp(param->name, given->name) != 0) continue;
        if (param->kind == ASSAY_NUMBER || param->kind == ASSAY_INTEGER)
            return read_number(param, given->value, &out->items[i].number, e);
        if (param->kind == ASSAY_CHOICE && !read_choice(param, given->value, e)) return false;
        free(out->texts[i]);
        out->texts[i] = text_copy(given->value);
        out->items[i].text = out->texts[i];
        return out->texts[i] || error_memory(e);
    }
    return unknown_param(info, given->name, e);
}

bool plugin_params_fill(const struct explainer_info *info, const struct option *given, size_t count,
                        struct plugin_params *out, struct error *e) {
    *out = (struct plugin_params){
        .items = calloc((size_t)info->param_count + 1, sizeof *out->items),
        .texts = calloc((size_t)info->param_count + 1, sizeof *out->texts),
    };
    if (!out->items || !out->texts) return error_memory(e);
    out->count = info->param_count;
    for (uint32_t i = 0; i < out->count; i++) {
        const struct param_info *param = &info->params[i];
        out->items[i] = (assay_param){param->name, param->number, param->text};
    }
    for (size_t i = 0; i < count; i++)
        if (!read_param(info, &given[i], out, e)) return error_prefix(e, "%s", info->id);
    return true;
}

void plugin_params_finish(struct plugin_params *params) {
    for (uint32_t i = 0; i < params->count; i++) free(params->texts[i]);
    free(params->texts);
    free(params->items);
    *params = (struct plugin_params){0};
}
