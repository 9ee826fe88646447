/* bench.h: what the programs of bench/ share. Every job prints lines of six fields, separated by tabs:
 *     case  contender  wall milliseconds  CPU milliseconds  peak MiB (or -)  GFLOP as of direct convolution (or -)
 * bench/run runs the contenders in turns and makes the table. */
#ifndef ASSAY_BENCH_H
#define ASSAY_BENCH_H

#include "base/error.h"
#include "nn/graph.h"
#include "workers/helpers.h"

/* Ends the program unless ok. */
void bench_need(bool ok, const struct error *);
void *bench_alloc(size_t bytes);

struct bench_time {
    double wall, cpu; /* seconds; the latter of all threads and of children that were waited for */
};
struct bench_time bench_now(void);
struct rusage;
double bench_cpu_seconds(const struct rusage *); /* user and system */
/* The least of wall and CPU time, divided by `count`, of run(user); after one run that does not count. */
struct bench_time bench_best(int repeats, double count, void (*run)(void *user), void *user);
void bench_report(const char *what, struct bench_time, double gflop); /* as `assay` */
void bench_report_as(const char *contender, const char *what, struct bench_time, double gflop);

/* The gradient of some samples, one after the other in x and out. */
#define BENCH_BATCH 10u
struct bench_gradient {
    struct net *net;
    struct helpers helpers; /* who computes now */
    uint32_t n;
    float *x, *out;
    uint32_t targets[BENCH_BATCH];
};
void bench_run_gradient(void *gradient);

struct graph *bench_resnet18(void);
struct graph *bench_fashion_cnn(void);
struct graph *bench_squeezenet(void); /* NULL: the file is not there */
double bench_core_peak(void);         /* GFLOP/s of fused multiply-adds, one thread */
/* Of the convolutions and matrix products of one forward pass, as if computed directly. */
double bench_forward_gflop(const struct graph *);

typedef int bench_job(int argc, char **argv);
bench_job bench_deep, bench_export, bench_families, bench_ig, bench_kernels, bench_measure, bench_net, bench_occlusion,
    bench_peak, bench_products, bench_spawn, bench_train;

#endif
