/* report.json beside the store it comes from. */
#include "reports/report.h"

#include "base/text.h"
#include "fake_run.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

TestSuite(report_json);

static const struct report *find(const char *id) {
    const struct report *r = reports;
    while (r->id && strcmp(r->id, id) != 0) r++;
    cr_assert_not_null(r->id);
    return r;
}

static json_t *load(const char *folder) {
    json_error_t where;
    char *text = fake_read(folder, "report.json");
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &where);
    cr_assert(root, "line %d: %s", where.line, where.text);
    free(text);
    return root;
}

static json_t *write_and_load(struct store *s, const char *folder) {
    struct error e = {""};
    cr_assert(find("json")->write(s, folder, &e), "%s", e.text);
    return load(folder);
}

static const char *text_of(const json_t *o, const char *key) {
    const char *text = json_string_value(json_object_get(o, key));
    return text ? text : "(none)";
}

/* Finds the value of one comparison in the arrays. */
static const json_t *look_up(const json_t *root, const struct result_row *r) {
    size_t i, k, d;
    json_t *group, *draw, *input;

    json_array_foreach(json_object_get(root, "comparisons"), i, group) {
        if (strcmp(text_of(group, "explainer"), r->explainer) || strcmp(text_of(group, "control"), r->control) ||
            strcmp(text_of(group, "stage"), r->stage) || strcmp(text_of(group, "measure"), r->measure) ||
            strcmp(text_of(group, "view"), r->view) || strcmp(text_of(group, "pairing"), r->pairing))
            continue;
        json_t *others = json_object_get(group, "others");
        json_array_foreach(json_object_get(group, "draws"), d, draw)
            json_array_foreach(json_object_get(group, "inputs"), k, input) {
            json_int_t other = json_integer_value(others ? json_array_get(others, k) : input);
            if (json_integer_value(draw) == r->draw && json_integer_value(input) == r->input && other == r->other)
                return json_array_get(json_array_get(json_object_get(group, "values"), d), k);
        }
    }
    return NULL;
}

struct finding {
    const json_t *root;
    size_t count;
};

static bool found(void *context, const struct result_row *r) {
    struct finding *f = context;
    const json_t *value = look_up(f->root, r);
    f->count++;
    if (isnan(r->value)) cr_expect(json_is_null(value));
    else
        cr_expect(json_is_real(value) && json_real_value(value) == r->value, "%s %s %s draw %u input %u other %u",
                  r->explainer, r->control, r->stage, r->draw, r->input, r->other);
    return true;
}

Test(report_json, holds_every_comparison) {
    struct fake_run fake = {3, 3, 2, 3, 8, false, false};
    char folder[64];
    struct store *s = fake_run_store(&fake, folder);

    cr_assert(store_put_comparison(
        s, &(struct comparison_row){"gradient", "cascading/0/draw0", "matched", 1, 1, "spearman", "signed/all", NAN},
        NULL));
    json_t *root = write_and_load(s, folder);
    struct finding f = {root, 0};
    cr_assert(store_each_result(s, found, &f, NULL));
    cr_expect_gt(f.count, 800);
    json_decref(root);
    store_close(s);
    fake_folder_remove(folder);
}

Test(report_json, has_every_section) {
    struct fake_run fake = {5, 3, 2, 3, 8, false, true};
    char folder[64];
    struct store *s = fake_run_store(&fake, folder);
    json_t *root = write_and_load(s, folder);
    static const struct {
        const char *name;
        size_t rows;
    } sections[] = {{"verdicts", 25}, {"inputs", 3}, {"networks", 3}, {"uses", 16},
                    {"audits", 16},   {"units", 90}, {"checks", 10}};

    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        cr_expect_eq(json_array_size(json_object_get(root, sections[i].name)), sections[i].rows, "%s: %zu",
                     sections[i].name, json_array_size(json_object_get(root, sections[i].name)));
    cr_expect_eq(json_real_value(json_object_get(json_object_get(json_object_get(root, "run"), "rule"), "delta")), .3);
    cr_expect_gt(json_array_size(json_object_get(root, "curves")), 100);
    const char *note = json_string_value(json_array_get(json_object_get(root, "notes"), 0));
    cr_expect(note && strncmp(note, "PASS is necessary, not sufficient", 33) == 0, "%s", note ? note : "no notes");
    json_t *first = json_array_get(json_object_get(root, "verdicts"), 0);
    cr_expect_str_eq(text_of(first, "explainer"), fake_explainer(&fake, 0));
    char *clean = text_clean(fake_explainer(&fake, 1));
    cr_expect_str_eq(text_of(json_array_get(json_object_get(root, "verdicts"), 5), "explainer"), clean);
    free(clean);
    char *text = fake_read(folder, "report.json");
    cr_expect_null(strstr(text, "seconds"), "no times in a report");
    free(text);
    json_decref(root);
    store_close(s);
    fake_folder_remove(folder);
}

