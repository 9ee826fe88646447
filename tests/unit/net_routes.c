/* Convolution routes and fused layers: the same results within rounding, whoever shares the batch. */
#include "nn/arch.h"
#include "nn/net.h"

#include "base/rng.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static float *normal(size_t n, uint64_t seed) {
    float *data = aligned_alloc(64, (n * sizeof *data + 63) / 64 * 64);
    cr_assert_not_null(data);
    rng_fill_normal(seed, 0, n, data);
    return data;
}

static double distance(const float *a, const float *b, size_t n) {
    double difference = 0, size = 0;
    for (size_t i = 0; i < n; i++) {
        difference += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
        size += (double)b[i] * (double)b[i];
    }
    return sqrt(difference / size);
}

/* ---- Networks ---- */

#define SAMPLES 13u

struct subject {
    struct graph *graph;
    struct weights *weights;
    size_t sample, classes;
    float *x;
    uint32_t targets[SAMPLES];
};

static void subject_init_as(struct subject *s, const char *layers, size_t height) {
    struct error e;
    cr_assert(arch_build(layers, &(struct shape){3, {2, height, height - 2}}, &s->graph, &e) &&
                  weights_create(s->graph, &s->weights, &e),
              "%s", e.text);
    for (uint32_t v = 0; v < s->graph->value_count; v++) {
        const struct value *value = &s->graph->values[v];
        if (value->kind != VALUE_PARAMETER) continue;
        float *data = weights_edit(s->weights, v);
        size_t n = shape_count(&value->shape);
        rng_fill_normal(v, 0, n, data);
        for (size_t i = 0; i < n; i++) data[i] = strstr(value->name, "var") ? .5f + data[i] * data[i] : .2f * data[i];
    }
    s->sample = shape_count(&s->graph->sample);
    s->classes = s->graph->classes;
    s->x = normal(SAMPLES * s->sample, 99);
    for (uint32_t i = 0; i < SAMPLES; i++) s->targets[i] = i % (uint32_t)s->classes;
}

static void subject_init(struct subject *s) {
    subject_init_as(
        s, "conv:20x3+1,batchnorm,relu,conv:17x3+1,batchnorm,conv:18x3,relu,maxpool:2,conv:6x3,flatten,fc:5", 15);
}

static void subject_finish(struct subject *s) {
    weights_destroy(s->weights);
    graph_destroy(s->graph);
    free(s->x);
}

static struct net *make_net(const struct subject *s, enum conv_route route) {
    struct net *net;
    struct error e;
    cr_assert(net_create_with(s->weights, &(struct net_options){.conv = route}, &net, &e), "%s", e.text);
    return net;
}

Test(net_routes, routes_agree_and_samples_do_not_depend_on_their_batch) {
    struct subject s;
    struct error e;
    subject_init(&s);
    float *logits[2], *maps[2];
    float *one = normal(s.classes, 1), *map = normal(s.sample, 1);
    for (size_t k = 0; k < 2; k++) {
        struct net *net = make_net(&s, k ? CONV_WINOGRAD : CONV_DIRECT);
        logits[k] = normal(SAMPLES * s.classes, 1);
        maps[k] = normal(SAMPLES * s.sample, 1);
        cr_assert(net_forward(net, SAMPLES, s.x, logits[k], &e) &&
                  net_gradient(net, NET_GRADIENT, SAMPLES, s.x, s.targets, maps[k], &e));
        for (uint32_t i = 0; i < SAMPLES; i++) {
            cr_assert(net_forward(net, 1, s.x + i * s.sample, one, &e) &&
                      net_gradient(net, NET_GRADIENT, 1, s.x + i * s.sample, s.targets + i, map, &e));
            cr_expect(memcmp(one, logits[k] + i * s.classes, s.classes * sizeof *one) == 0, "route %zu", k);
            cr_expect(memcmp(map, maps[k] + i * s.sample, s.sample * sizeof *map) == 0, "route %zu", k);
        }
        net_destroy(net);
    }
    cr_expect_lt(distance(logits[1], logits[0], SAMPLES * s.classes), 1e-5);
    cr_expect_lt(distance(maps[1], maps[0], SAMPLES * s.sample), 1e-4); /* a Relu may fall to the other side */
    cr_expect_gt(distance(logits[1], logits[0], SAMPLES * s.classes), 0, "both routes were the same");
    for (size_t k = 0; k < 2; k++) {
        free(logits[k]);
        free(maps[k]);
    }
    free(one);
    free(map);
    subject_finish(&s);
}

static float *all_answers(struct net *net, const struct subject *s) {
    struct error e;
    size_t logits = SAMPLES * s->classes, maps = SAMPLES * s->sample;
    float *all = normal(logits + 2 * maps + s->sample, 1), *sum = all + logits + 2 * maps;
    cr_assert(net_forward(net, SAMPLES, s->x, all, &e) &&
              net_gradient(net, NET_GRADIENT, SAMPLES, s->x, s->targets, all + logits, &e) &&
              net_gradient(net, NET_GUIDED, SAMPLES, s->x, s->targets, all + logits + maps, &e) &&
              net_gradient_sum(net, SAMPLES, s->x, s->targets, s->x, sum, &e));
    return all;
}

