/* However many samples of a training batch go at once: its loss and gradients are the means over its samples. */
#include "base/rng.h"
#include "base/thread_team.h"
#include "nn/arch.h"
#include "nn/net.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLES 23u /* no multiple of a group */
#define CLASSES 5u

/* A small network goes in groups, one with many weights as a whole batch, one with large samples besides in parts. */
static const struct {
    const char *arch;
    struct shape sample;
} cases[] = {{"conv:4x3,relu,maxpool:2,fc:5", {3, {2, 9, 8}}},
             {"fc:600,relu,fc:500,relu,fc:5", {3, {1, 6, 6}}},
             {"conv:3x3,relu,conv:2x5/4,relu,fc:10", {3, {1, 500, 480}}}};

static struct weights *make_weights(const struct graph *g) {
    struct weights *weights;
    struct error e = {""};
    cr_assert(weights_create(g, &weights, &e), "%s", e.text);
    for (uint32_t v = 0; v < g->value_count; v++) {
        if (g->values[v].kind != VALUE_PARAMETER) continue;
        size_t n = shape_count(&g->values[v].shape);
        float *data = weights_edit(weights, v);
        cr_assert_not_null(data);
        rng_fill_normal(v + 1, 0, n, data);
        for (size_t i = 0; i < n; i++) data[i] *= .05f;
    }
    return weights;
}

static void check(struct net *net, const struct graph *g, const float *x, const uint32_t *labels, const char *arch) {
    struct error e = {""};
    float *const *grads;
    double loss, mean = 0;
    uint32_t correct;
    double **sums = calloc(g->value_count, sizeof *sums);
    for (uint32_t i = 0; i < SAMPLES; i++) {
        cr_assert(net_loss(net, 1, x + i * shape_count(&g->sample), labels + i, &loss, &correct, &grads, &e), "%s",
                  e.text);
        mean += loss / SAMPLES;
        for (uint32_t v = 0; v < g->value_count; v++) {
            size_t n = grads[v] ? shape_count(&g->values[v].shape) : 0;
            if (n && !sums[v]) sums[v] = calloc(n, sizeof **sums);
            for (size_t k = 0; k < n; k++) sums[v][k] += (double)grads[v][k] / SAMPLES;
        }
    }
    cr_assert(net_loss(net, SAMPLES, x, labels, &loss, &correct, &grads, &e), "%s", e.text);
    cr_expect_float_eq(loss, mean, 1e-6, "%s: loss %g, not %g", arch, loss, mean);
    for (uint32_t v = 0; v < g->value_count; v++) {
        double difference = 0, size = 1e-30;
        size_t n = grads[v] ? shape_count(&g->values[v].shape) : 0;
        for (size_t k = 0; k < n; k++) {
            difference += ((double)grads[v][k] - sums[v][k]) * ((double)grads[v][k] - sums[v][k]);
            size += sums[v][k] * sums[v][k];
        }
        cr_expect_lt(sqrt(difference / size), 1e-5, "%s: gradient of %s", arch, g->values[v].name);
        free(sums[v]);
    }
    free(sums);
}

Test(net_loss, a_batch_is_the_mean_of_its_samples) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct graph *g;
        struct net *net;
        struct error e = {""};
        uint32_t labels[SAMPLES];
        cr_assert(arch_build(cases[i].arch, &cases[i].sample, &g, &e), "%s", e.text);
        struct weights *weights = make_weights(g);
        cr_assert(net_create(weights, &net, &e), "%s", e.text);
        float *x = malloc(SAMPLES * shape_count(&g->sample) * sizeof *x);
        cr_assert_not_null(x);
        rng_fill_normal(99, 0, SAMPLES * shape_count(&g->sample), x);
        for (uint32_t k = 0; k < SAMPLES; k++) labels[k] = k % CLASSES;
        check(net, g, x, labels, cases[i].arch);
        free(x);
        net_destroy(net);
        weights_destroy(weights);
        graph_destroy(g);
    }
}

/* ---- Threads ---- */

/* Values that are rectified before they are pooled, strides, widths of no whole vector, and products. */
static const char *const shared[] = {"conv:32x5+2,relu,maxpool:2,conv:20x5+2,relu,maxpool:2,fc:700,relu,fc:5",
                                     "conv:12x3/2,batchnorm,relu,conv:40x1,relu,maxpool:2,fc:5"};

static float *copy_gradients(const struct graph *g, struct thread_team *team, const float *x, const uint32_t *labels) {
    struct weights *weights = make_weights(g);
    struct error e = {""};
    struct net *net;
    float *const *grads, *flat = calloc(weights_flat_count(g) + 1, sizeof *flat), *next = flat;
    double loss;
    uint32_t correct;
    cr_assert(flat && net_create(weights, &net, &e), "%s", e.text);
    net_share(net, team);
    cr_assert(net_loss(net, SAMPLES, x, labels, &loss, &correct, &grads, &e), "%s", e.text);
    for (uint32_t v = 0; v < g->value_count; v++) {
        size_t n = grads[v] ? shape_count(&g->values[v].shape) : 0;
        if (n) memcpy(next, grads[v], n * sizeof *next);
        next += n;
    }
    *next = (float)loss;
    net_destroy(net);
    weights_destroy(weights);
    return flat;
}

/* So a network is trained to the same bits by any number of threads. */
Test(net_loss, gradients_have_the_same_bits_by_any_number_of_threads) {
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++) {
        const struct shape sample = {3, {2, 17, 22}};
        struct graph *g;
        struct error e = {""};
        uint32_t labels[SAMPLES];
        cr_assert(arch_build(shared[i], &sample, &g, &e), "%s: %s", shared[i], e.text);
        float *x = malloc(SAMPLES * shape_count(&sample) * sizeof *x), *alone;
        cr_assert(x);
        rng_fill_normal(7, 0, SAMPLES * shape_count(&sample), x);
        for (uint32_t k = 0; k < SAMPLES; k++) labels[k] = k % CLASSES;
        alone = copy_gradients(g, NULL, x, labels);
        for (unsigned threads = 2; threads <= 4; threads++) {
            struct thread_team *team;
            cr_assert(thread_team_create(threads, &team, &e), "%s", e.text);
            float *together = copy_gradients(g, team, x, labels);
            cr_expect_arr_eq(together, alone, (weights_flat_count(g) + 1) * sizeof *alone, "%s, %u threads", shared[i],
                             threads);
            free(together);
            thread_team_destroy(team);
        }
        free(alone);
        free(x);
        graph_destroy(g);
    }
}
