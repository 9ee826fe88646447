/* One rule, one init scheme and one control more, each by a descriptor alone: no table, switch or word elsewhere knows
 * them. */
#include "synthetic.h"

#include "base/file.h"
#include "base/text.h"
#include "fake_run.h"
#include "judge/gates.h"
#include "judge/rules.h"
#include "judge/samples.h"
#include "nn/net.h"
#include "nn/onnx.h"
#include "run/run.h"
#include "run/variant.h"

#include <criterion/criterion.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- a rule ---- */

/* FAIL where any similarity of the first stage is above .5; SKIP where the explainer takes no draws. */
static bool decide_first_stage(struct judge_case *c, struct judgement *j, struct store *curves, struct error *e) {
    double y[5 * 12], most = -1;
    (void)curves, (void)e;
    if (gates_decide(c, j)) return true;
    if (case_row(c)->claims) {
        judgement_say(j, VERDICT_SKIP, "Claims something.");
        return true;
    }
    samples_similarity(c, c->row, 0, c->draws, 0, VIEW_SIGNED_ALL, y);
    for (uint32_t k = 0; k < c->draws * case_inputs(c); k++) most = fmax(most, y[k]);
    j->score = most;
    j->first_stage = plan_stage_name(c->view->plan, c->control, 0);
    judgement_say(j, most > .5 ? VERDICT_FAIL : VERDICT_PASS, "At most %.2f in %u looks.", most, c->looks);
    return true;
}

static const struct rule rule_first_stage = {
    .name = "first-stage",
    .family = FAMILY_WEIGHTS,
    .root = ROOT_MODEL,
    .sequential = true,
    .floor_last = true,
    .decide = decide_first_stage,
};

static bool see_verdict(void *user, const struct verdict_row *row) {
    struct text *out = user;
    text_add(out, "%s=%s(%s)%s; ", row->control, row->verdict, row->annotation, row->reason);
    return true;
}

/* The verdicts of the row "subject" under that rule and two controls, as stored. */
static char *verdicts_under(const struct profile *p, const struct rule *rule, const struct control *beside) {
    struct control mine = control_cascading;
    struct synthetic_options o = synthetic_default();
    struct synthetic s;
    struct text out = {0};
    struct error e = {{0}};
    /* Of whoever takes no looks: every draw that the plan has. */
    uint32_t own = rule->sequential ? 5 : UINT32_MAX, draws[6] = {own, own, UINT32_MAX, UINT32_MAX, 5, 5};
    struct draw_counts counts = {draws};
    int exit_code;
    mine.id = "mine";
    mine.rule = rule;
    o.controls[0] = &mine;
    o.controls[1] = &control_label_permutation;
    o.controls[2] = beside;
    synthetic_create(&s, &o, p, 1);
    synthetic_store(&s);
    cr_assert(verdict_store(&s.run, &counts, NULL, &exit_code, &e), "%s", e.text);
    cr_assert(store_each_verdict(s.run.store, see_verdict, &out, &e), "%s", e.text);
    cr_assert_not(out.failed);
    synthetic_destroy(&s);
    return out.data;
}

Test(seams, a_rule_is_a_descriptor) {
    struct profile p = profile_clean();
    char *text = verdicts_under(&p, &rule_first_stage, NULL);
    cr_expect(strstr(text, "mine=PASS()At most 0.00 in 3 looks.; "), "%s", text);
    cr_expect(strstr(text, "overall=PASS(no identity asked)Surviving share"), "%s", text);
    free(text);
    p.cascade[0] = .9;
    text = verdicts_under(&p, &rule_first_stage, NULL);
    cr_expect(strstr(text, "mine=FAIL()At most 0.90 in 3 looks.; "), "%s", text);
    cr_expect(strstr(text, "overall=FAIL()At most 0.90 in 3 looks.; "), "%s", text);
    free(text);
    p = profile_clean();
    p.claims = 1u << 30;
    text = verdicts_under(&p, &rule_first_stage, &control_cascading);
    cr_expect(strstr(text, "overall=PASS(cascade only; no identity asked)"), "%s", text);
    free(text);
    p = profile_clean();
    p.stable = .1;
    text = verdicts_under(&p, &rule_first_stage, NULL);
    cr_expect(strstr(text, "mine=UNINFORMATIVE()Not stable"), "the gates of its root: %s", text);
    free(text);
    struct rule check = rule_first_stage;
    check.family = FAMILY_CHECKS;
    check.sequential = false;
    p = profile_clean();
    p.cascade[0] = .9;
    text = verdicts_under(&p, &check, NULL);
    cr_expect(strstr(text, "mine=FAIL()At most 0.90 in 1 looks.; "), "%s", text);
    cr_expect(strstr(text, "overall=FAIL()At most 0.90"), "a check that FAILs counts: %s", text);
    free(text);
}

/* ---- an init scheme ---- */

static void draw_sevens(struct rng *rng, const struct parameter_draw *what, float *data, size_t n) {
    (void)rng;
    for (size_t k = 0; k < n; k++) data[k] = (float)(7 * what->sigma);
}

