/* route.c: by what a process computes, and what a record says of that. */
#include "experiment/route.h"

#include "base/cpu.h"

#include <cblas.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

void compute_route_here(struct compute_route *out) {
    *out = (struct compute_route){.kernels = "", .arithmetic = COMPUTE_ARITHMETIC};
    snprintf(out->kernels, sizeof out->kernels, "%s", cpu_route_name());
    snprintf(out->blas, sizeof out->blas, "%s", openblas_get_corename());
}

void compute_route_of_record(const char *record, struct compute_route *out) {
    json_t *o = record ? json_loads(record, 0, NULL) : NULL;
    const json_t *machine = json_object_get(o, "machine");
    const char *kernels = json_string_value(json_object_get(machine, "route"));
    const char *blas = json_string_value(json_object_get(machine, "blas_kernel"));
    const json_t *arithmetic = json_object_get(machine, "arithmetic");
    *out = (struct compute_route){.arithmetic = json_is_integer(arithmetic) ? (int)json_integer_value(arithmetic) : 1};
    if (kernels && blas) {
        snprintf(out->kernels, sizeof out->kernels, "%s", kernels);
        snprintf(out->blas, sizeof out->blas, "%s", blas);
    }
    json_decref(o);
}

bool compute_route_known(const struct compute_route *r) {
    return r->kernels[0];
}

bool compute_route_same(const struct compute_route *a, const struct compute_route *b) {
    return compute_route_known(a) && compute_route_known(b) && strcmp(a->kernels, b->kernels) == 0 &&
           strcmp(a->blas, b->blas) == 0 && a->arithmetic == b->arithmetic;
}

struct compute_route_text compute_route_text(const struct compute_route *r) {
    struct compute_route_text out;
    if (compute_route_known(r))
        snprintf(out.text, sizeof out.text, "%s with OpenBLAS's %s, arithmetic %d", r->kernels, r->blas, r->arithmetic);
    else snprintf(out.text, sizeof out.text, "one that is not known");
    return out;
}

struct compute_route_text compute_route_settings(const struct compute_route *r) {
    struct compute_route_text out;
    snprintf(out.text, sizeof out.text, "ASSAY_ISA=%s OPENBLAS_CORETYPE=%s%s", r->kernels, r->blas,
             r->arithmetic == COMPUTE_ARITHMETIC ? "" : " and the version of assay that began it");
    return out;
}
