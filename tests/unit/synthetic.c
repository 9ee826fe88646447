/* The results that a method of known merit would give, for tests of the judge. */
#include "synthetic.h"

#include "base/rng.h"
#include "base/text.h"
#include "explainers/explainer.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct profile profile_clean(void) {
    return (struct profile){.repeat = 1, .stable = .9, .twin = .6, .twin_magnitude = .6};
}

struct synthetic_options synthetic_default(void) {
    return (struct synthetic_options){
        .controls = {&control_cascading}, .inputs = 12, .draws = 5, .classes = 10, .layers = 3, .same_size = true};
}

/* ---- the run ---- */

static void make_inputs(struct synthetic *s, enum root root) {
    const size_t size = SYNTHETIC_SIDE * SYNTHETIC_SIDE;
    uint32_t n = s->options.inputs;
    struct input_set *set = &s->run.inputs[root];
    struct rng rng = rng_stream(7, "synthetic inputs", 0);
    set->count = n;
    set->global = malloc((5 + DERANGEMENTS) * n * sizeof *set->global);
    set->x = malloc(n * size * sizeof *set->x);
    cr_assert(set->global && set->x);
    set->sample = set->global + n;
    set->label = set->sample + n;
    set->predicted = set->label + n;
    set->target = set->predicted + n;
    set->derangements = set->target + n;
    for (uint32_t i = 0; i < n; i++) {
        set->global[i] = set->sample[i] = i;
        set->label[i] = set->predicted[i] = set->target[i] = i % s->options.classes;
    }
    for (size_t k = 0; k < n * size; k++) {
        bool zero = (double)(k % size) < s->options.zeros * (double)size;
        set->x[k] = zero ? 0 : s->options.same_size ? 1 : (float)exp(3 * rng_uniform(&rng));
    }
    uint32_t *order = malloc(2 * n * sizeof *order);
    cr_assert_not_null(order);
    rng_derangements(&rng, n, DERANGEMENTS, order, set->derangements);
    free(order);
    set->zero_share = s->options.zeros;
}

static void make_graph(struct synthetic *s) {
    s->graph = (struct graph){.value_count = 1,
                              .values = calloc(1, sizeof *s->graph.values),
                              .classes = s->options.classes,
                              .layer_count = s->options.layers,
                              .layers = calloc(s->options.layers, sizeof *s->graph.layers),
                              .sample = {3, {1, SYNTHETIC_SIDE, SYNTHETIC_SIDE}}};
    cr_assert(s->graph.layers && s->graph.values);
    s->graph.values[0].node = GRAPH_NONE;
    for (uint32_t l = 0; l < s->options.layers; l++) s->graph.layers[l].name = text_format("fc%u", l + 1);
}

static void make_rows(struct synthetic *s, const struct profile *p) {
    s->run.explainers = calloc(2, sizeof *s->run.explainers);
    s->run.explainer_count = 2;
    s->run.explainers[0] =
        (struct explainer_entry){.name = text_copy("subject"), .claims = p->claims, .non_negative = p->non_negative};
    s->run.explainers[1] =
        (struct explainer_entry){.name = text_copy("(gradient)"), .yardstick = true, .non_negative = p->non_negative};
}

static void make_networks(struct synthetic *s) {
    static const enum network_kind kinds[] = {NETWORK_TRUE, NETWORK_PERMUTED, NETWORK_TWIN};
    s->run.networks = calloc(9, sizeof *s->run.networks);
    for (uint32_t k = 0; k < 3; k++)
        for (uint32_t draw = 0; draw < (k ? 4u : 1u); draw++)
            s->run.networks[s->run.network_count++] =
                (struct network){.kind = kinds[k],
                                 .draw = draw,
                                 .epochs = 20,
                                 .train_accuracy = .97,
                                 .test_accuracy = k == 1 ? 1.0 / s->options.classes : .8};
}

