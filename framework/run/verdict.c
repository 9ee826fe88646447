/* verdict.c: verdicts of all cells, the column that joins them, and the exit code. */
#include "run/verdict.h"

#include "base/text.h"
#include "nn/activations.h"
#include "run/canaries.h"
#include "run/verdict_judge.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- expectations ---- */

bool verdict_as_expected(unsigned words, const struct judgement *j) {
    if (j->input_dominated && (words & (1u << VERDICT_INPUT_DOMINATED))) return true;
    if (j->prior_dominated && (words & (1u << VERDICT_PRIOR_DOMINATED))) return true;
    return (words & (1u << j->word)) != 0;
}

static void words_text(unsigned words, struct text *t) {
    for (int w = 0; w < VERDICT_NAMES; w++)
        if (words & (1u << w)) text_add(t, "%s%s", t->length ? "|" : "", verdict_word_name((enum verdict_word)w));
}

struct tally {
    bool error, fail, open; /* beyond what was expected */
};

static void count(struct tally *t, unsigned words, const struct judgement *j) {
    if (verdict_as_expected(words, j)) return;
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

/* What is said beside the word: of the judgement, and more; NULL: out of memory. */
static const char *annotation_of(struct judgement *j, const char *more, const char *also) {
    const char *parts[] = {"", j->note, more, also}, *joined = "";
    if (j->prior_dominated) parts[0] = verdict_word_name(VERDICT_PRIOR_DOMINATED);
    else if (j->input_dominated) parts[0] = verdict_word_name(VERDICT_INPUT_DOMINATED);
    else if (j->low_power && j->word == VERDICT_PASS) parts[0] = "absolute only, low power";
    for (size_t k = 0; joined && k < sizeof parts / sizeof *parts; k++)
        if (*parts[k]) joined = *joined ? judgement_keep(j, "%s; %s", joined, parts[k]) : parts[k];
    return joined;
}

/* Of a cell of the table. */
static const char *annotation_of_cell(const struct run *run, uint32_t row, struct judgement *j) {
    struct activations found;
    struct error e;
    bool spoken = run->explainers[row].ruled && j->word != VERDICT_SKIP && j->word != VERDICT_ERROR;
    if (!spoken) return annotation_of(j, "", "");
    if (!graph_activations(run->graph, &found, &e)) return NULL;
    if (found.rectifiers == found.all) return annotation_of(j, "", "");
    const char *more = judgement_keep(j, "%u of %u activations are rectifiers", found.rectifiers, found.all);
    return more ? annotation_of(j, more, "") : NULL;
}

/* One row's verdicts by family. */
struct families {
    struct judgement worst[FAMILY_COUNT];
    bool has[FAMILY_COUNT];
    bool cascade, others; /* among the weights: the cascade; another control that was not SKIP */
    bool unseen;          /* single layers were asked, and none could be judged */
    bool identity;        /* some statement on the maps themselves was asked */
    bool reaches_last;    /* the twins would have seen a method that looks at the top layer only */
};

/* FAIL if either family fails or an identity does, PASS only if both families pass; where retraining makes the label
 * control blind, the weights alone. */
static void join_families(const struct families *f, struct judgement *out, const char **annotation) {
    const struct judgement *weights = f->has[FAMILY_WEIGHTS] ? &f->worst[FAMILY_WEIGHTS] : NULL,
                           *labels = f->has[FAMILY_LABELS] ? &f->worst[FAMILY_LABELS] : NULL;
    const struct judgement *w = weights ? weights : labels, *l = labels ? labels : weights;
    *annotation = "";
    if (!w) {
        out->word = VERDICT_SKIP;
        out->reason = "No randomisation control was run.";
        return;
    }
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
static void join(struct families *f, enum rule_family family, const struct judgement *j) {
    static const int rank[VERDICT_WORDS] = {
        [VERDICT_SKIP] = 0,          [VERDICT_PASS] = 1,  [VERDICT_INCONCLUSIVE] = 2,
        [VERDICT_UNINFORMATIVE] = 3, [VERDICT_ERROR] = 4, [VERDICT_FAIL] = 5};
    if (!f->has[family] || rank[j->word] > rank[f->worst[family].word]) f->worst[family] = *j;
    f->has[family] = true;
}

static void take_control(struct families *f, const struct rule *rule, const struct judgement *j) {
    join(f, rule->family, j);
    f->identity = f->identity || (rule->family == FAMILY_CHECKS && j->word != VERDICT_SKIP);
    if (rule->family != FAMILY_WEIGHTS) return;
    f->cascade = f->cascade || rule->magnitude_guard;
    f->others = f->others || (!rule->magnitude_guard && !rule->from_input && j->word != VERDICT_SKIP);
    f->unseen = f->unseen || (rule->single_layers && !rule->from_input && j->word == VERDICT_SKIP);
    f->reaches_last = f->reaches_last || (j->word == VERDICT_PASS && j->reaches_last);
}

/* Only single layers, and twins with the last layer's inputs in another order, see a method that looks at the top layer
 * alone. A PASS of the weights says that it was looked for, or that it was not asked. */
static bool top_layer_unseen(const struct families *f) {
    return f->unseen && !f->reaches_last && f->worst[FAMILY_WEIGHTS].word == VERDICT_PASS;
}

static void say_unseen(const struct families *f, struct judgement *all, const char **annotation) {
    if (!top_layer_unseen(f)) {
        if (!(*annotation)[0])
            *annotation = f->unseen                  ? "no single layer could be judged"
                          : f->cascade && !f->others ? "cascade only"
                                                     : "";
        return;
    }
    *annotation = "";
    judgement_say(all, VERDICT_INCONCLUSIVE,
                  "No control here would see a method that looks at the top layer only: no single layer could be "
                  "judged, and no twin re-ordered what the last layer reads.");
}

static void overall(const struct families *f, struct judgement *all, const char **annotation) {
    const struct judgement *checks = &f->worst[FAMILY_CHECKS];
    join_families(f, all, annotation);
    bool broken = f->has[FAMILY_CHECKS] && (checks->word == VERDICT_ERROR || checks->word == VERDICT_FAIL);
    if (broken && all->word != VERDICT_FAIL) *all = *checks;
    bool open = f->has[FAMILY_CHECKS] && checks->word == VERDICT_INCONCLUSIVE;
    if (open && all->word == VERDICT_PASS) *all = *checks;
    if (all->word == VERDICT_PASS) say_unseen(f, all, annotation);
    else *annotation = "";
    bool wrong_ways = all->word == VERDICT_PASS && !f->identity; /* in which a map may depend on the model, unseen */
    *annotation = annotation_of(all, *annotation, wrong_ways ? "no identity asked" : "");
}

static bool store_cell(struct run *run, const struct results *r, uint32_t row, uint32_t c, uint32_t draws,
                       struct judgement *j, unsigned *words, struct error *e) {
    const char *name = run->explainers[row].name, *control = run->controls[c].control->id;
    struct text expected = {0};
    const char *annotation = NULL;
    *words = battery_expected(run->battery, name, control);
    words_text(*words, &expected);
    bool ok = !expected.failed || error_memory(e);
    const bool held = run->explainers[row].held || (run->labels_held && run->controls[c].control->rule->needs_training);
    if (held) { /* no expectation makes that one fine */
        *j = judgement_begin(r);
        judgement_say(j, VERDICT_INCONCLUSIVE, VERDICT_NOT_RUN "--fail-fast ended the run before.");
        *words &= ~(1u << VERDICT_INCONCLUSIVE);
    }
    ok = ok && (held || verdict_judge(r, row, c, draws, run->store, j, e)) &&
         ((annotation = held ? "" : annotation_of_cell(run, row, j)) || error_memory(e)) &&
         put(run, name, control, j, annotation, expected.data, verdict_as_expected(*words, j), e);
    text_finish(&expected);
    return ok;
}

static bool store_row(struct run *run, const struct results *r, const struct draw_counts *counts, uint32_t row,
                      struct tally *tally, struct error *e) {
    struct families families = {.unseen = false};
    struct judgement all = judgement_begin(r);
    const char *annotation;
    bool judged = run->explainers[row].added; /* what it is added to has the say */
    bool meant = true;                        /* where no single layer could be judged */
    for (uint32_t c = 0; c < run->control_count; c++) {
        const struct rule *rule = run->controls[c].control->rule;
        struct judgement j;
        unsigned words;
        if (!store_cell(run, r, row, c, counts->draws[c * run->explainer_count + row], &j, &words, e)) return false;
        count(tally, words, &j);
        take_control(&families, rule, &j);
        meant = meant && !(rule->single_layers && !rule->from_input && words != 1u << VERDICT_SKIP);
        judged = judged || j.word != VERDICT_SKIP || words == 1u << VERDICT_SKIP;
    }
    families.unseen = families.unseen && run->graph->layer_count > 1; /* one layer: the cascade has drawn it anew */
    overall(&families, &all, &annotation);
    bool unseen = judged && !meant && all.word == VERDICT_INCONCLUSIVE && top_layer_unseen(&families) &&
                  !run->explainers[row].added;
    tally->open = tally->open || unseen;
    /* A SKIP is fine where others were judged; a method that nothing was asked of has passed no test. */
    if (!judged) {
        tally->open = true;
        judgement_say(&all, VERDICT_SKIP,
                      "Nothing was judged: every control is SKIP. Say SKIP under `expect` where "
                      "that is meant.");
    }
    if (!annotation) return error_memory(e);
    return put(run, run->explainers[row].name, VERDICT_OVERALL, &all, annotation, judged && !unseen ? "" : "PASS",
               judged && !unseen, e);
}

bool verdict_store(struct run *run, const struct draw_counts *counts, struct results *known, int *exit_code,
                   struct error *e) {
    struct tally tally = {0};
    const struct experiment_view view = run_view(run);
    struct results *r = known;
    if (!r && !results_load(&view, run->store, &r, e)) return false;
    bool ok = store_begin(run->store, e);
    for (uint32_t row = 0; ok && row < run->explainer_count; row++)
        if (!run->explainers[row].yardstick) ok = store_row(run, r, counts, row, &tally, e);
    bool wrong = false;
    ok = ok && canaries_judge(run, r, &wrong, e) && store_seal_results(run->store, e) && store_commit(run->store, e);
    if (!known) results_destroy(r);
    tally.error = tally.error || wrong;
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
