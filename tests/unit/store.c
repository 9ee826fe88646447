/* The run's SQLite file: every field of every row, order, kills, and files that are foreign or damaged. */
#include "store/store.h"
#include "store/store_compare.h"

#include "base/file.h"
#include "base/text.h"
#include "fake_run.h"

#include <criterion/criterion.h>
#include <math.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char folder[64], path[96];

static void setup(void) {
    fake_folder(folder);
    snprintf(path, sizeof path, "%s/assay.db", folder);
}

static void cleanup(void) {
    fake_folder_remove(folder);
}

TestSuite(store, .init = setup, .fini = cleanup);

static struct store *opened(void) {
    struct store *s = NULL;
    struct error e = {""};
    cr_assert(store_open(path, &s, &e), "%s", e.text);
    return s;
}

static struct store *reopened(struct store *s) {
    store_close(s);
    return opened();
}

/* Whatever was looked for before; what is no number is one that was found. */
Test(store, finds_one_comparison) {
    static const struct comparison_row rows[] = {
        {"e", "v", "matched", 1, 1, "m", "w", .25}, {"e", "v", "matched", 2, 2, "m", "w", NAN},
        {"e", "v", "matched", 1, 1, "m", "x", .5},  {"e", "v2", "matched", 1, 1, "m", "w", .75},
        {"f", "v", "matched", 1, 1, "m", "w", 1},   {"f", "v", "mismatched", 3, 1, "m", "w", 0}};
    const size_t count = sizeof rows / sizeof *rows;
    struct store *s = opened();
    struct error e = {""};
    bool found;

    for (size_t i = 0; i < count; i++) cr_assert(store_put_comparison(s, &rows[i], &e), "%s", e.text);
    for (size_t i = 2 * count; i-- > 0;) {
        struct comparison_row row = rows[i % count];
        row.value = -1;
        row.other = 0;
        cr_assert(store_find_comparison(s, &row, &found, &e), "%s", e.text);
        cr_expect(found && (row.value == rows[i % count].value || (isnan(row.value) && isnan(rows[i % count].value))));
        row.value = -1;
        row.input += 9;
        cr_assert(store_find_comparison(s, &row, &found, &e), "%s", e.text);
        cr_expect(!found && row.value == -1);
    }
    store_close(s);
}

static bool join_names(void *context, const struct comparison_row *row) {
    text_add(context, "%s%s/%s ", ((struct text *)context)->length ? "" : " ", row->explainer, row->variant);
    return true;
}

/* The search from one explainer and variant to the next passes none over, also where one name begins as another. */
Test(store, walks_every_pair_of_explainer_and_variant) {
    static const char *const names[] = {"", "a", "a/", "aa", "b", "\xc3\xa9"};
    const size_t count = sizeof names / sizeof *names;
    struct text found = {0}, wanted = {0};
    struct store *s = opened();

    for (size_t i = count * count; i-- > 0;) {
        if (i % 5 == 3) continue;
        cr_assert(store_put_comparison(
            s, &(struct comparison_row){names[i / count], names[i % count], "matched", 0, 0, "m", "w", 1}, NULL));
    }
    for (size_t i = 0; i < count * count; i++)
        if (i % 5 != 3) text_add(&wanted, "%s%s/%s ", wanted.length ? "" : " ", names[i / count], names[i % count]);
    cr_assert(store_each_comparison(s, join_names, &found, NULL));
    cr_expect_str_eq(found.data, wanted.data);
    text_finish(&found);
    text_finish(&wanted);
    store_close(s);
}

static bool see_network(void *context, const struct network_row *row) {
    ++*(int *)context;
    cr_expect_str_eq(row->key, "k");
    cr_expect_str_eq(row->role, "twin");
    cr_expect_eq(row->draw, 3);
    cr_expect_eq(row->epochs, 41);
    cr_expect(isnan(row->test_accuracy));
    cr_expect_eq(row->train_accuracy, .97);
    cr_assert_eq(row->flat_count, 3);
    cr_expect(isnan(row->flat[1]) && row->flat[0] == 1.5f && isinf(row->flat[2]));
    return true;
}

Test(store, keeps_a_network_across_closing_and_clearing) {
    struct store *s = opened();
    float old = 0, flat[] = {1.5f, NAN, INFINITY};
    int seen = 0;

    cr_assert(store_put_network(s, &(struct network_row){"k", "true", 0, 1, .1, .1, &old, 1}, NULL));
    cr_assert(store_put_network(s, &(struct network_row){"k", "twin", 3, 41, .97, NAN, flat, 3}, NULL));
    cr_assert(store_set_meta(s, "run", "{}", NULL));
    cr_assert(store_put_unit(s, &(struct unit_row){"e", "v", UNIT_OK, NULL, 0}, NULL));
    cr_assert(store_clear(s, NULL));
    s = reopened(s);
    cr_assert(store_each_network(s, see_network, &seen, NULL));
    cr_expect_eq(seen, 1, "the second row replaces the first");
    cr_expect_not(store_has_unit(s, "e", "v"));
    char *meta = NULL;
    cr_assert(store_meta(s, "run", &meta, NULL));
    cr_expect_null(meta);
    store_close(s);
}

