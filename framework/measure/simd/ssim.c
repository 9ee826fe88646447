/* ssim.c: which of the compiled bodies runs. */
#include "measure/simd/ssim.h"

#include "base/cpu.h"

#if defined __x86_64__
extern const struct ssim_kernels ssim_avx2;
#endif

const struct ssim_kernels *ssim_kernels(void) {
#if defined __x86_64__
    if (cpu_route() >= CPU_AVX2) return &ssim_avx2;
#endif
    return &ssim_portable;
}

size_t ssim_count(uint32_t height, uint32_t width) {
    size_t rows = height - 2 * SSIM_RADIUS, columns = width - 2 * SSIM_RADIUS;
    return (rows + SSIM_LANES - 1) / SSIM_LANES * SSIM_LANES * columns;
}

size_t ssim_filter_scratch(uint32_t width) {
    return (SSIM_RING + SSIM_LANES) * SSIM_ROW((size_t)width + SSIM_LANES);
}
