/* Runs side by side. */
#include "reports/compare.h"

#include "base/array.h"
#include "base/json_write.h"
#include "reports/run_record.h"
#include "reports/text_words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is compared ---- */

/* How grave a word is; what nobody knows is gravest. */
static int gravity(const char *word) {
    static const char *const order[] = {"PASS", "SKIP", "INCONCLUSIVE", "UNINFORMATIVE", "FAIL", "ERROR"};
    int i = 0;
    while (i < (int)(sizeof order / sizeof *order) && strcmp(order[i], word) != 0) i++;
    return i;
}

enum change compare_change(const struct verdict_row *first, const struct verdict_row *later) {
    if (!first) return !later ? CHANGE_NONE : later->as_expected ? CHANGE_OTHER : CHANGE_WORSE;
    if (!later) return CHANGE_WORSE;
    int from = gravity(first->verdict), to = gravity(later->verdict);
    if (from == to) return CHANGE_NONE;
    if (first->as_expected != later->as_expected) return later->as_expected ? CHANGE_BETTER : CHANGE_WORSE;
    if (to > from) return CHANGE_WORSE;
    return first->as_expected ? CHANGE_OTHER : CHANGE_BETTER;
}

struct compare_number compare_difference(const struct compare_number *first, const struct compare_number *later) {
    double below = hypot(fmax(0, later->value - later->lower), fmax(0, first->upper - first->value));
    double above = hypot(fmax(0, later->upper - later->value), fmax(0, first->value - first->lower));
    struct compare_number d = {later->value - first->value, NAN, NAN};
    bool whole = isfinite(first->lower) && isfinite(first->upper) && isfinite(later->lower) && isfinite(later->upper);

    if (whole) d = (struct compare_number){d.value, d.value - below, d.value + above};
    return d;
}

void compare_ranks(const struct compare_number *n, size_t count, struct compare_rank *out) {
    for (size_t i = 0; i < count; i++) {
        out[i] = (struct compare_rank){1, count};
        for (size_t k = 0; k < count; k++) {
            out[i].best += n[k].upper < n[i].lower;
            out[i].worst -= n[k].lower > n[i].upper;
        }
    }
}

/* What has a floor is a share of the map, between bounds. */
static struct compare_number number_of(const struct verdict_row *v) {
    if (!v || !isfinite(v->floor)) return (struct compare_number){NAN, NAN, NAN};
    return (struct compare_number){v->score, v->lower, v->upper};
}

static double rounded(double value) {
    return fabs(value) < .005 ? 0 : value;
}

static void add_number(struct sheet *s, const struct compare_number *n) {
    if (!isfinite(n->value)) sheet_add(s, "");
    else if (!isfinite(n->lower) || !isfinite(n->upper)) sheet_addf(s, "%.2f", rounded(n->value));
    else sheet_addf(s, "%.2f [%.2f, %.2f]", rounded(n->value), rounded(n->lower), rounded(n->upper));
}

/* ---- runs ---- */

bool compare_add_run(struct compare *c, const char *name, struct store *s, struct error *e) {
    struct verdict_notes notes;
    struct compare_run *more = array_grow(c->runs, c->count, sizeof *more);

    if (!more) return error_memory(e);
    c->runs = more;
    struct compare_run *r = &more[c->count];
    *r = (struct compare_run){.name = name};
    if (!verdict_table_load(s, &r->verdicts, e)) return false;
    c->count++;
    if (!run_record_load(s, "run", &r->record, e) || !verdict_notes_load(s, &notes, e)) return false;
    r->accuracy = notes.accuracy ? text_copy(notes.accuracy) : NULL;
    verdict_notes_finish(&notes);
    return true;
}

void compare_finish(struct compare *c) {
    for (size_t i = 0; i < c->count; i++) {
        verdict_table_finish(&c->runs[i].verdicts);
        json_decref(c->runs[i].record);
        free(c->runs[i].accuracy);
    }
    for (size_t i = 0; i < COMPARE_SHEETS; i++) sheet_finish(&c->sheets[i]);
    text_finish(&c->note);
    free(c->runs);
    *c = (struct compare){0};
}

static const struct verdict_row *find(const struct compare_run *r, const char *explainer, const char *control) {
    return verdict_table_find(&r->verdicts, explainer, control);
}

/* Every cell that some run has, once: those of the first run, then what later ones have besides. */
static void each_cell(struct compare *c, void (*cell)(struct compare *, const char *explainer, const char *control)) {
    for (size_t k = 0; k < c->count; k++) {
        const struct verdict_table *t = &c->runs[k].verdicts;
        for (size_t i = 0; i < t->explainer_count * t->control_count; i++) {
            const struct verdict_row *v = verdict_table_cell(t, i / t->control_count, i % t->control_count);
            bool known = false;
            for (size_t before = 0; v && before < k && !known; before++)
                known = find(&c->runs[before], v->explainer, v->control) != NULL;
            if (v && !known) cell(c, v->explainer, v->control);
        }
    }
}

