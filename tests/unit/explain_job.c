/* The floor: maps of other inputs, in the view of the input that is compared. */
#include "base/file.h"
#include "base/text.h"
#include "controls/controls.h"
#include "fake_run.h"
#include "run/explain_job.h"
#include "run/run.h"
#include "store/store.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FASHION "/usr/share/datasets/fashion-mnist/"
#define INPUTS 5u

struct floors {
    double value[INPUTS][INPUTS][4]; /* of the first draw that had the pair */
    bool known[INPUTS][INPUTS][4];
    size_t pairs, repeated;
};

static bool compare(void *user, const struct comparison_row *c) {
    static const char *const views[] = {"signed/all", "signed/nonzero", "absolute/all", "absolute/nonzero"};
    struct floors *f = user;
    unsigned view = 0;
    if (strcmp(c->pairing, "mismatched") != 0 || strcmp(c->explainer, "edge-detector") != 0) return true;
    while (view < 4 && strcmp(views[view], c->view) != 0) view++;
    cr_assert(view < 4 && c->input < INPUTS && c->other < INPUTS && c->input != c->other);
    bool *known = &f->known[c->input][c->other][view];
    double *value = &f->value[c->input][c->other][view];
    if (*known) {
        cr_expect(fabs(*value - c->value) < 1e-12, "input %u against %u in %s: %g and %g", c->input, c->other, c->view,
                  *value, c->value);
        f->repeated++;
    } else {
        f->pairs++;
    }
    *known = true;
    *value = c->value;
    return true;
}

/* A purpose of 512 bytes once cut the names off, and draws shared their seeds. */
Test(explain_job, long_names_do_not_share_seeds) {
    char name[2000];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = 0;
    struct battery battery_of = {.seed = 1};
    struct explainer_entry rows[] = {{.name = name}, {.name = name + 1}};
    uint32_t samples[] = {0, 1};
    struct run r = {.battery = &battery_of, .explainers = rows, .explainer_count = 2};
    r.inputs[ROOT_MODEL].sample = samples;
    char key[] = "own:fc2/draw1", other_key[] = "own:fc2/draw2";
    const struct attribution a = {.key = key, .root = ROOT_MODEL}, b = {.key = other_key, .root = ROOT_MODEL};
    uint64_t first[2], second[2], third[2];
    struct error e;
    cr_assert(explain_job_seeds(&r, 0, &a, 2, first, &e) && explain_job_seeds(&r, 0, &b, 2, second, &e) &&
                  explain_job_seeds(&r, 1, &a, 2, third, &e),
              "%s", e.text);
    cr_expect(first[0] != first[1] && first[0] != second[0] && first[0] != third[0]);
}

/* An edge detector gives the same maps on every network, so its floor must be the same in every draw, in every view.
 * (The non-zero view was once measured on another input's pixels, and differed.) */
Test(explain_job, the_floor_of_a_blind_method_is_the_same_in_every_draw) {
    char folder[64], battery[128], run[128], cwd[4096];
    struct text text = {0};
    struct error e = {{0}};
    struct run_outcome outcome = {0};
    struct floors floors = {.pairs = 0};
    fake_folder(folder);
    cr_assert_not_null(getcwd(cwd, sizeof cwd));
    snprintf(battery, sizeof battery, "%s/battery.yaml", folder);
    snprintf(run, sizeof run, "%s/run", folder);
    text_add(&text,
             "model: %s/fixtures/models/fashion-cnn.onnx\ndata:\n  inputs: %u\n  preprocess: unit\n"
             "  source: idx:" FASHION "t10k-images-idx3-ubyte.gz," FASHION "t10k-labels-idx1-ubyte.gz\n"
             "explainers: [edge-detector]\ncontrols: [cascading]\nrule: {draws: [2, 3, 4]}\n",
             cwd, INPUTS);
    cr_assert(!text.failed && file_write(battery, text.data, text.length, &e), "%s", e.text);
    const struct run_options options = {.battery = battery, .folder = run, .jobs = 2, .quiet = true};
    cr_assert(run_execute(&options, controls, &outcome, &e), "%s", e.text);
    cr_assert(store_each_comparison(outcome.store, compare, &floors, &e), "%s", e.text);
    cr_expect_eq(floors.pairs, 4 * INPUTS * (INPUTS - 1), "every input against four others, in four views: %zu",
                 floors.pairs);
    cr_expect_geq(floors.repeated, floors.pairs, "a second draw at least");
    run_finish(&outcome);
    text_finish(&text);
    fake_folder_remove(folder);
}

/* Names that differ behind their 600th letter are different names. */
Test(explain_job, long_names_share_no_seeds) {
    enum { LONG = 600 };
    char keys[2][LONG + 2];
    uint32_t sample = 7;
    uint64_t seeds[2];
    struct error e;
    struct battery b = {.seed = 1};
    struct explainer_entry row = {.name = keys[0]};
    struct run run = {.battery = &b, .explainers = &row, .explainer_count = 1};
    run.inputs[ROOT_MODEL].sample = &sample;
    for (int k = 0; k < 2; k++) {
        memset(keys[k], 'a', LONG);
        keys[k][LONG] = (char)('0' + k);
        keys[k][LONG + 1] = 0;
        const struct attribution a = {.key = keys[k], .root = ROOT_MODEL};
        cr_assert(explain_job_seeds(&run, 0, &a, 1, &seeds[k], &e));
    }
    cr_expect_neq(seeds[0], seeds[1]);
}
