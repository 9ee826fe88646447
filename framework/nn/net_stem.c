/* net_stem.c: stems, by the bytes of their samples. Each has the arrays that are needed from a node on, before the
 * first node of every layer that was named. Arrays that stayed as they were from one such node to the next are kept
 * once.
 *
 * There is room for so many bytes. Who comes first is kept, as requests come again in the same order. A stem that
 * nobody asked for under the last two networks makes room. */
#include "nn/net.h"
#include "nn/net_plan.h"
#include "nn/net_size.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct piece {
    uint32_t array, written; /* as in struct alive */
    size_t count;
    float *data;
};

/* Only who has made it busy looks into it. */
struct stem {
    bool busy;
    uint64_t network; /* under which it was asked for last */
    enum plan_kind kind;
    bool plain;
    uint32_t n;
    float *x; /* [n][sample] */
    size_t bytes;
    struct piece *pieces;
    uint32_t piece_count;
    uint32_t *nodes, node_count; /* before which all arrays are there */
};

struct stems {
    pthread_mutex_t lock;
    size_t most, used; /* bytes */
    uint32_t *begins;  /* [layer_count]: the node where the layer begins; GRAPH_NONE: nowhere */
    bool *changed;     /* [layer_count] */
    uint32_t *wanted;  /* nodes, ascending */
    uint32_t wanted_count;
    uint64_t network; /* counts the networks that were asked */
    bool another;     /* it changes with the next question */
    struct stem **all;
    uint32_t count;
};

/* ---- What is wanted ---- */

/* A fused Conv does the work of its followers. */
static uint32_t where_it_runs(const struct net *net, uint32_t node) {
    uint32_t index = net->fusion_of[node];
    return index ? net->fusions[index - 1].conv : node;
}

static uint32_t find_begin(const struct net *net, const struct layer *layer) {
    uint32_t first = GRAPH_NONE;
    for (uint32_t i = 0; i < net->step_count; i++) {
        if (!node_reads_layer(&net->graph->nodes[net->steps[i]], layer)) continue;
        uint32_t node = where_it_runs(net, net->steps[i]);
        if (node < first) first = node;
    }
    return first;
}

