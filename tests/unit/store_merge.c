/* Units of one store beside those of another: taken over, and compared. */
#include "store/store_merge.h"

#include "fake_run.h"
#include "store/store.h"
#include "store/store_compare.h"
#include "store/store_sql.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static char folder[64], path[96];

static void setup(void) {
    fake_folder(folder);
    snprintf(path, sizeof path, "%s/assay.db", folder);
}

static void cleanup(void) {
    fake_folder_remove(folder);
}

TestSuite(store_merge, .init = setup, .fini = cleanup);

static struct store *opened(void) {
    struct store *s = NULL;
    struct error e = {""};
    cr_assert(store_open(path, &s, &e), "%s", e.text);
    return s;
}

static struct store *other_store(const char *name, const struct unit_row *unit, double value) {
    char place[128];
    struct store *s = NULL;
    struct error e = {""};
    snprintf(place, sizeof place, "%s/%s.db", folder, name);
    cr_assert(store_open(place, &s, &e), "%s", e.text);
    cr_assert(store_begin(s, &e) && store_put_unit(s, unit, &e));
    cr_assert(store_put_comparison(
        s, &(struct comparison_row){unit->explainer, unit->variant, "matched", 0, 0, "spearman", "signed/all", value},
        &e));
    cr_assert(store_seal_unit(s, unit->explainer, unit->variant, &e) && store_commit(s, &e));
    return s;
}

static bool sum_comparison(void *context, const struct comparison_row *row) {
    *(double *)context += row->value;
    return true;
}

Test(store_merge, takes_what_another_store_computed_and_refuses_what_was_computed_twice) {
    struct store *s = opened();
    struct store *a = other_store("a", &(struct unit_row){"e", "v", UNIT_OK, NULL, 1}, 1);
    struct store *b = other_store("b", &(struct unit_row){"e", "w", UNIT_OK, NULL, 1}, 10);
    struct store *again = other_store("again", &(struct unit_row){"e", "v", UNIT_OK, NULL, 2}, 1);
    struct error e = {""};
    double sum = 0;

    cr_assert(store_take(s, a, &e) && store_take(s, b, &e), "%s", e.text);
    cr_assert(store_take(s, a, &e), "the same unit, from a store that both go back to: %s", e.text);
    cr_assert(store_each_comparison(s, sum_comparison, &sum, &e));
    cr_expect_eq(sum, 11);
    cr_expect_not(store_take(s, again, &e));
    cr_expect(strstr(e.text, "again.db: the unit of e on v is in an earlier one"), "%s", e.text);
    store_close(a);
    store_close(b);
    store_close(again);
    store_close(s);
}

/* Whose audits say less. */
Test(store_merge, refuses_a_store_of_an_earlier_layout) {
    struct store *s = opened();
    struct store *a = other_store("a", &(struct unit_row){"e", "v", UNIT_OK, NULL, 1}, 1);
    struct error e = {""};
    a->layout = LAYOUT_NUMBERED;
    cr_expect_not(store_take(s, a, &e));
    cr_expect(strstr(e.text, "a.db: a store of layout 5, written by another version of assay"), "%s", e.text);
    store_close(a);
    store_close(s);
}

static bool join_meta(void *context, const char *key, const char *value) {
    strcat(context, key);
    strcat(context, value);
    return true;
}

Test(store_merge, walks_over_what_it_says_by_the_beginning_of_keys) {
    struct store *s = opened();
    struct error e = {""};
    char found[64] = "";
    static const char *const keys[] = {"b/2", "a/1", "b/1", "b", "c%", "b/"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) cr_assert(store_set_meta(s, keys[i], ";", &e));
    cr_assert(store_unset_meta(s, "b/2", &e) && store_unset_meta(s, "not there", &e));
    cr_assert(store_each_meta(s, "b/", join_meta, found, &e));
    cr_expect_str_eq(found, "b/;b/1;");
    store_close(s);
    s = opened();
    cr_expect(store_verify_meta(s, &e), "%s", e.text);
    store_close(s);
}

/* ---- comparing ---- */

struct pair_case {
    const char *what;
    struct unit_row a, b;
    double x, y, tolerance;
    const char *differs; /* how the message begins */
};

