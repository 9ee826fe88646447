/* Figures: what is drawn, with gnuplot and without, and what becomes of a gnuplot that fails or hangs. */
#include "reports/report.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "fake_run.h"
#include "reports/figure_request.h"
#include "reports/gnuplot.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

TestSuite(report_figures);

static const struct report *figures(void) {
    const struct report *r = reports;
    while (r->id && strcmp(r->id, "figures") != 0) r++;
    cr_assert(r->id && r->optional);
    return r;
}

static const char *const names[] = {"verdicts",
                                    "similarity-cascading-spearman",
                                    "similarity-cascading-ssim",
                                    "similarity-label-permutation-spearman",
                                    "originals-input0",
                                    "originals-true-input0",
                                    "maps-cascading-input0",
                                    "maps-label-permutation-input0"};

static bool exists(const char *folder, const char *name, const char *extension) {
    char *path = text_format("%s/figures/%s%s", folder, name, extension);
    bool there = file_exists(path);
    free(path);
    return there;
}

static void expect_picture(const char *folder, const char *name) {
    char *path = text_format("figures/%s.png", name);
    unsigned char *png = (unsigned char *)fake_read(folder, path);
    cr_expect_eq(memcmp(png, "\x89PNG\r\n\x1a\n", 8), 0, "%s", name);
    unsigned width = (unsigned)png[18] << 8 | png[19], height = (unsigned)png[22] << 8 | png[23];
    cr_expect(width > 600 && width < 5000 && height > 300 && height < 8000, "%s: %u x %u", name, width, height);
    free(png);
    free(path);
    path = text_format("figures/%s.svg", name);
    char *svg = fake_read(folder, path);
    cr_expect(strstr(svg, "<svg") && strstr(svg, "</svg>"), "%s", name);
    free(svg);
    free(path);
}

/* Two stages stand as dots, and those of an explainer that are not judged on grey. */
Test(report_figures, dots_of_a_grey_stage, .timeout = 120) {
    struct fake_run fake = {2, 2, 1, 2, 8, false, false};
    char folder[64];
    struct error e = {""};
    struct store *s = fake_run_store(&fake, folder);

    cr_assert(figures()->write(s, folder, &e), "%s", e.text);
    char *dots = fake_read(folder, "figures/similarity-independent-spearman.gp");
    const char *first = strstr(dots, "rectangle from graph 0,first 0.5 to graph 1,first 1.5 behind fc rgb excluded");
    const char *second = strstr(dots, "rectangle from graph 0,first 1.5 to graph 1,first 2.5 behind fc rgb excluded");
    cr_assert(first && second);
    cr_expect(!strstr(first + 1, "rectangle from graph 0,first 0.5"), "one of two panels");
    cr_expect_not_null(strstr(dots, "grey: no more of the map than of the function"));
    free(dots);
    store_close(s);
    fake_folder_remove(folder);
}

Test(report_figures, draws_every_kind_also_of_hostile_names, .timeout = 120) {
    for (int hostile = 0; hostile < 2; hostile++) {
        struct fake_run fake = {5, 3, 2, 2, 12, false, hostile};
        char folder[64];
        struct error e = {""};
        struct store *s = fake_run_store(&fake, folder);

        cr_assert(figures()->write(s, folder, &e), "%s", e.text);
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) expect_picture(folder, names[i]);
        char *svg = fake_read(folder, "figures/verdicts.svg");
        if (hostile) { /* names stand as they are: no subscripts, no substituted commands, no markup */
            cr_expect(strstr(svg, "a,b \"quoted\" 'single' &lt;tag"), "%.200s", svg);
            cr_expect_not_null(strstr(svg, "in{de}pen,dent"));
            cr_expect_null(strstr(svg, "]]>"));
        } else {
            cr_expect_not_null(strstr(svg, "integrated-gradients (absolute)"));
        }
        free(svg);
        store_close(s);
        fake_folder_remove(folder);
    }
}

