/* Convolution routes and fused layers: the same results within rounding, whoever shares the batch. */
#include "nn/arch.h"
#include "nn/kernels/winograd_blocks.h"
#include "nn/net.h"

#include "base/cpu.h"
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

/* ---- The kernel against sums in double precision ---- */

static float direct(const struct winograd *w, const float *x, const float *k, size_t sample, size_t to, size_t oy,
                    size_t ox) {
    double sum = 0;
    for (size_t c = 0; c < w->in_channels; c++)
        for (size_t i = 0; i < 9; i++) {
            ptrdiff_t iy = (ptrdiff_t)(oy + i / 3) - w->before[0], ix = (ptrdiff_t)(ox + i % 3) - w->before[1];
            if (iy < 0 || ix < 0 || iy >= (ptrdiff_t)w->in[0] || ix >= (ptrdiff_t)w->in[1]) continue;
            size_t tap = w->turned ? (c * w->out_channels + to) * 9 + 8 - i : (to * w->in_channels + c) * 9 + i;
            sum += (double)k[tap] *
                   (double)x[((sample * w->in_channels + c) * w->in[0] + (size_t)iy) * w->in[1] + (size_t)ix];
        }
    return (float)sum;
}

/* Any number of threads, in any memory. */
static void check_teams(const struct winograd_body *body, const struct winograd *w, const float *x, const float *k,
                        const float *bias, const float *wanted) {
    size_t count = w->samples * w->out_channels * w->out[0] * w->out[1];
    static const unsigned sizes[] = {2, 3, 5};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const unsigned size = sizes[i];
        struct team *team;
        struct error e;
        cr_assert(team_create(size, &team, &e), "%s", e.text);
        float *y = normal(count, 7), *scratch = normal(winograd_scratch(w, size), 8);
        winograd_run_with(body, w, team, x, k, bias, y, scratch);
        cr_expect(memcmp(y, wanted, count * sizeof *y) == 0, "%zu to %zu channels, %zu x %zu, team of %u",
                  w->in_channels, w->out_channels, w->in[0], w->in[1], size);
        free(y);
        free(scratch);
        team_destroy(team);
    }
}

static void check_kernel(const struct winograd *w, const struct winograd_body *body) {
    size_t plane = w->out[0] * w->out[1], count = w->samples * w->out_channels * plane;
    float *x = normal(w->samples * w->in_channels * w->in[0] * w->in[1], 1);
    float *k = normal(w->in_channels * w->out_channels * 9, 2), *bias = normal(w->out_channels, 3);
    float *y = normal(count, 4), *wanted = normal(count, 5), *scratch = normal(winograd_scratch(w, 1), 6);
    winograd_run_with(body, w, NULL, x, k, bias, y, scratch);
    check_teams(body, w, x, k, bias, y);
    size_t first = w->turned ? w->in_channels : w->out_channels, each = w->in_channels * w->out_channels * 9 / first;
    for (size_t i = 0; w->factors && i < first * each; i++) k[i] *= w->factors[i / each];
    for (size_t i = 0; i < count; i++) {
        size_t to = i / plane % w->out_channels, at = i % plane;
        wanted[i] = bias[to] + direct(w, x, k, i / plane / w->out_channels, to, at / w->out[1], at % w->out[1]);
        if (w->relu && wanted[i] < 0) wanted[i] = 0;
    }
    cr_expect_lt(distance(y, wanted, count), 5e-6, "%zu to %zu channels, %zu x %zu", w->in_channels, w->out_channels,
                 w->in[0], w->in[1]);
    free(x);
    free(k);
    free(bias);
    free(y);
    free(wanted);
    free(scratch);
}

Test(net_routes, winograd_agrees_with_sums_in_double_precision) {
    static const struct winograd cases[] = {
        {.samples = 3, .in_channels = 2, .out_channels = 9, .in = {3, 3}, .out = {1, 1}, .before = {0, 0}},
        {.samples = 2, .in_channels = 3, .out_channels = 5, .in = {7, 9}, .out = {7, 9}, .before = {1, 1}},
        {.samples = 3, .in_channels = 4, .out_channels = 7, .in = {10, 5}, .out = {12, 7}, .before = {2, 2}},
        {.samples = 1, .in_channels = 5, .out_channels = 13, .in = {2, 2}, .out = {2, 2}, .before = {1, 1}},
        {.samples = 5, .in_channels = 17, .out_channels = 6, .in = {13, 14}, .out = {13, 14}, .before = {1, 1}},
        {.samples = 7, .in_channels = 8, .out_channels = 12, .in = {8, 8}, .out = {6, 6}, .before = {0, 0}},
        {.samples = 1, .in_channels = 2, .out_channels = 3, .in = {30, 29}, .out = {29, 28}, .before = {1, 0}},
        /* more tiles, and channels, than one part takes */
        {.samples = 2, .in_channels = 9, .out_channels = 70, .in = {40, 38}, .out = {40, 38}, .before = {1, 1}},
        /* so many channels that kernels are made anew for every block, and blocks of every kind end early */
        {.samples = 2, .in_channels = 150, .out_channels = 220, .in = {9, 7}, .out = {9, 7}, .before = {1, 1}},
        {.samples = 2, .in_channels = 500, .out_channels = 49, .in = {20, 19}, .out = {18, 17}, .before = {0, 0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int k = 0; k < 4; k++) {
            struct winograd w = cases[i];
            float *factors = normal(w.in_channels + w.out_channels, 8);
            w.turned = k & 1;
            w.relu = k & 2;
            w.factors = (size_t)(k & 2) != i % 2 * 2 ? factors : NULL; /* with relu in every other case, else without */
            if (cpu_has_avx2()) check_kernel(&w, &winograd_avx2);
            check_kernel(&w, &winograd_portable);
            free(factors);
        }
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

static void subject_init(struct subject *s) {
    struct error e;
    cr_assert(
        arch_build("conv:20x3+1,batchnorm,relu,conv:17x3+1,batchnorm,conv:18x3,relu,maxpool:2,conv:6x3,flatten,fc:5",
                   &(struct shape){3, {2, 15, 13}}, &s->graph, &e) &&
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
        const struct init_options init = {.scheme = INIT_NORMAL, .sigma = .3, .seed = step, .keep_running_stats = true};
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
