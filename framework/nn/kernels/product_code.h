/* product_code.h: the body of product.h, compiled once for every kind of processor, as winograd_code.h is. */
#include "nn/kernels/lanes_some.h"
#include "nn/kernels/product_cut.h"

#ifndef ROWS
#define ROWS 6u
#endif
#define VECTORS 2u
#define PANEL (VECTORS * LANES) /* columns of one call of the inner kernel */
#define STEP PRODUCT_STEP
#define THREES ((ROWS + 2) / 3)
#define LINE 16u  /* floats of a line of the cache */
#define AHEAD 128 /* elements of a column that are fetched before they are wanted */

/* ---- b: to[depth][PANEL], zero behind its columns ---- */

/* Rows of b lie side by side. */
static void copy_panel(const float *b, size_t step, size_t columns, size_t depth, float *to) {
    for (size_t k = 0; k < depth; k++, b += step, to += PANEL)
        for (size_t v = 0; v < VECTORS; v++) {
            size_t at = v * LANES, have = at >= columns ? 0 : columns - at;
            store(to + at, have >= LANES ? load(b + at) : have ? load_some(b + at, have) : (lanes){0});
        }
}

/* Its columns do: LANES of them, of which `columns` exist. Whole lines of the cache are read at once: columns that are
 * a power of two apart drive each other out of it. */
static void turn_vector(const float *b, size_t step, size_t columns, size_t depth, float *to) {
    float lines[LANES][LINE] = {{0}};
    octet rows[LANES];
    lanes out[OCTET];
    size_t k = 0;
    for (; k + LINE <= depth; k += LINE) {
        for (size_t i = 0; i < columns; i++) {
            memcpy(lines[i], b + i * step + k, sizeof lines[i]);
            __builtin_prefetch(b + i * step + k + AHEAD);
        }
        for (size_t half = 0; half < LINE; half += OCTET) {
            for (size_t i = 0; i < LANES; i++) rows[i] = load_octet(lines[i] + half);
            transpose(rows, out);
            for (size_t i = 0; i < OCTET; i++) store(to + (k + half + i) * PANEL, out[i]);
        }
    }
    for (; k < depth; k++)
        for (size_t i = 0; i < LANES; i++) to[k * PANEL + i] = i < columns ? b[i * step + k] : 0;
}

static void pack_panel(const struct product_factor *f, size_t first, size_t depth, size_t column, size_t columns,
                       float *to) {
    const float *b = f->data + first * f->row + column * f->column;
    if (f->column == 1) {
        copy_panel(b, f->row, columns, depth, to);
        return;
    }
    for (size_t at = 0; at < PANEL; at += LANES) {
        size_t have = at >= columns ? 0 : columns - at < LANES ? columns - at : LANES;
        if (have == LANES) turn_vector(b + at * f->column, f->column, LANES, depth, to + at);
        else turn_vector(b + at * f->column, f->column, have, depth, to + at);
    }
}

static void pack(const struct product *p, size_t column, size_t end, float *panels) {
    for (; column < end; column += PANEL)
        pack_panel(&p->b, 0, p->depth, column, end - column < PANEL ? end - column : PANEL, panels + column * p->depth);
}

/* ---- a: own[row][STEP], or, where its columns lie side by side, own[depth][STEP] ---- */

static void copy_rows(const struct product *p, size_t row, size_t end, size_t first, size_t depth, float *own) {
    const struct product_factor *a = &p->a;
    const float *from = a->data + row * a->row + first * a->column;
    if (a->column == 1)
        for (; row < end; row++, from += a->row, own += STEP) memcpy(own, from, depth * sizeof *own);
    else
        for (; depth > 0; depth--, from += a->column, own += STEP) memcpy(own, from, (end - row) * sizeof *own);
}

/* ---- The product ---- */

/* A product that no sum takes into a fused multiply-add: compilers do in one body and not in another (GCC 14), and the
 * bits of the bodies would differ. */
