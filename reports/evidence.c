/* evidence.c: rows of the store, sorted into matrices. */
#include "reports/evidence.h"

#include "base/array.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct loader {
    struct evidence *e;
    const char *explainer, *control;
    uint32_t most; /* draws that count */
    uint32_t *similar_count, *different_count;
    struct error *error;
};

static bool is_wanted(const struct loader *l, const struct result_row *r) {
    return strcmp(r->explainer, l->explainer) == 0 && strcmp(r->control, l->control) == 0 && r->draw < l->most;
}

static uint32_t index_of(const struct evidence *e, uint32_t input) {
    uint32_t i = 0;
    if (input < e->inputs && e->input[input] == input) return input;
    while (i < e->inputs && e->input[i] != input) i++;
    return i;
}

/* The first time: how many of each there are, and their names. */
static bool measure_row(void *user, const struct result_row *r) {
    struct loader *l = user;
    struct evidence *e = l->e;
    if (!is_wanted(l, r)) return true;
    for (; e->stages <= r->stage_index; e->stages++) {
        char **more = array_grow(e->stage, e->stages, sizeof *more);
        if (!more) return error_memory(l->error);
        e->stage = more;
        e->stage[e->stages] = NULL;
    }
    if (!e->stage[r->stage_index] && !(e->stage[r->stage_index] = text_copy(r->stage))) return error_memory(l->error);
    if (r->draw >= e->draws) e->draws = r->draw + 1;
    if (index_of(e, r->input) < e->inputs) return true;
    uint32_t *more = array_grow(e->input, e->inputs, sizeof *more);
    if (!more) return error_memory(l->error);
    e->input = more;
    e->input[e->inputs++] = r->input;
    return true;
}

static size_t of_measure(const char *id) {
    size_t m = 0;
    while (measures[m] && strcmp(measures[m]->id, id) != 0) m++;
    return m;
}

static size_t similar_at(const struct evidence *e, size_t measure, unsigned view, uint32_t stage) {
    return ((measure * VIEW_COUNT + view) * e->stages + stage) * e->draws * e->inputs;
}

static size_t different_at(const struct evidence *e, size_t measure, unsigned view) {
    return (measure * VIEW_COUNT + view) * e->draws;
}

/* The second time: sums. A pair of which one map vanished is a missing cell. */
static bool add_row(void *user, const struct result_row *r) {
    struct loader *l = user;
    struct evidence *e = l->e;
    size_t m = of_measure(r->measure);
    unsigned v = view_named(r->view);
    if (!is_wanted(l, r) || !measures[m] || v == VIEW_COUNT) return true;
    if (strcmp(r->pairing, "matched") == 0) {
        size_t at = similar_at(e, m, v, r->stage_index) + (size_t)r->draw * e->inputs + index_of(e, r->input);
        e->similar[at] += r->value;
        l->similar_count[at]++;
    } else if (!isnan(r->value)) {
        size_t at = different_at(e, m, v) + r->draw;
        e->different[at] += r->value;
        l->different_count[at]++;
    }
    return true;
}

static void take_means(double *sum, const uint32_t *count, size_t n) {
    for (size_t k = 0; k < n; k++) sum[k] = count[k] ? sum[k] / count[k] : (double)NAN;
}

static bool fill(struct store *s, struct loader *l, struct error *error) {
    struct evidence *e = l->e;
    size_t similar = measure_count() * VIEW_COUNT * e->stages * e->draws * e->inputs,
           different = measure_count() * VIEW_COUNT * e->draws;
    e->similar = calloc(similar + 1, sizeof *e->similar);
    e->different = calloc(different + 1, sizeof *e->different);
    l->similar_count = calloc(similar + 1, sizeof *l->similar_count);
    l->different_count = calloc(different + 1, sizeof *l->different_count);
    bool ok = (e->similar && e->different && l->similar_count && l->different_count) || error_memory(error);
    ok = ok && store_each_result_of(s, l->explainer, l->control, add_row, l, error);
    if (ok) take_means(e->similar, l->similar_count, similar);
    if (ok) take_means(e->different, l->different_count, different);
    free(l->similar_count);
    free(l->different_count);
    return ok;
}

bool evidence_load(struct store *s, const char *explainer, const char *control, uint32_t draws, struct evidence *e,
                   struct error *error) {
    struct loader l = {.e = e, .explainer = explainer, .control = control, .most = draws, .error = error};
    *e = (struct evidence){0};
    if (store_each_result_of(s, explainer, control, measure_row, &l, error) && fill(s, &l, error)) return true;
    evidence_finish(e);
    return false;
}

void evidence_finish(struct evidence *e) {
    for (uint32_t k = 0; k < e->stages; k++) free(e->stage[k]);
    free(e->stage);
    free(e->input);
    free(e->similar);
    free(e->different);
    *e = (struct evidence){0};
}

const double *evidence_similar(const struct evidence *e, size_t measure, enum view view, uint32_t stage) {
    return e->similar + similar_at(e, measure, view, stage);
}

const double *evidence_different(const struct evidence *e, size_t measure, enum view view) {
    return e->different + different_at(e, measure, view);
}

double evidence_floor(const struct evidence *e, size_t measure, enum view view) {
    const double *f = evidence_different(e, measure, view);
    double sum = 0, n = 0;
    for (uint32_t r = 0; r < e->draws; r++)
        if (!isnan(f[r])) sum += f[r], n++;
    return n > 0 ? sum / n : (double)NAN;
}

bool evidence_share(const struct evidence *e, size_t measure, enum view view, uint32_t stage, double ceiling,
                    double *y) {
    const double *s = evidence_similar(e, measure, view, stage), *f = evidence_different(e, measure, view);
    double floor = evidence_floor(e, measure, view);
    if (isnan(floor)) return false;
    for (uint32_t r = 0; r < e->draws; r++)
        for (uint32_t i = 0; i < e->inputs; i++)
            y[(size_t)r * e->inputs + i] =
                (s[(size_t)r * e->inputs + i] - (isnan(f[r]) ? floor : f[r])) / (ceiling - floor);
    return true;
}
