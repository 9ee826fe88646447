/* Products of matrices in every body: against sums in double precision and against OpenBLAS; and the same bits for any
 * cut and any team. */
#include "base/cpu.h"
#include "arrays.h"
#include "base/sizes.h"
#include "wide.h"

#include <cblas.h>
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GAP 3u /* elements between rows of c: nobody may write there */
#define BODIES 4u

/* Bodies that this processor runs; those from *fused on have fused multiply-adds. */
static size_t bodies(const struct product_body **out, size_t *fused) {
    size_t count = 0;
    out[count++] = &product_portable;
    *fused = count;
#if defined __x86_64__
    if (cpu_has(CPU_AVX2)) out[count++] = &product_avx2, out[count++] = &product_wide;
    if (cpu_has(CPU_AVX512)) out[count++] = &product_avx512;
#endif
    return count;
}

struct sizes {
    size_t rows, columns, depth;
};

/* How a product is laid out and ends: bits of `form`. */
enum { TURN_A = 1, TURN_B = 2, ADD = 4, ROW_BIAS = 8, COLUMN_BIAS = 16, RELU = 32, SCALE = 64, FORMS = 128 };

struct data {
    struct product p;
    float *a, *b, *row_bias, *column_bias, *before;
    size_t c_size;
};

static struct data make(struct sizes s, unsigned form) {
    struct data d = {.a = arrays_normal(s.rows * s.depth, 1), .b = arrays_normal(s.depth * s.columns, 2)};
    d.row_bias = arrays_normal(s.rows, 3);
    d.column_bias = arrays_normal(s.columns, 4);
    d.c_size = s.rows * (s.columns + GAP);
    d.before = form & ADD ? arrays_normal(d.c_size, 5) : arrays_nowhere(d.c_size);
    d.p = (struct product){.rows = s.rows,
                           .columns = s.columns,
                           .depth = s.depth,
                           .a = product_factor(d.a, form & TURN_A ? s.rows : s.depth, form & TURN_A),
                           .b = product_factor(d.b, form & TURN_B ? s.depth : s.columns, form & TURN_B),
                           .c_row = s.columns + GAP,
                           .scale = form & SCALE ? .375f : 1,
                           .add = form & ADD,
                           .row_bias = form & ROW_BIAS ? d.row_bias : NULL,
                           .column_bias = form & COLUMN_BIAS ? d.column_bias : NULL,
                           .relu = form & RELU};
    return d;
}

static void discard(struct data *d) {
    free(d->a), free(d->b), free(d->row_bias), free(d->column_bias), free(d->before);
}

static float *run(const struct product_body *body, const struct data *d, struct thread_team *team) {
    struct product p = d->p;
    float *scratch = arrays_nowhere(product_scratch(&p, thread_team_size(team)));
    p.c = arrays_nowhere(d->c_size);
    memcpy(p.c, d->before, d->c_size * sizeof *p.c);
    product_run_with(body, &p, team, scratch);
    free(scratch);
    return p.c;
}

/* The sum in double precision, and that of magnitudes, from which errors follow. */
static double element(const struct product *p, const float *before, size_t i, size_t j, double *size) {
    double sum = 0;
    *size = 0;
    for (size_t k = 0; k < p->depth; k++) {
        double product =
            (double)p->a.data[i * p->a.row + k * p->a.column] * (double)p->b.data[k * p->b.row + j * p->b.column];
        sum += product;
        *size += fabs(product);
    }
    sum *= (double)p->scale;
    if (p->add) sum += (double)before[i * p->c_row + j];
    if (p->row_bias) sum += (double)p->row_bias[i];
    if (p->column_bias) sum += (double)p->column_bias[j];
    *size += 1 + fabs(sum);
    return p->relu && sum < 0 ? 0 : sum;
}

static void expect_close(const struct data *d, const float *c, size_t body, unsigned form) {
    const struct product *p = &d->p;
    size_t wrong = 0;
    for (size_t i = 0; i < p->rows; i++) {
        for (size_t j = 0; j < p->columns; j++) {
            double size, wanted = element(p, d->before, i, j, &size);
            wrong += !(fabs((double)c[i * p->c_row + j] - wanted) < 1e-6 * size);
        }
        wrong += memcmp(c + i * p->c_row + p->columns, d->before + i * p->c_row + p->columns, GAP * sizeof *c) != 0;
    }
    cr_expect_eq(wrong, 0, "%zu x %zu x %zu, form %u, body %zu: %zu are wrong", p->rows, p->columns, p->depth, form,
                 body, wrong);
}

