/* why.c: a verdict, its stages, its comparisons, its settings, its variance. */
#include "reports/why.h"

#include "base/text.h"
#include "measure/interval.h"
#include "reports/advice.h"
#include "reports/curve_set.h"
#include "reports/evidence.h"
#include "reports/projection.h"
#include "reports/robust.h"
#include "reports/verdict_table.h"
#include "reports/why_activations.h"
#include "reports/why_checks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct why {
    struct store *store;
    const struct why_request *request;
    FILE *out;
    const struct verdict_row *verdict;
    struct curve_set curves;
    struct evidence evidence;
    struct share_rule rule;
    const struct curve_row *shown; /* stage and view whose comparisons are shown */
    double *share;                 /* [draws][inputs]: D there */
};

static double plain(double v) {
    return fabs(v) < .0005 ? 0 : v; /* no "-0.000" */
}

static double plain2(double v) {
    return fabs(v) < .005 ? 0 : v; /* no "-0.00" */
}

static enum view view_of(const struct curve_row *r) {
    unsigned v = view_named(r->view);
    return v < VIEW_COUNT ? (enum view)v : VIEW_COUNT - 1;
}

static bool is_judged(const struct why *w, const struct curve_row *r) {
    return strcmp(r->explainer, w->verdict->explainer) == 0 && strcmp(r->control, w->verdict->control) == 0 &&
           strcmp(r->measure, measures[0]->id) == 0 && !isnan(r->share);
}

/* ---- stages ---- */

static void put_stages(const struct why *w) {
    fprintf(
        w->out,
        "\nStages: similarity S, floor F, ceiling C, share D = (S - F) / (C - F) with its bounds (without vanished maps)\n");
    fprintf(w->out, "  %-20s %-17s %6s %6s %6s %6s %14s  %s\n", "stage", "view", "S", "F", "C", "D", "bounds",
            "decision");
    for (size_t k = 0; k < w->curves.count; k++) {
        const struct curve_row *r = &w->curves.points[k];
        if (!is_judged(w, r)) continue;
        fprintf(w->out, "  %-20s %-17s %6.2f %6.2f %6.2f %6.2f %6.2f to %4.2f  %s\n", r->stage, r->view,
                plain2(r->similarity), plain2(r->floor), r->ceiling, plain2(r->share), plain2(r->share_lower),
                plain2(r->share_upper), r->decision);
    }
}

/* The reason may be a share of another kind, which no stage has: tests P and MP. */
static bool is_of_prior(const struct verdict_row *v) {
    static const char *const begins[] = {"A prior: ", "The magnitudes are a prior: "};
    for (size_t k = 0; k < sizeof begins / sizeof *begins; k++)
        if (strncmp(v->reason, begins[k], strlen(begins[k])) == 0) return true;
    return false;
}

static void put_prior(const struct why *w) {
    fprintf(w->out,
            "\nThe %.0f %% are no D: they are the share of a map that the map of another input has, too, on a network "
            "that was\ndrawn anew (tests P and MP, docs/verdict.md). D, below, is what survives beyond that.\n",
            100 * w->verdict->score);
}

/* The verdict's own number tells its view. Without one: where more survives. */
static bool is_nearer(const struct why *w, const struct curve_row *r, const struct curve_row *than) {
    double score = is_of_prior(w->verdict) ? (double)NAN : w->verdict->score;
    return isnan(score) ? r->share > than->share : fabs(r->share - score) < fabs(than->share - score);
}

static bool say_no_stage(const struct why *w, struct error *e) {
    const char **names = calloc(w->curves.count + 1, sizeof *names);
    size_t count = 0;
    if (!names) return error_memory(e);
    for (size_t k = 0; k < w->curves.count; k++)
        if (is_judged(w, &w->curves.points[k])) names[count++] = w->curves.points[k].stage;
    const char *near = text_nearest(w->request->stage, names, count);
    error_set(e, "--stage %s: no stage of that name was judged under %s: %s%s%s", w->request->stage,
              w->verdict->control, near ? "did you mean '" : "leave it out to see their names", near ? near : "",
              near ? "'?" : "");
    free(names);
    return false;
}

/* The stage that was asked for, else that which decided, else the one where most survives. False: there is none. */
static bool choose_stage(struct why *w, struct error *e) {
    const char *wanted = w->request->stage          ? w->request->stage
                         : *w->verdict->first_stage ? w->verdict->first_stage
                                                    : NULL;
    for (size_t k = 0; k < w->curves.count; k++) {
        const struct curve_row *r = &w->curves.points[k];
        if (!is_judged(w, r) || (wanted && strcmp(r->stage, wanted) != 0)) continue;
        if (!w->shown || is_nearer(w, r, w->shown)) w->shown = r;
    }
    if (w->shown || !w->request->stage) return true;
    return say_no_stage(w, e);
}

/* ---- comparisons ---- */

