/* The route of the kernels. Every test is a process of its own, in which no kernel has been asked for yet. */
#include "base/cpu.h"
#include "base/file.h"
#include "measure/simd/ssim.h"
#include "nn/arch.h"
#include "nn/kernels/depthwise.h"
#include "nn/net.h"
#include "nn/weights.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SAMPLE (3 * 12 * 12)

static const char *const routes[] = {"portable", "avx2", "avx512"};

static enum cpu_route widest(void) {
    return cpu_has(CPU_AVX512) ? CPU_AVX512 : cpu_has(CPU_AVX2) ? CPU_AVX2 : CPU_PORTABLE;
}

Test(cpu, without_the_variable_the_widest) {
    cr_assert_eq(unsetenv("ASSAY_ISA"), 0);
    cr_expect(cpu_route_check(NULL));
    cr_expect_eq(cpu_route(), widest());
    cr_expect_str_eq(cpu_route_name(), routes[widest()]);
}

static void check_forced(enum cpu_route route) {
    struct error e = {""};
    cr_assert_eq(setenv("ASSAY_ISA", routes[route], 1), 0);
    bool there = cpu_has(route);
    cr_expect_eq(cpu_route_check(&e), there);
    cr_expect_eq(cpu_route(), there ? route : widest());
    cr_expect_str_eq(cpu_route_name(), routes[cpu_route()]);
    if (there) return;
    cr_expect_not_null(strstr(e.text, routes[route]), "%s", e.text);
    cr_expect_not_null(strstr(e.text, routes[widest()]), "%s", e.text);
}

Test(cpu, others_than_x86_have_one_route) {
#if defined __x86_64__
    cr_expect_eq(cpu_route_last(), CPU_AVX512);
#else
    cr_expect_eq(cpu_route_last(), CPU_PORTABLE);
    cr_expect_eq(cpu_route(), CPU_PORTABLE);
#endif
}

Test(cpu, portable_is_taken) {
    check_forced(CPU_PORTABLE);
}

Test(cpu, avx2_is_taken_or_refused) {
    check_forced(CPU_AVX2);
}

Test(cpu, avx512_is_taken_or_refused) {
    check_forced(CPU_AVX512);
}

Test(cpu, unknown_routes) {
    static const char *const values[] = {"", "AVX2", "avx", "avx512f", "sse2", "portable ", "1"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct error e = {""};
        cr_assert_eq(setenv("ASSAY_ISA", values[i], 1), 0);
        cr_expect_not(cpu_route_check(&e), "'%s'", values[i]);
        cr_expect_not_null(strstr(e.text, "wanted portable, avx2 or avx512"), "%s", e.text);
        cr_expect_not_null(strstr(e.text, routes[widest()]), "%s", e.text);
    }
    cr_expect_eq(cpu_route(), widest());
}

/* Kernels that exist for some processors only are not used on the portable route. */
Test(cpu, kernels_ask_for_the_route) {
    const struct depthwise d = {.samples = 1,
                                .channels = 8,
                                .multiplier = 1,
                                .in = {12, 12},
                                .out = {12, 12},
                                .kernel = {3, 3},
                                .stride = {1, 1},
                                .dilation = {1, 1},
                                .before = {1, 1}};
    cr_assert_eq(setenv("ASSAY_ISA", "portable", 1), 0);
    cr_expect_not(depthwise_fits(&d));
    cr_expect_eq(ssim_kernels(), &ssim_portable);
}

/* logits[2] of a network with every kind of convolution that has a kernel of its own, on that route. */
static void run_network(const char *route, float *logits, float *gradient) {
    const struct shape sample = {3, {3, 12, 12}};
    const struct init_options options = {.scheme = &init_normal, .sigma = .2, .seed = 1};
    struct graph *graph;
    struct weights *weights;
    struct net *net;
    struct error e;
    float x[SAMPLE];
    cr_assert_eq(setenv("ASSAY_ISA", route, 1), 0);
    for (size_t i = 0; i < SAMPLE; i++) x[i] = (float)(i * 7 % 23) / 8 - 1;
    cr_assert(arch_build("conv:16x3,relu,conv:16x3/2+1,relu,conv:32x3+1,relu,maxpool:2,fc:2", &sample, &graph, &e),
              "%s", e.text);
    cr_assert(weights_create(graph, &weights, &e), "%s", e.text);
    for (uint32_t i = 0; i < graph->layer_count; i++) cr_assert(weights_redraw(weights, i, &options, &e), "%s", e.text);
    cr_assert(net_create(weights, &net, &e), "%s", e.text);
    cr_assert(net_gradient_logits(net, NET_GRADIENT, 1, x, (uint32_t[]){1}, logits, gradient, &e), "%s", e.text);
    net_destroy(net);
    weights_destroy(weights);
    graph_destroy(graph);
}

/* In a process of its own, as a process has one route; the results come through a pipe. */
static void run_in_child(const char *route, float *result) {
    int ends[2], status;
    cr_assert_eq(pipe(ends), 0);
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        float own[2 + SAMPLE];
        run_network(route, own, own + 2);
        _exit(file_write_all(ends[1], own, sizeof own) && strcmp(cpu_route_name(), route) == 0 ? 0 : 1);
    }
    close(ends[1]);
    size_t done = 0, size = (2 + SAMPLE) * sizeof *result;
    for (ssize_t n; done < size && (n = read(ends[0], (char *)result + done, size - done)) > 0;) done += (size_t)n;
    close(ends[0]);
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0, "%s", route);
    cr_assert_eq(done, size);
}

/* The whole network on every route this processor has. */
Test(cpu, routes_agree) {
    float portable[2 + SAMPLE], other[2 + SAMPLE];
    run_in_child("portable", portable);
    for (int route = CPU_AVX2; route <= CPU_AVX512; route++) {
        if (!cpu_has((enum cpu_route)route)) continue;
        run_in_child(routes[route], other);
        double error = 0, size = 0;
        for (size_t i = 0; i < 2 + SAMPLE; i++) {
            error = fmax(error, fabs((double)other[i] - (double)portable[i]));
            size = fmax(size, fabs((double)portable[i]));
        }
        cr_expect_lt(error, 1e-4 * size, "%s: %g of %g", routes[route], error, size);
    }
}