/* As setup.c does. */
static void make_plan(struct synthetic *s) {
    struct error e;
    uint32_t a;
    plan_init(&s->run.plan, &s->graph);
    for (int root = 0; root < ROOT_COUNT; root++) {
        cr_assert(plan_original(&s->run.plan, (enum root)root, NULL, 0, &a, &e));
        cr_assert(plan_original(&s->run.plan, (enum root)root, NULL, 1, &a, &e));
    }
    cr_assert(plan_original(&s->run.plan, ROOT_MODEL, &input_jitter, 0, &a, &e));
    for (uint32_t c = 0; c < s->run.control_count; c++) {
        const struct control_entry *entry = &s->run.controls[c];
        cr_assert(control_expand(entry->control, &s->run.plan, c, &entry->values, &s->battery, 0, s->options.draws, &e),
                  "%s", e.text);
    }
    cr_assert(plan_original(&s->run.plan, ROOT_MODEL, &input_moved, 0, &a, &e));
    s->run.plan.attributions[a].wants |= WANT_MISMATCHED;
}

static void make_controls(struct synthetic *s) {
    static const struct battery_control plain = {0};
    struct error e;
    s->run.controls = calloc(6, sizeof *s->run.controls);
    for (uint32_t c = 0; s->options.controls[c]; c++) {
        struct control_entry *entry = &s->run.controls[s->run.control_count++];
        entry->control = s->options.controls[c];
        cr_assert(control_values_parse(entry->control, &s->battery, &plain, &entry->values, &e), "%s", e.text);
    }
}

/* ---- the results ---- */

static double *fresh(size_t n) {
    double *a = malloc(n * sizeof *a);
    cr_assert_not_null(a);
    return a;
}

void synthetic_fill(const struct synthetic *s, struct cell *cell, enum view v, double matched, double mismatched) {
    uint32_t n = s->options.inputs;
    if (!cell->matched[0][v]) cell->matched[0][v] = fresh(n);
    if (!cell->mismatched[v]) cell->mismatched[v] = fresh((size_t)DERANGEMENTS * n);
    for (uint32_t i = 0; i < n; i++) cell->matched[0][v][i] = matched;
    for (uint32_t i = 0; i < DERANGEMENTS * n; i++) cell->mismatched[v][i] = mismatched;
}

/* D[draw][input] = share + draw effect + input effect + noise, turned back into a similarity. */
static void put_share(const struct synthetic *s, const struct profile *p, uint32_t row, uint32_t attribution,
                      double share, double magnitude, uint64_t seed) {
    struct cell *cell = &s->results->cells[(size_t)row * s->results->attribution_count + attribution];
    struct rng noise = rng_stream(seed, row ? "noise of the gradient" : "noise", attribution),
               draw = rng_stream(seed, "draw", attribution);
    double shift = p->draw_sd * rng_normal(&draw), lift = row ? 0 : p->floor_sd * rng_normal(&draw);
    for (int v = 0; v < VIEW_COUNT; v++) {
        struct rng input = rng_stream(seed, "input", 0);
        double floor = row                                                ? p->yardstick_floor
                       : v >= VIEW_ABSOLUTE_ALL && p->magnitude_floor > 0 ? p->magnitude_floor
                                                                          : p->floor;
        double span = p->repeat - floor;
        synthetic_fill(s, cell, (enum view)v, 0, floor + lift);
        for (uint32_t i = 0; i < s->options.inputs; i++) {
            double effect = shift + p->input_sd * rng_normal(&input) + p->noise_sd * rng_normal(&noise);
            cell->matched[0][v][i] = floor + span * ((v < VIEW_ABSOLUTE_ALL ? share : magnitude) + effect);
        }
    }
    cell->present = true;
    cell->status = UNIT_OK;
    cell->why = cell->why ? cell->why : text_copy("");
}

static void put_use(const struct synthetic *s, const struct profile *p, const struct use *u, uint64_t seed) {
    const struct rule *rule = s->run.controls[u->control].control->rule;
    bool labels = rule->family == FAMILY_LABELS;
    struct audit *audit = &s->results->audits[u->attribution];
    uint32_t stage = u->stage_index, last = s->options.layers - 1;
    bool all = rule->single_layers && stage > last; /* that of the floor, shared with the cascade */
    double share = labels                        ? (stage ? p->twin : p->permuted)
                   : !rule->single_layers || all ? p->cascade[all ? last : stage]
                                                 : p->single[stage];
    double magnitude = !labels ? p->magnitude : stage ? p->twin_magnitude : p->permuted_magnitude;
    put_share(s, p, 0, u->attribution, share, magnitude, seed);
    put_share(s, p, 1, u->attribution, rule->single_layers && !all ? p->gradient[stage] : 0, p->yardstick, seed);
    if (!attribution_is_redrawn(&s->run.plan.attributions[u->attribution])) return;
    *audit = (struct audit){true, true, 0, 0, .01};
    for (uint32_t l = 0; l < s->options.layers; l++)
        audit->expected += s->run.plan.attributions[u->attribution].model.layers[l];
    audit->changed = audit->expected;
    if (audit->expected == 1) audit->logit_r = p->logit_r[stage]; /* the top layer is the cascade's first stage, too */
}

