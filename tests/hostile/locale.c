/* locale: another locale from the moment it is loaded, with a decimal comma where there is one. */
#include "hostile.h"

#include <locale.h>

__attribute__((constructor)) static void load(void) {
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR.UTF-8", "C.UTF-8"};
    for (size_t k = 0; k < sizeof names / sizeof *names && !setlocale(LC_ALL, names[k]); k++) {}
    /* Where no such locale is installed: the point itself, in the table of the one in force. */
    localeconv()->decimal_point = ",";
}

static const struct hostile hostile = {.attribute = NULL};
