/* What was not as expected. */
#include "reports/surprise.h"

#include <string.h>

static bool is_error(const struct verdict_row *v) {
    return strcmp(v->verdict, "ERROR") == 0;
}

/* An ERROR, or not run, for a reason that another cell of the row has, too. */
static bool is_same(const struct verdict_row *a, const struct verdict_row *b) {
    return a && b && !a->as_expected && !b->as_expected &&
           ((is_error(a) && is_error(b)) || (verdict_is_not_run(a) && verdict_is_not_run(b))) &&
           strcmp(a->reason, b->reason) == 0 && verdict_is_summary(a) == verdict_is_summary(b);
}

static bool is_repeated(const struct verdict_table *t, size_t explainer, size_t control) {
    const struct verdict_row *v = verdict_table_cell(t, explainer, control);
    for (size_t c = 0; c < control; c++)
        if (is_same(verdict_table_cell(t, explainer, c), v)) return true;
    return false;
}

bool surprise_next(const struct verdict_table *t, size_t *at, struct surprise *out) {
    for (; *at < t->explainer_count * t->control_count; ++*at) {
        size_t explainer = *at / t->control_count, control = *at % t->control_count;
        const struct verdict_row *v = verdict_table_cell(t, explainer, control);
        if (!v || v->as_expected || is_repeated(t, explainer, control)) continue;
        *out = (struct surprise){v, explainer, control, 1};
        for (size_t c = control + 1; c < t->control_count; c++)
            out->count += is_same(v, verdict_table_cell(t, explainer, c));
        ++*at;
        return true;
    }
    return false;
}

void surprise_add_name(struct text *out, const struct verdict_table *t, const struct surprise *s) {
    text_add(out, "%s under %s", s->cell->explainer, s->cell->control);
    for (size_t c = s->control + 1; c < t->control_count; c++)
        if (is_same(s->cell, verdict_table_cell(t, s->explainer, c))) text_add(out, ", %s", t->controls[c]);
}

/* ---- expect ---- */

/* Letters, digits and what neither ends a scalar nor begins anything else. */
static bool is_plain(const char *key) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const char *first = key + strspn(key, "./");
    return strchr(letters, *first) && *first &&
           key[strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./()+")] == '\0';
}

void expect_add_key(struct text *out, const char *explainer, const char *control) {
    struct text key = {0};
    text_add(&key, "%s%s%s", explainer, control ? "/" : "", control ? control : "");
    if (key.failed) out->failed = true;
    else if (is_plain(key.data)) text_add(out, "%s", key.data);
    else text_add_quoted(out, key.data, key.length);
    text_finish(&key);
}

bool expect_add_entry(struct text *out, const struct verdict_row *v) {
    if (verdict_is_summary(v) || is_error(v) || verdict_is_not_run(v)) return false;
    expect_add_key(out, v->explainer, v->control);
    text_add(out, ": %s", v->verdict);
    return true;
}

bool surprise_add_remedy(struct text *out, const struct verdict_row *v, const char *folder, const char *baseline) {
    struct text entry = {0}, cell = {0};
    bool any = expect_add_entry(&entry, v);
    const char *why = surprise_is_mended(v) ? "It stopped failing" : "To accept it";

    text_add(&cell, "%s/%s", v->explainer, v->control);
    out->failed = out->failed || entry.failed || cell.failed;
    if (any && !out->failed && baseline) {
        text_add(out, "%s: assay accept ", why);
        text_add_word(out, folder ? folder : "RUN");
        text_add(out, " --baseline ");
        text_add_word(out, baseline);
        text_add(out, " --only ");
        text_add_word(out, cell.data);
    } else if (any && !out->failed) {
        text_add(out, "%s`expect`: %s", surprise_is_mended(v) ? "It stopped failing. Under " : "To accept it, under ",
                 entry.data);
    }
    text_finish(&entry);
    text_finish(&cell);
    return any;
}

bool surprise_is_mended(const struct verdict_row *v) {
    return !v->as_expected && !verdict_is_summary(v) && strcmp(v->verdict, "PASS") == 0;
}

/* ---- all of them ---- */

int surprise_exit_code(const struct verdict_table *t, bool wrong) {
    bool error = wrong, fail = false, open = false;
    for (size_t i = 0; i < t->explainer_count * t->control_count; i++) {
        const struct verdict_row *v = verdict_table_cell(t, i / t->control_count, i % t->control_count);
        if (!v || v->as_expected) continue;
        bool undecided = strcmp(v->verdict, "INCONCLUSIVE") == 0 || strcmp(v->verdict, "UNINFORMATIVE") == 0;
        if (verdict_is_summary(v) || undecided) open = true;
        else if (is_error(v)) error = true;
        else fail = true;
    }
    return error ? 3 : fail ? 1 : open ? 4 : 0;
}

struct verdict_counts verdict_counts_of(const struct verdict_table *t) {
    struct verdict_counts n = {0};
    for (size_t i = 0; i < t->explainer_count * t->control_count; i++) {
        const struct verdict_row *v = verdict_table_cell(t, i / t->control_count, i % t->control_count);
        bool unexpected = v && verdict_is_summary(v) && !v->as_expected;
        n.unjudged += unexpected && strcmp(v->verdict, "SKIP") == 0;
        n.open += unexpected && strcmp(v->verdict, "SKIP") != 0;
        if (!v || verdict_is_summary(v)) continue;
        n.verdicts++;
        n.expected += v->as_expected;
        n.mended += surprise_is_mended(v);
        n.words[verdict_style_index(v->verdict)]++;
    }
    return n;
}

void verdict_counts_add_words(struct text *out, const struct verdict_counts *n) {
    const char *separator = "";
    for (size_t i = 0; i < VERDICT_STYLES; i++)
        if (n->words[i]) {
            text_add(out, "%s%zu %s", separator, n->words[i], verdict_styles[i].word);
            separator = ", ";
        }
}
