/* why_activations.c: the audits of a control's networks as a table of stages and layers. */
#include "reports/why_activations.h"

#include "base/array.h"
#include "base/text.h"
#include "reports/layer_names.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A network of the control. */
struct network {
    char *variant, *stage;
    uint32_t stage_index;
};

struct sum {
    double of;
    uint32_t count;
};

struct table {
    const char *control;
    uint32_t draws;
    struct network *networks;
    size_t count;
    uint32_t stages;
    const struct layer_names *names;
    struct sum *layers; /* [stages][layers + 1]: correlations, and behind them those of logits */
    struct error *error;
};

static bool take_use(void *user, const struct use_row *r) {
    struct table *t = user;
    if (strcmp(r->control, t->control) != 0 || r->draw >= t->draws || r->stage_index > UINT16_MAX) return true;
    struct network *more = array_grow(t->networks, t->count, sizeof *more);
    if (!more) return error_memory(t->error);
    t->networks = more;
    struct network *n = &more[t->count++];
    *n = (struct network){text_copy(r->variant), text_copy(r->stage), r->stage_index};
    if (r->stage_index >= t->stages) t->stages = r->stage_index + 1;
    return (n->variant && n->stage) || error_memory(t->error);
}

static void add(struct sum *s, double r) {
    if (isnan(r)) return;
    s->of += r;
    s->count++;
}

static bool take_audit(void *user, const struct audit_row *r) {
    struct table *t = user;
    const size_t layers = t->names->count;
    for (size_t k = 0; k < t->count; k++) {
        if (strcmp(t->networks[k].variant, r->variant) != 0) continue;
        struct sum *row = t->layers + t->networks[k].stage_index * (layers + 1);
        for (size_t l = 0; l < layers && l < r->layer_count; l++) add(&row[l], (double)r->activation_r[l]);
        add(&row[layers], fabs(r->logit_r));
    }
    return true;
}

static bool is_measured(const struct table *t, size_t layer) {
    for (uint32_t stage = 0; stage < t->stages; stage++)
        if (t->layers[stage * (t->names->count + 1) + layer].count) return true;
    return false;
}

static const char *stage_name(const struct table *t, uint32_t stage) {
    for (size_t k = 0; k < t->count; k++)
        if (t->networks[k].stage_index == stage) return t->networks[k].stage;
    return NULL;
}

static int width_of(const char *name) {
    size_t n = strlen(name);
    return n < 6 ? 6 : n > 40 ? 40 : (int)n;
}

static void put_number(FILE *out, int width, const struct sum *s) {
    double mean = s->count ? s->of / s->count : 0;
    if (s->count) fprintf(out, " %*.3f", width, fabs(mean) < .0005 ? 0 : mean);
    else fprintf(out, " %*s", width, "-");
}

static void put(const struct table *t, FILE *out) {
    const size_t layers = t->names->count;
    fputs("\nActivations: rank correlation of each layer's output with the model's, and |r| of the logits; means over "
          "draws\n",
          out);
    fprintf(out, "  %-20s", "stage");
    for (size_t l = 0; l < layers; l++)
        if (is_measured(t, l)) fprintf(out, " %*s", width_of(t->names->name[l]), t->names->name[l]);
    fprintf(out, " %6s\n", "logits");
    for (uint32_t stage = 0; stage < t->stages; stage++) {
        const char *name = stage_name(t, stage);
        if (!name) continue;
        fprintf(out, "  %-20s", name);
        for (size_t l = 0; l < layers; l++)
            if (is_measured(t, l)) put_number(out, width_of(t->names->name[l]), &t->layers[stage * (layers + 1) + l]);
        put_number(out, 6, &t->layers[stage * (layers + 1) + layers]);
        fputc('\n', out);
    }
}

static bool any_measured(const struct table *t) {
    for (size_t l = 0; l < t->names->count; l++)
        if (is_measured(t, l)) return true;
    return false;
}

bool why_activations(struct store *s, const char *control, uint32_t draws, FILE *out, struct error *e) {
    struct layer_names names;
    struct table t = {.control = control, .draws = draws, .names = &names, .error = e};
    if (!layer_names_load(s, &names, e)) return false;
    bool ok = store_each_use(s, take_use, &t, e);
    if (ok && t.stages) {
        t.layers = calloc((size_t)t.stages * (names.count + 1), sizeof *t.layers);
        ok = (t.layers || error_memory(e)) && store_each_audit(s, take_audit, &t, e);
        if (ok && any_measured(&t)) put(&t, out);
    }
    for (size_t k = 0; k < t.count; k++) {
        free(t.networks[k].variant);
        free(t.networks[k].stage);
    }
    free(t.networks);
    free(t.layers);
    layer_names_finish(&names);
    return ok;
}
