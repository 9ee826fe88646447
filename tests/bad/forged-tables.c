/* forged-tables: answers in its host's name while it is loaded. */
#include "honest.h"

#include <sys/stat.h>
#include <unistd.h>

/* Into every pipe there is: an answer that promises tables, and the end of a child that worked. */
__attribute__((constructor)) static void on_load(void) {
    static const char answer[] =
        "A[{\"id\":\"x\\u001b[2J\",\"name\":7,\"params\":[[[]]],\"claims\":1e99}]assay: the work returned\0\2";
    for (int fd = 3; fd < 64; fd++) {
        struct stat about;
        if (fstat(fd, &about) == 0 && S_ISFIFO(about.st_mode)) (void)!write(fd, answer, sizeof answer - 1);
    }
    _exit(0);
}

HONEST_PLUGIN("forged-tables", honest);
