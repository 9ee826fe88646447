/* results.csv and verdicts.csv beside the store they come from. */
#include "reports/report.h"

#include "base/text.h"
#include "fake_run.h"

#include <criterion/criterion.h>
#include <csv.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

TestSuite(report_csv);

static const struct report *find(const char *id) {
    const struct report *r = reports;
    while (r->id && strcmp(r->id, id) != 0) r++;
    cr_assert_not_null(r->id);
    return r;
}

/* A file read back with libcsv: all fields in one array. */
struct parsed {
    char **fields;
    size_t count, columns, rows;
};

static void take_field(void *data, size_t size, void *context) {
    struct parsed *p = context;
    p->fields = realloc(p->fields, (p->count + 1) * sizeof *p->fields);
    char *copy = calloc(size + 1, 1);
    memcpy(copy, data, size);
    p->fields[p->count++] = copy;
}

static void take_row(int end, void *context) {
    struct parsed *p = context;
    (void)end;
    if (p->rows++ == 0) p->columns = p->count;
    cr_assert_eq(p->count, p->columns * p->rows, "row %zu has another number of fields", p->rows);
}

static struct parsed parse(const char *folder, const char *name) {
    struct parsed p = {0};
    struct csv_parser parser;
    char *text = fake_read(folder, name);

    cr_assert_eq(csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI), 0);
    cr_assert_eq(csv_parse(&parser, text, strlen(text), take_field, take_row, &p), strlen(text));
    cr_assert_eq(csv_fini(&parser, take_field, take_row, &p), 0);
    csv_free(&parser);
    free(text);
    return p;
}

static void finish(struct parsed *p) {
    for (size_t i = 0; i < p->count; i++) free(p->fields[i]);
    free(p->fields);
}

static const char *field(const struct parsed *p, size_t row, const char *column) {
    for (size_t c = 0; c < p->columns; c++)
        if (strcmp(p->fields[c], column) == 0) return p->fields[(row + 1) * p->columns + c];
    cr_assert_fail("no column %s", column);
    return NULL;
}

static void expect_number(const char *text, double value) {
    char *end;
    if (isnan(value)) cr_expect_str_eq(text, "");
    else cr_expect(strtod(text, &end) == value && *text && !*end, "%s is not %.17g", text, value);
}

static void expect_text(const char *text, const char *raw) {
    char *clean = text_clean(raw);
    cr_expect_str_eq(text, clean);
    free(clean);
}

struct reading {
    struct parsed parsed;
    size_t row;
};

static bool same_result(void *context, const struct result_row *r) {
    struct reading *c = context;
    size_t i = c->row++;
    expect_text(field(&c->parsed, i, "explainer"), r->explainer);
    expect_text(field(&c->parsed, i, "control"), r->control);
    expect_text(field(&c->parsed, i, "stage"), r->stage);
    expect_text(field(&c->parsed, i, "measure"), r->measure);
    expect_text(field(&c->parsed, i, "view"), r->view);
    expect_text(field(&c->parsed, i, "pairing"), r->pairing);
    expect_number(field(&c->parsed, i, "stage_index"), r->stage_index);
    expect_number(field(&c->parsed, i, "draw"), r->draw);
    expect_number(field(&c->parsed, i, "input"), r->input);
    expect_number(field(&c->parsed, i, "other"), r->other);
    expect_number(field(&c->parsed, i, "value"), r->value);
    return true;
}

