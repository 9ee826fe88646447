/* The audit of re-drawn networks: which layers changed, whether the logits are finite, how far they still agree. */
#include "run/audit.h"

#include "base/rng.h"
#include "base/text.h"
#include "controls/controls.h"
#include "golden.h"
#include "nn/arch.h"
#include "nn/op.h"
#include "run/reference.h"
#include "run/variant.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- the correlation of logits ---- */

static float *read_floats(FILE *in, size_t n) {
    float *v = malloc(n * sizeof *v);
    cr_assert_not_null(v);
    for (size_t k = 0; k < n; k++) cr_assert_eq(fscanf(in, "%f", &v[k]), 1);
    return v;
}

Test(audit, logit_r_agrees_with_numpy) {
    FILE *in = golden_open("tests/golden/audit/logit_r.txt");
    uint32_t inputs, classes, count = 0;
    double expected;
    while (fscanf(in, "%u %u %lf", &inputs, &classes, &expected) == 3) {
        float *a = read_floats(in, (size_t)inputs * classes), *b = read_floats(in, (size_t)inputs * classes);
        double r = audit_logit_r(a, b, inputs, classes, false);
        cr_expect_float_eq(r, expected, 1e-12, "%u x %u: %.17g, numpy says %.17g", inputs, classes, r, expected);
        cr_expect_float_eq(audit_logit_r(b, a, inputs, classes, false), expected, 1e-12, "the other way round");
        cr_expect_float_eq(audit_logit_r(a, a, inputs, classes, false), 1, 1e-12);
        free(a);
        free(b);
        count++;
    }
    fclose(in);
    cr_expect_eq(count, 8);
}

/* What tells neither inputs nor classes apart has no correlation: not 0, and not 1. */
Test(audit, logit_r_of_nothing) {
    static const float constant[6] = {3, 3, 3, 3, 3, 3}, bias[6] = {1, 2, 3, 1, 2, 3}, shift[6] = {1, 1, 1, 2, 2, 2},
                       function[6] = {1, 2, 4, 9, 2, 1};
    cr_expect(isnan(audit_logit_r(constant, function, 2, 3, false)));
    cr_expect(isnan(audit_logit_r(function, constant, 2, 3, false)));
    cr_expect(isnan(audit_logit_r(bias, function, 2, 3, false)) ||
                  fabs(audit_logit_r(bias, function, 2, 3, false)) < 1e-6,
              "classes alone");
    cr_expect(isnan(audit_logit_r(shift, function, 2, 3, false)) ||
                  fabs(audit_logit_r(shift, function, 2, 3, false)) < 1e-6,
              "inputs alone");
    cr_expect(isnan(audit_logit_r(constant, function, 3, 2, false)));
    cr_expect(isnan(audit_logit_r(constant, function, 6, 1, false)));
}

/* ---- a run of three layers ---- */

#define INPUTS 10u

struct lab {
    struct battery battery;
    struct dataset data;
    struct run run;
    float x[INPUTS * 6];
};

static void setup(struct lab *lab, const char *layers, const struct control *control, struct init_options init) {
    const struct shape flat = {1, {6}}, image = {3, {1, 2, 3}};
    const struct shape sample = strncmp(layers, "conv", 4) == 0 ? image : flat;
    struct error e = {{0}};
    *lab = (struct lab){.battery = {.seed = 1, .rule = rule_constants_default()}, .data = {.sample = sample}};
    struct run *run = &lab->run;
    run->battery = &lab->battery;
    run->data = &lab->data;
    cr_assert(arch_build(layers, &sample, &run->graph, &e), "%s", e.text);
    cr_assert(weights_create(run->graph, &run->model, &e), "%s", e.text);
    for (uint32_t l = 0; l < run->graph->layer_count; l++)
        cr_assert(weights_redraw(run->model, l, &(struct init_options){.scheme = &init_own, .seed = 99}, &e), "%s",
                  e.text);
    rng_fill_normal(5, 0, INPUTS * 6, lab->x);
    run->inputs[ROOT_MODEL] = (struct input_set){.count = INPUTS, .x = lab->x};
    plan_init(&run->plan, run->graph);
    size_t scheme = 0;
    while (init_schemes[scheme] != init.scheme) scheme++;
    struct control_values values = {.value = {(double)scheme, init.sigma, init.keep_running_stats}};
    cr_assert(control_expand(control, &run->plan, 0, &values, &lab->battery, 0, 2, &e), "%s", e.text);
    cr_assert(store_open(":memory:", &run->store, &e), "%s", e.text);
}

