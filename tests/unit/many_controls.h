/* many_controls.h: a store of verdicts alone, under as many controls as the longest battery has. */
#ifndef ASSAY_TESTS_MANY_CONTROLS_H
#define ASSAY_TESTS_MANY_CONTROLS_H

#include "base/text.h"
#include "fake_run.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define MANY_CONTROLS 14u
#define MANY_ROWS 64u

static const char *const many_controls[MANY_CONTROLS] = {
    "cascading",          "independent",   "label-permutation", "linear-identity", "zero-pixel",
    "completeness",       "twins",         "class-sensitivity", "other-classes",   "class-relabelling",
    "quadratic-identity", "unseen-region", "planted-evidence",  "overall"};

/* Under control 5 every row is SKIP, and under 6 all are, of which the first was to FAIL. */
static struct verdict_row many_verdict(unsigned row, unsigned control, unsigned controls) {
    static const char *const words[] = {"PASS", "FAIL", "INCONCLUSIVE", "UNINFORMATIVE", "SKIP", "ERROR"};
    const bool skip = control == 5 || control == 6, overall = control + 1 == controls;
    const bool unexpected = control == 6 ? row == 0 : (row + control) % 7 == 0;
    return (struct verdict_row){.control = overall ? "overall" : many_controls[control],
                                .verdict = skip ? "SKIP" : words[(row * 5 + control) % 6],
                                .annotation = (row + control) % 3 ? "" : "INPUT-DOMINATED",
                                .expected = "PASS",
                                .as_expected = overall || !unexpected || control == 5,
                                .reason = "r",
                                .first_stage = "",
                                .score = control % 3 ? NAN : -.004 - .1 * control,
                                .floor = control % 3 ? NAN : 0,
                                .ceiling = NAN};
}

static inline struct store *many_controls_run(unsigned rows, unsigned controls, const char *long_name,
                                              char folder[64]) {
    char names[MANY_ROWS][96];
    const char *explainers[MANY_ROWS], *shown[MANY_CONTROLS];
    struct error e = {""};
    struct store *s = NULL;

    cr_assert(rows <= MANY_ROWS && controls <= MANY_CONTROLS);
    for (unsigned x = 0; x < rows; x++) {
        snprintf(names[x], sizeof names[x], "%u-%s", x, x % 4 ? "m_&%" : long_name);
        explainers[x] = names[x];
    }
    for (unsigned c = 0; c < controls; c++) shown[c] = c + 1 == controls ? "overall" : many_controls[c];
    fake_folder(folder);
    char *path = text_format("%s/assay.db", folder);
    cr_assert(store_open(path, &s, &e) && store_begin(s, &e) &&
                  store_set_order(s, explainers, rows, shown, controls, &e),
              "%s", e.text);
    for (unsigned k = 0; k < rows * controls; k++) {
        struct verdict_row v = many_verdict(k / controls, k % controls, controls);
        v.explainer = explainers[k / controls];
        cr_assert(store_put_verdict(s, &v, &e), "%s", e.text);
    }
    cr_assert(store_commit(s, &e), "%s", e.text);
    free(path);
    return s;
}

#endif
