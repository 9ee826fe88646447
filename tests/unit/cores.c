/* Counters that processes with plugins share: whatever is in them, nobody gets more cores than there are. */
#include "workers/cores.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

Test(cores, are_lent_and_come_back) {
    struct cores *c;
    struct error e;
    cr_assert(cores_create(4, 2, &c, &e), "%s", e.text);
    cores_enter(c, 0);
    cr_expect_eq(cores_borrow(c, 0, 8), 3);
    cores_enter(c, 1);
    cr_expect_eq(cores_borrow(c, 1, 8), 0);
    cores_leave(c, 0);
    cr_expect_eq(cores_borrow(c, 1, 2), 2);
    cores_return(c, 1, 2);
    cr_expect_eq(cores_borrow(c, 1, 8), 3);
    cores_destroy(c);
}

Test(cores, bear_what_a_plugin_writes_there) {
    for (int fill = 0; fill < 256; fill += 15) {
        struct cores *c;
        struct error e;
        char line[512], mode[8];
        unsigned long begin, end;
        cr_assert(cores_create(4, 3, &c, &e), "%s", e.text);
        cores_enter(c, 0);
        FILE *maps = fopen("/proc/self/maps", "r");
        unsigned pages = 0;
        while (maps && fgets(line, sizeof line, maps)) {
            if (sscanf(line, "%lx-%lx %7s", &begin, &end, mode) != 3 || strcmp(mode, "rw-s") != 0) continue;
            if (end - begin != 4096) continue; /* the test runner's are larger */
            memset((void *)begin, fill, end - begin);
            pages++;
        }
        fclose(maps);
        cr_expect_gt(pages, 0);
        unsigned lent = cores_borrow(c, 1, 64);
        cr_expect_leq(lent, 4, "fill %d: %u", fill, lent);
        cores_return(c, 1, lent);
        cores_leave(c, 1);
        cores_destroy(c);
    }
}