static void teardown(struct lab *lab) {
    store_close(lab->run.store);
    plan_finish(&lab->run.plan);
    weights_destroy(lab->run.model);
    graph_destroy(lab->run.graph);
}

static void work(void *user, struct pool_job *job, struct channel *channel) {
    reference_work(user, job->user, channel);
}

static enum pool_answer message(void *user, struct pool_job *job, uint32_t type, const void *data, size_t size,
                                struct error *e) {
    struct reference *r = job->user;
    if (!reference_message(user, r, type, data, size, e)) return POOL_FAILURE;
    if (!r->damaged) return POOL_TAKEN;
    error_set(e, "%s", r->damaged);
    return POOL_BREACH;
}

static bool ended(void *user, struct pool_job *job, const char *death, struct error *e) {
    (void)user;
    (void)job;
    return !death || error_set(e, "the worker %s", death);
}

/* An audit of everything of that draw. */
static struct reference tasks_of(const struct plan *p, uint32_t draw) {
    struct reference r = {.tasks = calloc(p->attribution_count, sizeof *r.tasks)};
    cr_assert_not_null(r.tasks);
    for (uint32_t i = 0; i < p->attribution_count; i++)
        if (attribution_is_redrawn(&p->attributions[i]) && p->attributions[i].draw == draw)
            r.tasks[r.count++] = (struct reference_task){.attribution = i, .audit = true};
    return r;
}

static void audit_draws(struct lab *lab) {
    static const struct pool_hooks hooks = {.work = work, .message = message, .ended = ended};
    struct reference draws[2];
    struct pool_job jobs[2] = {{.user = &draws[0], .limit = 60, .calls = UINT32_MAX, .largest = 1 << 20},
                               {.user = &draws[1], .limit = 60, .calls = UINT32_MAX, .largest = 1 << 20}};
    struct error e = {{0}};
    for (uint32_t d = 0; d < 2; d++) draws[d] = tasks_of(&lab->run.plan, d);
    cr_assert(pool_run(jobs, 2, 2, -1, &hooks, &lab->run, &e), "%s", e.text);
    for (uint32_t d = 0; d < 2; d++) free(draws[d].tasks);
}

struct found {
    uint32_t count, finite;
    double largest_r;
    char digests[32][FILE_DIGEST_SIZE];
};

static bool collect(void *user, const struct audit_row *row) {
    struct found *f = user;
    cr_expect_eq(row->changed, row->expected, "%s: %u of %u", row->variant, row->changed, row->expected);
    cr_expect_gt(row->expected, 0);
    for (uint32_t k = 0; k < f->count; k++)
        cr_expect_str_neq(f->digests[k], row->digest, "%s is a network that is there", row->variant);
    snprintf(f->digests[f->count++], FILE_DIGEST_SIZE, "%s", row->digest);
    f->finite += row->finite;
    f->largest_r = fmax(f->largest_r, fabs(row->logit_r));
    cr_expect(row->agreement >= 0 && row->agreement <= 1);
    return true;
}

static struct found found_in(struct lab *lab) {
    struct found f = {0};
    struct error e = {{0}};
    cr_assert(store_each_audit(lab->run.store, collect, &f, &e), "%s", e.text);
    return f;
}

/* Every scheme changes exactly the named layers, and no two attributions of the plan are the same network: with one
 * and two
 * outputs, too, where top layers come in pairs. */
