/* The size of a terminal. */
#include "base/terminal.h"

#include "base/text.h"

#include <stdlib.h>
#include <sys/ioctl.h>

unsigned terminal_columns(int descriptor) {
    struct winsize size = {0};
    const char *said = getenv("COLUMNS");
    long columns;
    if (ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
    return said && text_to_long(said, 1, 10000, &columns) ? (unsigned)columns : 0;
}

unsigned terminal_lines(int descriptor) {
    struct winsize size = {0};
    return ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_row : 0;
}
