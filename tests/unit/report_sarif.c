/* report.sarif: the fields that SARIF 2.1.0 requires, and a result for everything that was not as expected. */
#include "reports/report.h"

#include "fake_run.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

TestSuite(report_sarif);

#define PLACES                                                                                                         \
    "{\"file\": \"%s\", \"rows\": [{\"explainer\": \"smoothgrad\", \"line\": 7}, {\"explainer\": \"gradient\", "       \
    "\"line\": 3}], \"expect\": []}"

/* file: of the battery, or NULL: it came from standard input. */
static json_t *written_with(const struct fake_run *fake, const char *file, const char *canaries,
                            const char *equalities) {
    const struct report *r = reports;
    char folder[64], places[512];
    struct error e = {""};
    struct store *s = fake_run_store(fake, folder);

    while (r->id && strcmp(r->id, "sarif") != 0) r++;
    cr_assert(r->id && r->on_demand);
    snprintf(places, sizeof places, PLACES, file ? file : "");
    cr_assert(!file || store_set_meta(s, "places", places, &e), "%s", e.text);
    cr_assert(!canaries || store_set_meta(s, "canaries", canaries, &e), "%s", e.text);
    cr_assert(!equalities || store_set_meta(s, "equalities", equalities, &e), "%s", e.text);
    cr_assert(r->write(s, folder, &e), "%s", e.text);
    char *text = fake_read(folder, "report.sarif");
    json_error_t where;
    json_t *o = json_loads(text, JSON_REJECT_DUPLICATES, &where);
    cr_assert_not_null(o, "%d: %s", where.line, where.text);
    store_close(s);
    fake_folder_remove(folder);
    free(text);
    return o;
}

static json_t *written(const struct fake_run *fake, const char *file, const char *canaries) {
    return written_with(fake, file, canaries, NULL);
}

static const json_t *at(const json_t *o, const char *key) {
    const json_t *value = json_object_get(o, key);
    cr_assert_not_null(value, "no '%s'", key);
    return value;
}

static const char *text_at(const json_t *o, const char *key) {
    const char *text = json_string_value(at(o, key));
    cr_assert_not_null(text, "'%s' is no text", key);
    return text;
}

static bool has_rule(const json_t *rules, const char *id) {
    for (size_t i = 0; i < json_array_size(rules); i++)
        if (strcmp(text_at(json_array_get(rules, i), "id"), id) == 0) return true;
    return false;
}

/* What the published schema (sarif-schema-2.1.0.json) has for the objects that are written here: no other property may
 * be there, and those in capitals must. */
static const struct {
    const char *object, *properties[10];
} schema[] = {
    {"log", {"$schema", "VERSION", "RUNS"}},
    {"run", {"TOOL", "invocations", "columnKind", "results"}},
    {"tool", {"DRIVER"}},
    {"driver", {"NAME", "semanticVersion", "rules"}},
    {"rule", {"ID", "shortDescription"}},
    {"shortDescription", {"TEXT"}},
    {"invocation", {"EXECUTIONSUCCESSFUL", "exitCode"}},
    {"result", {"MESSAGE", "ruleId", "level", "locations", "partialFingerprints"}},
    {"message", {"TEXT"}},
    {"location", {"physicalLocation"}},
    {"physicalLocation", {"ARTIFACTLOCATION", "region"}},
    {"artifactLocation", {"uri"}},
    {"region", {"startLine"}},
};

static void expect_properties(const json_t *o, const char *object) {
    const char *key;
    json_t *value;
    size_t k = 0, known = 0;
    while (strcmp(schema[k].object, object) != 0) k++;
    cr_assert(json_is_object(o), "%s", object);
    for (size_t p = 0; schema[k].properties[p]; p++) {
        const char *name = schema[k].properties[p];
        bool required = name[0] >= 'A' && name[0] <= 'Z', there = false;
        json_object_foreach((json_t *)(uintptr_t)o, key, value) there |= strcasecmp(key, name) == 0;
        cr_expect(there || !required, "%s without %s", object, name);
        known += there;
    }
    cr_expect_eq(known, json_object_size(o), "%s has a property that the schema does not know", object);
}

/* Rules are a set. */
static void expect_rules(const json_t *rules) {
    for (size_t i = 0; i < json_array_size(rules); i++) {
        const json_t *rule = json_array_get(rules, i), *description = json_object_get(rule, "shortDescription");
        expect_properties(rule, "rule");
        if (description) expect_properties(description, "shortDescription");
        for (size_t k = 0; k < i; k++) cr_expect_not(json_equal(rule, json_array_get(rules, k)), "%zu twice", i);
    }
}

static void expect_place(const json_t *place) {
    const json_t *physical = at(place, "physicalLocation");
    expect_properties(place, "location");
    expect_properties(physical, "physicalLocation");
    expect_properties(at(physical, "artifactLocation"), "artifactLocation");
    expect_properties(at(physical, "region"), "region");
    cr_expect(*text_at(at(physical, "artifactLocation"), "uri"));
    cr_expect_geq(json_integer_value(at(at(physical, "region"), "startLine")), 1);
}

