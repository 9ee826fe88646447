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
    uint32_t stage_index;
    const char *explainer, *control;      /* of the stage, as are */
    const char *measure, *view, *pairing; /* those of the head: each row is compared with them */
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

static const char *text_of(const json_t *object, const char *key) {
    return json_string_value(json_object_get(object, key));
}

/* Raw strings are compared after the same cleaning that made the JSON ones. */
static bool is_text(const char *text, const char *raw) {
    if (strcmp(text, raw) == 0) return true;
    json_t *clean = json_text(raw);
    bool same = clean && strcmp(json_string_value(clean), text) == 0;
    json_decref(clean);
    return same;
}

static bool begin_stage(struct gathering *g, const struct result_row *r) {
    if (g->stage && g->stage_index == r->stage_index && is_text(g->explainer, r->explainer) &&
        is_text(g->control, r->control))
        return true;
    if (!end_run(g) || !flush(g)) return false;
    json_decref(g->stage);
    g->stage = json_pack("{so so so so}", "explainer", json_text(r->explainer), "control", json_text(r->control),
                         "stage", json_text(r->stage), "stage_index", json_integer((json_int_t)r->stage_index));
    if (!g->stage) return error_memory(g->error);
    g->stage_index = r->stage_index;
    g->explainer = text_of(g->stage, "explainer");
    g->control = text_of(g->stage, "control");
    return true;
}

static bool continues(const struct gathering *g, const struct result_row *r) {
    return g->head && g->draw == r->draw && strcmp(g->measure, r->measure) == 0 && strcmp(g->view, r->view) == 0 &&
           strcmp(g->pairing, r->pairing) == 0 &&
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
    if (!g->head || !g->inputs || !g->others || !g->values) return error_memory(g->error);
    g->measure = text_of(g->head, "measure");
    g->view = text_of(g->head, "view");
    g->pairing = text_of(g->head, "pairing");
    return true;
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
