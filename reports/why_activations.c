/* why_activations.c: the audits of a control's networks as a table of stages and layers, for a terminal. */
#include "reports/why_activations.h"

#include "reports/activations.h"

#include <math.h>
#include <string.h>

static int width_of(const char *name) {
    size_t n = strlen(name);
    return n < 6 ? 6 : n > 40 ? 40 : (int)n;
}

static void put_number(FILE *out, int width, const struct activation_sum *s) {
    if (s->count) fprintf(out, " %*.3f", width, activations_mean(s));
    else fprintf(out, " %*s", width, "-");
}

static void put(const struct activations *a, FILE *out) {
    const size_t layers = a->names.count;
    fputs("\nActivations: rank correlation of each layer's output with the model's, and |r| of the logits; means over "
          "draws\n",
          out);
    fprintf(out, "  %-20s", "stage");
    for (size_t l = 0; l < layers; l++)
        if (a->measured[l]) fprintf(out, " %*s", width_of(a->names.name[l]), a->names.name[l]);
    fprintf(out, " %6s\n", "logits");
    for (uint32_t stage = 0; stage < a->stage_count; stage++) {
        const struct activation_stage *s = &a->stages[stage];
        if (!s->name) continue;
        fprintf(out, "  %-20s", s->name);
        for (size_t l = 0; l < layers; l++)
            if (a->measured[l]) put_number(out, width_of(a->names.name[l]), &s->layers[l]);
        put_number(out, 6, &s->layers[layers]);
        fputc('\n', out);
    }
}

bool why_activations(struct store *s, const char *control, uint32_t draws, FILE *out, struct error *e) {
    struct activations a;
    if (!activations_load(s, control, draws, &a, e)) return false;
    if (a.any) put(&a, out);
    activations_finish(&a);
    return true;
}