static bool see_input(void *context, const struct input_row *row) {
    static const struct shape image = {3, {1, 2, 2}}, features = {1, {2}};
    cr_expect_eq(row->index, (uint32_t)(*(int *)context)++);
    cr_expect(shape_equal(&row->shape, row->index ? &features : &image));
    cr_expect_eq(row->data[1], 2.0f);
    cr_expect(row->sample == 7 + row->index && row->label == 1 && row->predicted == 2 && row->target == 4000000000u);
    if (row->index) cr_expect(isnan(row->value) && isnan(row->output));
    else cr_expect(row->value == 2.5 && row->output == -1e30);
    return true;
}

static bool see_map(void *context, const struct map_row *row) {
    ++*(int *)context;
    cr_expect_str_eq(row->explainer, "e");
    cr_expect_eq(shape_count(&row->shape), 4);
    cr_expect_eq(row->data[3], 4.0f);
    return true;
}

Test(store, keeps_arrays_with_their_shapes) {
    struct store *s = opened();
    float data[] = {1, 2, 3, 4};
    int inputs = 0, maps = 0;

    cr_assert(store_put_input(s, &(struct input_row){1, 8, 1, 2, 4000000000u, {1, {2}}, data, NULL, NAN, NAN}, NULL));
    cr_assert(store_put_input(s, &(struct input_row){0, 7, 1, 2, 4000000000u, {3, {1, 2, 2}}, data, "four", 2.5, -1e30},
                              NULL));
    cr_assert(store_put_map(s, &(struct map_row){"e", "v", 0, {3, {1, 2, 2}}, data}, NULL));
    s = reopened(s);
    cr_assert(store_each_input(s, see_input, &inputs, NULL));
    cr_assert(store_each_map(s, see_map, &maps, NULL));
    cr_expect(inputs == 2 && maps == 1);
    store_close(s);
}

static bool see_unit(void *context, const struct unit_row *row) {
    ++*(int *)context;
    cr_expect_eq(row->status, UNIT_FAILED);
    cr_expect_str_eq(row->why, "it's \"gone\"\n");
    return true;
}

static bool see_comparison(void *context, const struct comparison_row *row) {
    ++*(int *)context;
    cr_expect(row->input == 4294967295u ? isnan(row->value) : row->value == 1.0 / 3);
    return true;
}

static bool see_audit(void *context, const struct audit_row *row) {
    ++*(int *)context;
    cr_expect(row->changed == 2 && row->expected == 3 && !strcmp(row->digest, "ab") && isnan(row->logit_r) &&
              row->agreement == .5 && !row->finite);
    cr_assert_eq(row->layer_count, 2);
    cr_expect(row->activation_r[0] == .25f && isnan(row->activation_r[1]));
    return true;
}

static bool see_check(void *context, const struct check_row *row) {
    ++*(int *)context;
    cr_expect(row->holds && row->input == 3 && row->worst == 1e-300 && isinf(row->tolerance) &&
              !strcmp(row->what, "w"));
    return true;
}

static bool see_curve(void *context, const struct curve_row *row) {
    ++*(int *)context;
    cr_expect(row->stage_index == 1 && row->stage_count == 2 && row->similarity == .5 && row->similarity_lower == .4 &&
              row->similarity_upper == .6 && row->floor == .1 && row->ceiling == .9 && isnan(row->share) &&
              row->share_lower == .2 && row->share_upper == .3 && row->inputs == 30 && row->draws == 5 &&
              row->vanished == .01 && !strcmp(row->decision, "open") && !strcmp(row->stage, "s"));
    return true;
}

static bool see_verdict(void *context, const struct verdict_row *row) {
    ++*(int *)context;
    cr_expect(!strcmp(row->verdict, "PASS") && !strcmp(row->annotation, "INPUT-DOMINATED") &&
              !strcmp(row->expected, "PASS|SKIP") && row->as_expected && !strcmp(row->reason, "r") &&
              !strcmp(row->first_stage, "") && isnan(row->score) && row->lower == 1 && row->upper == 2 &&
              row->floor == 3 && row->ceiling == 4 && row->inputs == 5 && row->draws == 6);
    return true;
}