static bool same_verdict(void *context, const struct verdict_row *r) {
    struct reading *c = context;
    size_t i = c->row++;
    expect_text(field(&c->parsed, i, "explainer"), r->explainer);
    expect_text(field(&c->parsed, i, "verdict"), r->verdict);
    expect_text(field(&c->parsed, i, "annotation"), r->annotation);
    expect_text(field(&c->parsed, i, "expected"), r->expected);
    cr_expect_str_eq(field(&c->parsed, i, "as_expected"), r->as_expected ? "true" : "false");
    expect_text(field(&c->parsed, i, "reason"), r->reason);
    expect_text(field(&c->parsed, i, "first_failing_stage"), r->first_stage);
    expect_number(field(&c->parsed, i, "score"), r->score);
    expect_number(field(&c->parsed, i, "lower"), r->lower);
    expect_number(field(&c->parsed, i, "upper"), r->upper);
    expect_number(field(&c->parsed, i, "floor"), r->floor);
    expect_number(field(&c->parsed, i, "ceiling"), r->ceiling);
    expect_number(field(&c->parsed, i, "n"), r->inputs);
    expect_number(field(&c->parsed, i, "draws"), r->draws);
    return true;
}

Test(report_csv, reads_back_as_what_the_store_holds) {
    for (int hostile = 0; hostile < 2; hostile++) {
        struct fake_run fake = {13, 3, 2, 3, 8, false, hostile};
        char folder[64];
        struct store *s = fake_run_store(&fake, folder);
        struct error e = {""};

        cr_assert(find("csv")->write(s, folder, &e), "%s", e.text);
        struct reading results = {parse(folder, "results.csv"), 0}, verdicts = {parse(folder, "verdicts.csv"), 0};
        cr_assert(store_each_result(s, same_result, &results, &e) &&
                  store_each_verdict(s, same_verdict, &verdicts, &e));
        cr_expect_gt(results.row, 1000);
        cr_expect_eq(results.row, results.parsed.rows - 1);
        cr_expect_eq(verdicts.row, 13 * FAKE_CONTROLS);
        cr_expect_eq(verdicts.row, verdicts.parsed.rows - 1);
        finish(&results.parsed);
        finish(&verdicts.parsed);
        store_close(s);
        fake_folder_remove(folder);
    }
}

Test(report_csv, is_the_same_bytes_whatever_the_order_of_writing) {
    struct fake_run fake = {5, 3, 2, 3, 8, false, false};
    char folders[2][64];

    for (int i = 0; i < 2; i++) {
        fake.shuffled = i;
        struct store *s = fake_run_store(&fake, folders[i]);
        cr_assert(find("csv")->write(s, folders[i], NULL));
        store_close(s);
    }
    static const char *const names[] = {"results.csv", "verdicts.csv"};
    for (int i = 0; i < 2; i++) {
        char *a = fake_read(folders[0], names[i]), *b = fake_read(folders[1], names[i]);
        cr_expect_str_eq(a, b);
        free(a);
        free(b);
    }
    fake_folder_remove(folders[0]);
    fake_folder_remove(folders[1]);
}

/* One quantity a row; text is quoted, and what is not known is empty. */
Test(report_csv, tells_how_well_the_network_does) {
    struct fake_run fake = {1, 2, 2, 2, 8, false, false};
    char folder[64];
    struct store *s = fake_run_store(&fake, folder);
    struct error e = {""};
    cr_assert(
        store_set_meta(s, "accuracy",
                       "{\"read\": 120, \"rmse\": 3.5, \"r2\": -0.25, \"sentence\": \"RMSE 3.5, \\\"R2\\\" -.25\", "
                       "\"warning\": null}",
                       &e) &&
            find("csv")->write(s, folder, &e),
        "%s", e.text);
    char *text = fake_read(folder, "network.csv");
    cr_expect_str_eq(text, "quantity,value\n\"read\",120\n\"rmse\",3.5\n\"r2\",-0.25\n"
                           "\"sentence\",\"RMSE 3.5, \"\"R2\"\" -.25\"\n\"warning\",\n");
    free(text);
    store_close(s);
    fake_folder_remove(folder);
}

