/* activations.c: the audits of a control's networks as a table of stages and layers. */
#include "reports/activations.h"

#include "base/array.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A network of the control. */
struct network {
    char *variant;
    uint32_t stage_index;
};

struct loading {
    const char *control;
    uint32_t draws;
    struct network *networks;
    size_t count;
    struct activations *out;
    struct error *error;
};

static bool grow_stages(struct loading *l, uint32_t stage) {
    struct activations *a = l->out;
    while (a->stage_count <= stage) {
        struct activation_stage *more = array_grow(a->stages, a->stage_count, sizeof *more);
        if (!more) return error_memory(l->error);
        a->stages = more;
        struct activation_stage *s = &more[a->stage_count++];
        *s = (struct activation_stage){NULL, calloc(a->names.count + 1, sizeof *s->layers)};
        if (!s->layers) return error_memory(l->error);
    }
    return true;
}

static bool take_use(void *user, const struct use_row *r) {
    struct loading *l = user;
    if (strcmp(r->control, l->control) != 0 || r->draw >= l->draws || r->stage_index > UINT16_MAX) return true;
    struct network *more = array_grow(l->networks, l->count, sizeof *more);
    if (!more) return error_memory(l->error);
    l->networks = more;
    struct network *n = &more[l->count++];
    *n = (struct network){text_copy(r->variant), r->stage_index};
    if (!grow_stages(l, r->stage_index)) return false;
    struct activation_stage *s = &l->out->stages[r->stage_index];
    if (!s->name) s->name = text_copy(r->stage);
    return (n->variant && s->name) || error_memory(l->error);
}

static bool add(struct activation_sum *s, double r) {
    if (isnan(r)) return false;
    s->of += r;
    s->count++;
    return true;
}

static bool take_audit(void *user, const struct audit_row *r) {
    struct loading *t = user;
    struct activations *a = t->out;
    const size_t layers = a->names.count;
    for (size_t k = 0; k < t->count; k++) {
        if (strcmp(t->networks[k].variant, r->variant) != 0) continue;
        struct activation_sum *row = a->stages[t->networks[k].stage_index].layers;
        for (size_t l = 0; l < layers && l < r->layer_count; l++)
            if (add(&row[l], (double)r->activation_r[l])) a->any = a->measured[l] = true;
        add(&row[layers], fabs(r->logit_r));
    }
    return true;
}

bool activations_load(struct store *s, const char *control, uint32_t draws, struct activations *out, struct error *e) {
    struct loading l = {.control = control, .draws = draws, .out = out, .error = e};
    *out = (struct activations){.any = false};
    if (!layer_names_load(s, &out->names, e)) return false;
    out->measured = calloc(out->names.count + 1, sizeof *out->measured);
    bool ok = (out->measured || error_memory(e)) && store_each_use(s, take_use, &l, e) &&
              (!out->stage_count || store_each_audit(s, take_audit, &l, e));
    for (size_t k = 0; k < l.count; k++) free(l.networks[k].variant);
    free(l.networks);
    if (!ok) activations_finish(out);
    return ok;
}

void activations_finish(struct activations *a) {
    for (uint32_t k = 0; k < a->stage_count; k++) {
        free(a->stages[k].name);
        free(a->stages[k].layers);
    }
    free(a->stages);
    free(a->measured);
    layer_names_finish(&a->names);
    *a = (struct activations){.any = false};
}

double activations_mean(const struct activation_sum *s) {
    double mean = s->count ? s->of / s->count : NAN;
    return fabs(mean) < .0005 ? 0 : mean;
}
