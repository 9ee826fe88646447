/* The rules of the ABI and the claims of a method, on plugins that keep and on plugins that break them. */
#include "lab.h"
#include "host/conformance.h"
#include "host/conformance_trial.h"
#include "workers/isolate.h"

static bool all_claims; /* of the next check, as `assay check` has it */

static bool check_in_process(const struct lab *lab, const char *folder, const char *spec,
                             struct conformance_report *report, struct error *e) {
    struct plugin *plugin = NULL;
    const assay_explainer *explainer = NULL;
    cr_assert(lab_plugin(folder, spec, &plugin, e), "%s", e->text);
    cr_assert(plugin_open(plugin, handle_host(), &explainer, e), "%s", e->text);
    struct conformance_case given = {.explainer = explainer,
                                     .claims = plugin->claims,
                                     .baseline = plugin_number(plugin, "baseline", 0),
                                     .all_claims = all_claims,
                                     .linear = lab->graph->layer_count == 1,
                                     .weights = lab->weights,
                                     .n = LAB_INPUTS,
                                     .inputs = lab->inputs,
                                     .targets = lab->targets,
                                     .seeds = lab->seeds};
    bool ok = conformance_check(&given, report, e);
    plugin_close(plugin, explainer);
    plugin_destroy(plugin);
    return ok;
}

static const struct conformance_line *line_of(const struct conformance_report *report, const char *id) {
    for (uint32_t i = 0; i < report->count; i++)
        if (strcmp(report->lines[i].id, id) == 0) return &report->lines[i];
    return NULL;
}

Test(conformance, every_explainer_keeps_the_rules) {
    static const char *const specs[] = {
        "gradient",
        "saliency",
        "input-x-gradient",
        "integrated-gradients",
        "integrated-gradients:form=average",
        "integrated-gradients:baseline=0.5,steps=200",
        "smoothgrad:samples=9",
        "smoothgrad:noise=0",
        "guided-backprop",
        "grad-cam",
        "grad-cam:relu=0",
        "guided-grad-cam",
        "edge-detector",
        "input",
        "random-noise",
        "constant",
    };
    struct lab labs[] = {lab_cnn(), lab_mlp(), lab_linear()};
    for (size_t s = 0; s < sizeof specs / sizeof *specs; s++) {
        for (size_t l = 0; l < 3; l++) {
            struct error e;
            struct conformance_report report;
            cr_assert(check_in_process(&labs[l], "explainers", specs[s], &report, &e), "%s: %s", specs[s], e.text);
            const struct conformance_line *breach = conformance_breach(&report);
            const struct conformance_line *complete = line_of(&report, "complete");
            cr_expect_null(breach, "%s: %s: %s", specs[s], breach ? breach->id : "", breach ? breach->sentence : "");
            cr_expect(!complete || complete->state == CONFORMANCE_OK, "%s: %s", specs[s],
                      complete ? complete->sentence : "");
            cr_expect(report.unsupported ? report.why[0] && report.count == 4 : report.count >= 9, "%s: %u lines",
                      specs[s], report.count);
        }
    }
    for (size_t l = 0; l < 3; l++) lab_close(&labs[l]);
}

static const struct broken {
    const char *spec, *id;
    enum conformance_state state;
    const char *words;
} broken[] = {
    {"fails", "answer", CONFORMANCE_BREACH, "the moon is in the wrong phase"},
    {"bad-target", "answer", CONFORMANCE_BREACH, "target 5 of sample 0"},
    {"unsupported", "answer", CONFORMANCE_UNSUPPORTED, "wants a model with attention"},
    {"nan", "finite", CONFORMANCE_BREACH, "element 196 of map 0 is nan"},
    {"short", "written", CONFORMANCE_BREACH, "588 of 1176 elements were not written, the first at element 196"},
    {"overrun", "guard", CONFORMANCE_BREACH, "before or behind its maps"},
    {"touches-inputs", "untouched", CONFORMANCE_BREACH, "wrote to the inputs"},
    {"touches-model", "untouched", CONFORMANCE_BREACH, "wrote to the model handle"},
    {"unrepeatable", "repeat", CONFORMANCE_BREACH, "gave another map 0 the second time"},
    {"batch-position", "batch", CONFORMANCE_BREACH, "map 1 in a batch of 3"},
    {"false-non-negative", "non-negative", CONFORMANCE_BREACH, "claims NON_NEGATIVE"},
    {"false-class-blind", "class-blind", CONFORMANCE_BREACH, "another target changed 3 of 3 maps"},
    {"false-stochastic", "seed", CONFORMANCE_BREACH, "gave the same 3 maps"},
    {"hidden-seed", "seed", CONFORMANCE_BREACH, "does not claim STOCHASTIC"},
    {"false-complete", "complete", CONFORMANCE_WARNING, "f(x) - f(baseline)"},
    {"cancels", "complete", CONFORMANCE_WARNING, "values of the map that cancel"},
};

