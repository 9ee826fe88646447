/* store: a store that --resume opens: every table is walked, then written to. */
#include "fuzz.h"

#include "store/store.h"

#include <stdlib.h>
#include <string.h>

#define WALK(name)                                                                                                     \
    static bool take_##name(void *user, const struct name##_row *row) {                                                \
        *(size_t *)user += strlen(row->explainer) + strlen(row->variant);                                              \
        return true;                                                                                                   \
    }
WALK(unit)
WALK(comparison)

static double sum_of(const float *data, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)data[i];
    return sum;
}

static bool take_map(void *user, const struct map_row *row) {
    *(double *)user += sum_of(row->data, shape_count(&row->shape));
    return true;
}

static bool take_input(void *user, const struct input_row *row) {
    *(double *)user += sum_of(row->data, shape_count(&row->shape));
    return true;
}

static bool take_network(void *user, const struct network_row *row) {
    *(double *)user += sum_of(row->flat, row->flat_count);
    return true;
}

static bool take_result(void *user, const struct result_row *row) {
    *(size_t *)user += strlen(row->control) + strlen(row->stage) + strlen(row->view);
    return true;
}

static bool take_verdict(void *user, const struct verdict_row *row) {
    *(size_t *)user += strlen(row->verdict) + strlen(row->reason) + strlen(row->first_stage) + strlen(row->annotation);
    return true;
}

static bool take_curve(void *user, const struct curve_row *row) {
    *(size_t *)user += strlen(row->stage) + strlen(row->decision);
    return true;
}

static bool take_audit(void *user, const struct audit_row *row) {
    *(size_t *)user += strlen(row->variant) + strlen(row->digest);
    return true;
}

static bool take_check(void *user, const struct check_row *row) {
    *(size_t *)user += strlen(row->control) + strlen(row->what);
    return true;
}

void fuzz_store(const uint8_t *data, size_t size) {
    struct store *store = NULL;
    struct error e;
    char *text = NULL;
    size_t letters = 0;
    double sum = 0;
    fuzz_file("assay.db-journal", "", 0);
    if (!store_open(fuzz_file("assay.db", data, size), &store, &e)) return;
    if (store_meta(store, "run", &text, &e)) free(text);
    store_each_unit(store, take_unit, &letters, &e);
    store_each_comparison(store, take_comparison, &letters, &e);
    store_each_map(store, take_map, &sum, &e);
    store_each_input(store, take_input, &sum, &e);
    store_each_network(store, take_network, &sum, &e);
    store_each_result(store, take_result, &letters, &e);
    store_each_verdict(store, take_verdict, &letters, &e);
    store_each_curve(store, take_curve, &letters, &e);
    store_each_audit(store, take_audit, &letters, &e);
    store_each_check(store, take_check, &letters, &e);
    if (store_begin(store, &e) && store_clear(store, &e)) store_commit(store, &e);
    store_close(store);
}
