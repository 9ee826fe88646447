/* ig.c: integrated gradients of one image by the plugin that comes with assay, on two cores.
 */
#include "base/npy.h"
#include "bench.h"
#include "nn/onnx.h"
#include "battery/battery.h"
#include "workers/cores.h"
#include "host/handle.h"
#include "host/plugin.h"

#include <stdlib.h>

#define REPEATS 1
#define STEPS 50

struct job {
    const assay_explainer *explainer;
    struct handle *handle;
    assay_request request;
    float *map;
};

static void attribute(void *user) {
    struct job *j = user;
    struct error e;
    char text[256] = "";
    assay_why why = {text, sizeof text};
    if (j->explainer->attribute(j->explainer, &j->handle->model, &j->request, j->map, &why) != ASSAY_OK)
        bench_need(error_set(&e, "%s", text), &e);
}

int bench_ig(int argc, char **argv) {
    struct error e;
    struct graph *graph;
    struct weights *weights;
    struct net *net;
    struct explainer_spec spec;
    struct plugin *plugin;
    struct job j;
    struct cores *cores;
    struct shape shape;
    float *x;
    if (argc != 3) return 2;
    bench_need(onnx_load(argv[0], &graph, &e) && weights_create(graph, &weights, &e) && net_create(weights, &net, &e) &&
                   npy_read(argv[1], &shape, &x, &e) && cores_create(2, 1, &cores, &e) &&
                   explainer_spec_parse("integrated-gradients:steps=50", &spec, &e) &&
                   plugin_create(&spec, PLUGIN_PROBE_SECONDS, &plugin, &e) &&
                   plugin_open(plugin, handle_host(), &j.explainer, &e) && handle_create(net, &j.handle, &e),
               &e);
    cores_enter(cores, 0);
    j.handle->helpers = (struct helpers){cores, 0};
    float *logits = bench_alloc(graph->classes * sizeof *logits);
    bench_need(net_forward(net, 1, x, logits, &e), &e);
    uint32_t target = net_class(logits, graph->classes);
    j.request = (assay_request){.n = 1, .inputs = x, .targets = &target, .seeds = &(const uint64_t){1}};
    j.map = bench_alloc(shape_count(&shape) * sizeof *j.map);
    bench_report("integrated gradients, 50 steps", bench_best(REPEATS, 1, attribute, &j),
                 2 * STEPS * bench_forward_gflop(graph));
    bench_need(npy_write(argv[2], &shape, j.map, &e), &e);
    handle_destroy(j.handle);
    plugin_close(plugin, j.explainer);
    plugin_destroy(plugin);
    explainer_spec_finish(&spec);
    cores_destroy(cores);
    net_destroy(net);
    weights_destroy(weights);
    graph_destroy(graph);
    free(j.map);
    free(logits);
    free(x);
    return 0;
}
