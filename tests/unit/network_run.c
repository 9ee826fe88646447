/* What a whole run says of the network itself: activations that are no rectifiers, an end that saturates, its own NaN.
 */
#include "run/run.h"

#include "base/text.h"
#include "controls/controls.h"
#include "nn/onnx.h"
#include "scratch.h"

TestSuite(network_run, .init = scratch_enter, .fini = scratch_leave, .timeout = 60);

#define FEATURES 6u
#define HIDDEN 8u
#define CLASSES 3u

/* x -> W1 -> ops[0] -> W2 -> ops[1] -> W3 times `gain` -> [last], saved as m.onnx */
static void write_model(const char *const ops[2], const char *last, float gain) {
    static const char *const names[] = {"w1", "w2", "w3"};
    const struct shape input = {2, {1, FEATURES}},
                       shapes[] = {{2, {FEATURES, HIDDEN}}, {2, {HIDDEN, HIDDEN}}, {2, {HIDDEN, CLASSES}}};
    const struct init_options options = {.scheme = &init_normal, .sigma = .8, .seed = 3};
    static const float zeros[HIDDEN * HIDDEN];
    struct graph *g;
    struct weights *w;
    struct error e;
    char at[16] = "x", product[16], out[16];
    cr_assert(graph_create(&g, &e) && graph_add_input(g, "x", &input, &e), "%s", e.text);
    for (int i = 0; i < 3; i++) {
        const char *op = i < 2 ? ops[i] : last;
        snprintf(product, sizeof product, "p%d", i);
        snprintf(out, sizeof out, "a%d", i);
        const char *in[] = {at, names[i]}, *mid[] = {product}, *end[] = {out};
        cr_assert(graph_add_parameter(g, names[i], &shapes[i], zeros, &e) &&
                      graph_add_node(g, "MatMul", product, in, 2, mid, 1, NULL, 0, &e) &&
                      (!op || graph_add_node(g, op, out, mid, 1, end, 1, NULL, 0, &e)),
                  "%s", e.text);
        snprintf(at, sizeof at, "%s", op ? out : product);
    }
    cr_assert(graph_finish(g, at, &e) && weights_create(g, &w, &e), "%s", e.text);
    for (uint32_t l = 0; l < g->layer_count; l++) cr_assert(weights_redraw(w, l, &options, &e), "%s", e.text);
    float *top = weights_edit(w, g->layers[2].parameters[0]);
    for (size_t k = 0; k < HIDDEN * CLASSES; k++) top[k] *= gain;
    cr_assert(onnx_save("m.onnx", w, &e), "%s", e.text);
    weights_destroy(w);
    graph_destroy(g);
}

static void write_battery(void) {
    static const char battery[] = "model: m.onnx\ndata: {source: 'csv:d.csv', inputs: 6, only-correct: false}\n"
                                  "explainers: [gradient, guided-backprop]\ncontrols: [cascading]\nrule: {draws: 3}\n";
    struct text csv = {0};
    text_add(&csv, "a,b,c,d,e,f,label\n");
    for (unsigned i = 0; i < 24; i++) {
        for (unsigned k = 0; k < FEATURES; k++)
            text_add(&csv, "%.2f,", ((i * 37 + k * 53 + i * k * 11) % 41) / 20. - 1);
        text_add(&csv, "%u\n", i % 3);
    }
    cr_assert_not(csv.failed);
    scratch_put("d.csv", csv.data, csv.length);
    scratch_put("b.yaml", battery, strlen(battery));
    text_finish(&csv);
}

struct seen {
    const char *explainer;
    char verdict[32], annotation[96], reason[512];
};

static bool see(void *user, const struct verdict_row *row) {
    struct seen *s = user;
    if (strcmp(row->explainer, s->explainer) != 0 || strcmp(row->control, "cascading") != 0) return true;
    snprintf(s->verdict, sizeof s->verdict, "%s", row->verdict);
    snprintf(s->annotation, sizeof s->annotation, "%s", row->annotation);
    snprintf(s->reason, sizeof s->reason, "%s", row->reason);
    return true;
}