/* All bodies; those with fused multiply-adds make the same bits. */
static void check(struct sizes s, unsigned form) {
    const struct product_body *all[BODIES];
    size_t fused, count = bodies(all, &fused);
    struct data d = make(s, form);
    float *first = NULL;
    for (size_t i = 0; i < count; i++) {
        float *c = run(all[i], &d, NULL);
        expect_close(&d, c, i, form);
        if (i == fused) first = c;
        else if (i > fused) cr_expect_arr_eq(c, first, d.c_size * sizeof *c, "form %u: body %zu", form, i);
        if (i != fused) free(c);
    }
    free(first);
    discard(&d);
}

Test(product, agrees_with_sums_in_double_precision) {
    static const size_t columns[] = {1, 7, 16, 31, 33, 70}, depths[] = {1, 5, 8, 255, 256, 257, 600};
    for (size_t rows = 1; rows <= 20; rows++)
        for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
            for (size_t k = 0; k < sizeof depths / sizeof *depths; k++)
                check((struct sizes){rows, columns[i], depths[k]},
                      (unsigned)(rows + i * 37 + k * 11) % FORMS); /* each form with some sizes */
}

Test(product, every_form) {
    for (unsigned form = 0; form < FORMS; form++) {
        check((struct sizes){17, 45, 300}, form);
        check((struct sizes){3, 20, 9}, form);
        check((struct sizes){1, 1000, 270}, form);
    }
}

Test(product, is_close_to_openblas) {
    const struct product_body *all[BODIES];
    size_t fused, count = bodies(all, &fused);
    for (unsigned form = 0; form <= (TURN_A | TURN_B); form++) {
        const struct sizes s = {83, 101, 700};
        struct data d = make(s, form);
        float *wanted = arrays_normal(s.rows * s.columns, 1);
        cblas_sgemm(CblasRowMajor, form & TURN_A ? CblasTrans : CblasNoTrans, form & TURN_B ? CblasTrans : CblasNoTrans,
                    (int)s.rows, (int)s.columns, (int)s.depth, 1, d.a, (int)(form & TURN_A ? s.rows : s.depth), d.b,
                    (int)(form & TURN_B ? s.depth : s.columns), 0, wanted, (int)s.columns);
        for (size_t i = 0; i < count; i++) {
            float *c = run(all[i], &d, NULL);
            double difference = 0, size = 0;
            for (size_t r = 0; r < s.rows; r++)
                for (size_t k = 0; k < s.columns; k++) {
                    double w = (double)wanted[r * s.columns + k], x = (double)c[r * d.p.c_row + k] - w;
                    difference += x * x;
                    size += w * w;
                }
            cr_expect_lt(sqrt(difference / size), 1e-6, "form %u: body %zu: %g", form, i, sqrt(difference / size));
            free(c);
        }
        free(wanted);
        discard(&d);
    }
}

/* Sizes that are cut by columns, by rows, and into several blocks of rows. */
Test(product, any_team_makes_the_same_bits) {
    static const struct sizes sizes[] = {{1, 1000, 300}, {9, 333, 520},    {40, 40, 700},   {130, 70, 260},
                                         {211, 33, 300}, {257, 64, 64},    {300, 289, 270}, {520, 31, 257},
                                         {700, 1, 1000}, {150, 2100, 100}, {256, 290, 128}};
    const struct product_body *all[BODIES];
    size_t fused, count = bodies(all, &fused);
    for (unsigned workers = 2; workers <= 3; workers++) {
        struct thread_team *team;
        struct error e;
        cr_assert(thread_team_create(workers, &team, &e), "%s", e.text);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            for (unsigned form = 0; form < FORMS; form += 9)
                for (size_t k = 0; k < count; k++) {
                    struct data d = make(sizes[i], form);
                    float *alone = run(all[k], &d, NULL), *together = run(all[k], &d, team);
                    cr_expect_arr_eq(alone, together, d.c_size * sizeof *alone, "sizes %zu, form %u, body %zu", i, form,
                                     k);
                    free(alone), free(together);
                    discard(&d);
                }
        thread_team_destroy(team);
    }
}