Test(store, gives_back_every_field_of_every_row) {
    struct store *s = opened();
    int seen[6] = {0};
    struct curve_row curve = {"e", "c", "s", "m", "v", 1, 2, .5, .4, .6, .1, .9, NAN, .2, .3, 30, 5, .01, .2, "open"};
    struct verdict_row verdict = {"e", "c", "PASS", "INPUT-DOMINATED", "PASS|SKIP", true, "r", "", NAN, 1, 2, 3,
                                  4,   5,   6};

    cr_assert(store_put_unit(s, &(struct unit_row){"e", "v", UNIT_FAILED, "it's \"gone\"\n", 1}, NULL));
    cr_assert(
        store_put_comparison(s, &(struct comparison_row){"e", "v", "matched", 4294967295u, 0, "m", "w", NAN}, NULL));
    cr_assert(store_put_comparison(s, &(struct comparison_row){"e", "v", "matched", 0, 0, "m", "w", 1.0 / 3}, NULL));
    cr_assert(store_put_audit(s, &(struct audit_row){"v", 2, 3, "ab", NAN, .5, false, (float[]){.25f, NAN}, 2}, NULL));
    cr_assert(store_put_check(s, &(struct check_row){"e", "c", "i", "w", 3, 1e-300, INFINITY, true, "v"}, NULL));
    cr_assert(store_put_curve(s, &curve, NULL));
    cr_assert(store_put_verdict(s, &verdict, NULL));
    s = reopened(s);
    cr_expect(store_has_unit(s, "e", "v") && !store_has_unit(s, "v", "e"));
    cr_assert(store_each_unit(s, see_unit, &seen[0], NULL));
    cr_assert(store_each_comparison(s, see_comparison, &seen[1], NULL));
    cr_assert(store_each_audit(s, see_audit, &seen[2], NULL));
    cr_assert(store_each_check(s, see_check, &seen[3], NULL));
    cr_assert(store_each_curve(s, see_curve, &seen[4], NULL));
    cr_assert(store_each_verdict(s, see_verdict, &seen[5], NULL));
    cr_expect(seen[0] == 1 && seen[1] == 2 && seen[2] == 1 && seen[3] == 1 && seen[4] == 1 && seen[5] == 1);
    store_close(s);
}

/* ---- order ---- */

static bool list_result(void *context, const struct result_row *row) {
    text_add(context, "%s|%s|%s|%u|%u|%s|%s|%s|%u|%u|%.17g\n", row->explainer, row->control, row->stage,
             row->stage_index, row->draw, row->pairing, row->measure, row->view, row->input, row->other, row->value);
    return true;
}

static bool list_unit(void *context, const struct unit_row *row) {
    text_add(context, "%s|%s\n", row->explainer, row->variant);
    return true;
}

static bool list_comparison(void *context, const struct comparison_row *row) {
    text_add(context, "%s|%s|%s|%u\n", row->explainer, row->variant, row->view, row->input);
    return true;
}

static bool list_map(void *context, const struct map_row *row) {
    text_add(context, "%s|%s\n", row->explainer, row->variant);
    return true;
}

static bool list_audit(void *context, const struct audit_row *row) {
    text_add(context, "%s\n", row->variant);
    return true;
}

static bool list_name(void *context, const char *name) {
    text_add(context, "%s\n", name);
    return true;
}

static char *listing(bool shuffled) {
    struct fake_run fake = FAKE_RUN_DEFAULT;
    struct text out = {0};
    char own[64];

    fake.shuffled = shuffled;
    struct store *s = fake_run_store(&fake, own);
    cr_assert(store_each_result(s, list_result, &out, NULL) && store_each_unit(s, list_unit, &out, NULL) &&
              store_each_comparison(s, list_comparison, &out, NULL) && store_each_map(s, list_map, &out, NULL) &&
              store_each_audit(s, list_audit, &out, NULL) && store_each_explainer(s, list_name, &out, NULL) &&
              store_each_control(s, list_name, &out, NULL));
    store_close(s);
    fake_folder_remove(own);
    cr_assert_not(out.failed);
    return out.data;
}

Test(store, gives_rows_in_the_order_of_the_battery_whatever_the_order_of_writing) {
    char *straight = listing(false), *shuffled = listing(true);

    cr_expect_str_eq(straight, shuffled);
    cr_expect_eq(strncmp(straight, "gradient|cascading|fc2|0|0|matched|spearman|absolute/all|0|0|", 60), 0, "%.80s",
                 straight);
    const char *last = strstr(straight, "edge-detector|label-permutation"),
               *first = strstr(straight, "smoothgrad|cascading");
    cr_expect(first && last && first < last, "battery order is not alphabetical");
    cr_expect_not_null(strstr(straight, "\ncascading\nindependent\nlabel-permutation\nlinear-identity\nzero-pixel\n"));
    free(straight);
    free(shuffled);
}

/* The rows of all, and of these those with the prefix: what is asked for alone is the same. */
Test(store, gives_the_results_of_one_cell) {
    struct fake_run fake = FAKE_RUN_DEFAULT;
    struct text all = {0}, one = {0}, wanted = {0};
    char own[64];
    struct store *s = fake_run_store(&fake, own);
    cr_assert(store_each_result(s, list_result, &all, NULL) &&
              store_each_result_of(s, "saliency", "independent", list_result, &one, NULL));
    for (const char *line = all.data; *line; line += strcspn(line, "\n") + 1)
        if (strncmp(line, "saliency|independent|", 21) == 0)
            text_add(&wanted, "%.*s\n", (int)strcspn(line, "\n"), line);
    cr_assert(wanted.data && one.data && !wanted.failed);
    cr_expect_str_eq(one.data, wanted.data);
    text_finish(&one);
    cr_assert(store_each_result_of(s, "saliency", "no such", list_result, &one, NULL));
    cr_expect_eq(one.length, 0);
    store_close(s);
    fake_folder_remove(own);
    text_finish(&all);
    text_finish(&one);
    text_finish(&wanted);
}

