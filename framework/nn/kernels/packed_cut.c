/* packed_cut.c: which of the compiled bodies runs, how the work is cut, and the memory. */
#include "nn/kernels/packed_cut.h"

#include "base/cpu.h"

/* Groups of rows unfold the same positions again, so there are only as many as keep all busy. */
struct packed_cut packed_cut(const struct packed *p, size_t rows, unsigned workers) {
    size_t taps = p->taps[0] * p->taps[1], chunks = (p->channels * taps + PACKED_DEPTH - 1) / PACKED_DEPTH;
    size_t panels = (p->rows + rows - 1) / rows;
    struct packed_cut cut = {.chunk = (p->channels + chunks - 1) / chunks,
                             .blocks = (p->samples * p->out[0] * p->out[1] + PACKED_BLOCK - 1) / PACKED_BLOCK,
                             .groups = 1,
                             .weights = panels * rows * p->channels * taps};
    if (workers > 1 && cut.blocks < 4 * workers) cut.groups = (2 * workers + cut.blocks - 1) / cut.blocks;
    cut.group_rows = (panels + cut.groups - 1) / cut.groups * rows;
    cut.groups = (p->rows + cut.group_rows - 1) / cut.group_rows;
    /* One block of the unfolded input, and of the output as many rows as have to wait for the next chunk. */
    cut.own = PACKED_BLOCK * (cut.chunk * taps + (cut.chunk < p->channels ? cut.group_rows : rows));
    return cut;
}

size_t packed_scratch_with(const struct packed_body *body, const struct packed *p, unsigned workers) {
    size_t most = 0;
    struct packed some = *p;
    for (some.samples = 1; some.samples <= p->samples; some.samples++)
        for (unsigned k = 1; k <= workers; k++) {
            struct packed_cut cut = packed_cut(&some, body->rows, k);
            most = cut.weights + k * cut.own > most ? cut.weights + k * cut.own : most;
        }
    return most;
}

static const struct packed_body *best_body(void) {
#if defined __x86_64__
    if (cpu_route() >= CPU_AVX512) return &packed_avx512;
#endif
    return &packed_avx2;
}

size_t packed_scratch(const struct packed *p, unsigned workers) {
    return packed_scratch_with(best_body(), p, workers);
}

void packed_run(const struct packed *p, struct thread_team *team, const float *x, const float *weights,
                const float *bias, float *y, float *scratch) {
    best_body()->run(p, team, x, weights, bias, y, scratch);
}
