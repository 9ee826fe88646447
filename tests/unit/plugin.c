/* Finding, checking and loading explainers; their parameters. */
#include "lab.h"
#include "scratch.h"

#include <sys/stat.h>

static const struct refused {
    const char *folder, *spec, *words[3];
} refused[] = {
    {"tests/bad", "abi-major", {"built for plugin ABI 2.0", "this assay speaks 1.0", NULL}},
    {"tests/bad", "abi-minor", {"built for plugin ABI 1.1", "this assay speaks 1.0", NULL}},
    {"tests/bad", "no-symbol", {"without the symbol assay_entry", NULL}},
    {"tests/bad", "null-tables", {"info NULL, create NULL", NULL}},
    {"tests/bad", "wild-tables", {"wild-tables.so: the plugin, while it was loaded: was killed by SIGSEGV", NULL}},
    {"tests/bad", "crash-constructor", {"was killed by SIGABRT", NULL}},
    {"tests/bad", "bad-default", {"explainer bad-default: parameter steps: default 50 in [1, 10]", NULL}},
    {"tests/bad", "two-in-one", {"holds 2 explainers", "#ID", "first-one, second-one"}},
    {"tests/bad", "two-in-one#second-on", {"no explainer second-on", "did you mean second-one?", NULL}},
    {"tests/bad", "two-in-one#zzz", {"no explainer zzz: it has first-one, second-one", NULL}},
    {"tests/bad", "not-there", {"not-there.so", "No such file", NULL}},
    {"explainers", "gradient:steps=5", {"gradient: no parameter steps: gradient has none", NULL}},
    {"explainers", "smoothgrad:sample=5", {"no parameter sample: did you mean samples?", "has samples, noise", NULL}},
    {"explainers", "smoothgrad:samples=0", {"samples=0: wanted a whole number in [1, 100000]", NULL}},
    {"explainers", "smoothgrad:samples=2.5", {"samples=2.5: wanted a whole number", NULL}},
    {"explainers", "smoothgrad:noise=lots", {"noise=lots: wanted a number in [0, 10]", NULL}},
    {"explainers", "smoothgrad:noise=nan", {"noise=nan: wanted a number", NULL}},
    {"explainers",
     "integrated-gradients:rule=gauss-legendr",
     {"rule=gauss-legendr: wanted one of gauss-legendre, riemann-middle, riemann-trapezoid",
      "did you mean gauss-legendre?", NULL}},
    {"explainers", "integrated-gradients:rule=riemann-trapezoid,steps=1", {"wants 2 or more", NULL}},
    {"tests/bad", "two-in-one#second-one:level=1", {"second-one: level=1 is too much", NULL}},
};

Test(plugin, says_why_a_library_or_parameter_is_refused) {
    for (size_t r = 0; r < sizeof refused / sizeof *refused; r++) {
        struct error e = {{0}};
        struct plugin *plugin = NULL;
        cr_expect_not(lab_plugin(refused[r].folder, refused[r].spec, &plugin, &e), "%s", refused[r].spec);
        for (size_t w = 0; w < 3 && refused[r].words[w]; w++) {
            cr_expect(strstr(e.text, refused[r].words[w]), "%s: \"%s\" does not say \"%s\"", refused[r].spec, e.text,
                      refused[r].words[w]);
        }
    }
}

static bool load_file(const char *path, struct error *e) {
    struct explainer_spec spec = {.path = (char *)path};
    struct plugin *plugin = NULL;
    bool ok = plugin_create(&spec, &plugin, e);
    plugin_destroy(plugin);
    return ok;
}

/* Text, nothing, random bytes, and the beginning of a real library. */
Test(plugin, refuses_files_that_are_no_library) {
    struct error e;
    uint8_t *library, noise[3000];
    size_t size;
    uint32_t state = 1;
    char *path = text_format("%s/explainers/gradient.so", getenv("ASSAY_BUILD") ? getenv("ASSAY_BUILD") : "build");
    cr_assert(path && file_read(path, &library, &size, &e), "%s", e.text);
    for (size_t i = 0; i < sizeof noise; i++) {
        state = state * 1664525u + 1013904223u;
        noise[i] = (uint8_t)(state >> 24);
    }
    scratch_enter();
    scratch_put("text.so", "int main;", 9);
    scratch_put("empty.so", "", 0);
    scratch_put("noise.so", noise, sizeof noise);
    scratch_put("head.so", library, 100);
    scratch_put("half.so", library, size / 2);
    cr_assert_eq(mkdir("folder.so", 0777), 0);
    const char *const names[] = {"text.so", "empty.so", "noise.so", "head.so", "half.so", "folder.so"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        cr_expect_not(load_file(names[i], &e));
        cr_expect(strstr(e.text, names[i]), "%s: \"%s\" does not name the file", names[i], e.text);
    }
    cr_expect_not(load_file("text.so", &e));
    cr_expect(strstr(e.text, "not a shared library"), "%s", e.text);
    scratch_leave();
    free(library);
    free(path);
}