static bool stop(void *context, const struct unit_row *row) {
    (void)row;
    return ++*(int *)context < 2;
}

Test(store, stops_when_the_callback_says_so) {
    struct store *s = opened();
    struct error e = {"untouched"};
    int calls = 0;

    for (int i = 0; i < 3; i++) {
        char name[2] = {(char)('a' + i), '\0'};
        cr_assert(store_put_unit(s, &(struct unit_row){name, "v", UNIT_OK, "", 0}, NULL));
    }
    cr_expect_not(store_each_unit(s, stop, &calls, &e));
    cr_expect_eq(calls, 2);
    cr_expect_str_eq(e.text, "untouched");
    store_close(s);
}

/* ---- kills ---- */

#define UNIT_ROWS 5000u /* so that a commit takes its time */
#define KILLS 16

/* Says on the pipe when it is about to commit. */
static void write_units_forever(int pipe) {
    struct store *s = opened();
    for (uint32_t unit = 0;; unit++) {
        char name[16];
        snprintf(name, sizeof name, "u%u", unit);
        if (!store_begin(s, NULL) || !store_put_unit(s, &(struct unit_row){name, "v", UNIT_OK, "", 0}, NULL)) _exit(1);
        for (uint32_t i = 0; i < UNIT_ROWS; i++)
            if (!store_put_comparison(s, &(struct comparison_row){name, "v", "matched", i, i, "m", "w", i}, NULL))
                _exit(1);
        if (write(pipe, "c", 1) != 1 || !store_commit(s, NULL)) _exit(1);
    }
}

/* Lets a writer run until its third commit begins, and kills it `wait` nanoseconds later. */
static void kill_writer(long wait) {
    int ends[2], status;
    char byte;

    cr_assert_eq(pipe(ends), 0);
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) write_units_forever(ends[1]);
    close(ends[1]);
    for (int i = 0; i < 3; i++) cr_assert_eq(read(ends[0], &byte, 1), 1);
    nanosleep(&(struct timespec){0, wait}, NULL);
    kill(child, SIGKILL);
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFSIGNALED(status), "the writer stopped by itself");
    close(ends[0]);
}

static bool count_unit(void *context, const struct unit_row *row) {
    (void)row;
    ++*(uint32_t *)context;
    return true;
}

static bool count_comparison(void *context, const struct comparison_row *row) {
    (void)row;
    ++*(uint32_t *)context;
    return true;
}

Test(store, survives_sigkill_with_whole_units) {
    for (long k = 0; k < KILLS; k++) {
        uint32_t units = 0, comparisons = 0;
        kill_writer(k * 400000);
        struct store *s = opened();
        cr_assert(store_each_unit(s, count_unit, &units, NULL) &&
                  store_each_comparison(s, count_comparison, &comparisons, NULL));
        cr_expect_eq(comparisons, units * UNIT_ROWS, "%u units, %u rows", units, comparisons);
        cr_expect_geq(units, 2, "committed units are lost");
        cr_assert(store_clear(s, NULL));
        store_close(s);
    }
}

/* ---- files that are not ours ---- */

static void expect_refused(const char *wanted) {
    struct store *s = NULL;
    struct error e = {""};
    bool ok = store_open(path, &s, &e);
    cr_expect_not(ok);
    if (ok) store_close(s);
    cr_expect(strstr(e.text, wanted) && !strncmp(e.text, path, strlen(path)), "wanted `%s` in: %s", wanted, e.text);
}

/* A new file each time: ext4 waits for the disk when one is replaced. */
static void write_bytes(const void *bytes, size_t size) {
    unlink(path);
    cr_assert(file_write(path, bytes, size, NULL));
}