static int ascending(const void *a, const void *b) {
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

static struct stems *create(const struct net *net, const bool *layers, size_t bytes) {
    const struct graph *g = net->graph;
    struct stems *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    s->most = bytes;
    s->begins = malloc((g->layer_count + 1u) * sizeof *s->begins);
    s->wanted = malloc((g->layer_count + 1u) * sizeof *s->wanted);
    s->changed = calloc(g->layer_count + 1u, sizeof *s->changed);
    pthread_mutex_init(&s->lock, NULL);
    if (!s->begins || !s->wanted || !s->changed) {
        stems_destroy(s);
        return NULL;
    }
    for (uint32_t l = 0; l < g->layer_count; l++) {
        s->begins[l] = find_begin(net, &g->layers[l]);
        if (layers[l] && s->begins[l] != GRAPH_NONE && s->begins[l] > net->steps[0])
            s->wanted[s->wanted_count++] = s->begins[l];
    }
    qsort(s->wanted, s->wanted_count, sizeof *s->wanted, ascending);
    return s;
}

bool net_keep(struct net *net, const bool *layers, size_t bytes, struct error *e) {
    stems_destroy(net->stems);
    net->stems = NULL;
    if (!net->step_count) return true;
    net->stems = create(net, layers, bytes);
    return net->stems || error_memory(e);
}

size_t net_kept(const struct net *net) {
    return net->stems ? net->stems->used : 0;
}

void stems_note(struct stems *s, uint32_t layer, bool changed) {
    if (!s) return;
    s->changed[layer] = changed;
    s->another = true;
}

/* Up to the node, all is as it was when stems were asked for. */
static uint32_t first_changed(const struct stems *s, const struct net *net) {
    uint32_t first = GRAPH_NONE;
    for (uint32_t l = 0; l < net->graph->layer_count; l++)
        if (s->changed[l] && s->begins[l] < first) first = s->begins[l];
    return first;
}

/* ---- Memory ---- */

static void destroy_stem(struct stem *stem) {
    for (uint32_t i = 0; i < stem->piece_count; i++) free(stem->pieces[i].data);
    free(stem->pieces);
    free(stem->nodes);
    free(stem->x);
    free(stem);
}

void stems_destroy(struct stems *s) {
    if (!s) return;
    for (uint32_t i = 0; i < s->count; i++) destroy_stem(s->all[i]);
    pthread_mutex_destroy(&s->lock);
    free(s->all);
    free(s->begins);
    free(s->changed);
    free(s->wanted);
    free(s);
}

/* Under the lock. Whether there is room, or was made, for the stem to take so many bytes more. */
static bool make_room(struct stems *s, struct stem *stem, size_t bytes) {
    for (uint32_t i = 0; i < s->count && s->used + bytes > s->most; i++) {
        struct stem *old = s->all[i];
        if (old->busy || old->network + 1 >= s->network) continue;
        s->used -= old->bytes;
        destroy_stem(old);
        s->all[i--] = s->all[--s->count];
    }
    if (s->used + bytes > s->most) return false;
    s->used += bytes;
    stem->bytes += bytes;
    return true;
}

static bool is_of(const struct stem *stem, const struct plan *plan, const float *x, size_t bytes) {
    return stem->n == plan->batch && stem->kind == plan->kind && stem->plain == plan->plain &&
           memcmp(stem->x, x, bytes) == 0;
}

/* Under the lock; busy. NULL: there is no room. */
static struct stem *add_stem(struct stems *s, const struct plan *plan, const float *x, size_t bytes) {
    struct stem *stem = calloc(1, sizeof *stem), **all = NULL;
    if (!stem) return NULL;
    *stem = (struct stem){.busy = true, .kind = plan->kind, .plain = plan->plain, .n = plan->batch};
    if (!make_room(s, stem, bytes)) {
        free(stem);
        return NULL;
    }
    stem->x = malloc(bytes);
    all = realloc(s->all, (s->count + 1) * sizeof(struct stem *));
    if (all) s->all = all;
    if (!stem->x || !all) {
        s->used -= bytes;
        destroy_stem(stem);
        return NULL;
    }
    memcpy(stem->x, x, bytes);
    s->all[s->count++] = stem;
    return stem;
}

/* The stem of those samples, busy; a new one where there is room and `add`; or NULL. */
static struct stem *borrow(struct stems *s, const struct net *net, const float *x, bool add) {
    size_t bytes = net->group->batch * shape_count(&net->graph->sample) * sizeof *x;
    struct stem *stem = NULL;
    uint32_t i = 0;
    pthread_mutex_lock(&s->lock);
    s->network += s->another;
    s->another = false;
    while (i < s->count && !is_of(s->all[i], net->group, x, bytes)) i++;
    if (i < s->count) stem = s->all[i]->busy ? NULL : s->all[i];
    else if (add) stem = add_stem(s, net->group, x, bytes);
    if (stem) {
        stem->busy = true;
        stem->network = s->network;
    }
    pthread_mutex_unlock(&s->lock);
    return stem;
}

static void give_back(struct stems *s, struct stem *stem) {
    pthread_mutex_lock(&s->lock);
    stem->busy = false;
    pthread_mutex_unlock(&s->lock);
}

/* ---- Keeping and bringing back ---- */

static const struct piece *find_piece(const struct stem *stem, const struct alive *a) {
    for (uint32_t i = 0; i < stem->piece_count; i++) {
        const struct piece *p = &stem->pieces[i];
        if (p->array == a->array && p->written == a->written && p->count == a->count) return p;
    }
    return NULL;
}

static bool add_pieces(struct stem *stem, const struct alive *all, uint32_t count) {
    struct piece *pieces = realloc(stem->pieces, (stem->piece_count + count) * sizeof *pieces);
    if (!pieces) return false;
    stem->pieces = pieces;
    for (uint32_t i = 0; i < count; i++) {
        const struct alive *a = &all[i];
        if (find_piece(stem, a)) continue;
        float *data = malloc(a->count * sizeof *data);
        if (!data) return false;
        memcpy(data, a->data, a->count * sizeof *data);
        stem->pieces[stem->piece_count++] = (struct piece){a->array, a->written, a->count, data};
    }
    return true;
}

/* What the plan has before the node is run. Without room or memory the stem stays as it is. */
static void keep(struct stems *s, struct stem *stem, const struct net *net, uint32_t node) {
    uint32_t count;
    struct alive *all = memory_alive(net, net->group, node, &count);
    uint32_t *nodes = all ? realloc(stem->nodes, (stem->node_count + 1) * sizeof *nodes) : NULL;
    size_t bytes = 0;
    if (nodes) stem->nodes = nodes;
    for (uint32_t i = 0; nodes && i < count; i++)
        if (!find_piece(stem, &all[i])) bytes += all[i].count * sizeof(float);
    pthread_mutex_lock(&s->lock);
    bool room = nodes && count && make_room(s, stem, bytes);
    pthread_mutex_unlock(&s->lock);
    if (room && add_pieces(stem, all, count)) stem->nodes[stem->node_count++] = node;
    free(all);
}

static bool has(const struct stem *stem, uint32_t node) {
    for (uint32_t i = 0; i < stem->node_count; i++)
        if (stem->nodes[i] == node) return true;
    return false;
}

/* Brings back what was kept before the last node up to `limit`, which is returned; 0: nothing. */
static uint32_t bring_back(const struct stem *stem, const struct net *net, uint32_t limit) {
    uint32_t best = 0, count;
    for (uint32_t i = 0; i < stem->node_count; i++)
        if (stem->nodes[i] <= limit && stem->nodes[i] > best) best = stem->nodes[i];
    struct alive *all = best ? memory_alive(net, net->group, best, &count) : NULL;
    if (!all) return 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct piece *p = find_piece(stem, &all[i]);
        if (!p) best = 0; /* run from the start: what was brought back is written over */
        else memcpy(all[i].data, p->data, p->count * sizeof *p->data);
    }
    free(all);
    return best;
}

