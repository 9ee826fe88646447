/* Finding explainers, what they say of themselves, and their parameters. */
#include "host/plugin_find.h"
#include "host/plugin_list.h"
#include "lab.h"
#include "scratch.h"
#include "workers/isolate.h"

#include <fenv.h>
#include <locale.h>
#include <sys/stat.h>

enum fault { SPEC, PLUGIN };

static const struct refused {
    const char *folder, *spec;
    enum fault fault;
    const char *words[3];
} refused[] = {
    {"tests/bad", "abi-major", PLUGIN, {"built for plugin ABI 2.0", "this assay speaks 1.0", NULL}},
    {"tests/bad", "abi-minor", PLUGIN, {"built for plugin ABI 1.1", "this assay speaks 1.0", NULL}},
    {"tests/bad", "no-symbol", PLUGIN, {"without the symbol assay_entry", NULL}},
    {"tests/bad", "null-tables", PLUGIN, {"info NULL, create NULL", NULL}},
    {"tests/bad", "wild-tables", PLUGIN, {"the plugin, while it was loaded: was killed by SIGSEGV", NULL}},
    {"tests/bad", "crash-constructor", PLUGIN, {"was killed by SIGABRT", NULL}},
    {"tests/bad", "bad-default", PLUGIN, {"explainer bad-default: parameter steps: default 50 in [1, 10]", NULL}},
    {"tests/bad", "two-in-one", SPEC, {"holds 2 explainers", "#ID", "first-one, second-one"}},
    {"tests/bad", "two-in-one#second-on", SPEC, {"no explainer second-on", "did you mean second-one?", NULL}},
    {"tests/bad", "two-in-one#zzz", SPEC, {"no explainer zzz: it has first-one, second-one", NULL}},
    {"tests/bad", "not-there", SPEC, {"not-there.so", "No such file", NULL}},
    {"explainers", "gradient:steps=5", SPEC, {"gradient: no parameter steps: gradient has none", NULL}},
    {"explainers",
     "smoothgrad:sample=5",
     SPEC,
     {"no parameter sample: did you mean samples?", "has samples, noise", NULL}},
    {"explainers", "smoothgrad:samples=0", SPEC, {"samples=0: wanted a whole number in [1, 100000]", NULL}},
    {"explainers", "smoothgrad:samples=2.5", SPEC, {"samples=2.5: wanted a whole number", NULL}},
    {"explainers", "smoothgrad:noise=lots", SPEC, {"noise=lots: wanted a number in [0, 10]", NULL}},
    {"explainers", "smoothgrad:noise=nan", SPEC, {"noise=nan: wanted a number", NULL}},
    {"explainers",
     "integrated-gradients:rule=gauss-legendr",
     SPEC,
     {"rule=gauss-legendr: wanted one of gauss-legendre, riemann-left, riemann-right, riemann-middle, riemann-trapezoid",
      "did you mean gauss-legendre?", NULL}},
    {"explainers", "integrated-gradients:rule=riemann-trapezoid,steps=1", PLUGIN, {"wants 2 or more", NULL}},
    {"tests/bad", "two-in-one#second-one:level=1", PLUGIN, {"second-one: level=1 is too much", NULL}},
    {"tests/bad", "exit-constructor", PLUGIN, {"while it was loaded: ended the process with exit code 0", NULL}},
    {"tests/bad", "forged-tables", PLUGIN, {"forged-tables.so: explainer 0: id (not a short line of UTF-8)", NULL}},
    {"tests/bad", "wild-about", PLUGIN, {"assay_about_entry: entry 0 is about no explainer of this library", NULL}},
};

Test(plugin, says_why_a_library_or_parameter_is_refused) {
    for (size_t r = 0; r < sizeof refused / sizeof *refused; r++) {
        struct error e = {{0}};
        struct plugin *plugin = NULL;
        cr_expect_not(lab_plugin(refused[r].folder, refused[r].spec, &plugin, &e), "%s", refused[r].spec);
        cr_expect_eq(plugin ? PLUGIN : SPEC, refused[r].fault, "%s: who is at fault", refused[r].spec);
        for (size_t w = 0; w < 3 && refused[r].words[w]; w++) {
            cr_expect(strstr(e.text, refused[r].words[w]), "%s: \"%s\" does not say \"%s\"", refused[r].spec, e.text,
                      refused[r].words[w]);
        }
        plugin_destroy(plugin);
    }
}

