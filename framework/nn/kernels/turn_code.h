/* turn_code.h: the body of turn.c, compiled once for every kind of processor, as winograd_code.h is. */
#include "nn/kernels/lanes.h"
#include "nn/kernels/turn.h"

static void turn_some(const float *from, size_t from_step, float *to, size_t to_step, size_t rows, size_t columns) {
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++) to[r * to_step + c] = from[c * from_step + r];
}

/* LANES columns, an octet of each at a time. */
void NAME(turn_run)(const float *from, size_t from_step, float *to, size_t to_step, size_t rows, size_t columns) {
    size_t c = 0, whole = rows / OCTET * OCTET;
    for (; c + LANES <= columns; c += LANES) {
        const float *at = from + c * from_step;
        for (size_t r = 0; r < whole; r += OCTET) {
            octet in[LANES];
            lanes out[OCTET];
            for (size_t i = 0; i < LANES; i++) in[i] = load_octet(at + i * from_step + r);
            transpose(in, out);
            for (size_t i = 0; i < OCTET; i++) store(to + (r + i) * to_step + c, out[i]);
        }
        turn_some(at + whole, from_step, to + whole * to_step + c, to_step, rows - whole, LANES);
    }
    turn_some(from + c * from_step, from_step, to + c, to_step, rows, columns - c);
}