static void execute(const char *sql) {
    sqlite3 *db;
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

Test(store, refuses_foreign_files) {
    unsigned char noise[5000];
    for (size_t i = 0; i < sizeof noise; i++) noise[i] = (unsigned char)(i * i >> 3);
    write_bytes(noise, sizeof noise);
    expect_refused("not an SQLite file");
    write_bytes("hello", 5);
    expect_refused("not an SQLite file");
    unlink(path);
    execute("CREATE TABLE t (x)");
    expect_refused("of another program");
    unlink(path);
    store_close(opened());
    execute("PRAGMA user_version = 99");
    expect_refused("store of layout 99");
    snprintf(path, sizeof path, "%s/missing/assay.db", folder);
    expect_refused("make the file and its folder writable");
}

Test(store, refuses_damaged_files) {
    struct fake_run fake = {3, 2, 2, 2, 8, false, false};
    char own[64];
    uint8_t *whole;
    size_t size;

    store_close(fake_run_store(&fake, own));
    char *from = text_format("%s/assay.db", own);
    cr_assert(file_read(from, &whole, &size, NULL));
    free(from);
    fake_folder_remove(own);
    write_bytes(whole, size / 2);
    expect_refused("damaged");
    for (size_t i = 4096; i < size; i++) whole[i] = (uint8_t)(whole[i] ^ (uint8_t)(i * 31));
    write_bytes(whole, size);
    expect_refused("damaged");
    memset(whole + 16, 0x5a, 84);
    write_bytes(whole, size);
    expect_refused(":");
    free(whole);
}

/* What reports are made of: each change of a finished run's store is found before any is written. */
Test(store, a_changed_finished_run_is_refused) {
    static const struct {
        const char *edit, *what;
    } cases[] = {
        {"UPDATE verdicts SET verdict = 'PASS', as_expected = 1", "a verdict or what it is shown with"},
        {"DELETE FROM verdicts WHERE verdict <> 'PASS'", "a verdict or what it is shown with"},
        {"UPDATE verdicts SET reason = 'none'", "a verdict or what it is shown with"},
        {"UPDATE curves SET similarity = 0", "a verdict or what it is shown with"},
        {"UPDATE inputs SET target = 1 - target", "a verdict or what it is shown with"},
        {"UPDATE uses SET stage = 'x'", "a verdict or what it is shown with"},
        {"DELETE FROM places", "a verdict or what it is shown with"},
        {"DELETE FROM units", "a verdict or what it is shown with"},
        {"UPDATE units SET status = 2", "the unit of"},
        {"UPDATE similarities SET value = 1", "the unit of"},
        {"DELETE FROM similarities", "the unit of"},
        {"DELETE FROM pairs", "the unit of"},
        {"UPDATE kinds SET view = view || 'x'", "the unit of"},
        {"DELETE FROM comparisons", "the unit of"},
        {"UPDATE meta SET value = '{}' WHERE key = 'run'", "what it says of the run"},
        {"DELETE FROM meta WHERE key = 'results'", "what it says of the run"},
    };
    struct fake_run fake = {2, 2, 2, 2, 6, false, false};
    char own[64];
    uint8_t *whole;
    size_t size;
    struct error e = {""};

    struct store *s = fake_run_store(&fake, own);
    cr_assert(store_seal_results(s, &e) && store_check(s, &e), "%s", e.text);
    store_close(s);
    char *from = text_format("%s/assay.db", own);
    cr_assert(file_read(from, &whole, &size, NULL));
    free(from);
    fake_folder_remove(own);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_bytes(whole, size);
        execute(cases[i].edit);
        s = opened();
        cr_expect_not(store_check(s, &e), "%s", cases[i].edit);
        cr_expect_not_null(strstr(e.text, cases[i].what), "%s: %s", cases[i].edit, e.text);
        store_close(s);
    }
    free(whole);
}

Test(store, reports_values_it_did_not_write) {
    static const char *const edits[] = {"UPDATE units SET status = 7",
                                        "UPDATE units SET status = 'x'",
                                        "UPDATE maps SET shape = '1x9999999x9999999x9999999'",
                                        "UPDATE maps SET shape = '2x'",
                                        "UPDATE maps SET shape = '-1'",
                                        "UPDATE maps SET data = x'000000'",
                                        "UPDATE maps SET input = -1"};
    struct store *s = opened();
    float data[] = {1, 2};

    cr_assert(store_put_unit(s, &(struct unit_row){"e", "v", UNIT_OK, "", 0}, NULL));
    store_close(s);
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        struct error e = {""};
        uint32_t units = 0;
        int maps = 0;
        s = opened();
        cr_assert(store_clear(s, NULL) && store_put_unit(s, &(struct unit_row){"e", "v", UNIT_OK, "", 0}, NULL) &&
                  store_put_map(s, &(struct map_row){"e", "v", 0, {1, {2}}, data}, NULL));
        store_close(s);
        execute(edits[i]);
        s = opened();
        bool ok = store_each_unit(s, count_unit, &units, &e) && store_each_map(s, see_map, &maps, &e);
        cr_expect_not(ok, "%s", edits[i]);
        cr_expect_not_null(strstr(e.text, "did not write"), "%s: %s", edits[i], e.text);
        cr_expect_eq(maps, 0);
        store_close(s);
    }
}

/* ---- changed bits ---- */

static bool list_check(void *context, const struct check_row *row) {
    text_add(context, "check %s|%s|%s|%u|%.17g\n", row->explainer, row->control, row->variant, row->input, row->worst);
    return true;
}

static bool list_map_bytes(void *context, const struct map_row *row) {
    text_add(context, "map %s|%s|%u", row->explainer, row->variant, row->input);
    for (size_t k = 0; k < shape_count(&row->shape); k++) text_add(context, " %a", (double)row->data[k]);
    text_add(context, "\n");
    return true;
}

static bool list_comparison_value(void *context, const struct comparison_row *row) {
    text_add(context, "comparison %s|%s|%s|%s|%s|%u|%u|%.17g\n", row->explainer, row->variant, row->pairing,
             row->measure, row->view, row->input, row->other, row->value);
    return true;
}

static bool list_unit_status(void *context, const struct unit_row *row) {
    text_add(context, "unit %s|%s|%d|%s\n", row->explainer, row->variant, (int)row->status, row->why);
    return true;
}

static bool list_audit_row(void *context, const struct audit_row *row) {
    text_add(context, "audit %s|%u|%u|%s|%.17g|%g|%d\n", row->variant, row->changed, row->expected, row->digest,
             row->logit_r, row->agreement, row->finite);
    for (size_t l = 0; l < row->layer_count; l++) text_add(context, "%.9g\n", (double)row->activation_r[l]);
    return true;
}