/* Under the names of the model's layers. What was not measured is left out. */
Test(report_json, has_activations_by_layer) {
    struct fake_run fake = {1, 3, 2, 3, 8, false, false};
    char folder[64];
    struct error e = {""};
    struct store *s = fake_run_store(&fake, folder);
    size_t k, low = 0, high = 0;
    json_t *entry;
    cr_assert(store_set_meta(s, "run", "{\"model\": {\"layers\": [{\"name\": \"low\"}, {\"name\": \"high\"}]}}", &e));
    json_t *root = write_and_load(s, folder);
    json_array_foreach(json_object_get(root, "activations"), k, entry) {
        bool is_low = strcmp(text_of(entry, "layer"), "low") == 0;
        low += is_low;
        high += !is_low;
        cr_expect_eq(json_number_value(json_object_get(entry, "activation_r")), is_low ? 1 : .25);
        cr_expect_neq(*text_of(entry, "variant"), 0);
    }
    cr_expect_eq(low, json_array_size(json_object_get(root, "audits")));
    cr_expect(high > 0 && high < low, "%zu of %zu", high, low);
    json_decref(root);
    store_close(s);
    fake_folder_remove(folder);
}

Test(report_json, is_the_same_bytes_whatever_the_order_of_writing) {
    struct fake_run fake = {5, 3, 2, 3, 8, false, false};
    char folders[2][64], *text[2];

    for (int i = 0; i < 2; i++) {
        fake.shuffled = i;
        struct store *s = fake_run_store(&fake, folders[i]);
        cr_assert(find("json")->write(s, folders[i], NULL));
        text[i] = fake_read(folders[i], "report.json");
        store_close(s);
        fake_folder_remove(folders[i]);
    }
    cr_expect_str_eq(text[0], text[1]);
    free(text[0]);
    free(text[1]);
}

Test(report_json, writes_an_empty_store) {
    char folder[64];
    struct store *s;

    fake_folder(folder);
    char *path = text_format("%s/assay.db", folder);
    cr_assert(store_open(path, &s, NULL));
    free(path);
    json_t *root = write_and_load(s, folder);
    cr_expect(json_is_null(json_object_get(root, "run")));
    cr_expect_eq(json_array_size(json_object_get(root, "verdicts")), 0);
    json_decref(root);
    store_close(s);
    fake_folder_remove(folder);
}

/* Two draws of one input set, and one of another: runs with other inputs do not share an array. */
Test(report_json, keeps_draws_with_other_inputs_apart) {
    char folder[64];
    struct store *s;

    fake_folder(folder);
    char *path = text_format("%s/assay.db", folder);
    cr_assert(store_open(path, &s, NULL));
    free(path);
    static const struct {
        const char *variant;
        uint32_t draw, from, to;
    } runs[] = {{"a", 0, 0, 3}, {"a-", 0, 0, 3}, {"b", 1, 0, 3}, {"c", 2, 1, 3}};
    for (size_t i = 0; i < 4; i++) {
        cr_assert(store_put_use(s, &(struct use_row){"c", "s", 0, runs[i].draw, runs[i].variant}, NULL));
        for (uint32_t k = runs[i].from; k < runs[i].to; k++)
            cr_assert(store_put_comparison(
                s, &(struct comparison_row){"e", runs[i].variant, "matched", k, k, "m", "w", (double)i + k / 10.0},
                NULL));
    }
    json_t *root = write_and_load(s, folder), *groups = json_object_get(root, "comparisons");
    cr_assert_eq(json_array_size(groups), 2);
    static const char *const wanted[] = {
        "{\"inputs\":[0,1,2],\"draws\":[0,0,1],\"values\":[[0.0,0.1,0.2],[1.0,1.1,1.2],[2.0,2.1,2.2]]}",
        "{\"inputs\":[1,2],\"draws\":[2],\"values\":[[3.1,3.2]]}"};
    for (size_t g = 0; g < 2; g++) {
        json_t *expected = json_loads(wanted[g], 0, NULL);
        const char *key;
        json_t *value;
        json_object_foreach(expected, key, value) {
            char *is =
                json_dumps(json_object_get(json_array_get(groups, g), key), JSON_COMPACT | JSON_REAL_PRECISION(3));
            char *should = json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(3));
            cr_expect(json_array_size(value) == json_array_size(json_object_get(json_array_get(groups, g), key)), "%s",
                      is);
            if (strcmp(key, "values") != 0) cr_expect_str_eq(is, should);
            free(is);
            free(should);
        }
        json_decref(expected);
    }
    json_decref(root);
    store_close(s);
    fake_folder_remove(folder);
}
