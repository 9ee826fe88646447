/* route.h: the compute route of a process: which bodies of the program's own kernels it runs (base/cpu.h), and which of
 * OpenBLAS, and in which order this version of the program adds up. Two routes round differently, so that one store
 * holds the results of one. */
#ifndef ASSAY_EXPERIMENT_ROUTE_H
#define ASSAY_EXPERIMENT_ROUTE_H

#include <stdbool.h>

/* Grows when sums are added up in another order than before on the same processor. 1: what a record has that says
 * nothing of it; 2: networks are trained by kernels of the program. */
#define COMPUTE_ARITHMETIC 2

struct compute_route {
    char kernels[32]; /* portable, avx2 or avx512; "": not known */
    char blas[64];    /* as OPENBLAS_CORETYPE takes it */
    int arithmetic;   /* 1 to COMPUTE_ARITHMETIC, or of a later version */
};

/* Of this process. */
void compute_route_here(struct compute_route *);
/* Of the run that a store's JSON object "run" describes (record.h). NULL, or without a route: not known. */
void compute_route_of_record(const char *record, struct compute_route *);
bool compute_route_known(const struct compute_route *);
/* False where one is not known. */
bool compute_route_same(const struct compute_route *, const struct compute_route *);

/* "avx512 with OpenBLAS's SkylakeX, arithmetic 2" */
struct compute_route_text {
    char text[192];
};
struct compute_route_text compute_route_text(const struct compute_route *);
/* "ASSAY_ISA=avx512 OPENBLAS_CORETYPE=SkylakeX", and that it takes another version where it does */
struct compute_route_text compute_route_settings(const struct compute_route *);

#endif