Test(conformance, every_breach_is_named) {
    struct lab lab = lab_cnn();
    for (size_t b = 0; b < sizeof broken / sizeof *broken; b++) {
        struct error e;
        struct conformance_report report;
        cr_assert(check_in_process(&lab, "tests/bad", broken[b].spec, &report, &e), "%s: %s", broken[b].spec, e.text);
        const struct conformance_line *line = line_of(&report, broken[b].id), *first = conformance_breach(&report);
        cr_assert_not_null(line, "%s", broken[b].spec);
        cr_expect_eq(line->state, broken[b].state, "%s: %s", broken[b].spec, line->sentence);
        cr_expect(strstr(line->sentence, broken[b].words), "%s: \"%s\" does not say \"%s\"", broken[b].spec,
                  line->sentence, broken[b].words);
        cr_expect(broken[b].state == CONFORMANCE_BREACH ? first == line : first == NULL, "%s: first breach %s",
                  broken[b].spec, first ? first->id : "none");
        cr_expect_eq(report.unsupported, broken[b].state == CONFORMANCE_UNSUPPORTED);
    }
    lab_close(&lab);
}

/* What a run leaves to controls, or takes for a warning. */
Test(conformance, all_claims) {
    static const struct {
        const char *folder, *spec, *id; /* "": no breach */
        bool linear;                    /* on the linear model, else on the network of convolutions */
    } cases[] = {
        {"explainers", "integrated-gradients", "", false},
        {"explainers", "integrated-gradients", "", true},
        {"explainers", "guided-backprop", "", true},
        {"explainers", "saliency", "", true},
        {"explainers", "input", "", false},
        {"tests/bad", "wrong-linear", "", false},
        {"tests/bad", "wrong-linear", "linear-exact", true},
        {"tests/bad", "shifted", "linear-exact", true},
        {"tests/bad", "half-path", "complete", false},
        {"tests/bad", "half-path", "complete", true},
        {"tests/bad", "false-complete", "complete", false},
        {"tests/bad", "input-x-gradient-leak", "input-multiplier", false},
        {"tests/bad", "input-x-gradient-leak", "input-multiplier", true},
    };
    struct lab labs[] = {lab_cnn(), lab_linear()};
    all_claims = true;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct error e;
        struct conformance_report report;
        cr_assert(check_in_process(&labs[cases[c].linear], cases[c].folder, cases[c].spec, &report, &e), "%s: %s",
                  cases[c].spec, e.text);
        const struct conformance_line *breach = conformance_breach(&report);
        cr_expect_str_eq(breach ? breach->id : "", cases[c].id, "%s: %s", cases[c].spec,
                         breach ? breach->sentence : "no breach");
    }
    lab_close(&labs[0]);
    lab_close(&labs[1]);
}

