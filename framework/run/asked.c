/* The options of a run as JSON. */
#include "run/asked.h"

#include "base/json_write.h"
#include "base/text.h"
#include "battery/yaml_node.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define META_ASKED "asked"

/* Paths and settings need not be UTF-8; what is not cannot be asked again. */
static json_t *word_json(const char *word) {
    json_t *text = word ? json_string(word) : NULL;
    return text ? text : json_null();
}

/* NULL: no list. */
static json_t *list_json(const char *const *words) {
    json_t *all = words ? json_array() : NULL;
    for (size_t i = 0; words && words[i]; i++) all = json_with(all, word_json(words[i]));
    return all;
}

bool asked_put(struct store *store, const struct run_options *o, struct error *e) {
    json_t *settings = json_array();
    for (size_t i = 0; i < o->setting_count; i++) settings = json_with(settings, word_json(o->settings[i]));
    char seed[24];
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)o->seed);
    json_t *all = json_pack("{s:o, s:o, s:o, s:o, s:b, s:b, s:o, s:o*, s:o*}", "battery", word_json(o->battery),
                            "settings", settings, "seed", word_json(o->has_seed ? seed : NULL), "only",
                            word_json(o->only), "quick", o->quick, "no_canaries", o->no_canaries, "baseline",
                            word_json(o->baseline), "rows", list_json(o->rows), "controls", list_json(o->controls));
    char *text = all ? json_write(all, JSON_COMPACT) : NULL;
    bool ok = text ? store_set_meta(store, META_ASKED, text, e) : error_memory(e);
    free(text);
    json_decref(all);
    return ok;
}

/* Strings borrowed from the JSON, ended by NULL; *out stays NULL where there is no list. */
static bool take_list(const json_t *all, const char *const **out, struct error *e) {
    size_t count = json_array_size(all);
    const char **list = all ? calloc(count + 1, sizeof *list) : NULL;
    if (!all) return true;
    if (!list) return error_memory(e);
    *out = list;
    for (size_t i = 0; i < count; i++) {
        list[i] = json_string_value(json_array_get(all, i));
        if (!list[i])
            return error_set(e, "a setting or name that is no UTF-8: give the command 'assay run ... --resume'");
    }
    return true;
}

static bool take_lists(const json_t *o, struct run_options *out, struct error *e) {
    out->setting_count = json_array_size(json_object_get(o, "settings"));
    return take_list(json_object_get(o, "settings"), &out->settings, e) &&
           take_list(json_object_get(o, "rows"), &out->rows, e) &&
           take_list(json_object_get(o, "controls"), &out->controls, e);
}

bool asked_read(struct store *store, const char *battery, struct asked *out, struct error *e) {
    char *text = NULL;
    unsigned long long seed = 0;
    *out = (struct asked){.held = NULL};
    if (!store_meta(store, META_ASKED, &text, e)) return false;
    json_t *o = text ? json_loads(text, 0, NULL) : NULL;
    free(text);
    out->held = o;
    const char *number = json_string_value(json_object_get(o, "seed"));
    out->options.battery = battery ? battery : json_string_value(json_object_get(o, "battery"));
    out->options.baseline = json_string_value(json_object_get(o, "baseline"));
    out->options.only = json_string_value(json_object_get(o, "only"));
    out->options.quick = json_is_true(json_object_get(o, "quick"));
    out->options.no_canaries = json_is_true(json_object_get(o, "no_canaries"));
    out->options.has_seed = number && text_to_u64(number, &seed);
    out->options.seed = seed;
    if (out->options.battery && strcmp(out->options.battery, YAML_STANDARD_INPUT) == 0) {
        error_set(e, "%s: its battery came from standard input: --battery FILE wanted", store_path(store));
        asked_finish(out);
        return false;
    }
    bool ok = o && out->options.battery ? take_lists(o, &out->options, e)
                                        : error_set(e,
                                                    "%s: it does not say how it was started (an earlier version wrote "
                                                    "it): run the battery again with --resume",
                                                    store_path(store));
    if (!ok) asked_finish(out);
    return ok;
}

void asked_finish(struct asked *a) {
    json_decref(a->held);
    free((void *)a->options.settings);
    free((void *)a->options.rows);
    free((void *)a->options.controls);
    *a = (struct asked){.held = NULL};
}
