/* From a spec to a plugin: the parent's side, and the two child processes that it asks. */
#include "host/plugin.h"

#include "base/text.h"
#include "host/explainer_codec.h"
#include "host/handle.h"
#include "host/plugin_find.h"
#include "host/process_state.h"
#include "workers/isolate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct source_place place_of(const struct plugin *plugin) {
    return (struct source_place){plugin->path, plugin->process};
}

/* ---- in children: what foreign code runs in ---- */

/* How an answer begins; what follows is the error's text, or the data. */
enum { REFUSED = 'R', ANSWERED = 'A' };

static void answer(int fd, const void *data, size_t size) {
    const char first = ANSWERED;
    isolate_write(fd, &first, 1);
    isolate_write(fd, data, size);
}

static void refuse(int fd, const struct error *e) {
    const char first = REFUSED;
    isolate_write(fd, &first, 1);
    isolate_write(fd, e->text, strlen(e->text));
}

/* The tables of every explainer there. */
static bool describe_work(void *user, int fd) {
    const struct plugin *plugin = user;
    const assay_explainer_info *const *info = NULL;
    const assay_about_table *about = NULL;
    uint32_t count = 0;
    char *text = NULL;
    struct error e = {{0}};
    const struct source_place place = place_of(plugin);
    if (!plugin->source->describe(&place, plugin->digest, &info, &count, &e) ||
        (plugin->source->about && !plugin->source->about(&place, &about, &e)))
        refuse(fd, &e);
    else if (explainer_encode(info, count, about, &text, &e)) answer(fd, text, strlen(text));
    else {
        error_prefix(&e, "%s", plugin->path);
        refuse(fd, &e);
    }
    free(text);
    return true;
}

/* The claims for these parameters, and whether create() and destroy() work. */
static bool create_work(void *user, int fd) {
    const struct plugin *plugin = user;
    const assay_explainer_info *const *info = NULL;
    const assay_explainer *explainer = NULL;
    uint32_t count = 0, claims = plugin->info.claims;
    struct error e = {{0}};
    const struct source_place place = place_of(plugin);
    bool ok = plugin->source->describe(&place, plugin->digest, &info, &count, &e);
    for (uint32_t i = 0; ok && i < count; i++)
        if (strcmp(info[i]->id, plugin->info.id) == 0 && info[i]->claims_for)
            claims = info[i]->claims_for(plugin->params.items, plugin->params.count);
    if (ok && plugin_open(plugin, handle_host(), &explainer, &e)) {
        plugin_close(plugin, explainer);
        answer(fd, &claims, sizeof claims);
    } else {
        refuse(fd, &e);
    }
    return true;
}

/* ---- the parent ---- */

/* The answer of one child, *data the caller's, of *size bytes behind the first; else the plugin has a problem. */
static bool probe(struct plugin *plugin, double limit, bool (*work)(void *, int), char **data, size_t *size,
                  struct error *e) {
    *data = NULL;
    if (!isolate_run(work, plugin, limit < PLUGIN_PROBE_SECONDS ? limit : PLUGIN_PROBE_SECONDS, data, size, e))
        return error_prefix(e, "%s: the plugin, while it was loaded", plugin->path);
    if (*size > 0 && (*data)[0] == ANSWERED) {
        --*size;
        return true;
    }
    if (*size > 0 && (*data)[0] == REFUSED) error_set(e, "%s", *data + 1);
    else error_set(e, "%s: the plugin, while it was loaded, wrote bytes that are damaged", plugin->path);
    free(*data);
    *data = NULL;
    return false;
}

static bool learn_explainers(struct plugin *plugin, double limit, struct explainer_info_list *list, struct error *e) {
    char *data;
    size_t size;
    const struct source_place place = place_of(plugin);
    if (plugin->source->learn) return plugin->source->learn(&place, list, plugin->digest, &plugin->kept, e);
    if (!probe(plugin, limit, describe_work, &data, &size, e)) return false;
    bool ok = explainer_decode(data + 1, size, list, e) || error_prefix(e, "%s", plugin->path);
    free(data);
    return ok;
}

