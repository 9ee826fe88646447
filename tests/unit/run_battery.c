/* Whole runs on the fixture networks: what each kind of method gets, what a bad plugin costs, and that neither the
 * number of workers nor a kill changes a byte. */
#define _XOPEN_SOURCE 700 /* realpath */

#include "run/run.h"

#include "base/file.h"
#include "base/text.h"
#include "controls/controls.h"
#include "fake_run.h"
#include "nn/arch.h"
#include "nn/onnx.h"
#include "reports/report.h"
#include "experiment/setup.h"
#include "workers/interrupt.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FASHION "/usr/share/datasets/fashion-mnist/"

static char folder[64], bad[PATH_MAX]; /* a folder of the test's own; that of tests/bad in the build */

static void setup(void) {
    const char *build = getenv("ASSAY_BUILD");
    char path[PATH_MAX];
    fake_folder(folder);
    snprintf(path, sizeof path, "%s/tests/bad", build ? build : "build");
    cr_assert_not_null(realpath(path, bad), "%s is missing", path);
}

static void cleanup(void) {
    fake_folder_remove(folder);
}

TestSuite(run_battery, .init = setup, .fini = cleanup, .timeout = 240);

/* ---- batteries ---- */

/* `rows`: explainers, one a line; those of tests/bad begin with '!'. `rest`: everything after them. */
static void write_battery(const char *name, const char *model, double limit, const char *rows, const char *rest) {
    char cwd[PATH_MAX], path[128];
    struct text text = {0};
    struct error e = {{0}};
    cr_assert_not_null(getcwd(cwd, sizeof cwd));
    text_add(&text,
             "name: test\nmodel: %s/fixtures/models/%s\ntime-limit: %g\ndata:\n  inputs: 10\n  preprocess: unit\n"
             "  source: idx:" FASHION "t10k-images-idx3-ubyte.gz," FASHION "t10k-labels-idx1-ubyte.gz\nexplainers:\n",
             cwd, model, limit);
    for (const char *at = rows; *at;) {
        int n = (int)strcspn(at, "\n");
        if (*at == '!') text_add(&text, "  - {use: %s/%.*s.so, name: %.*s}\n", bad, n - 1, at + 1, n - 1, at + 1);
        else text_add(&text, "  - %.*s\n", n, at);
        at += n + (at[n] == '\n');
    }
    text_add(&text, "%s", rest);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    cr_assert(!text.failed && file_write(path, text.data, text.length, &e), "%s", e.text);
    text_finish(&text);
}

static struct run_options options_of(const char *battery, const char *run, unsigned jobs, char paths[2][128]) {
    snprintf(paths[0], 128, "%s/%s", folder, battery);
    snprintf(paths[1], 128, "%s/%s", folder, run);
    return (struct run_options){.battery = paths[0], .folder = paths[1], .jobs = jobs, .quiet = true};
}

/* The exit code; fails the test when the run does not come to its end. */
static int execute(const char *battery, const char *run, unsigned jobs, bool resume) {
    char paths[2][128];
    struct run_options options = options_of(battery, run, jobs, paths);
    struct run_outcome outcome;
    struct error e = {{0}};
    options.resume = resume;
    cr_assert(run_execute(&options, controls, &outcome, &e), "%s", e.text);
    run_finish(&outcome);
    return outcome.exit_code;
}

static struct store *store_of(const char *run) {
    char path[160];
    struct store *s;
    struct error e = {{0}};
    snprintf(path, sizeof path, "%s/%s/assay.db", folder, run);
    cr_assert(store_open(path, &s, &e), "%s", e.text);
    return s;
}

/* ---- verdicts ---- */

struct found {
    const char *explainer, *control;
    char verdict[32], stage[64], reason[1024], expected[64];
};

static bool find(void *user, const struct verdict_row *row) {
    struct found *f = user;
    if (strcmp(row->explainer, f->explainer) != 0 || strcmp(row->control, f->control) != 0) return true;
    snprintf(f->verdict, sizeof f->verdict, "%s", row->annotation[0] == 'I' ? row->annotation : row->verdict);
    snprintf(f->stage, sizeof f->stage, "%s", row->first_stage);
    snprintf(f->reason, sizeof f->reason, "%s", row->reason);
    return true;
}

static struct found verdict_of(struct store *s, const char *explainer, const char *control) {
    struct found f = {.explainer = explainer, .control = control, .verdict = "missing"};
    struct error e = {{0}};
    cr_assert(store_each_verdict(s, find, &f, &e), "%s", e.text);
    return f;
}

struct row_case {
    const char *explainer;
    const char *verdicts[5]; /* cascading, independent, label permutation, linear identity, zero pixel; NULL: any */
    const char *words;       /* in the reason of the first that is not PASS or SKIP */
};

static const char *const control_ids[5] = {"cascading", "independent", "label-permutation", "linear-identity",
                                           "zero-pixel"};

static void expect_rows(struct store *s, const struct row_case *rows, size_t count) {
    for (size_t r = 0; r < count; r++) {
        bool said = false;
        for (size_t c = 0; c < 5; c++) {
            struct found f = verdict_of(s, rows[r].explainer, control_ids[c]);
            if (rows[r].verdicts[c])
                cr_expect_str_eq(f.verdict, rows[r].verdicts[c], "%s under %s: %s, %s", rows[r].explainer,
                                 control_ids[c], f.verdict, f.reason);
            cr_expect(f.reason[0] || strcmp(f.verdict, "missing") == 0);
            bool fine =
                strcmp(f.verdict, "PASS") == 0 || strcmp(f.verdict, "SKIP") == 0 || strcmp(f.verdict, "missing") == 0;
            if (said || fine) continue;
            said = true;
            cr_expect(strstr(f.reason, rows[r].words), "%s under %s: \"%s\" does not say \"%s\"", rows[r].explainer,
                      control_ids[c], f.reason, rows[r].words);
        }
    }
}

#define P "PASS"
#define F "FAIL"
#define U "UNINFORMATIVE"
#define S "SKIP"
#define E "ERROR"

