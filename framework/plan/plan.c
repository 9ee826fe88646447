#include "plan/plan.h"

#include "base/array.h"
#include "base/file.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

const char *root_name(enum root r) {
    static const char *const names[] = {"model", "true", "linear"};
    return names[r];
}

const char *role_name(enum role r) {
    static const char *const names[] = {"true", "permuted", "twin"};
    return names[r];
}

void plan_init(struct plan *p, const struct graph *graph) {
    *p = (struct plan){.graph = graph};
}

void plan_finish(struct plan *p) {
    for (uint32_t i = 0; i < p->attribution_count; i++) {
        free(p->attributions[i].key);
        free(p->attributions[i].layers);
    }
    for (uint32_t i = 0; i < p->use_count; i++) free(p->uses[i].stage);
    free(p->attributions);
    free(p->uses);
    free(p->checks);
    *p = (struct plan){0};
}

/* Takes over a's key and layers. */
static bool intern(struct plan *p, struct attribution *a, uint32_t *index, struct error *e) {
    if (!a->key) goto memory;
    for (uint32_t i = 0; i < p->attribution_count; i++)
        if (strcmp(p->attributions[i].key, a->key) == 0) {
            free(a->key);
            free(a->layers);
            *index = i;
            return true;
        }
    struct attribution *more = array_grow(p->attributions, p->attribution_count, sizeof *more);
    if (!more) goto memory;
    p->attributions = more;
    *index = p->attribution_count;
    p->attributions[p->attribution_count++] = *a;
    return true;
memory:
    free(a->key);
    free(a->layers);
    return error_memory(e);
}

bool plan_original(struct plan *p, enum root root, enum input_kind kind, uint32_t repeat, uint32_t *index,
                   struct error *e) {
    static const char *const kinds[] = {"", "/jitter", "/zeroed"};
    struct attribution a = {.root = root, .inputs = kind, .repeat = repeat, .draw = PLAN_NO_DRAW, .role = ROLE_TRUE};
    a.key = repeat ? text_format("%s%s/repeat%u", root_name(root), kinds[kind], repeat)
                   : text_format("%s%s", root_name(root), kinds[kind]);
    return intern(p, &a, index, e);
}

/* "fc2", "fc2..conv1" for a run from the top, else every name, or their number and a digest where that gets long. */
static char *layers_text(const struct graph *g, const bool *layers) {
    uint32_t first = 0, last = 0, count = 0;
    for (uint32_t l = g->layer_count; l-- > 0;)
        if (layers[l]) {
            if (!count) first = l;
            last = l;
            count++;
        }
    if (count > 1 && first - last + 1 == count)
        return text_format("%s..%s", g->layers[first].name, g->layers[last].name);
    struct text t = {0};
    for (uint32_t l = g->layer_count; l-- > 0;)
        if (layers[l]) text_add(&t, "%s%s", t.length ? "+" : "", g->layers[l].name);
    if (!t.failed && t.length > 160) {
        char digest[FILE_DIGEST_SIZE];
        data_digest(t.data, t.length, digest);
        text_finish(&t);
        return text_format("%u layers from %s to %s (%.12s)", count, g->layers[first].name, g->layers[last].name,
                           digest);
    }
    if (!t.failed) return t.data;
    text_finish(&t);
    return NULL;
}

bool plan_redrawn(struct plan *p, const bool *layers, const struct init_options *init, uint32_t *index,
                  struct error *e) {
    static const char *const schemes[] = {"own", "normal", "permute", "matched"};
    struct attribution a = {.root = ROOT_MODEL, .init = *init, .draw = init->draw};
    size_t n = p->graph->layer_count;
    char *names = layers_text(p->graph, layers);
    a.layers = malloc((n ? n : 1) * sizeof *a.layers);
    if (!names || !a.layers) {
        free(names);
        free(a.layers);
        return error_memory(e);
    }
    memcpy(a.layers, layers, n * sizeof *layers);
    struct text key = {0};
    text_add(&key, "%s", schemes[init->scheme]);
    if (init->scheme == INIT_NORMAL) text_add(&key, "(%.9g)", init->sigma);
    text_add(&key, ":%s%s/draw%u%s", names, init->keep_running_stats ? "/keep-stats" : "", init->draw,
             init->negate ? "-" : "");
    free(names);
    a.key = key.failed ? NULL : key.data;
    return intern(p, &a, index, e);
}

bool plan_network(struct plan *p, enum role role, uint32_t draw, uint32_t *index, struct error *e) {
    struct attribution a = {.root = ROOT_LABELS, .role = role, .network_draw = draw, .draw = draw};
    a.key = text_format("%s/%u", role_name(role), draw);
    return intern(p, &a, index, e);
}

bool plan_use(struct plan *p, uint32_t control, uint32_t stage_index, const char *stage, uint32_t draw,
              uint32_t attribution, unsigned wants, struct error *e) {
    p->attributions[attribution].wants |= wants & ~(unsigned)WANT_FLOOR_ONLY;
    for (uint32_t i = 0; i < p->use_count; i++) {
        const struct use *u = &p->uses[i];
        if (u->control == control && u->stage_index == stage_index && u->draw == draw && u->attribution == attribution)
            return true;
    }
    struct use *more = array_grow(p->uses, p->use_count, sizeof *more);
    if (!more) return error_memory(e);
    p->uses = more;
    struct use u = {control, stage_index, draw, text_copy(stage), attribution, (wants & WANT_FLOOR_ONLY) != 0};
    if (!u.stage) return error_memory(e);
    p->uses[p->use_count++] = u;
    return true;
}

bool plan_check(struct plan *p, uint32_t control, enum root root, enum input_kind kind, const char *what,
                predicate holds, struct error *e) {
    uint32_t attribution;
    if (!plan_original(p, root, kind, 0, &attribution, e)) return false;
    struct check *more = array_grow(p->checks, p->check_count, sizeof *more);
    if (!more) return error_memory(e);
    p->checks = more;
    p->checks[p->check_count++] = (struct check){control, attribution, what, holds};
    return true;
}

uint32_t plan_stages(const struct plan *p, uint32_t control) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < p->use_count; i++)
        if (p->uses[i].control == control && p->uses[i].stage_index >= n) n = p->uses[i].stage_index + 1;
    return n;
}

uint32_t plan_tested_stages(const struct plan *p, uint32_t control) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < p->use_count; i++)
        if (p->uses[i].control == control && !p->uses[i].floor_only && p->uses[i].stage_index >= n)
            n = p->uses[i].stage_index + 1;
    return n;
}

const char *plan_stage_name(const struct plan *p, uint32_t control, uint32_t stage) {
    for (uint32_t i = 0; i < p->use_count; i++)
        if (p->uses[i].control == control && p->uses[i].stage_index == stage) return p->uses[i].stage;
    return "";
}
