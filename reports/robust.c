/* robust.c: test A of docs/verdict.md in each setting that a store holds. */
#include "reports/robust.h"

#include "base/array.h"
#include "measure/interval.h"
#include "measure/looks.h"
#include "reports/curve_set.h"
#include "reports/evidence.h"
#include "reports/run_record.h"
#include "reports/verdict_table.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- the rule ---- */

static bool load_run(struct store *s, json_t **run, struct error *e) {
    if (!run_record_load(s, "run", run, e)) return false;
    return *run || error_set(e, "%s: no run is described there", store_path(s));
}

bool share_rule_load(struct store *s, struct share_rule *rule, struct error *e) {
    json_t *run;
    if (!load_run(s, &run, e)) return false;
    const json_t *o = json_object_get(run, "rule"), *draws = json_object_get(o, "draws");
    *rule = (struct share_rule){
        json_number_value(json_object_get(o, "alpha")), json_number_value(json_object_get(o, "delta")), {0}};
    for (size_t k = 0; k < 3; k++) rule->draws[k] = (uint32_t)json_integer_value(json_array_get(draws, k));
    json_decref(run);
    return (rule->alpha > 0 && rule->delta > 0 && rule->draws[0] > 0) ||
           error_set(e, "%s: its rule is damaged", store_path(s));
}

double share_rule_pass(const struct share_rule *r, uint32_t draws) {
    return looks_alpha_pass(r->alpha, looks_count(r->draws), draws <= r->draws[0]);
}

double share_rule_fail(const struct share_rule *r, size_t tests) {
    return looks_alpha_fail(r->alpha, looks_count(r->draws)) / (double)(tests ? tests : 1);
}

/* ---- one setting ---- */

/* Some similarity was measured, and in that view more than in the one it may repeat. */
static bool has_numbers(const struct evidence *e, size_t measure, enum view view) {
    const double *s = evidence_similar(e, measure, view, 0);
    bool any = false;
    for (size_t k = 0; k < (size_t)e->draws * e->inputs; k++) any = any || !isnan(s[k]);
    return any && !isnan(evidence_floor(e, measure, view));
}

static bool repeats(const struct evidence *e, size_t measure, enum view view) {
    size_t bytes = (size_t)e->stages * e->draws * e->inputs * sizeof(double);
    for (unsigned v = 0; v < view; v++)
        if (memcmp(evidence_similar(e, measure, (enum view)v, 0), evidence_similar(e, measure, view, 0), bytes) == 0)
            return true;
    return false;
}

/* The first stage that fails; else the first that is open; else the one where most survives. */
static bool judge(const struct evidence *e, size_t measure, enum view view, double ceiling,
                  const struct share_rule *rule, struct setting *out, struct error *error) {
    double *y = malloc(((size_t)e->draws * e->inputs + 1) * sizeof *y);
    double pass = share_rule_pass(rule, e->draws), fail = share_rule_fail(rule, e->stages);
    static const char *const words[] = {"PASS", "INCONCLUSIVE", "FAIL"};
    int worst = -1;
    if (!y) return error_memory(error);
    for (uint32_t stage = 0; stage < e->stages; stage++) {
        evidence_share(e, measure, view, stage, ceiling, y);
        struct interval i = interval_two_way(y, e->draws, e->inputs);
        double lower = interval_lower(&i, fail), upper = interval_upper(&i, pass);
        int word = lower > rule->delta ? 2 : upper < rule->delta ? 0 : 1;
        if (word < worst || (word == worst && (word > 0 || !(i.mean > out->mean)))) continue;
        free(out->stage);
        worst = word;
        *out = (struct setting){out->label, words[word], text_copy(e->stage[stage]), i.mean, lower, upper};
    }
    free(y);
    return worst < 0 || out->stage || error_memory(error);
}

/* ---- rows of a store ---- */

struct row {
    const char *name, *reduction;
};

/* What makes two rows one method: library, explainer, parameters. */
static bool same_method(const json_t *a, const json_t *b) {
    static const char *const keys[] = {"id", "sha256", "parameters"};
    bool same = json_is_string(json_object_get(a, "id"));
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
        same = same && json_equal(json_object_get(a, keys[k]), json_object_get(b, keys[k]));
    return same;
}