INLINE lanes rounded(lanes v) {
#if LANES == 16 && defined __AVX512F__
    __asm__("" : "+v"(v));
#elif LANES == 8 && defined __AVX__
    __asm__("" : "+x"(v));
#elif defined __FMA__
    __asm__("" : "+m"(v));
#endif
    return v;
}

struct ending {
    float scale;
    const float *row_bias, *column_bias; /* of the first row and column, or NULL */
    bool add, relu;
    size_t columns; /* that exist */
    size_t c_row;
};

INLINE void finish(const struct ending *e, size_t rows, size_t vectors, lanes sum[][VECTORS], float *c) {
    for (size_t v = 0; v < vectors; v++) {
        size_t at = v * LANES, n = v + 1 < vectors ? LANES : e->columns - at;
        lanes bias = e->column_bias ? load_some(e->column_bias + at, n) : (lanes){0};
        for (size_t r = 0; r < rows; r++) {
            float *to = c + r * e->c_row + at;
            lanes x = rounded(e->scale * sum[r][v]);
            if (e->add) x += load_some(to, n);
            if (e->row_bias) x += e->row_bias[r];
            if (e->column_bias) x += bias;
            if (e->relu) x = (lanes)((int_lanes)x & ~(x < 0));
            store_some(to, x, n);
        }
    }
}

/* `turned`: a[depth][STEP], else a[rows][STEP]. */
INLINE void multiply(size_t rows, size_t vectors, bool turned, size_t depth, const float *restrict a,
                     const float *restrict b, const struct ending *e, float *restrict c) {
    lanes sum[ROWS][VECTORS];
    const float *three[THREES]; /* of rows: see winograd_code.h */
    for (size_t i = 0; i < THREES; i++) three[i] = a + 3 * i * STEP;
    for (size_t r = 0; r < rows; r++)
        for (size_t v = 0; v < vectors; v++) sum[r][v] = (lanes){0};
    for (size_t d = 0; d < depth; d++, b += PANEL) {
        lanes w[VECTORS];
        for (size_t v = 0; v < vectors; v++) w[v] = load(b + v * LANES);
        for (size_t r = 0; r < rows; r++) {
            float x = turned ? a[r] : three[r / 3][r % 3 * STEP];
            for (size_t v = 0; v < vectors; v++) sum[r][v] += x * w[v];
        }
        if (turned) a += STEP;
        else
            for (size_t i = 0; i < (rows + 2) / 3; i++) three[i]++;
    }
    finish(e, rows, vectors, sum, c);
}

/* Functions of their own: within a larger one the sums would not stay in registers. */
typedef void multiply_function(size_t depth, const float *a, const float *b, const struct ending *, float *c);
#define DEFINE_ONE(name, rows, vectors, turned)                                                                        \
    static __attribute__((noinline)) void name(size_t depth, const float *a, const float *b, const struct ending *e,   \
                                               float *c) {                                                             \
        multiply(rows, vectors, turned, depth, a, b, e, c);                                                            \
    }