Test(audit, every_named_network_is_another) {
    static const struct control *const both[] = {&control_cascading, &control_independent};
    static const char *const layers[] = {"fc:8,relu,fc:7,relu,fc:4", "fc:8,relu,fc:7,relu,fc:2",
                                         "fc:8,relu,fc:7,relu,fc:1"};
    for (size_t scheme = 0; init_schemes[scheme]; scheme++)
        for (size_t c = 0; c < 2; c++)
            for (size_t k = 0; k < 3; k++) {
                struct lab lab;
                setup(&lab, layers[k], both[c], (struct init_options){.scheme = init_schemes[scheme], .sigma = .1});
                audit_draws(&lab);
                struct found f = found_in(&lab);
                cr_expect_eq(f.count, lab.run.plan.attribution_count);
                cr_expect_eq(f.finite, f.count);
                teardown(&lab);
            }
}

static bool see_activations(void *user, const struct audit_row *row) {
    const char *last = strstr(row->variant, ".."); /* own:fc3..fc2/draw0 */
    uint32_t *count = user, lowest = (uint32_t)(last ? last[4] : row->variant[6]) - '1';
    ++*count;
    cr_assert_eq(row->layer_count, 3);
    cr_expect(isnan(row->activation_r[2]), "that of the logits");
    for (uint32_t l = 0; l < 2; l++)
        if (l < lowest) cr_expect_eq(row->activation_r[l], 1, "%s, layer %u", row->variant, l);
        else cr_expect(fabsf(row->activation_r[l]) < .9f, "%s, layer %u", row->variant, l);
    return true;
}

/* Of cascades and of single layers: what lies below is as it was. */
Test(audit, activations_are_kept_with_it) {
    for (int single = 0; single < 2; single++) {
        struct lab lab;
        struct error e = {{0}};
        uint32_t count = 0;
        setup(&lab, "fc:40,relu,fc:40,relu,fc:6", single ? &control_independent : &control_cascading,
              (struct init_options){.scheme = &init_own});
        audit_draws(&lab);
        cr_assert(store_each_audit(lab.run.store, see_activations, &count, &e), "%s", e.text);
        cr_expect_eq(count, 6);
        teardown(&lab);
    }
}

Test(audit, overflow_is_seen) {
    struct lab lab;
    setup(&lab, "fc:8,relu,fc:7,relu,fc:6", &control_cascading,
          (struct init_options){.scheme = &init_normal, .sigma = 1e25});
    audit_draws(&lab);
    struct found f = found_in(&lab);
    cr_expect_eq(f.count, 6);
    cr_expect_eq(f.finite, 2, "two layers of 1e25 leave the range of float32, one does not: %u are finite", f.finite);
    teardown(&lab);
}

/* ---- networks that are not what their name says ---- */

static const struct {
    const char *named, *drawn; /* layers, from the input up */
    uint32_t changed, expected;
} lies[] = {
    {"001", "001", 1, 1}, {"111", "111", 3, 3}, {"001", "000", 0, 1}, {"011", "001", 1, 2}, {"001", "011", 2, 1},
    {"001", "010", 2, 1}, {"011", "110", 3, 2}, {"000", "100", 1, 0}, {"000", "000", 0, 0},
};

Test(audit, only_the_named_layers_may_change) {
    for (size_t c = 0; c < sizeof lies / sizeof *lies; c++) {
        struct lab lab;
        struct weights *w;
        struct error e = {{0}};
        bool named[3];
        uint32_t changed, expected;
        setup(&lab, "fc:8,relu,fc:7,relu,fc:4", &control_cascading, (struct init_options){.scheme = &init_own});
        cr_assert(weights_copy(lab.run.model, &w, &e));
        for (uint32_t l = 0; l < 3; l++) {
            named[l] = lies[c].named[l] == '1';
            if (lies[c].drawn[l] == '1')
                cr_assert(weights_redraw(w, l, &(struct init_options){.scheme = &init_own, .seed = 7}, &e));
        }
        audit_changes(&lab.run, w, named, &(struct init_options){.scheme = &init_own, .seed = 7}, &changed, &expected);
        cr_expect_eq(changed, lies[c].changed, "named %s, drawn %s: %u", lies[c].named, lies[c].drawn, changed);
        cr_expect_eq(expected, lies[c].expected);
        cr_expect_eq(changed == expected, strcmp(lies[c].named, lies[c].drawn) == 0);
        weights_destroy(w);
        teardown(&lab);
    }
}