/* What was learned, and what was not. */
static const struct row_case methods[] = {
    {"gradient", {P, P, NULL, P, S}, ""},
    {"input-x-gradient", {P, P, NULL, P, P}, ""},
    {"ig-absolute", {"INPUT-DOMINATED", NULL, NULL, P, P}, "dominated by the input"},
    {"guided-backprop", {F, F, NULL, P, S}, "at stage fc2"},
    {"grad-cam", {NULL, NULL, NULL, S, S}, ""},
    {"edge-detector", {F, F, NULL, S, S}, "at stage fc2"},
    {"input", {F, F, NULL, S, P}, "D = 1.00, at least 1.00 > 0.30"},
    {"random-noise", {U, U, NULL, S, S}, "Not repeatable"},
    {"constant", {U, U, NULL, S, S}, "Empty maps"},
    {"unsupported", {S, S, NULL, S, S}, ""},
};

/* Mutants: each is caught by the control that is there to catch it. */
static const struct row_case mutants[] = {
    {"cached-first-answer", {F, F, NULL, S, S}, "D = 1.00"},
    {"edge-x-logit", {F, NULL, NULL, S, S}, "The magnitudes survive full randomisation"},
    {"edge-x-sign-gradient", {F, NULL, NULL, S, S}, "The magnitudes survive full randomisation"},
    {"bump", {F, NULL, NULL, S, S}, "A prior: "},
    {"bump-x-sign", {F, NULL, NULL, S, S}, " prior"},
    {"top-layer-only", {P, F, NULL, S, S}, "at stage fc1"},
    {"input-x-gradient-leak", {P, P, NULL, S, F}, "zero input, zero attribution: off by"},
    {"wrong-linear", {P, P, NULL, F, S}, "map equals the linear model's own attribution: off by"},
    {"shifted", {P, P, NULL, F, S}, "off by"},
    {"sign-flipped", {P, P, NULL, F, S}, "off by"},
    {"crash-late", {E, E, NULL, S, S}, "The plugin was killed by SIGSEGV (Segmentation fault)."},
};

/* Wrong, and none of these controls can see it: it PASSes. Beside it is what sees it. */
static const struct {
    const char *explainer, *control;
} blind_spots[] = {
    {"class-blind", "class-sensitivity: the map for another class must differ"},
    {"false-complete", "completeness (Sundararajan et al. 2017): the map must sum to what it claims"},
};

/* Mutants that re-drawn weights do not tell from honest methods, and networks in other words do. */
static const struct {
    const char *explainer, *verdict, *stage;
} twin_rows[] = {
    {"gradient", "PASS", "near"},
    {"saliency", "PASS", "near"},
    {"smoothgrad", "PASS", "near"},
    {"guided-backprop", "PASS", "near"}, /* of the function, if not of its weights */
    {"guided-grad-cam", "PASS", "near"},
    {"edge-detector", "PASS", "near"},
    {"random-noise", "UNINFORMATIVE", ""},
    {"!keyed-noise", "FAIL", "near"},
    {"!top-layer-only", "FAIL", "units"},
    {"!first-layer-only", "FAIL", "units"},
    {"!edge-if-sure", "FAIL", "confidence"},
    {"!edge-if-right", "FAIL", "confidence"},
};

Test(run_battery, twins) {
    struct text rows = {0};
    for (size_t k = 0; k < sizeof twin_rows / sizeof *twin_rows; k++) text_add(&rows, "%s\n", twin_rows[k].explainer);
    write_battery("b.yaml", "fashion-cnn.onnx", 60, rows.data, "controls: [twins]\n");
    cr_expect_eq(execute("b.yaml", "run", 2, false), 1);
    struct store *s = store_of("run");
    for (size_t k = 0; k < sizeof twin_rows / sizeof *twin_rows; k++) {
        const char *name = twin_rows[k].explainer + (twin_rows[k].explainer[0] == '!');
        struct found f = verdict_of(s, name, "twins");
        cr_expect_str_eq(f.verdict, twin_rows[k].verdict, "%s: %s, %s", name, f.verdict, f.reason);
        cr_expect_str_eq(f.stage, twin_rows[k].stage, "%s: %s", name, f.reason);
    }
    struct found f = verdict_of(s, "gradient", "twins");
    cr_expect(strstr(f.reason, "the last layer's inputs re-ordered, too"), "%s", f.reason);
    store_close(s);
    text_finish(&rows);
}

/* What the run says of pairs of maps: "a, b: what; ...". Equal ones are less than .01 apart, others more. */
static char *pairs_of(const char *run_folder, char **warning) {
    struct store *s = store_of(run_folder);
    struct text out = {0};
    struct error e = {{0}};
    char *meta = NULL;
    cr_assert(store_meta(s, "equalities", &meta, &e), "%s", e.text);
    cr_assert_not_null(meta);
    json_t *o = json_loads(meta, 0, NULL), *pair;
    size_t k;
    json_array_foreach(json_object_get(o, "pairs"), k, pair) {
        double distance = json_number_value(json_object_get(pair, "distance"));
        bool broken = strcmp(json_string_value(json_object_get(pair, "is")), "broken") == 0;
        cr_expect(broken ? distance > .01 && distance < 3 : distance >= 0 && distance < .01, "pair %zu: %g", k,
                  distance);
        text_add(&out, "%s, %s: %s; ", json_string_value(json_object_get(pair, "a")),
                 json_string_value(json_object_get(pair, "b")), json_string_value(json_object_get(pair, "is")));
    }
    const char *text = json_string_value(json_object_get(o, "warning"));
    *warning = text_copy(text ? text : "");
    json_decref(o);
    free(meta);
    store_close(s);
    cr_assert(out.data && *warning);
    return out.data;
}

/* Another name for a method is told; the same method with another reduction, or before its ReLU, is not. */
Test(run_battery, same_maps_are_said) {
    char *warning;
    write_battery("b.yaml", "fashion-mlp.onnx", 60,
                  "gradient\n{use: gradient, name: again, reduce: mean-abs}\nsaliency\n!rounding\n",
                  "controls: [class-sensitivity]\n");
    execute("b.yaml", "run", 2, false);
    char *pairs = pairs_of("run", &warning);
    cr_expect_str_eq(pairs, "gradient, rounding: unexplained; ", "%s", pairs);
    cr_expect(strstr(warning, "give one map: gradient and rounding"), "%s", warning);
    free(pairs);
    free(warning);
}