static bool learn_claims(struct plugin *plugin, double limit, struct error *e) {
    char *data;
    size_t size;
    uint32_t claims = UINT32_MAX;
    if (plugin->source->learn) {
        plugin->claims = plugin->info.claims;
        return true;
    }
    if (!probe(plugin, limit, create_work, &data, &size, e)) return false;
    if (size == sizeof claims) memcpy(&claims, data + 1, sizeof claims);
    free(data);
    plugin->claims = claims;
    return !(claims & ~INFO_CLAIMS_ALL) ||
           error_set(e, "%s: explainer %s: claims 0x%x for its parameters: bits beyond those of enum assay_claim",
                     plugin->path, plugin->info.id, claims);
}

static void no_such_id(const struct plugin *plugin, const char *id, const struct explainer_info_list *list,
                       struct error *e) {
    const char *names[INFO_EXPLAINERS_MAX];
    struct text known = {0};
    for (uint32_t i = 0; i < list->count; i++) {
        names[i] = list->items[i].id;
        text_add(&known, "%s%s", i ? ", " : "", names[i]);
    }
    const char *nearest = id ? text_nearest(id, names, list->count) : NULL;
    if (known.failed) {
        error_memory(e);
    } else if (!id) {
        error_set(e, "%s: holds %u explainers: wanted the one you mean, as %s#ID; it has %s", plugin->path, list->count,
                  plugin->path, known.data);
    } else {
        error_set(e, "%s: no explainer %s: %s%s%sit has %s", plugin->path, id, nearest ? "did you mean " : "",
                  nearest ? nearest : "", nearest ? "? " : "", known.data);
    }
    text_finish(&known);
}

/* Moves the explainer of that id, or the only one for NULL, out of the list. */
static bool pick(struct plugin *plugin, const char *id, struct explainer_info_list *list, struct error *e) {
    for (uint32_t i = 0; i < list->count; i++) {
        if (id ? strcmp(list->items[i].id, id) == 0 : list->count == 1) {
            plugin->info = list->items[i];
            list->items[i] = (struct explainer_info){0};
            return true;
        }
    }
    no_such_id(plugin, id, list, e);
    return false;
}

/* The plugin is at fault, and keeps the reason; what it said of itself is not used. */
static bool set_problem(struct plugin *plugin, const struct error *why, struct error *e) {
    plugin_params_finish(&plugin->params);
    explainer_info_finish(&plugin->info);
    plugin->claims = 0;
    plugin->problem = text_copy(why->text);
    if (!plugin->problem) return error_memory(e);
    text_clean_in_place(plugin->problem);
    return true;
}

static bool learn(struct plugin *plugin, const struct explainer_spec *spec, double limit, struct error *e) {
    struct explainer_info_list list = {0};
    struct error why = {{0}};
    if (!learn_explainers(plugin, limit, &list, &why)) return set_problem(plugin, &why, e);
    bool ok = pick(plugin, spec->id, &list, e) &&
              plugin_params_fill(&plugin->info, spec->params, spec->param_count, &plugin->params, e);
    explainer_info_list_finish(&list);
    return ok && (learn_claims(plugin, limit, &why) || set_problem(plugin, &why, e));
}

/* A path without a slash would be looked for in the system's library folders. */
static char *path_with_slash(const char *path) {
    return strchr(path, '/') ? text_copy(path) : text_format("./%s", path);
}

/* Its command in words is its path. */
static bool take_process(struct plugin *plugin, const struct process_spec *spec, struct error *e) {
    plugin->process = process_spec_copy(spec);
    plugin->path = process_spec_text(spec);
    if (!plugin->process || !plugin->path) return error_memory(e);
    text_clean_in_place(plugin->path);
    return true;
}

bool plugin_create_from(const struct explainer_source *const *sources, const struct explainer_spec *spec, double limit,
                        struct plugin **out, struct error *e) {
    struct plugin *plugin = calloc(1, sizeof *plugin);
    if (!plugin) return error_memory(e);
    bool ok = true;
    if (spec->process) {
        ok = take_process(plugin, spec->process, e);
    } else if (spec->path) {
        plugin->path = path_with_slash(spec->path);
        ok = plugin->path || error_memory(e);
    } else {
        ok = plugin_find(spec->id, &plugin->path, e);
    }
    const struct source_place place = place_of(plugin);
    for (size_t i = 0; ok && sources[i] && !plugin->source; i++)
        if (sources[i]->takes(&place)) plugin->source = sources[i];
    if (ok && !plugin->source) ok = error_set(e, "%s: no explainer that this assay can open", plugin->path);
    ok = ok && plugin->source->digest(&place, plugin->digest, e) && learn(plugin, spec, limit, e);
    if (!ok) {
        plugin_destroy(plugin);
        return false;
    }
    *out = plugin;
    return true;
}

