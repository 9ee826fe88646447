/* The curves of a run: loading them, and finding those that a figure draws. */
#include "reports/curve_set.h"

#include "base/array.h"
#include "base/text.h"
#include "reports/format.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct curve_view curve_views[CURVE_VIEWS] = {
    {"signed/all", "signed, all pixels", "signed_all", "dt 1 lw 1.6", "pt 7 ps .45", true},
    {"signed/nonzero", "signed, non-zero input pixels", "signed_nonzero", "dt 2 lw 1.1", "pt 6 ps .45", false},
    {"absolute/all", "absolute, all pixels", "absolute_all", "dt 1 lw 1.6", "pt 5 ps .4", true},
    {"absolute/nonzero", "absolute, non-zero input pixels", "absolute_nonzero", "dt 2 lw 1.1", "pt 4 ps .45", false},
};

#define LINE_WIDTH .005 /* of a curve, in units of similarity */

static const char **const no_text = NULL;

#define ROW_TEXTS(r)                                                                                                   \
    { &(r)->explainer, &(r)->control, &(r)->stage, &(r)->measure, &(r)->view, &(r)->decision, no_text }

static bool add_row(void *context, const struct curve_row *row) {
    struct curve_set *c = context;
    bool whole = true;

    struct curve_row *more = array_grow(c->points, c->count, sizeof *more);
    if (!more) return error_memory(c->error);
    c->points = more;
    if (!c->count || strcmp(c->points[c->count - 1].explainer, row->explainer) != 0) {
        size_t *starts = array_grow(c->starts, c->start_count, sizeof *starts);
        if (!starts) return error_memory(c->error);
        c->starts = starts;
        c->starts[c->start_count++] = c->count;
    }
    struct curve_row *copy = &c->points[c->count++];
    *copy = *row;
    const char **texts[] = ROW_TEXTS(copy);
    for (size_t i = 0; texts[i]; i++) whole = (*texts[i] = text_copy(*texts[i])) && whole;
    return whole || error_memory(c->error);
}

bool curve_set_load(struct store *s, struct curve_set *c, struct error *e) {
    *c = (struct curve_set){.error = e};
    if (store_each_curve(s, add_row, c, e)) return true;
    curve_set_finish(c);
    return false;
}

void curve_set_finish(struct curve_set *c) {
    for (size_t k = 0; k < c->count; k++) {
        const char **texts[] = ROW_TEXTS(&c->points[k]);
        for (size_t i = 0; texts[i]; i++) free((void *)(uintptr_t)*texts[i]);
    }
    free(c->points);
    free(c->starts);
    *c = (struct curve_set){0};
}

/* All points of an explainer; count 0 when there are none. */
static struct curve points_of(const struct curve_set *c, const char *explainer) {
    for (size_t i = 0; i < c->start_count; i++) {
        size_t start = c->starts[i], end = i + 1 < c->start_count ? c->starts[i + 1] : c->count;
        if (strcmp(c->points[start].explainer, explainer) == 0) return (struct curve){&c->points[start], end - start};
    }
    return (struct curve){0};
}

static bool matches(const struct curve_row *r, const char *control, const char *measure, const char *view) {
    return strcmp(r->view, view) == 0 && strcmp(r->measure, measure) == 0 && strcmp(r->control, control) == 0;
}

struct curve curve_find(const struct curve_set *c, const char *explainer, const char *control, const char *measure,
                        const char *view) {
    struct curve all = points_of(c, explainer), found = {0};

    for (size_t i = 0; i < all.count; i++)
        if (matches(&all.points[i], control, measure, view)) {
            if (!found.count) found.points = &all.points[i];
            found.count++;
        }
    return found;
}

static bool same_number(double a, double b, double tolerance) {
    return fabs(a - b) <= tolerance || (isnan(a) && isnan(b));
}

