/* Tables of explainers as JSON: an array of objects with the names of explainer.h. */
#include "host/explainer_codec.h"

#include "base/json_read.h"
#include "base/json_write.h"
#include "base/text.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_BYTES ((size_t)4 << 20)

/* ---- the child's side ---- */

/* Null for what the decoder must find missing. */
static json_t *put_text(const char *text) {
    json_t *string = text && strnlen(text, INFO_LINE_MAX + 1) <= INFO_LINE_MAX ? json_string(text) : NULL;
    return string ? string : json_null();
}

/* JSON has no NaN and no infinity; neither is a valid range. */
static json_t *put_number(double number) {
    return isfinite(number) ? json_real(number) : json_null();
}

static bool put_choices(const assay_param_info *param, json_t *choices, struct error *e) {
    size_t n = 0;
    for (; param->kind == ASSAY_CHOICE && param->choices && param->choices[n]; n++) {
        if (n == INFO_CHOICES_MAX) return error_set(e, "a parameter has more than %u choices", INFO_CHOICES_MAX);
        if (json_array_append_new(choices, put_text(param->choices[n])) != 0) return error_memory(e);
    }
    return true;
}

static bool put_param(const assay_param_info *param, json_t *params, struct error *e) {
    json_t *choices = json_array();
    if (!choices || !put_choices(param, choices, e)) {
        json_decref(choices);
        return choices ? false : error_memory(e);
    }
    json_t *object = json_pack("{s:o, s:o, s:i, s:o, s:o, s:o, s:o, s:o}", "name", put_text(param->name), "summary",
                               put_text(param->summary), "kind", (int)param->kind, "number", put_number(param->number),
                               "min", put_number(param->min), "max", put_number(param->max), "text",
                               put_text(param->text), "choices", choices);
    return json_array_append_new(params, object) == 0 || error_memory(e);
}

/* The entry of that id, or NULL. */
static const assay_about *find_about(const assay_about_table *table, const char *id) {
    for (uint32_t i = 0; table && id && i < table->count; i++)
        if (strcmp(table->items[i]->id, id) == 0) return table->items[i];
    return NULL;
}

/* Null for an explainer that nothing is said of. */
static json_t *put_about(const assay_about *about) {
    if (!about) return json_null();
    return json_pack("{s:o, s:o, s:o, s:o, s:b, s:I, s:o}", "family", put_text(about->family), "formula",
                     put_text(about->formula), "cost", put_text(about->cost), "checked", put_text(about->checked),
                     "unchecked", about->checked == NULL, "inputs", (json_int_t)about->inputs, "within",
                     put_number(about->within));
}

/* Every entry is about another one of these explainers. */
static bool check_table(const assay_about_table *table, const assay_explainer_info *const *info, uint32_t count,
                        struct error *e) {
    if (table->count > count || (table->count && !table->items))
        return error_set(e, "%s has %u entries for %u explainers", ASSAY_ABOUT, table->count, count);
    for (uint32_t i = 0; i < table->count; i++) {
        const char *id = table->items[i] ? table->items[i]->id : NULL;
        bool known = false;
        for (uint32_t k = 0; id && k < count; k++) known = known || (info[k]->id && strcmp(info[k]->id, id) == 0);
        if (!known) return error_set(e, "%s: entry %u is about no explainer of this library", ASSAY_ABOUT, i);
        for (uint32_t k = 0; k < i; k++)
            if (strcmp(table->items[k]->id, id) == 0)
                return error_set(e, "%s: entries %u and %u are about the same explainer", ASSAY_ABOUT, k, i);
    }
    return true;
}

static bool put_info(const assay_explainer_info *info, const assay_about *about, uint32_t index, json_t *list,
                     struct error *e) {
    if (info->param_count > INFO_PARAMS_MAX || (info->param_count > 0 && !info->params)) {
        return error_set(e, "explainer %u: %u parameters in a table at %s: wanted at most %u", index, info->param_count,
                         info->params ? "some address" : "NULL", INFO_PARAMS_MAX);
    }
    json_t *params = json_array();
    bool ok = params || error_memory(e);
    for (uint32_t i = 0; ok && i < info->param_count; i++) ok = put_param(&info->params[i], params, e);
    if (!ok) {
        json_decref(params);
        return false;
    }
    json_t *object =
        json_pack("{s:o, s:o, s:o, s:o, s:I, s:o, s:o}", "id", put_text(info->id), "name", put_text(info->name),
                  "summary", put_text(info->summary), "source", put_text(info->source), "claims",
                  (json_int_t)info->claims, "about", put_about(about), "params", params);
    return json_array_append_new(list, object) == 0 || error_memory(e);
}

bool explainer_encode(const assay_explainer_info *const *info, uint32_t count, const assay_about_table *about,
                      char **text, struct error *e) {
    json_t *list = json_array();
    bool ok = list || error_memory(e);
    for (uint32_t i = 0; ok && i < count; i++)
        ok = info[i] || error_set(e, "explainer %u: id (NULL): wanted kebab-case", i);
    ok = ok && (!about || check_table(about, info, count, e));
    for (uint32_t i = 0; ok && i < count; i++) ok = put_info(info[i], find_about(about, info[i]->id), i, list, e);
    if (ok) {
        *text = json_write(list, JSON_COMPACT);
        ok = *text || error_memory(e);
    }
    json_decref(list);
    return ok;
}