/* A copy times two is the same method to every measure of rank. */
Test(run_battery, maps_equal_up_to_a_factor_are_said) {
    char *warning;
    write_battery("b.yaml", "fashion-mlp.onnx", 60,
                  "gradient\ninput-x-gradient\n!doubled\n\"lrp\"\n\"lrp:start=one\"\n",
                  "controls: [class-sensitivity]\n");
    cr_expect_eq(execute("b.yaml", "run", 2, false), 0, "no verdict depends on it");
    char *pairs = pairs_of("run", &warning);
    cr_expect(strstr(pairs, "gradient, doubled: scaled; "), "%s", pairs);
    cr_expect(strstr(pairs, "lrp, lrp:start=one: scaled; "), "a theorem says so: %s", pairs);
    cr_expect_str_eq(warning, "methods that claim to differ give maps that are equal up to a factor: gradient and "
                              "doubled. To measures of rank they are one method.");
    free(pairs);
    free(warning);
}

/* Maps that a theorem makes one on this network are told as such; a method that has a name and not its map is found. */
Test(run_battery, maps_that_must_be_equal) {
    char *warning;
    write_battery("b.yaml", "fashion-mlp.onnx", 60,
                  "input-x-gradient\n\"lrp:composite=epsilon\"\nintegrated-gradients\ndeeplift\n!borrowed-name\n",
                  "controls: [class-sensitivity]\n");
    cr_expect_eq(execute("b.yaml", "run", 2, false), 0, "no verdict depends on it");
    char *pairs = pairs_of("run", &warning);
    cr_expect_str_eq(pairs,
                     "input-x-gradient, lrp:composite=epsilon: expected; input-x-gradient, borrowed-name: broken; "
                     "lrp:composite=epsilon, borrowed-name: broken; ",
                     "%s", pairs);
    cr_expect(strstr(warning, "must be equal on this network are not: input-x-gradient and borrowed-name ("), "%s",
              warning);
    cr_expect(strstr(warning, "f(z) / z = f'(z)") && strstr(warning, "1605.01713"), "%s", warning);
    free(pairs);
    free(warning);
}

/* Methods that do not see the class, and say so or not. */
Test(run_battery, class_sensitivity) {
    write_battery("b.yaml", "fashion-cnn.onnx", 60,
                  "gradient\nguided-backprop\nsmoothgrad\nedge-detector\n!class-blind\n!first-layer-only\n",
                  "controls: [class-sensitivity]\nexpect: {edge-detector: SKIP}\n");
    cr_expect_eq(execute("b.yaml", "run", 2, false), 1);
    struct store *s = store_of("run");
    static const char *const rows[][2] = {{"gradient", "PASS"},    {"guided-backprop", "PASS"},
                                          {"smoothgrad", "PASS"},  {"edge-detector", "SKIP"},
                                          {"class-blind", "FAIL"}, {"first-layer-only", "FAIL"}};
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        struct found f = verdict_of(s, rows[k][0], "class-sensitivity");
        cr_expect_str_eq(f.verdict, rows[k][1], "%s: %s, %s", rows[k][0], f.verdict, f.reason);
    }
    store_close(s);
}

/* Of some of the networks alone, as a list; one that there is not has its place. */
Test(run_battery, twins_that_are_named) {
    char paths[2][128];
    struct run_outcome outcome;
    struct error e = {{0}};
    write_battery("b.yaml", "fashion-mlp.onnx", 60, "!edge-if-sure\n",
                  "controls: [{id: twins, twins: [near, units]}]\n");
    cr_expect_eq(execute("b.yaml", "run", 2, false), 0);
    struct store *s = store_of("run");
    struct found f = verdict_of(s, "edge-if-sure", "twins");
    cr_expect(strcmp(f.verdict, "PASS") == 0 && !strstr(f.reason, "confidence"), "%s", f.reason);
    store_close(s);
    write_battery("c.yaml", "fashion-mlp.onnx", 60, "gradient\n", "controls: [{id: twins, twins: [near, unit]}]\n");
    struct run_options options = options_of("c.yaml", "other", 2, paths);
    cr_expect_not(run_execute(&options, controls, &outcome, &e));
    cr_expect(
        strstr(e.text, "c.yaml:10:24: twins of control twins: there is no 'unit': near, units and confidence wanted"),
        "%s", e.text);
    run_finish(&outcome);
}

/* Told to end while it is set up, a run takes nothing of what an earlier one left there. */
Test(run_battery, an_interrupt_before_it_begins_costs_nothing) {
    char paths[2][128], path[160];
    uint8_t *before, *after;
    size_t size, again;
    struct run_outcome outcome;
    struct error e = {{0}};
    write_battery("b.yaml", "fashion-mlp.onnx", 60, "input\n", "controls: [zero-pixel]\n");
    execute("b.yaml", "run", 1, false);
    snprintf(path, sizeof path, "%s/run/assay.db", folder);
    cr_assert(file_read(path, &before, &size, &e), "%s", e.text);
    struct run_options options = options_of("b.yaml", "run", 1, paths);
    interrupt_watch();
    raise(SIGINT);
    cr_expect_not(run_execute(&options, controls, &outcome, &e));
    run_finish(&outcome);
    cr_expect(strstr(e.text, "interrupted"), "%s", e.text);
    cr_assert(file_read(path, &after, &again, &e), "%s", e.text);
    cr_expect(size == again && memcmp(before, after, size) == 0, "the store changed");
    free(before);
    free(after);
}

#define CONTROLS_OF_WEIGHTS                                                                                            \
    "controls: [cascading, independent, linear-identity, zero-pixel]\nrule: {draws: [5, 6, 7]}\n"

Test(run_battery, methods_and_mutants_get_what_they_deserve) {
    struct text rows = {0};
    text_add(&rows, "gradient\ninput-x-gradient\n"
                    "{use: 'integrated-gradients:steps=10', name: ig-absolute, reduce: mean-abs}\n"
                    "guided-backprop\ngrad-cam\nedge-detector\ninput\nrandom-noise\nconstant\n!unsupported\n");
    for (size_t k = 0; k < sizeof mutants / sizeof *mutants; k++) text_add(&rows, "!%s\n", mutants[k].explainer);
    for (size_t k = 0; k < sizeof blind_spots / sizeof *blind_spots; k++)
        text_add(&rows, "!%s\n", blind_spots[k].explainer);
    write_battery("b.yaml", "fashion-cnn.onnx", 60, rows.data, CONTROLS_OF_WEIGHTS);
    text_finish(&rows);
    cr_expect_eq(execute("b.yaml", "run", 2, false), 3, "an unexpected ERROR");
    struct store *s = store_of("run");
    expect_rows(s, methods, sizeof methods / sizeof *methods);
    expect_rows(s, mutants, sizeof mutants / sizeof *mutants);
    for (size_t k = 0; k < sizeof blind_spots / sizeof *blind_spots; k++) {
        struct found f = verdict_of(s, blind_spots[k].explainer, "overall");
        cr_expect_str_eq(f.verdict, "PASS", "%s is seen now (%s): %s", blind_spots[k].explainer, blind_spots[k].control,
                         f.reason);
    }
    store_close(s);
}