static bool load_file(const char *path, struct error *e) {
    struct explainer_spec spec = {.path = (char *)path};
    struct plugin *plugin = NULL;
    bool ok = plugin_create(&spec, 60, &plugin, e) && plugin_usable(plugin, e);
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
        {"integrated-gradients", "steps=50,rule=gauss-legendre,baseline=0,form=multiplied,from=baseline",
         ASSAY_COMPLETE | ASSAY_INPUT_MULTIPLIER | ASSAY_LINEAR_EXACT},
        {"integrated-gradients:form=average,steps=1e2",
         "steps=100,rule=gauss-legendre,baseline=0,form=average,from=baseline", ASSAY_LINEAR_EXACT},
        {"integrated-gradients:baseline=-0.5",
         "steps=50,rule=gauss-legendre,baseline=-0.5,form=multiplied,from=baseline", ASSAY_COMPLETE},
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
    cr_expect_str_eq(plugin->info.id, "second-one");
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
            cr_assert_not_null(items[i].plugin);
            const struct explainer_info *info = &items[i].plugin->info;
            cr_expect(info->name && info->summary && info->source);
            found++;
        }
    }
    cr_expect_eq(found, sizeof wanted / sizeof *wanted, "in this order, up to %s", wanted[found % 12]);
    plugin_list_destroy(items, count);
}

/* ---- nothing of a library in this process ---- */

static bool is_mapped(const char *name) {
    char line[4096];
    bool found = false;
    FILE *maps = fopen("/proc/self/maps", "r");
    cr_assert_not_null(maps);
    while (fgets(line, sizeof line, maps)) found = found || strstr(line, name);
    fclose(maps);
    return found;
}

static unsigned threads_of_this_process(void) {
    char line[256];
    unsigned threads = 0;
    FILE *status = fopen("/proc/self/status", "r");
    cr_assert_not_null(status);
    while (fgets(line, sizeof line, status))
        if (strncmp(line, "Threads:", 8) == 0) threads = (unsigned)strtoul(line + 8, NULL, 10);
    fclose(status);
    return threads;
}

Test(plugin, maps_nothing_of_a_library_into_this_process) {
    static const struct {
        const char *folder, *spec, *file;
    } cases[] = {
        {"explainers", "smoothgrad", "smoothgrad.so"},
        {"tests/bad", "exit-in-parent", "exit-in-parent.so"},
        {"tests/bad", "exit-at-unload", "exit-at-unload.so"},
        {"tests/bad", "thread-at-load", "thread-at-load.so"},
        {"tests/bad", "rounding", "rounding.so"},
        {"tests/bad", "destroy-hangs", "destroy-hangs.so"},
    };
    unsigned threads = threads_of_this_process();
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct error e;
        struct plugin *plugin = NULL;
        cr_assert(lab_plugin(cases[c].folder, cases[c].spec, &plugin, &e), "%s: %s", cases[c].spec, e.text);
        cr_expect_not(is_mapped(cases[c].file), "%s", cases[c].spec);
        cr_expect_eq(threads_of_this_process(), threads, "%s", cases[c].spec);
        cr_expect_eq(fegetround(), FE_TONEAREST, "%s", cases[c].spec);
        cr_expect_str_eq(setlocale(LC_ALL, NULL), "C", "%s", cases[c].spec);
        plugin_destroy(plugin);
    }
    struct error e;
    struct plugin_listing *items;
    size_t count;
    cr_assert(plugin_list(&items, &count, &e), "%s", e.text);
    cr_expect_not(is_mapped("/explainers/"), "after the listing");
    plugin_list_destroy(items, count);
}

/* Where it is opened, too, it cannot change how numbers are added up and written. */
Test(plugin, opening_leaves_arithmetic_and_locale_as_they_were) {
    struct error e;
    struct plugin *plugin = NULL;
    const assay_explainer *explainer = NULL;
    cr_assert(lab_plugin("tests/bad", "rounding", &plugin, &e), "%s", e.text);
    cr_assert(plugin_open(plugin, handle_host(), &explainer, &e), "%s", e.text);
    cr_expect(is_mapped("rounding.so"), "the test looks at the right thing");
    cr_expect_eq(fegetround(), FE_TONEAREST);
    cr_expect_str_eq(setlocale(LC_ALL, NULL), "C");
    plugin_close(plugin, explainer);
    plugin_destroy(plugin);
}

static void copy_explainer(const char *id, const char *to) {
    struct error e;
    uint8_t *bytes;
    size_t size;
    char *path;
    cr_assert(plugin_find(id, &path, &e) && file_read(path, &bytes, &size, &e), "%s", e.text);
    scratch_put(to, bytes, size);
    free(bytes);
    free(path);
}

static bool open_work(void *user, int fd) {
    const assay_explainer *explainer = NULL;
    struct error e = {{0}};
    bool ok = plugin_open(user, handle_host(), &explainer, &e);
    isolate_write(fd, e.text, strlen(e.text));
    return ok;
}

