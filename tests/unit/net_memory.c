/* Arrays that share memory: what a network needs on the way back is still there. The oracle is training, where nothing
 * but reshapes shares an array: the gradient of the loss with respect to a parameter added to the input. */
#include "nn/arch.h"
#include "nn/net.h"
#include "nn/net_size.h"
#include "nn/net_plan.h" /* how many samples a group takes shows nowhere else */

#include "random_graph.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void softmax_error(const float *logits, uint32_t label, float *out) {
    double most = (double)logits[net_class(logits, CHANNELS)], sum = 0;
    for (uint32_t k = 0; k < CHANNELS; k++) sum += exp((double)logits[k] - most);
    for (uint32_t k = 0; k < CHANNELS; k++) out[k] = (float)(exp((double)logits[k] - most) / sum - (k == label));
}

static void check_graph(uint64_t seed) {
    struct graph *g = random_graph(seed);
    struct weights *weights;
    struct net *net;
    struct error e;
    float x[CHANNELS * SAMPLE], logits[CHANNELS], factors[CHANNELS], sum[SAMPLE], maps[CHANNELS * SAMPLE];
    const uint32_t label = 1, targets[CHANNELS] = {0, 1, 2};
    double loss, difference = 0, parts = 0, size = 0;
    uint32_t correct, moved = 0;
    float *const *grads;
    rng_fill_normal(seed, 0, SAMPLE, x);
    for (uint32_t k = 1; k < CHANNELS; k++) memcpy(x + k * SAMPLE, x, SAMPLE * sizeof *x);
    cr_assert(weights_create(g, &weights, &e) && net_create(weights, &net, &e), "%s", e.text);
    while (strcmp(g->values[moved].name, "moved") != 0) moved++;
    cr_assert(net_forward(net, 1, x, logits, &e));
    softmax_error(logits, label, factors);
    cr_assert(net_gradient_sum(net, CHANNELS, x, targets, factors, sum, &e) &&
              net_gradient(net, NET_GRADIENT, CHANNELS, x, targets, maps, &e) &&
              net_loss(net, 1, x, &label, &loss, &correct, &grads, &e));
    for (uint32_t i = 0; i < SAMPLE; i++) {
        double wanted = (double)grads[moved][i], mixed = 0;
        for (uint32_t k = 0; k < CHANNELS; k++) mixed += (double)factors[k] * (double)maps[k * SAMPLE + i];
        difference += ((double)sum[i] - wanted) * ((double)sum[i] - wanted);
        parts += (mixed - wanted) * (mixed - wanted);
        size += wanted * wanted;
    }
    cr_expect_lt(sqrt(difference), 1e-4 * sqrt(size) + 1e-6, "graph %u: the sum", (unsigned)seed);
    cr_expect_lt(sqrt(parts), 1e-4 * sqrt(size) + 1e-6, "graph %u: the maps", (unsigned)seed);
    net_destroy(net);
    weights_destroy(weights);
    graph_destroy(g);
}

Test(net_memory, gradients_are_those_of_training_where_nothing_is_shared) {
    for (uint64_t seed = 0; seed < 200; seed++) check_graph(seed);
}