/* A single bias of a layer that nobody named. */
Test(audit, one_number_is_enough) {
    struct lab lab;
    struct weights *w;
    struct error e = {{0}};
    uint32_t changed, expected;
    setup(&lab, "fc:8,relu,fc:7,relu,fc:4", &control_cascading, (struct init_options){.scheme = &init_own});
    cr_assert(weights_copy(lab.run.model, &w, &e));
    cr_assert(weights_redraw(w, 2, &(struct init_options){.scheme = &init_own, .seed = 7}, &e));
    weights_edit(w, lab.run.graph->layers[0].parameters[1])[3] += 1e-6f;
    audit_changes(&lab.run, w, (bool[]){false, false, true}, NULL, &changed, &expected);
    cr_expect_eq(changed, 2);
    cr_expect_eq(expected, 1);
    weights_destroy(w);
    teardown(&lab);
}

static bool count_audit(void *user, const struct audit_row *row) {
    uint32_t *count = user;
    cr_expect_eq(row->changed, row->expected, "%s: %u of %u", row->variant, row->changed, row->expected);
    ++*count;
    return true;
}

/* A normalisation of ones and zeros is drawn as ones and zeros; one with a shift is not. */
Test(audit, what_a_draw_leaves_need_not_change) {
    for (int shifted = 0; shifted < 2; shifted++) {
        struct lab lab;
        struct weights *w;
        struct error e = {{0}};
        const struct init_options init = {.scheme = &init_own, .seed = 7};
        uint32_t changed, expected, layer = 0;
        setup(&lab, "conv:3x1,relu,batchnorm,relu,fc:4", &control_cascading, init);
        const struct graph *g = lab.run.graph;
        while (strcmp(g->nodes[g->layers[layer].node].op->name, "BatchNormalization") != 0) layer++;
        const struct layer *norm = &g->layers[layer];
        for (uint32_t p = 0; p < norm->parameter_count; p++)
            for (size_t i = 0; i < 3; i++) {
                bool one = p == 0 || p == 3;
                weights_edit(lab.run.model, norm->parameters[p])[i] = one ? 1 : p == 1 && shifted ? .5f : 0;
            }
        cr_assert(weights_copy(lab.run.model, &w, &e) && weights_redraw(w, layer, &init, &e), "%s", e.text);
        bool named[3] = {layer == 0, layer == 1, layer == 2};
        audit_changes(&lab.run, w, named, &init, &changed, &expected);
        cr_expect_eq(expected, (uint32_t)shifted);
        cr_expect_eq(changed, (uint32_t)shifted);
        weights_destroy(w);
        cr_assert(weights_copy(lab.run.model, &w, &e));
        audit_changes(&lab.run, w, named, &init, &changed, &expected);
        cr_expect_eq(expected, (uint32_t)shifted);
        cr_expect_eq(changed, 0);
        weights_destroy(w);
        audit_draws(&lab);
        uint32_t taken = 0;
        cr_assert(store_each_audit(lab.run.store, count_audit, &taken, &e), "%s", e.text);
        cr_expect_eq(taken, lab.run.plan.attribution_count, "%u audits were taken", taken);
        teardown(&lab);
    }
}

