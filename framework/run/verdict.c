/* Verdicts: expectations, the overall column, the exit code. */
#include "run/verdict.h"

#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool verdict_judge(const struct results *r, uint32_t row, uint32_t control, uint32_t draws, bool curves,
                   struct judgement *j, struct error *e) {
    const struct explainer_entry *explainer = &r->run->explainers[row];
    char why[256];
    *j = (struct judgement){.word = VERDICT_ERROR};
    j->score = j->lower = j->upper = j->floor = j->ceiling = (double)NAN;
    if (explainer->breach) judgement_say(j, VERDICT_ERROR, "Breach of the plugin rules: %s", explainer->breach);
    else if (explainer->unsupported) judgement_say(j, VERDICT_SKIP, "%s", explainer->unsupported);
    else if (!schedule_applies(r->run, control, row, why, sizeof why)) judgement_say(j, VERDICT_SKIP, "%s", why);
    else {
        struct judge_case c;
        judge_begin(&c, r, row, control, draws);
        return judge(&c, j, curves, e);
    }
    return true;
}

/* ---- expectations ---- */

/* Bits of the words that are fine: the row's own for that control, or for all of them (then a SKIP is fine too), else
 * PASS or SKIP. */
static unsigned expected_words(const struct battery *b, const char *row, const char *control) {
    const unsigned skip = 1u << VERDICT_SKIP;
    unsigned all = (1u << VERDICT_PASS) | skip;
    for (size_t i = 0; i < b->expectation_count; i++) {
        const struct expectation *x = &b->expectations[i];
        if (strcmp(x->explainer, row) != 0) continue;
        if (strcmp(x->control, control) == 0) return x->words;
        if (strcmp(x->control, "all") == 0) all = x->words | skip;
    }
    return all;
}

static bool as_expected(unsigned words, const struct judgement *j) {
    if (j->input_dominated && (words & (1u << VERDICT_INPUT_DOMINATED))) return true;
    return (words & (1u << j->word)) != 0;
}

static void words_text(unsigned words, struct text *t) {
    for (int w = 0; w <= VERDICT_INPUT_DOMINATED; w++)
        if (words & (1u << w)) text_add(t, "%s%s", t->length ? "|" : "", verdict_word_name((enum verdict_word)w));
}

struct tally {
    bool error, fail, open; /* beyond what was expected */
};

static void count(struct tally *t, unsigned words, const struct judgement *j) {
    if (as_expected(words, j)) return;
    switch (j->word) {
    case VERDICT_ERROR: t->error = true; break;
    case VERDICT_INCONCLUSIVE:
    case VERDICT_UNINFORMATIVE: t->open = true; break;
    case VERDICT_PASS: /* where a FAIL was expected */
    case VERDICT_SKIP: /* where it should have been tested */
    default: t->fail = true; break;
    }
}

/* ---- storing ---- */

static bool put(struct run *run, const char *explainer, const char *control, const struct judgement *j,
                const char *annotation, const char *expected, bool matches, struct error *e) {
    struct verdict_row row = {
        .explainer = explainer,
        .control = control,
        .verdict = verdict_word_name(j->word),
        .annotation = annotation,
        .expected = expected,
        .as_expected = matches,
        .reason = j->reason,
        .first_stage = j->first_stage,
        .score = j->score,
        .lower = j->lower,
        .upper = j->upper,
        .floor = j->floor,
        .ceiling = j->ceiling,
        .inputs = j->inputs,
        .draws = j->draws,
    };
    return store_put_verdict(run->store, &row, e);
}

static const char *annotation_of(const struct judgement *j) {
    if (j->input_dominated) return verdict_word_name(VERDICT_INPUT_DOMINATED);
    return j->low_power && j->word == VERDICT_PASS ? "absolute only, low power" : "";
}

/* FAIL if either family fails or an identity does, PASS only if both families pass; where retraining makes the label
 * control blind, the weights alone. */
static void overall(const struct judgement *weights, bool has_weights, const struct judgement *labels, bool has_labels,
                    struct judgement *out, const char **annotation) {
    const double no = (double)NAN;
    const struct judgement none = {.word = VERDICT_SKIP,
                                   .reason = "No randomisation control was run.",
                                   .score = no,
                                   .lower = no,
                                   .upper = no,
                                   .floor = no,
                                   .ceiling = no};
    const struct judgement *w = has_weights ? weights : labels, *l = has_labels ? labels : weights;
    *annotation = "";
    *out = none;
    if (!has_weights && !has_labels) return;
    static const enum verdict_word order[] = {VERDICT_FAIL, VERDICT_ERROR};
    for (size_t k = 0; k < 2; k++)
        if (w->word == order[k] || l->word == order[k]) {
            *out = w->word == order[k] ? *w : *l;
            return;
        }
    *out = *w;
    if (w->word != VERDICT_PASS) return;
    if (l->word == VERDICT_UNINFORMATIVE) *annotation = "weights only";
    else if (l->word != VERDICT_SKIP) *out = *l;
}

