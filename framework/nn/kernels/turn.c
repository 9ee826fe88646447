/* turn.c: the best body. */
#include "nn/kernels/turn.h"

#include "base/cpu.h"

void turn_run(const float *from, size_t from_step, float *to, size_t to_step, size_t rows, size_t columns) {
#if defined __x86_64__
    if (cpu_route() >= CPU_AVX512) turn_run_avx512(from, from_step, to, to_step, rows, columns);
    else if (cpu_route() >= CPU_AVX2) turn_run_avx2(from, from_step, to, to_step, rows, columns);
    else
#endif
        turn_run_portable(from, from_step, to, to_step, rows, columns);
}