/* What the conformance of one model cannot see: that is what controls are for. */
Test(conformance, mutants_are_left_to_the_controls) {
    static const char *const mutants[] = {"cached-first-answer", "class-blind",
                                          "sign-flipped",        "shifted",
                                          "wrong-linear",        "input-x-gradient-leak",
                                          "edge-x-logit",        "edge-x-sign-gradient",
                                          "top-layer-only",      "bump",
                                          "bump-x-sign"};
    struct lab labs[] = {lab_cnn(), lab_mlp()};
    for (size_t m = 0; m < 2 * sizeof mutants / sizeof *mutants; m++) {
        struct error e;
        struct conformance_report report;
        cr_assert(check_in_process(&labs[m % 2], "tests/bad", mutants[m / 2], &report, &e), "%s", e.text);
        const struct conformance_line *breach = conformance_breach(&report);
        cr_expect(!breach && !report.unsupported, "%s: %s", mutants[m / 2], breach ? breach->sentence : report.why);
    }
    lab_close(&labs[0]);
    lab_close(&labs[1]);
}

/* ---- batches of the size that a battery asks for ---- */

#define MANY 40u

/* The gradient plus the input, so that no two maps are the same; but inputs wrong .. last of a batch get the map of the
 * one before them. */
struct copier {
    assay_explainer explainer;
    uint32_t wrong, last;
};

static assay_status copy_map(const assay_explainer *self, const assay_model *model, const assay_request *request,
                             float *maps, assay_why *why) {
    const struct copier *copier = (const struct copier *)self;
    size_t count = model->input.count;
    assay_status status = model->gradient(model, request->n, request->inputs, request->targets, maps, why);
    for (size_t k = 0; k < request->n * count; k++) maps[k] += request->inputs[k];
    for (uint32_t i = copier->wrong; i < request->n && i <= copier->last; i++)
        memcpy(maps + i * count, maps + (copier->wrong - 1) * count, count * sizeof *maps);
    return status;
}

static void check_many(const assay_explainer *explainer, uint32_t n, struct conformance_report *report) {
    struct lab lab = lab_mlp();
    struct error e;
    float inputs[MANY * 20];
    uint32_t targets[MANY];
    uint64_t seeds[MANY];
    for (uint32_t k = 0; k < MANY * 20; k++) inputs[k] = (float)((k * 2654435761u) >> 16) / 65536 - .5f;
    for (uint32_t i = 0; i < MANY; i++) targets[i] = i % 4, seeds[i] = i + 77;
    const struct conformance_case given = {
        .explainer = explainer, .weights = lab.weights, .n = n, .inputs = inputs, .targets = targets, .seeds = seeds};
    cr_assert(conformance_check(&given, report, &e), "%s", e.text);
    lab_close(&lab);
}

Test(conformance, maps_copied_from_other_inputs_are_seen_in_large_batches) {
    static const struct {
        uint32_t n, wrong, last;
        bool seen;
    } cases[] = {
        {10, 8, 99, true},  {10, 9, 9, true},   {10, 4, 4, true},   {16, 8, 8, true},    {40, 8, 99, true},
        {40, 39, 39, true}, {40, 32, 38, true}, {40, 20, 25, true}, {40, 99, 99, false}, {10, 99, 99, false},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const struct copier copier = {{.attribute = copy_map}, cases[c].wrong, cases[c].last};
        struct conformance_report report;
        check_many(&copier.explainer, cases[c].n, &report);
        const struct conformance_line *line = line_of(&report, "batch"), *breach = conformance_breach(&report);
        cr_assert_not_null(line);
        cr_expect_eq(line->state == CONFORMANCE_BREACH, cases[c].seen, "%u of %u: %s", cases[c].wrong, cases[c].n,
                     line->sentence);
        cr_expect_eq(breach != NULL, cases[c].seen, "%u: %s", cases[c].wrong, breach ? breach->sentence : "");
    }
}

/* How often it is called, of how many samples each time. */
struct counter {
    assay_explainer explainer;
    uint32_t *calls, *samples;
};

static assay_status count_calls(const assay_explainer *self, const assay_model *model, const assay_request *request,
                                float *maps, assay_why *why) {
    const struct counter *counter = (const struct counter *)self;
    ++*counter->calls;
    *counter->samples += request->n;
    return model->gradient(model, request->n, request->inputs, request->targets, maps, why);
}

