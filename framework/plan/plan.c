/* plan.c: attributions, each once; what uses them; and what is checked of them. */
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

const char *network_kind_name(enum network_kind kind) {
    static const char *const names[] = {"true", "permuted", "twin"};
    return names[kind];
}

bool attribution_is_unmodified(const struct attribution *a) {
    return a->model.kind == MODEL_UNCHANGED;
}

bool attribution_is_redrawn(const struct attribution *a) {
    return a->model.kind == MODEL_REDRAWN;
}

bool attribution_is_twin(const struct attribution *a) {
    return a->model.kind == MODEL_TWIN;
}

bool attribution_keeps_seeds(const struct attribution *a) {
    bool other_class = attribution_is_unmodified(a) && a->target && !a->inputs && !a->repeat;
    return other_class || (attribution_is_twin(a) && attribution_is_plain(a));
}

bool attribution_is_plain(const struct attribution *a) {
    return !a->inputs && !a->target && !a->repeat && !a->study;
}

bool attribution_is_original(const struct attribution *a) {
    return attribution_is_unmodified(a) && attribution_is_plain(a);
}

bool attribution_is_repeat(const struct attribution *a) {
    return attribution_is_unmodified(a) && !a->inputs && !a->target && a->repeat > 0;
}

bool attribution_is_jittered(const struct attribution *a) {
    return attribution_is_unmodified(a) && a->inputs == &input_jitter && !a->target && !a->repeat;
}

bool attribution_is_moved(const struct attribution *a) {
    return attribution_is_unmodified(a) && a->inputs == &input_moved && !a->target && !a->repeat;
}

uint32_t check_outcomes(const struct check *c, uint32_t inputs) {
    return c->readings ? c->readings : inputs;
}

bool check_asks(const struct check *c, uint32_t attribution) {
    for (uint32_t k = 0; k < c->ask_count; k++)
        if (c->asks[k] == attribution) return true;
    return false;
}

void plan_init(struct plan *p, const struct graph *graph) {
    *p = (struct plan){.graph = graph};
}

void plan_finish(struct plan *p) {
    for (uint32_t i = 0; i < p->attribution_count; i++) {
        free(p->attributions[i].key);
        free(p->attributions[i].model.layers);
    }
    for (uint32_t i = 0; i < p->use_count; i++) free(p->uses[i].stage);
    free(p->attributions);
    free(p->uses);
    free(p->checks);
    for (uint32_t i = 0; i < p->note_count; i++) free(p->notes[i].text);
    free(p->notes);
    *p = (struct plan){0};
}