/* Sections 3.13, 3.14, 3.18, 3.19, 3.20, 3.27, 3.28 and 3.29 of the standard. Returns the results. */
static const json_t *expect_sarif(const json_t *o) {
    cr_expect_str_eq(text_at(o, "version"), "2.1.0");
    cr_assert_eq(json_array_size(at(o, "runs")), 1);
    const json_t *run = json_array_get(at(o, "runs"), 0), *driver = at(at(run, "tool"), "driver");
    cr_expect_str_eq(text_at(driver, "name"), "assay");
    const json_t *invocation = json_array_get(at(run, "invocations"), 0);
    cr_expect(json_is_boolean(at(invocation, "executionSuccessful")) && json_is_integer(at(invocation, "exitCode")));
    const json_t *results = at(run, "results");
    expect_properties(o, "log");
    expect_properties(run, "run");
    expect_properties(at(run, "tool"), "tool");
    expect_properties(driver, "driver");
    expect_properties(invocation, "invocation");
    expect_rules(at(driver, "rules"));
    cr_expect_str_eq(text_at(run, "columnKind"), "unicodeCodePoints");
    cr_assert(json_is_array(results));
    for (size_t i = 0; i < json_array_size(results); i++) {
        const json_t *r = json_array_get(results, i);
        const char *level = text_at(r, "level");
        cr_expect(strcmp(level, "error") == 0 || strcmp(level, "warning") == 0, "%s", level);
        cr_expect(has_rule(at(driver, "rules"), text_at(r, "ruleId")), "%s", text_at(r, "ruleId"));
        cr_expect(*text_at(at(r, "message"), "text"));
        cr_expect(*text_at(at(r, "partialFingerprints"), "cell/v1"));
        const json_t *place = json_array_get(json_object_get(r, "locations"), 0);
        expect_properties(r, "result");
        expect_properties(at(r, "message"), "message");
        if (!place) continue;
        expect_place(place);
    }
    return results;
}

static const json_t *find(const json_t *results, const char *cell) {
    for (size_t i = 0; i < json_array_size(results); i++)
        if (strcmp(text_at(at(json_array_get(results, i), "partialFingerprints"), "cell/v1"), cell) == 0)
            return json_array_get(results, i);
    return NULL;
}

Test(report_sarif, has_what_was_not_as_expected) {
    struct fake_run fake = FAKE_RUN_DEFAULT;
    json_t *o = written(&fake, "my batteries/b:1.yaml", NULL);
    const json_t *results = expect_sarif(o);

    cr_expect_eq(json_array_size(results), 3, "%zu", json_array_size(results));
    const json_t *r = find(results, "smoothgrad/cascading");
    cr_assert_not_null(r);
    cr_expect_str_eq(text_at(r, "ruleId"), "cascading");
    cr_expect_str_eq(text_at(r, "level"), "warning", "INCONCLUSIVE");
    const json_t *physical = at(json_array_get(at(r, "locations"), 0), "physicalLocation");
    cr_expect_str_eq(text_at(at(physical, "artifactLocation"), "uri"), "my%20batteries/b%3A1.yaml");
    cr_expect_eq(json_integer_value(at(at(physical, "region"), "startLine")), 7);
    json_decref(o);
}

/* A wrong canary is the reason for exit code 3, whatever the verdicts are. */
Test(report_sarif, has_wrong_canaries_and_no_place_of_standard_input) {
    struct fake_run fake = {6, 2, 2, 2, 8, false, true};
    json_t *o = written(&fake, NULL, "{\"sentence\": \"5 of 6\", \"warning\": \"no ground for verdicts\"}");
    const json_t *results = expect_sarif(o), *r = find(results, "canaries");

    cr_assert_not_null(r);
    cr_expect_str_eq(text_at(at(r, "message"), "text"), "no ground for verdicts");
    cr_expect_null(json_object_get(r, "locations"));
    const json_t *run = json_array_get(at(o, "runs"), 0);
    cr_expect(json_is_false(at(json_array_get(at(run, "invocations"), 0), "executionSuccessful")));
    json_decref(o);
}

/* A warning that decides no exit code. */
Test(report_sarif, has_warnings_about_equal_maps) {
    struct fake_run fake = FAKE_RUN_DEFAULT;
    json_t *o = written_with(&fake, "b.yaml", NULL, "{\"sentence\": null, \"warning\": \"a and b give one map\"}");
    const json_t *results = expect_sarif(o), *r = find(results, "equalities");

    cr_assert_not_null(r);
    cr_expect_str_eq(text_at(r, "level"), "warning");
    cr_expect_str_eq(text_at(at(r, "message"), "text"), "a and b give one map");
    json_decref(o);
}
