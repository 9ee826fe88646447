/* The model as a plugin sees it, over a network. */
#include "host/handle.h"
#include "host/handle_checks.h"
#include "host/parameters.h"

#include "nn/activations.h"
#include "nn/op.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct handle *handle_of(const assay_model *model) {
    return (struct handle *)model->host;
}

/* ---- The network, or what it said before ---- */

void handle_gradient_key(const char *network, const float *x, size_t count, uint32_t target,
                         char key[FILE_DIGEST_SIZE]) {
    const struct data_part parts[] = {{network, strlen(network) + 1}, {&target, sizeof target}, {x, count * sizeof *x}};
    data_digest_parts(parts, sizeof parts / sizeof *parts, key);
}

/* Samples do not depend on their neighbours: all gradients that are known, or none. */
static bool find_gradients(const struct handle *h, const struct net_request *r, float *out) {
    size_t count = h->model.input.count;
    char key[FILE_DIGEST_SIZE];
    if (!h->gradients || r->question != ASK_GRADIENT || r->rule != NET_GRADIENT) return false;
    for (uint32_t i = 0; i < r->n; i++) {
        handle_gradient_key(h->network, r->x + i * count, count, r->targets[i], key);
        if (!memo_find(h->gradients, key, out + i * count, count)) return false;
    }
    return true;
}

static bool answer(struct handle *h, const struct net_request *r, size_t count, float *out, struct error *e) {
    const bool line = r->question == ASK_LINE_SUM;
    const size_t sample = h->model.input.count * sizeof *r->x, each = r->question == ASK_VJP ? h->model.outputs : 1;
    const uint32_t head[] = {r->question, r->rule, r->n};
    const struct data_part parts[] = {{head, sizeof head},
                                      {r->x, (line ? 1 : r->n) * sample},
                                      {r->targets, r->targets ? (line ? 1 : r->n) * sizeof *r->targets : 0},
                                      {r->weights, r->weights ? r->n * each * sizeof *r->weights : 0},
                                      {r->to, line ? sample : 0},
                                      {r->positions, line ? r->n * sizeof *r->positions : 0}};
    char key[FILE_DIGEST_SIZE];
    h->forward += r->n;
    h->backward += r->question == ASK_FORWARD ? 0 : r->n;
    if (find_gradients(h, r, out)) return true;
    if (!h->memo) return helpers_ask(&h->helpers, h->net, r, out, e);
    data_digest_parts(parts, sizeof parts / sizeof *parts, key);
    if (memo_find(h->memo, key, out, count)) return true;
    if (!helpers_ask(&h->helpers, h->net, r, out, e)) return false;
    memo_keep(h->memo, key, out, count);
    return true;
}

/* f(mask * x) of a network f: gradients are mask times those of f there, on lines and in sums, too. */
static bool answer_masked(struct handle *h, const struct net_request *r, size_t count, float *out, struct error *e) {
    const bool line = r->question == ASK_LINE_SUM;
    struct net_request behind = *r;
    float *x = masked(h->mask, h->model.input.count, line ? 1 : r->n, r->x),
          *to = line ? masked(h->mask, h->model.input.count, 1, r->to) : NULL;
    behind.x = x;
    behind.to = to;
    bool ok = (x && (to || !line)) ? answer(h, &behind, count, out, e) : error_memory(e);
    for (size_t k = 0; ok && r->question != ASK_FORWARD && k < count; k++) out[k] *= h->mask[k % h->model.input.count];
    free(x);
    free(to);
    return ok;
}

/* What the network answers is the network's: a plugin is told that it is not finite, and not blamed for its map. */
static bool ask(struct handle *h, const struct net_request *r, float *out, struct error *e) {
    const bool gradients = r->question == ASK_GRADIENT || r->question == ASK_VJP;
    size_t count =
        r->question == ASK_FORWARD ? (size_t)r->n * h->model.outputs : (gradients ? r->n : 1) * h->model.input.count;
    if (!(h->mask ? answer_masked : answer)(h, r, count, out, e)) return false;
    for (size_t k = 0; k < count; k++) {
        if (isfinite(out[k])) continue;
        h->not_finite = r->question == ASK_FORWARD ? "logits are" : "gradient is";
        return error_set(e, "the network's %s not finite", h->not_finite);
    }
    return true;
}

/* ---- assay_model ---- */

static assay_status model_forward(const assay_model *model, uint32_t n, const float *x, float *logits, assay_why *why) {
    static const char call[] = "forward";
    struct handle *handle = handle_of(model);
    struct error e = {{0}};
    assay_status status = check_batch(model, call, n, x, false, NULL, why);
    if (status != ASSAY_OK || !logits) return status != ASSAY_OK ? status : null_passed(call, "logits", why);
    const struct net_request request = {.question = ASK_FORWARD, .n = n, .x = x};
    return finish(ask(handle, &request, logits, &e), call, &e, why);
}

