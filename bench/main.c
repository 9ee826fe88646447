/* assay-bench JOB [ARGUMENT]...: our side of the benchmarks, and what bench/run needs. */
#include "base/clock.h"
#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const struct {
    const char *name, *arguments;
    bench_job *run;
} jobs[] = {
    {"deep", "DIR: a network of 21 small layers, and samples for it", bench_deep},
    {"export", "DIR: ResNet-18 with random weights, as ONNX and as .npy", bench_export},
    {"families", "NAME MODEL MAP.npy [BATCH]: forward and backward to the input, and a lower bound", bench_families},
    {"ig", "MODEL INPUT.npy MAP.npy: integrated gradients, 50 steps", bench_ig},
    {"kernels", ": convolutions, by all bodies that this processor runs", bench_kernels},
    {"measure", ": Spearman and SSIM", bench_measure},
    {"net", ": forward and backward to the input", bench_net},
    {"occlusion", "[MODEL...]: forward behind a moving window, whole and in parts", bench_occlusion},
    {"peak", ": GFLOP/s of fused multiply-adds, one thread", bench_peak},
    {"products", ": products of matrices, by all bodies that this processor runs, and by OpenBLAS", bench_products},
    {"spawn", "CASE CONTENDER COMMAND...: wall time and peak memory of a process and its children", bench_spawn},
    {"train", "STEPS: the MNIST network", bench_train},
};
#define JOBS (sizeof jobs / sizeof *jobs)

void bench_need(bool ok, const struct error *e) {
    if (ok) return;
    fprintf(stderr, "assay-bench: %s\n", e->text);
    exit(1);
}

void *bench_alloc(size_t bytes) {
    void *memory = calloc(1, bytes);
    if (memory) return memory;
    fputs("assay-bench: out of memory\n", stderr);
    exit(1);
}

double bench_cpu_seconds(const struct rusage *u) {
    return (double)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) +
           1e-6 * (double)(u->ru_utime.tv_usec + u->ru_stime.tv_usec);
}

struct bench_time bench_now(void) {
    static const int who[] = {RUSAGE_SELF, RUSAGE_CHILDREN};
    struct bench_time now = {.wall = clock_seconds()};
    for (size_t i = 0; i < sizeof who / sizeof *who; i++) {
        struct rusage usage;
        getrusage(who[i], &usage);
        now.cpu += bench_cpu_seconds(&usage);
    }
    return now;
}

struct bench_time bench_best(int repeats, double count, void (*run)(void *user), void *user) {
    struct bench_time best = {HUGE_VAL, HUGE_VAL};
    run(user);
    for (int i = 0; i < repeats; i++) {
        struct bench_time start = bench_now(), end;
        run(user);
        end = bench_now();
        best.wall = fmin(best.wall, (end.wall - start.wall) / count);
        best.cpu = fmin(best.cpu, (end.cpu - start.cpu) / count);
    }
    return best;
}

void bench_report_as(const char *contender, const char *what, struct bench_time time, double gflop) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%s\t%s\t%.6g\t%.6g\t%ld\t", what, contender, time.wall * 1e3, time.cpu * 1e3, usage.ru_maxrss / 1024);
    if (gflop > 0) printf("%.6g\n", gflop);
    else printf("-\n");
    fflush(stdout);
}

void bench_report(const char *what, struct bench_time time, double gflop) {
    bench_report_as("assay", what, time, gflop);
}

int main(int argc, char **argv) {
    for (size_t i = 0; argc > 1 && i < JOBS; i++)
        if (strcmp(argv[1], jobs[i].name) == 0) return jobs[i].run(argc - 2, argv + 2);
    for (size_t i = 0; i < JOBS; i++) fprintf(stderr, "assay-bench %s %s\n", jobs[i].name, jobs[i].arguments);
    return 2;
}