/* Antithetic partners: the top layer negated, the same draw below. */
Test(audit, pairs_cancel_in_the_top_layer) {
    struct lab lab;
    struct error e = {{0}};
    struct variant pair[2];
    uint32_t at = 0;
    setup(&lab, "fc:8,relu,fc:2", &control_cascading, (struct init_options){.scheme = &init_own});
    for (uint32_t k = 0; k < lab.run.plan.use_count; k++) {
        const struct use *u = &lab.run.plan.uses[k];
        if (u->stage_index != 1 || u->draw != 1) continue;
        cr_assert(variant_init(&pair[at], &lab.run, ROOT_MODEL, &e) &&
                      variant_take(&pair[at++], &lab.run.plan.attributions[u->attribution], &e),
                  "%s", e.text);
    }
    cr_assert_eq(at, 2);
    for (uint32_t l = 0; l < 2; l++) {
        uint32_t v = lab.run.graph->layers[l].parameters[0];
        size_t n = shape_count(&graph_value(lab.run.graph, v)->shape), wrong = 0;
        for (size_t k = 0; k < n; k++)
            wrong += pair[0].own->data[v][k] != (l == 1 ? -pair[1].own->data[v][k] : pair[1].own->data[v][k]);
        cr_expect_eq(wrong, 0, "layer %u", l);
    }
    variant_finish(&pair[0]);
    variant_finish(&pair[1]);
    teardown(&lab);
}

Test(audit, damaged_messages_are_refused) {
    struct lab lab;
    struct error e = {{0}};
    unsigned char noise[256];
    setup(&lab, "fc:4", &control_cascading, (struct init_options){.scheme = &init_own});
    memset(noise, 0xff, sizeof noise);
    for (size_t size = 0; size <= sizeof noise; size++) {
        struct reference r = tasks_of(&lab.run.plan, 0);
        cr_expect(reference_message(&lab.run, &r, RECORD_AUDIT, noise, size, &e), "the run goes on");
        cr_assert(r.damaged && strstr(r.damaged, "damaged"), "%zu bytes of noise were taken", size);
        free(r.damaged);
        free(r.tasks);
    }
    struct found f = found_in(&lab);
    cr_expect_eq(f.count, 0);
    teardown(&lab);
}

/* Of the one layer of fc:4, named by attribution 0, on INPUTS inputs. */
static struct audit_message honest(void) {
    struct audit_message a;
    memset(&a, 0, sizeof a);
    a.logit_r = .25;
    a.agreement = .5;
    a.changed = a.expected = a.finite = 1;
    memset(a.digest, 'a', sizeof a.digest - 1);
    return a;
}

/* Which has no classes to agree on. */
Test(audit, of_a_regression_agreement_is_no_number) {
    struct audit_message a = honest(), out;
    struct lab lab;
    struct error e = {{0}};
    setup(&lab, "fc:1", &control_cascading, (struct init_options){.scheme = &init_own});
    struct reference r = {.tasks = &(struct reference_task){.attribution = 0, .audit = true}, .count = 1};
    a.agreement = NAN;
    for (int regression = 0; regression < 2; regression++) {
        lab.battery.task = regression ? TASK_REGRESSION : TASK_AUTO;
        bool taken = message_check_audit(&lab.run, &r, &a, sizeof a, &out, &e);
        cr_expect_eq(taken, regression == 1, "%s", e.text);
    }
    teardown(&lab);
}