static size_t compare_sources(const char *a, const char *b) {
    char *path = text_format("%s/figures", a);
    DIR *folder = opendir(path);
    size_t compared = 0;

    cr_assert_not_null(folder);
    free(path);
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (entry->d_name[0] == '.') continue;
        uint8_t *one, *two;
        size_t size, other;
        char *first = text_format("%s/figures/%s", a, entry->d_name),
             *second = text_format("%s/figures/%s", b, entry->d_name);
        cr_assert(file_read(first, &one, &size, NULL) && file_read(second, &two, &other, NULL), "%s", entry->d_name);
        cr_expect(size == other && memcmp(one, two, size) == 0, "%s differs", entry->d_name);
        free(one);
        free(two);
        free(first);
        free(second);
        compared++;
    }
    closedir(folder);
    return compared;
}

/* Without gnuplot: scripts and data are there, are the same for any order of writing, and the message names the remedy.
 */
Test(report_figures, leaves_scripts_and_data_without_gnuplot) {
    struct fake_run fake = {5, 3, 2, 2, 12, false, false};
    char folders[2][64];

    setenv("PATH", "/nonexistent", 1);
    for (int i = 0; i < 2; i++) {
        struct error e = {""};
        fake.shuffled = i;
        struct store *s = fake_run_store(&fake, folders[i]);
        cr_expect_not(figures()->write(s, folders[i], &e));
        cr_expect(strstr(e.text, "gnuplot-nox") && strstr(e.text, folders[i]), "%s", e.text);
        store_close(s);
        for (size_t k = 0; k < sizeof names / sizeof *names; k++)
            cr_expect(exists(folders[i], names[k], ".gp") && !exists(folders[i], names[k], ".png"), "%s", names[k]);
        cr_expect(exists(folders[i], "style", ".gp") && exists(folders[i], "maps", ".f32") &&
                  exists(folders[i], "maps", ".tsv"));
    }
    cr_expect_gt(compare_sources(folders[0], folders[1]), 15);
    fake_folder_remove(folders[0]);
    fake_folder_remove(folders[1]);
}

/* Puts a program of that name, and the shell's, in place of the real one. */
static void put_gnuplot(const char *folder, const char *program) {
    char *path = text_format("%s/gnuplot", folder), *search = text_format("%s:/bin:/usr/bin", folder);

    cr_assert(file_write(path, program, strlen(program), NULL));
    cr_assert_eq(chmod(path, 0700), 0);
    setenv("PATH", search, 1);
    free(path);
    free(search);
}

/* Pictures are drawn side by side, in no order; what fails is told in order. */
Test(report_figures, quotes_the_first_gnuplot_that_fails) {
    struct fake_run fake = {2, 3, 2, 2, 8, false, false};
    char folder[64];
    struct error e = {""};
    struct store *s = fake_run_store(&fake, folder);

    put_gnuplot(folder, "#!/bin/sh\n"
                        "case $4 in verdicts.gp) sleep .2;; esac\n"
                        "echo 'cannot find my terminal' >&2; head -c 200000 /dev/zero | tr '\\0' - >&2\n"
                        "[ $# -gt 7 ] || echo $4 >>drawn; exit 3\n");
    cr_expect_not(figures()->write(s, folder, &e));
    cr_expect(strstr(e.text, "verdicts.gp: gnuplot failed: cannot find my terminal"), "%s", e.text);
    char *drawn = fake_read(folder, "figures/drawn");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        cr_expect_not_null(strstr(drawn, names[i]), "%s", names[i]);
    free(drawn);
    cr_expect(exists(folder, "maps-cascading-input0", ".gp"), "the other figures are written all the same");
    store_close(s);
    fake_folder_remove(folder);
}

/* A picture counts when it is there, and one of an earlier run does not. */
Test(report_figures, names_the_picture_that_gnuplot_did_not_write) {
    struct fake_run fake = {2, 3, 2, 2, 8, false, false};
    char folder[64];
    struct error e = {""};
    struct store *s = fake_run_store(&fake, folder);

    put_gnuplot(folder,
                "#!/bin/sh\n"
                "shift; while [ $# -gt 0 ]; do\n"
                "n=${3%.gp}; case $2 in *png*) f=png;; *) f=svg;; esac; shift 3\n"
                "case $n.$f in originals-input0.svg) ;; maps-*.png) : >$n.$f;; *) echo p >$n.$f;; esac; done\n");
    char *figures_folder = text_format("%s/figures", folder),
         *old = text_format("%s/originals-input0.svg", figures_folder);
    cr_assert(file_make_folder(figures_folder, NULL) && file_write(old, "old", 3, NULL));
    cr_expect_not(figures()->write(s, folder, &e));
    cr_expect(strstr(e.text, "figures/maps-cascading-input0.png: gnuplot reported success and wrote no picture"), "%s",
              e.text);
    cr_expect(strstr(e.text, "(4 figures failed"), "%s", e.text);
    cr_expect_not(file_exists(old));
    free(figures_folder);
    free(old);
    store_close(s);
    fake_folder_remove(folder);
}