Test(net_memory, large_samples_go_in_smaller_groups_to_the_same_bits) {
    enum { SAMPLES = 4, PIXELS = 2 * 200 * 200 };
    struct graph *g;
    struct weights *weights;
    struct net *net;
    struct error e;
    const uint32_t targets[SAMPLES] = {0, 1, 2, 0};
    float *x = malloc(SAMPLES * PIXELS * sizeof *x), *maps = malloc((SAMPLES + 1) * PIXELS * sizeof *maps);
    cr_assert(x && maps &&
                  arch_build("conv:48x3+1,relu,conv:4x3/4,relu,fc:3", &(struct shape){3, {2, 200, 200}}, &g, &e) &&
                  weights_create(g, &weights, &e),
              "%s", e.text);
    rng_fill_normal(1, 0, SAMPLES * PIXELS, x);
    for (uint32_t l = 0; l < g->layer_count; l++)
        cr_assert(weights_redraw(weights, l, &(struct init_options){.scheme = &init_own}, &e), "%s", e.text);
    cr_assert(net_create(weights, &net, &e) && net_gradient(net, NET_GRADIENT, SAMPLES, x, targets, maps, &e));
    cr_expect(net->group->capacity >= 2 && net->group->capacity <= 6, "%u at a time", net->group->capacity);
    for (uint32_t i = 0; i < SAMPLES; i++) {
        float *alone = maps + SAMPLES * PIXELS, *there = maps + i * PIXELS;
        cr_assert(net_gradient(net, NET_GRADIENT, 1, x + i * PIXELS, targets + i, alone, &e));
        cr_expect(memcmp(alone, there, PIXELS * sizeof *alone) == 0, "sample %u", i);
    }
    net_destroy(net);
    weights_destroy(weights);
    graph_destroy(g);
    free(x);
    free(maps);
}

/* Conv, BatchNormalization with factors that matter, Relu, pool. */
static struct graph *normalised_graph(void) {
    enum { PARAMETERS = 4 };
    static const char *const names[PARAMETERS] = {"scale", "shift", "mean", "variance"};
    const struct shape sample = {4, {1, CHANNELS, SIDE, SIDE}}, channels = {1, {CHANNELS}};
    const char *inputs[1 + PARAMETERS] = {"a", "scale", "shift", "mean", "variance"}, *normed = "b";
    struct rng rng = rng_stream(1, "graph", 0);
    struct graph *g;
    struct error e;
    cr_assert(graph_create(&g, &e) && graph_add_input(g, "x", &sample, &e), "%s", e.text);
    add_conv(g, "a", "x", CHANNELS, &rng);
    for (size_t p = 0; p < PARAMETERS; p++) {
        const float values[CHANNELS] = {.3f + (float)p, 3, .1f};
        cr_assert(graph_add_parameter(g, names[p], &channels, values, &e), "%s", e.text);
    }
    cr_assert(graph_add_node(g, "BatchNormalization", "b", inputs, 1 + PARAMETERS, &normed, 1, NULL, 0, &e), "%s",
              e.text);
    add(g, "Relu", "c", "b", NULL, NULL, 0);
    add_conv(g, "d", "c", CHANNELS, &rng);
    add(g, "Relu", "e", "d", NULL, NULL, 0);
    add(g, "GlobalAveragePool", "f", "e", NULL, NULL, 0);
    add(g, "Flatten", "y", "f", NULL, NULL, 0);
    cr_assert(graph_finish(g, "y", &e), "%s", e.text);
    return g;
}

/* What a normalisation is folded into, on a line as well, and whether the last group has one sample or several. (The
 * way back once took the weights as the pass before had left them: a last group of one left the factors out.) */
Test(net_memory, a_line_has_the_same_bits_in_any_groups) {
    enum { POINTS = 7 };
    struct graph *g = normalised_graph();
    struct weights *weights;
    struct error e;
    float from[SAMPLE] = {0}, to[SAMPLE], x[POINTS * SAMPLE], positions[POINTS], factors[POINTS], sums[2][SAMPLE],
          points[SAMPLE];
    uint32_t targets[POINTS] = {0};
    rng_fill_normal(3, 0, SAMPLE, to);
    cr_assert(weights_create(g, &weights, &e), "%s", e.text);
    for (uint32_t i = 0; i < POINTS; i++) {
        positions[i] = (float)(i + 1) / POINTS;
        factors[i] = 1;
        for (uint32_t k = 0; k < SAMPLE; k++) x[i * SAMPLE + k] = positions[i] * to[k];
    }
    for (uint32_t n = 1; n <= POINTS; n += 3)
        for (size_t memory = 0; memory < 2; memory++) {
            double difference = 0, size = 0;
            struct net *net;
            cr_assert(net_create_with(weights, &(struct net_options){.memory = memory}, &net, &e) &&
                          net_gradient_sum(net, n, x, targets, factors, points, &e) &&
                          net_line_begin(net, from, to, &e) &&
                          net_line_sum(net, n, positions, factors, 0, sums[memory], &e),
                      "%s", e.text);
            for (uint32_t k = 0; k < SAMPLE; k++) {
                difference += pow((double)sums[memory][k] - (double)points[k], 2);
                size += pow((double)points[k], 2);
            }
            cr_expect(size > 0 && difference < 1e-8 * size, "%u points, %zu bytes: off by %g of %g", n, memory,
                      sqrt(difference), sqrt(size));
            cr_expect(memcmp(sums[0], sums[memory], sizeof *sums) == 0, "%u points, one at a time", n);
            net_destroy(net);
        }
    weights_destroy(weights);
    graph_destroy(g);
}

