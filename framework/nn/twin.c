/* twin.c: the networks that are another one in other words. */
#include "nn/twin.h"

#include "base/rng.h"
#include "base/text.h"
#include "nn/op.h"
#include "nn/units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NEAR_SHARE .001 /* sd, as a share of each weight */

const char *twin_name(enum twin twin) {
    static const char *const names[TWIN_COUNT] = {"near", "units", "confidence"};
    return names[twin];
}

static bool has_units(const struct graph *g, bool *free, bool *last, struct error *e) {
    struct units *u;
    if (!units_create(g, &u, e)) return false;
    *free = units_free(u) > 0;
    *last = units_reach_last(u);
    units_destroy(u);
    return true;
}

bool twin_exists(const struct graph *g, enum twin twin, bool *exists, char *why, size_t size, struct error *e) {
    bool last;
    *exists = true;
    if (twin == TWIN_UNITS && !has_units(g, exists, &last, e)) return false;
    if (twin == TWIN_CONFIDENCE) *exists = g->classes > 1 && !g->paired;
    if (!*exists)
        snprintf(why, size, "%s",
                 twin == TWIN_UNITS ? "No hidden units can be re-ordered: none are written and read by layers alone."
                                    : "The network has one output: there are no other classes.");
    return true;
}

bool twin_reaches_last(const struct graph *g, bool *reaches, struct error *e) {
    bool any;
    return has_units(g, &any, reaches, e);
}

/* A running mean or variance: what the network measured, and did not learn. */
static bool is_statistic(const struct graph *g, uint32_t value) {
    for (uint32_t i = 0; i < g->node_count; i++) {
        const struct node *node = &g->nodes[i];
        if (strcmp(node->op->name, "BatchNormalization") != 0) continue;
        for (uint32_t k = 3; k < node->input_count; k++)
            if (node->inputs[k] == value) return true;
    }
    return false;
}

static bool move_near(struct weights *w, uint64_t seed, struct error *e) {
    const struct graph *g = w->graph;
    for (uint32_t i = 0; i < g->value_count; i++) {
        const struct value *v = &g->values[i];
        if (v->kind != VALUE_PARAMETER || is_statistic(g, i)) continue;
        float *data = weights_edit(w, i);
        char *purpose = text_format("twin/near %s", v->name);
        if (!data || !purpose) {
            free(purpose);
            return error_memory(e);
        }
        struct rng rng = rng_stream(seed, purpose, 0);
        free(purpose);
        for (size_t k = 0; k < shape_count(&v->shape); k++)
            data[k] = (float)(data[k] * (1 + NEAR_SHARE * rng_normal(&rng)));
    }
    return true;
}

static bool shuffle(struct weights *w, uint64_t seed, struct error *e) {
    struct units *u;
    if (!units_create(w->graph, &u, e)) return false;
    bool ok = units_shuffle(u, seed, w, e);
    units_destroy(u);
    return ok;
}

bool twin_make(enum twin twin, const struct weights *of, uint64_t seed, struct weights **out, struct error *e) {
    struct weights *w;
    if (!weights_copy(of, &w, e)) return false;
    bool ok = twin == TWIN_NEAR ? move_near(w, seed, e) : twin == TWIN_UNITS ? shuffle(w, seed, e) : true;
    if (ok) *out = w;
    else weights_destroy(w);
    return ok;
}

bool twin_raise(struct weights *w, uint32_t target, float by, struct error *e) {
    if (!w->raised) w->raised = calloc(w->graph->classes, sizeof *w->raised);
    if (!w->raised) return error_memory(e);
    for (uint32_t k = 0; k < w->graph->classes; k++) w->raised[k] = k == target ? 0 : by;
    return true;
}
