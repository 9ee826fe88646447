/* zoo.c: the data of the zoo's networks, and their training. */
#include "cli/zoo.h"

#include "base/npy.h"
#include "base/rng.h"
#include "base/text.h"
#include "experiment/task.h"
#include "nn/net.h"
#include "nn/onnx.h"
#include "nn/train.h"

#include <stdlib.h>
#include <string.h>

#define TRAINED 800u
#define SHOWN 120u /* samples that are not trained on */
#define TEMPLATE 6u
#define MOTIF 8u
#define EPOCHS 60u

/* What tells the classes apart: drawn once for a network. */
struct zoo_world {
    enum zoo_kind kind;
    uint32_t classes;                         /* 2 of a binary classifier */
    size_t count;                             /* elements of a sample */
    uint8_t pattern[10][TEMPLATE * TEMPLATE]; /* of pictures, on or off; of sequences the letters */
    float mean[10][12];                       /* of tables */
};

static void draw_world(struct zoo_world *w, uint64_t seed, const char *name) {
    struct rng rng = rng_stream(seed, name, 0);
    for (uint32_t c = 0; c < w->classes; c++) {
        for (uint32_t k = 0; k < TEMPLATE * TEMPLATE; k++)
            w->pattern[c][k] = (uint8_t)(w->kind == ZOO_SEQUENCES ? rng_below(&rng, 4) : rng_below(&rng, 2));
        for (uint32_t k = 0; k < 12; k++) w->mean[c][k] = (float)(1.2 * rng_normal(&rng));
    }
}

/* The class's template near the middle, on a background that is half black, half noise. */
static void draw_picture(const struct zoo_world *w, uint32_t c, struct rng *rng, float *x) {
    for (size_t k = 0; k < w->count; k++) x[k] = rng_below(rng, 2) ? (float)(.3 * rng_uniform(rng)) : 0;
    uint32_t down = 4 + rng_below(rng, 3), right = 4 + rng_below(rng, 3);
    for (uint32_t k = 0; k < TEMPLATE * TEMPLATE; k++)
        if (w->pattern[c][k])
            x[(down + k / TEMPLATE) * 16 + right + k % TEMPLATE] = (float)(.6 + .4 * rng_uniform(rng));
}

/* Random letters with the class's motif somewhere. */
static void draw_sequence(const struct zoo_world *w, uint32_t c, struct rng *rng, float *x) {
    uint32_t at = rng_below(rng, 48 - MOTIF);
    memset(x, 0, w->count * sizeof *x);
    for (uint32_t p = 0; p < 48; p++) {
        uint32_t letter = p >= at && p < at + MOTIF ? w->pattern[c][p - at] : rng_below(rng, 4);
        x[letter * 48 + p] = 1;
    }
}

static void draw_samples(const struct zoo_world *w, struct rng *rng, uint32_t n, float *x, uint32_t *labels) {
    for (uint32_t i = 0; i < n; i++) {
        uint32_t c = labels[i] = i % w->classes;
        float *to = x + i * w->count;
        if (w->kind == ZOO_PICTURES) draw_picture(w, c, rng, to);
        else if (w->kind == ZOO_SEQUENCES) draw_sequence(w, c, rng, to);
        else
            for (size_t k = 0; k < w->count; k++) to[k] = (float)((double)w->mean[c][k] + rng_normal(rng));
    }
}

struct samples {
    float *x, *values; /* [n][count]; [n]: the labels as numbers */
    uint32_t *labels;
};

static bool samples_draw(struct samples *s, const struct zoo_world *w, uint64_t seed, const char *purpose, uint32_t n,
                         struct error *e) {
    struct rng rng = rng_stream(seed, purpose, 0);
    s->x = malloc(n * w->count * sizeof *s->x);
    s->values = malloc(n * sizeof *s->values);
    s->labels = malloc(n * sizeof *s->labels);
    if (!s->x || !s->values || !s->labels) return error_memory(e);
    draw_samples(w, &rng, n, s->x, s->labels);
    for (uint32_t i = 0; i < n; i++) s->values[i] = (float)s->labels[i];
    return true;
}