/* With arrays large enough that whatever can be shared is. */
Test(net_routes, any_number_of_threads_computes_the_same_bits) {
    static const unsigned sizes[] = {2, 3, 5};
    struct subject s;
    struct error e;
    subject_init_as(&s, "conv:32x3+1,relu,maxpool:2,conv:32x3+1,batchnorm,relu,conv:40x3/2+1,relu,conv:24x1,relu,fc:5",
                    48);
    for (int route = CONV_DIRECT; route <= CONV_WINOGRAD; route++) {
        struct net *net = make_net(&s, (enum conv_route)route);
        float *alone = all_answers(net, &s);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            struct thread_team *team;
            cr_assert(thread_team_create(sizes[i], &team, &e), "%s", e.text);
            net_share(net, team);
            float *together = all_answers(net, &s);
            cr_expect(memcmp(alone, together, (SAMPLES * (s.classes + 2 * s.sample) + s.sample) * sizeof *alone) == 0,
                      "route %d, team of %u", route, sizes[i]);
            free(together);
            net_share(net, NULL);
            thread_team_destroy(team);
        }
        net_destroy(net);
        free(alone);
    }
    subject_finish(&s);
}

/* What a fused layer skips can still be asked for. */
Test(net_routes, parts_of_fused_layers_can_be_inspected) {
    struct subject s;
    struct error e;
    subject_init(&s);
    struct net *fused = make_net(&s, CONV_WINOGRAD), *plain = make_net(&s, CONV_DIRECT);
    float *map = normal(s.sample, 1), *again = normal(s.sample, 1);
    cr_assert(net_gradient(fused, NET_GRADIENT, 1, s.x, s.targets, map, &e));
    for (uint32_t k = 0; k < s.graph->node_count; k++) {
        size_t n = shape_count(&s.graph->values[s.graph->nodes[k].outputs[0]].shape);
        float *a[4];
        for (size_t i = 0; i < 4; i++) a[i] = normal(n, i);
        cr_assert(net_inspect(fused, k, 1, s.x, s.targets, a[0], a[1], &e), "%s", e.text);
        cr_assert(net_inspect(plain, k, 1, s.x, s.targets, a[2], a[3], &e), "%s", e.text);
        cr_expect_lt(distance(a[0], a[2], n), 1e-5, "%s", s.graph->nodes[k].name);
        cr_expect_lt(distance(a[1], a[3], n), 1e-4, "%s", s.graph->nodes[k].name);
        const char *op = s.graph->nodes[k].name;
        bool negative = false;
        for (size_t i = 0; i < n; i++) negative |= a[0][i] < 0;
        if (strncmp(op, "batchnorm", 9) == 0) cr_expect(negative, "%s has been clipped", op);
        for (size_t i = 0; i < 4; i++) free(a[i]);
    }
    cr_assert(net_gradient(fused, NET_GRADIENT, 1, s.x, s.targets, again, &e));
    cr_expect(memcmp(map, again, s.sample * sizeof *map) == 0, "inspecting left a trace");
    free(map);
    free(again);
    net_destroy(fused);
    net_destroy(plain);
    subject_finish(&s);
}

/* One layer after the other is drawn anew, told to the net or in a fresh one. */
Test(net_routes, layers_that_changed_are_folded_again) {
    struct subject s;
    struct error e;
    struct weights *weights;
    struct net *net, *fresh;
    float before[8], here[8], there[8];
    subject_init(&s);
    cr_assert(weights_copy(s.weights, &weights, &e) && net_create(weights, &net, &e));
    for (uint32_t step = 0; step < 2 * s.graph->layer_count; step++) {
        uint32_t layer = step % s.graph->layer_count;
        const struct init_options init = {
            .scheme = &init_normal, .sigma = .3, .seed = step, .keep_running_stats = true};
        cr_assert(net_forward(net, 1, s.x, before, &e));
        cr_assert(weights_redraw(weights, layer, &init, &e), "%s", e.text);
        net_changed(net, layer);
        cr_assert(net_create(weights, &fresh, &e) && net_forward(fresh, 1, s.x, there, &e) &&
                  net_forward(net, 1, s.x, here, &e));
        cr_expect(memcmp(before, there, s.classes * sizeof *here) != 0, "step %u changed nothing", step);
        cr_expect(memcmp(here, there, s.classes * sizeof *here) == 0, "step %u", step);
        net_destroy(fresh);
    }
    net_destroy(net);
    weights_destroy(weights);
    subject_finish(&s);
}

Test(net_routes, weights_changed_after_a_training_step_count) {
    struct subject s;
    struct error e;
    double loss;
    uint32_t correct;
    float *const *grads;
    subject_init(&s);
    struct net *net = make_net(&s, CONV_WINOGRAD);
    float before[8], after[8], fresh[8];
    cr_assert(net_forward(net, 1, s.x, before, &e) &&
              net_loss(net, SAMPLES, s.x, s.targets, &loss, &correct, &grads, &e));
    for (uint32_t v = 0; v < s.graph->value_count; v++)
        for (size_t i = 0; grads[v] && i < shape_count(&s.graph->values[v].shape); i++)
            weights_edit(s.weights, v)[i] -= .1f * grads[v][i];
    cr_assert(net_forward(net, 1, s.x, after, &e));
    net_destroy(net);
    net = make_net(&s, CONV_WINOGRAD);
    cr_assert(net_forward(net, 1, s.x, fresh, &e));
    cr_expect(memcmp(after, fresh, s.classes * sizeof *after) == 0);
    cr_expect(memcmp(after, before, s.classes * sizeof *after) != 0);
    net_destroy(net);
    subject_finish(&s);
}