/* ---- plugins that break the rules cost their own row ---- */

#define SMALL_ROWS "gradient\nsaliency\nrandom-noise\ninput\n"
#define LABELS "{id: label-permutation, permutations: 2, twins: 2}"
#define TRAINING                                                                                                       \
    "training:\n  source: idx:" FASHION "t10k-images-idx3-ubyte.gz," FASHION "t10k-labels-idx1-ubyte.gz\n"             \
    "  images: 200\n  layers: 'fc:32,relu,fc:10'\n  learning-rate: 0.003\n"
#define SMALL_CONTROLS                                                                                                 \
    "controls: [cascading, independent, " LABELS ", linear-identity, zero-pixel]\n" TRAINING                           \
    "rule: {draws: [3, 4, 5]}\n"

static const struct {
    const char *explainer, *reason;
} broken[] = {
    {"crash", "The plugin was killed by SIGSEGV (Segmentation fault)."},
    {"exit", "The plugin ended the process with exit code"},
    {"nan", "is nan"},
    {"short", "were not written"},
    {"overrun", "before or behind its maps"},
    {"touches-inputs", "wrote to the inputs"},
    {"touches-model", "wrote to the model handle"},
    {"unrepeatable", "another map 0 the second time"},
    {"batch-position", "in a batch of"},
    {"hidden-seed", "does not claim STOCHASTIC"},
    {"false-non-negative", "claims NON_NEGATIVE"},
    {"false-class-blind", "another target changed"},
    {"false-stochastic", "gave the same"},
    {"per-process", "Not reproducible: the same request in another process gives other bytes."},
    {"fails", "the moon is in the wrong phase"},
    {"bad-target", "target 10 of sample 0"},
    {"eighth-map", "map 8 in a batch of 10"},
    {"late-overrun", "Breach of the plugin rules: the plugin wrote before or behind its maps"},
    {"late-inputs", "Breach of the plugin rules: the plugin wrote to the inputs, which it may only read"},
    {"crash-constructor", "The explainer cannot be used:"},
    {"exit-constructor", "while it was loaded: ended the process with exit code 0"},
    {"forged-tables", "The explainer cannot be used:"},
    {"abi-major", "built for plugin ABI 2.0"},
    {"no-symbol", "without the symbol assay_entry"},
    {"forges", "sent a damaged message"},
};

/* Reports that are files of text. */
static void write_reports(const char *run) {
    static const char *const ids[] = {"csv", "json", "junit"};
    char path[128];
    struct error e = {{0}};
    struct store *s = store_of(run);
    snprintf(path, sizeof path, "%s/%s", folder, run);
    for (const struct report *r = reports; r->id; r++)
        for (size_t k = 0; k < 3; k++)
            if (strcmp(r->id, ids[k]) == 0) cr_assert(r->write(s, path, &e), "%s", e.text);
    store_close(s);
}

static char *read_report(const char *run, const char *file) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, run);
    return fake_read(path, file);
}

/* The lines that begin with "NAME", for one of the small rows. */
static char *lines_of(const char *csv) {
    static const char *const names[] = {"\"gradient\"", "\"saliency\"", "\"random-noise\"", "\"input\""};
    struct text out = {0};
    for (const char *at = csv; *at;) {
        size_t n = strcspn(at, "\n") + (at[strcspn(at, "\n")] == '\n');
        for (size_t k = 0; k < 4; k++)
            if (strncmp(at, names[k], strlen(names[k])) == 0) text_append(&out, at, n);
        at += n;
    }
    cr_assert(out.data && out.length > 200, "no lines of the small rows");
    return out.data;
}

Test(run_battery, a_bad_plugin_costs_its_own_row) {
    static const char *const files[] = {"verdicts.csv", "results.csv"};
    struct text rows = {0};
    text_add(&rows, "%s", SMALL_ROWS);
    for (size_t k = 0; k < sizeof broken / sizeof *broken; k++) text_add(&rows, "!%s\n", broken[k].explainer);
    write_battery("alone.yaml", "fashion-mlp.onnx", 60, SMALL_ROWS, SMALL_CONTROLS);
    write_battery("crowd.yaml", "fashion-mlp.onnx", 60, rows.data, SMALL_CONTROLS);
    text_finish(&rows);
    execute("alone.yaml", "alone", 2, false);
    cr_expect_eq(execute("crowd.yaml", "crowd", 2, false), 3);
    struct store *s = store_of("crowd");
    for (size_t k = 0; k < sizeof broken / sizeof *broken; k++)
        for (size_t c = 0; c < 5; c++) {
            struct found f = verdict_of(s, broken[k].explainer, control_ids[c]);
            cr_expect_str_eq(f.verdict, "ERROR", "%s under %s: %s, %s", broken[k].explainer, control_ids[c], f.verdict,
                             f.reason);
            cr_expect(strstr(f.reason, broken[k].reason), "%s: \"%s\" does not say \"%s\"", broken[k].explainer,
                      f.reason, broken[k].reason);
        }
    store_close(s);
    write_reports("alone");
    write_reports("crowd");
    for (size_t k = 0; k < 2; k++) {
        char *alone = read_report("alone", files[k]), *crowd = read_report("crowd", files[k]);
        char *expected = lines_of(alone), *got = lines_of(crowd);
        cr_expect(strcmp(expected, got) == 0, "%s: the other rows are not what they were", files[k]);
        free(alone);
        free(crowd);
        free(expected);
        free(got);
    }
}

/* Honest maps, and trouble for whoever loads or unloads them: no row pays for that, their own neither, but for the one
 * that does not return from destroy(). */