/* Takes over a's key and layers. */
static bool intern(struct plan *p, struct attribution *a, uint32_t *index, struct error *e) {
    if (!a->key) goto memory;
    for (uint32_t i = 0; i < p->attribution_count; i++)
        if (strcmp(p->attributions[i].key, a->key) == 0) {
            free(a->key);
            free(a->model.layers);
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
    free(a->model.layers);
    return error_memory(e);
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

/* Adds the network's part of a key. */
static bool add_redrawn(struct text *key, const struct graph *g, const struct model_transform *m) {
    const struct init_options *init = &m->init;
    char *names = layers_text(g, m->layers);
    if (!names) return false;
    text_add(key, "%s", init->scheme->name);
    if (init->scheme->takes_sigma) text_add(key, "(%.9g)", init->sigma);
    text_add(key, ":%s%s/draw%u%s", names, init->keep_running_stats ? "/keep-stats" : "", init->draw,
             init->negate ? "-" : "");
    free(names);
    return true;
}

static bool add_key(struct text *key, const struct graph *g, const struct ask *ask, const struct model_transform *m) {
    switch (m->kind) {
    case MODEL_UNCHANGED: text_add(key, "%s", root_name(ask->root)); break;
    case MODEL_RETRAINED: text_add(key, "%s/%u", network_kind_name(m->network), m->network_draw); break;
    case MODEL_TWIN: text_add(key, "twin:%s", twin_name(m->twin)); break;
    case MODEL_OF_STUDY: break; /* its name is the key */
    case MODEL_REDRAWN:
        if (!add_redrawn(key, g, m)) return false;
    }
    if (ask->inputs) text_add(key, "/%s", ask->inputs->name);
    if (ask->target) text_add(key, "/target-%s", ask->target->name);
    if (ask->repeat) text_add(key, "/repeat%u", ask->repeat);
    return !key->failed;
}

bool plan_ask(struct plan *p, const struct ask *ask, uint32_t *index, struct error *e) {
    static const struct model_transform unchanged = {.kind = MODEL_UNCHANGED};
    const struct model_transform *m = ask->model ? ask->model : &unchanged;
    struct attribution a = {
        .root = ask->root, .model = *m, .inputs = ask->inputs, .target = ask->target, .repeat = ask->repeat};
    struct text key = {0};
    size_t n = p->graph->layer_count;
    a.draw = m->kind == MODEL_REDRAWN ? m->init.draw : m->kind == MODEL_RETRAINED ? m->network_draw : PLAN_NO_DRAW;
    a.model.layers = NULL;
    bool ok = add_key(&key, p->graph, ask, m);
    if (ok && m->kind == MODEL_REDRAWN) {
        a.model.layers = malloc((n ? n : 1) * sizeof *a.model.layers);
        if (a.model.layers) memcpy(a.model.layers, m->layers, n * sizeof *m->layers);
        else ok = false;
    }
    if (!ok) text_finish(&key);
    a.key = ok ? key.data : NULL;
    return intern(p, &a, index, e);
}

bool plan_original(struct plan *p, enum root root, const struct input_transform *inputs, uint32_t repeat,
                   uint32_t *index, struct error *e) {
    return plan_ask(p, &(struct ask){.root = root, .inputs = inputs, .repeat = repeat}, index, e);
}

bool plan_redrawn(struct plan *p, const bool *layers, const struct init_options *init, uint32_t *index,
                  struct error *e) {
    const struct model_transform m = {.kind = MODEL_REDRAWN, .layers = (bool *)layers, .init = *init};
    return plan_ask(p, &(struct ask){.root = ROOT_MODEL, .model = &m}, index, e);
}

bool plan_twin(struct plan *p, enum twin twin, uint64_t seed, uint32_t *index, struct error *e) {
    const struct model_transform m = {.kind = MODEL_TWIN, .twin = twin, .seed = seed};
    return plan_ask(p, &(struct ask){.root = ROOT_MODEL, .model = &m}, index, e);
}

bool plan_network(struct plan *p, enum network_kind kind, uint32_t draw, uint32_t *index, struct error *e) {
    const struct model_transform m = {.kind = MODEL_RETRAINED, .network = kind, .network_draw = draw};
    return plan_ask(p, &(struct ask){.root = ROOT_LABELS, .model = &m}, index, e);
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

/* Of a draw where any ask is: the other networks are there in its process, too. */
static bool find_owner(const struct plan *p, struct check *c, struct error *e) {
    c->owner = c->asks[c->ask_count - 1];
    for (uint32_t k = 0; k < c->ask_count; k++) {
        const struct attribution *a = &p->attributions[c->asks[k]], *owner = &p->attributions[c->owner];
        if (a->root != owner->root)
            return error_set(e, "check %s: asks of two roots: wanted those of one", c->predicate->id);
        if (a->draw == PLAN_NO_DRAW) continue;
        if (owner->draw != PLAN_NO_DRAW && owner->draw != a->draw)
            return error_set(e, "check %s: asks of two draws: wanted those of one", c->predicate->id);
        c->owner = c->asks[k];
    }
    return true;
}

static bool add_check(struct plan *p, const struct check *c, struct error *e) {
    struct check *more = array_grow(p->checks, p->check_count, sizeof *more);
    if (!more) return error_memory(e);
    p->checks = more;
    p->checks[p->check_count++] = *c;
    return true;
}

bool plan_check(struct plan *p, uint32_t control, const struct predicate *predicate, const struct ask *asks,
                uint32_t count, struct error *e) {
    struct check c = {.control = control, .predicate = predicate, .ask_count = count};
    if (count < 1 || count > CHECK_ASKS_MAX)
        return error_set(e, "check %s: %u asks: wanted 1 to %u", predicate->id, count, CHECK_ASKS_MAX);
    /* Every process begins with the original of its root. */
    uint32_t original;
    if (!plan_original(p, asks[0].root, NULL, 0, &original, e)) return false;
    for (uint32_t k = 0; k < count; k++)
        if (!plan_ask(p, &asks[k], &c.asks[k], e)) return false;
    if (!find_owner(p, &c, e)) return false;
    return add_check(p, &c, e);
}

bool plan_study_unit(struct plan *p, const char *name, const struct study *study, uint32_t *index, struct error *e) {
    struct attribution a = {.key = text_copy(name),
                            .root = ROOT_MODEL,
                            .model = {.kind = MODEL_OF_STUDY},
                            .study = study,
                            .draw = PLAN_NO_DRAW};
    return intern(p, &a, index, e);
}

bool plan_reading(struct plan *p, uint32_t control, const struct predicate *predicate, uint32_t count, uint32_t unit,
                  struct error *e) {
    const struct check c = {
        .control = control, .predicate = predicate, .asks = {unit}, .ask_count = 1, .readings = count, .owner = unit};
    return add_check(p, &c, e);
}

bool plan_note(struct plan *p, uint32_t control, const char *text, struct error *e) {
    struct plan_note *more = array_grow(p->notes, p->note_count, sizeof *more);
    if (!more) return error_memory(e);
    p->notes = more;
    p->notes[p->note_count] = (struct plan_note){control, text_copy(text)};
    return p->notes[p->note_count++].text || error_memory(e);
}

const char *plan_note_of(const struct plan *p, uint32_t control) {
    for (uint32_t i = 0; i < p->note_count; i++)
        if (p->notes[i].control == control) return p->notes[i].text;
    return NULL;
}

bool plan_find(const struct plan *p, enum root root, bool (*is)(const struct attribution *), uint32_t *index) {
    for (uint32_t i = 0; i < p->attribution_count; i++)
        if (p->attributions[i].root == root && is(&p->attributions[i])) {
            *index = i;
            return true;
        }
    return false;
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