static bool list_network_row(void *context, const struct network_row *row) {
    text_add(context, "network %s|%s|%u|%u|%.17g|%.17g", row->key, row->role, row->draw, row->epochs,
             row->train_accuracy, row->test_accuracy);
    for (size_t k = 0; k < row->flat_count; k++) text_add(context, " %a", (double)row->flat[k]);
    text_add(context, "\n");
    return true;
}

#define FLIPS 180u

static void count_dropped(void *context, const char *what) {
    cr_expect_neq(what[0], 0);
    ++*(uint32_t *)context;
}

/* As earlier versions wrote them: audits without activations ... */
#define WITHOUT_ACTIVATIONS                                                                                            \
    "DROP TABLE audits; CREATE TABLE audits (\"variant\" TEXT NOT NULL, \"changed\" INTEGER NOT NULL, "                \
    "\"expected\" INTEGER NOT NULL, \"digest\" TEXT NOT NULL, \"logit_r\" REAL, \"agreement\" REAL, "                  \
    "\"finite\" INTEGER NOT NULL, row_digest TEXT NOT NULL DEFAULT '', PRIMARY KEY (\"variant\")) ; "                  \
    "PRAGMA user_version = 5;"

/* ... and comparisons with all their names. */
static const char to_named[] = WITHOUT_ACTIVATIONS
    "CREATE TEMP TABLE c AS SELECT * FROM comparisons; DROP VIEW comparisons; DROP TABLE similarities; DROP TABLE pairs; "
    "DROP TABLE kinds; CREATE TABLE comparisons (\"explainer\" TEXT NOT NULL, \"variant\" TEXT NOT NULL, "
    "\"pairing\" TEXT NOT NULL, \"measure\" TEXT NOT NULL, \"view\" TEXT NOT NULL, \"input\" INTEGER NOT NULL, "
    "\"other\" INTEGER NOT NULL, \"value\" REAL, PRIMARY KEY (\"explainer\", \"variant\", \"pairing\", "
    "\"measure\", \"view\", \"input\", \"other\")) WITHOUT ROWID; INSERT INTO comparisons SELECT * FROM temp.c; "
    "DROP TABLE temp.c; PRAGMA user_version = 4";

/* Its rows and their order are those of the layout of today, its digests hold, and rows go in and out as ever. */
Test(store, reads_and_writes_the_layout_of_before) {
    struct fake_run fake = {3, 2, 2, 3, 6, false, false};
    struct error e = {""};
    struct text before = {0}, after = {0};
    uint32_t dropped = 0;
    int put = 0;
    struct store *s = opened();
    cr_assert(fake_run_fill(&fake, s, &e) && store_seal_results(s, &e) && store_check(s, &e), "%s", e.text);
    cr_assert(store_each_result(s, list_result, &before, &e) && store_each_comparison(s, list_comparison, &before, &e));
    store_close(s);
    execute(to_named);
    for (int look = 0; look < 2; look++) {
        cr_assert(look ? store_look(path, &s, &e) : store_open(path, &s, &e), "%s", e.text);
        cr_assert(store_check(s, &e), "%s", e.text);
        cr_assert(store_each_result(s, list_result, &after, &e) &&
                  store_each_comparison(s, list_comparison, &after, &e));
        cr_expect_str_eq(after.data, before.data);
        text_finish(&after);
        store_close(s);
    }
    s = opened();
    struct store *copy;
    cr_assert(store_copy(s, &copy, &e) && store_check(copy, &e), "%s", e.text);
    cr_assert(store_each_comparison(copy, list_comparison, &after, &e));
    text_finish(&after);
    store_close(copy);
    cr_assert(store_put_comparison(s, &(struct comparison_row){"e", "v", "matched", 4, 4, "m", "w", .5}, &e) &&
                  store_verify(s, count_dropped, &dropped, &e),
              "%s", e.text);
    cr_expect_eq(dropped, 1, "a comparison of no unit goes");
    cr_assert(store_clear(s, &e) && store_each_comparison(s, count_comparison, &put, &e));
    cr_expect_eq(put, 0);
    store_close(s);
    text_finish(&before);
}

static bool is_bare(void *context, const struct audit_row *row) {
    ++*(uint32_t *)context;
    cr_expect(row->finite && row->layer_count == 0, "%s", row->variant);
    return true;
}

/* An audit of before has no activations, and its digest, which knew of none, holds. New ones go in beside it. */
Test(store, reads_and_writes_audits_of_before) {
    struct error e = {""};
    uint32_t count = 0, dropped = 0;
    struct store *s = opened();
    store_close(s);
    execute(WITHOUT_ACTIVATIONS);
    s = opened();
    const struct audit_row row = {"v", 2, 2, "ab", .5, .5, true, (float[]){.25f}, 1};
    cr_assert(store_put_audit(s, &row, &e), "%s", e.text);
    s = reopened(s);
    cr_assert(store_verify(s, count_dropped, &dropped, &e), "%s", e.text);
    cr_assert(store_each_audit(s, is_bare, &count, &e), "%s", e.text);
    cr_expect(count == 1 && dropped == 0);
    store_close(s);
}