/* As alike as where they are not moved, unless the profile says otherwise. */
static double moved_floor(const struct profile *p, int view) {
    double still = view >= VIEW_ABSOLUTE_ALL && p->magnitude_floor > 0 ? p->magnitude_floor : p->floor;
    return view >= VIEW_ABSOLUTE_ALL && p->moved_floor > 0 ? p->moved_floor : still;
}

static void put_originals(const struct synthetic *s, const struct profile *p) {
    const struct plan *plan = &s->run.plan;
    for (uint32_t row = 0; row < 2; row++)
        for (uint32_t a = 0; a < plan->attribution_count; a++) {
            const struct attribution *at = &plan->attributions[a];
            struct cell *cell = &s->results->cells[(size_t)row * s->results->attribution_count + a];
            if (!attribution_is_unmodified(at)) continue;
            double value = at->repeat ? p->repeat : attribution_is_jittered(at) ? p->stable : 1;
            for (int v = 0; v < VIEW_COUNT; v++)
                synthetic_fill(s, cell, (enum view)v, value, attribution_is_moved(at) ? moved_floor(p, v) : value);
            cell->present = true;
            cell->why = text_copy("");
        }
}

static void put_checks(const struct synthetic *s) {
    for (uint32_t k = 0; k < 2 * s->run.plan.check_count; k++)
        s->results->checks[k] = (struct checked){true, true, 1e-7, 1e-4, 3, s->options.inputs};
}

static void make_results(struct synthetic *s, const struct profile *p, uint64_t seed) {
    const struct plan *plan = &s->run.plan;
    struct error e;
    s->view = run_view(&s->run);
    cr_assert(results_create(&s->view, &s->results, &e));
    put_originals(s, p);
    /* The cascade last: what it shares with the independent control is its own. */
    for (int cascade = 0; cascade < 2; cascade++)
        for (uint32_t u = 0; u < plan->use_count; u++)
            if ((s->run.controls[plan->uses[u].control].control->rule->magnitude_guard) == (cascade == 1))
                put_use(s, p, &plan->uses[u], seed);
    put_checks(s);
}

void synthetic_create(struct synthetic *s, const struct synthetic_options *options, const struct profile *p,
                      uint64_t seed) {
    *s = (struct synthetic){.options = *options};
    s->battery = (struct battery){
        .path = (char *)"synthetic.yaml", .rule = rule_constants_default(), .seed = 1, .inputs = options->inputs};
    s->data = (struct dataset){.count = options->inputs,
                               .sample = {3, {1, SYNTHETIC_SIDE, SYNTHETIC_SIDE}},
                               .classes = options->classes,
                               .targets = options->targets,
                               .target_count = options->classes};
    make_graph(s);
    s->battery.task = options->task;
    s->battery.figure_inputs[1] = 2; /* of inputs 0 and 2 */
    s->battery.figure_input_count = 2;
    s->run = (struct run){.battery = &s->battery,
                          .graph = &s->graph,
                          .label_graph = &s->graph,
                          .linear_graph = &s->graph,
                          .data = &s->data,
                          .log = -1};
    for (int root = 0; root < ROOT_COUNT; root++) make_inputs(s, (enum root)root);
    make_rows(s, p);
    make_networks(s);
    make_controls(s);
    make_plan(s);
    make_results(s, p, seed);
}

