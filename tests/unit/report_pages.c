/* Figures of more explainers and stages than a page holds: nobody is left out. */
#include "reports/report.h"

#include "base/text.h"
#include "fake_run.h"
#include "reports/figure_request.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

TestSuite(report_pages);

#define EXPLAINERS 300u
#define STAGES 45u

/* One control of many stages, and one of two that the last explainers alone have no curve of. */
static void put_explainer(struct store *s, unsigned x, struct error *e) {
    static const char *const names[] = {"cascading", "label-permutation"};
    static const float map[4] = {.1f, -.2f, .3f, .4f};
    char explainer[32], stage[32];

    snprintf(explainer, sizeof explainer, "method-%03u", x);
    for (unsigned c = 0; c < 2; c++) {
        struct verdict_row verdict = {.explainer = explainer,
                                      .control = names[c],
                                      .verdict = "PASS",
                                      .annotation = "",
                                      .expected = "PASS",
                                      .as_expected = true,
                                      .reason = "",
                                      .first_stage = ""};
        cr_assert(store_put_verdict(s, &verdict, e), "%s", e->text);
        for (unsigned k = 0; k < (c ? 2u : STAGES); k++) {
            snprintf(stage, sizeof stage, "layer%02u", k);
            struct curve_row row = {.explainer = explainer,
                                    .control = names[c],
                                    .stage = stage,
                                    .measure = "spearman",
                                    .view = "signed/all",
                                    .stage_index = k,
                                    .stage_count = STAGES,
                                    .similarity = .1,
                                    .similarity_lower = .05,
                                    .similarity_upper = .2,
                                    .floor = 0,
                                    .ceiling = 1,
                                    .inputs = 2,
                                    .draws = 2,
                                    .decision = "pass"};
            cr_assert(store_put_curve(s, &row, e), "%s", e->text);
            if (x % 4 || c) continue; /* every fourth has maps */
            struct map_row kept = {explainer, stage, 0, {3, {1, 2, 2}}, map};
            cr_assert(store_put_map(s, &kept, e), "%s", e->text);
        }
    }
    struct map_row original = {explainer, "model", 0, {3, {1, 2, 2}}, map};
    cr_assert(x % 4 || store_put_map(s, &original, e), "%s", e->text);
}

static struct store *large_run(const char *folder) {
    static const float pixels[4] = {0, .5f, 1, .25f};
    char *names[EXPLAINERS], *path = text_format("%s/assay.db", folder), stage[32];
    static const char *const controls[] = {"cascading", "label-permutation"};
    struct store *s = NULL;
    struct error e = {""};

    for (unsigned x = 0; x < EXPLAINERS; x++) names[x] = text_format("method-%03u", x);
    cr_assert(store_open(path, &s, &e) && store_begin(s, &e) &&
                  store_set_order(s, (const char *const *)names, EXPLAINERS, controls, 2, &e) &&
                  store_put_input(s, &(struct input_row){0, 0, 1, 1, 1, {3, {1, 2, 2}}, pixels, NULL, NAN, NAN}, &e),
              "%s", e.text);
    for (unsigned k = 0; k < STAGES; k++) {
        snprintf(stage, sizeof stage, "layer%02u", k);
        cr_assert(store_put_use(s, &(struct use_row){"cascading", stage, k, 0, stage}, &e), "%s", e.text);
    }
    for (unsigned x = 0; x < EXPLAINERS; x++) put_explainer(s, x, &e);
    cr_assert(store_commit(s, &e));
    for (unsigned x = 0; x < EXPLAINERS; x++) free(names[x]);
    free(path);
    return s;
}

/* All scripts whose names begin so, as one text. */
static char *scripts_of(const char *folder, const char *start, unsigned *count) {
    char *path = text_format("%s/figures", folder);
    DIR *open = opendir(path);
    struct text all = {0};

    cr_assert_not_null(open);
    *count = 0;
    for (struct dirent *entry; (entry = readdir(open));) {
        const char *end = strrchr(entry->d_name, '.');
        if (strncmp(entry->d_name, start, strlen(start)) != 0 || strcmp(end, ".gp") != 0) continue;
        char *script = fake_read(path, entry->d_name);
        text_add(&all, "%s", script);
        free(script);
        ++*count;
    }
    closedir(open);
    free(path);
    cr_assert_not_null(all.data);
    return all.data;
}

