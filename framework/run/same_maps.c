/* same_maps.c: pairs of rows whose maps are equal, or should be. */
#include "run/same_maps.h"

#include "base/json_write.h"
#include "base/text.h"
#include "nn/function_class.h"
#include "run/equalities.h"
#include "run/sketch.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAME 1e-6 /* relative distance up to which two maps are one, with or without a theorem */

enum relation { EXPECTED, UNEXPLAINED, BROKEN, SCALED, RELATIONS };
static const char *const relation_names[RELATIONS] = {"expected", "unexplained", "broken", "scaled"};

struct row {
    const struct explainer_entry *entry;
    char *digest; /* of its maps of all inputs */
    struct sketch sketch;
};

struct comparison {
    const struct run *run;
    struct row *rows; /* [count] */
    uint32_t count;
    struct equality_network network;
    struct sketch plain; /* of a map of ones */
    json_t *pairs;
    struct text said[RELATIONS], open[RELATIONS]; /* in words; the theorem of the last ones, which is not said yet */
};

/* The library, the explainer and its parameters, `relu` if it is wanted: the two maps of that stand side by side as a
 * rule. NULL: out of memory. */
static char *method_text(const struct plugin *p, bool relu) {
    struct text text = {0};
    text_add(&text, "%s %s", p->digest, p->info.id);
    for (uint32_t k = 0; k < p->params.count; k++) {
        const assay_param *param = &p->params.items[k];
        int kind = p->info.params[k].kind;
        if (!relu && strcmp(param->name, "relu") == 0) continue;
        if (kind == ASSAY_NUMBER || kind == ASSAY_INTEGER) text_add(&text, " %s=%.10g", param->name, param->number);
        else text_add(&text, " %s=%s", param->name, param->text);
    }
    if (text.failed) text_finish(&text);
    return text.data;
}

static bool same_method(const struct row *a, const struct row *b, bool relu, bool *same, struct error *e) {
    char *texts[2] = {method_text(a->entry->plugin, relu), method_text(b->entry->plugin, relu)};
    bool ok = texts[0] && texts[1];
    *same = ok && strcmp(texts[0], texts[1]) == 0;
    free(texts[0]);
    free(texts[1]);
    return ok || error_memory(e);
}

/* ---- rows that have maps ---- */

static bool load_meta(const struct run *run, const char *prefix, const char *name, char **value, struct error *e) {
    char *key = text_format("%s%s", prefix, name);
    bool ok = key ? store_meta(run->store, key, value, e) : error_memory(e);
    free(key);
    return ok;
}

/* A method that is there under another name or with another reduction. */
static bool is_there(const struct comparison *c, const struct row *row, bool *there, struct error *e) {
    *there = false;
    for (uint32_t k = 0; !*there && k < c->count; k++)
        if (!same_method(&c->rows[k], row, true, there, e)) return false;
    return true;
}

/* Adds the row where it has a digest and a sketch, and is not there. */
static bool load_row(struct comparison *c, const struct explainer_entry *entry, struct error *e) {
    struct row *row = &c->rows[c->count];
    char *sketch = NULL;
    bool there = false;
    if (entry->yardstick || entry->breach || entry->unsupported) return true;
    *row = (struct row){.entry = entry};
    bool ok = load_meta(c->run, "original/model/", entry->name, &row->digest, e) &&
              load_meta(c->run, SKETCH_META, entry->name, &sketch, e) && is_there(c, row, &there, e);
    if (ok && !there && row->digest && sketch && sketch_from_text(sketch, &row->sketch)) c->count++;
    else free(row->digest);
    free(sketch);
    return ok;
}

static bool load_rows(struct comparison *c, struct error *e) {
    bool ok = true;
    c->rows = calloc(c->run->explainer_count + (size_t)1, sizeof *c->rows);
    if (!c->rows) return error_memory(e);
    for (uint32_t k = 0; ok && k < c->run->explainer_count; k++) ok = load_row(c, &c->run->explainers[k], e);
    return ok;
}

static bool find_class(struct comparison *c, struct error *e) {
    struct net *net = NULL;
    const size_t count = shape_count(&c->run->data->sample);
    float *ones = malloc(count * sizeof *ones);
    if (!ones) return error_memory(e);
    for (size_t k = 0; k < count; k++) ones[k] = 1;
    sketch_begin(&c->plain);
    sketch_add(&c->plain, 0, 1, count, ones);
    free(ones);
    c->network.graph = c->run->graph;
    bool ok = run_net(c->run, c->run->model, &net, e) && function_class_of(net, &c->network.function, e);
    net_destroy(net);
    return ok;
}

/* ---- pairs ---- */

/* The theorems that say more than that a method is itself. */
static void add_theorems(struct text *out, const struct equality *const by[2], bool source) {
    for (int k = 0; k < 2; k++) {
        const char *says = source ? by[k]->source : by[k]->why;
        if (!says || (k && by[0]->why && strcmp(by[0]->why, by[1]->why) == 0)) continue;
        text_add(out, "%s%s", out->length ? "; " : "", says);
    }
}

/* Behind all pairs that one theorem is about. */
static void close_theorem(struct comparison *c, enum relation relation) {
    struct text *open = &c->open[relation];
    if (open->length) text_add(&c->said[relation], " (%s)", open->data);
    text_finish(open);
    *open = (struct text){0};
}

static void say_pair(struct comparison *c, enum relation relation, const struct row *a, const struct row *b,
                     double distance, const char *theorem) {
    struct text *said = &c->said[relation], *open = &c->open[relation];
    if (open->length && strcmp(open->data, theorem) != 0) close_theorem(c, relation);
    text_add(said, "%s%s and %s",
             !said->length               ? ""
             : open->length || !*theorem ? ", "
                                         : "; ",
             a->entry->name, b->entry->name);
    if (relation == BROKEN)
        text_add(said, " (%.2g apart%s)", distance,
                 sketch_scaled_distance(&a->sketch, &b->sketch, &c->plain) <= SAME ? ", equal up to a factor" : "");
    if (!open->length && *theorem) text_add(open, "%s", theorem);
}