/* What a worker opens is what the digest was taken of. */
Test(plugin, a_library_that_was_replaced_is_not_opened) {
    struct error e;
    struct explainer_spec spec = {.path = (char *)"mine.so"};
    struct plugin *plugin = NULL;
    char *out = NULL;
    size_t size;
    scratch_enter();
    copy_explainer("gradient", "mine.so");
    cr_assert(plugin_create(&spec, 60, &plugin, &e) && plugin_usable(plugin, &e), "%s", e.text);
    cr_expect(isolate_run(open_work, plugin, 10, &out, &size, &e), "%s", e.text);
    free(out);
    cr_assert_eq(remove("mine.so"), 0);
    copy_explainer("saliency", "mine.so");
    cr_expect_not(isolate_run(open_work, plugin, 10, &out, &size, &e));
    cr_expect(strstr(e.text, "./mine.so: the file is not the one"), "%s", e.text);
    cr_assert_eq(remove("mine.so"), 0);
    scratch_put("mine.so", "half", 4);
    cr_expect_not(isolate_run(open_work, plugin, 10, &out, &size, &e));
    cr_expect(strstr(e.text, "./mine.so: the file is not the one"), "%s", e.text);
    plugin_destroy(plugin);
    scratch_leave();
}

/* ---- another source of explainers, through the table alone ---- */

static assay_status half_attribute(const assay_explainer *self, const assay_model *model, const assay_request *request,
                                   float *maps, assay_why *why) {
    (void)self, (void)model, (void)why;
    for (uint32_t i = 0; i < request->n * model->input.count; i++) maps[i] = request->inputs[i] / 2;
    return ASSAY_OK;
}

static uint32_t half_claims(const assay_param *params, uint32_t n) {
    return n == 1 && params[0].number > 2 ? ASSAY_STOCHASTIC : ASSAY_CLASS_BLIND;
}

static const assay_param_info half_params[] = {
    {.name = "level", .summary = "a number", .kind = ASSAY_INTEGER, .number = 1, .min = 0, .max = 3}};
static const assay_explainer_info half_info = {
    .id = "half",
    .name = "Half",
    .summary = "half of the input",
    .source = "this test",
    .param_count = 1,
    .params = half_params,
    .claims_for = half_claims,
};
static const assay_explainer_info *const half_infos[] = {&half_info};
static const assay_explainer half = {&half_info, half_attribute, NULL};

static bool test_takes(const struct source_place *place) {
    return strncmp(place->path, "test/", 5) == 0;
}
static bool test_digest(const struct source_place *place, char out[FILE_DIGEST_SIZE], struct error *e) {
    (void)e;
    data_digest(place->path, strlen(place->path), out);
    return true;
}
static bool test_describe(const struct source_place *place, const char *digest,
                          const assay_explainer_info *const **info, uint32_t *count, struct error *e) {
    (void)digest;
    *info = half_infos;
    *count = 1;
    return strcmp(place->path, "test/half") == 0 || error_set(e, "%s: nothing\nthere", place->path);
}
static bool test_open(const struct source_request *r, const assay_host *host, const assay_explainer **out,
                      struct error *e) {
    (void)host;
    *out = &half;
    return r->params[0].number > 0 || error_set(e, "%s: level 0 is too little", r->id);
}
static void test_close(const assay_explainer *explainer) {
    cr_expect_eq(explainer, &half);
}
static const struct explainer_source test_source = {.name = "test",
                                                    .noun = "plugin",
                                                    .takes = test_takes,
                                                    .digest = test_digest,
                                                    .describe = test_describe,
                                                    .open = test_open,
                                                    .close = test_close};

static struct plugin *test_plugin(const char *text) {
    const struct explainer_source *const sources[] = {&test_source, &source_library, NULL};
    struct explainer_spec spec;
    struct plugin *plugin = NULL;
    struct error e = {{0}};
    cr_assert(explainer_spec_parse(text, &spec, &e), "%s", e.text);
    cr_assert(plugin_create_from(sources, &spec, 60, &plugin, &e), "%s", e.text);
    explainer_spec_finish(&spec);
    return plugin;
}

Test(plugin, a_source_is_one_line_of_a_table) {
    struct error e = {{0}};
    const assay_explainer *explainer = NULL;
    struct plugin *plugin = test_plugin("test/half:level=3");
    cr_assert(plugin_usable(plugin, &e), "%s", e.text);
    cr_expect_str_eq(plugin->source->name, "test");
    cr_expect_str_eq(plugin->info.id, "half");
    cr_expect_eq(plugin->claims, ASSAY_STOCHASTIC);
    cr_expect_eq(plugin_number(plugin, "level", 0), 3);
    cr_assert(plugin_open(plugin, handle_host(), &explainer, &e), "%s", e.text);
    cr_expect_eq(explainer, &half);
    plugin_close(plugin, explainer);
    plugin_destroy(plugin);

    plugin = test_plugin("test/half:level=0");
    cr_expect_str_eq(plugin->problem, "half: level 0 is too little");
    plugin_destroy(plugin);
    plugin = test_plugin("test/other");
    cr_expect_str_eq(plugin->problem, "test/other: nothing there", "in one line");
    plugin_destroy(plugin);
    char *path;
    cr_assert(plugin_find("gradient", &path, &e), "%s", e.text);
    plugin = test_plugin(path);
    cr_expect_str_eq(plugin->source->name, "library");
    plugin_destroy(plugin);
    free(path);
}