Test(run_battery, what_a_library_does_beside_its_maps_stays_in_its_workers) {
    static const char *const honest[] = {"exit-in-parent", "exit-at-unload", "thread-at-load", "rounding"};
    write_battery("b.yaml", "fashion-mlp.onnx", 1,
                  "gradient\n!exit-in-parent\n!exit-at-unload\n!thread-at-load\n!rounding\n",
                  "controls: [cascading, zero-pixel]\nrule: {draws: [3, 4, 5]}\n");
    cr_expect_eq(execute("b.yaml", "run", 2, false), 0);
    struct store *s = store_of("run");
    struct found gradient = verdict_of(s, "gradient", "cascading");
    cr_expect_str_eq(gradient.verdict, "PASS", "%s", gradient.reason);
    for (size_t k = 0; k < sizeof honest / sizeof *honest; k++) {
        struct found f = verdict_of(s, honest[k], "cascading");
        cr_expect_str_eq(f.verdict, "PASS", "%s: %s", honest[k], f.reason);
        cr_expect_str_eq(f.reason, gradient.reason, "%s", honest[k]);
    }
    store_close(s);
}

/* The time limit is for one call, of conformance as of controls: all calls of `slow` together take longer. */
Test(run_battery, a_plugin_that_hangs_is_stopped) {
    static const char *const hangs[] = {"hang", "destroy-hangs"};
    write_battery("b.yaml", "fashion-mlp.onnx", .5, "!hang\n!slow\n!destroy-hangs\n",
                  "controls: [cascading, zero-pixel]\nrule: {draws: [3, 4, 5]}\n");
    cr_expect_eq(execute("b.yaml", "run", 2, false), 3);
    struct store *s = store_of("run");
    for (size_t k = 0; k < 2; k++) {
        struct found hang = verdict_of(s, hangs[k], "cascading");
        cr_expect_str_eq(hang.verdict, "ERROR");
        cr_expect(strstr(hang.reason, "The plugin did not answer within its time limit of 0.5 s."), "%s", hang.reason);
    }
    struct found other = verdict_of(s, "slow", "cascading");
    cr_expect_str_eq(other.verdict, "PASS", "%s", other.reason);
    store_close(s);
}

/* ---- the same bytes ---- */

static void expect_same(const char *a, const char *b) {
    static const char *const files[] = {"results.csv", "verdicts.csv", "report.json", "junit.xml"};
    write_reports(b);
    for (size_t k = 0; k < sizeof files / sizeof *files; k++) {
        char *one = read_report(a, files[k]), *other = read_report(b, files[k]);
        cr_expect(strlen(one) > 500 && strcmp(one, other) == 0, "%s of %s and %s differ", files[k], a, b);
        free(one);
        free(other);
    }
}

#define ROWS_FOR_BYTES                                                                                                 \
    "gradient\nsaliency\nrandom-noise\n!crash\n!late-inputs\n{use: guided-backprop, reduce: mean-abs}\n"
#define CONTROLS_FOR_BYTES "controls: [cascading, " LABELS ", zero-pixel]\n" TRAINING "rule: {draws: [3, 4, 5]}\n"

static void nap(long milliseconds) {
    struct timespec t = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&t, NULL);
}

static off_t size_of(const char *run, const char *file) {
    char path[160];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s/%s", folder, run, file);
    return stat(path, &st) == 0 ? st.st_size : 0;
}

static bool count_unit(void *user, const struct unit_row *row) {
    (void)row;
    ++*(uint32_t *)user;
    return true;
}

static uint32_t units_of(const char *run) {
    uint32_t n = 0;
    struct error e = {{0}};
    struct store *s = store_of(run);
    cr_assert(store_each_unit(s, count_unit, &n, &e), "%s", e.text);
    store_close(s);
    return n;
}

/* Runs (resuming) in a child and kills it once the store has grown by `bytes`; whether it was still running. */
static bool run_and_kill(const char *battery, const char *run, off_t bytes) {
    off_t before = size_of(run, "assay.db") + size_of(run, "assay.db-wal");
    pid_t pid = fork();
    if (pid == 0) {
        char paths[2][128];
        struct run_options options = options_of(battery, run, 2, paths);
        struct run_outcome outcome;
        struct error e;
        options.resume = true;
        bool ok = run_execute(&options, controls, &outcome, &e);
        run_finish(&outcome);
        _exit(ok ? 0 : 9);
    }
    for (int k = 0; k < 20000; k++) {
        int status;
        if (waitpid(pid, &status, WNOHANG) == pid) {
            cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the run ended badly");
            return false;
        }
        if (size_of(run, "assay.db") + size_of(run, "assay.db-wal") > before + bytes) break;
        nap(5);
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    return true;
}

/* One worker, two workers, and a run that was killed twice and resumed. */
Test(run_battery, neither_workers_nor_kills_change_a_byte) {
    uint32_t middle = 0, all;
    write_battery("b.yaml", "fashion-mlp.onnx", 60, ROWS_FOR_BYTES, CONTROLS_FOR_BYTES);
    execute("b.yaml", "one", 1, false);
    execute("b.yaml", "two", 2, false);
    write_reports("one");
    expect_same("one", "two");
    all = units_of("one");
    for (int k = 0; k < 2; k++) { /* networks are stored first, a megabyte of them with their digests */
        if (!run_and_kill("b.yaml", "killed", k ? 900000 : 1900000)) break;
        uint32_t units = units_of("killed");
        cr_expect_leq(units, all);
        middle += units > 0 && units < all;
    }
    cr_expect_gt(middle, 0, "no kill came in the middle");
    execute("b.yaml", "killed", 2, true);
    expect_same("one", "killed");
    /* And what is finished stays as it is. */
    execute("b.yaml", "two", 1, true);
    expect_same("one", "two");
}

/* Kills every child of `parent` of that name as soon as it appears. */
static void kill_workers(pid_t parent, const char *name) {
    char path[64], comm[32];
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent, (int)parent);
    for (;;) {
        int pid;
        FILE *children = fopen(path, "r");
        while (children && fscanf(children, "%d", &pid) == 1) {
            char own[64];
            snprintf(own, sizeof own, "/proc/%d/comm", pid);
            FILE *f = fopen(own, "r");
            bool is = f && fscanf(f, "%31s", comm) == 1 && strcmp(comm, name) == 0;
            if (f) fclose(f);
            if (is) kill(pid, SIGKILL);
        }
        if (children) fclose(children);
        nap(1);
    }
}