Test(audit, impossible_audits_are_refused) {
    struct audit_message bad[11];
    struct lab lab;
    struct error e = {{0}};
    setup(&lab, "fc:4", &control_cascading, (struct init_options){.scheme = &init_own});
    for (size_t k = 0; k < 11; k++) bad[k] = honest();
    bad[0].logit_r = 1.5;
    bad[1].agreement = NAN;
    bad[2].agreement = -.1;
    bad[3].changed = 7;
    bad[4].expected = 2;
    bad[5].finite = 2;
    bad[6].digest[64] = 'a';
    bad[7].digest[3] = '\n';
    bad[8].attribution = 1000;
    bad[9].activation_r[0] = .5; /* of the layer of the logits there is none */
    bad[10].activation_r[LIKENESS_LAYERS - 1] = NAN;
    for (size_t k = 0; k < 11; k++) {
        struct reference r = tasks_of(&lab.run.plan, 0);
        cr_expect(reference_message(&lab.run, &r, RECORD_AUDIT, &bad[k], sizeof bad[k], &e));
        cr_expect_not_null(r.damaged, "case %zu was taken", k);
        free(r.damaged);
        free(r.tasks);
    }
    struct reference r = tasks_of(&lab.run.plan, 0);
    struct audit_message good = honest();
    good.logit_r = NAN;
    cr_expect(reference_message(&lab.run, &r, RECORD_AUDIT, &good, sizeof good, &e) && !r.damaged, "%s", r.damaged);
    cr_expect(reference_message(&lab.run, &r, RECORD_AUDIT, &good, sizeof good, &e) && r.damaged, "taken twice");
    free(r.damaged);
    free(r.tasks);
    teardown(&lab);
}

/* Logits of a forward pass, and of the pass of the gradients behind them. */
static void answers_of(struct variant *v, const struct attribution *a, float logits[2][INPUTS * 4], float *maps) {
    static const uint32_t targets[INPUTS];
    const struct input_set *set = &v->run->inputs[ROOT_MODEL];
    struct error e = {{0}};
    cr_assert(variant_take(v, a, &e), "%s", e.text);
    cr_assert(net_gradient_logits(v->net, NET_GRADIENT, INPUTS, set->x, targets, logits[1], maps, &e) &&
                  net_forward(v->net, INPUTS, set->x, logits[0], &e),
              "%s", e.text);
}

/* Back and forth between networks with one variant, and each alone with a fresh one: the same bytes. */
Test(audit, a_network_does_not_depend_on_those_before_it) {
    for (size_t c = 0; init_schemes[c]; c++) {
        struct lab lab;
        struct variant walk, fresh;
        struct error e = {{0}};
        float logits[2][2][INPUTS * 4];
        struct rng rng = rng_stream(c, "walk", 0);
        setup(&lab, "conv:8x1,batchnorm,relu,conv:7x1,relu,flatten,fc:4",
              c % 2 ? &control_independent : &control_cascading,
              (struct init_options){.scheme = init_schemes[c], .sigma = .5});
        size_t size = INPUTS * shape_count(&lab.run.graph->sample) * sizeof(float);
        float *maps = malloc(2 * size), *fresh_maps = maps + size / sizeof *maps;
        cr_assert(maps && variant_init(&walk, &lab.run, ROOT_MODEL, &e));
        for (uint32_t i = 0; i < lab.run.plan.attribution_count; i++)
            variant_expect(&walk, &lab.run.plan.attributions[i]);
        for (int step = 0; step < 30; step++) {
            uint32_t at = rng_below(&rng, lab.run.plan.attribution_count + 1);
            const struct attribution plain = {.root = ROOT_MODEL};
            const struct attribution *a = at ? &lab.run.plan.attributions[at - 1] : &plain;
            char digests[2][FILE_DIGEST_SIZE];
            cr_assert(variant_init(&fresh, &lab.run, ROOT_MODEL, &e));
            answers_of(&walk, a, logits[0], maps);
            answers_of(&fresh, a, logits[1], fresh_maps);
            cr_assert(variant_digest(&walk, digests[0], &e) && variant_digest(&fresh, digests[1], &e));
            cr_expect_str_eq(digests[0], digests[1], "scheme %zu, step %d", c, step);
            cr_expect(memcmp(logits[0], logits[1], sizeof *logits) == 0, "scheme %zu, step %d", c, step);
            cr_expect(memcmp(maps, fresh_maps, size) == 0, "scheme %zu, step %d: maps", c, step);
            variant_finish(&fresh);
        }
        cr_expect_gt(net_kept(walk.net), 0, "passes begin at layers that were drawn anew");
        free(maps);
        variant_finish(&walk);
        teardown(&lab);
    }
}
