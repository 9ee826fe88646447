/* A budget of memory: what is chosen for it, what is refused, and that the sums grow with what they should grow with.
 */
#include "run/memory.h"

#include "base/file.h"
#include "base/text.h"
#include "controls/controls.h"
#include "experiment/setup.h"
#include "fake_run.h"
#include "measure/similarity.h"
#include "run/run.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FASHION "/usr/share/datasets/fashion-mnist/t10k-"
#define MIB ((size_t)1 << 20)

Test(memory, sizes_are_read) {
    static const struct {
        const char *text;
        size_t bytes; /* 0: refused */
    } cases[] = {
        {"2G", 2048 * MIB},
        {"800M", 800 * MIB},
        {"1.5GiB", 1536 * MIB},
        {"2097152", 2 * MIB},
        {"4096K", 4 * MIB},
        {"1T", 1048576 * MIB},
        {"", 0},
        {"G", 0},
        {"2g", 0},
        {"2GB", 0},
        {"2G ", 0},
        {"-2G", 0},
        {"1e3M", 0},
        {"1.2.3G", 0},
        {"512", 0},
        {"2000T", 0},
        {"9999999999999999999999999999999999999G", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t bytes = 0;
        bool ok = text_to_bytes(cases[i].text, &bytes);
        cr_expect_eq(ok, cases[i].bytes > 0, "%s", cases[i].text);
        cr_expect(!ok || bytes == cases[i].bytes, "%s: %zu", cases[i].text, bytes);
    }
}

/* A run that is set up, of so many inputs and with these explainers and controls. */
static struct run *open_run(const char *folder, unsigned inputs, const char *explainers, const char *controls_of) {
    struct run_options options = {.jobs = 4, .quiet = true};
    struct run *run = calloc(1, sizeof *run);
    struct error e = {{0}};
    char cwd[4096], path[128];
    struct text text = {0};
    cr_assert(run && getcwd(cwd, sizeof cwd));
    snprintf(path, sizeof path, "%s/battery.yaml", folder);
    text_add(&text,
             "model: %s/fixtures/models/fashion-cnn.onnx\ndata:\n  inputs: %u\n  preprocess: unit\n"
             "  source: idx:" FASHION "images-idx3-ubyte.gz," FASHION "labels-idx1-ubyte.gz\n"
             "explainers: [%s]\ncontrols: [%s]\n",
             cwd, inputs, explainers, controls_of);
    cr_assert(!text.failed && file_write(path, text.data, text.length, &e), "%s", e.text);
    text_finish(&text);
    options.battery = path;
    options.folder = folder;
    run->log = -1;
    cr_assert(setup_run(run, &options, controls, &e), "%s", e.text);
    return run;
}

static void close_run(struct run *run) {
    setup_finish(run);
    free(run);
}

static struct memory_need need_of(const struct run *run, unsigned workers) {
    struct memory_need need;
    struct error e;
    cr_assert(memory_predict(run, run_limits(run), workers, &need, &e), "%s", e.text);
    return need;
}

/* Less memory: first smaller groups, then fewer workers, then the least that can be had, which is enough. */
Test(memory, a_budget_is_held_or_refused) {
    char folder[64];
    struct error e = {{0}};
    fake_folder(folder);
    struct run *run = open_run(folder, 6, "gradient", "cascading");
    unsigned workers = 4, before = 4;
    const struct memory_need most = need_of(run, 4);
    const size_t whole = memory_total(&most);
    size_t least = 0;
    for (size_t budget = whole; !least; budget -= budget / 16) {
        run->memory = budget;
        workers = 4;
        if (!memory_fit(run, 0, &workers, &e)) {
            const char *at = strstr(e.text, "needs at least ");
            cr_assert(at && sscanf(at, "needs at least %zu MiB", &least) == 1, "%s", e.text);
            break;
        }
        const struct memory_need need = need_of(run, workers);
        cr_expect_leq(memory_total(&need), budget);
        cr_expect(workers >= 1 && workers <= before, "%u workers after %u", workers, before);
        before = workers;
    }
    cr_expect_eq(before, 1, "%u workers at the least", before);
    run->memory = least * MIB;
    cr_expect(memory_fit(run, 0, &workers, &e), "%s", e.text);
    run->memory = (least - 1) * MIB;
    cr_expect_not(memory_fit(run, 0, &workers, &e), "less than the least");
    close_run(run);
    fake_folder_remove(folder);
}

/* What is kept of forward passes below re-drawn layers is counted, up to its limit, and a budget gives it up. */
Test(memory, passes_that_are_kept_are_counted) {
    char folder[64];
    struct error e = {{0}};
    unsigned workers = 1;
    fake_folder(folder);
    struct run *some = open_run(folder, 6, "gradient", "independent"),
               *many = open_run(folder, 6, "gradient", "independent");
    many->explainers[0].conform_bytes = 1;
    many->explainers[0].backwards = 1;
    some->limits = many->limits = memory_limits_default;
    some->limits.passes = 1000;
    const size_t before = need_of(some, 1).worker, one = need_of(many, 1).worker;
    cr_expect_gt(one, before + 6 * 28 * 28 * sizeof(float), "some maps of each input");
    many->explainers[0].backwards = 100;
    cr_expect_eq(need_of(many, 1).worker, one, "without a budget: sums, which are not kept");
    many->memory = 1;
    cr_expect_geq(need_of(many, 1).worker, one + 6 * 28 * 28 * sizeof(float), "they come to other points each time");
    many->explainers[0].backwards = 1e6;
    cr_expect_leq(need_of(many, 1).worker, before + 64 * MIB);
    cr_expect_geq(need_of(many, 1).worker, one + 32 * MIB);
    const size_t parent = need_of(some, 1).parent + 6 * MIB; /* which grows until its store is open */
    many->memory = memory_total(&(struct memory_need){parent, 0, before, 1, "", 1});
    cr_assert(memory_fit(many, 0, &workers, &e), "%s", e.text);
    cr_expect_lt(many->limits.passes, 8 * MIB);
    close_run(some);
    close_run(many);
    fake_folder_remove(folder);
}

/* The largest process does not grow with stages or explainers, and with inputs by results alone. */
Test(memory, what_it_grows_with) {
    char folder[64];
    fake_folder(folder);
    struct run *small = open_run(folder, 6, "gradient", "independent"),
               *stages = open_run(folder, 6, "gradient", "cascading, independent"),
               *rows = open_run(folder, 6, "gradient, smoothgrad, input-x-gradient", "independent"),
               *inputs = open_run(folder, 6000, "gradient", "independent"),
               *more = open_run(folder, 10000, "gradient", "independent");
    const size_t worker = need_of(small, 2).worker, sample = 28 * 28 * sizeof(float);
    cr_expect_eq(need_of(stages, 2).worker, worker);
    cr_expect_eq(need_of(rows, 2).worker, worker);
    cr_expect_gt(need_of(inputs, 2).worker, worker);
    /* Seven rows of 1 KB each, the logits of ten classes twice. Without a file for them, maps besides. */
    const size_t each = (need_of(more, 2).worker - need_of(inputs, 2).worker) / 4000;
    cr_expect_lt(each, 4 * sample, "%zu bytes an input", each);
    if (backed_resident(64 * MIB) == 0) cr_expect_lt(each, 8192, "%zu bytes an input", each);
    close_run(small);
    close_run(stages);
    close_run(rows);
    close_run(inputs);
    close_run(more);
    fake_folder_remove(folder);
}

/* What is kept of a map is counted, and what the mask leaves out is kept beside it. */
Test(memory, prepared_maps_are_counted) {
    const struct map_shape shape = {3, 40, 40};
    for (size_t m = 0; measures[m]; m++)
        cr_expect_eq(measures[m]->prepare != NULL, measures[m]->size != NULL, "%s", measures[m]->id);
    /* Ranks of two views, of 4 bytes; the SSIM's moments of 30 x 30 places, of 8. */
    cr_expect_geq(prepared_size(&shape, false), 2u * 4800 * 4 + 3u * 3 * 900 * 8);
    cr_expect_eq(prepared_size(&shape, true) - prepared_size(&shape, false), 2u * 4800 * 4);
}
