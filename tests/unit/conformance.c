/* The rules of the ABI and the claims of a method, on plugins that keep and on plugins that break them. */
#include "lab.h"
#include "host/conformance.h"
#include "workers/isolate.h"

static bool check_in_process(const struct lab *lab, const char *folder, const char *spec,
                             struct conformance_report *report, struct error *e) {
    struct plugin *plugin = NULL;
    const assay_explainer *explainer = NULL;
    cr_assert(lab_plugin(folder, spec, &plugin, e), "%s", e->text);
    cr_assert(plugin_explainer(plugin, handle_host(), &explainer, e), "%s", e->text);
    struct conformance_case given = {.explainer = explainer,
                                     .claims = plugin->claims,
                                     .baseline = plugin_number(plugin, "baseline", 0),
                                     .weights = lab->weights,
                                     .n = LAB_INPUTS,
                                     .inputs = lab->inputs,
                                     .targets = lab->targets,
                                     .seeds = lab->seeds};
    bool ok = conformance_check(&given, report, e);
    plugin_explainer_destroy(explainer);
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

/* What the conformance of one model cannot see: that is what controls are for. */
Test(conformance, mutants_are_left_to_the_controls) {
    static const char *const mutants[] = {
        "cached-first-answer",   "class-blind",  "sign-flipped",         "shifted",       "wrong-linear",
        "input-x-gradient-leak", "edge-x-logit", "edge-x-sign-gradient", "top-layer-only"};
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
