/* Checks of what an explainer says of itself. The tables are copies, and nothing in them is trusted yet. */
#include "host/explainer_info.h"

#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const explainer_claim_names[] = {
    "complete", "input-multiplier", "non-negative", "stochastic", "class-blind", "linear-exact", NULL};
const char *const explainer_input_names[] = {"features", "sequences", "pictures", "volumes", "tokens", NULL};

/* ---- texts ---- */

static bool is_kebab(const char *name) {
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return n > 0 && n <= INFO_ID_MAX && name[n] == 0 && name[0] != '-' && name[n - 1] != '-';
}

/* Where a text may be empty. */
static bool is_short_line(const char *text) {
    return text && strlen(text) <= INFO_LINE_MAX && text_is_clean(text);
}

static bool is_line(const char *text) {
    return is_short_line(text) && *text;
}

/* A name for a message: nothing else of it is known. */
static const char *shown(const char *text) {
    return !text ? "(NULL)" : is_short_line(text) ? text : "(not a short line of UTF-8)";
}

/* ---- tables ---- */

static bool check_range(const struct param_info *param, struct error *e) {
    if (!isfinite(param->min) || !isfinite(param->max) || !(param->min <= param->number) ||
        !(param->number <= param->max)) {
        return error_set(e, "parameter %s: default %g in [%g, %g]: wanted min <= default <= max, all finite",
                         param->name, param->number, param->min, param->max);
    }
    if (param->kind == ASSAY_INTEGER && param->number != floor(param->number))
        return error_set(e, "parameter %s: default %g: wanted a whole number", param->name, param->number);
    return true;
}

static bool check_choices(const struct param_info *param, struct error *e) {
    if (!param->choice_count || !param->text)
        return error_set(e, "parameter %s: no choices or no default: wanted both", param->name);
    bool found = false;
    for (uint32_t i = 0; i < param->choice_count; i++) {
        if (!is_line(param->choices[i]))
            return error_set(e, "parameter %s: choice %u: wanted a short line of UTF-8", param->name, i);
        found = found || strcmp(param->choices[i], param->text) == 0;
    }
    return found ||
           error_set(e, "parameter %s: the default %s is none of the choices", param->name, shown(param->text));
}

static bool check_param(const struct explainer_info *info, uint32_t index, struct error *e) {
    const struct param_info *param = &info->params[index];
    if (!param->name || !is_kebab(param->name))
        return error_set(e, "parameter %u: name %s: wanted kebab-case", index, shown(param->name));
    if (!is_line(param->summary)) return error_set(e, "parameter %s: no summary: wanted one line", param->name);
    for (uint32_t i = 0; i < index; i++)
        if (strcmp(info->params[i].name, param->name) == 0)
            return error_set(e, "parameter %s is declared twice", param->name);
    switch (param->kind) {
    case ASSAY_NUMBER:
    case ASSAY_INTEGER: return check_range(param, e);
    case ASSAY_CHOICE: return check_choices(param, e);
    case ASSAY_TEXT:
        return is_short_line(param->text) || error_set(e, "parameter %s: the default text is %s: wanted \"\" or a line",
                                                       param->name, shown(param->text));
    }
    return error_set(e, "parameter %s: kind %d is unknown", param->name, param->kind);
}

/* The codec leaves `family` NULL where nothing was said. */
static bool check_about(const struct about_info *about, struct error *e) {
    if (!about->family) return true;
    if (!is_line(about->family) || !is_line(about->formula) || !is_line(about->cost)) {
        return error_set(e, "family, formula or cost is missing: wanted one line each, of UTF-8 and at most %u bytes",
                         INFO_LINE_MAX);
    }
    if (about->checked && !is_line(about->checked))
        return error_set(e, "what it was checked against is %s: wanted one line or NULL", shown(about->checked));
    if (!about->inputs || about->inputs & ~INFO_INPUTS_ALL)
        return error_set(e, "inputs 0x%x: wanted bits of enum assay_modality", about->inputs);
    return (isfinite(about->within) && about->within >= 0) ||
           error_set(e, "within %g of what it was checked against: wanted a finite number from 0", about->within);
}

static bool check_info(const struct explainer_info_list *list, uint32_t index, struct error *e) {
    const struct explainer_info *info = &list->items[index];
    if (!info->id || !is_kebab(info->id))
        return error_set(e, "explainer %u: id %s: wanted kebab-case", index, shown(info->id));
    for (uint32_t i = 0; i < index; i++)
        if (strcmp(list->items[i].id, info->id) == 0) return error_set(e, "explainer %s is listed twice", info->id);
    if (!is_line(info->name) || !is_line(info->summary) || !is_line(info->source)) {
        return error_set(e,
                         "explainer %s: name, summary or source is missing: wanted one line each, of UTF-8 and at most "
                         "%u bytes",
                         info->id, INFO_LINE_MAX);
    }
    if (info->claims & ~INFO_CLAIMS_ALL)
        return error_set(e, "explainer %s: claims 0x%x: bits beyond those of enum assay_claim", info->id, info->claims);
    for (uint32_t i = 0; i < info->param_count; i++)
        if (!check_param(info, i, e)) return error_prefix(e, "explainer %s", info->id);
    return check_about(&info->about, e) || error_prefix(e, "explainer %s: " ASSAY_ABOUT, info->id);
}

bool explainer_info_check(const struct explainer_info_list *list, struct error *e) {
    for (uint32_t i = 0; i < list->count; i++)
        if (!check_info(list, i, e)) return false;
    return true;
}

/* ---- the end ---- */

static void param_finish(struct param_info *param) {
    for (uint32_t i = 0; i < param->choice_count; i++) free(param->choices[i]);
    free(param->choices);
    free(param->name);
    free(param->summary);
    free(param->text);
}

void explainer_info_finish(struct explainer_info *info) {
    for (uint32_t i = 0; i < info->param_count; i++) param_finish(&info->params[i]);
    free(info->params);
    free(info->id);
    free(info->name);
    free(info->summary);
    free(info->source);
    free(info->about.family);
    free(info->about.formula);
    free(info->about.cost);
    free(info->about.checked);
    *info = (struct explainer_info){0};
}

void explainer_info_list_finish(struct explainer_info_list *list) {
    for (uint32_t i = 0; i < list->count; i++) explainer_info_finish(&list->items[i]);
    free(list->items);
    *list = (struct explainer_info_list){0};
}
