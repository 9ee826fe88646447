/* Children that draw several scripts: what one script breaks, the others do not lack. */
#include "reports/gnuplot.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "fake_run.h"
#include "reports/figure_request.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(gnuplot_jobs);

#define SCRIPTS 11u

static bool drawn(const char *folder, unsigned script, const char *format) {
    char *path = text_format("%s/s%u.%s", folder, script, format);
    bool there = file_exists(path);
    free(path);
    return there;
}

/* Scripts of which some have another text; all are drawn by one child at a time. */
static bool draw(const char *folder, const unsigned *broken, size_t count, const char *text, struct error *e) {
    struct gnuplot_jobs jobs = {0};

    for (unsigned i = 0; i < SCRIPTS; i++) {
        bool bad = false;
        for (size_t k = 0; k < count; k++) bad = bad || broken[k] == i;
        char *name = text_format("s%u", i), *path = text_format("%s/s%u.gp", folder, i);
        char *script =
            text_format("set terminal svg\nset output 's%u.'.format\n%splot x\nset output\n", i, bad ? text : "");
        cr_assert(file_write(path, script, strlen(script), e) &&
                      gnuplot_jobs_add(&jobs, name, FIGURE_PNG | FIGURE_SVG, e),
                  "%s", e->text);
        free(script);
        free(path);
        free(name);
    }
    bool ok = gnuplot_jobs_run(&jobs, folder, 1, 3, e);
    gnuplot_jobs_finish(&jobs);
    return ok;
}

Test(gnuplot_jobs, a_broken_script_costs_itself, .timeout = 60) {
    static const struct {
        const char *what, *text, *says;
        unsigned broken[2];
        size_t count;
    } cases[] = {
        {"none", "", "", {0}, 0},
        {"one", "nonsense here\n", "s4.gp: gnuplot failed", {4}, 1},
        {"two, the first is named", "nonsense here\n", "(2 figures failed; this is the first)", {9, 2}, 2},
        {"the last", "nonsense here\n", "s10.gp: gnuplot failed", {10}, 1},
        {"one that ends as if all were well", "exit\n", "wrote no picture", {5}, 1},
        {"one that hangs", "pause 60\n", "s7.gp: gnuplot took longer than 3 s", {7}, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char folder[64];
        struct error e = {""};
        fake_folder(folder);
        cr_expect_eq(draw(folder, cases[i].broken, cases[i].count, cases[i].text, &e), cases[i].count == 0, "%s: %s",
                     cases[i].what, e.text);
        cr_expect_not_null(strstr(e.text, cases[i].says), "%s: %s", cases[i].what, e.text);
        for (unsigned k = 0; k < SCRIPTS; k++) {
            bool bad = cases[i].count && (cases[i].broken[0] == k || (cases[i].count > 1 && cases[i].broken[1] == k));
            cr_expect(bad || (drawn(folder, k, "png") && drawn(folder, k, "svg")), "%s: s%u", cases[i].what, k);
        }
        fake_folder_remove(folder);
    }
}

/* A gnuplot that hangs whatever it is asked: the batch of all scripts, and one alone, but not each of them. */
Test(gnuplot_jobs, one_that_always_hangs_is_given_up, .timeout = 60) {
    char folder[64];
    struct error e = {""};
    unsigned all[SCRIPTS];
    for (unsigned k = 0; k < SCRIPTS; k++) all[k] = k;
    fake_folder(folder);
    double start = clock_seconds();
    cr_expect_not(draw(folder, all, SCRIPTS, "pause 60\n", &e));
    cr_expect_lt(clock_seconds() - start, 15, "%g s", clock_seconds() - start);
    cr_expect_not_null(strstr(e.text, "took longer than 3 s"), "%s", e.text);
    cr_expect_not_null(strstr(e.text, "(no figure was drawn, and the others were not tried)"), "%s", e.text);
    fake_folder_remove(folder);
}