Test(plugin, fills_in_parameters_and_claims) {
    static const struct {
        const char *spec, *params;
        uint32_t claims;
    } cases[] = {
        {"gradient", "", ASSAY_LINEAR_EXACT},
        {"smoothgrad", "samples=50,noise=0.1", ASSAY_LINEAR_EXACT | ASSAY_STOCHASTIC},
        {"smoothgrad:noise=0", "samples=50,noise=0", ASSAY_LINEAR_EXACT},
        {"integrated-gradients", "steps=50,rule=gauss-legendre,baseline=0,form=multiplied",
         ASSAY_COMPLETE | ASSAY_INPUT_MULTIPLIER | ASSAY_LINEAR_EXACT},
        {"integrated-gradients:form=average,steps=1e2", "steps=100,rule=gauss-legendre,baseline=0,form=average",
         ASSAY_LINEAR_EXACT},
        {"integrated-gradients:baseline=-0.5", "steps=50,rule=gauss-legendre,baseline=-0.5,form=multiplied",
         ASSAY_COMPLETE},
        {"grad-cam:relu=0", "layer=,relu=0", 0},
        {"grad-cam:layer=a/b", "layer=a/b,relu=1", ASSAY_NON_NEGATIVE},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct error e;
        struct plugin *plugin = NULL;
        cr_assert(lab_plugin("explainers", cases[c].spec, &plugin, &e), "%s", e.text);
        char *text = plugin_params_text(plugin), digest[FILE_DIGEST_SIZE];
        cr_assert_not_null(text);
        cr_expect_str_eq(text, cases[c].params);
        cr_expect_eq(plugin->claims, cases[c].claims, "%s claims %x", cases[c].spec, plugin->claims);
        cr_expect(file_digest(plugin->path, digest, &e));
        cr_expect_str_eq(plugin->digest, digest);
        free(text);
        plugin_destroy(plugin);
    }
}

Test(plugin, picks_one_of_several) {
    struct error e;
    struct plugin *plugin = NULL;
    cr_assert(lab_plugin("tests/bad", "two-in-one#second-one:colour=red,count=-5,layer=x", &plugin, &e), "%s", e.text);
    char *text = plugin_params_text(plugin);
    cr_expect_str_eq(plugin->info->id, "second-one");
    cr_expect_str_eq(text, "level=0.5,count=-5,colour=red,layer=x");
    cr_expect_eq(plugin_number(plugin, "level", 9), .5);
    cr_expect_eq(plugin_number(plugin, "colour", 9), 9, "a choice is no number");
    cr_expect_eq(plugin_number(plugin, "nothing", 9), 9);
    free(text);
    plugin_destroy(plugin);
}

/* The test program lies in BUILD/tests, beside BUILD/explainers. */
Test(plugin, finds_by_id_and_suggests_the_nearest) {
    struct error e;
    char *path = NULL;
    cr_assert(plugin_find("grad-cam", &path, &e), "%s", e.text);
    cr_expect(strstr(path, "/explainers/grad-cam.so"), "%s", path);
    free(path);
    cr_expect_not(plugin_find("gradcam", &path, &e));
    cr_expect(strstr(e.text, "no explainer gradcam: did you mean grad-cam?"), "%s", e.text);
    cr_expect_not(plugin_find("something-else-entirely", &path, &e));
    cr_expect(strstr(e.text, "assay list explainers"), "%s", e.text);
}

Test(plugin, lists_what_is_there) {
    static const char *const wanted[] = {"constant",     "edge-detector",    "grad-cam",
                                         "gradient",     "guided-backprop",  "guided-grad-cam",
                                         "input",        "input-x-gradient", "integrated-gradients",
                                         "random-noise", "saliency",         "smoothgrad"};
    struct error e;
    struct plugin_listing *items = NULL;
    size_t count = 0, found = 0;
    cr_assert(plugin_list(&items, &count, &e), "%s", e.text);
    for (size_t i = 0; i < count; i++) {
        if (found < sizeof wanted / sizeof *wanted && strcmp(items[i].id, wanted[found]) == 0) {
            cr_expect_null(items[i].problem, "%s: %s", items[i].id, items[i].problem);
            cr_expect(items[i].name && items[i].summary && items[i].source && items[i].params);
            found++;
        }
    }
    cr_expect_eq(found, sizeof wanted / sizeof *wanted, "in this order, up to %s", wanted[found % 12]);
    plugin_list_destroy(items, count);
}
