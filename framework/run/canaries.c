/* canaries.c: the verdicts of canaries, and what may be the matter where one is wrong. */
#include "run/canaries.h"

#include "base/json_write.h"
#include "base/text.h"
#include "experiment/canary.h"
#include "experiment/explainers.h"
#include "run/verdict_judge.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum outcome { RIGHT, UNDECIDED, WRONG, OUTCOMES };
static const char *const outcome_names[OUTCOMES] = {"as known", "undecided", "wrong"};

struct panel {
    struct run *run;
    const struct results *results;
    uint32_t control;
    json_t *entries;
    uint32_t count[OUTCOMES];
    struct text wrong; /* a sentence for each that is */
};

static enum outcome outcome_of(const struct canary *c, const struct judgement *j) {
    const unsigned word = 1u << j->word;
    return c->right & word ? RIGHT : c->undecided & word ? UNDECIDED : WRONG;
}

/* The first word that is right. */
static const char *known_word(const struct canary *c) {
    unsigned w = 0;
    while (!(c->right & (1u << w))) w++;
    return verdict_word_name((enum verdict_word)w);
}

static bool judge_canary(struct panel *p, uint32_t row, struct error *e) {
    const struct canary *c = p->run->explainers[row].canary;
    struct judgement j;
    if (!verdict_judge(p->results, row, p->control, p->run->battery->rule.draws[0], NULL, &j, e)) return false;
    enum outcome outcome = outcome_of(c, &j);
    p->count[outcome]++;
    if (outcome == WRONG)
        text_add(&p->wrong, " %c%s: %s where %s is known. %s", c->what[0] - 'a' + 'A', c->what + 1,
                 verdict_word_name(j.word), known_word(c), j.reason);
    json_t *entry = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "name", c->name, "map", c->what, "verdict",
                              verdict_word_name(j.word), "known", known_word(c), "outcome", outcome_names[outcome],
                              "reason", j.reason);
    return (entry && json_array_append_new(p->entries, entry) == 0) || error_memory(e);
}

/* ---- what may be the matter ---- */

static bool is_constant(const float *x, size_t n) {
    for (size_t k = 1; k < n; k++)
        if (x[k] != x[0]) return false;
    return true;
}

/* Inputs of one value, or all the same. */
static bool inputs_say_nothing(const struct run *run) {
    const struct input_set *set = &run->inputs[ROOT_MODEL];
    size_t n = shape_count(&run->data->sample);
    bool constant = true, same = true;
    for (uint32_t i = 0; i < set->count; i++) {
        constant = constant && is_constant(set->x + i * n, n);
        same = same && memcmp(set->x, set->x + i * n, n * sizeof *set->x) == 0;
        input_set_release(set, i, 1, n);
    }
    return constant || same;
}

/* Mean |r| of the logits where the control draws most layers anew; NaN: no audit tells. */
static double logits_left(const struct panel *p) {
    const struct plan *plan = &p->run->plan;
    uint32_t last = plan_stages(plan, p->control) - 1, count = 0;
    double sum = 0;
    for (uint32_t i = 0; i < plan->use_count; i++) {
        const struct use *u = &plan->uses[i];
        if (u->control != p->control || u->stage_index != last) continue;
        const struct audit *audit = &p->results->audits[u->attribution];
        if (!audit->present || isnan(audit->logit_r)) continue;
        sum += fabs(audit->logit_r);
        count++;
    }
    return count ? sum / count : (double)NAN;
}

/* Of r = .9 eight tenths of the variance of the logits are what they were. */
#define LOGITS_STAY .9

static void add_causes(struct panel *p) {
    const struct run *run = p->run;
    const char *op = graph_saturating(run->graph);
    double left = logits_left(p);
    size_t before = p->wrong.length;
    if (inputs_say_nothing(run)) text_add(&p->wrong, " The inputs are constant, or all the same.");
    if (left > LOGITS_STAY)
        text_add(&p->wrong, " Drawing weights anew leaves the logits as they were (r = %.2f).", left);
    if (op) text_add(&p->wrong, " The network ends in a %s, which may be saturated.", op);
    if (p->wrong.length == before && run->graph->classes <= 2)
        text_add(&p->wrong, " The network has few outputs (%u): the sign of a layer drawn anew decides each draw.",
                 run->graph->classes);
}

/* ---- */

static void add_sentence(const struct panel *p, struct text *out) {
    uint32_t all = p->count[RIGHT] + p->count[UNDECIDED] + p->count[WRONG];
    if (p->run->without_canaries) {
        text_add(out, "no canaries: %s", p->run->without_canaries);
        return;
    }
    text_add(out, "canaries, maps whose verdict is known: %u of %u as known", p->count[RIGHT], all);
    for (int o = UNDECIDED; o < OUTCOMES; o++)
        if (p->count[o]) text_add(out, ", %u %s", p->count[o], outcome_names[o]);
}

static bool put_panel(struct panel *p, struct error *e) {
    const struct run *run = p->run;
    struct text sentence = {0}, warning = {0};
    add_sentence(p, &sentence);
    if (p->count[WRONG]) {
        add_causes(p);
        text_add(&warning, "this network or these data may be no ground for verdicts.%s",
                 p->wrong.data ? p->wrong.data : "");
    }
    char *text = NULL;
    json_t *o =
        sentence.failed || warning.failed || p->wrong.failed
            ? NULL
            : json_pack("{s:s, s:s?, s:s?, s:O, s:s?}", "sentence", sentence.data, "left_out", run->without_canaries,
                        "control", json_array_size(p->entries) ? run->controls[p->control].control->id : NULL, "panel",
                        p->entries, "warning", warning.data);
    if (o) text = json_write(o, JSON_PRESERVE_ORDER);
    bool ok = text ? store_set_meta(run->store, "canaries", text, e) : error_memory(e);
    json_decref(o);
    free(text);
    text_finish(&sentence);
    text_finish(&warning);
    return ok;
}

bool canaries_judge(struct run *run, struct results *r, bool *wrong, struct error *e) {
    struct panel p = {.run = run, .results = r, .entries = json_array()};
    const struct rule_constants *battery = r->view.rule;
    struct rule_constants known = rule_constants_default();
    memcpy(known.draws, battery->draws, sizeof known.draws);
    r->view.rule = &known;
    bool ok = p.entries || error_memory(e);
    const struct control_entry *control = run_canary_control(run);
    if (control) p.control = (uint32_t)(control - run->controls);
    for (uint32_t row = 0; ok && control && row < run->explainer_count; row++)
        if (run->explainers[row].canary) ok = judge_canary(&p, row, e);
    ok = ok && put_panel(&p, e);
    *wrong = p.count[WRONG] > 0;
    r->view.rule = battery;
    json_decref(p.entries);
    text_finish(&p.wrong);
    return ok;
}
