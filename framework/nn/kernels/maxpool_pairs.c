/* maxpool_pairs.c: which of the compiled bodies runs. */
#include "nn/kernels/maxpool_pairs.h"

#include "base/cpu.h"

bool maxpool_pairs_run(const float *plane, size_t width, size_t rows, size_t columns, float *largest, uint32_t *index) {
#if defined __x86_64__
    if (cpu_route() >= CPU_AVX512) return maxpool_pairs_avx512(plane, width, rows, columns, largest, index);
    if (cpu_route() >= CPU_AVX2) return maxpool_pairs_avx2(plane, width, rows, columns, largest, index);
#endif
    return maxpool_pairs_portable(plane, width, rows, columns, largest, index);
}

void maxpool_pairs_pass(const struct maxpool_pairs_back *b) {
#if defined __x86_64__
    if (cpu_route() >= CPU_AVX512) maxpool_pairs_back_avx512(b);
    else if (cpu_route() >= CPU_AVX2) maxpool_pairs_back_avx2(b);
    else
#endif
        maxpool_pairs_back_portable(b);
}