/* The batch twice, 16 positions alone, and a group of four twice. */
Test(conformance, asks_for_few_samples_of_a_large_batch) {
    uint32_t calls = 0, samples = 0;
    const struct counter counter = {{.attribute = count_calls}, &calls, &samples};
    struct conformance_report report;
    check_many(&counter.explainer, MANY, &report);
    cr_expect_null(conformance_breach(&report));
    cr_expect_eq(calls, 2 + 16 + 2);
    cr_expect_eq(samples, 2 * MANY + 16 + 2 * 4);
}

Test(conformance, damaged_reports_are_refused) {
    struct conformance_report good = {.count = 1}, bad;
    good.lines[0] = (struct conformance_line){"answer", CONFORMANCE_OK, "fine"};
    bad = good;
    cr_expect(conformance_report_check(&bad));
    bad.count = CONFORMANCE_MAX + 1;
    cr_expect_not(conformance_report_check(&bad));
    bad = good;
    bad.lines[0].state = (enum conformance_state)9;
    cr_expect_not(conformance_report_check(&bad));
    bad = good;
    memset(&bad.unsupported, 0x55, 1);
    cr_expect_not(conformance_report_check(&bad));
    bad = good;
    memset(bad.lines[0].sentence, 'x', sizeof bad.lines[0].sentence); /* no end */
    cr_expect_not(conformance_report_check(&bad));
    bad = good;
    memset(bad.lines[0].id, '\n', 3);
    cr_expect_not(conformance_report_check(&bad));
    bad = good;
    memset(bad.why, 0xff, 5);
    cr_expect_not(conformance_report_check(&bad));
    conformance_report_clean(&bad);
    cr_expect(conformance_report_check(&bad));
    cr_expect_str_eq(bad.why, "?????");
}

struct work {
    const struct lab *lab;
    const char *spec;
};

static bool check_work(void *user, int fd) {
    const struct work *work = user;
    struct error e;
    struct conformance_report report;
    bool ok = check_in_process(work->lab, "tests/bad", work->spec, &report, &e);
    isolate_write(fd, &report, sizeof report);
    return ok;
}

Test(conformance, in_a_child_a_crash_costs_an_error) {
    static const struct {
        const char *spec, *words;
    } cases[] = {{"crash", "was killed by SIGSEGV"},
                 {"exit", "ended the process with exit code 0"},
                 {"hang", "did not finish within 1 s"}};
    struct lab lab = lab_mlp();
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct error e = {{0}};
        struct work work = {&lab, cases[c].spec};
        char *out = NULL;
        size_t size = 0;
        cr_expect_not(isolate_run(check_work, &work, 1, &out, &size, &e), "%s", cases[c].spec);
        cr_expect(strstr(e.text, cases[c].words), "%s: %s", cases[c].spec, e.text);
    }
    lab_close(&lab);
}

/* The report counts what a plan needs to know: passes per input. */
Test(conformance, counts_the_passes_of_one_request) {
    struct lab lab = lab_cnn();
    struct error e;
    struct conformance_report report;
    cr_assert(check_in_process(&lab, "explainers", "integrated-gradients:steps=20", &report, &e), "%s", e.text);
    cr_expect_eq(report.forward, 20 * LAB_INPUTS);
    cr_expect_eq(report.backward, 20 * LAB_INPUTS);
    lab_close(&lab);
}

/* Whatever else is said, a breach is among it. */
Test(conformance, a_breach_is_said_where_lines_are_full) {
    static struct conformance_report report;
    const struct trial trial = {.report = &report};
    for (int k = 0; k < CONFORMANCE_MAX + 1; k++) trial_say(&trial, "finite", CONFORMANCE_OK, "line %d", k);
    cr_expect_eq(report.count, CONFORMANCE_MAX);
    trial_say(&trial, "guard", CONFORMANCE_BREACH, "the last");
    cr_expect_eq(report.count, CONFORMANCE_MAX);
    cr_assert_not_null(line_of(&report, "guard"));
    cr_expect_str_eq(line_of(&report, "guard")->sentence, "the last");
    cr_expect_not_null(conformance_breach(&report));
}
