/* The look of the six words, and the notes that every report carries. */
#include "reports/text_words.h"

#include "reports/annotations.h"
#include "reports/run_record.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* Fills after Wong 2011, "Points of view: Color blindness", doi:10.1038/nmeth.1618. */
const struct verdict_style verdict_styles[VERDICT_STYLES] = {
    {"PASS", "PASS", "P", "32", 0x009e73, 0xffffff, 0x00795a},
    {"FAIL", "FAIL", "F", "31", 0xc44601, 0xffffff, 0xc44601},
    {"INCONCLUSIVE", "INCONCL.", "I", "33", 0xf3dc6b, 0x000000, 0x8a6d00},
    {"UNINFORMATIVE", "UNINF.", "U", "36", 0xa9d3ee, 0x000000, 0x2f6f98},
    {"SKIP", "SKIP", "S", "2", 0xf2f2f2, 0x666666, 0x666666},
    {"ERROR", "ERROR", "E", "35", 0x5b2a6e, 0xffffff, 0x5b2a6e},
    {"", "", "?", "", 0xffffff, 0x000000, 0x000000},
};

size_t verdict_style_index(const char *verdict) {
    size_t i = 0;
    while (i + 1 < VERDICT_STYLES && strcmp(verdict_styles[i].word, verdict) != 0) i++;
    return i;
}

struct verdict_style verdict_style(const char *verdict) {
    return verdict_styles[verdict_style_index(verdict)];
}

size_t name_break(const char *name) {
    const char *hyphen = strrchr(name, '-');
    return strlen(name) > 12 && hyphen && hyphen[1] ? (size_t)(hyphen - name) + 1 : 0;
}

static void add_delta(struct verdict_notes *n, const json_t *rule) {
    const json_t *delta = json_object_get(rule, "delta");

    if (json_is_number(delta))
        text_add(&n->delta,
                 "By design, a map with up to about %.0f %% (delta = %.2f) of content that has nothing to do with the "
                 "model passes.",
                 100 * json_number_value(delta), json_number_value(delta));
    else
        text_add(&n->delta,
                 "By design, a map with a share up to delta of content that has nothing to do with the model passes.");
}

static void add_line(struct verdict_notes *n, const char *line) {
    n->line[n->count++] = line;
}

static bool is_text(const json_t *value, const char *text) {
    return json_is_string(value) && strcmp(json_string_value(value), text) == 0;
}

static char *text_of(const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    return json_is_string(value) ? text_copy(json_string_value(value)) : NULL;
}

/* A sentence about what the store has under the key; none where that is empty. */
static bool load_line(struct store *s, const char *key, const char *before, const char *after, struct text *out,
                      struct error *e) {
    char *meta;

    if (!store_meta(s, key, &meta, e)) return false;
    if (meta && *meta) text_add(out, "%s%s%s", before, meta, after);
    free(meta);
    return true;
}

/* What was looked at, and what was not. */
static bool load_lines(struct store *s, struct verdict_notes *n, struct error *e) {
    return load_line(s, "inspected", "Layers looked at: ", ".", &n->inspected, e) &&
           load_line(s, "ended", "Ended early: ", "", &n->ended, e) &&
           load_line(s, "part", "A part of the battery: ", ".", &n->part, e) &&
           load_line(s, "left_out", "A quick run: ", " left out.", &n->left_out, e) &&
           load_line(s, "untrained", "`controls: default` left out ",
                     ": it trains networks, and the battery has no `training:`.", &n->untrained, e) &&
           load_line(
               s, "pairs", "Antithetic pairs (",
               "): each draw of a stage with the top layer is a pair: that layer and its negative, averaged. With "
               "few outputs its sign alone would decide what a draw shows.",
               &n->pairs, e) &&
           annotations_add(s, &n->annotations, e);
}

/* NULL where the store has none. */
static bool load_object(struct store *s, const char *key, json_t **out, struct error *e) {
    char *meta;

    if (!store_meta(s, key, &meta, e)) return false;
    *out = meta ? json_loads(meta, 0, NULL) : NULL;
    bool ok = !meta || *out || error_memory(e);
    free(meta);
    return ok;
}

