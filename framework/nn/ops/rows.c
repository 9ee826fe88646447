/* rows.c: panels of the right factor times up to four rows at a time; every element is added up in the order of depth.
 */
#include "nn/ops/rows.h"

#include <string.h>

#define PANEL_COLUMNS 16
#define PANEL_DEPTH 256 /* a panel of 16 KiB stays in the first cache */
#define ROWS 4
#define LANES 8
#define VECTORS (PANEL_COLUMNS / LANES)

typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));

struct panel {
    size_t columns, depth;
    union {
        float b[PANEL_DEPTH][PANEL_COLUMNS]; /* zero behind `columns` */
        lanes vectors[PANEL_DEPTH][VECTORS];
    };
};

static void pack(struct panel *p, const float *b, size_t columns, size_t depth, bool transposed, size_t column,
                 size_t first) {
    p->columns = columns - column < PANEL_COLUMNS ? columns - column : PANEL_COLUMNS;
    p->depth = depth - first < PANEL_DEPTH ? depth - first : PANEL_DEPTH;
    if (p->columns < PANEL_COLUMNS) memset(p->b, 0, sizeof p->b);
    for (size_t j = 0; j < p->columns && transposed; j++)
        for (size_t k = 0; k < p->depth; k++) p->b[k][j] = b[(column + j) * depth + first + k];
    for (size_t k = 0; k < p->depth && !transposed; k++)
        memcpy(p->b[k], b + (first + k) * columns + column, p->columns * sizeof *b);
}

/* All kernels add up every element in the order of the depth. */
#define DEFINE_KERNEL(name, count)                                                                                     \
    __attribute__((target_clones("avx2", "default"))) static void name(const struct panel *p, const float *a,          \
                                                                       size_t step, float out[][PANEL_COLUMNS]) {      \
        lanes sum[count][VECTORS] = {{{0}}};                                                                           \
        for (size_t k = 0; k < p->depth; k++)                                                                          \
            for (size_t r = 0; r < (count); r++)                                                                       \
                for (size_t v = 0; v < VECTORS; v++) sum[r][v] += a[r * step + k] * p->vectors[k][v];                  \
        memcpy(out, sum, sizeof sum);                                                                                  \
    }
DEFINE_KERNEL(multiply_4, 4)
DEFINE_KERNEL(multiply_2, 2)
DEFINE_KERNEL(multiply_1, 1)

void rows_multiply(size_t rows, size_t columns, size_t depth, float alpha, const float *a, const float *b,
                   bool transposed, float *c) {
    struct panel panel;
    float sum[ROWS][PANEL_COLUMNS];
    for (size_t column = 0; column < columns; column += PANEL_COLUMNS)
        for (size_t first = 0; first < depth; first += PANEL_DEPTH) {
            pack(&panel, b, columns, depth, transposed, column, first);
            for (size_t row = 0, count; row < rows; row += count) {
                size_t left = rows - row;
                count = left >= ROWS ? ROWS : left >= 2 ? 2 : 1;
                (count == ROWS ? multiply_4
                 : count == 2  ? multiply_2
                               : multiply_1)(&panel, a + row * depth + first, depth, sum);
                for (size_t r = 0; r < count; r++)
                    for (size_t j = 0; j < panel.columns; j++) c[(row + r) * columns + column + j] += alpha * sum[r][j];
            }
        }
}
