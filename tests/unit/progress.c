/* What a run says of how far it is, where nobody looks at a terminal. */
#include "workers/progress.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdio.h>
#include <string.h>

static void redirect(void) {
    cr_redirect_stderr();
}

/* The share never falls: as long as jobs are to come that say what others cost, none is shown. */
Test(progress, does_not_go_back, .init = redirect) {
    struct progress p;
    char line[128];
    int last = -1, lines = 0;
    progress_begin(&p, false);
    progress_add(&p, "controls", 2 + 10 + 2, 14);
    p.unpriced = 2;
    progress_job(&p, 1);
    for (int i = 0; i < 9; i++) progress_job(&p, 1); /* nearly all there is, by now */
    p.unpriced = 1;
    p.total += 100;
    progress_job(&p, 1);
    p.unpriced = 0;
    p.total += 50;
    progress_job(&p, 1);
    progress_job(&p, 102);
    progress_job(&p, 51);
    progress_end(&p);
    fflush(stderr);
    FILE *said = cr_get_redirected_stderr();
    while (fgets(line, sizeof line, said)) {
        int share;
        if (!strchr(line, '%') || sscanf(line, "%d %%", &share) != 1) continue;
        cr_expect_gt(share, last, "%s", line);
        last = share;
        lines++;
    }
    cr_expect_eq(last, 100);
    cr_expect_geq(lines, 2);
}

/* It would wrap, and stay on the screen line by line. */
Test(progress, fits_the_terminal) {
    struct progress p = {.title = "label permutation", .done = 370, .total = 1000, .units = 1234, .of = 4000};
    char line[160];
    for (unsigned columns = 20; columns <= 200; columns++) {
        progress_line(&p, 12345, columns, line, sizeof line);
        cr_expect_lt(strlen(line), columns, "%u: %s", columns, line);
        cr_expect_eq(strncmp(line, "label permutation ", 18), 0, "%s", line);
        cr_expect_eq(strchr(line, '[') != NULL, columns > 72, "%u: %s", columns, line);
    }
    progress_line(&p, 12345, 80, line, sizeof line);
    cr_expect_str_eq(line, "label permutation [######.........]  37 %  1234/4000 jobs  12345 s  ETA 21020 s");
    p.unpriced = 1;
    progress_line(&p, 3, 0, line, sizeof line);
    cr_expect_str_eq(line, "label permutation 1234/4000 jobs  3 s");
}
