/* maxpool.c: which of the compiled bodies runs. */
#include "base/cpu.h"
#include "nn/kernels/maxpool.h"

bool maxpool_run(const struct maxpool_row *r, const float *plane, float *largest, uint32_t *index) {
#if defined __x86_64__
    if (cpu_route() >= CPU_AVX2) return maxpool_run_avx2(r, plane, largest, index);
#endif
    return maxpool_run_portable(r, plane, largest, index);
}