/* What the gates read is of no stage. */
Test(report_csv, tells_gates_from_stages) {
    char folder[64];
    struct store *s;
    struct error e = {""};

    fake_folder(folder);
    char *path = text_format("%s/assay.db", folder);
    cr_assert(store_open(path, &s, &e), "%s", e.text);
    free(path);
    cr_assert(store_put_use(s, &(struct use_row){CONTROL_GATES, "model/jitter", 4, 0, "v"}, NULL) &&
              store_put_comparison(s, &(struct comparison_row){"e", "v", "matched", 1, 1, "m", "w", .5}, NULL));
    cr_assert(find("csv")->write(s, folder, NULL));
    char *text = fake_read(folder, "results.csv");
    cr_expect_str_eq(text, "explainer,control,stage,stage_index,gate,draw,pairing,input,other,measure,view,value\n"
                           "\"e\",\"gates\",\"\",,\"model/jitter\",0,\"matched\",1,1,\"m\",\"w\",0.5\n");
    free(text);
    store_close(s);
    fake_folder_remove(folder);
}

/* A row is called as its author likes; the method keeps its id. A summary is as expected when all it sums up is. */
Test(report_csv, names_methods_and_says_what_was_expected_of_summaries) {
    static const struct {
        const char *explainer, *control;
        bool as_expected;
        const char *expected, *wanted, *wanted_words, *id;
    } rows[] = {
        {"./mine.so", "cascading", true, "FAIL", "true", "FAIL", "my-method"},
        {"./mine.so", "overall", true, "", "true", "as each control", "my-method"},
        {"other", "cascading", false, "PASS", "false", "PASS", ""},
        {"other", "overall", true, "", "false", "as each control", ""},
    };
    char folder[64];
    struct store *s;
    struct error e = {""};

    fake_folder(folder);
    char *path = text_format("%s/assay.db", folder);
    cr_assert(store_open(path, &s, &e), "%s", e.text);
    free(path);
    cr_assert(store_set_meta(s, "run",
                             "{\"explainers\": [{\"name\": \"./mine.so\", \"id\": \"my-method\"}, {\"name\": "
                             "\"other\", \"id\": null}]}",
                             &e));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_assert(store_put_verdict(s,
                                    &(struct verdict_row){.explainer = rows[i].explainer,
                                                          .control = rows[i].control,
                                                          .verdict = "FAIL",
                                                          .expected = rows[i].expected,
                                                          .as_expected = rows[i].as_expected},
                                    &e));
    cr_assert(find("csv")->write(s, folder, &e), "%s", e.text);
    struct parsed p = parse(folder, "verdicts.csv");
    cr_assert_eq(p.rows, 1 + sizeof rows / sizeof *rows);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        expect_text(field(&p, i, "expected"), rows[i].wanted_words);
        expect_text(field(&p, i, "as_expected"), rows[i].wanted);
        expect_text(field(&p, i, "id"), rows[i].id);
    }
    finish(&p);
    store_close(s);
    fake_folder_remove(folder);
}

Test(report_csv, leaves_an_empty_field_for_what_does_not_exist) {
    char folder[64];
    struct store *s;
    struct error e = {""};

    fake_folder(folder);
    char *path = text_format("%s/assay.db", folder);
    cr_assert(store_open(path, &s, &e), "%s", e.text);
    free(path);
    cr_assert(store_put_use(s, &(struct use_row){"c", "s", 0, UINT32_MAX, "v"}, NULL) &&
              store_put_comparison(s, &(struct comparison_row){"e", "v", "matched", 1, 1, "m", "w", NAN}, NULL));
    cr_assert(find("csv")->write(s, folder, NULL));
    char *text = fake_read(folder, "results.csv");
    cr_expect_str_eq(strchr(text, '\n') + 1, "\"e\",\"c\",\"s\",0,\"\",,\"matched\",1,1,\"m\",\"w\",\n");
    free(text);
    cr_expect_not(find("csv")->write(s, "/nonexistent", &e));
    cr_expect_not_null(strstr(e.text, "/nonexistent/"));
    store_close(s);
    fake_folder_remove(folder);
}
