/* study_battery.c: one control, some rows, one run. */
#include "study_battery.h"

#include "base/file.h"
#include "base/text.h"
#include "controls/controls.h"
#include "fake_run.h"
#include "run/run.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char study_folder[64];

void study_make_folder(void) {
    fake_folder(study_folder);
}

void study_remove_folder(void) {
    fake_folder_remove(study_folder);
}

static bool is_fault(const char *row) {
    return strncmp(row, "fault=", 6) == 0;
}

/* bad/LIBRARY.so: of tests/bad, with its own claims. */
static bool is_bad(const char *row) {
    return strncmp(row, "bad/", 4) == 0;
}

/* LIBRARY.so#ID of tests/mutants, with the claims of the base. */
static bool is_mutant(const char *row) {
    return strstr(row, ".so#") != NULL;
}

static void add_rows(struct text *t, const struct battery_text *b, const char *cwd) {
    const char *build = getenv("ASSAY_BUILD");
    for (size_t k = 0; k < b->row_count; k++)
        if (is_fault(b->rows[k].row))
            text_add(t, "  - {use: \"%s/%s/tests/bad/wrong-ways.so:%s\", name: row%zu}\n", cwd, build ? build : "build",
                     b->rows[k].row, k);
        else if (is_bad(b->rows[k].row))
            text_add(t, "  - {use: \"%s/%s/tests/%s\", name: row%zu}\n", cwd, build ? build : "build", b->rows[k].row,
                     k);
        else if (is_mutant(b->rows[k].row))
            text_add(t, "  - {use: \"%s/%s/tests/mutants/%s\", name: row%zu}\n", cwd, build ? build : "build",
                     b->rows[k].row, k);
        else text_add(t, "  - {use: \"%s\", name: row%zu}\n", b->rows[k].row, k);
}

struct seen {
    const char *control;
    char **verdicts; /* [rows] "WORD annotation reason" */
    size_t count;
};

static bool see(void *user, const struct verdict_row *v) {
    struct seen *s = user;
    unsigned long row;
    if (strcmp(v->control, s->control) != 0 || sscanf(v->explainer, "row%lu", &row) != 1 || row >= s->count)
        return true;
    free(s->verdicts[row]);
    s->verdicts[row] = text_format("%s %s%s%s", v->verdict, v->annotation, *v->annotation ? ": " : "", v->reason);
    return s->verdicts[row] != NULL;
}

void study_run(const struct battery_text *b, uint64_t seed, bool resume, char **verdicts) {
    char path[128], run[128], cwd[4096];
    struct text text = {0};
    struct error e = {{0}};
    struct run_outcome outcome = {0};
    struct seen seen = {b->control, verdicts, b->row_count};
    cr_assert_not_null(getcwd(cwd, sizeof cwd));
    snprintf(path, sizeof path, "%s/battery.yaml", study_folder);
    snprintf(run, sizeof run, "%s/run", study_folder);
    text_add(&text, "model: %s/fixtures/models/%s\nseed: %llu\ndata:\n  inputs: %u\n  source: ", cwd, b->model,
             (unsigned long long)seed, b->inputs);
    const char *place = strstr(b->data, "%s"); /* of the project's folder */
    if (place) text_add(&text, "%.*s%s%s", (int)(place - b->data), b->data, cwd, place + 2);
    else text_add(&text, "%s", b->data);
    text_add(&text, "\nexplainers:\n");
    add_rows(&text, b, cwd);
    text_add(&text, "controls: [%s]\n", b->control);
    cr_assert(!text.failed && file_write(path, text.data, text.length, &e), "%s", e.text);
    const struct run_options options = {.battery = path, .folder = run, .jobs = 2, .quiet = true, .resume = resume};
    cr_assert(run_execute(&options, controls, &outcome, &e), "%s", e.text);
    cr_assert(store_each_verdict(outcome.store, see, &seen, &e), "%s", e.text);
    run_finish(&outcome);
    text_finish(&text);
}

void study_expect(const struct battery_text *b, uint64_t seed) {
    char **verdicts = calloc(b->row_count, sizeof *verdicts);
    cr_assert_not_null(verdicts);
    study_run(b, seed, false, verdicts);
    for (size_t k = 0; k < b->row_count; k++) {
        const struct expected *x = &b->rows[k];
        size_t word = strlen(x->word);
        const char *v = verdicts[k] ? verdicts[k] : "no verdict";
        cr_expect(strncmp(v, x->word, word) == 0 && v[word] == ' ' && strstr(v, x->reason),
                  "%s under %s: %s; wanted %s ... %s", x->row, b->control, v, x->word, x->reason);
        free(verdicts[k]);
    }
    free(verdicts);
}
