/* The numbers of mprt beside those of the cascade. */
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

#define FASHION "/usr/share/datasets/fashion-mnist/"

struct both {
    double cascade[3], mprt[3]; /* by stage */
};

static bool take_curve(void *user, const struct curve_row *c) {
    struct both *b = user;
    if (strcmp(c->explainer, "row0") == 0 && strcmp(c->measure, "spearman") == 0 &&
        strcmp(c->view, "absolute/all") == 0 && c->stage_index < 3)
        b->cascade[c->stage_index] = c->similarity;
    return true;
}

static bool take_reading(void *user, const struct check_row *c) {
    struct both *b = user;
    if (strcmp(c->id, "mprt") == 0 && c->input < 3) b->mprt[c->input] = c->worst;
    return true;
}

/* MPRT is what the cascade shows of magnitudes: the same draws, not the weights that training began with. */
Test(mprt, is_that_of_the_cascade, .timeout = 120) {
    static const char text[] = "model: %s/fixtures/models/fashion-mlp.onnx\nseed: 1\ndata: {inputs: 6, source: \"%s, "
                               "preprocess: unit}\nexplainers: [{use: gradient, name: row0}]\n"
                               "controls: [cascading, mprt]\nrule: {draws: 2}\n";
    static const char data[] = "idx:" FASHION "t10k-images-idx3-ubyte.gz," FASHION "t10k-labels-idx1-ubyte.gz\"";
    char folder[64], path[128], run[128], cwd[4096];
    struct error e = {{0}};
    struct run_outcome outcome = {0};
    struct both both;
    fake_folder(folder);
    cr_assert_not_null(getcwd(cwd, sizeof cwd));
    snprintf(path, sizeof path, "%s/battery.yaml", folder);
    snprintf(run, sizeof run, "%s/run", folder);
    char *battery = text_format(text, cwd, data);
    cr_assert(battery && file_write(path, battery, strlen(battery), &e), "%s", e.text);
    const struct run_options options = {.battery = path, .folder = run, .jobs = 2, .quiet = true};
    cr_assert(run_execute(&options, controls, &outcome, &e), "%s", e.text);
    cr_assert(store_each_curve(outcome.store, take_curve, &both, &e) &&
                  store_each_check(outcome.store, take_reading, &both, &e),
              "%s", e.text);
    for (int k = 0; k < 3; k++)
        cr_expect_float_eq(both.mprt[k], both.cascade[k], 1e-6, "stage %d: %g and %g", k, both.mprt[k],
                           both.cascade[k]);
    run_finish(&outcome);
    free(battery);
    fake_folder_remove(folder);
}