/* As when memory runs out: an ERROR of this run, and of no later one. */
Test(run_battery, trainings_that_are_killed_are_tried_again_by_a_resumed_run) {
    write_battery("b.yaml", "fashion-mlp.onnx", 60, "gradient\nsaliency\n",
                  "controls: [" LABELS "]\n" TRAINING "rule: {draws: [3, 4, 5]}\n");
    pid_t parent = getpid(), killer = fork();
    if (killer == 0) kill_workers(parent, "training");
    cr_expect_eq(execute("b.yaml", "killed", 2, false), 3);
    struct store *s = store_of("killed");
    struct found f = verdict_of(s, "gradient", "label-permutation");
    cr_expect_str_eq(f.verdict, "ERROR");
    cr_expect(strstr(f.reason, "was killed by SIGKILL (Killed) twice"), "%s", f.reason);
    store_close(s);
    cr_expect_eq(waitpid(killer, NULL, WNOHANG), 0, "the pool ends its own children only");
    kill(killer, SIGKILL);
    waitpid(killer, NULL, 0);
    execute("b.yaml", "killed", 2, true);
    execute("b.yaml", "whole", 2, false);
    write_reports("whole");
    expect_same("whole", "killed");
}

/* ---- what a second run keeps ---- */

struct mark {
    struct store *store;
    uint32_t networks, marked, failed;
};

static bool mark_network(void *user, const struct network_row *row) {
    struct mark *m = user;
    m->networks++;
    m->marked += row->epochs == 7777;
    return true;
}

static bool list_network(void *user, const struct network_row *row) {
    struct network_row *out = user;
    while (out->key) out++;
    float *flat = malloc(row->flat_count * sizeof *flat);
    cr_assert_not_null(flat);
    memcpy(flat, row->flat, row->flat_count * sizeof *flat);
    *out = *row;
    out->key = text_copy(row->key);
    out->role = strcmp(row->role, "true") == 0 ? "true" : strcmp(row->role, "twin") == 0 ? "twin" : "permuted";
    out->flat = flat;
    out->epochs = 7777;
    return true;
}

static bool count_tampered(void *user, const struct unit_row *row) {
    struct mark *m = user;
    m->failed += strcmp(row->why, "tampered") == 0;
    return true;
}

static struct mark marks_of(const char *run) {
    struct mark m = {.store = store_of(run)};
    struct error e = {{0}};
    cr_assert(store_each_network(m.store, mark_network, &m, &e) && store_each_unit(m.store, count_tampered, &m, &e),
              "%s", e.text);
    store_close(m.store);
    return m;
}

/* As if the character behind the key, of what the store says of the machine, had been another. */
static void change_machine(const char *run, const char *key, char to) {
    struct store *s = store_of(run);
    struct error e = {{0}};
    char *text = NULL;
    cr_assert(store_meta(s, "run", &text, &e) && text && strstr(text, key), "%s", e.text);
    strstr(text, key)[strlen(key)] = to;
    cr_assert(store_set_meta(s, "run", text, &e), "%s", e.text);
    free(text);
    store_close(s);
}

static void come_from_another_route(const char *run) {
    change_machine(run, "\"route\": \"", '?');
}

/* Trained networks are kept either way, but for those of another compute route; results only by --resume. */
Test(run_battery, a_second_run_trains_nothing) {
    struct network_row networks[16] = {{0}};
    struct error e = {{0}};
    write_battery("b.yaml", "fashion-mlp.onnx", 60, "gradient\n", "controls: [" LABELS ", zero-pixel]\n" TRAINING);
    cr_expect_eq(execute("b.yaml", "run", 2, false), 0);
    struct store *s = store_of("run");
    struct unit_row unit = {"gradient", "twin/1", UNIT_FAILED, "tampered", 0};
    cr_assert(store_each_network(s, list_network, networks, &e), "%s", e.text);
    for (struct network_row *n = networks; n->key; n++) {
        cr_assert(store_put_network(s, n, &e), "%s", e.text);
        free((char *)n->key);
        free((float *)n->flat);
    }
    cr_assert(store_put_unit(s, &unit, &e) && store_seal_unit(s, unit.explainer, unit.variant, &e), "%s", e.text);
    store_close(s);

    cr_expect_eq(execute("b.yaml", "run", 2, true), 3, "--resume keeps what is there, good or bad");
    struct mark m = marks_of("run");
    cr_expect(m.networks == 5 && m.marked == 5 && m.failed == 1, "%u networks, %u kept, %u tampered", m.networks,
              m.marked, m.failed);
    cr_expect_eq(execute("b.yaml", "run", 2, false), 0, "without it everything is computed anew");
    m = marks_of("run");
    cr_expect(m.networks == 5 && m.marked == 5 && m.failed == 0, "%u networks, %u kept, %u tampered", m.networks,
              m.marked, m.failed);
    come_from_another_route("run");
    cr_expect_eq(execute("b.yaml", "run", 2, false), 0, "another processor's networks are trained anew");
    m = marks_of("run");
    cr_expect(m.networks == 5 && m.marked == 0, "%u networks, %u kept", m.networks, m.marked);
}

Test(run_battery, a_run_of_another_compute_route_is_not_resumed) {
    char paths[2][128];
    struct run_outcome outcome;
    struct error e = {{0}};
    write_battery("b.yaml", "fashion-mlp.onnx", 60, "input-x-gradient\n", "controls: [zero-pixel]\n");
    cr_expect_eq(execute("b.yaml", "run", 1, false), 0);
    cr_expect_eq(execute("b.yaml", "run", 1, true), 0);
    come_from_another_route("run");
    struct run_options options = options_of("b.yaml", "run", 1, paths);
    options.resume = true;
    cr_expect_not(run_execute(&options, controls, &outcome, &e));
    cr_expect(!outcome.started && strstr(e.text, "computed so far by the route ?"), "%s", e.text);
    cr_expect_eq(execute("b.yaml", "run", 1, false), 0, "it is only not gone on with");
}