/* Everything that a resumed run takes over, a line for each row; NULL where the store is refused. `dropped`: how many
 * units, audits and networks were. */
static char *taken_over(uint32_t *dropped) {
    struct store *s = NULL;
    struct text out = {0};
    char *run = NULL;
    struct error e = {""};
    bool ok = store_open(path, &s, &e) && store_verify(s, count_dropped, dropped, &e) &&
              store_each_unit(s, list_unit_status, &out, &e) &&
              store_each_comparison(s, list_comparison_value, &out, &e) && store_each_check(s, list_check, &out, &e) &&
              store_each_map(s, list_map_bytes, &out, &e) && store_each_audit(s, list_audit_row, &out, &e) &&
              store_each_network(s, list_network_row, &out, &e) && store_meta(s, "run", &run, &e);
    cr_expect(ok || e.text[0], "an error says nothing");
    text_add(&out, "meta %s\n", run ? run : "");
    free(run);
    store_close(s);
    cr_assert_not(out.failed);
    if (!ok) text_finish(&out);
    return out.data;
}

/* Lines of `part` that `whole` does not have. Both in the same order. */
static size_t foreign_lines(const char *part, const char *whole) {
    size_t foreign = 0;
    while (*part) {
        size_t n = strcspn(part, "\n") + 1;
        const char *at = whole;
        while (*at && strncmp(at, part, n) != 0) at += strcspn(at, "\n") + 1;
        if (*at) whole = at + n;
        else foreign++;
        part += n;
    }
    return foreign;
}

/* One flipped bit: the file is refused, or the rows it was in are dropped, or nothing was there. A resumed run never
 * takes over what was not stored. */
Test(store, a_flipped_bit_is_found) {
    struct fake_run fake = {2, 2, 2, 12, 6, false, false};
    char own[64];
    uint8_t *whole;
    size_t size;
    uint32_t refused = 0, mended = 0, same = 0, none = 0;
    store_close(fake_run_store(&fake, own));
    char *from = text_format("%s/assay.db", own);
    cr_assert(file_read(from, &whole, &size, NULL));
    free(from);
    fake_folder_remove(own);
    write_bytes(whole, size);
    char *all = taken_over(&none);
    cr_assert(all && none == 0, "an intact store is taken over as it is");
    for (size_t k = 0; k < FLIPS; k++) {
        size_t bit = (k * 8 * size + 4 * size) / FLIPS + k * 5 % 8;
        uint32_t dropped = 0;
        whole[bit / 8] ^= (uint8_t)(1u << bit % 8);
        write_bytes(whole, size);
        char *now = taken_over(&dropped);
        whole[bit / 8] ^= (uint8_t)(1u << bit % 8);
        size_t foreign = now ? foreign_lines(now, all) : 0;
        cr_expect_eq(foreign, 0, "bit %zu: %zu rows that were never stored", bit, foreign);
        cr_expect(!now || dropped || strcmp(now, all) == 0, "bit %zu: rows went without a word", bit);
        refused += !now;
        mended += now && dropped;
        same += now && !dropped;
        free(now);
    }
    cr_expect(refused > 10 && mended > 10 && same > 10, "%u refused, %u mended, %u the same", refused, mended, same);
    free(all);
    free(whole);
}

/* Edits by hand, of every kind of row that a verdict rests on. */
Test(store, a_changed_row_is_dropped_or_refused) {
    static const struct {
        const char *edit;
        bool refused;
    } cases[] = {
        {"UPDATE similarities SET value = .25 WHERE pair = 1 AND input = 1", false},
        {"UPDATE pairs SET variant = variant || 'x' WHERE pair % 2", false},
        {"UPDATE similarities SET pair = pair + 1000 WHERE input = 0", false},
        {"UPDATE similarities SET kind = kind + 1000 WHERE input = 0", false},
        {"DELETE FROM pairs WHERE pair = 1", false},
        {"DELETE FROM kinds WHERE kind = 1", false},
        {"DELETE FROM comparisons WHERE input = 1", false},
        {"UPDATE units SET status = 2", false},
        {"UPDATE units SET why = 'x' WHERE variant = 'model'", false},
        {"UPDATE units SET variant = 'modem' WHERE variant = 'model'", false},
        {"UPDATE checks SET holds = 1 - holds", false},
        {"UPDATE maps SET data = zeroblob(length(data))", false},
        {"UPDATE audits SET logit_r = 0", false},
        {"UPDATE networks SET flat = zeroblob(length(flat))", false},
        {"UPDATE meta SET value = '{}' WHERE key = 'run'", true},
        {"DELETE FROM meta WHERE key = 'run'", true},
        {"INSERT INTO meta VALUES ('breach/gradient', 'x')", true},
        {"CREATE VIEW more AS SELECT 1", true},
        {"DROP VIEW variant_places; CREATE VIEW variant_places AS SELECT variant, 1 AS place FROM uses", true},
        {"UPDATE uses SET stage_index = 77", false},
    };
    struct fake_run fake = {2, 2, 2, 2, 6, false, false};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        uint32_t dropped = 0;
        struct error e = {""};
        unlink(path);
        struct store *s = opened();
        cr_assert(fake_run_fill(&fake, s, &e), "%s", e.text);
        store_close(s);
        char *all = taken_over(&dropped);
        s = opened();
        cr_assert(fake_run_fill(&fake, s, &e), "%s", e.text); /* verifying took what is computed anew */
        store_close(s);
        cr_assert(all && !dropped);
        execute(cases[k].edit);
        char *now = taken_over(&dropped);
        cr_expect_eq(!now, cases[k].refused, "%s", cases[k].edit);
        cr_expect(!now || foreign_lines(now, all) == 0, "%s", cases[k].edit);
        cr_expect(!now || dropped || strstr(cases[k].edit, "uses"), "%s: nothing was dropped", cases[k].edit);
        free(now);
        free(all);
    }
}