bool plugin_create(const struct explainer_spec *spec, double limit, struct plugin **out, struct error *e) {
    return plugin_create_from(explainer_sources, spec, limit, out, e);
}

void plugin_destroy(struct plugin *plugin) {
    if (plugin) {
        plugin_params_finish(&plugin->params);
        explainer_info_finish(&plugin->info);
        if (plugin->kept) plugin->source->forget(plugin->kept);
        process_spec_destroy(plugin->process);
        free(plugin->problem);
        free(plugin->path);
        free(plugin);
    }
}

double plugin_start_limit(const struct plugin *plugin) {
    const struct process_spec *p = plugin->process;
    return !p ? 0 : p->command ? p->start_limit : (double)INFINITY;
}

const char *plugin_noun(const struct plugin *plugin) {
    return plugin->source ? plugin->source->noun : "plugin";
}

bool plugin_is_called(const struct plugin *plugin) {
    return plugin->process && !plugin->process->command;
}

void plugin_bind_job(const struct plugin *plugin, struct pool_job *job) {
    job->trusted = plugin->source->outside;
    job->start = plugin_start_limit(plugin);
    if (plugin_is_called(plugin)) job->calls = UINT32_MAX;
}

void plugin_tend(const struct plugin *plugin, int log, const char *name) {
    if (plugin->source->tend) plugin->source->tend(plugin->kept, log, name);
}

bool plugin_usable(const struct plugin *plugin, struct error *e) {
    return !plugin->problem || error_set(e, "%s", plugin->problem);
}

bool plugin_open(const struct plugin *plugin, const assay_host *host, const assay_explainer **out, struct error *e) {
    const struct source_request request = {place_of(plugin),     plugin->digest,       plugin->info.id,
                                           plugin->params.items, plugin->params.count, plugin->kept};
    struct process_state state;
    if (!plugin_usable(plugin, e)) return false;
    process_state_save(&state);
    bool ok = plugin->source->open(&request, host, out, e);
    process_state_restore(&state);
    return ok;
}

void plugin_close(const struct plugin *plugin, const assay_explainer *explainer) {
    struct process_state state;
    if (!explainer) return;
    process_state_save(&state);
    plugin->source->close(explainer);
    process_state_restore(&state);
}

/* ---- parameters ---- */

char *plugin_params_text(const struct plugin *plugin) {
    struct text text = {0};
    text_append(&text, "", 0);
    for (uint32_t i = 0; i < plugin->params.count; i++) {
        int kind = plugin->info.params[i].kind;
        const assay_param *param = &plugin->params.items[i];
        text_add(&text, "%s%s=", i ? "," : "", param->name);
        if (kind == ASSAY_NUMBER || kind == ASSAY_INTEGER) text_add(&text, "%.10g", param->number);
        else text_add(&text, "%s", param->text);
    }
    if (text.failed) text_finish(&text);
    return text.data;
}

bool plugin_has_text(const struct plugin *plugin) {
    for (uint32_t i = 0; i < plugin->params.count; i++)
        if (plugin->info.params[i].kind == ASSAY_TEXT && plugin->params.items[i].text &&
            plugin->params.items[i].text[0])
            return true;
    return false;
}

double plugin_number(const struct plugin *plugin, const char *name, double fallback) {
    for (uint32_t i = 0; i < plugin->params.count; i++)
        if (plugin->info.params[i].kind <= ASSAY_INTEGER && strcmp(plugin->params.items[i].name, name) == 0)
            return plugin->params.items[i].number;
    return fallback;
}

const char *plugin_text(const struct plugin *plugin, const char *name) {
    for (uint32_t i = 0; i < plugin->params.count; i++)
        if (plugin->info.params[i].kind >= ASSAY_CHOICE && strcmp(plugin->params.items[i].name, name) == 0)
            return plugin->params.items[i].text ? plugin->params.items[i].text : "";
    return "";
}
