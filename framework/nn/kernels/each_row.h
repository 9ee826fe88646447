/* each_row.h: the rows of a tile by name, 6 or 13 of them (ROWS), as gcc keeps arrays of sums in memory. */
#ifndef ASSAY_NN_KERNELS_EACH_ROW_H
#define ASSAY_NN_KERNELS_EACH_ROW_H

#ifndef ROWS
#define ROWS 6u
#endif

#if ROWS == 6
#define EACH_ROW(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5)
#elif ROWS == 13
#define EACH_ROW(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11) DO(12)
#else
#error "ROWS: 6 or 13 wanted"
#endif
#define IN_EACH_ROW(DO)                                                                                                \
    do {                                                                                                               \
        EACH_ROW(DO)                                                                                                   \
    } while (0) /* as one statement */

#endif