/* ---- the parent's side ---- */

/* A copy, or NULL for anything but a text. */
static bool take_text(const json_t *object, const char *key, char **out, struct error *e) {
    const json_t *value = json_object_get(object, key);
    *out = NULL;
    if (!json_is_string(value)) return true;
    *out = text_copy(json_string_value(value));
    return *out || error_memory(e);
}

static double take_number(const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static bool take_choices(const json_t *choices, struct param_info *out, struct error *e) {
    size_t n = json_array_size(choices);
    if (n > INFO_CHOICES_MAX)
        return error_set(e, "a parameter has %zu choices: wanted at most %u", n, INFO_CHOICES_MAX);
    out->choices = calloc(n + 1, sizeof *out->choices);
    if (!out->choices) return error_memory(e);
    for (size_t i = 0; i < n; i++) {
        const json_t *choice = json_array_get(choices, i);
        out->choices[i] = text_copy(json_is_string(choice) ? json_string_value(choice) : "");
        if (!out->choices[i]) return error_memory(e);
        out->choice_count++;
    }
    return true;
}

static bool take_param(const json_t *object, struct param_info *out, struct error *e) {
    const json_t *kind = json_object_get(object, "kind");
    json_int_t number = json_is_integer(kind) ? json_integer_value(kind) : -1;
    out->kind = number >= 0 && number < 1000 ? (int)number : -1;
    out->number = take_number(object, "number");
    out->min = take_number(object, "min");
    out->max = take_number(object, "max");
    return take_text(object, "name", &out->name, e) && take_text(object, "summary", &out->summary, e) &&
           take_text(object, "text", &out->text, e) && take_choices(json_object_get(object, "choices"), out, e);
}

/* Nothing is said: all stays empty. A family that is missing becomes "", which the check refuses, as it refuses a text
 * "checked" that could not be sent. */
static bool take_about(const json_t *object, struct about_info *out, struct error *e) {
    if (!json_is_object(object)) return true;
    json_int_t inputs = json_integer_value(json_object_get(object, "inputs"));
    out->inputs = inputs > 0 && inputs <= UINT32_MAX ? (uint32_t)inputs : 0;
    out->within = take_number(object, "within");
    if (!take_text(object, "family", &out->family, e) || !take_text(object, "formula", &out->formula, e) ||
        !take_text(object, "cost", &out->cost, e) || !take_text(object, "checked", &out->checked, e))
        return false;
    if (!out->family) out->family = text_copy("");
    if (!out->checked && !json_is_true(json_object_get(object, "unchecked"))) {
        out->checked = text_copy("");
        if (!out->checked) return error_memory(e);
    }
    return out->family || error_memory(e);
}

static bool take_info(const json_t *object, struct explainer_info *out, struct error *e) {
    const json_t *params = json_object_get(object, "params");
    json_int_t claims = json_integer_value(json_object_get(object, "claims"));
    size_t n = json_array_size(params);
    if (n > INFO_PARAMS_MAX) return error_set(e, "%zu parameters: wanted at most %u", n, INFO_PARAMS_MAX);
    out->claims = claims >= 0 && claims <= UINT32_MAX ? (uint32_t)claims : UINT32_MAX;
    out->params = calloc(n + 1, sizeof *out->params);
    if (!out->params) return error_memory(e);
    out->param_count = (uint32_t)n;
    for (size_t i = 0; i < n; i++)
        if (!take_param(json_array_get(params, i), &out->params[i], e)) return false;
    return take_text(object, "id", &out->id, e) && take_text(object, "name", &out->name, e) &&
           take_text(object, "summary", &out->summary, e) && take_text(object, "source", &out->source, e) &&
           take_about(json_object_get(object, "about"), &out->about, e);
}

static bool take_list(const json_t *root, struct explainer_info_list *out, struct error *e) {
    size_t n = json_array_size(root);
    if (n == 0 || n > INFO_EXPLAINERS_MAX)
        return error_set(e, "describes %zu explainers: wanted 1 to %u", n, INFO_EXPLAINERS_MAX);
    out->items = calloc(n, sizeof *out->items);
    if (!out->items) return error_memory(e);
    out->count = (uint32_t)n;
    for (size_t i = 0; i < n; i++)
        if (!take_info(json_array_get(root, i), &out->items[i], e)) return false;
    return explainer_info_check(out, e);
}

bool explainer_decode(const char *bytes, size_t size, struct explainer_info_list *out, struct error *e) {
    json_error_t why;
    *out = (struct explainer_info_list){0};
    if (size > MOST_BYTES) return error_set(e, "describes itself in %zu bytes: wanted at most %zu", size, MOST_BYTES);
    json_t *root = json_read(bytes, size, &why);
    bool ok = root          ? take_list(root, out, e)
              : why.text[0] ? error_set(e, "describes itself in bytes that are damaged")
                            : error_memory(e);
    json_decref(root);
    if (!ok) explainer_info_list_finish(out);
    return ok;
}