static struct seen run_and_see(const char *explainer) {
    const struct run_options options = {.battery = "b.yaml", .folder = "r", .jobs = 1, .quiet = true};
    struct run_outcome outcome;
    struct seen s = {.explainer = explainer};
    struct error e = {{0}};
    write_battery();
    cr_assert(run_execute(&options, controls, &outcome, &e), "%s", e.text);
    cr_assert(store_each_verdict(outcome.store, see, &s, &e), "%s", e.text);
    run_finish(&outcome);
    return s;
}

Test(network_run, no_rectifier_is_a_skip) {
    write_model((const char *const[]){"Mish", "Tanh"}, NULL, 1);
    struct seen s = run_and_see("guided-backprop");
    cr_expect_str_eq(s.verdict, "SKIP");
    cr_expect(strstr(s.reason, "no rectifier") && strstr(s.reason, "this is the gradient"), "%s", s.reason);
}

Test(network_run, some_rectifiers_are_annotated) {
    write_model((const char *const[]){"Relu", "Tanh"}, NULL, 1);
    struct seen s = run_and_see("guided-backprop");
    cr_expect(strstr(s.annotation, "1 of 2 activations are rectifiers"), "%s: %s", s.verdict, s.annotation);
    s = run_and_see("gradient");
    cr_expect(!strstr(s.annotation, "rectifiers"), "%s", s.annotation);
}

Test(network_run, all_rectifiers_need_no_annotation) {
    write_model((const char *const[]){"Relu", "Elu"}, NULL, 1);
    struct seen s = run_and_see("guided-backprop");
    cr_expect(!strstr(s.annotation, "rectifiers"), "%s", s.annotation);
}

Test(network_run, a_saturated_end_is_named) {
    write_model((const char *const[]){"Relu", "Relu"}, "HardSigmoid", 1e4f);
    struct seen s = run_and_see("gradient");
    cr_expect_str_eq(s.verdict, "ERROR");
    cr_expect(strstr(s.reason, "Constant map") && strstr(s.reason, "ends in a HardSigmoid"), "%s", s.reason);
}

Test(network_run, its_own_nan_is_named_before_any_plugin) {
    const struct run_options options = {.battery = "b.yaml", .folder = "r", .jobs = 1, .quiet = true};
    struct run_outcome outcome;
    struct error e = {{0}};
    write_model((const char *const[]){"Sqrt", "Relu"}, NULL, 1);
    write_battery();
    cr_expect_not(run_execute(&options, controls, &outcome, &e));
    cr_expect(outcome.started, "exit status 3");
    cr_expect(strstr(e.text, "d.csv: sample ") && strstr(e.text, "the network's logits are not finite"), "%s", e.text);
}

/* The logits are finite: the root of 0 is 0. Its slope is not, and the map of the gradient cannot be. */
Test(network_run, its_own_infinite_gradient_is_no_breach) {
    static const float zeros[FEATURES * CLASSES];
    const struct shape input = {2, {1, FEATURES}}, shape = {2, {FEATURES, CLASSES}};
    struct graph *g;
    struct weights *w;
    struct error e;
    const char *product[] = {"x", "w"}, *p[] = {"p"}, *y[] = {"y"};
    cr_assert(graph_create(&g, &e) && graph_add_input(g, "x", &input, &e) &&
                  graph_add_parameter(g, "w", &shape, zeros, &e) &&
                  graph_add_node(g, "MatMul", "fc", product, 2, p, 1, NULL, 0, &e) &&
                  graph_add_node(g, "Sqrt", "root", p, 1, y, 1, NULL, 0, &e) && graph_finish(g, "y", &e) &&
                  weights_create(g, &w, &e) && onnx_save("m.onnx", w, &e),
              "%s", e.text);
    struct seen s = run_and_see("gradient");
    cr_expect_str_eq(s.verdict, "ERROR");
    cr_expect_str_eq(s.reason, "The network's gradient is not finite: the explainer cannot be judged on it.");
    weights_destroy(w);
    graph_destroy(g);
}
