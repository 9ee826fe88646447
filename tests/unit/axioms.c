/* The axioms of `assay check`: shipped methods keep all that they are asked, on networks of any seed, and each mutant
 * lacks one. */
#include "cli/check_axioms.h"

#include "lab.h"

#define SEEDS 5u

static const char *const shipped[] = {
    "gradient",
    "saliency",
    "input-x-gradient",
    "integrated-gradients",
    "integrated-gradients:baseline=0.5",
    "integrated-gradients:baseline=-1,rule=riemann-trapezoid",
    "integrated-gradients:form=average",
    "integrated-gradients:from=mean",
    "guided-ig",
    "guided-ig:steps=20",
    "blur-ig",
    "guided-backprop",
    "deconvnet",
    "rect-grad",
    "excitation-backprop",
    "deeplift",
    "deeplift:baseline=0.5",
    "deeplift:form=multipliers",
    "lrp",
    "lrp:composite=epsilon,epsilon=0",
    "smoothgrad",
    "smoothgrad-squared",
    "vargrad",
    "occlusion:window=1,channels=alone",
    "feature-ablation:cut=elements",
    "shapley-sampling:cut=elements",
    "kernel-shap:cut=elements",
    "lime",
    "rise",
    "grad-cam",
    "hirescam",
    "layer-cam",
};

/* How far off; -1: the method has no maps there. */
static double off_of(const struct axiom *a, const char *spec, uint64_t seed) {
    struct axiom_case c;
    struct plugin *plugin = NULL;
    struct net *net = NULL;
    struct handle *handle = NULL;
    const assay_explainer *explainer = NULL;
    struct error e;
    char text[256] = "";
    assay_why why = {text, sizeof text};
    double off = -1;
    cr_assert(lab_plugin("explainers", spec, &plugin, &e), "%s: %s", spec, e.text);
    if (axiom_is_asked(a, plugin->claims)) {
        cr_assert(axiom_case_init(&c, a, plugin_number(plugin, "baseline", 0), seed, &e), "%s", e.text);
        cr_assert(net_create(c.weights, &net, &e) && handle_create(net, &handle, &e), "%s", e.text);
        cr_assert(plugin_open(plugin, handle_host(), &explainer, &e), "%s", e.text);
        float *maps = calloc(c.n, c.count * sizeof *maps);
        const assay_request request = {c.n, c.inputs, c.targets, c.seeds};
        cr_assert_not_null(maps);
        if (explainer->attribute(explainer, &handle->model, &request, maps, &why) == ASSAY_OK)
            off = a->measure(&c, maps);
        free(maps);
        plugin_close(plugin, explainer);
        handle_destroy(handle);
        net_destroy(net);
        axiom_case_finish(&c);
    }
    plugin_destroy(plugin);
    return off;
}

Test(axioms, shipped_methods_keep_what_they_are_asked, .timeout = 240) {
    for (size_t k = 0; k < AXIOMS; k++) {
        uint32_t asked = 0;
        double most = 0;
        for (size_t m = 0; m < sizeof shipped / sizeof *shipped; m++)
            for (uint64_t seed = 1; seed <= SEEDS; seed++) {
                double off = off_of(&axioms[k], shipped[m], seed);
                asked += off >= 0;
                most = fmax(most, off);
                cr_expect_leq(off, axioms[k].allowed / 5, "%s, seed %d: %s is off by %g", axioms[k].id, (int)seed,
                              shipped[m], off);
            }
        cr_expect_geq(asked, 5 * SEEDS, "%s is asked of %u", axioms[k].id, asked);
        if (getenv("ASSAY_SHOW_AXIOMS")) fprintf(stderr, "%s: %u maps, at most %.2g\n", axioms[k].id, asked, most);
    }
}

static struct axioms_seen seen_of(const char *folder, const char *spec) {
    struct plugin *plugin = NULL;
    struct axioms_seen seen;
    struct error e;
    cr_assert(lab_plugin(folder, spec, &plugin, &e), "%s", e.text);
    cr_assert(check_axioms(plugin, 60, &seen, &e), "%s", e.text);
    plugin_destroy(plugin);
    return seen;
}

Test(axioms, each_mutant_lacks_one, .timeout = 60) {
    enum { SENSITIVITY, SYMMETRY, ADDITIVITY, TRANSLATION };
    static const struct {
        const char *spec;
        uint32_t lacks; /* AXIOMS: none */
    } mutants[] = {{"axioms#first-place", SENSITIVITY},
                   {"axioms#one-order", SYMMETRY},
                   {"axioms#rescaled", ADDITIVITY},
                   {"axioms#by-place", TRANSLATION}};
    for (size_t m = 0; m < sizeof mutants / sizeof *mutants; m++) {
        const struct axioms_seen seen = seen_of("tests/bad", mutants[m].spec);
        for (uint32_t k = 0; k < AXIOMS; k++)
            cr_expect_eq(seen.state[k], k == mutants[m].lacks ? AXIOM_BROKEN : AXIOM_HOLDS, "%s, %s: off by %g",
                         mutants[m].spec, axioms[k].id, seen.off[k]);
    }
}

/* Nothing is asked of methods without a claim, and what has no maps on a network is no verdict. */
Test(axioms, what_is_not_asked) {
    static const struct {
        const char *spec;
        enum axiom_state state[AXIOMS];
    } cases[] = {
        {"random-noise", {AXIOM_NOT_ASKED, AXIOM_NOT_ASKED, AXIOM_NOT_ASKED, AXIOM_NOT_ASKED}},
        {"gradient", {AXIOM_NOT_ASKED, AXIOM_HOLDS, AXIOM_NOT_ASKED, AXIOM_HOLDS}},
        {"smoothgrad", {AXIOM_NOT_ASKED, AXIOM_NOT_ASKED, AXIOM_NOT_ASKED, AXIOM_NOT_ASKED}},
        {"integrated-gradients:form=average,from=blurred",
         {AXIOM_NOT_ASKED, AXIOM_NO_MAPS, AXIOM_NOT_ASKED, AXIOM_HOLDS}},
    };
    for (size_t m = 0; m < sizeof cases / sizeof *cases; m++) {
        const struct axioms_seen seen = seen_of("explainers", cases[m].spec);
        for (uint32_t k = 0; k < AXIOMS; k++)
            cr_expect_eq(seen.state[k], cases[m].state[k], "%s, %s: %d", cases[m].spec, axioms[k].id,
                         (int)seen.state[k]);
    }
}