static bool same_curve(const struct curve *a, const struct curve *b, double tolerance) {
    bool same = a->count == b->count;

    for (size_t i = 0; same && i < a->count; i++)
        same = same_number(a->points[i].similarity, b->points[i].similarity, tolerance) &&
               same_number(a->points[i].floor, b->points[i].floor, tolerance) &&
               same_number(a->points[i].similarity_lower, b->points[i].similarity_lower, tolerance);
    return same;
}

void curve_find_all(const struct curve_set *c, const char *explainer, const char *control, const char *measure,
                    struct curve out[CURVE_VIEWS]) {
    const size_t half = CURVE_VIEWS / 2;

    for (size_t v = 0; v < CURVE_VIEWS; v++) out[v] = curve_find(c, explainer, control, measure, curve_views[v].id);
    /* The signed and the absolute view of a map without negative values are the same numbers. */
    for (size_t v = 0; v < half; v++)
        if (out[v].count && same_curve(&out[v], &out[v + half], 0)) out[v] = (struct curve){0};
    /* Where hardly an input value is zero, two curves would be one line. */
    for (size_t v = 0; v < CURVE_VIEWS; v += 2)
        if (out[v + 1].count && same_curve(&out[v], &out[v + 1], LINE_WIDTH)) out[v + 1] = (struct curve){0};
}

bool curve_set_excludes(const struct curve_set *c, const char *explainer, const char *control, uint32_t stage_index) {
    struct curve all = points_of(c, explainer);

    for (size_t i = 0; i < all.count; i++)
        if (all.points[i].stage_index == stage_index && strcmp(all.points[i].control, control) == 0 &&
            strcmp(all.points[i].decision, "grey") == 0)
            return true;
    return false;
}

void curve_add_marks(const struct curve *c, struct curve_marks *marks) {
    for (size_t i = 0; i < c->count; i++) {
        marks->band = marks->band || !isnan(c->points[i].similarity_lower);
        marks->floor = marks->floor || !isnan(c->points[i].floor);
        marks->ceiling = marks->ceiling || !isnan(c->points[i].ceiling);
        uint32_t draws = c->points[i].draws;
        marks->fewest = marks->most && marks->fewest < draws ? marks->fewest : draws;
        marks->most = marks->most > draws ? marks->most : draws;
        marks->inputs = c->points[i].inputs;
    }
}

const char **curve_explainers(const struct curve_set *c, const struct verdict_table *t, const char *control,
                              const char *measure, size_t *count) {
    const char **names = calloc(t->explainer_count + 1, sizeof *names);

    *count = 0;
    for (size_t x = 0; names && x < t->explainer_count; x++) {
        bool any = false;
        for (size_t v = 0; v < CURVE_VIEWS && !any; v++)
            any = curve_find(c, t->explainers[x], control, measure, curve_views[v].id).count > 0;
        if (any) names[(*count)++] = t->explainers[x];
    }
    return names;
}

struct measure_axis curve_axis(const struct measure *m, double lowest) {
    size_t i = 0;
    while (i + 1 < MEASURE_AXES && lowest < m->axes[i].lowest) i++;
    return m->axes[i];
}

double curve_axis_end(const struct measure *m, double share) {
    return m->highest + share * (m->highest - m->axes[MEASURE_AXES - 1].lowest);
}

struct curve_band curve_band(const struct measure *m, const struct curve_row *row) {
    const double r = row->similarity, lowest = m->axes[MEASURE_AXES - 1].lowest;
    struct curve_band b = {row->similarity_lower, row->similarity_upper};

    if (!isfinite(r) || !isfinite(b.lower) || !isfinite(b.upper)) return (struct curve_band){NAN, NAN};
    return (struct curve_band){fmin(r, fmax(b.lower, lowest)), fmax(r, fmin(b.upper, m->highest))};
}

bool curve_has_ceiling(const struct curve *c) {
    for (size_t i = 0; i < c->count; i++)
        if (!isnan(c->points[i].ceiling)) return true;
    return false;
}

const char *curve_number(double value, char buffer[NUMBER_SIZE]) {
    return isfinite(value) ? number_text(value, buffer) : "NaN";
}