struct cell {
    uint32_t draw, input;
    double s, d;
};

static int by_share(const void *a, const void *b) {
    const struct cell *x = a, *y = b;
    return (x->d < y->d) - (x->d > y->d);
}

static void put_cell(FILE *out, const struct evidence *e, const struct cell *c) {
    fprintf(out, "  draw %u, input %u: S %.3f, D %.3f\n", c->draw, e->input[c->input], plain(c->s), plain(c->d));
}

#define EXTREMES 3u

/* The means of draws, and the cells where most and least survives. */
static bool put_comparisons(const struct why *w, struct error *error) {
    const struct evidence *e = &w->evidence;
    const double *s = evidence_similar(e, 0, view_of(w->shown), w->shown->stage_index),
                 *f = evidence_different(e, 0, view_of(w->shown));
    struct cell *cells = malloc(((size_t)e->draws * e->inputs + 1) * sizeof *cells);
    size_t count = 0;
    if (!cells) return error_memory(error);
    fprintf(w->out, "\nComparisons at stage %s, %s\n", w->shown->stage, w->shown->view);
    for (uint32_t r = 0; r < e->draws; r++) {
        double sum = 0;
        size_t first = count;
        for (uint32_t i = 0; i < e->inputs; i++) {
            size_t at = (size_t)r * e->inputs + i;
            if (isnan(s[at])) continue;
            cells[count++] = (struct cell){r, i, s[at], w->share[at]};
            sum += s[at];
        }
        fprintf(w->out, "  draw %u: mean S %.3f of %zu inputs, floor %.3f\n", r,
                count > first ? sum / (double)(count - first) : (double)NAN, count - first, f[r]);
    }
    qsort(cells, count, sizeof *cells, by_share);
    fprintf(w->out, "Most survives\n");
    for (size_t k = 0; k < count && k < EXTREMES; k++) put_cell(w->out, e, &cells[k]);
    fprintf(w->out, "Least survives\n");
    for (size_t k = count > EXTREMES ? count - EXTREMES : 0; k < count; k++) put_cell(w->out, e, &cells[k]);
    free(cells);
    return true;
}

/* ---- settings ---- */

static bool put_robust(const struct why *w, struct error *e) {
    struct settings s = {0};
    const char *word = w->verdict->verdict;
    size_t same = 0;
    bool ok = settings_add(&s, w->store, "", w->verdict->explainer, w->verdict->control, e);
    for (size_t k = 0; ok && k < w->request->also_count; k++)
        ok = settings_add(&s, w->request->also[k], w->request->also_names[k], w->verdict->explainer,
                          w->verdict->control, e);
    for (size_t k = 0; ok && k < s.count; k++) same += strcmp(s.list[k].word, word) == 0;
    if (ok && s.count) {
        fprintf(w->out, "\nRobust in %zu of %zu settings: in so many the shares alone say %s, too\n", same, s.count,
                word);
        for (size_t k = 0; k < s.count; k++)
            if (strcmp(s.list[k].word, word) != 0)
                fprintf(w->out, "  %s: %s, D = %.2f (%.2f to %.2f) at stage %s\n", s.list[k].label, s.list[k].word,
                        plain2(s.list[k].mean), plain2(s.list[k].lower), plain2(s.list[k].upper), s.list[k].stage);
        if (same < s.count)
            fputs("  Absolute views follow the input on any network (docs/verdict.md, section 1).\n", w->out);
    }
    settings_finish(&s);
    return ok;
}

/* ---- variance ---- */

static void put_variance(const struct why *w) {
    struct components c = components_of(w->share, w->evidence.draws, w->evidence.inputs);
    double sum = c.draw + c.input + c.rest;
    if (isnan(sum)) return;
    fprintf(w->out, "\nVariance of D at stage %s, %s: %.4f for one draw and input\n", w->shown->stage, w->shown->view,
            sum);
    if (sum > 0)
        fprintf(w->out, "  draws %.0f %%, inputs %.0f %%, the rest (both together) %.0f %%\n", 100 * c.draw / sum,
                100 * c.input / sum, 100 * c.rest / sum);
}

/* ---- what would decide it ---- */

static bool put_advice(const struct why *w, struct error *e) {
    const struct advice about = {w->verdict, &w->curves, &w->evidence, &w->rule};
    struct text lines = {0};
    bool ok = advice_add(&lines, &about) || error_memory(e);
    if (ok && lines.length) fputs("\nWhat would decide it\n", w->out);
    for (const char *at = lines.data; ok && at && *at; at += strcspn(at, "\n") + 1)
        fprintf(w->out, "  %.*s\n", (int)strcspn(at, "\n"), at);
    text_finish(&lines);
    return ok;
}

/* ---- all of it ---- */

