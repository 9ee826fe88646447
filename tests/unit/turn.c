/* A matrix transposed, in every body: each element once, and none beside it. */
#include "base/cpu.h"
#include "base/rng.h"
#include "nn/kernels/turn.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define GAP 3u /* elements between rows: nobody may read or write there */

static void check(turn_function *run, size_t rows, size_t columns) {
    size_t from_step = rows + GAP, to_step = columns + GAP;
    float *from = malloc(((columns - 1) * from_step + rows) * sizeof *from); /* ends with the last element */
    float *to = malloc(((rows - 1) * to_step + columns) * sizeof *to);
    cr_assert(from && to);
    rng_fill_normal(1, 0, (columns - 1) * from_step + rows, from);
    for (size_t i = 0; i < (rows - 1) * to_step + columns; i++) to[i] = 77;
    run(from, from_step, to, to_step, rows, columns);
    size_t wrong = 0;
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < (r + 1 < rows ? to_step : columns); c++)
            wrong +=
                memcmp(&to[r * to_step + c], c < columns ? &from[c * from_step + r] : &(float){77}, sizeof *to) != 0;
    cr_expect_eq(wrong, 0, "%zu x %zu", rows, columns);
    free(from);
    free(to);
}

Test(turn, every_element_has_its_place) {
    static const size_t sizes[] = {1, 3, 7, 8, 9, 15, 16, 17, 32, 45};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
            check(turn_run_portable, sizes[i], sizes[k]);
#if defined __x86_64__
            if (cpu_has(CPU_AVX2)) check(turn_run_avx2, sizes[i], sizes[k]);
            if (cpu_has(CPU_AVX512)) check(turn_run_avx512, sizes[i], sizes[k]);
#endif
        }
}