static const struct pair_case pairs[] = {
    {"times do not count", {"e", "v", UNIT_OK, "", 1}, {"e", "v", UNIT_OK, "", 2}, .5, .5, 0, ""},
    {"the last bit counts",
     {"e", "v", UNIT_OK, "", 1},
     {"e", "v", UNIT_OK, "", 1},
     .5,
     .5 + 1e-16 * 2,
     0,
     "comparisons matched, spearman, signed/all, 0, 0, value: "},
    {"but within a tolerance", {"e", "v", UNIT_OK, "", 1}, {"e", "v", UNIT_OK, "", 1}, .5, .5 + 1e-9, 1e-6, ""},
    {"beyond it", {"e", "v", UNIT_OK, "", 1}, {"e", "v", UNIT_OK, "", 1}, .5, .6, 1e-6, "comparisons matched"},
    {"no number and a number", {"e", "v", UNIT_OK, "", 1}, {"e", "v", UNIT_OK, "", 1}, NAN, .6, 1, "comparisons"},
    {"twice no number", {"e", "v", UNIT_OK, "", 1}, {"e", "v", UNIT_OK, "", 1}, NAN, NAN, 0, ""},
    {"status", {"e", "v", UNIT_OK, "", 1}, {"e", "v", UNIT_FAILED, "", 1}, 1, 1, 1, "units status: 0 stored, 2 now"},
    {"why", {"e", "v", UNIT_FAILED, "x", 1}, {"e", "v", UNIT_FAILED, "y", 1}, 1, 1, 0, "units why: x stored, y now"},
    {"why, elsewhere", {"e", "v", UNIT_FAILED, "x", 1}, {"e", "v", UNIT_FAILED, "y", 1}, 1, 1, 1e-3, ""},
    {"not there", {"e", "v", UNIT_OK, "", 1}, {"e", "w", UNIT_OK, "", 1}, 1, 1, 1, "units: fewer now than stored"},
};

Test(store_merge, compares_units_by_bytes_or_within_a_tolerance) {
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const struct pair_case *c = &pairs[i];
        char names[2][16];
        struct unit_difference d;
        struct store *copy = NULL;
        struct error e = {""};
        snprintf(names[0], sizeof names[0], "a%zu", i);
        snprintf(names[1], sizeof names[1], "b%zu", i);
        struct store *a = other_store(names[0], &c->a, c->x), *b = other_store(names[1], &c->b, c->y);
        cr_assert(store_copy(b, &copy, &e), "%s", e.text);
        cr_assert(store_compare_unit(a, copy, "e", "v", c->tolerance, &d, &e), "%s", e.text);
        cr_expect(strncmp(d.what, c->differs, strlen(c->differs)) == 0 && !d.what[0] == !c->differs[0], "%s: '%s'",
                  c->what, d.what);
        store_close(a);
        store_close(b);
        store_close(copy);
    }
}

Test(store_merge, compares_maps_relative_to_their_largest_number) {
    const float x[] = {100, 1, 0, 0}, y[] = {100, 1.5f, 0, 0};
    struct unit_row unit = {"e", "v", UNIT_OK, NULL, 1};
    struct store *a = other_store("a", &unit, 1), *b = other_store("b", &unit, 1);
    struct unit_difference d;
    struct error e = {""};
    cr_assert(store_put_map(a, &(struct map_row){"e", "v", 0, {1, {4}}, x}, &e));
    cr_assert(store_compare_unit(a, b, "e", "v", 1, &d, &e) && strcmp(d.what, "maps: fewer now than stored") == 0);
    cr_assert(store_put_map(b, &(struct map_row){"e", "v", 0, {1, {4}}, y}, &e));
    cr_assert(store_compare_unit(a, b, "e", "v", 0, &d, &e) && strcmp(d.what, "maps 0, data: other numbers") == 0);
    cr_assert(store_compare_unit(a, b, "e", "v", 1e-3, &d, &e) && d.what[0], "0.5 of 100");
    cr_assert(store_compare_unit(a, b, "e", "v", 1e-2, &d, &e) && !d.what[0]);
    cr_expect_float_eq(d.largest, .005, 1e-9);
    store_close(a);
    store_close(b);
}
