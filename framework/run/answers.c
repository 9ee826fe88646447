/* answers.c: what checks of several asks need in one place, and the predicates asked of it. */
#include "run/answers.h"

#include <stdlib.h>
#include <string.h>

struct kept {
    bool tried;            /* it was computed, or could not be */
    struct backed numbers; /* maps, inputs and logits in one; empty where there are none */
    uint32_t *targets;     /* [inputs] */
    struct attributed all; /* of the above; no maps: there are none */
};

bool answers_init(struct answers *a, const struct experiment_view *view, enum root root, struct error *e) {
    *a = (struct answers){.view = view, .root = root};
    a->kept = calloc(view->plan->attribution_count + (size_t)1, sizeof *a->kept);
    return a->kept || error_memory(e);
}

void answers_finish(struct answers *a) {
    for (uint32_t i = 0; a->kept && i < a->view->plan->attribution_count; i++) {
        backed_destroy(&a->kept[i].numbers);
        free(a->kept[i].targets);
    }
    free(a->kept);
    *a = (struct answers){0};
}

bool answers_want_logits(const struct answers *a, uint32_t attribution) {
    const struct plan *p = a->view->plan;
    for (uint32_t k = 0; k < p->check_count; k++)
        if (p->checks[k].predicate->wants_logits && check_asks(&p->checks[k], attribution)) return true;
    return false;
}

bool answers_lack(const struct answers *a, uint32_t owner, uint32_t *attribution) {
    const struct plan *p = a->view->plan;
    for (uint32_t k = 0; k < p->check_count; k++) {
        const struct check *c = &p->checks[k];
        for (uint32_t i = 0; c->owner == owner && i < c->ask_count; i++) {
            *attribution = c->asks[i];
            if (c->asks[i] != owner && !a->kept[c->asks[i]].tried) return true;
        }
    }
    return false;
}

/* Whether another attribution's unit carries a check that asks for this one. */
static bool is_wanted(const struct plan *p, uint32_t attribution) {
    for (uint32_t k = 0; k < p->check_count; k++)
        if (p->checks[k].owner != attribution && check_asks(&p->checks[k], attribution)) return true;
    return false;
}

/* Every check is its owner's, whose draw is the job's. */
uint32_t answers_most(const struct experiment_view *view, enum root root, uint32_t draw) {
    const struct plan *p = view->plan;
    uint32_t count = 0;
    for (uint32_t a = 0; a < p->attribution_count; a++) {
        bool asked = false;
        for (uint32_t k = 0; !asked && p->attributions[a].root == root && k < p->check_count; k++)
            asked = p->attributions[p->checks[k].owner].draw == draw && p->checks[k].owner != a &&
                    check_asks(&p->checks[k], a);
        count += asked;
    }
    return count;
}

size_t answers_size(size_t inputs, size_t elements, size_t outputs) {
    return backed_resident(inputs * (2 * elements + outputs) * sizeof(float));
}

static bool begin(struct answers *a, struct kept *k) {
    const struct experiment_view *v = a->view;
    size_t n = v->inputs[a->root].count, elements = n * shape_count(v->sample), outputs = n * v->classes[a->root];
    if (k->numbers.data) return true;
    k->targets = malloc(n * sizeof *k->targets);
    if (!k->targets || !backed_create((2 * elements + outputs) * sizeof(float), &k->numbers, NULL)) return false;
    const float *numbers = k->numbers.data;
    k->all = (struct attributed){.n = (uint32_t)n, .maps = numbers, .x = numbers + elements, .targets = k->targets};
    return true;
}

static void release(const struct kept *k) {
    if (k->numbers.data) backed_release(&k->numbers, k->numbers.data, k->numbers.size);
}

bool answers_keep(struct answers *a, uint32_t attribution, const struct attributed *given) {
    const struct experiment_view *v = a->view;
    struct kept *k = &a->kept[attribution];
    if (k->tried || !is_wanted(v->plan, attribution)) return true;
    if (!begin(a, k)) return false;
    size_t full = shape_count(v->sample), classes = v->classes[a->root];
    float *maps = k->numbers.data, *x = maps + k->all.n * full, *logits = x + k->all.n * full;
    memcpy(maps + given->first * full, given->maps, given->n * full * sizeof *maps);
    memcpy(x + given->first * full, given->x, given->n * full * sizeof *x);
    memcpy(k->targets + given->first, given->targets, given->n * sizeof *k->targets);
    if (given->logits) {
        k->all.logits = logits;
        memcpy(logits + given->first * classes, given->logits, given->n * classes * sizeof *logits);
    }
    release(k);
    return true;
}

void answers_end(struct answers *a, uint32_t attribution, bool ok) {
    struct kept *k = &a->kept[attribution];
    if (k->tried || !is_wanted(a->view->plan, attribution)) return;
    k->tried = true;
    if (ok) return;
    backed_destroy(&k->numbers);
    k->all = (struct attributed){.maps = NULL};
}

/* False: it is not there. */
static bool answer(const struct answers *a, const struct attributed *from, uint32_t input, bool logits,
                   struct answer *out) {
    const struct experiment_view *v = a->view;
    size_t full = shape_count(v->sample);
    uint32_t classes = v->classes[a->root];
    if (!from->maps || (logits && !from->logits)) return false;
    const uint32_t at = input - from->first;
    *out = (struct answer){
        .map = from->maps + at * full,
        .input = from->x + at * full,
        .logits = logits ? from->logits + (size_t)at * classes : NULL,
        .target = from->targets[at],
        .classes = classes,
        .row = a->root == ROOT_LINEAR ? v->linear + from->targets[at] * full : NULL,
    };
    return true;
}

static bool gather(const struct answers *a, const struct check *c, const struct attributed *given, uint32_t input,
                   struct answer *out) {
    for (uint32_t k = 0; k < c->ask_count; k++) {
        const struct attributed *from = c->asks[k] == c->owner ? given : &a->kept[c->asks[k]].all;
        if (!answer(a, from, input, c->predicate->wants_logits, &out[k])) return false;
    }
    return true;
}

void answers_check(const struct answers *a, uint32_t owner, const struct attributed *given, unsigned claims,
                   struct record_buffer *out) {
    const struct experiment_view *v = a->view;
    const struct input_set *set = &v->inputs[a->root];
    const struct layout layout = layout_of(v->sample);
    for (uint32_t k = 0; k < v->plan->check_count; k++) {
        const struct check *c = &v->plan->checks[k];
        struct answer all[CHECK_ASKS_MAX];
        for (uint32_t i = given->first; c->owner == owner && i < given->first + given->n; i++) {
            if (!gather(a, c, given, i, all)) break;
            const struct predicate_case one = {all,
                                               c->ask_count,
                                               layout.channels * layout.positions,
                                               (uint32_t)layout.channels,
                                               (uint32_t)layout.positions,
                                               claims};
            double worst, tolerance;
            c->predicate->holds(&one, &worst, &tolerance);
            record_check(out, k, set->global[i], worst, tolerance);
        }
        for (uint32_t i = 0; c->owner == owner && i < c->ask_count; i++) release(&a->kept[c->asks[i]]);
    }
}
