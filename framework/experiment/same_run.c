/* same_run.c: two records side by side, without what they say of the machine and of files of explainers. */
#include "experiment/same_run.h"

#include <jansson.h>
#include <string.h>

/* What a record's identity leaves out, too (record.c). */
static const char *const machine_keys[] = {"battery_file", "libraries", "machine", "sandbox"};

static const char *digest_of(const json_t *explainers, size_t i) {
    return json_string_value(json_object_get(json_array_get(explainers, i), "sha256"));
}

static void count_files(const json_t *stored, const json_t *here, struct same_run *out) {
    for (size_t i = 0; i < json_array_size(here); i++) {
        const char *before = digest_of(stored, i), *now = digest_of(here, i);
        out->explainers += now != NULL;
        out->others += now && (!before || strcmp(before, now) != 0);
    }
}

static void strip_machine(json_t *record) {
    for (size_t i = 0; i < sizeof machine_keys / sizeof *machine_keys; i++) json_object_del(record, machine_keys[i]);
}

/* Takes away what may differ. */
static void strip(json_t *record) {
    json_t *explainers = json_object_get(record, "explainers");
    strip_machine(record);
    for (size_t i = 0; i < json_array_size(explainers); i++) {
        json_object_del(json_array_get(explainers, i), "path");
        json_object_del(json_array_get(explainers, i), "sha256");
    }
}

bool same_run(const char *stored, const char *here, struct same_run *out, struct error *e) {
    json_t *a = stored ? json_loads(stored, 0, NULL) : NULL, *b = json_loads(here, 0, NULL);
    bool ok = json_is_object(b) || error_memory(e);
    *out = (struct same_run){.same = false};
    if (ok && json_is_object(a)) {
        count_files(json_object_get(a, "explainers"), json_object_get(b, "explainers"), out);
        strip(a);
        strip(b);
        out->same = json_equal(a, b);
    }
    json_decref(a);
    json_decref(b);
    return ok;
}

/* A row of a file that has no id: nobody could ask it. */
static bool is_unknown(const json_t *explainer) {
    return json_is_null(json_object_get(explainer, "id")) && json_is_string(json_object_get(explainer, "path"));
}

bool same_run_described(const char *stored, const char *here, bool *same, struct error *e) {
    static const char *const described[] = {"id", "parameters", "claims"};
    json_t *a = stored ? json_loads(stored, 0, NULL) : NULL, *b = json_loads(here, 0, NULL);
    json_t *before = json_object_get(a, "explainers"), *now = json_object_get(b, "explainers");
    bool ok = json_is_object(b) || error_memory(e);
    for (size_t i = 0; i < json_array_size(before); i++) {
        json_t *row = json_array_get(before, i);
        if (!is_unknown(row)) continue;
        for (size_t k = 0; k < sizeof described / sizeof *described; k++)
            json_object_set(row, described[k], json_object_get(json_array_get(now, i), described[k]));
    }
    strip_machine(a);
    strip_machine(b);
    *same = ok && json_equal(a, b);
    json_decref(a);
    json_decref(b);
    return ok;
}