/* A row, and a column, have the same bits by themselves as among others. */
Test(product, no_element_depends_on_what_lies_beside_it) {
    const struct product_body *all[BODIES];
    size_t fused, count = bodies(all, &fused);
    for (unsigned form = 0; form <= (TURN_A | TURN_B); form++)
        for (size_t k = 0; k < count; k++) {
            struct data d = make((struct sizes){300, 90, 513}, form);
            float *all_of_it = run(all[k], &d, NULL), *scratch = arrays_nowhere(product_scratch(&d.p, 1)), one[90];
            for (size_t row = 0; row < d.p.rows; row += 23) {
                struct product p = d.p;
                p.rows = 1;
                p.a.data += row * p.a.row;
                p.c = one;
                product_run_with(all[k], &p, NULL, scratch);
                cr_expect_arr_eq(one, all_of_it + row * p.c_row, sizeof one, "form %u, body %zu, row %zu", form, k,
                                 row);
            }
            for (size_t column = 0; column < d.p.columns; column += 7) {
                struct product p = d.p;
                float *c = arrays_nowhere(p.rows);
                p.columns = p.c_row = 1;
                p.b.data += column * p.b.column;
                p.c = c;
                product_run_with(all[k], &p, NULL, scratch);
                for (size_t row = 0; row < p.rows; row++)
                    cr_expect(memcmp(&c[row], &all_of_it[row * d.p.c_row + column], sizeof *c) == 0);
                free(c);
            }
            free(all_of_it), free(scratch);
            discard(&d);
        }
}

/* ---- Many at once ---- */

struct stack {
    const float *a, *b;
    float *c;
};

static void make_one(const void *user, size_t i, struct product *p) {
    const struct stack *s = user;
    p->a.data = s->a + i * p->rows * p->depth;
    p->b.data = s->b + i * p->depth * p->columns;
    p->c = s->c + i * p->rows * p->columns;
}

Test(product, many_are_what_each_is) {
    static const size_t counts[] = {1, 2, 3, 7};
    const size_t rows = 270, columns = 50, depth = 70, size = rows * columns;
    for (unsigned workers = 1; workers <= 3; workers++)
        for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
            size_t n = counts[i];
            struct thread_team *team;
            struct error e;
            float *a = arrays_normal(n * rows * depth, 1), *b = arrays_normal(n * columns * depth, 2);
            float *c = arrays_nowhere(n * size), *wanted = arrays_nowhere(n * size);
            struct product p = {.rows = rows,
                                .columns = columns,
                                .depth = depth,
                                .a = product_factor(NULL, depth, false),
                                .b = product_factor(NULL, columns, false),
                                .c_row = columns,
                                .scale = 1};
            float *scratch = arrays_nowhere(product_scratch(&p, workers));
            cr_assert(thread_team_create(workers, &team, &e), "%s", e.text);
            product_run_many(n, &p, make_one, &(struct stack){a, b, c}, team, scratch);
            for (size_t k = 0; k < n; k++) {
                struct product one = p;
                make_one(&(struct stack){a, b, wanted}, k, &one);
                product_run(&one, NULL, scratch);
            }
            cr_expect_arr_eq(c, wanted, n * size * sizeof *c, "%zu by %u", n, workers);
            thread_team_destroy(team);
            free(a), free(b), free(c), free(wanted), free(scratch);
        }
}

/* ---- What is not finite ---- */

Test(product, a_rectifier_lets_nan_through) {
    const struct product_body *all[BODIES];
    size_t fused, count = bodies(all, &fused);
    struct data d = make((struct sizes){2, 40, 3}, RELU);
    d.a[4] = NAN; /* row 1 */
    for (size_t k = 0; k < count; k++) {
        float *c = run(all[k], &d, NULL);
        for (size_t i = 0; i < d.p.columns; i++) {
            cr_expect(c[i] >= 0);
            cr_expect(isnan(c[d.p.c_row + i]));
        }
        free(c);
    }
    discard(&d);
}