static bool put_pair(struct comparison *c, enum relation relation, const struct row *a, const struct row *b,
                     double distance, const char *why, const char *source, struct error *e) {
    char rounded[32]; /* a sketch says no more */
    snprintf(rounded, sizeof rounded, "%.2g", distance);
    json_t *pair =
        json_pack("{s:s, s:s, s:s, s:f, s:s?, s:s?}", "a", a->entry->name, "b", b->entry->name, "is",
                  relation_names[relation], "distance", strtod(rounded, NULL), "theorem", why, "source", source);
    return (pair && json_array_append_new(c->pairs, pair) == 0) || error_memory(e);
}

static bool add_pair(struct comparison *c, enum relation relation, const struct row *a, const struct row *b,
                     double distance, const struct equality *const by[2], struct error *e) {
    struct text why = {0}, source = {0}, theorem = {0};
    if (by[0]) {
        add_theorems(&why, by, false);
        add_theorems(&source, by, true);
    }
    if (why.length) text_add(&theorem, "%s: %s", why.data, source.length ? source.data : "by definition");
    say_pair(c, relation, a, b, distance, theorem.length ? theorem.data : "");
    bool ok = (!why.failed && !source.failed && !theorem.failed) || error_memory(e);
    ok = ok && put_pair(c, relation, a, b, distance, why.data, source.data, e);
    text_finish(&why);
    text_finish(&source);
    text_finish(&theorem);
    return ok;
}

/* Maps that no theorem joins and that are not one: they may be up to a factor. What a theorem explains is in
 * report.json alone. */
static bool compare_scaled(struct comparison *c, const struct row *a, const struct row *b, struct error *e) {
    const struct equality *const none[2] = {NULL, NULL};
    const char *source = NULL;
    double distance = sketch_scaled_distance(&a->sketch, &b->sketch, &c->plain);
    if (distance > SAME) return true;
    const char *why = equality_scale(&c->network, a->entry, b->entry, &source);
    return why ? put_pair(c, SCALED, a, b, distance, why, source, e) : add_pair(c, SCALED, a, b, distance, none, e);
}

static bool compare_pair(struct comparison *c, const struct row *a, const struct row *b, struct error *e) {
    const struct equality *by[2] = {NULL, NULL};
    bool same_name;
    enum equal equal;
    double distance = strcmp(a->digest, b->digest) == 0 ? 0 : sketch_distance(&a->sketch, &b->sketch);
    if (!same_method(a, b, false, &same_name, e)) return false;
    if (same_name) return true;
    if (!equality_between(&c->network, a->entry, b->entry, by, &equal, e)) return false;
    if (equal == EQUAL_NOT && distance > SAME) return compare_scaled(c, a, b, e);
    if (equal == EQUAL_NOT) return add_pair(c, UNEXPLAINED, a, b, distance, by, e);
    if (distance <= by[0]->within + by[1]->within) return add_pair(c, EXPECTED, a, b, distance, by, e);
    return equal != EQUAL_DUE || add_pair(c, BROKEN, a, b, distance, by, e);
}

static bool put(struct comparison *c, struct error *e) {
    struct text warning = {0};
    bool failed = false;
    for (int r = 0; r < RELATIONS; r++) {
        close_theorem(c, (enum relation)r);
        failed |= c->said[r].failed;
    }
    const char *broken = c->said[BROKEN].data, *unexplained = c->said[UNEXPLAINED].data, *scaled = c->said[SCALED].data;
    if (broken)
        text_add(&warning, "maps that must be equal on this network are not: %s. One of two is not what its name says.",
                 broken);
    if (unexplained)
        text_add(&warning,
                 "%smethods that claim to differ give one map: %s. No theorem that is known here asks for it: a hook "
                 "or a parameter may be without effect.",
                 broken ? " And " : "", unexplained);
    if (scaled)
        text_add(&warning,
                 "%smethods that claim to differ give maps that are equal up to a factor: %s. To measures of rank "
                 "they are one method.",
                 broken || unexplained ? " And " : "", scaled);
    char *text = NULL;
    json_t *o = warning.failed || failed ? NULL
                                         : json_pack("{s:s?, s:s?, s:O}", "sentence", c->said[EXPECTED].data, "warning",
                                                     warning.data, "pairs", c->pairs);
    if (o) text = json_write(o, JSON_PRESERVE_ORDER);
    bool ok = text ? store_set_meta(c->run->store, "equalities", text, e) : error_memory(e);
    json_decref(o);
    free(text);
    text_finish(&warning);
    return ok;
}

bool same_maps_put(struct run *run, struct error *e) {
    struct comparison c = {.run = run, .pairs = json_array()};
    bool ok = (c.pairs || error_memory(e)) && store_unset_meta(run->store, "equalities", e) && load_rows(&c, e) &&
              (c.count < 2 || find_class(&c, e));
    for (uint32_t k = 1; ok && k < c.count; k++)
        for (uint32_t i = 0; ok && i < k; i++) ok = compare_pair(&c, &c.rows[i], &c.rows[k], e);
    if (ok && json_array_size(c.pairs)) ok = put(&c, e);
    for (uint32_t k = 0; k < c.count; k++) free(c.rows[k].digest);
    for (int r = 0; r < RELATIONS; r++) {
        text_finish(&c.said[r]);
        text_finish(&c.open[r]);
    }
    free(c.rows);
    json_decref(c.pairs);
    return ok;
}