static const struct init_scheme sevens = {.name = "sevens", .summary = "7 sigma", .takes_sigma = true, draw_sevens};

Test(seams, an_init_scheme_is_a_descriptor) {
    struct error e = {{0}};
    struct graph *graph;
    struct plan plan;
    uint32_t index;
    cr_assert(onnx_load("fixtures/models/fashion-cnn.onnx", &graph, &e), "%s", e.text);
    struct run run = {.graph = graph};
    struct battery battery = {.seed = 1};
    run.battery = &battery;
    cr_assert(weights_create(graph, &run.model, &e));
    bool *top = calloc(graph->layer_count, sizeof *top);
    cr_assert_not_null(top);
    top[graph->layer_count - 1] = true;
    plan_init(&plan, graph);
    const struct init_options init = {.scheme = &sevens, .sigma = .5, .draw = 2};
    cr_assert(plan_redrawn(&plan, top, &init, &index, &e), "%s", e.text);
    cr_expect_str_eq(plan.attributions[index].key, "sevens(0.5):fc2/draw2");
    struct variant v;
    cr_assert(variant_init(&v, &run, ROOT_MODEL, &e) && variant_take(&v, &plan.attributions[index], &e), "%s", e.text);
    const struct layer *layer = &graph->layers[graph->layer_count - 1];
    cr_expect_eq(v.own->data[layer->parameters[0]][3], 3.5f);
    cr_expect_eq(v.own->data[graph->layers[0].parameters[0]], run.model->data[graph->layers[0].parameters[0]]);
    variant_finish(&v);
    plan_finish(&plan);
    weights_destroy(run.model);
    graph_destroy(graph);
    free(top);
}

/* ---- a control that asks for several maps and their logits ---- */

#define FASHION "/usr/share/datasets/fashion-mnist/"
#define MODEL "fixtures/models/fashion-cnn.onnx"

static void shift_right(const struct input_case *c, struct rng *rng, float *x) {
    (void)rng;
    for (size_t k = c->layout.channels * c->layout.positions; k-- > 1;) x[k] = x[k - 1];
    x[0] = 0;
}

static uint32_t next_class(const struct target_case *c, struct rng *rng) {
    (void)rng;
    return (c->target + 1) % c->classes;
}

static const struct input_transform shifted = {"shifted", shift_right};
static const struct target_transform next = {"next", next_class};

enum { PLAIN, OTHER_CLASS, SHIFTED, REDRAWN, ASKS };

/* That of the model itself, computed here: not what the answers bring. */
static void model_logits(const float *x, float out[10]) {
    struct error e = {{0}};
    struct graph *graph;
    struct weights *weights;
    struct net *net;
    if (!onnx_load(MODEL, &graph, &e) || !weights_create(graph, &weights, &e) || !net_create(weights, &net, &e) ||
        !net_forward(net, 1, x, out, &e))
        abort();
    net_destroy(net);
    weights_destroy(weights);
    graph_destroy(graph);
}

static double largest_gap(const float *a, const float *b, size_t n) {
    double gap = 0;
    for (size_t k = 0; k < n; k++) gap = fmax(gap, fabs((double)a[k] - (double)b[k]));
    return gap;
}

/* The number of the first thing that is not as asked, in a process that a plugin ran in; 0: all is. */
static int what_is_wrong(const struct predicate_case *c) {
    const struct answer *a = c->answers;
    float due[10];
    if (c->answer_count != ASKS) return 1;
    for (int k = 0; k < ASKS; k++)
        if (!a[k].map || !a[k].input || !a[k].logits || a[k].classes != 10) return 2;
    if (a[OTHER_CLASS].target != (a[PLAIN].target + 1) % 10 || a[SHIFTED].target != a[PLAIN].target) return 3;
    if (largest_gap(a[PLAIN].input, a[OTHER_CLASS].input, c->count) > 0) return 4;
    if (a[SHIFTED].input[0] != 0 || largest_gap(a[PLAIN].input, a[SHIFTED].input + 1, c->count - 1) > 0) return 5;
    model_logits(a[PLAIN].input, due);
    if (largest_gap(due, a[PLAIN].logits, 10) > 1e-4 || largest_gap(due, a[OTHER_CLASS].logits, 10) > 1e-4) return 6;
    if (net_class(a[PLAIN].logits, 10) != a[PLAIN].target) return 7;
    if (largest_gap(due, a[REDRAWN].logits, 10) < 1e-2) return 8;
    model_logits(a[SHIFTED].input, due);
    if (largest_gap(due, a[SHIFTED].logits, 10) > 1e-4) return 9;
    return 0;
}

/* Class sensitivity, and proof of the above: a difference of 0 between the maps of two classes is off by 1. */
static void differs(const struct predicate_case *c, double *worst, double *tolerance) {
    int wrong = what_is_wrong(c);
    bool same = largest_gap(c->answers[PLAIN].map, c->answers[OTHER_CLASS].map, c->count) <= 0 ||
                largest_gap(c->answers[PLAIN].map, c->answers[SHIFTED].map, c->count) <= 0;
    *worst = wrong ? 10 + wrong : same;
    *tolerance = .5;
}