/* ---- sheets ---- */

static const char *word_of(const struct verdict_row *v) {
    return v ? v->verdict : "none";
}

/* SKIP wherever it is, as expected, and not gone since the first run. */
static bool is_skipped(const struct compare *c, const char *explainer, const char *control) {
    const struct verdict_row *first = find(&c->runs[0], explainer, control);

    for (size_t k = 0; k < c->count; k++) {
        const struct verdict_row *v = find(&c->runs[k], explainer, control);
        if (v ? strcmp(v->verdict, "SKIP") != 0 || !v->as_expected : first != NULL) return false;
    }
    return true;
}

static void add_changes(struct compare *c, const char *explainer, const char *control) {
    static const char *const words[] = {[CHANGE_BETTER] = "better", [CHANGE_WORSE] = "worse", [CHANGE_OTHER] = "other"};
    struct sheet *s = &c->sheets[0];
    const struct verdict_row *first = find(&c->runs[0], explainer, control);

    if (strcmp(control, VERDICT_OVERALL) == 0) return; /* its controls are told one by one */
    for (size_t k = 1; k < c->count; k++) {
        const struct verdict_row *later = find(&c->runs[k], explainer, control);
        enum change change = compare_change(first, later);
        if (change == CHANGE_NONE || (!c->whole && change == CHANGE_OTHER && is_skipped(c, explainer, control)))
            continue;
        c->regressions += change == CHANGE_WORSE;
        sheet_add(s, explainer);
        sheet_add(s, control);
        sheet_addf(s, "%s -> %s", word_of(first), word_of(later));
        sheet_add(s, c->runs[k].name);
        sheet_add(s, words[change]);
        sheet_add(s, later ? later->reason : "no verdict there");
    }
}

static void add_verdicts(struct compare *c, const char *explainer, const char *control) {
    struct sheet *s = &c->sheets[1];
    const struct verdict_row *first = find(&c->runs[0], explainer, control);
    struct compare_number from = number_of(first);

    if (!c->whole && is_skipped(c, explainer, control)) {
        c->skipped++;
        return;
    }
    sheet_add(s, explainer);
    sheet_add(s, control);
    for (size_t k = 0; k < c->count; k++) {
        const struct verdict_row *v = find(&c->runs[k], explainer, control);
        struct compare_number number = number_of(v), difference = compare_difference(&from, &number);
        sheet_add(s, word_of(v));
        add_number(s, &number);
        if (k) add_number(s, &difference);
    }
}

/* Of one control in one run: those whose share has both bounds, in the order of the table. */
static bool add_ranks(struct compare *c, const struct compare_run *r, size_t control) {
    const struct verdict_table *t = &r->verdicts;
    struct compare_number *n = calloc(t->explainer_count + 1, sizeof *n);
    struct compare_rank *ranks = calloc(t->explainer_count + 1, sizeof *ranks);
    size_t *place = calloc(t->explainer_count + 1, sizeof *place), count = 0;
    struct sheet *s = &c->sheets[2];
    bool ok = n && ranks && place;

    for (size_t x = 0; ok && x < t->explainer_count; x++) {
        const struct verdict_row *v = verdict_table_cell(t, x, control);
        struct compare_number number = number_of(v);
        if (!v || verdict_is_summary(v) || !isfinite(number.lower) || !isfinite(number.upper)) continue;
        n[count] = number;
        place[count++] = x;
    }
    if (ok) compare_ranks(n, count, ranks);
    for (size_t i = 0; ok && count > 1 && i < count; i++) {
        sheet_add(s, t->controls[control]);
        sheet_add(s, r->name);
        sheet_add(s, t->explainers[place[i]]);
        add_number(s, &n[i]);
        if (ranks[i].best == ranks[i].worst) sheet_addf(s, "%zu", ranks[i].best);
        else sheet_addf(s, "%zu to %zu", ranks[i].best, ranks[i].worst);
    }
    free(n);
    free(ranks);
    free(place);
    return ok;
}

