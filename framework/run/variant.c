/* variant.c: what differs between the last network and the next, and drawing only that anew. */
#include "run/variant.h"

#include <stdlib.h>

/* How a layer of variant->own is. */
struct drawn {
    enum { AS_LOADED, DRAWN, UNKNOWN } how;
    struct init_options init; /* DRAWN */
};

static bool same_init(const struct init_options *a, const struct init_options *b) {
    bool same_sigma = !(a->sigma < b->sigma || a->sigma > b->sigma);
    return a->scheme == b->scheme && same_sigma && a->keep_running_stats == b->keep_running_stats &&
           a->seed == b->seed && a->draw == b->draw && a->negate == b->negate;
}

static struct drawn wanted_of(const struct run *run, const struct attribution *a, uint32_t layer) {
    struct drawn wanted = {.how = attribution_is_redrawn(a) && a->model.layers[layer] ? DRAWN : AS_LOADED,
                           .init = a->model.init};
    /* An antithetic pair differs in the top layer only: W and -W there, the same draw below. */
    wanted.init.negate = a->model.init.negate && layer + 1 == run->graph->layer_count;
    return wanted;
}

static bool bring_layer(struct variant *v, uint32_t layer, const struct drawn *wanted, struct error *e) {
    struct drawn *is = &v->layers[layer];
    if (is->how == wanted->how && (is->how == AS_LOADED || same_init(&is->init, &wanted->init))) return true;
    is->how = UNKNOWN;
    if (v->net) net_changed(v->net, layer);
    /* Some schemes draw from what is there. */
    if (!weights_restore(v->own, run_root_weights(v->run, v->root), layer, e) ||
        (wanted->how == DRAWN && !weights_redraw(v->own, layer, &wanted->init, e)))
        return false;
    *is = *wanted;
    if (v->net && wanted->how == AS_LOADED) net_restored(v->net, layer);
    return true;
}

static bool bring_weights(struct variant *v, const struct attribution *a, struct error *e) {
    const struct run *run = v->run;
    if (!v->own && !weights_copy(run_root_weights(run, v->root), &v->own, e)) return false;
    for (uint32_t l = 0; l < run_root_graph(run, v->root)->layer_count; l++) {
        struct drawn wanted = wanted_of(run, a, l);
        if (!bring_layer(v, l, &wanted, e)) return false;
    }
    return true;
}

bool variant_init(struct variant *v, const struct run *run, enum root root, struct error *e) {
    *v = (struct variant){.run = run, .root = root};
    const struct graph *g = run_root_graph(run, root);
    v->layers = calloc(g->layer_count + 1u, sizeof *v->layers);
    v->begins = calloc(g->layer_count + 1u, sizeof *v->begins);
    return (v->layers && v->begins) || error_memory(e);
}

uint32_t variant_begin(const struct run *run, const struct attribution *a) {
    if (!attribution_is_redrawn(a)) return UINT32_MAX;
    uint32_t layers = run_root_graph(run, a->root)->layer_count, first = 0;
    while (first < layers && !a->model.layers[first]) first++;
    return first < layers ? first : UINT32_MAX;
}

void variant_expect(struct variant *v, const struct attribution *a) {
    uint32_t first = a->root == v->root ? variant_begin(v->run, a) : UINT32_MAX;
    if (first != UINT32_MAX) v->begins[first] = v->keeps = true;
}

void variant_finish(struct variant *v) {
    net_destroy(v->net);
    weights_destroy(v->own);
    weights_destroy(v->twin);
    free(v->layers);
    free(v->begins);
    *v = (struct variant){0};
}

/* A net has no other weights than those it was made for. */
static void drop_net(struct variant *v) {
    net_destroy(v->net);
    v->net = NULL;
    v->current = NULL;
}

static bool make_twin(struct variant *v, const struct attribution *a, struct error *e) {
    if (v->twin && v->current == v->twin) drop_net(v);
    weights_destroy(v->twin);
    v->twin = NULL;
    return twin_make(a->model.twin, run_root_weights(v->run, v->root), a->model.seed, &v->twin, e);
}

bool variant_raise(struct variant *v, uint32_t target, float by, struct error *e) {
    return twin_raise(v->twin, target, by, e);
}

static bool find_weights(struct variant *v, const struct attribution *a, const struct weights **out, struct error *e) {
    if (attribution_is_twin(a)) {
        if (!make_twin(v, a, e)) return false;
        *out = v->twin;
        return true;
    }
    if (v->root == ROOT_LABELS) {
        const struct network *n = run_network(v->run, a->model.network, a->model.network_draw);
        if (!n || !n->weights)
            return error_set(e, "network %s/%u was not trained: %s", network_kind_name(a->model.network),
                             a->model.network_draw, n && n->failure ? n->failure : "it is missing");
        *out = n->weights;
        return true;
    }
    if (!bring_weights(v, a, e)) return false;
    *out = v->own;
    return true;
}

/* Of the root as it was loaded. */
static bool keep_passes(struct variant *v, struct error *e) {
    const size_t most = run_limits(v->run)->passes;
    if (!most) return true;
    if (!net_keep(v->net, v->begins, most, e)) return false;
    for (uint32_t l = 0; l < v->own->graph->layer_count; l++)
        if (v->layers[l].how != AS_LOADED) net_changed(v->net, l);
    return true;
}

bool variant_take(struct variant *v, const struct attribution *a, struct error *e) {
    const struct weights *weights = NULL;
    if (!find_weights(v, a, &weights, e)) return false;
    if (v->current == weights) return true;
    drop_net(v);
    if (!run_net(v->run, weights, &v->net, e)) return false;
    v->current = weights;
    return weights != v->own || !v->keeps || keep_passes(v, e);
}

bool variant_digest(struct variant *v, char out[FILE_DIGEST_SIZE], struct error *e) {
    const struct graph *g = v->current->graph;
    struct data_part *parts = calloc(g->value_count + 1u, sizeof *parts);
    size_t count = 0;
    if (!parts) return error_memory(e);
    for (uint32_t i = 0; i < g->value_count; i++) {
        if (g->values[i].kind != VALUE_PARAMETER) continue;
        parts[count++] = (struct data_part){weights_known_digest(v->current, i), FILE_DIGEST_SIZE - 1};
    }
    data_digest_parts(parts, count, out);
    free(parts);
    return true;
}