static const json_t *named(const json_t *list, const char *key, const char *name) {
    size_t k;
    json_t *entry;
    json_array_foreach(list, k, entry) {
        const char *text = json_string_value(json_object_get(entry, key));
        if (text && strcmp(text, name) == 0) return entry;
    }
    return NULL;
}

/* The ceiling of every view, of the curves. 1 where a curve has none. */
static double ceiling_of(const struct curve_set *curves, const char *explainer, const char *control,
                         const char *measure, enum view view) {
    struct curve c = curve_find(curves, explainer, control, measure, view_name(view));
    return c.count && !isnan(c.points->ceiling) ? c.points->ceiling : 1;
}

struct source {
    struct store *store;
    const struct curve_set *curves;
    const struct share_rule *rule;
    const char *run, *control, *scheme;
};

static bool add_views(struct settings *s, const struct source *from, const struct row *row, uint32_t draws,
                      struct error *e) {
    struct evidence evidence;
    bool ok = evidence_load(from->store, row->name, from->control, draws, &evidence, e);
    if (!ok) return false;
    for (size_t m = 0; ok && evidence.stages && measures[m]; m++)
        for (unsigned v = 0; ok && v < VIEW_COUNT; v++) {
            enum view view = (enum view)v;
            if (!has_numbers(&evidence, m, view) || repeats(&evidence, m, view)) continue;
            struct setting *more = array_grow(s->list, s->count, sizeof *more);
            ok = more || error_memory(e);
            if (!ok) break;
            s->list = more;
            s->list[s->count] = (struct setting){.label = text_format("%s%s%s, %s, reduce %s, init %s", from->run,
                                                                      *from->run ? ": " : "", measures[m]->id,
                                                                      view_name(view), row->reduction, from->scheme)};
            struct setting *last = &s->list[s->count++];
            ok = (last->label || error_memory(e)) &&
                 judge(&evidence, m, view, ceiling_of(from->curves, row->name, from->control, measures[0]->id, view),
                       from->rule, last, e);
        }
    evidence_finish(&evidence);
    return ok;
}

/* Rows of the run that are the method of `subject`, each under its own reduction. */
static bool add_rows(struct settings *s, const struct source *from, const json_t *run, const json_t *subject,
                     const struct verdict_table *t, struct error *e) {
    size_t k;
    json_t *entry;
    bool ok = true;
    json_array_foreach(json_object_get(run, "explainers"), k, entry) {
        const struct row row = {json_string_value(json_object_get(entry, "name")),
                                json_string_value(json_object_get(entry, "reduction"))};
        if (!ok || !row.name || !row.reduction || !same_method(entry, subject)) continue;
        for (size_t i = 0; ok && i < t->explainer_count * t->control_count; i++) {
            const struct verdict_row *v = verdict_table_cell(t, i / t->control_count, i % t->control_count);
            if (v && strcmp(v->explainer, row.name) == 0 && strcmp(v->control, from->control) == 0)
                ok = add_views(s, from, &row, v->draws, e);
        }
    }
    return ok;
}

bool settings_add(struct settings *s, struct store *store, const char *run_name, const char *explainer,
                  const char *control, struct error *e) {
    struct share_rule rule;
    struct curve_set curves = {0};
    struct verdict_table table = {0};
    json_t *run = NULL;
    bool ok = share_rule_load(store, &rule, e) && load_run(store, &run, e) && curve_set_load(store, &curves, e) &&
              verdict_table_load(store, &table, e);
    const json_t *subject = named(json_object_get(run, "explainers"), "name", explainer),
                 *options = json_object_get(named(json_object_get(run, "controls"), "id", control), "options");
    const char *scheme = json_string_value(json_object_get(options, "init"));
    const struct source from = {store, &curves, &rule, run_name, control, scheme ? scheme : "none"};
    if (ok && !subject) ok = error_set(e, "%s: no explainer '%s' there", store_path(store), explainer);
    ok = ok && add_rows(s, &from, run, subject, &table, e);
    verdict_table_finish(&table);
    curve_set_finish(&curves);
    json_decref(run);
    return ok;
}

void settings_finish(struct settings *s) {
    for (size_t k = 0; k < s->count; k++) {
        free(s->list[k].label);
        free(s->list[k].stage);
    }
    free(s->list);
    *s = (struct settings){0};
}
