/* check_params.c: another value of each parameter, and whether the maps are others. */
#include "cli/check_params.h"

#include "base/text.h"
#include "host/call.h"
#include "host/handle.h"
#include "workers/pool.h"
#include "workers/printed.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool params_seen_init(struct params_seen *seen, const struct plugin *plugin, struct error *e) {
    seen->of = calloc(plugin->info.param_count + (size_t)1, sizeof *seen->of);
    return seen->of || error_memory(e);
}

void params_seen_finish(struct params_seen *seen) {
    free(seen->of);
    seen->of = NULL;
}

/* ---- in the child: two explainers, one batch ---- */

struct comparison {
    const struct plugin *plugins[2];
    const struct conformance_case *c;
    bool came, differ;
    char death[200];
};

/* The maps of the batch in fresh memory; NULL: there are none. */
static float *maps_of(const struct plugin *plugin, const struct conformance_case *c, struct channel *channel) {
    const assay_explainer *explainer = NULL;
    struct net *net = NULL;
    struct handle *handle = NULL;
    struct call call = {0};
    struct error e;
    size_t count = shape_count(&c->weights->graph->sample);
    const assay_request request = {c->n, c->inputs, c->targets, c->seeds};
    float *maps = malloc(c->n * count * sizeof *maps);
    bool ok = maps && plugin_open(plugin, handle_host(), &explainer, &e) && net_create(c->weights, &net, &e) &&
              handle_create(net, &handle, &e) && (c->linear || handle_refuse_idle_rules(handle, &e)) &&
              call_init(&call, explainer, count, c->n, &e);
    channel_beat(channel);
    if (ok) handle_background(handle, c->inputs, c->n);
    ok = ok && call_make(&call, handle, &request, CALL_NAN_A, maps) == ASSAY_OK;
    channel_beat(channel);
    if (ok) return maps;
    free(maps);
    return NULL;
}

static void work(void *user, struct pool_job *job, struct channel *channel) {
    const struct comparison *both = user;
    size_t bytes = both->c->n * shape_count(&both->c->weights->graph->sample) * sizeof(float);
    (void)job;
    float *a = maps_of(both->plugins[0], both->c, channel), *b = a ? maps_of(both->plugins[1], both->c, channel) : NULL;
    /* Values that a method refuses here are used all the same. */
    uint32_t differ = a && (!b || memcmp(a, b, bytes) != 0);
    channel_send(channel, 1, &differ, sizeof differ);
    free(a);
    free(b);
}

static enum pool_answer message(void *user, struct pool_job *job, uint32_t type, const void *data, size_t size,
                                struct error *e) {
    struct comparison *both = user;
    uint32_t differ = 2;
    (void)job, (void)type;
    if (size == sizeof differ) memcpy(&differ, data, sizeof differ);
    if (differ > 1) {
        error_set(e, "sent a message that is damaged");
        return POOL_BREACH;
    }
    both->came = true;
    both->differ = differ == 1;
    return POOL_TAKEN;
}

static bool ended(void *user, struct pool_job *job, const char *death, struct error *e) {
    struct comparison *both = user;
    (void)job, (void)e;
    snprintf(both->death, sizeof both->death, "%s", death ? death : "");
    return true;
}

#define CALLS 8u /* beats: one before and behind each call, creation and end */

static bool compare(const struct plugin *plugin, const struct plugin *other, const struct conformance_case *c,
                    double limit, bool *differ, struct error *e) {
    static const struct pool_hooks hooks = {.work = work, .message = message, .ended = ended};
    struct comparison both = {.plugins = {plugin, other}, .c = c};
    struct pool_job job = {.name = PRINTED_PLUGIN, .limit = limit, .calls = CALLS, .largest = sizeof(uint32_t)};
    plugin_bind_job(plugin, &job);
    if (!pool_run(&job, 1, 1, STDERR_FILENO, &hooks, &both, e)) return false;
    *differ = both.differ;
    if (both.death[0]) return error_set(e, "%s", both.death);
    return both.came || error_set(e, "the child process sent no answer");
}

/* ---- other values ---- */

#define MOST_VALUES 5u

/* Number k, near enough to cost no more than a little; false: it is out of range or the value itself. */
static bool other_value(const struct param_info *info, double now, uint32_t k, double *out) {
    const double values[MOST_VALUES] = {now == 0 ? .5 : 1.5 * now, .5 * now, now + 1, now - 1, info->min};
    double value = info->kind == ASSAY_INTEGER ? round(values[k]) : values[k];
    *out = value;
    return value >= info->min && value <= info->max && (value < now || value > now);
}

