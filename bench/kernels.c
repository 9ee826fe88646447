/* kernels.c: the kernels of our own in all the bodies that this processor runs, one thread: the first is the one that
 * nets take. */
#include "base/cpu.h"
#include "base/rng.h"
#include "bench.h"
#include "nn/kernels/packed_cut.h"
#include "nn/kernels/sliding_cut.h"
#include "nn/kernels/strided_passes.h"
#include "nn/kernels/winograd_blocks.h"

#include <stdio.h>
#include <stdlib.h>

#define REPEATS 15
#define SAMPLES 10u

/* Square, and padded so that the output is the input's size by the stride. */
struct convolution {
    size_t in, out, size, kernel, stride;
};

static const struct convolution layers[] = {
    {64, 64, 56, 3, 1},  {128, 128, 28, 3, 1}, {256, 256, 14, 3, 1}, {512, 512, 7, 3, 1}, {3, 64, 224, 7, 2},
    {64, 128, 56, 3, 2}, {128, 256, 28, 3, 2}, {1, 32, 28, 5, 1},    {32, 64, 14, 5, 1},
};

struct body {
    const char *name;
    bool runs;
    const struct winograd_body *winograd;
    const struct packed_body *packed; /* NULL: there is none */
    const struct strided_body *strided;
    const struct sliding_body *sliding;
};

struct task {
    const struct convolution *layer;
    const struct body *body;
    float *x, *weights, *y, *learned, *scratch; /* x and weights may be those of the way back: sizes suffice for both */
    struct winograd winograd;
    struct packed packed;
    struct strided strided;
    struct sliding sliding, sliding_back;
};

static void run_winograd(void *user) {
    const struct task *t = user;
    winograd_run_with(t->body->winograd, &t->winograd, NULL, t->x, t->weights, NULL, t->y, t->scratch);
}

static void run_packed(void *user) {
    const struct task *t = user;
    t->body->packed->run(&t->packed, NULL, t->x, t->weights, NULL, t->y, t->scratch);
}

static void run_strided(void *user) {
    const struct task *t = user;
    t->body->strided->run(&t->strided, NULL, t->y, t->weights, t->x, t->scratch);
}

static void run_sliding(void *user) {
    const struct task *t = user;
    sliding_run_with(t->body->sliding, &t->sliding, NULL, t->x, t->weights, NULL, t->y, t->scratch);
}

static void run_sliding_back(void *user) {
    const struct task *t = user;
    sliding_run_with(t->body->sliding, &t->sliding_back, NULL, t->y, t->weights, NULL, t->x, t->scratch);
}

static void run_sliding_learn(void *user) {
    const struct task *t = user;
    sliding_learn_with(t->body->sliding, &t->sliding, NULL, t->x, t->y, t->learned, t->scratch);
}

static void describe(struct task *t) {
    const struct convolution *l = t->layer;
    size_t to = l->size / l->stride, before = l->kernel / 2, in = l->in * l->size * l->size, out = l->out * to * to;
    t->winograd = (struct winograd){SAMPLES, l->in, l->out, {l->size, l->size}, {to, to}, .before = {1, 1}};
    t->packed = (struct packed){.samples = SAMPLES, .channels = l->in, .rows = l->out, .in_step = in, .to_step = out};
    t->strided = (struct strided){
        .samples = SAMPLES, .in_channels = l->in, .out_channels = l->out, .in_step = in, .out_step = out};
    t->sliding = (struct sliding){
        .samples = SAMPLES, .in_channels = l->in, .out_channels = l->out, .in_step = in, .out_step = out};
    for (int axis = 0; axis < 2; axis++) {
        t->sliding.in[axis] = l->size;
        t->sliding.out[axis] = to;
        t->sliding.kernel[axis] = l->kernel;
        t->sliding.before[axis] = before;
        t->sliding.step[axis] = l->stride;
        t->sliding.tap_step[axis] = 1;
        t->packed.in[axis] = t->strided.in[axis] = l->size;
        t->packed.out[axis] = t->strided.out[axis] = to;
        t->packed.taps[axis] = t->strided.kernel[axis] = l->kernel;
        t->strided.before[axis] = before;
        t->packed.before[axis] = (ptrdiff_t)before;
        t->strided.step[axis] = l->stride;
        t->packed.step[axis] = (ptrdiff_t)l->stride;
        t->packed.tap_step[axis] = 1;
    }
    sliding_back(&t->sliding, &t->sliding_back);
}

static void report(struct task *t, const char *name, const char *contender, size_t scratch, void (*run)(void *)) {
    const struct convolution *l = t->layer;
    double positions = (double)(l->size / l->stride * (l->size / l->stride));
    double gflop = 2e-9 * (double)(l->in * l->out * l->kernel * l->kernel) * positions;
    char what[96];
    snprintf(what, sizeof what, "%s, %zux%zu/%zu, %zu to %zu, at %zu", name, l->kernel, l->kernel, l->stride, l->in,
             l->out, l->size);
    t->scratch = bench_alloc(scratch * sizeof *t->scratch);
    bench_report_as(contender, what, bench_best(REPEATS, SAMPLES, run, t), gflop);
    free(t->scratch);
}

static void time_layer(const struct convolution *l, const struct body *body, const char *contender) {
    struct task t = {.layer = l, .body = body};
    size_t plane = l->size * l->size, to = l->size / l->stride;
    size_t weights = l->in * l->out * l->kernel * l->kernel;
    size_t counts[] = {SAMPLES * l->in * plane, weights, SAMPLES * l->out * to * to, weights};
    float **arrays[] = {&t.x, &t.weights, &t.y, &t.learned};
    describe(&t);
    for (size_t i = 0; i < 4; i++) {
        *arrays[i] = bench_alloc(counts[i] * sizeof(float));
        rng_fill_normal(i, 0, counts[i], *arrays[i]);
    }
    if (l->kernel == 3 && l->stride == 1)
        report(&t, "Winograd", contender, winograd_scratch_with(body->winograd, &t.winograd, 1), run_winograd);
    if (l->stride > 1 && body->packed)
        report(&t, "forward", contender, packed_scratch_with(body->packed, &t.packed, 1), run_packed);
    if (l->stride > 1 && body->strided)
        report(&t, "back", contender, strided_scratch_with(body->strided, &t.strided, 1), run_strided);
    if (l->stride == 1 && body->sliding) {
        size_t there = sliding_scratch_with(body->sliding, &t.sliding, 1);
        report(&t, "sliding", contender, there, run_sliding);
        report(&t, "sliding back", contender, sliding_scratch_with(body->sliding, &t.sliding_back, 1),
               run_sliding_back);
        report(&t, "weights", contender, there, run_sliding_learn);
    }
    free(t.x), free(t.weights), free(t.y), free(t.learned);
}

int bench_kernels(int argc, char **argv) {
    const struct body bodies[] = {
#if defined __x86_64__
        {"512 bits", cpu_has(CPU_AVX512), &winograd_avx512, &packed_avx512, &strided_avx512, &sliding_avx512},
        {"256 bits", cpu_has(CPU_AVX2), &winograd_avx2, &packed_avx2, &strided_avx2, &sliding_avx2},
#endif
        {"any processor", true, &winograd_portable, NULL, NULL, NULL},
    };
    (void)argc;
    (void)argv;
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
        const char *contender = "assay";
        for (size_t k = 0; k < sizeof bodies / sizeof *bodies; k++) {
            if (!bodies[k].runs) continue;
            time_layer(&layers[i], &bodies[k], contender ? contender : bodies[k].name);
            contender = NULL;
        }
    }
    return 0;
}
