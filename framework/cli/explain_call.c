/* explain_call.c: the child's side and the parent's. */
#include "cli/explain_call.h"

#include "host/call.h"
#include "workers/isolate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static size_t elements(const struct explain_call *c) {
    return shape_count(&net_graph(c->net)->sample);
}

/* In the child: a guarded call of an explainer that was opened. */
static bool ask(const struct explain_call *c, const assay_explainer *explainer, struct cores *cores, float *map,
                struct error *e) {
    const assay_request request = {1, c->x, &c->target, &c->seed};
    struct handle *handle = NULL;
    struct call call = {0};
    bool ok = handle_create(c->net, &handle, e) && handle_refuse_idle_rules(handle, e) &&
              call_init(&call, explainer, elements(c), 1, e);
    if (ok) {
        cores_enter(cores, 0);
        handle->helpers = (struct helpers){cores, 0};
        handle->kind = HANDLE_KIND_MODEL;
        ok = call_make(&call, handle, &request, CALL_NAN_A, map) == ASSAY_OK ||
             error_set(e, "%s", call.why[0] ? call.why : "failed without a reason");
        if (call_breach(&call)) ok = error_set(e, "%s", call_breach(&call));
    }
    call_finish(&call);
    handle_destroy(handle);
    return ok;
}

/* In the child: everything the plugin does. Elements that were not written are NaN. */
static bool work(void *user, int fd) {
    const struct explain_call *c = user;
    struct error e = {{0}};
    struct cores *cores = NULL;
    const assay_explainer *explainer = NULL;
    size_t n = elements(c);
    float *map = calloc(n, sizeof *map);
    bool ok = (map || error_memory(&e)) && cores_create(cores_online(), 1, &cores, &e) &&
              plugin_open(c->plugin, handle_host(), &explainer, &e) && ask(c, explainer, cores, map, &e);
    isolate_write(fd, ok ? (const void *)map : e.text, ok ? n * sizeof *map : strlen(e.text));
    plugin_close(c->plugin, explainer);
    cores_destroy(cores);
    free(map);
    return ok;
}

bool explain_call(const struct explain_call *c, float **map, struct error *e) {
    struct explain_call copy = *c; /* the child's, whose work may write to what it is given */
    size_t n = elements(c), size = 0;
    char *out = NULL;
    bool own = c->plugin->source->outside;
    if (!(own ? isolate_run_own : isolate_run)(work, &copy, c->limit + plugin_start_limit(c->plugin), &out, &size, e))
        return error_prefix(e, "%s", c->name);
    *map = (float *)(void *)out; /* from malloc, so aligned */
    if (size != n * sizeof **map)
        return error_set(e, "%s: the child process sent %zu bytes: %zu wanted", c->name, size, n * sizeof **map);
    for (size_t i = 0; i < n; i++)
        if (!isfinite((*map)[i]))
            return error_set(e, "%s: element %zu of the map is %g or was not written: a finite number wanted", c->name,
                             i, (double)(*map)[i]);
    return true;
}