/* The same sentence as the other's, and no logits asked for. */
static void has_no_logits(const struct predicate_case *c, double *worst, double *tolerance) {
    *worst = c->answer_count != 1 || c->answers[0].logits != NULL;
    *tolerance = .5;
}

/* The original itself carries this one, and comes first in its process. */
static void is_shifted(const struct predicate_case *c, double *worst, double *tolerance) {
    *worst = c->answer_count != 2 || largest_gap(c->answers[1].input, c->answers[0].input + 1, c->count - 1) > 0;
    *tolerance = .5;
}

static const struct predicate predicates[] = {
    {.id = "classes", .what = "maps of two classes differ", .wants_logits = true, .holds = differs},
    {.id = "plain", .what = "maps of two classes differ", .holds = has_no_logits},
    {.id = "order", .what = "maps of two classes differ", .holds = is_shifted},
};

static bool expand(struct plan *p, uint32_t index, const struct control_values *values, const struct battery *b,
                   uint32_t from, uint32_t to, struct error *e) {
    bool *top = calloc(p->graph->layer_count, sizeof *top);
    (void)values, (void)to;
    if (!top) return error_memory(e);
    top[p->graph->layer_count - 1] = true;
    const struct model_transform redrawn = {
        .kind = MODEL_REDRAWN, .layers = top, .init = {.scheme = &init_own, .seed = b->seed}};
    const struct ask asks[ASKS] = {
        [PLAIN] = {.root = ROOT_MODEL},
        [OTHER_CLASS] = {.root = ROOT_MODEL, .target = &next},
        [SHIFTED] = {.root = ROOT_MODEL, .inputs = &shifted},
        [REDRAWN] = {.root = ROOT_MODEL, .model = &redrawn},
    };
    const struct ask zeroed = {.root = ROOT_MODEL, .inputs = &input_zeroed};
    bool ok = from > 0 || (plan_check(p, index, &predicates[0], asks, ASKS, e) &&
                           plan_check(p, index, &predicates[1], &zeroed, 1, e) &&
                           plan_check(p, index, &predicates[2], (struct ask[]){asks[SHIFTED], asks[PLAIN]}, 2, e));
    free(top);
    return ok;
}

static const struct control control_classes = {
    .id = "class-sensitivity", .summary = "s", .source = "s", .claim = "c", .rule = &rule_checks, .expand = expand};
static const struct control *const only_classes[] = {&control_classes, NULL};

static char folder[64];

static void make_folder(void) {
    fake_folder(folder);
}

static void remove_folder(void) {
    fake_folder_remove(folder);
}

static char *run_classes(bool resume) {
    char battery[128], run[128], cwd[4096];
    struct text text = {0}, out = {0};
    struct error e = {{0}};
    struct run_outcome outcome = {0};
    cr_assert_not_null(getcwd(cwd, sizeof cwd));
    snprintf(battery, sizeof battery, "%s/battery.yaml", folder);
    snprintf(run, sizeof run, "%s/run", folder);
    text_add(&text,
             "model: %s/" MODEL "\ndata:\n  inputs: 4\n  preprocess: unit\n"
             "  source: idx:" FASHION "t10k-images-idx3-ubyte.gz," FASHION "t10k-labels-idx1-ubyte.gz\n"
             "explainers: [gradient, edge-detector]\ncontrols: [class-sensitivity]\n",
             cwd);
    cr_assert(!text.failed && file_write(battery, text.data, text.length, &e), "%s", e.text);
    const struct run_options options = {.battery = battery, .folder = run, .jobs = 2, .quiet = true, .resume = resume};
    cr_assert(run_execute(&options, only_classes, &outcome, &e), "%s", e.text);
    cr_assert(store_each_verdict(outcome.store, see_verdict, &out, &e), "%s", e.text);
    run_finish(&outcome);
    text_finish(&text);
    cr_assert_not(out.failed);
    return out.data;
}

/* As if the run had been killed before the unit that carries the check came: what it asks for is stored already. */
static void forget_unit(const char *variant) {
    char path[128], *sql = NULL;
    sqlite3 *db = NULL;
    snprintf(path, sizeof path, "%s/run/assay.db", folder);
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    sql = text_format("DELETE FROM units WHERE variant = '%s'; DELETE FROM checks WHERE id = 'classes'", variant);
    cr_assert_not_null(sql);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
    cr_assert_gt(sqlite3_total_changes(db), 2);
    sqlite3_close(db);
    free(sql);
}

Test(seams, a_control_asks_for_several_maps, .init = make_folder, .fini = remove_folder, .timeout = 120) {
    char *first = run_classes(false);
    cr_expect(strstr(first, "class-sensitivity=PASS()maps of two classes differ on all 4 inputs"), "%s", first);
    cr_expect(strstr(first, "class-sensitivity=FAIL()maps of two classes differ: off by 1 where 0.5 is allowed"), "%s",
              first);
    forget_unit("own:fc2/draw0");
    char *again = run_classes(true);
    cr_expect_str_eq(again, first, "asks of units that are in the store already are answered again");
    free(first);
    free(again);
}