static bool is_running(pid_t pid) {
    char *path = text_format("/proc/%d/stat", (int)pid);
    FILE *in = fopen(path, "r");
    char state = 'X';

    free(path);
    if (!in) return false;
    if (fscanf(in, "%*d (%*[^)]) %c", &state) != 1) state = 'X';
    fclose(in);
    return state != 'X' && state != 'Z';
}

/* Of the processes whose numbers are in the file, those that still run after a moment. */
static unsigned still_running(const char *folder, const char *file) {
    char *text = fake_read(folder, file), *end;
    unsigned left = 0;

    for (char *at = text; *at; at = *end ? end + 1 : end) {
        pid_t pid = (pid_t)strtol(at, &end, 10);
        cr_assert(pid > 1, "%s", text);
        for (int i = 0; i < 100 && is_running(pid); i++) nanosleep(&(struct timespec){0, 10000000}, NULL);
        left += is_running(pid);
    }
    free(text);
    return left;
}

/* Whatever gnuplot hangs in, the limit holds, and nothing of it is left. */
Test(report_figures, gives_a_hung_gnuplot_up, .timeout = 60) {
    static const struct {
        const char *what, *program;
        bool drawn;
    } cases[] = {
        {"sleeps, with a child", "sleep 100 & echo $! >>child; sleep 100\n", false},
        {"has closed its output", "exec >&- 2>&-; sleep 100 & echo $! >>child; sleep 100\n", false},
        {"never stops talking", "sleep 100 & echo $! >>child; yes\n", false},
        {"leaves a child that holds its output", "sleep 100 & echo $! >>child; echo p >a.png; echo p >a.svg\n", true},
        {"ignores what it can", "trap '' TERM INT HUP; sleep 100 & echo $! >>child; while :; do sleep 1; done\n",
         false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char folder[64], *program = text_format("#!/bin/sh\n%s", cases[i].program);
        struct gnuplot_jobs jobs = {0};
        struct error e = {""};
        fake_folder(folder);
        put_gnuplot(folder, program);
        cr_assert(gnuplot_jobs_add(&jobs, "a", FIGURE_PNG | FIGURE_SVG, &e));
        double start = clock_seconds();
        cr_expect_eq(gnuplot_jobs_run(&jobs, folder, 2, .5, &e), cases[i].drawn, "%s: %s", cases[i].what, e.text);
        double took = clock_seconds() - start;
        cr_expect_lt(took, 2, "%s: %g s", cases[i].what, took);
        if (!cases[i].drawn)
            cr_expect(strstr(e.text, "a.gp: gnuplot took longer than 0.5 s"), "%s: %s", cases[i].what, e.text);
        cr_expect_eq(still_running(folder, "child"), 0, "%s: its child is left", cases[i].what);
        gnuplot_jobs_finish(&jobs);
        free(program);
        fake_folder_remove(folder);
    }
}

static int by_value(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Colours reach to the 99th percentile of the magnitudes: beside the definition, by sorting. */
Test(report_figures, scales_maps_to_their_99th_percentile) {
    struct fake_run fake = {2, 3, 2, 2, 12, false, false};
    char folder[64];
    struct store *s = fake_run_store(&fake, folder);
    unsigned maps = 0;

    setenv("PATH", "/nonexistent", 1);
    figures()->write(s, folder, NULL);
    char *index = fake_read(folder, "figures/maps.tsv"), *all = fake_read(folder, "figures/maps.f32");
    for (char *line = index; *line; line = strchr(line, '\n') + 1) {
        unsigned offset, height, width, input;
        double limit;
        if (*line == '#') continue;
        cr_assert_eq(sscanf(line, "%u %u %u %u %lf", &offset, &height, &width, &input, &limit), 5, "%s", line);
        if (limit == 255) continue; /* an input in colours: bytes */
        unsigned n = height * width;
        float *sorted = malloc(n * sizeof *sorted);
        memcpy(sorted, all + offset, n * sizeof *sorted);
        for (unsigned i = 0; i < n; i++) sorted[i] = fabsf(sorted[i]);
        qsort(sorted, n, sizeof *sorted, by_value);
        float wanted = sorted[(n * 99 + 99) / 100 - 1];
        cr_expect_eq((float)limit, wanted > 0 ? wanted : sorted[n - 1], "%.40s: %g", line, (double)wanted);
        free(sorted);
        maps++;
    }
    cr_expect_gt(maps, 20);
    free(index);
    free(all);
    store_close(s);
    fake_folder_remove(folder);
}

/* Stages that no verdict rests on are marked in the figures of every measure, and in the key. */
Test(report_figures, marks_stages_that_are_no_control) {
    static const char *const excluding[] = {"figures/similarity-independent-spearman.gp",
                                            "figures/similarity-independent-ssim.gp"};
    struct fake_run fake = {2, 3, 2, 2, 12, false, false};
    char folder[64];
    struct store *s = fake_run_store(&fake, folder);

    setenv("PATH", "/nonexistent", 1);
    figures()->write(s, folder, NULL);
    for (size_t i = 0; i < sizeof excluding / sizeof *excluding; i++) {
        char *script = fake_read(folder, excluding[i]);
        cr_expect(strstr(script, "set object 2 rectangle from 1.5,graph 0 to 2.5,graph 1 behind"), "%s", excluding[i]);
        cr_expect(!strstr(script, "set object 1 ") && !strstr(script, "set object 3 "), "%s", excluding[i]);
        cr_expect(strstr(script, "grey: no more of the map than of the function"), "%s", excluding[i]);
        free(script);
    }
    char *script = fake_read(folder, "figures/similarity-cascading-spearman.gp");
    cr_expect(!strstr(script, "set object") && !strstr(script, "grey: no more"));
    free(script);
    store_close(s);
    fake_folder_remove(folder);
}

/* A bar for each scale that tiles have: the gradient has signs, what follows has not. */
Test(report_figures, explains_the_scales_that_are_there) {
    static const char *const drawn[] = {"figures/maps-cascading-input0.gp", "figures/originals-input0.gp"};
    setenv("PATH", "/nonexistent", 1);
    for (uint32_t explainers = 1; explainers <= 5; explainers += 4) {
        struct fake_run fake = {explainers, 3, 2, 2, 12, false, false};
        char folder[64];
        struct store *s = fake_run_store(&fake, folder);
        figures()->write(s, folder, NULL);
        for (size_t i = 0; i < sizeof drawn / sizeof *drawn; i++) {
            char *script = fake_read(folder, drawn[i]);
            cr_expect(strstr(script, "'against'") && strstr(script, "set palette @diverging; set cbrange [-1:1]"), "%s",
                      drawn[i]);
            cr_expect_eq(strstr(script, "'strong'") != NULL, explainers > 1, "%s", drawn[i]);
            cr_expect_eq(strstr(script, "set palette @sequential; set cbrange [0:1]") != NULL, explainers > 1, "%s",
                         drawn[i]);
            free(script);
        }
        store_close(s);
        fake_folder_remove(folder);
    }
}

/* The data of a curve: stage 0 is the original at the ceiling, then the stages in order. */
Test(report_figures, writes_the_curves_as_the_store_has_them) {
    struct fake_run fake = {1, 3, 2, 2, 8, false, false};
    char folder[64];
    struct store *s = fake_run_store(&fake, folder);

    setenv("PATH", "/nonexistent", 1);
    figures()->write(s, folder, NULL);
    char *data = fake_read(folder, "figures/similarity-cascading-spearman.tsv"),
         *block = strstr(data, "# block 0: 'gradient', signed/all\n");
    cr_assert_not_null(block);
    double stage, y, lower, upper, floor, ceiling;
    for (int i = 0; i < 4; i++) {
        block = strchr(block, '\n') + 1;
        cr_assert_eq(sscanf(block, "%lf %lf %lf %lf %lf %lf", &stage, &y, &lower, &upper, &floor, &ceiling), 6, "%s",
                     block);
        cr_expect_eq(stage, i);
        cr_expect(floor == .01 && ceiling == 1);
        cr_expect(i == 0 ? y == 1 && lower == 1 && upper == 1 : y < .2 && lower < y && y < upper);
    }
    free(data);
    store_close(s);
    fake_folder_remove(folder);
}
