/* Which activations a network has: what the backward rules change, and what saturates. */
#include "nn/activations.h"

#include "lab.h"

/* x[4] -> the operator -> times W[4][3] -> logits; `extra` (NULL: none) is the operator's second input. */
static struct lab build(const char *op, const float *extra, const char *last) {
    static const float w[12] = {1, -2, .5f, -1, 1, 2, .3f, -.7f, -1, 2, .4f, -.6f};
    const struct shape with_batch = {2, {1, 4}}, weight = {2, {4, 3}}, scalar = {0, {0}};
    struct lab lab = {.count = 4, .targets = {0, 1, 2}};
    struct error e;
    const char *in[] = {"x", "extra"}, *mid[] = {"mid"}, *product[] = {"mid", "w"}, *y[] = {"y"}, *z[] = {"z"};
    bool ok = graph_create(&lab.graph, &e) && graph_add_input(lab.graph, "x", &with_batch, &e) &&
              (!extra || graph_add_floats(lab.graph, "extra", &scalar, extra, &e)) &&
              graph_add_parameter(lab.graph, "w", &weight, w, &e) &&
              graph_add_node(lab.graph, op, "op", in, extra ? 2 : 1, mid, 1, NULL, 0, &e) &&
              graph_add_node(lab.graph, "MatMul", "fc", product, 2, y, 1, NULL, 0, &e) &&
              (!last || graph_add_node(lab.graph, last, "last", y, 1, z, 1, NULL, 0, &e)) &&
              graph_finish(lab.graph, last ? "z" : "y", &e) && weights_create(lab.graph, &lab.weights, &e) &&
              net_create(lab.weights, &lab.net, &e) && handle_create(lab.net, &lab.handle, &e);
    cr_assert(ok, "%s: %s", op, e.text);
    return lab;
}

static void leave(struct lab *lab) {
    handle_destroy(lab->handle);
    net_destroy(lab->net);
    weights_destroy(lab->weights);
    graph_destroy(lab->graph);
}

static const float zero = 0, one = 1, slope = .2f;

static const struct {
    const char *op;
    const float *extra;
    uint32_t all, rectifiers;
} cases[] = {
    {"Relu", NULL, 1, 1},
    {"LeakyRelu", NULL, 1, 1},
    {"PRelu", &slope, 1, 1},
    {"Elu", NULL, 1, 1},
    {"Celu", NULL, 1, 1},
    {"Selu", NULL, 1, 1},
    {"ThresholdedRelu", NULL, 1, 1},
    {"Clip", &zero, 1, 1},
    {"Clip", &one, 1, 0},
    {"Sigmoid", NULL, 1, 0},
    {"HardSigmoid", NULL, 1, 0},
    {"HardSwish", NULL, 1, 0},
    {"Tanh", NULL, 1, 0},
    {"Gelu", NULL, 1, 0},
    {"Erf", NULL, 1, 0},
    {"Mish", NULL, 1, 0},
    {"Softplus", NULL, 1, 0},
    {"Softsign", NULL, 1, 0},
    {"Shrink", NULL, 1, 0},
    {"Abs", NULL, 1, 0},
    {"Neg", NULL, 0, 0},
    {"Identity", NULL, 0, 0},
};

/* A node is called a rectifier where the rule changes its gradient, and nowhere else. */
Test(activations, rectifiers_are_what_the_rules_change) {
    static const float x[12] = {2, -1.5f, .4f, 3, -.2f, 1.2f, 2.5f, -3, .1f, 1.1f, -.6f, 1.7f};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lab lab = build(cases[i].op, cases[i].extra, NULL);
        float plain[12], guided[12];
        struct activations found;
        struct error e;
        cr_assert(graph_activations(lab.graph, &found, &e), "%s", e.text);
        cr_expect_eq(found.all, cases[i].all, "%s: %u activations", cases[i].op, found.all);
        cr_expect_eq(found.rectifiers, cases[i].rectifiers, "%s: %u rectifiers", cases[i].op, found.rectifiers);
        cr_assert(net_gradient(lab.net, NET_GRADIENT, 3, x, lab.targets, plain, &e), "%s", e.text);
        cr_assert(net_gradient(lab.net, NET_GUIDED, 3, x, lab.targets, guided, &e), "%s", e.text);
        bool changed = memcmp(plain, guided, sizeof plain) != 0;
        cr_expect_eq(changed, cases[i].rectifiers > 0, "%s: the rule %s", cases[i].op, changed ? "acts" : "is idle");
        leave(&lab);
    }
}

/* A closing Relu is taken off, and so is no rectifier that the gradient meets. */
Test(activations, behind_the_logits_nothing_counts) {
    struct lab lab = build("Tanh", NULL, "Relu");
    struct activations found;
    struct error e;
    cr_assert(graph_activations(lab.graph, &found, &e));
    cr_expect(found.all == 1 && found.rectifiers == 0, "%u of %u", found.rectifiers, found.all);
    leave(&lab);
}

/* The rule is refused only where its owner asked for that: the linear model has no rectifier by design. */
Test(activations, idle_rules_are_refused) {
    static const float x[4] = {2, -1.5f, .4f, 3};
    static const char *const ops[] = {"Relu", "Sigmoid"};
    for (size_t i = 0; i < 2; i++) {
        struct lab lab = build(ops[i], NULL, NULL);
        const assay_model *model = &lab.handle->model;
        const assay_backward *backward = model->extension(model, ASSAY_BACKWARD);
        char text[240] = "";
        assay_why why = {text, sizeof text};
        struct error e;
        float map[4];
        cr_expect_eq(backward->gradient(model, ASSAY_RULE_GUIDED, 1, x, lab.targets, map, &why), ASSAY_OK);
        cr_assert(handle_refuse_idle_rules(lab.handle, &e), "%s", e.text);
        uint64_t before = lab.handle->ruled;
        cr_expect_eq(backward->gradient(model, ASSAY_RULE_GUIDED, 1, x, lab.targets, map, &why),
                     i ? ASSAY_UNSUPPORTED : ASSAY_OK);
        cr_expect_eq(lab.handle->ruled - before, i ? 0 : 1);
        if (i) cr_expect(strstr(text, "no rectifier") && strstr(text, "this is the gradient"), "%s", text);
        cr_expect_eq(backward->gradient(model, ASSAY_RULE_GRADIENT, 1, x, lab.targets, map, &why), ASSAY_OK);
        leave(&lab);
    }
}

Test(activations, saturating_ends) {
    static const struct {
        const char *last, *op;
    } ends[] = {
        {NULL, NULL}, {"Tanh", "Tanh"}, {"HardSigmoid", "HardSigmoid"}, {"Neg", NULL}, {"Softsign", "Softsign"}};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct lab lab = build("Relu", NULL, ends[i].last);
        const char *op = graph_saturating(lab.graph);
        cr_expect(op == ends[i].op || (op && ends[i].op && strcmp(op, ends[i].op) == 0), "%s", op ? op : "none");
        leave(&lab);
    }
}