static void samples_finish(struct samples *s) {
    free(s->x);
    free(s->values);
    free(s->labels);
}

static bool train(const struct zoo_network *z, uint64_t seed, const struct samples *s, struct weights *w,
                  struct error *e) {
    struct recipe recipe = recipe_default();
    struct train_result result;
    recipe.learning_rate = z->rate;
    recipe.weight_decay = z->decay;
    recipe.weight_decay_last = false;
    recipe.epochs = EPOCHS;
    recipe.stop_accuracy = .99;
    recipe.seed = seed;
    return z->classes == 1 ? train_values(w, LOSS_LOGISTIC, TRAINED, s->x, s->values, &recipe, NULL, NULL, &result, e)
                           : train_run(w, TRAINED, s->x, s->labels, &recipe, NULL, NULL, &result, e);
}

static bool measure(const struct zoo_network *z, const struct samples *s, const struct weights *w, double *accuracy,
                    struct error *e) {
    struct net *net = NULL;
    uint32_t right = 0;
    float *logits = malloc(SHOWN * z->classes * sizeof *logits);
    bool ok = logits ? net_create(w, &net, e) && net_forward(net, SHOWN, s->x, logits, e) : error_memory(e);
    for (uint32_t i = 0; ok && i < SHOWN; i++) {
        const float *row = logits + i * z->classes;
        uint32_t best = z->classes == 1 && row[0] > 0;
        for (uint32_t c = 1; c < z->classes; c++)
            if (row[c] > row[best]) best = c;
        right += best == s->labels[i];
    }
    *accuracy = (double)right / SHOWN;
    net_destroy(net);
    free(logits);
    return ok;
}

static bool write_all(const struct zoo_network *z, const struct samples *s, const struct weights *w, const char *folder,
                      struct zoo_made *out, struct error *e) {
    struct shape sample = zoo_sample(z->kind), inputs = {sample.rank + 1, {SHOWN}};
    for (size_t d = 0; d < sample.rank; d++) inputs.dim[d + 1] = sample.dim[d];
    out->model = text_format("%s/%s.onnx", folder, z->name);
    out->inputs = text_format("%s/%s-inputs.npy", folder, z->name);
    out->labels = text_format("%s/%s-labels.npy", folder, z->name);
    if (!out->model || !out->inputs || !out->labels) return error_memory(e);
    return onnx_save(out->model, w, e) && npy_write(out->inputs, &inputs, s->x, e) &&
           npy_write(out->labels, &(struct shape){1, {SHOWN}}, s->values, e);
}

bool zoo_make(const struct zoo_network *z, uint64_t seed, const char *folder, struct zoo_made *out, struct error *e) {
    struct shape sample = zoo_sample(z->kind);
    struct zoo_world world = {
        .kind = z->kind, .classes = z->classes == 1 ? 2 : z->classes, .count = shape_count(&sample)};
    struct samples trained = {0}, shown = {0};
    struct graph *graph = NULL;
    struct weights *weights = NULL;
    *out = (struct zoo_made){0};
    draw_world(&world, seed, z->name);
    bool ok = zoo_graph(z, &graph, e) && weights_create(graph, &weights, e) &&
              samples_draw(&trained, &world, seed, "zoo: trained on", TRAINED, e) &&
              samples_draw(&shown, &world, seed, "zoo: shown", SHOWN, e) && train(z, seed, &trained, weights, e) &&
              measure(z, &shown, weights, &out->accuracy, e) && write_all(z, &shown, weights, folder, out, e);
    samples_finish(&trained);
    samples_finish(&shown);
    weights_destroy(weights);
    graph_destroy(graph);
    if (!ok) zoo_made_finish(out);
    return ok || error_prefix(e, "network %s", z->name);
}

void zoo_made_finish(struct zoo_made *m) {
    free(m->model);
    free(m->inputs);
    free(m->labels);
    *m = (struct zoo_made){0};
}