static assay_status gradient_under(const assay_model *model, enum net_rule rule, uint32_t n, const float *x,
                                   const uint32_t *targets, float *out, assay_why *why) {
    static const char call[] = "gradient";
    struct handle *handle = handle_of(model);
    struct error e = {{0}};
    assay_status status = check_batch(model, call, n, x, true, targets, why);
    if (status != ASSAY_OK || !out) return status != ASSAY_OK ? status : null_passed(call, "out", why);
    const struct net_request request = {.question = ASK_GRADIENT, .rule = rule, .n = n, .x = x, .targets = targets};
    return finish(ask(handle, &request, out, &e), call, &e, why);
}

static assay_status model_gradient(const assay_model *model, uint32_t n, const float *x, const uint32_t *targets,
                                   float *out, assay_why *why) {
    return gradient_under(model, NET_GRADIENT, n, x, targets, out, why);
}

static assay_status model_gradient_sum(const assay_model *model, uint32_t n, const float *x, const uint32_t *targets,
                                       const float *weights, float *out, assay_why *why) {
    static const char call[] = "gradient_sum";
    struct handle *handle = handle_of(model);
    struct error e = {{0}};
    assay_status status = check_batch(model, call, n, x, true, targets, why);
    if (status != ASSAY_OK || !weights || !out)
        return status != ASSAY_OK ? status : null_passed(call, weights ? "out" : "weights", why);
    const struct net_request request = {
        .question = ASK_GRADIENT_SUM, .n = n, .x = x, .targets = targets, .weights = weights};
    return finish(ask(handle, &request, out, &e), call, &e, why);
}

/* ---- assay.layers/1 ---- */

static uint32_t layers_count(const assay_model *model) {
    return handle_of(model)->layer_count;
}

static bool layers_get(const assay_model *model, uint32_t index, assay_layer *out) {
    const struct handle *handle = handle_of(model);
    if (index >= handle->layer_count || !out) return false;
    *out = handle->layers[index];
    return true;
}

static assay_status layers_inspect(const assay_model *model, uint32_t index, uint32_t n, const float *x,
                                   const uint32_t *targets, float *activation, float *gradient, assay_why *why) {
    static const char call[] = "inspect";
    struct handle *handle = handle_of(model);
    struct error e = {{0}};
    if (index >= handle->layer_count) {
        return assay_say(why, ASSAY_FAILED, "%s: layer %u: wanted one below %u, the number of layers", call, index,
                         handle->layer_count);
    }
    assay_status status = check_batch(model, call, n, x, gradient != NULL, targets, why);
    if (status != ASSAY_OK) return status;
    handle->inspected = index + 1;
    handle->forward += n;
    handle->backward += gradient ? n : 0;
    float *shown = handle->mask ? masked(handle->mask, handle->model.input.count, n, x) : NULL;
    bool ok = handle->mask && !shown ? error_memory(&e)
                                     : helpers_inspect(&handle->helpers, handle->net, handle->nodes[index], n,
                                                       shown ? shown : x, targets, activation, gradient, &e);
    free(shown);
    return finish(ok, call, &e, why);
}

static const assay_layers layers_extension = {layers_count, layers_get, layers_inspect};

/* ---- assay.backward/1 ---- */

static assay_status backward_gradient(const assay_model *model, assay_rule rule, uint32_t n, const float *x,
                                      const uint32_t *targets, float *out, assay_why *why) {
    static const enum net_rule rules[] = {
        [ASSAY_RULE_GRADIENT] = NET_GRADIENT,
        [ASSAY_RULE_GUIDED] = NET_GUIDED,
        [ASSAY_RULE_DECONVNET] = NET_DECONVNET,
    };
    if ((size_t)rule >= sizeof rules / sizeof *rules)
        return assay_say(why, ASSAY_UNSUPPORTED, "backward: this host has no rule %d", (int)rule);
    if (rule != ASSAY_RULE_GRADIENT && handle_of(model)->idle_rules)
        return assay_say(why, ASSAY_UNSUPPORTED,
                         "The network has no rectifier (ReLU or its kin): the backward rule changes nothing, this is "
                         "the gradient.");
    if (rule != ASSAY_RULE_GRADIENT) handle_of(model)->ruled += n;
    return gradient_under(model, rules[rule], n, x, targets, out, why);
}

static const assay_backward backward_extension = {backward_gradient};

/* ---- assay.line/1 ---- */