static bool load_accuracy(struct store *s, struct verdict_notes *n, struct error *e) {
    json_t *accuracy;

    if (!load_object(s, "accuracy", &accuracy, e)) return false;
    n->accuracy = text_of(accuracy, "sentence");
    n->accuracy_warning = text_of(accuracy, "warning");
    json_decref(accuracy);
    return true;
}

static bool load_canaries(struct store *s, struct verdict_notes *n, struct error *e) {
    json_t *canaries;

    if (!load_object(s, "canaries", &canaries, e)) return false;
    n->canaries = text_of(canaries, "sentence");
    n->canaries_warning = text_of(canaries, "warning");
    json_decref(canaries);
    return true;
}

/* Methods with one map, and those that should have one. */
static bool load_same(struct store *s, struct verdict_notes *n, struct error *e) {
    json_t *equalities;

    if (!load_object(s, "equalities", &equalities, e)) return false;
    const char *sentence = json_string_value(json_object_get(equalities, "sentence"));
    if (sentence) text_add(&n->same, "Equal maps, as they must be on this network: %s.", sentence);
    n->same_warning = text_of(equalities, "warning");
    json_decref(equalities);
    return true;
}

bool verdict_notes_load(struct store *s, struct verdict_notes *n, struct error *e) {
    json_t *run;

    *n = (struct verdict_notes){0};
    if (!load_accuracy(s, n, e) || !load_canaries(s, n, e) || !load_lines(s, n, e) || !load_same(s, n, e) ||
        !run_record_load(s, "run", &run, e)) {
        verdict_notes_finish(n);
        return false;
    }
    const json_t *rule = json_object_get(run, "rule"),
                 *warning = json_object_get(json_object_get(run, "model"), "warning");
    n->baseline = text_of(json_object_get(json_object_get(run, "battery_file"), "baseline"), "path");
    add_delta(n, rule);
    if (json_is_string(warning)) {
        text_add(&n->warning, "The model: %s", json_string_value(warning));
        add_line(n, n->warning.data);
    }
    if (n->ended.data) add_line(n, n->ended.data);
    if (n->part.data) add_line(n, n->part.data);
    if (n->annotations.data) add_line(n, n->annotations.data);
    if (n->left_out.data) add_line(n, n->left_out.data);
    if (n->untrained.data) add_line(n, n->untrained.data);
    if (n->pairs.data) add_line(n, n->pairs.data);
    if (n->inspected.data) add_line(n, n->inspected.data);
    if (n->same.data) add_line(n, n->same.data);
    if (is_text(json_object_get(rule, "name"), "fixed-cutoff"))
        add_line(
            n,
            "Rule: one fixed cut-off on the mean absolute similarity of the last stage. It is the common practice, not "
            "calibrated, and for comparison only: it passes maps that ignore the model and fails honest ones.");
    add_line(
        n, "PASS is necessary, not sufficient: the map depends on what was randomised; whether it is right is another "
           "question.");
    add_line(n, n->delta.data);
    add_line(n, "The signed mean is blind to odd methods: where the sign of the map flips at random with the weights, "
                "it falls to the floor whatever the magnitudes do. Hence the magnitude guard, which tests those.");
    add_line(n, "A similarity means something between its floor (same explainer, different inputs, fully randomised "
                "network) and its ceiling (same explainer, repeated).");
    json_decref(run);
    if (!n->delta.failed && !n->warning.failed && !n->inspected.failed && !n->same.failed && !n->left_out.failed &&
        !n->untrained.failed && !n->annotations.failed && !n->ended.failed && !n->part.failed && !n->pairs.failed)
        return true;
    verdict_notes_finish(n);
    return error_memory(e);
}

void verdict_notes_finish(struct verdict_notes *n) {
    text_finish(&n->delta);
    text_finish(&n->ended);
    text_finish(&n->part);
    text_finish(&n->warning);
    text_finish(&n->left_out);
    text_finish(&n->untrained);
    text_finish(&n->annotations);
    text_finish(&n->pairs);
    text_finish(&n->inspected);
    text_finish(&n->same);
    free(n->baseline);
    free(n->accuracy);
    free(n->accuracy_warning);
    free(n->canaries);
    free(n->canaries_warning);
    free(n->same_warning);
    *n = (struct verdict_notes){0};
}