/* ---- How much it would be ---- */

#define LINE (64 / sizeof(float)) /* arrays end with a cache line, whatever the number of samples */

/* As keep() finds them, of one sample: arrays before each node that is wanted, once. */
static bool measure_pieces(const struct stems *s, const struct net *net, struct plan *plan, size_t *floats) {
    struct stem all = {.piece_count = 0};
    bool ok = true;
    *floats = 0;
    for (uint32_t i = 0; ok && i < s->wanted_count; i++) {
        uint32_t count;
        struct alive *alive = memory_alive(net, plan, s->wanted[i], &count);
        struct piece *pieces = alive ? realloc(all.pieces, (all.piece_count + count + 1) * sizeof *pieces) : NULL;
        if (pieces) all.pieces = pieces;
        ok = pieces != NULL;
        for (uint32_t k = 0; ok && k < count; k++) {
            if (find_piece(&all, &alive[k])) continue;
            *floats += alive[k].count / plan->batch + LINE;
            all.pieces[all.piece_count++] = (struct piece){alive[k].array, alive[k].written, alive[k].count, NULL};
        }
        free(alive);
    }
    free(all.pieces);
    return ok;
}

bool net_keep_size(const struct net *net, const bool *layers, size_t *bytes, struct error *e) {
    struct plan *plan;
    size_t floats = 0;
    *bytes = 0;
    if (!net->step_count) return true;
    if (!plan_measure(net, PLAN_GRADIENT, group_size(net), 1, &plan, e)) return false;
    struct stems *s = create(net, layers, 0);
    bool ok = (s && measure_pieces(s, net, plan, &floats)) || error_memory(e);
    if (ok && s->wanted_count) *bytes = (floats + shape_count(&net->graph->sample)) * sizeof(float);
    stems_destroy(s);
    plan_destroy(plan);
    return ok;
}

void stem_forward(const struct net *net, const float *x, uint32_t own, uint32_t last) {
    struct stems *s = net->stems;
    uint32_t from = 0, limit = own == GRAPH_NONE ? own : where_it_runs(net, own);
    struct stem *stem = NULL;
    if (s && s->wanted_count) {
        uint32_t changed = first_changed(s, net);
        limit = changed < limit ? changed : limit;
        stem = borrow(s, net, x, s->wanted[0] <= limit);
    }
    if (stem) {
        from = bring_back(stem, net, limit);
        for (uint32_t i = 0; i < s->wanted_count && s->wanted[i] <= limit; i++) {
            uint32_t node = s->wanted[i];
            if (node <= from || has(stem, node)) continue;
            run_forward(net, net->group, x, from, node - 1);
            keep(s, stem, net, node);
            from = node;
        }
        give_back(s, stem);
    }
    run_forward(net, net->group, x, from, last);
}