static assay_status line_gradient_sum(const assay_model *model, const float *from, const float *to, uint32_t target,
                                      uint32_t n, const float *positions, const float *weights, float *out,
                                      assay_why *why) {
    static const char call[] = "line gradient_sum";
    struct handle *handle = handle_of(model);
    struct error e = {{0}};
    assay_status status = check_batch(model, call, n, from, false, NULL, why);
    if (status == ASSAY_OK) status = check_batch(model, call, 1, from, true, &target, why);
    if (status != ASSAY_OK || !to || !positions || !weights || !out) {
        const char *missing = !to ? "to" : !positions ? "positions" : !weights ? "weights" : "out";
        return status != ASSAY_OK ? status : null_passed(call, missing, why);
    }
    const struct net_request request = {.question = ASK_LINE_SUM,
                                        .n = n,
                                        .x = from,
                                        .targets = &target,
                                        .weights = weights,
                                        .to = to,
                                        .positions = positions};
    return finish(ask(handle, &request, out, &e), call, &e, why);
}

static const assay_line line_extension = {line_gradient_sum};

/* ---- assay.vjp/1 ---- */

static assay_status vjp(const assay_model *model, uint32_t n, const float *x, const float *cotangent, float *out,
                        assay_why *why) {
    static const char call[] = "vjp";
    const size_t outputs = model->outputs;
    struct error e = {{0}};
    assay_status status = check_batch(model, call, n, x, false, NULL, why);
    if (status != ASSAY_OK || !cotangent || !out)
        return status != ASSAY_OK ? status : null_passed(call, cotangent ? "out" : "cotangent", why);
    for (size_t k = 0; k < n * outputs; k++) {
        if (isfinite(cotangent[k])) continue;
        return assay_say(why, ASSAY_FAILED, "%s: cotangent of output %zu of sample %zu is %g: wanted a finite number",
                         call, k % outputs, k / outputs, (double)cotangent[k]);
    }
    const struct net_request request = {.question = ASK_VJP, .n = n, .x = x, .weights = cotangent};
    return finish(ask(handle_of(model), &request, out, &e), call, &e, why);
}

static const assay_vjp vjp_extension = {vjp};

/* ---- assay.weights/1 ---- */

static uint32_t weights_count(const assay_model *model) {
    const struct handle *handle = handle_of(model);
    return parameters_count(net_weights(handle->net), handle->mask);
}

static bool weights_get(const assay_model *model, uint32_t index, assay_parameter *out) {
    const struct handle *handle = handle_of(model);
    return out && parameters_get(net_weights(handle->net), &model->input, handle->mask, index, out);
}

static const assay_weights weights_extension = {weights_count, weights_get};

/* ---- assay.propagation/1 ---- */

static uint32_t propagation_count(const assay_model *model) {
    return handle_of(model)->operators.count;
}

static bool propagation_get(const assay_model *model, uint32_t index, assay_operator *out) {
    return operators_get(&handle_of(model)->operators, index, out);
}

static assay_status propagation_run(const assay_model *model, const assay_operator_rule *rules, assay_start start,
                                    uint32_t n, const float *x, const float *reference, const uint32_t *targets,
                                    float *out, assay_why *why) {
    static const char call[] = "propagate";
    struct handle *h = handle_of(model);
    const struct operators_request request = {rules, start, n, x, reference, targets, h->mask};
    assay_status status = check_batch(model, call, n, x, true, targets, why);
    if (status != ASSAY_OK || !rules || !out)
        return status != ASSAY_OK ? status : null_passed(call, rules ? "out" : "rules", why);
    h->forward += (reference ? 2 : 1) * (uint64_t)n;
    h->backward += n;
    h->ruled += operators_are_ruled(&h->operators, rules) ? n : 0;
    return operators_propagate(&h->operators, &request, out, &h->not_finite, why);
}

static const assay_propagation propagation_extension = {propagation_count, propagation_get, propagation_run};

/* ---- assay.background/1 ---- */

static const float *background_samples(const assay_model *model, uint32_t *count) {
    if (count) *count = handle_of(model)->background_count;
    return handle_of(model)->background;
}

static const assay_background background_extension = {background_samples};

static const void *model_extension(const assay_model *model, const char *name) {
    if (name && strcmp(name, ASSAY_BACKGROUND) == 0) return handle_of(model)->background ? &background_extension : NULL;
    if (name && strcmp(name, ASSAY_LAYERS) == 0) return &layers_extension;
    if (name && strcmp(name, ASSAY_LINE) == 0) return &line_extension;
    if (name && strcmp(name, ASSAY_VJP) == 0) return &vjp_extension;
    if (name && strcmp(name, ASSAY_PROPAGATION) == 0) return &propagation_extension;
    if (name && strcmp(name, ASSAY_WEIGHTS) == 0) return &weights_extension;
    return name && strcmp(name, ASSAY_BACKWARD) == 0 ? &backward_extension : NULL;
}

