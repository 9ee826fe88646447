/* The harness's own maps: what the yardsticks are, and that a resumed run makes up for those that are missing. */
#include "base/file.h"
#include "base/text.h"
#include "controls/controls.h"
#include "fake_run.h"
#include "run/run.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FASHION "/usr/share/datasets/fashion-mnist/"

/* What the query says, a line for each row. */
static char *listing(const char *path, const char *sql, const char *name) {
    sqlite3 *db;
    sqlite3_stmt *s;
    struct text out = {0};
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
    if (name) sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC);
    while (sqlite3_step(s) == SQLITE_ROW) {
        for (int c = 0; c < sqlite3_column_count(s); c++) {
            const void *text = sqlite3_column_text(s, c);
            text_add(&out, "%s ", text ? (const char *)text : "NULL");
        }
        text_add(&out, "\n");
    }
    sqlite3_finalize(s);
    sqlite3_close(db);
    cr_assert(!out.failed && out.length > 0, "%s: no rows", sql);
    return out.data;
}

/* Similarities that the harness was asked for of every row; stability is not asked of a yardstick. */
static char *comparisons(const char *path, const char *explainer) {
    return listing(path,
                   "select variant, pairing, measure, view, input, other, printf('%.17g', value) from comparisons "
                   "where explainer = ?1 and variant not in ('model/jitter', 'model/moved') order by 1, 2, 3, 4, 5, 6",
                   explainer);
}

static char *audits(const char *path) {
    return listing(path, "select * from audits order by variant", NULL);
}

static void forget(const char *path, const char *sql) {
    sqlite3 *db;
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
    cr_assert_gt(sqlite3_changes(db), 0);
    sqlite3_close(db);
}

struct lab {
    char folder[64], battery[128], run[128], *store;
};

static void setup(struct lab *lab, const char *rows, const char *asked) {
    char cwd[4096];
    struct text text = {0};
    struct error e;
    fake_folder(lab->folder);
    lab->store = NULL;
    cr_assert_not_null(getcwd(cwd, sizeof cwd));
    snprintf(lab->battery, sizeof lab->battery, "%s/battery.yaml", lab->folder);
    snprintf(lab->run, sizeof lab->run, "%s/run", lab->folder);
    text_add(&text,
             "model: %s/fixtures/models/fashion-cnn.onnx\ndata:\n  inputs: 4\n  preprocess: unit\n"
             "  source: idx:" FASHION "t10k-images-idx3-ubyte.gz," FASHION "t10k-labels-idx1-ubyte.gz\n"
             "explainers: [%s]\ncontrols: [%s]\nrule: {draws: 2}\n",
             cwd, rows, asked);
    cr_assert(!text.failed && file_write(lab->battery, text.data, text.length, &e), "%s", e.text);
    text_finish(&text);
}

static void run(struct lab *lab, bool resume) {
    struct run_options options = {
        .battery = lab->battery, .folder = lab->run, .jobs = 2, .quiet = true, .resume = resume};
    struct run_outcome outcome = {0};
    struct error e;
    cr_assert(run_execute(&options, controls, &outcome, &e), "%s", e.text);
    free(lab->store);
    lab->store = text_copy(store_path(outcome.store));
    run_finish(&outcome);
}

static void teardown(struct lab *lab) {
    free(lab->store);
    fake_folder_remove(lab->folder);
}

static const char *const pairs[][2] = {{"saliency", "(absolute gradient)"},
                                       {"reduced", "(absolute gradient: mean-abs)"},
                                       {"largest", "(absolute gradient: max-abs)"}};

#define ABSOLUTE                                                                                                       \
    "saliency, {use: saliency, name: reduced, reduce: mean-abs}, {use: gradient, name: largest, reduce: max-abs}"

/* Saliency is the absolute gradient: as a plugin says, and as the harness computes for itself. */
Test(reference, yardsticks_are_the_absolute_gradient) {
    struct lab lab;
    setup(&lab, ABSOLUTE, "cascading, independent");
    run(&lab, false);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char *plugin = comparisons(lab.store, pairs[i][0]), *own = comparisons(lab.store, pairs[i][1]);
        cr_expect_str_eq(plugin, own, "%s", pairs[i][0]);
        free(plugin);
        free(own);
    }
    teardown(&lab);
}

/* Signed maps are paired with the gradient: of single layers at all stages, of the cascade at the last, whose other
 * inputs' maps are the base of the magnitudes. */
Test(reference, yardsticks_with_signs) {
    static const char *const signs[][2] = {{"gradient", "(gradient)"}, {"summed", "(gradient: sum)"}};
    struct lab lab;
    setup(&lab, "gradient, {use: gradient, name: summed, reduce: sum}", "independent");
    run(&lab, false);
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        char *plugin = comparisons(lab.store, signs[i][0]), *own = comparisons(lab.store, signs[i][1]);
        cr_expect_str_eq(plugin, own, "%s", signs[i][0]);
        free(plugin);
        free(own);
    }
    teardown(&lab);
    setup(&lab, "gradient", "cascading");
    run(&lab, false);
    char *variants =
        listing(lab.store, "select distinct variant from units where explainer = '(gradient)' order by 1", NULL);
    cr_expect_str_eq(variants, "model \nown:fc2..conv1/draw0 \nown:fc2..conv1/draw1 \n", "%s", variants);
    free(variants);
    teardown(&lab);
}

Test(reference, what_is_missing_is_made_up_for) {
    static const char *const damage[] = {
        "delete from units where explainer like '(absolute gradient%'",
        "delete from units where explainer = '(absolute gradient)' and variant like '%draw1'",
        "delete from units where explainer = '(absolute gradient: mean-abs)' and variant = 'model'",
        "delete from audits where variant like '%draw0'", "delete from audits"};
    struct lab lab;
    setup(&lab, ABSOLUTE, "cascading, independent");
    run(&lab, false);
    char *whole[3], *audited = audits(lab.store);
    for (size_t i = 0; i < 3; i++) whole[i] = comparisons(lab.store, pairs[i][1]);
    for (size_t d = 0; d < sizeof damage / sizeof *damage; d++) {
        forget(lab.store, damage[d]);
        run(&lab, true);
        for (size_t i = 0; i < 3; i++) {
            char *again = comparisons(lab.store, pairs[i][1]);
            cr_expect_str_eq(again, whole[i], "%s: %s", damage[d], pairs[i][1]);
            free(again);
        }
        char *again = audits(lab.store);
        cr_expect_str_eq(again, audited, "%s", damage[d]);
        free(again);
    }
    free(audited);
    for (size_t i = 0; i < 3; i++) free(whole[i]);
    teardown(&lab);
}
