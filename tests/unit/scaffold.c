/* `assay new`: the folder it writes compiles with nothing but a C compiler, loads, and keeps the rules. */
#include "lab.h"
#include "host/conformance.h"
#include "cli/scaffold.h"
#include "scratch.h"

#include <sys/stat.h>

Test(scaffold, compiles_and_conforms_at_once) {
    struct error e;
    uint8_t *original = NULL, *copy = NULL;
    size_t size = 0, copied = 0;
    struct lab lab = lab_cnn();
    cr_assert(file_read("explainers/explainer.h", &original, &size, &e), "%s", e.text);
    scratch_enter();
    cr_assert(scaffold_create(scaffold_files, ".", "my-method", &e), "%s", e.text);
    cr_assert(file_read("my-method/explainer.h", &copy, &copied, &e), "%s", e.text);
    cr_expect(size == copied && memcmp(original, copy, size) == 0, "explainer.h is not the one of the source");
    cr_assert_eq(system("env -i PATH=\"$PATH\" make -s -C my-method CFLAGS='-Wall -Wextra -Wpedantic -Werror'"), 0);

    struct explainer_spec spec;
    struct plugin *plugin = NULL;
    const assay_explainer *explainer = NULL;
    struct conformance_report report;
    cr_assert(explainer_spec_parse("my-method/my-method.so", &spec, &e), "%s", e.text);
    cr_assert(plugin_create(&spec, 60, &plugin, &e), "%s", e.text);
    cr_assert(plugin_open(plugin, handle_host(), &explainer, &e), "%s", e.text);
    struct conformance_case given = {.explainer = explainer,
                                     .claims = plugin->claims,
                                     .weights = lab.weights,
                                     .n = LAB_INPUTS,
                                     .inputs = lab.inputs,
                                     .targets = lab.targets,
                                     .seeds = lab.seeds};
    cr_assert(conformance_check(&given, &report, &e), "%s", e.text);
    cr_expect_str_eq(plugin->info.id, "my-method");
    cr_expect_null(conformance_breach(&report));
    plugin_close(plugin, explainer);
    plugin_destroy(plugin);
    explainer_spec_finish(&spec);
    scratch_leave();
    lab_close(&lab);
    free(original);
    free(copy);
}

/* No mark of the templates is left in any file; the first `named` have the name in them. */
static void check_filled(const struct scaffold_file *files, const char *const *names, size_t count, size_t named) {
    struct error e;
    scratch_enter();
    cr_assert(scaffold_create(files, ".", "a-b", &e), "%s", e.text);
    for (size_t i = 0; i < count; i++) {
        uint8_t *text = NULL;
        size_t size = 0;
        cr_assert(file_read(names[i], &text, &size, &e), "%s", e.text);
        cr_expect_null(strstr((char *)text, "@NAME@"), "%s", names[i]);
        cr_expect_null(strstr((char *)text, "@ASSAY@"), "%s", names[i]);
        cr_expect(i >= named || strstr((char *)text, "a-b"), "%s", names[i]);
        free(text);
    }
    cr_expect_not(file_exists("a-b/kit.h"), "the template does not include it");
    scratch_leave();
}

Test(scaffold, fills_in_every_name) {
    static const char *const names[] = {"a-b/a-b.c", "a-b/Makefile", "a-b/battery.yaml", "a-b/README.md"};
    check_filled(scaffold_files, names, sizeof names / sizeof *names, 4);
}

Test(scaffold, fills_in_every_name_of_python) {
    static const char *const names[] = {"a-b/method.py", "a-b/battery.yaml",   "a-b/README.md",
                                        "a-b/Makefile",  "a-b/test_method.py", "a-b/network.py"};
    check_filled(scaffold_python_files, names, sizeof names / sizeof *names, 3);
}

Test(scaffold, refuses_bad_names_and_overwrites_nothing) {
    static const char *const names[] = {
        "",          "My-Method",
        "my_method", "-x",
        "x-",        "a/b",
        "..",        "my method",
        "x.so",      "a123456789012345678901234567890123456789012345678901234567890123456789"};
    struct error e;
    scratch_enter();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        cr_expect_not(scaffold_create(scaffold_files, ".", names[i], &e), "'%s'", names[i]);
        cr_expect(strstr(e.text, "lower-case letters"), "%s", e.text);
    }
    cr_assert_eq(mkdir("mine", 0777), 0);
    scratch_put("mine/mine.c", "precious", 8);
    cr_expect_not(scaffold_create(scaffold_files, ".", "mine", &e));
    cr_expect(strstr(e.text, "File exists"), "%s", e.text);
    uint8_t *text = NULL;
    size_t size = 0;
    cr_assert(file_read("mine/mine.c", &text, &size, &e));
    cr_expect_str_eq((char *)text, "precious");
    cr_expect_not(file_exists("mine/Makefile"));
    free(text);
    cr_expect_not(scaffold_create(scaffold_files, "no-such-folder", "x", &e));
    scratch_leave();
}