/* Of a version that added up in another order. */
Test(run_battery, a_run_of_another_arithmetic_is_not_resumed) {
    char paths[2][128];
    struct run_outcome outcome;
    struct error e = {{0}};
    write_battery("b.yaml", "fashion-mlp.onnx", 60, "input-x-gradient\n", "controls: [zero-pixel]\n");
    cr_expect_eq(execute("b.yaml", "run", 1, false), 0);
    change_machine("run", "\"arithmetic\": ", '1');
    struct run_options options = options_of("b.yaml", "run", 1, paths);
    options.resume = true;
    cr_expect_not(run_execute(&options, controls, &outcome, &e));
    cr_expect(!outcome.started && strstr(e.text, "arithmetic 1, while") &&
                  strstr(e.text, "and the version of assay that began it"),
              "%s", e.text);
}

Test(run_battery, another_run_is_not_resumed) {
    char paths[2][128];
    struct run_outcome outcome;
    struct error e = {{0}};
    write_battery("b.yaml", "fashion-mlp.onnx", 60, "input-x-gradient\n", "controls: [zero-pixel]\n");
    write_battery("c.yaml", "fashion-mlp.onnx", 60, "input-x-gradient\n",
                  "controls: [zero-pixel]\nrule: {delta: 0.2}\n");
    cr_expect_eq(execute("b.yaml", "run", 1, false), 0);
    struct run_options options = options_of("b.yaml", "run", 1, paths);
    options.resume = options.has_seed = true;
    options.seed = 2;
    cr_expect_not(run_execute(&options, controls, &outcome, &e));
    cr_expect(!outcome.started && strstr(e.text, "holds a run of another battery, seed, model or explainer"), "%s",
              e.text);
    options = options_of("c.yaml", "run", 1, paths);
    options.resume = true;
    cr_expect_not(run_execute(&options, controls, &outcome, &e), "another rule");
    cr_expect_eq(execute("c.yaml", "run", 1, false), 0);
}

/* ---- the run folder ---- */

#define TWO_ROWS "gradient\nedge-detector\n"
/* Grad-CAM before its ReLU is a row that the battery does not have: what is said of the other one holds. */
Test(run_battery, skips_that_are_meant, .timeout = 60) {
    static const char rows[] = "input-x-gradient\ngrad-cam\n";
    write_battery("b.yaml", "fashion-mlp.onnx", 60, rows, "controls: [zero-pixel]\n");
    cr_expect_eq(execute("b.yaml", "open", 1, false), 4);
    write_battery("b.yaml", "fashion-mlp.onnx", 60, rows, "controls: [zero-pixel]\nexpect: {grad-cam: SKIP}\n");
    cr_expect_eq(execute("b.yaml", "meant", 1, false), 0);
}

#define ONE_CONTROL "controls: [cascading]\nrule: {draws: [3, 4, 5]}\n"

/* A flipped bit, then --resume: an error, or the same bytes. Never other results. */
Test(run_battery, a_flipped_bit_never_changes_a_result) {
    enum { FLIPS = 12, MOST = 8 * FLIPS }; /* more until one did not damage what SQLite lives by */
    char path[160];
    uint8_t *whole;
    size_t size;
    uint32_t same = 0;
    struct error e = {{0}};
    write_battery("b.yaml", "fashion-mlp.onnx", 60, TWO_ROWS, ONE_CONTROL);
    execute("b.yaml", "whole", 2, false);
    write_reports("whole");
    snprintf(path, sizeof path, "%s/whole/assay.db", folder);
    cr_assert(file_read(path, &whole, &size, &e), "%s", e.text);
    snprintf(path, sizeof path, "%s/flipped", folder);
    cr_assert(file_make_folder(path, &e), "%s", e.text);
    snprintf(path, sizeof path, "%s/flipped/assay.db", folder);
    for (size_t k = 0; k < FLIPS || (same == 0 && k < MOST); k++) {
        char paths[2][128];
        struct run_options options = options_of("b.yaml", "flipped", 2, paths);
        struct run_outcome outcome;
        size_t at = ((2 * k + 1) * size / (2 * FLIPS) + 61 * k) % size;
        options.resume = true;
        whole[at] ^= (uint8_t)(1u << k % 8);
        cr_assert(file_write(path, whole, size, &e), "%s", e.text);
        whole[at] ^= (uint8_t)(1u << k % 8);
        bool ok = run_execute(&options, controls, &outcome, &e);
        cr_expect(ok || strstr(e.text, "flipped/assay.db"), "%s", e.text);
        run_finish(&outcome);
        if (ok) expect_same("whole", "flipped");
        same += ok;
    }
    cr_expect_gt(same, 0, "none of %d went on", MOST);
    free(whole);
}

/* Runs in a child, and deletes or replaces the store when it has grown. Its exit code: 10 * started + whether it came
 * to its end; what it said is in `said`. */
