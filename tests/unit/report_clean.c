/* No report carries control characters or invalid UTF-8, whatever layers and plugins are called and say. */
#include "reports/report.h"

#include "base/text.h"
#include "fake_run.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

TestSuite(report_clean);

static bool is_forbidden(const char *at, uint32_t code) {
    bool replaced = strncmp(at, "\xef\xbf\xbd", 3) == 0;
    return (code == 0xfffd && !replaced) || code < 0x20 || (code >= 0x7f && code < 0xa0) ||
           (code >= 0x202a && code <= 0x202e);
}

/* Line ends stand between lines, and nowhere else. */
static void expect_clean(const char *file, const char *text) {
    size_t lines = 0, replaced = 0;
    uint32_t code;

    for (size_t n; *text; text += n) {
        n = utf8_next(text, &code);
        lines += *text == '\n';
        replaced += code == 0xfffd;
        cr_assert(*text == '\n' || !is_forbidden(text, code), "%s:%zu: U+%04X at %.20s", file, lines + 1,
                  (unsigned)code, text);
    }
    cr_expect_gt(replaced, 0, "%s: the hostile names are there", file);
}

static void expect_clean_values(const json_t *value) {
    json_t *object = (json_t *)(uintptr_t)value;
    uint32_t code;

    for (size_t i = 0; i < json_array_size(value); i++) expect_clean_values(json_array_get(value, i));
    for (void *at = json_object_iter(object); at; at = json_object_iter_next(object, at)) {
        json_t *key = json_string(json_object_iter_key(at));
        expect_clean_values(key);
        json_decref(key);
        expect_clean_values(json_object_iter_value(at));
    }
    const char *text = json_string_value(value);
    for (size_t n; text && *text; text += n) {
        n = utf8_next(text, &code);
        cr_assert_not(is_forbidden(text, code), "U+%04X at %.20s", (unsigned)code, text);
    }
}

/* Every row is one line. */
static size_t lines_of(const char *text) {
    size_t lines = 0;
    for (; (text = strchr(text, '\n')); text++) lines++;
    return lines;
}

static char *write_report(struct store *s, const char *id, const char *folder, const char *file) {
    const struct report *r = reports;
    struct error e = {""};

    while (r->id && strcmp(r->id, id) != 0) r++;
    cr_assert(r->id && r->write(s, folder, &e), "%s: %s", id, e.text);
    return fake_read(folder, file);
}

Test(report_clean, every_writer) {
    static const char *const files[][2] = {{"text", "report.txt"},
                                           {"csv", "verdicts.csv"},
                                           {"csv", "results.csv"},
                                           {"json", "report.json"},
                                           {"junit", "junit.xml"}};
    struct fake_run fake = {6, 3, 2, 2, 8, false, true}, plain = fake;
    char folder[64], other[64];
    struct store *s = fake_run_store(&fake, folder), *honest = NULL;
    struct error e = {""};

    plain.hostile = false;
    honest = fake_run_store(&plain, other);
    cr_assert(store_set_meta(s, "run",
                             "{\"model\": {\"warning\": \"a\\u001b[2Jb\\n\", \"layers\": [\"\\u009b1m\"], "
                             "\"k\\u0007\": \"\\u202e\"}}",
                             &e));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *text = write_report(s, files[i][0], folder, files[i][1]);
        expect_clean(files[i][1], text);
        if (strcmp(files[i][0], "csv") == 0) {
            char *same = write_report(honest, files[i][0], other, files[i][1]);
            cr_expect_eq(lines_of(text), lines_of(same), "%s", files[i][1]);
            free(same);
        } else if (strcmp(files[i][0], "json") == 0) {
            json_error_t why;
            json_t *document = json_loads(text, 0, &why);
            cr_assert(document, "%d:%d: %s", why.line, why.column, why.text);
            expect_clean_values(document);
            json_decref(document);
        }
        free(text);
    }
    store_close(s);
    store_close(honest);
    fake_folder_remove(folder);
    fake_folder_remove(other);
}
