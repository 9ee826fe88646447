/* multiply.c: which of both multiplies, and what OpenBLAS leaves to do. */
#include "nn/ops/multiply.h"

#include "base/cpu.h"
#include "base/sizes.h"

#include <cblas.h>

bool multiply_own(const struct op_call *call) {
    return !call->training || cpu_route() >= CPU_AVX2;
}

size_t multiply_scratch(const struct op_call *call, const struct product *p) {
    return multiply_own(call) ? product_scratch(p, call->workers) : 0;
}

/* ---- OpenBLAS ---- */

static enum CBLAS_TRANSPOSE transposed(const struct product_factor *f) {
    return f->column == 1 ? CblasNoTrans : CblasTrans;
}

/* From line to line as they lie in memory; of a single one it says nothing. */
static int leading(const struct product_factor *f, size_t rows, size_t columns) {
    return (int)(f->column == 1 ? size_max(f->row, columns) : size_max(f->column, rows));
}

/* Biases are written first, and the product is added. */
static void fill(const struct product *p) {
    for (size_t i = 0; i < p->rows; i++) {
        float *c = p->c + i * p->c_row, row = p->row_bias ? p->row_bias[i] : 0;
        for (size_t j = 0; j < p->columns; j++) c[j] = p->column_bias ? p->column_bias[j] + row : row;
    }
}

static void clip(const struct product *p) {
    for (size_t i = 0; i < p->rows; i++) {
        float *c = p->c + i * p->c_row;
        for (size_t j = 0; j < p->columns; j++) c[j] = c[j] < 0 ? 0 : c[j];
    }
}

static void run_blas(const struct product *p) {
    bool biased = p->row_bias || p->column_bias;
    if (biased) fill(p);
    cblas_sgemm(CblasRowMajor, transposed(&p->a), transposed(&p->b), (int)p->rows, (int)p->columns, (int)p->depth,
                p->scale, p->a.data, leading(&p->a, p->rows, p->depth), p->b.data, leading(&p->b, p->depth, p->columns),
                p->add || biased ? 1 : 0, p->c, (int)p->c_row);
    if (p->relu) clip(p);
}

/* ---- Either ---- */

void multiply_run(const struct op_call *call, const struct product *p, float *scratch) {
    if (multiply_own(call)) product_run(p, call->team, scratch);
    else run_blas(p);
}

void multiply_many(const struct op_call *call, size_t count, const struct product *p, product_make *make,
                   const void *user, float *scratch) {
    if (multiply_own(call)) {
        product_run_many(count, p, make, user, call->team, scratch);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct product one = *p;
        make(user, i, &one);
        run_blas(&one);
    }
}