static struct weights *large_network(struct graph **g) {
    struct weights *weights;
    struct error e;
    cr_assert(arch_build("conv:48x3+1,relu,conv:4x3/4,relu,fc:3", &(struct shape){3, {2, 40, 40}}, g, &e) &&
                  weights_create(*g, &weights, &e),
              "%s", e.text);
    for (uint32_t l = 0; l < (*g)->layer_count; l++)
        cr_assert(weights_redraw(weights, l, &(struct init_options){.scheme = &init_own}, &e), "%s", e.text);
    return weights;
}

/* A budget is kept as far as one sample lets it, is what a plan takes, and changes no bit. */
Test(net_memory, a_budget_is_held_and_changes_no_bit) {
    enum { SAMPLES = 12, PIXELS = 2 * 40 * 40 };
    static const size_t budgets[] = {0, 3 << 20, 1 << 20, 1};
    struct graph *g;
    struct weights *weights = large_network(&g);
    struct error e;
    const uint32_t targets[SAMPLES] = {0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2};
    float *x = malloc(SAMPLES * PIXELS * sizeof *x), *maps = malloc(2 * SAMPLES * PIXELS * sizeof *maps),
          sums[2][PIXELS], ones[SAMPLES];
    uint32_t before = NET_GROUP + 1;
    cr_assert(x && maps);
    rng_fill_normal(1, 0, SAMPLES * PIXELS, x);
    for (uint32_t i = 0; i < SAMPLES; i++) ones[i] = 1;
    for (size_t b = 0; b < sizeof budgets / sizeof *budgets; b++) {
        float *there = b ? maps + SAMPLES * PIXELS : maps;
        struct net *net;
        struct net_size size;
        cr_assert(net_create_with(weights, &(struct net_options){.memory = budgets[b]}, &net, &e) &&
                      net_size(net, NET_PASSES_GRADIENT, 1, &size, &e) &&
                      net_gradient(net, NET_GRADIENT, SAMPLES, x, targets, there, &e) &&
                      net_gradient_sum(net, SAMPLES, x, targets, ones, sums[b > 0], &e),
                  "%s", e.text);
        cr_expect_eq(size.samples, net->group->capacity);
        cr_expect_eq(size.group, net->group->floats * sizeof(float));
        cr_expect(size.samples == 1 || size.group <= (budgets[b] ? budgets[b] : NET_MEMORY));
        cr_expect(size.samples < before, "%zu bytes: %u at a time", budgets[b], size.samples);
        cr_expect(memcmp(maps, there, SAMPLES * PIXELS * sizeof *maps) == 0, "maps within %zu bytes", budgets[b]);
        cr_expect(memcmp(sums[0], sums[b > 0], sizeof *sums) == 0, "the sum within %zu bytes", budgets[b]);
        before = size.samples;
        net_destroy(net);
    }
    weights_destroy(weights);
    graph_destroy(g);
    free(x);
    free(maps);
}