/* ---- The handle ---- */

/* dims[skip..] of a shape; false when there are more than the ABI can say. */
static bool shape_for_plugin(const struct shape *shape, uint32_t skip, assay_shape *out) {
    *out = (assay_shape){.rank = shape->rank - skip, .count = 1};
    if (shape->rank < skip || out->rank > sizeof out->dim / sizeof *out->dim) return false;
    for (uint32_t d = 0; d < out->rank; d++) {
        if (shape->dim[skip + d] > UINT32_MAX) return false;
        out->dim[d] = (uint32_t)shape->dim[skip + d];
        out->count *= shape->dim[skip + d];
    }
    return true;
}

/* The first dimension that is the sample's: behind the batch, if that is where it lies. */
static uint32_t sample_begins(const struct graph *graph, const struct value *value) {
    return !graph->single || (value->shape.rank > 0 && value->shape.dim[0] == 1);
}

const char *handle_node_name(const struct graph *graph, uint32_t index) {
    for (uint32_t i = 0; i < graph->layer_count; i++)
        if (graph->layers[i].node == index) return graph->layers[i].name;
    const struct node *node = &graph->nodes[index];
    return node->name && *node->name ? node->name : graph_value(graph, node->outputs[0])->name;
}

static bool collect_layers(struct handle *handle, const struct graph *graph, struct error *e) {
    bool *wanted = calloc((size_t)graph->value_count + 1, sizeof *wanted);
    handle->layers = calloc((size_t)graph->node_count + 1, sizeof *handle->layers);
    handle->nodes = calloc((size_t)graph->node_count + 1, sizeof *handle->nodes);
    if (!wanted || !handle->layers || !handle->nodes) {
        free(wanted);
        return error_memory(e);
    }
    graph_mark_needed(graph, wanted);
    for (uint32_t i = 0; i < graph->node_count; i++) {
        const struct node *node = &graph->nodes[i];
        const struct value *value = graph_value(graph, node->outputs[0]);
        assay_layer layer = {.name = handle_node_name(graph, i), .op = node->op->name};
        if (wanted[node->outputs[0]] && value->batched &&
            shape_for_plugin(&value->shape, sample_begins(graph, value), &layer.output)) {
            handle->nodes[handle->layer_count] = i;
            handle->layers[handle->layer_count++] = layer;
        }
    }
    free(wanted);
    return true;
}

bool handle_create(struct net *net, struct handle **out, struct error *e) {
    const struct graph *graph = net_graph(net);
    struct handle *handle = calloc(1, sizeof *handle);
    if (!handle) return error_memory(e);
    handle->net = net;
    handle->model = (assay_model){
        .host = handle,
        .outputs = graph->classes,
        .forward = model_forward,
        .gradient = model_gradient,
        .gradient_sum = model_gradient_sum,
        .extension = model_extension,
    };
    bool ok = shape_for_plugin(&graph->sample, 0, &handle->model.input);
    if (!ok) error_set(e, "the model's input has %u dimensions: at most 4 wanted", graph->sample.rank);
    if (!ok || !collect_layers(handle, graph, e) || !operators_init(&handle->operators, net, e)) {
        handle_destroy(handle);
        return false;
    }
    *out = handle;
    return true;
}

bool handle_refuse_idle_rules(struct handle *handle, struct error *e) {
    struct activations found;
    if (!graph_activations(net_graph(handle->net), &found, e)) return false;
    handle->idle_rules = found.rectifiers == 0;
    return true;
}

bool handle_mask(struct handle *handle, const float *mask, struct error *e) {
    if (handle->memo || handle->gradients) return error_set(e, "a memo of a network under no mask");
    handle->mask = mask;
    return true;
}

void handle_inspected(const struct handle *handle, char *out, size_t size) {
    *out = '\0';
    if (handle->inspected == 0) return;
    const assay_layer *layer = &handle->layers[handle->inspected - 1];
    size_t used = (size_t)snprintf(out, size, "%.120s", layer->name);
    for (uint32_t d = 0; d < layer->output.rank && used < size; d++)
        used += (size_t)snprintf(out + used, size - used, "%s%u", d ? " x " : " (", layer->output.dim[d]);
    if (used < size) snprintf(out + used, size - used, "%s", layer->output.rank ? ")" : "");
}

void handle_destroy(struct handle *handle) {
    if (handle) {
        free(handle->layers);
        free(handle->nodes);
        operators_finish(&handle->operators);
        free(handle);
    }
}