static bool names_stage(const char *script, unsigned stage) {
    char name[32];
    snprintf(name, sizeof name, "'layer%02u'", stage);
    return strstr(script, name) != NULL;
}

/* Below axes as many names as do not touch, the first and the last among them; in strips those that are shown. */
static void expect_stages(const char *what, const char *script, unsigned shown) {
    unsigned named = 0;
    for (unsigned k = 0; k < STAGES; k++) named += names_stage(script, k);
    cr_expect_eq(named, shown, "%s: %u stages", what, named);
    cr_expect(names_stage(script, STAGES - 1), "%s: the last stage", what);
}

/* By a default request, and by one of all stages. */
Test(report_pages, show_every_explainer, .timeout = 120) {
    static const struct {
        const char *start;
        unsigned pages[2], step; /* every how many-th explainer is there */
        unsigned stages[2];      /* that are named; 0: not looked at */
        const char *last[2];
    } figures[] = {
        {"verdicts", {2, 2}, 1, {0, 0}, {"(page 2 of 2)", "(page 2 of 2)"}},
        {"similarity-cascading-spearman", {5, 5}, 1, {22, 22}, {"(page 5 of 5)", "(page 5 of 5)"}},
        {"similarity-label-permutation-spearman", {5, 5}, 1, {0, 0}, {"(page 5 of", "(page 5 of"}},
        {"maps-cascading-input0", {2, 4}, 4, {12, STAGES}, {"(page 2 of 2)", "(page 4 of 4)"}},
        {"originals-input0", {2, 2}, 4, {0, 0}, {"(page 2 of 2)", "(page 2 of 2)"}},
    };
    char folder[64];

    fake_folder(folder);
    struct store *s = large_run(folder);
    setenv("PATH", "/nonexistent", 1);
    for (int all_stages = 0; all_stages < 2; all_stages++) {
        struct figure_request request = figure_request_default;
        char *to = text_format("%s/figures", folder);
        struct error e = {""};
        if (all_stages) request.stages = FIGURE_ALL_STAGES;
        cr_expect_not(figures_draw(s, to, &request, NULL, &e));
        cr_expect_not_null(strstr(e.text, "gnuplot-nox"), "%s", e.text);
        free(to);
        for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
            unsigned pages;
            char *all = scripts_of(folder, figures[i].start, &pages), name[32];
            cr_expect_eq(pages, figures[i].pages[all_stages], "%s: %u pages", figures[i].start, pages);
            cr_expect_not_null(strstr(all, figures[i].last[all_stages]), "%s", figures[i].start);
            for (unsigned x = 0; x < EXPLAINERS; x += figures[i].step) {
                snprintf(name, sizeof name, "'method-%03u'", x);
                cr_expect_not_null(strstr(all, name), "%s is not in %s", name, figures[i].start);
            }
            if (figures[i].stages[0]) expect_stages(figures[i].start, all, figures[i].stages[all_stages]);
            if (strncmp(figures[i].start, "maps", 4) == 0)
                cr_expect_eq(strstr(all, "12 of 45 stages, evenly chosen; all: assay figure RUN --stages all") == NULL,
                             all_stages);
            free(all);
        }
    }
    store_close(s);
    fake_folder_remove(folder);
}

static unsigned times(const char *text, const char *what) {
    unsigned n = 0;
    for (; (text = strstr(text, what)); text++) n++;
    return n;
}