/* A value of the record by its keys joined by dots, as text; "none" where there is none. Caller frees. */
static char *record_text(const json_t *record, const char *keys) {
    const json_t *value = record;
    for (const char *at = keys; at && *at;) {
        char key[64];
        size_t length = strcspn(at, ".");
        snprintf(key, sizeof key, "%.*s", (int)length, at);
        value = json_object_get(value, key);
        at += length + (at[length] == '.');
    }
    if (!value) return text_copy("none");
    return json_is_string(value) ? text_copy(json_string_value(value))
                                 : json_write(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
}

static bool add_difference(struct compare *c, const char *keys) {
    struct sheet *s = &c->sheets[3];
    char **texts = calloc(c->count, sizeof *texts);
    bool ok = texts != NULL, same = true;

    for (size_t k = 0; ok && k < c->count; k++) {
        texts[k] = record_text(c->runs[k].record, keys);
        ok = texts[k] != NULL;
        same = same && ok && strcmp(texts[0], texts[k]) == 0;
    }
    if (ok && !same) {
        sheet_add(s, keys);
        for (size_t k = 0; k < c->count; k++) sheet_add(s, texts[k]);
    }
    for (size_t k = 0; texts && k < c->count; k++) free(texts[k]);
    free(texts);
    return ok;
}

/* The constants of the rule, one by one. */
static bool add_rules(struct compare *c) {
    bool ok = true;
    const char *name;
    json_t *value;

    json_object_foreach(json_object_get(c->runs[0].record, "rule"), name, value) {
        char keys[80];
        snprintf(keys, sizeof keys, "rule.%s", name);
        ok = ok && add_difference(c, keys);
    }
    return ok;
}

static bool add_differences(struct compare *c) {
    static const char *const keys[] = {"assay",
                                       "battery",
                                       "seed",
                                       "conv",
                                       "model.path",
                                       "model.sha256",
                                       "data.source",
                                       "data.inputs",
                                       "data.preprocess",
                                       "data.target",
                                       "machine.route",
                                       "machine.cpu",
                                       "machine.blas_kernel",
                                       "machine.arithmetic"};
    bool any = false, ok = true;

    for (size_t k = 0; k < c->count; k++) any = any || c->runs[k].accuracy;
    if (any) sheet_add(&c->sheets[3], "on these data");
    for (size_t k = 0; any && k < c->count; k++)
        sheet_add(&c->sheets[3], c->runs[k].accuracy ? c->runs[k].accuracy : "not known");
    for (size_t i = 0; ok && i < sizeof keys / sizeof *keys; i++) ok = add_difference(c, keys[i]);
    return ok && add_rules(c);
}

static void add_heads(struct compare *c) {
    static const char *const changes[] = {"explainer", "control", "change", "since", "which is", "reason"},
                             *const ranks[] = {"control", "run", "explainer", "share", "rank"};

    c->sheets[0] = (struct sheet){.title = "Changes since the first run", .columns = 6, .prose = true};
    c->sheets[1] =
        (struct sheet){.title = "Verdicts",
                       .note = "Numbers: the share of the map that survives, between its bounds; behind later "
                               "runs the difference from the first. It joins the bounds of both runs as if "
                               "they were independent.",
                       .columns = 2 + 2 * c->count + c->count - 1};
    c->sheets[2] =
        (struct sheet){.title = "Ranks",
                       .note = "From the smallest share that survives. What has overlapping intervals is not "
                               "ranked: the ranks it may have are given.",
                       .columns = 5};
    c->sheets[3] = (struct sheet){.title = "What differs between the runs", .columns = 1 + c->count};
    for (size_t i = 0; i < COMPARE_SHEETS; i++) c->sheets[i].width = c->width;
    for (size_t i = 0; i < 6; i++) sheet_add(&c->sheets[0], changes[i]);
    for (size_t i = 0; i < 5; i++) sheet_add(&c->sheets[2], ranks[i]);
    sheet_add(&c->sheets[1], "explainer");
    sheet_add(&c->sheets[1], "control");
    sheet_add(&c->sheets[3], "what");
    for (size_t k = 0; k < c->count; k++) {
        sheet_add(&c->sheets[1], c->runs[k].name);
        sheet_add(&c->sheets[1], "share");
        if (k) sheet_add(&c->sheets[1], "difference");
        sheet_add(&c->sheets[3], c->runs[k].name);
    }
}

/* What was left out, in the note of the verdicts. */
static bool add_skipped(struct compare *c) {
    text_add(&c->note, "%zu cell%s SKIP in every run and not shown: --all shows %s.\n%s", c->skipped,
             c->skipped == 1 ? " is" : "s are", c->skipped == 1 ? "it" : "them", c->sheets[1].note);
    c->sheets[1].note = c->note.data;
    return !c->note.failed;
}

bool compare_make(struct compare *c, struct error *e) {
    bool ok = true;

    add_heads(c);
    each_cell(c, add_changes);
    each_cell(c, add_verdicts);
    if (c->skipped) ok = add_skipped(c);
    for (size_t k = 0; ok && k < c->count; k++)
        for (size_t i = 0; ok && i < c->runs[k].verdicts.control_count; i++) ok = add_ranks(c, &c->runs[k], i);
    ok = ok && add_differences(c);
    for (size_t i = 0; i < COMPARE_SHEETS; i++) ok = ok && !c->sheets[i].failed;
    return ok || error_memory(e);
}
