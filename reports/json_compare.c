/* Gathers comparisons, row by row, into arrays by draw and input. */
#include "reports/json_compare.h"

#include "reports/json_layout.h"

#include <string.h>

#define GROUPS_MAX 64u /* of one stage: measures x views x pairings */

/* Rows of the store come as explainer, control, stage, draw, variant, pairing, measure, view, input, other. What
 * differs only in input is one run of values; runs of one stage are gathered into groups; a new stage flushes them. */
struct gathering {
    bool (*group)(void *, json_t *);
    void *context;
    struct error *error;
    json_t *stage; /* what all rows of this stage share */
    json_t *groups[GROUPS_MAX];
    size_t group_count;
    json_t *head, *inputs, *others, *values; /* of the current run */
    uint32_t draw, last_input, last_other;
    bool mismatched;
};

static bool flush(struct gathering *g) {
    bool ok = true;

    for (size_t i = 0; i < g->group_count; i++)
        if (ok) ok = g->group(g->context, g->groups[i]);
        else json_decref(g->groups[i]);
    g->group_count = 0;
    return ok;
}

static bool same_group(const struct gathering *g, json_t *group) {
    static const char *const keys[] = {"measure", "view", "pairing"};

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (!json_equal(json_object_get(group, keys[i]), json_object_get(g->head, keys[i]))) return false;
    json_t *others = json_object_get(group, "others");
    return json_equal(json_object_get(group, "inputs"), g->inputs) && (!others || json_equal(others, g->others));
}

static json_t *new_group(struct gathering *g) {
    json_t *group = json_copy(g->stage);

    if (!group || json_object_update(group, g->head) != 0 || json_object_set(group, "inputs", g->inputs) != 0 ||
        (g->mismatched && json_object_set(group, "others", g->others) != 0) ||
        json_object_set_new(group, "draws", json_array()) != 0 ||
        json_object_set_new(group, "values", json_array()) != 0) {
        json_decref(group);
        return NULL;
    }
    return group;
}

static void drop_run(struct gathering *g) {
    json_decref(g->head);
    json_decref(g->inputs);
    json_decref(g->others);
    json_decref(g->values);
    g->head = g->inputs = g->others = g->values = NULL;
}

/* Adds the finished run to its group. */
static bool end_run(struct gathering *g) {
    json_t *group = NULL;

    if (!g->head) return true;
    for (size_t i = 0; i < g->group_count && !group; i++)
        if (same_group(g, g->groups[i])) group = g->groups[i];
    if (!group) {
        if (g->group_count == GROUPS_MAX && !flush(g)) return false;
        if (!(group = new_group(g))) return error_memory(g->error);
        g->groups[g->group_count++] = group;
    }
    bool ok = json_array_append_new(json_object_get(group, "draws"),
                                    g->draw == UINT32_MAX ? json_null() : json_integer((json_int_t)g->draw)) == 0 &&
              json_array_append(json_object_get(group, "values"), g->values) == 0;
    drop_run(g);
    return ok || error_memory(g->error);
}

static bool holds(const json_t *object, const char *key, const char *value) {
    const char *text = json_string_value(json_object_get(object, key));
    return text && strcmp(text, value) == 0;
}

/* Raw strings are compared after the same cleaning that made the JSON ones. */
static bool is_text(const json_t *object, const char *key, const char *raw) {
    const char *text = json_string_value(json_object_get(object, key));
    if (text && strcmp(text, raw) == 0) return true;
    json_t *clean = json_text(raw);
    bool same = clean && json_equal(clean, json_object_get(object, key));
    json_decref(clean);
    return same;
}

static bool begin_stage(struct gathering *g, const struct result_row *r) {
    if (g->stage && json_integer_value(json_object_get(g->stage, "stage_index")) == (json_int_t)r->stage_index &&
        is_text(g->stage, "explainer", r->explainer) && is_text(g->stage, "control", r->control))
        return true;
    if (!end_run(g) || !flush(g)) return false;
    json_decref(g->stage);
    g->stage = json_pack("{so so so so}", "explainer", json_text(r->explainer), "control", json_text(r->control),
                         "stage", json_text(r->stage), "stage_index", json_integer((json_int_t)r->stage_index));
    return g->stage || error_memory(g->error);
}

static bool continues(const struct gathering *g, const struct result_row *r) {
    return g->head && g->draw == r->draw && holds(g->head, "measure", r->measure) && holds(g->head, "view", r->view) &&
           holds(g->head, "pairing", r->pairing) &&
           (r->input > g->last_input || (r->input == g->last_input && r->other > g->last_other));
}

static bool begin_run(struct gathering *g, const struct result_row *r) {
    if (!end_run(g)) return false;
    g->head = json_pack("{so so so}", "measure", json_text(r->measure), "view", json_text(r->view), "pairing",
                        json_text(r->pairing));
    g->inputs = json_array();
    g->others = json_array();
    g->values = json_array();
    g->draw = r->draw;
    g->mismatched = false;
    return (g->head && g->inputs && g->others && g->values) || error_memory(g->error);
}

static bool gather(void *context, const struct result_row *r) {
    struct gathering *g = context;

    if (!begin_stage(g, r) || (!continues(g, r) && !begin_run(g, r))) return false;
    g->last_input = r->input;
    g->last_other = r->other;
    g->mismatched = g->mismatched || r->input != r->other;
    bool ok = json_array_append_new(g->inputs, json_integer((json_int_t)r->input)) == 0 &&
              json_array_append_new(g->others, json_integer((json_int_t)r->other)) == 0 &&
              json_array_append_new(g->values, json_number(r->value)) == 0;
    return ok || error_memory(g->error);
}

bool json_each_comparison(struct store *s, bool (*group)(void *, json_t *), void *context, struct error *e) {
    struct gathering g = {.group = group, .context = context, .error = e};

    bool ok = store_each_result(s, gather, &g, e) && end_run(&g);
    if (ok) ok = flush(&g);
    for (size_t i = 0; i < g.group_count; i++) json_decref(g.groups[i]);
    drop_run(&g);
    json_decref(g.stage);
    return ok;
}
