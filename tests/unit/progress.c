/* What a run says of how far it is, where nobody looks at a terminal. */
#define _XOPEN_SOURCE 700 /* posix_openpt() */
#include "workers/progress.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

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

#define ROWS 30u

static void fill_rows(struct progress_row *rows) {
    for (uint32_t i = 0; i < ROWS; i++)
        rows[i] = (struct progress_row){.name = i % 3 ? (char *)"gradient"
                                                      : (char *)"\xe5\x8b\xbe\xe9\x85\x8d with a long name: x=1",
                                        .phase = i < 2 ? PROGRESS_OVER : (enum progress_phase)(i % 3),
                                        .what = i == 4   ? "cascading"
                                                : i == 1 ? "FAIL so far"
                                                         : NULL,
                                        .done = i,
                                        .planned = 123456,
                                        .seconds = 12345};
}

/* Cells, where a letter of the East takes two. */
static size_t cells(const char *line, size_t length) {
    size_t n = 0;
    uint32_t code;
    for (const char *at = line; at < line + length; n += code >= 0x1100 ? 2 : 1) at += utf8_next(at, &code);
    return n;
}

/* One line more, or one cell, and the terminal would scroll or wrap: the table would stay on it, again and again. */
Test(progress, table_fits_the_terminal) {
    struct progress_row rows[ROWS];
    fill_rows(rows);
    cr_expect_not(progress_table_fits(39, 20));
    cr_expect_not(progress_table_fits(80, 3));
    for (unsigned columns = 40; columns <= 200; columns++)
        for (unsigned lines = 4; lines <= 40; lines++) {
            struct text t = {0};
            unsigned count = 0;
            cr_assert(progress_table_fits(columns, lines));
            progress_table_add(&t, rows, ROWS, columns, lines);
            for (const char *line = t.data, *end; (end = strchr(line, '\n')); line = end + 1, count++)
                cr_assert_lt(cells(line, (size_t)(end - line)), columns, "%u: %s", columns, t.data);
            cr_assert_leq(count, lines, "%u lines: %s", lines, t.data);
            cr_assert_eq(count, lines < ROWS + 1 ? lines : ROWS + 1);
            text_finish(&t);
        }
}

/* What is at work is seen, the others are counted. */
Test(progress, table_shows_what_is_at_work) {
    struct progress_row rows[] = {{"edge", PROGRESS_OVER, "FAIL so far", 12, 12, 3},
                                  {"gradient", PROGRESS_QUEUED, NULL, 0, 12, 0},
                                  {"lime", PROGRESS_AT_WORK, "cascading", 7, 12, 41},
                                  {"occlusion", PROGRESS_OVER, NULL, 12, 12, 9}};
    struct text t = {0};
    progress_table_add(&t, rows, 4, 80, 4);
    cr_expect_str_eq(t.data, "explainer  state                               compared  seconds\n"
                             "gradient   queued                                  0/12        0\n"
                             "lime       at work on cascading                    7/12       41\n"
                             "and more: 2 done\n");
    text_finish(&t);
    progress_table_add(&t, rows, 4, 40, 5);
    cr_expect_str_eq(t.data, "explainer  state               compared\n"
                             "edge       FAIL so far            12/12\n"
                             "gradient   queued                  0/12\n"
                             "lime       cascading               7/12\n"
                             "occlusion  done                   12/12\n");
    text_finish(&t);
}

/* The state is whole, and both ends of a name are seen. */
Test(progress, table_shortens_names_in_the_middle) {
    struct progress_row rows[] = {
        {"grad-cam:layer=stage4.conv (before ReLU)", PROGRESS_AT_WORK, "label-permutation", 7, 12, 41},
        {"\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97"
         "\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97",
         PROGRESS_QUEUED, NULL, 0, 12, 0}};
    struct text t = {0};
    progress_table_add(&t, rows, 2, 80, 8);
    cr_expect(strstr(t.data, "grad-cam:la...fore ReLU)  at work on label-permutation "), "%s", t.data);
    cr_expect(strstr(t.data, "\xe6\xbc\xa2...\xe5\xad\x97"), "%s", t.data);
    text_finish(&t);
    progress_table_add(&t, rows, 2, 200, 8);
    cr_expect(strstr(t.data, "grad-cam:layer=stage4.conv (before ReLU)  at work on label-permutation "), "%s", t.data);
    text_finish(&t);
    progress_table_add(&t, rows, 2, 40, 8);
    cr_expect(strstr(t.data, "  label-permutation "), "%s", t.data);
    text_finish(&t);
}

/* Standard error becomes a terminal of 80 x 24; returns its other end. */
static int open_terminal(void) {
    const struct winsize size = {.ws_row = 24, .ws_col = 80};
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0) cr_skip_test("no terminal of one's own can be had here"); /* /dev/pts is not mounted */
    cr_assert(grantpt(master) == 0 && unlockpt(master) == 0);
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    cr_assert(slave >= 0 && ioctl(slave, TIOCSWINSZ, &size) == 0 && dup2(slave, STDERR_FILENO) >= 0);
    setenv("TERM", "xterm", 1);
    return master;
}

static void expect_written(int master, const char *wanted) {
    char text[4096] = "";
    ssize_t n = read(master, text, sizeof text - 1);
    cr_assert_gt(n, 0);
    cr_expect_str_eq(text, wanted);
}

/* Nothing of the table stays where a message is to stand, and it is drawn again below that. */
Test(progress, hides_its_table) {
    struct progress_row rows[] = {{"lime", PROGRESS_AT_WORK, "cascading", 7, 12, 41}};
    static const char table[] = "controls          0/1 jobs  0 s\033[K\r\n"
                                "explainer  state                               compared  seconds\033[K\r\n"
                                "lime       at work on cascading                    7/12       41\033[K\r\n\033[J";
    struct progress p;
    int master = open_terminal();
    progress_begin(&p, false);
    p.rows = rows;
    p.row_count = 1;
    p.unpriced = 1;
    progress_add(&p, "controls", 1, 1);
    expect_written(master, table);
    progress_hide(&p);
    expect_written(master, "\r\033[3A\033[J");
    p.last = 0;
    progress_tick(&p);
    expect_written(master, table);
}
