/* The kernel of MaxPool against a search, in all its bodies. */
#include "nn/kernels/maxpool.h"

#include "base/cpu.h"
#include "base/rng.h"
#include "nn/kernels/maxpool_pairs.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define HEIGHT 6u

static uint32_t search(const struct maxpool_row *r, const float *plane, size_t window) {
    size_t best = r->first + window * r->step;
    for (size_t y = 0; y < r->rows; y++)
        for (size_t x = 0; x < r->columns; x++) {
            size_t at = r->first + window * r->step + y * r->width + x;
            if (plane[at] > plane[best]) best = at;
        }
    return (uint32_t)best;
}

static void check(maxpool_function *run, const struct maxpool_row *r) {
    size_t size = HEIGHT * r->width;
    float *plane = malloc(size * sizeof *plane), *largest = malloc(r->count * sizeof *largest);
    uint32_t *place = malloc(r->count * sizeof *place);
    cr_assert(plane && largest && place);
    rng_fill_normal(r->count, 0, size, plane);
    for (size_t i = 0; i < size; i++) plane[i] = roundf(plane[i]); /* many are equal */
    cr_expect(run(r, plane, largest, place));
    for (size_t i = 0; i < r->count; i++) {
        uint32_t wanted = search(r, plane, i);
        cr_expect_eq(place[i], wanted, "window %zu of %zu: %u, wanted %u", i, r->count, place[i], wanted);
        cr_expect_eq(largest[i], plane[wanted]);
    }
    for (size_t y = 0; y < r->rows; y++) { /* wherever in the last window, a NaN is seen */
        size_t at = r->first + (r->count - 1) * r->step + y * r->width + r->columns - 1;
        float kept = plane[at];
        plane[at] = NAN;
        cr_expect_not(run(r, plane, largest, place));
        plane[at] = kept;
    }
    free(plane);
    free(largest);
    free(place);
}

Test(maxpool, finds_the_first_of_the_largest) {
    static const struct maxpool_row cases[] = {
        {.count = 8, .step = 1, .rows = 1, .columns = 1, .width = 8, .first = 0},
        {.count = 8, .step = 2, .rows = 2, .columns = 2, .width = 16, .first = 0},
        {.count = 9, .step = 2, .rows = 3, .columns = 3, .width = 19, .first = 19},
        {.count = 23, .step = 2, .rows = 3, .columns = 3, .width = 50, .first = 51},
        {.count = 30, .step = 1, .rows = 5, .columns = 4, .width = 33, .first = 33},
        {.count = 64, .step = 1, .rows = 2, .columns = 3, .width = 70, .first = 4},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check(maxpool_run, &cases[i]);
        check(maxpool_run_portable, &cases[i]);
    }
}

/* ---- 2x2 with stride 2 ---- */

static void check_pairs(maxpool_pairs_function *run, size_t width, size_t rows, size_t columns) {
    size_t size = 2 * rows * width, count = rows * columns;
    float *plane = malloc(size * sizeof *plane), *largest = malloc((count + 1) * sizeof *largest);
    uint32_t *place = malloc((count + 1) * sizeof *place);
    cr_assert(plane && largest && place);
    rng_fill_normal(count, 0, size, plane);
    for (size_t i = 0; i < size; i++) plane[i] = roundf(plane[i]); /* many are equal */
    largest[count] = 77, place[count] = 77;
    cr_expect(run(plane, width, rows, columns, largest, place));
    for (size_t row = 0; row < rows; row++)
        for (size_t i = 0; i < columns; i++) {
            const struct maxpool_row r = {.rows = 2, .columns = 2, .step = 2, .width = width, .first = 2 * row * width};
            uint32_t wanted = search(&r, plane, i), found = place[row * columns + i];
            cr_expect_eq(found, wanted, "window %zu of row %zu of %zu: %u, wanted %u", i, row, columns, found, wanted);
            cr_expect_eq(largest[row * columns + i], plane[wanted]);
        }
    cr_expect(place[count] == 77 && largest[count] >= 77, "it wrote behind the last of %zu columns", columns);
    for (size_t at = 0; at < 2 * columns; at++) { /* wherever in the last row, a NaN is seen */
        size_t i = (2 * rows - 1) * width - at % 2 * width + at;
        float kept = plane[i];
        plane[i] = NAN;
        cr_expect_not(run(plane, width, rows, columns, largest, place));
        plane[i] = kept;
    }
    free(plane);
    free(largest);
    free(place);
}

Test(maxpool, pairs_are_those_of_a_search) {
    for (size_t columns = 1; columns < 40; columns++)
        for (size_t more = 0; more < 2; more++) {
            check_pairs(maxpool_pairs_run, 2 * columns + more, 3, columns);
            check_pairs(maxpool_pairs_portable, 2 * columns + more, 3, columns);
#if defined __x86_64__
            if (cpu_has(CPU_AVX2)) check_pairs(maxpool_pairs_avx2, 2 * columns + more, 3, columns);
#endif
        }
}

static void check_back(maxpool_pairs_back_function *run, size_t rows, size_t columns, bool rectifies) {
    size_t count = rows * columns, width = 2 * columns, size = 4 * count;
    float *plane = malloc(size * sizeof *plane), *y = malloc(count * sizeof *y), *dy = malloc(count * sizeof *dy);
    float *dx = malloc((size + 1) * sizeof *dx), *wanted = calloc(size, sizeof *wanted);
    uint32_t *index = malloc(count * sizeof *index);
    cr_assert(plane && y && dy && dx && wanted && index);
    rng_fill_normal(1, 0, size, plane);
    rng_fill_normal(2, 0, count, dy);
    cr_assert(maxpool_pairs_portable(plane, width, rows, columns, y, index));
    for (size_t i = 0; i < count; i++) wanted[index[i]] = rectifies && y[i] <= 0 ? 0 : dy[i];
    memset(dx, 0xff, size * sizeof *dx);
    dx[size] = 77;
    run(&(struct maxpool_pairs_back){dy, rectifies ? y : NULL, index, width, rows, columns, dx});
    cr_expect_arr_eq(dx, wanted, size * sizeof *dx, "%zu x %zu", rows, columns);
    cr_expect(dx[size] >= 77 && dx[size] <= 77);
    free(plane), free(y), free(dy), free(dx), free(wanted), free(index);
}

Test(maxpool, gradients_of_pairs_go_where_the_largest_were) {
    for (size_t columns = 1; columns < 40; columns++)
        for (int rectifies = 0; rectifies < 2; rectifies++) {
            check_back(maxpool_pairs_pass, 3, columns, rectifies);
            check_back(maxpool_pairs_back_portable, 3, columns, rectifies);
#if defined __x86_64__
            if (cpu_has(CPU_AVX2)) check_back(maxpool_pairs_back_avx2, 3, columns, rectifies);
#endif
        }
}