/* On paper pages are no higher than it is: more of them, and every explainer stands on one of them, and on one only. */
Test(report_pages, on_paper_leave_nobody_out, .timeout = 120) {
    static const struct {
        const char *start;
        unsigned step; /* every how many-th explainer is there */
    } figures[] = {{"verdicts", 1},
                   {"similarity-cascading-spearman", 1},
                   {"similarity-label-permutation-spearman", 1},
                   {"maps-cascading-input0", 4},
                   {"originals-input0", 4}};
    struct figure_request request = figure_request_default;
    char folder[64], name[32];
    struct error e = {""};

    fake_folder(folder);
    struct store *s = large_run(folder);
    char *to = text_format("%s/figures", folder);
    setenv("PATH", "/nonexistent", 1);
    request.width = 316.8;
    request.stages = 3;
    cr_expect_not(figures_draw(s, to, &request, NULL, &e));
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        unsigned pages;
        char *all = scripts_of(folder, figures[i].start, &pages);
        cr_expect_gt(pages, 4, "%s: %u pages", figures[i].start, pages);
        for (const char *at = all; (at = strstr(at, "\nheight = ")); at++)
            cr_expect_leq(strtod(at + 10, NULL), FIGURE_HEIGHT_MOST, "%s: %.20s", figures[i].start, at + 1);
        for (unsigned x = 0; x < EXPLAINERS; x += figures[i].step) {
            snprintf(name, sizeof name, "'method-%03u'", x);
            cr_expect_eq(times(all, name), 1, "%s in %s: %u times", name, figures[i].start, times(all, name));
        }
        free(all);
    }
    store_close(s);
    free(to);
    fake_folder_remove(folder);
}

/* Names of stages are left out of a deep cascade's axis, and no point of its curves. */
Test(report_pages, deep_curves_keep_every_point) {
    struct figure_request request = figure_request_default;
    char folder[64], *to;
    struct error e = {""};

    fake_folder(folder);
    struct store *s = large_run(folder);
    to = text_format("%s/figures", folder);
    setenv("PATH", "/nonexistent", 1);
    request.kinds = FIGURE_SIMILARITY;
    figures_draw(s, to, &request, NULL, &e);
    char *data = fake_read(to, "similarity-cascading-spearman.tsv"), *second = strstr(data, "# block 1"), *at = data;
    unsigned points = 0;
    cr_assert_not_null(second);
    for (; at < second; at = strchr(at, '\n') + 1) points += *at >= '0' && *at <= '9';
    cr_expect_eq(points, STAGES + 1);
    char *script = fake_read(to, "similarity-cascading-spearman.gp");
    double width;
    cr_assert_eq(sscanf(strstr(script, "\nwidth = "), "\nwidth = %lf", &width), 1);
    cr_expect_lt(width, 1100, "%g", width);
    free(script);
    free(data);
    free(to);
    store_close(s);
    fake_folder_remove(folder);
}

/* Two controls whose names differ in nothing that a file's name keeps have figures of their own. */
Test(report_pages, names_are_nobody_elses) {
    struct fake_run fake = {1, 3, 2, 2, 8, false, false};
    char folder[64], *text;
    struct store *s = fake_run_store(&fake, folder);
    struct error e = {""};

    for (int i = 0; i < 2; i++) {
        const char *control = i ? "a b" : "a/b";
        struct verdict_row v = {"gradient", control, "PASS", "", "PASS", true, "", "", 0, 0, 0, 0, 1, 2, 2};
        cr_assert(store_put_verdict(s, &v, &e), "%s", e.text);
        for (uint32_t k = 0; k < 3; k++) {
            struct curve_row row = {.explainer = "gradient",
                                    .control = control,
                                    .stage = i ? "x" : "y",
                                    .measure = "spearman",
                                    .view = "signed/all",
                                    .stage_index = k,
                                    .stage_count = 3,
                                    .decision = "pass"};
            cr_assert(store_put_curve(s, &row, &e), "%s", e.text);
        }
    }
    setenv("PATH", "/nonexistent", 1);
    const struct report *r = reports;
    while (strcmp(r->id, "figures") != 0) r++;
    r->write(s, folder, &e);
    text = fake_read(folder, "figures/similarity-a-b-spearman.gp");
    char *other = fake_read(folder, "figures/similarity-a-b-spearman-2.gp");
    cr_expect(strstr(text, "'a/b: ") ? strstr(other, "'a b: ") : strstr(other, "'a/b: "), "%s", other);
    cr_expect_not_null(strstr(other, "name = 'similarity-a-b-spearman-2'"));
    free(text);
    free(other);
    store_close(s);
    fake_folder_remove(folder);
}