/* The less favourable of two controls of the same family; SKIP says nothing. */
static void join(struct judgement *family, bool *has, const struct judgement *j) {
    static const int rank[VERDICT_WORDS] = {
        [VERDICT_SKIP] = 0,          [VERDICT_PASS] = 1,  [VERDICT_INCONCLUSIVE] = 2,
        [VERDICT_UNINFORMATIVE] = 3, [VERDICT_ERROR] = 4, [VERDICT_FAIL] = 5};
    if (!*has || rank[j->word] > rank[family->word]) *family = *j;
    *has = true;
}

static bool store_row(struct run *run, const struct results *r, const struct draw_counts *counts, uint32_t row,
                      struct tally *tally, struct error *e) {
    struct judgement weights, labels, checks, all;
    bool has_weights = false, has_labels = false, has_checks = false, cascade_only = false;
    const char *name = run->explainers[row].name, *annotation;
    for (uint32_t c = 0; c < run->control_count; c++) {
        const struct control *control = run->controls[c].control;
        uint32_t draws = counts->draws[c * run->explainer_count + row];
        unsigned words = expected_words(run->battery, name, control->id);
        struct judgement j;
        struct text expected = {0};
        words_text(words, &expected);
        bool ok = !expected.failed && verdict_judge(r, row, c, draws, true, &j, e) &&
                  put(run, name, control->id, &j, annotation_of(&j), expected.data, as_expected(words, &j), e);
        text_finish(&expected);
        if (!ok) return false;
        count(tally, words, &j);
        if (control->judge == JUDGE_CASCADE || control->judge == JUDGE_INDEPENDENT) join(&weights, &has_weights, &j);
        /* No single layer changed the function enough to be a control: the cascade stands alone. */
        if (control->judge == JUDGE_INDEPENDENT && j.word == VERDICT_SKIP) cascade_only = true;
        if (control->judge == JUDGE_LABELS) join(&labels, &has_labels, &j);
        if (control->judge == JUDGE_CHECKS) join(&checks, &has_checks, &j);
    }
    overall(&weights, has_weights, &labels, has_labels, &all, &annotation);
    bool broken = has_checks && (checks.word == VERDICT_ERROR || checks.word == VERDICT_FAIL);
    if (broken && all.word != VERDICT_FAIL) all = checks;
    if (all.word != VERDICT_PASS) annotation = annotation_of(&all);
    else if (cascade_only && !annotation[0]) annotation = "cascade only";
    return put(run, name, VERDICT_OVERALL, &all, annotation[0] ? annotation : annotation_of(&all), "", true, e);
}

bool verdict_store(struct run *run, const struct draw_counts *counts, int *exit_code, struct error *e) {
    struct tally tally = {0};
    struct results *r;
    if (!results_load(run, &r, e)) return false;
    bool ok = store_begin(run->store, e);
    for (uint32_t row = 0; ok && row < run->explainer_count; row++)
        if (!run->explainers[row].yardstick) ok = store_row(run, r, counts, row, &tally, e);
    ok = ok && store_commit(run->store, e);
    results_destroy(r);
    *exit_code = tally.error ? 3 : tally.fail ? 1 : tally.open ? 4 : 0;
    return ok;
}

/* ---- completeness ---- */

struct cells {
    const struct run *run;
    bool *there; /* [rows][controls + 1]: the last is the overall column */
};

static bool mark_cell(void *user, const struct verdict_row *v) {
    const struct cells *c = user;
    const struct run *run = c->run;
    for (uint32_t row = 0; row < run->explainer_count; row++)
        for (uint32_t k = 0; k <= run->control_count; k++) {
            const char *control = k < run->control_count ? run->controls[k].control->id : VERDICT_OVERALL;
            if (strcmp(run->explainers[row].name, v->explainer) == 0 && strcmp(control, v->control) == 0)
                c->there[(size_t)row * (run->control_count + 1) + k] = true;
        }
    return true;
}

static void list_missing(const struct cells *c, struct text *out) {
    const struct run *run = c->run;
    for (uint32_t row = 0; row < run->explainer_count; row++)
        for (uint32_t k = 0; k <= run->control_count && !run->explainers[row].yardstick; k++)
            if (!c->there[(size_t)row * (run->control_count + 1) + k])
                text_add(out, "%s%s under %s", out->length ? ", " : "", run->explainers[row].name,
                         k < run->control_count ? run->controls[k].control->id : VERDICT_OVERALL);
}

bool verdict_check_complete(const struct run *run, struct error *e) {
    struct cells c = {run, calloc((size_t)run->explainer_count * (run->control_count + 1) + 1, sizeof *c.there)};
    struct text missing = {0};
    bool ok = c.there ? store_each_verdict(run->store, mark_cell, &c, e) : error_memory(e);
    if (ok) list_missing(&c, &missing);
    if (ok && missing.failed) ok = error_memory(e);
    else if (ok && missing.length)
        ok = error_set(e, "%s: no verdict of %s: rows of the store were lost; go on with --resume",
                       store_path(run->store), missing.data);
    text_finish(&missing);
    free(c.there);
    return ok;
}