static void store_cell(struct store *store, const struct input_set *set, const char *row, const char *key,
                       const struct cell *c) {
    struct error e = {{0}};
    struct unit_row unit = {row, key, c->status, c->why, 0};
    cr_assert(store_put_unit(store, &unit, &e), "%s", e.text);
    for (int v = 0; v < VIEW_COUNT; v++)
        for (uint32_t i = 0; c->matched[0][v] && i < set->count; i++) {
            struct comparison_row r = {
                row, key, "matched", i, i, "spearman", view_name((enum view)v), c->matched[0][v][i]};
            cr_assert(store_put_comparison(store, &r, &e), "%s", e.text);
            for (uint32_t d = 0; d < DERANGEMENTS && c->mismatched[v]; d++) {
                r.pairing = "mismatched";
                r.other = set->derangements[d * set->count + i];
                r.value = c->mismatched[v][d * set->count + i];
                cr_assert(store_put_comparison(store, &r, &e), "%s", e.text);
            }
        }
}

void synthetic_store(struct synthetic *s) {
    const struct plan *plan = &s->run.plan;
    struct error e = {{0}};
    cr_assert(store_open(":memory:", &s->run.store, &e) && store_begin(s->run.store, &e), "%s", e.text);
    for (uint32_t a = 0; a < plan->attribution_count; a++) {
        const struct attribution *at = &plan->attributions[a];
        const struct audit *audit = &s->results->audits[a];
        struct audit_row row = {at->key, audit->changed, audit->expected, "00", audit->logit_r, .1, audit->finite, NULL,
                                0};
        for (uint32_t r = 0; r < 2; r++) {
            const struct cell *cell = &s->results->cells[(size_t)r * s->results->attribution_count + a];
            if (cell->present)
                store_cell(s->run.store, &s->run.inputs[at->root], s->run.explainers[r].name, at->key, cell);
        }
        if (audit->present) cr_assert(store_put_audit(s->run.store, &row, &e), "%s", e.text);
    }
    for (uint32_t k = 0; k < plan->check_count; k++)
        for (uint32_t i = 0; i < s->results->checks[k].inputs; i++) {
            const struct checked *c = &s->results->checks[k];
            struct check_row row = {s->run.explainers[0].name,
                                    s->run.controls[plan->checks[k].control].control->id,
                                    plan->checks[k].predicate->id,
                                    plan->checks[k].predicate->what,
                                    i,
                                    c->worst,
                                    c->tolerance,
                                    c->holds,
                                    plan->attributions[plan->checks[k].owner].key};
            cr_assert(store_put_check(s->run.store, &row, &e), "%s", e.text);
        }
    cr_assert(store_commit(s->run.store, &e), "%s", e.text);
}

void synthetic_destroy(struct synthetic *s) {
    store_close(s->run.store);
    results_destroy(s->results);
    plan_finish(&s->run.plan);
    for (int root = 0; root < ROOT_COUNT; root++) {
        free(s->run.inputs[root].global);
        free(s->run.inputs[root].x);
    }
    for (uint32_t i = 0; i < s->run.explainer_count; i++) {
        free(s->run.explainers[i].name);
        free(s->run.explainers[i].breach);
        free(s->run.explainers[i].unsupported);
    }
    for (uint32_t i = 0; i < s->run.network_count; i++) free(s->run.networks[i].failure);
    for (uint32_t l = 0; l < s->graph.layer_count; l++) free(s->graph.layers[l].name);
    free(s->graph.layers);
    free(s->graph.values);
    free(s->run.explainers);
    free(s->run.networks);
    free(s->run.controls);
}

uint32_t synthetic_find(const struct synthetic *s, const char *key) {
    const struct plan *p = &s->run.plan;
    uint32_t a = 0;
    while (a < p->attribution_count && strcmp(p->attributions[a].key, key) != 0) a++;
    cr_assert_lt(a, p->attribution_count, "the plan has no attribution %s", key);
    return a;
}

struct cell *synthetic_cell(const struct synthetic *s, uint32_t row, const char *key) {
    return &s->results->cells[(size_t)row * s->results->attribution_count + synthetic_find(s, key)];
}

struct judgement synthetic_judge(const struct synthetic *s, uint32_t control) {
    struct judgement j;
    struct error e = {{0}};
    bool looks = s->run.controls[control].control->rule->sequential;
    cr_assert(verdict_judge(s->results, 0, control, looks ? s->options.draws : UINT32_MAX, NULL, &j, &e), "%s", e.text);
    return j;
}