static int run_without_store(const char *run, bool replace, char *said, size_t said_size) {
    char path[160];
    int ends[2], status;
    snprintf(path, sizeof path, "%s/%s/assay.db", folder, run);
    cr_assert_eq(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        char paths[2][128];
        struct run_options options = options_of("b.yaml", run, 1, paths);
        struct run_outcome outcome;
        struct error e = {{0}};
        bool ok = run_execute(&options, controls, &outcome, &e);
        ssize_t n = write(ends[1], e.text, strlen(e.text) + 1);
        int code = 10 * outcome.started + ok;
        run_finish(&outcome);
        _exit(n > 0 ? code : 99);
    }
    close(ends[1]);
    for (int k = 0; k < 4000 && size_of(run, "assay.db-wal") < 30000; k++) nap(2);
    cr_assert_eq(unlink(path), 0, "no store to delete");
    if (replace) cr_assert(file_write(path, "SQLite format 3", 16, NULL));
    said[0] = 0;
    ssize_t n = read(ends[0], said, said_size - 1);
    said[n > 0 ? n : 0] = 0;
    close(ends[0]);
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Test(run_battery, a_deleted_or_replaced_store_is_no_success) {
    char said[1024];
    write_battery("b.yaml", "fashion-mlp.onnx", 60, "smoothgrad\n" TWO_ROWS, ONE_CONTROL);
    for (int replace = 0; replace < 2; replace++) {
        cr_expect_eq(run_without_store(replace ? "replaced" : "deleted", replace, said, sizeof said), 10);
        cr_expect(strstr(said, "assay.db: deleted, moved or replaced"), "%s", said);
    }
}

/* Reports are written while the store is open, and plugins are there. */
Test(run_battery, the_outcome_holds_the_store_open) {
    char paths[2][128];
    struct run_outcome outcome;
    struct store *other = NULL;
    struct error e = {{0}};
    uint32_t units = 0;
    write_battery("b.yaml", "fashion-mlp.onnx", 60, TWO_ROWS, ONE_CONTROL);
    struct run_options options = options_of("b.yaml", "run", 2, paths);
    cr_assert(run_execute(&options, controls, &outcome, &e), "%s", e.text);
    cr_assert(outcome.store && store_each_unit(outcome.store, count_unit, &units, &e), "%s", e.text);
    cr_expect_gt(units, 5);
    cr_expect_not(store_open(store_path(outcome.store), &other, &e), "nobody else has it meanwhile");
    run_finish(&outcome);
    cr_expect_null(outcome.store);
    run_finish(&outcome);
}

Test(run_battery, a_folder_that_cannot_be_written) {
    static const struct {
        const char *run, *words;
        bool started;
    } cases[] = {{"full", "full: the folder holds files and is no run folder", false},
                 {"file", "file: File exists", false},
                 {"file/run", "file", false}, /* no path of a folder: a usage error */
                 {"run", "plugins.log", true},
                 {"/proc/assay", "/proc/assay", true}};
    char path[128];
    struct error e = {{0}};
    write_battery("b.yaml", "fashion-mlp.onnx", 60, "gradient\n", ONE_CONTROL);
    snprintf(path, sizeof path, "%s/file", folder);
    cr_assert(file_write(path, "x", 1, &e));
    snprintf(path, sizeof path, "%s/full/thesis", folder);
    cr_assert(file_make_folder(path, &e));
    snprintf(path, sizeof path, "%s/run/plugins.log", folder);
    cr_assert(file_make_folder(path, &e));
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        char paths[2][128];
        struct run_outcome outcome;
        struct run_options options = options_of("b.yaml", cases[k].run, 2, paths);
        if (cases[k].run[0] == '/') options.folder = cases[k].run;
        cr_expect_not(run_execute(&options, controls, &outcome, &e));
        cr_expect_eq(outcome.started, cases[k].started, "%s", e.text);
        cr_expect(strstr(e.text, cases[k].words), "%s", e.text);
        cr_expect(!outcome.started || strstr(e.text, "choose another with -o"), "%s", e.text);
    }
}

/* ---- the record ---- */

Test(run_battery, the_largest_seed_is_recorded) {
    char paths[2][128];
    struct run_outcome outcome;
    struct error e = {{0}};
    char *text = NULL;
    write_battery("b.yaml", "fashion-mlp.onnx", 60, "gradient\n", ONE_CONTROL);
    struct run_options options = options_of("b.yaml", "run", 2, paths);
    options.has_seed = true;
    options.seed = UINT64_MAX;
    cr_assert(run_execute(&options, controls, &outcome, &e), "%s", e.text);
    cr_assert(store_meta(outcome.store, "run", &text, &e) && text);
    cr_expect(strstr(text, "\"seed\": \"18446744073709551615\""), "%.400s", text);
    cr_expect(strstr(text, "\"route\": \"avx512\"") || strstr(text, "\"route\": \"avx2\"") ||
              strstr(text, "\"route\": \"portable\""));
    free(text);
    run_finish(&outcome);
}

/* ---- large inputs ---- */

static void write_idx(const char *name, const uint8_t *head, size_t head_size, size_t count, uint32_t step) {
    char path[128];
    struct error e;
    uint8_t *data = malloc(head_size + count);
    cr_assert_not_null(data);
    memcpy(data, head, head_size);
    for (size_t k = 0; k < count; k++) data[head_size + k] = (uint8_t)(k * step >> 3);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    cr_assert(file_write(path, data, head_size + count, &e), "%s", e.text);
    free(data);
}

/* A linear model of 1000 outputs for 160 x 160 pixels would take 100 MB: it has 655, and the control works all the
 * same, whatever classes the model names. */
Test(run_battery, the_linear_model_of_large_inputs_has_fewer_outputs) {
    static const uint8_t images[] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 160, 0, 0, 0, 160},
                         labels[] = {0, 0, 8, 1, 0, 0, 0, 2};
    struct graph *graph;
    struct weights *weights;
    struct text text = {0};
    char path[128], paths[2][128];
    struct error e = {{0}};
    cr_assert(
        arch_build("conv:4x3,relu,globalavgpool,flatten,fc:1000", &(struct shape){3, {1, 160, 160}}, &graph, &e) &&
            weights_create(graph, &weights, &e),
        "%s", e.text);
    for (uint32_t l = 0; l < graph->layer_count; l++)
        cr_assert(
            weights_redraw(weights, l, &(struct init_options){.scheme = &init_normal, .sigma = 1, .seed = l}, &e));
    weights_edit(weights, graph->layers[1].parameters[1])[900] += 1e4f; /* class 900 it is */
    snprintf(path, sizeof path, "%s/model.onnx", folder);
    cr_assert(onnx_save(path, weights, &e), "%s", e.text);
    write_idx("images", images, sizeof images, 2 * 160 * 160, 7);
    write_idx("labels", labels, sizeof labels, 2, 8);
    text_add(&text, "model: model.onnx\ndata: {source: \"idx:images,labels\", preprocess: unit, inputs: 2, "
                    "only-correct: false, target: predicted}\n"
                    "explainers: [gradient, input-x-gradient, integrated-gradients]\ncontrols: [linear-identity]\n");
    snprintf(path, sizeof path, "%s/large.yaml", folder);
    cr_assert(!text.failed && file_write(path, text.data, text.length, &e), "%s", e.text);
    struct run_options options = options_of("large.yaml", "large", 2, paths);
    struct run run = {.log = -1};
    cr_assert(setup_run(&run, &options, controls, &e), "%s", e.text);
    cr_expect_eq(run.linear_graph->classes, (1u << 24) / (160 * 160));
    setup_finish(&run);
    execute("large.yaml", "large", 2, false);
    struct store *s = store_of("large");
    static const char *const rows[] = {"gradient", "input-x-gradient", "integrated-gradients"};
    for (size_t i = 0; i < 3; i++)
        cr_expect_str_eq(verdict_of(s, rows[i], "linear-identity").verdict, "PASS", "%s", rows[i]);
    store_close(s);
    text_finish(&text);
    weights_destroy(weights);
    graph_destroy(graph);
}