Test(store, knows_whether_its_file_is_still_there) {
    char other[128];
    struct error e = {""};
    struct store *s = opened();
    cr_expect(store_check_file(s, &e));
    cr_expect_str_eq(store_path(s), path);
    snprintf(other, sizeof other, "%s/elsewhere", folder);
    cr_assert_eq(rename(path, other), 0);
    cr_expect_not(store_check_file(s, &e), "moved");
    cr_expect(strstr(e.text, path) && strstr(e.text, "new folder"), "%s", e.text);
    write_bytes("another", 7);
    cr_expect_not(store_check_file(s, &e), "replaced");
    unlink(path);
    cr_assert_eq(rename(other, path), 0);
    cr_expect(store_check_file(s, &e), "back again");
    unlink(path);
    cr_expect_not(store_check_file(s, &e), "deleted");
    store_close(s);
}

Test(store, drops_all_of_an_explainer) {
    struct fake_run fake = {2, 2, 2, 2, 6, false, false};
    struct store *s = opened();
    struct text out = {0};
    struct error e = {""};
    cr_assert(fake_run_fill(&fake, s, &e) && store_drop_units(s, "gradient", NULL, &e), "%s", e.text);
    cr_assert(store_each_unit(s, list_unit, &out, &e) && store_each_comparison(s, list_comparison, &out, &e) &&
              store_each_map(s, list_map, &out, &e) && store_each_check(s, list_check, &out, &e));
    cr_expect(strstr(out.data, "saliency|") && !strstr(out.data, "gradient|"));
    text_finish(&out);
    store_close(s);
}

Test(store, is_held_by_one_process) {
    struct store *s = opened();
    expect_refused("in use by another process");
    store_close(s);
    store_close(opened());
}

Test(store, begins_once) {
    struct store *s = opened();
    struct error e = {""};
    cr_assert(store_begin(s, NULL));
    cr_expect_not(store_begin(s, &e));
    cr_expect_neq(e.text[0], '\0');
    cr_expect(store_put_unit(s, &(struct unit_row){"e", "v", UNIT_OK, "", 0}, NULL));
    s = reopened(s);
    cr_expect_not(store_has_unit(s, "e", "v"), "closing drops the open transaction");
    store_close(s);
}

static bool good_comparison(void *context, const struct comparison_row *row) {
    ++*(int *)context;
    cr_expect_str_eq(row->explainer, "good");
    return true;
}

static bool good_check(void *context, const struct check_row *row) {
    ++*(int *)context;
    cr_expect_str_eq(row->explainer, "good");
    return true;
}

static bool good_map(void *context, const struct map_row *row) {
    ++*(int *)context;
    cr_expect_str_eq(row->explainer, "good");
    return true;
}

Test(store, drops_the_results_of_one_explainer) {
    static const char *const names[] = {"good", "bad"};
    struct store *s = opened();
    float map[] = {1};
    int comparisons = 0, checks = 0, maps = 0;
    for (size_t i = 0; i < 2; i++) {
        cr_assert(store_put_unit(s, &(struct unit_row){names[i], "v", UNIT_OK, NULL, 0}, NULL));
        cr_assert(store_put_comparison(
            s, &(struct comparison_row){names[i], "v", "matched", 0, 0, "spearman", "signed/all", .5}, NULL));
        cr_assert(store_put_check(s, &(struct check_row){.explainer = names[i], .control = "c", .what = "w"}, NULL));
        cr_assert(store_put_map(s, &(struct map_row){names[i], "v", 0, {1, {1}}, map}, NULL));
    }
    cr_assert(store_drop_units(s, "bad", NULL, NULL));
    cr_assert(store_drop_units(s, "nobody", NULL, NULL));
    cr_expect(store_has_unit(s, "good", "v") && !store_has_unit(s, "bad", "v"));
    cr_assert(store_each_comparison(s, good_comparison, &comparisons, NULL));
    cr_assert(store_each_check(s, good_check, &checks, NULL));
    cr_assert(store_each_map(s, good_map, &maps, NULL));
    cr_expect(comparisons == 1 && checks == 1 && maps == 1);
    store_close(s);
}