static bool put_shares(struct why *w, struct error *e) {
    const struct evidence *v = &w->evidence;
    w->share = malloc(((size_t)v->draws * v->inputs + 1) * sizeof *w->share);
    if (!w->share) return error_memory(e);
    if (is_of_prior(w->verdict)) put_prior(w);
    put_stages(w);
    if (!evidence_share(v, 0, view_of(w->shown), w->shown->stage_index, w->shown->ceiling, w->share))
        return error_set(e, "%s: no floor is stored of %s under %s", store_path(w->store), w->verdict->explainer,
                         w->verdict->control);
    if (!why_activations(w->store, w->verdict->control, v->draws, w->out, e) || !put_comparisons(w, e) ||
        !put_robust(w, e))
        return false;
    put_variance(w);
    return true;
}

static bool find(char *const *names, size_t count, const char *name, const char *what, const char *path,
                 struct error *e) {
    for (size_t k = 0; k < count; k++)
        if (strcmp(names[k], name) == 0) return true;
    const char *near = text_nearest(name, (const char *const *)names, count);
    struct text list = {0};
    for (size_t k = 0; !near && k < count; k++) text_add(&list, "%s%s", k ? ", " : "", names[k]);
    if (near) error_set(e, "%s: no %s '%s' there: did you mean '%s'?", path, what, name, near);
    else error_set(e, "%s: no %s '%s' there: %s wanted", path, what, name, list.data ? list.data : "another");
    text_finish(&list);
    return false;
}

static void put_verdict(const struct why *w) {
    const struct verdict_row *v = w->verdict;
    fprintf(w->out, "%s under %s: %s%s%s%s%s\n", v->explainer, v->control, v->verdict, *v->annotation ? " (" : "",
            v->annotation, *v->annotation ? ")" : "", v->as_expected ? "" : ", not as expected");
    fprintf(w->out, "%s\n", v->reason);
}

static void put_word(FILE *out, const char *name, int widest, const struct verdict_row *v) {
    if (!v) return;
    fprintf(out, "  %s%*s  %s%s%s%s%s\n", name, widest - (int)utf8_width(name), "", v->verdict,
            *v->annotation ? " (" : "", v->annotation, *v->annotation ? ")" : "",
            v->as_expected ? "" : ", not as expected");
}

/* The row's verdicts, or of each row what is said of it as a whole. */
static void put_list(FILE *out, const struct verdict_table *t, const char *explainer) {
    char *const *names = explainer ? t->controls : t->explainers;
    size_t count = explainer ? t->control_count : t->explainer_count;
    int widest = 0;

    for (size_t k = 0; k < count; k++)
        if ((int)utf8_width(names[k]) > widest) widest = (int)utf8_width(names[k]);
    for (size_t k = 0; k < count; k++)
        put_word(out, names[k], widest,
                 explainer ? verdict_table_find(t, explainer, names[k])
                           : verdict_table_find(t, names[k], VERDICT_OVERALL));
}

bool why_list(struct store *s, const char *folder, const char *explainer, FILE *out, struct error *e) {
    struct verdict_table table = {0};
    struct text command = {0};
    bool ok = verdict_table_load(s, &table, e) &&
              (!explainer || find(table.explainers, table.explainer_count, explainer, "explainer", store_path(s), e));

    text_add_word(&command, folder);
    if (explainer) text_add(&command, " ");
    if (explainer) text_add_word(&command, explainer);
    if (ok && command.failed) ok = error_memory(e);
    if (ok) {
        fprintf(out, "%s\n", explainer ? explainer : "overall");
        put_list(out, &table, explainer);
        fprintf(out, "assay why %s %s: what a verdict rests on\n", command.data,
                explainer ? "CONTROL" : "EXPLAINER CONTROL");
    }
    text_finish(&command);
    verdict_table_finish(&table);
    return ok;
}

bool why_write(struct store *s, const struct why_request *request, FILE *out, struct error *e) {
    struct verdict_table table = {0};
    struct why w = {.store = s, .request = request, .out = out};
    bool ok = verdict_table_load(s, &table, e) && curve_set_load(s, &w.curves, e) && share_rule_load(s, &w.rule, e) &&
              find(table.explainers, table.explainer_count, request->explainer, "explainer", store_path(s), e) &&
              find(table.controls, table.control_count, request->control, "control", store_path(s), e);
    w.verdict = ok ? verdict_table_find(&table, request->explainer, request->control) : NULL;
    if (ok && !w.verdict)
        ok = error_set(e, "%s: no verdict of %s under %s", store_path(s), request->explainer, request->control);
    ok = ok && evidence_load(s, request->explainer, request->control, w.verdict->draws, &w.evidence, e) &&
         choose_stage(&w, e);
    if (ok) put_verdict(&w);
    if (ok && w.shown) ok = put_shares(&w, e);
    else ok = ok && why_checks(s, w.verdict, &w.evidence, out, e);
    ok = ok && put_advice(&w, e);
    free(w.share);
    evidence_finish(&w.evidence);
    curve_set_finish(&w.curves);
    verdict_table_finish(&table);
    return ok;
}