/* The spec with that parameter set anew; NULL: out of memory. The caller destroys it. */
static bool create_other(const struct explainer_spec *spec, const struct param_info *info, double value, double limit,
                         struct plugin **out, struct error *e) {
    char text[40];
    struct explainer_spec other = *spec;
    snprintf(text, sizeof text, "%.9g", value);
    other.params = malloc((spec->param_count + 1) * sizeof *other.params);
    if (!other.params) return error_memory(e);
    other.param_count = 0;
    for (size_t k = 0; k < spec->param_count; k++)
        if (strcmp(spec->params[k].name, info->name) != 0) other.params[other.param_count++] = spec->params[k];
    other.params[other.param_count++] = (struct option){.name = info->name, .value = text};
    bool ok = plugin_create(&other, limit, out, e);
    free(other.params);
    return ok;
}

/* Values of one parameter, until one changes something. */
static bool try_values(const struct plugin *plugin, const struct explainer_spec *spec, const struct conformance_case *c,
                       double limit, uint32_t index, struct param_seen *seen, struct error *e) {
    const struct param_info *info = &plugin->info.params[index];
    bool ok = true;
    for (uint32_t k = 0; ok && !seen->changes && k < MOST_VALUES; k++) {
        double value;
        struct plugin *other = NULL;
        if (!other_value(info, plugin->params.items[index].number, k, &value)) continue;
        ok = create_other(spec, info, value, limit, &other, e);
        if (ok && !other->problem) { /* else create() refuses this combination */
            seen->asked = true;
            seen->value = value;
            ok = compare(plugin, other, c, limit, &seen->changes, e);
        }
        plugin_destroy(other);
    }
    if (!ok) error_prefix(e, "parameter %s", info->name);
    return ok;
}

/* The same without the parameters that the spec gives: some of them leave others nothing to do, as a window of one
 * place does the stride of windows. */
static bool try_values_alone(const struct explainer_spec *spec, const struct conformance_case *c, double limit,
                             uint32_t index, struct param_seen *seen, struct error *e) {
    struct explainer_spec bare = *spec;
    struct param_seen alone = {0};
    struct plugin *plugin = NULL;
    bare.param_count = 0;
    bool ok = plugin_create(&bare, limit, &plugin, e);
    if (ok && !plugin->problem) ok = try_values(plugin, &bare, c, limit, index, &alone, e);
    seen->depends = alone.changes || !alone.asked;
    plugin_destroy(plugin);
    return ok;
}

bool check_params(const struct plugin *plugin, const struct explainer_spec *spec, const struct conformance_case *c,
                  double limit, struct params_seen *seen, struct error *e) {
    bool ok = true;
    for (uint32_t k = 0; ok && k < plugin->info.param_count; k++) {
        int kind = plugin->info.params[k].kind;
        struct param_seen *s = &seen->of[k];
        if ((kind != ASSAY_NUMBER && kind != ASSAY_INTEGER) || s->changes) continue;
        ok = try_values(plugin, spec, c, limit, k, s, e);
        if (ok && s->asked && !s->changes && !s->depends && spec->param_count > 0)
            ok = try_values_alone(spec, c, limit, k, s, e);
    }
    return ok;
}

void check_params_print(const struct plugin *plugin, const struct params_seen *seen,
                        unsigned counts[CONFORMANCE_STATES]) {
    for (uint32_t k = 0; k < plugin->info.param_count; k++) {
        const struct param_seen *s = &seen->of[k];
        double now = plugin->params.items[k].number;
        const char *name = plugin->info.params[k].name;
        if (!s->asked) continue;
        counts[s->changes ? CONFORMANCE_OK : s->depends ? CONFORMANCE_UNSUPPORTED : CONFORMANCE_BREACH]++;
        if (s->changes) printf("ok          parameter: %s: %g and %g give different maps\n", name, now, s->value);
        else if (s->depends)
            printf("unsupported parameter: %s: %g and %g give the same maps beside the other parameters given, "
                   "without which it changes them or is refused\n",
                   name, now, s->value);
        else
            printf("breach      parameter: %s: %g and %g give the same maps on every network: it changes nothing\n",
                   name, now, s->value);
    }
}