#define DEFINE_MULTIPLY(rows)                                                                                          \
    DEFINE_ONE(narrow_##rows, rows, 1, false)                                                                          \
    DEFINE_ONE(wide_##rows, rows, 2, false)                                                                            \
    DEFINE_ONE(narrow_turned_##rows, rows, 1, true)                                                                    \
    DEFINE_ONE(wide_turned_##rows, rows, 2, true)
#define NAMES(rows) {{narrow_##rows, wide_##rows}, {narrow_turned_##rows, wide_turned_##rows}},
#define UP_TO_6(DO) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6)
#if ROWS == 6
#define EACH_COUNT(DO) UP_TO_6(DO)
#else
#define EACH_COUNT(DO) UP_TO_6(DO) DO(7) DO(8) DO(9) DO(10) DO(11) DO(12) DO(13) DO(14)
#endif
EACH_COUNT(DEFINE_MULTIPLY)
static multiply_function *const functions[ROWS][2][VECTORS] = {EACH_COUNT(NAMES)};

/* ---- One row by a factor that lies row by row: read where it is, through as many columns as registers hold ---- */

#define STREAM (ROWS * PANEL) /* columns */
#define ROWS_AHEAD 4          /* that are fetched before they are wanted */

static __attribute__((noinline)) void multiply_one(size_t depth, const float *restrict a, const float *restrict b,
                                                   size_t step, const struct ending *e, float *restrict c) {
    lanes sum[ROWS][VECTORS];
    for (size_t i = 0; i < ROWS; i++)
        for (size_t v = 0; v < VECTORS; v++) sum[i][v] = (lanes){0};
    for (size_t d = 0; d < depth; d++, b += step) {
        const float *ahead = d + ROWS_AHEAD < depth ? b + ROWS_AHEAD * step : b;
        for (size_t i = 0; i < STREAM; i += LINE) __builtin_prefetch(ahead + i);
        for (size_t i = 0; i < ROWS; i++)
            for (size_t v = 0; v < VECTORS; v++) sum[i][v] += a[d] * load(b + i * PANEL + v * LANES);
    }
    for (size_t i = 0; i < ROWS; i++) {
        struct ending here = *e;
        if (e->column_bias) here.column_bias += i * PANEL;
        finish(&here, 1, VECTORS, sum + i, c + i * PANEL);
    }
}

/* One panel: as few calls as can be, of as many rows each. `c`: of the first row. */
static void run_panel(const struct product *p, const struct product_part *part, size_t depth, const float *own,
                      const float *panel, struct ending *e, float *c) {
    size_t rows = part->row_end - part->row, calls = (rows + ROWS - 1) / ROWS, least = rows / calls;
    bool turned = p->a.column != 1;
    for (size_t call = 0; call < calls; call++) {
        size_t count = call < rows % calls ? least + 1 : least;
        functions[count - 1][turned][e->columns > LANES](depth, own, panel, e, c);
        own += turned ? count : count * STEP;
        c += count * p->c_row;
        if (e->row_bias) e->row_bias += count;
    }
}

static void run(const struct product *p, const struct product_part *part, const float *panels, float *own) {
    float *packed = own + product_own(p) - (p->depth < PRODUCT_CHUNK ? p->depth : PRODUCT_CHUNK) * PRODUCT_PANEL;
    bool streams = p->rows == 1 && p->a.column == 1 && p->b.column == 1 && !panels;
    for (size_t first = 0; first < p->depth; first += PRODUCT_CHUNK) {
        size_t depth = p->depth - first < PRODUCT_CHUNK ? p->depth - first : PRODUCT_CHUNK;
        bool last = first + depth == p->depth;
        copy_rows(p, part->row, part->row_end, first, depth, own);
        for (size_t column = part->column; column < part->column_end; column += PANEL) {
            size_t left = part->column_end - column;
            struct ending e = {.scale = p->scale,
                               .row_bias = last && p->row_bias ? p->row_bias + part->row : NULL,
                               .column_bias = last && p->column_bias ? p->column_bias + column : NULL,
                               .add = p->add || first > 0,
                               .relu = last && p->relu,
                               .columns = left < PANEL ? left : PANEL,
                               .c_row = p->c_row};
            if (streams && left >= STREAM) {
                const float *b = p->b.data + first * p->b.row + column;
                e.columns = PANEL;
                multiply_one(depth, own, b, p->b.row, &e, p->c + part->row * p->c_row + column);
                column += STREAM - PANEL;
                continue;
            }
            if (!panels) pack_panel(&p->b, first, depth, column, e.columns, packed);
            run_panel(p, part, depth, own, panels ? panels + column * p->depth + first * PANEL : packed, &e,
                      p->c + part->row * p->c_row + column);
        }
    }
}

const struct product_body NAME(product) = {pack, run};
