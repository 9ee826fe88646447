/* terminal.h: how large a terminal is. */
#ifndef ASSAY_BASE_TERMINAL_H
#define ASSAY_BASE_TERMINAL_H

/* Columns of the terminal that the descriptor is; of anything else what COLUMNS in the environment says; 0: not known.
 * Asked anew each time: a window changes its size. */
unsigned terminal_columns(int descriptor);
/* Its lines, of a terminal alone. */
unsigned terminal_lines(int descriptor);

#endif
