/* The rule of each node on the way back: what is merged into a layer, batches, and what is refused. */
#include "methods.h"
#include "nn/propagate.h"
#include "nn/propagation/rule.h"

/* The same rule for every node of that role. */
static void set(const struct lab *lab, struct node_rule *rules, enum role role, const char *name, float a, float b) {
    const struct node_roles *roles;
    struct error e;
    cr_assert(net_roles(lab->net, &roles, &e), "%s", e.text);
    for (uint32_t i = 0; i < lab->graph->node_count; i++)
        if (roles->nodes[i].role == role) rules[i] = (struct node_rule){propagation_find(name), a, b};
}

/* Relevance propagation: `layer` for layers, what belongs to it for everything else. */
static struct node_rule *relevance_rules(const struct lab *lab, const char *layer, float a, float b) {
    struct node_rule *rules = calloc((size_t)lab->graph->node_count + 1, sizeof *rules);
    cr_assert_not_null(rules);
    set(lab, rules, ROLE_LAYER, layer, a, b);
    set(lab, rules, ROLE_LINEAR, "epsilon", 1e-6f, 0);
    set(lab, rules, ROLE_RECTIFIER, "pass", 0, 0);
    return rules;
}

Test(propagate, without_rules_it_is_the_gradient) {
    struct lab (*const all[])(void) = {lab_cnn, lab_mlp, lab_linear, lab_res};
    for (size_t n = 0; n < sizeof all / sizeof *all; n++) {
        struct lab lab = all[n]();
        float wanted[LAB_INPUTS * MOST_ELEMENTS], maps[LAB_INPUTS * MOST_ELEMENTS];
        struct error e;
        struct node_rule *rules = calloc((size_t)lab.graph->node_count + 1, sizeof *rules);
        const struct propagation how = {.rules = rules};
        cr_assert(net_gradient(lab.net, NET_GRADIENT, LAB_INPUTS, lab.inputs, lab.targets, wanted, &e));
        cr_assert(net_propagate(lab.net, &how, LAB_INPUTS, lab.inputs, lab.targets, maps, &e), "%s", e.text);
        cr_expect_leq(lab_distance(maps, wanted, LAB_INPUTS * lab.count), 1e-6, "network %zu", n);
        free(rules);
        lab_close(&lab);
    }
}

Test(propagate, roles_of_a_residual_network) {
    static const struct {
        const char *op;
        enum role role;
    } wanted[] = {{"Conv", ROLE_LAYER},
                  {"BatchNormalization", ROLE_MERGED},
                  {"Relu", ROLE_RECTIFIER},
                  {"Conv", ROLE_LAYER},
                  {"BatchNormalization", ROLE_MERGED},
                  {"Add", ROLE_LINEAR},
                  {"Relu", ROLE_RECTIFIER},
                  {"AveragePool", ROLE_LINEAR},
                  {"Conv", ROLE_LAYER},
                  {"Relu", ROLE_RECTIFIER},
                  {"MaxPool", ROLE_MAXIMUM},
                  {"GlobalAveragePool", ROLE_LINEAR},
                  {"Flatten", ROLE_MOVE},
                  {"Gemm", ROLE_LAYER}};
    struct lab lab = lab_res();
    const struct node_roles *roles;
    struct error e;
    cr_assert(net_roles(lab.net, &roles, &e));
    cr_assert_eq(lab.graph->node_count, sizeof wanted / sizeof *wanted);
    for (uint32_t i = 0; i < lab.graph->node_count; i++) {
        cr_expect_str_eq(lab.graph->nodes[i].op->name, wanted[i].op, "node %u", i);
        cr_expect_eq(roles->nodes[i].role, wanted[i].role, "node %u (%s)", i, wanted[i].op);
        cr_expect_eq(roles->nodes[i].first, i == 0, "node %u", i);
    }
    lab_close(&lab);
}

/* ---- What is merged ---- */

/* The perceptron of make_explainers.py in other words: its biases in an Add behind a MatMul (whose weights lie the
 * other way), before or behind it in the order of operands. */
static struct lab lab_written_out(bool bias_first) {
    static const uint32_t sizes[] = {20, 16, 8, 4};
    const struct shape sample = {2, {1, 20}};
    float *flat = lab_read("mlp-weights", LAB_MLP_WEIGHTS), *at = flat;
    struct error e;
    struct graph *g;
    char names[4][5][8], value[16] = "x";
    cr_assert(graph_create(&g, &e) && graph_add_input(g, "x", &sample, &e), "%s", e.text);
    for (uint32_t l = 0; l < 3; l++) {
        static const char *const kinds[] = {"w", "b", "p", "z", "h"};
        const struct shape weights = {2, {sizes[l], sizes[l + 1]}}, bias = {1, {sizes[l + 1]}};
        float turned[16 * 20];
        for (uint32_t k = 0; k < 5; k++) snprintf(names[l][k], sizeof names[l][k], "%s%u", kinds[k], l);
        for (uint32_t o = 0; o < sizes[l + 1]; o++)
            for (uint32_t i = 0; i < sizes[l]; i++) turned[i * sizes[l + 1] + o] = *at++;
        cr_assert(graph_add_parameter(g, names[l][0], &weights, turned, &e) &&
                  graph_add_parameter(g, names[l][1], &bias, at, &e));
        at += sizes[l + 1];
        const char *product[] = {value, names[l][0]}, *sum[] = {names[l][2], names[l][1]};
        if (bias_first) sum[0] = names[l][1], sum[1] = names[l][2];
        cr_assert(graph_add_node(g, "MatMul", "", product, 2, (const char *[]){names[l][2]}, 1, NULL, 0, &e) &&
                  graph_add_node(g, "Add", "", sum, 2, (const char *[]){names[l][3]}, 1, NULL, 0, &e));
        if (l < 2)
            cr_assert(graph_add_node(g, "Relu", "", (const char *[]){names[l][3]}, 1, (const char *[]){names[l][4]}, 1,
                                     NULL, 0, &e));
        snprintf(value, sizeof value, "%s", names[l][4]);
    }
    cr_assert(graph_finish(g, "z2", &e), "%s", e.text);
    free(flat);
    struct lab lab = lab_of(g, NULL, lab_read("mlp-inputs", LAB_INPUTS * 20));
    memcpy(lab.targets, (uint32_t[]){1, 2, 0}, sizeof lab.targets);
    return lab;
}

Test(propagate, a_bias_behind_its_layer_is_part_of_it) {
    static const struct {
        const char *name;
        float a, b;
    } rules[] = {{"epsilon", .01f, 0}, {"alpha-beta", 2, 1}, {"gamma", .5f, 0}, {"z-plus", 0, 0}};
    struct lab plain = lab_mlp(), written[] = {lab_written_out(false), lab_written_out(true)};
    for (size_t r = 0; r < sizeof rules / sizeof *rules; r++) {
        float wanted[LAB_INPUTS * 20], maps[LAB_INPUTS * 20];
        struct error e;
        struct node_rule *of_plain = relevance_rules(&plain, rules[r].name, rules[r].a, rules[r].b);
        struct propagation how = {.rules = of_plain, .from_logit = true};
        cr_assert(net_propagate(plain.net, &how, LAB_INPUTS, plain.inputs, plain.targets, wanted, &e), "%s", e.text);
        for (size_t k = 0; k < 2; k++) {
            struct node_rule *other = relevance_rules(&written[k], rules[r].name, rules[r].a, rules[r].b);
            how.rules = other;
            cr_assert(net_propagate(written[k].net, &how, LAB_INPUTS, plain.inputs, plain.targets, maps, &e), "%s",
                      e.text);
            cr_expect_leq(lab_distance(maps, wanted, LAB_INPUTS * 20), 1e-5, "%s, form %zu", rules[r].name, k);
            free(other);
        }
        free(of_plain);
    }
    lab_close(&plain);
    lab_close(&written[0]);
    lab_close(&written[1]);
}

/* ---- Batches ---- */

/* More samples than a group has, and each alone: the same bytes. */
Test(propagate, a_sample_does_not_depend_on_its_neighbours) {
    enum { SAMPLES = 23 };
    static const char *const names[] = {"z-plus", "rescale", "rectify"};
    struct lab lab = lab_res();
    float *x = malloc(SAMPLES * MOST_ELEMENTS * sizeof *x), *all = malloc(SAMPLES * MOST_ELEMENTS * sizeof *all),
          one[MOST_ELEMENTS];
    float *from = malloc(SAMPLES * MOST_ELEMENTS * sizeof *from);
    uint32_t targets[SAMPLES];
    struct error e;
    cr_assert(x && all && from);
    for (uint32_t i = 0; i < SAMPLES; i++) {
        targets[i] = i % 5;
        for (uint32_t k = 0; k < MOST_ELEMENTS; k++) {
            x[i * MOST_ELEMENTS + k] = lab.inputs[i % LAB_INPUTS * MOST_ELEMENTS + k] * (1 + (float)i / 10);
            from[i * MOST_ELEMENTS + k] = (float)(i + k % 3) / 50;
        }
    }
    for (size_t r = 0; r < sizeof names / sizeof *names; r++) {
        struct node_rule *rules = relevance_rules(&lab, "z-plus", 0, 0);
        if (r > 0) memset(rules, 0, lab.graph->node_count * sizeof *rules);
        if (r > 0) set(&lab, rules, ROLE_RECTIFIER, names[r], 80, 0);
        struct propagation how = {.rules = rules, .reference = r == 1 ? from : NULL};
        cr_assert(net_propagate(lab.net, &how, SAMPLES, x, targets, all, &e), "%s", e.text);
        for (uint32_t i = 0; i < SAMPLES; i++) {
            if (r == 1) how.reference = from + i * MOST_ELEMENTS;
            cr_assert(net_propagate(lab.net, &how, 1, x + i * MOST_ELEMENTS, targets + i, one, &e), "%s", e.text);
            cr_expect_arr_eq(all + i * MOST_ELEMENTS, one, sizeof one, "%s: sample %u", names[r], i);
        }
        free(rules);
    }
    free(x);
    free(all);
    free(from);
    lab_close(&lab);
}

/* ---- What is refused ---- */

Test(propagate, refuses_rules_that_are_not_for_a_node) {
    static const struct {
        enum role role;
        const char *rule, *words;
    } wrong[] = {{ROLE_LAYER, "pass", "rule 'pass' is not for node"},
                 {ROLE_RECTIFIER, "epsilon", "rule 'epsilon' is not for node"},
                 {ROLE_MAXIMUM, "z-plus", "rule 'z-plus' is not for node"},
                 {ROLE_LINEAR, "gamma", "rule 'gamma' is not for node"},
                 {ROLE_RECTIFIER, "rescale", "rule 'rescale' wants a reference"}};
    struct lab lab = lab_res();
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        struct node_rule *rules = calloc((size_t)lab.graph->node_count + 1, sizeof *rules);
        const struct propagation how = {.rules = rules};
        float maps[LAB_INPUTS * MOST_ELEMENTS];
        struct error e = {{0}};
        set(&lab, rules, wrong[k].role, wrong[k].rule, 0, 0);
        cr_expect_not(net_propagate(lab.net, &how, LAB_INPUTS, lab.inputs, lab.targets, maps, &e));
        cr_expect(strstr(e.text, wrong[k].words), "%s", e.text);
        free(rules);
    }
    lab_close(&lab);
}

Test(propagate, a_plugin_is_told_what_is_wrong) {
    struct lab lab = lab_cnn();
    const assay_model *model = &lab.handle->model;
    const assay_propagation *p = model->extension(model, ASSAY_PROPAGATION);
    assay_operator_rule rules[16] = {{0}};
    assay_operator op;
    float maps[LAB_INPUTS * MOST_ELEMENTS];
    char text[256] = "";
    assay_why why = {text, sizeof text};
    cr_assert_not_null(p);
    cr_assert_eq(p->count(model), 9);
    cr_assert(p->get(model, 0, &op) && op.role == ASSAY_ROLE_LAYER && op.first);
    cr_expect_str_eq(op.op, "Conv");
    cr_expect_not(p->get(model, 9, &op));
    cr_expect_not(p->get(model, 0, NULL));

    const struct {
        const char *rule;
        double a;
        assay_start start;
        assay_status status;
        const char *words;
    } wrong[] = {{"magic", 0, ASSAY_START_ONE, ASSAY_UNSUPPORTED, "no rule 'magic'"},
                 {"pass", 0, ASSAY_START_ONE, ASSAY_FAILED, "is not for node"},
                 {"gamma", (double)NAN, ASSAY_START_ONE, ASSAY_FAILED, "not finite"},
                 {"epsilon", 0, (assay_start)7, ASSAY_UNSUPPORTED, "no start 7"}};
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        rules[0] = (assay_operator_rule){wrong[k].rule, wrong[k].a, 0};
        assay_status status =
            p->propagate(model, rules, wrong[k].start, LAB_INPUTS, lab.inputs, NULL, lab.targets, maps, &why);
        cr_expect_eq(status, wrong[k].status, "%s", text);
        cr_expect(strstr(text, wrong[k].words), "%s", text);
    }
    cr_expect_eq(p->propagate(model, NULL, ASSAY_START_ONE, 3, lab.inputs, NULL, lab.targets, maps, &why),
                 ASSAY_FAILED);
    cr_expect_str_eq(text, "propagate: rules is NULL");
    cr_expect_eq(p->propagate(model, rules, ASSAY_START_ONE, 3, lab.inputs, NULL, NULL, maps, &why), ASSAY_FAILED);
    lab_close(&lab);
}

/* f(mask * x): what is masked has no part in it, and the rest is that of the masked input. */
Test(propagate, a_mask_hides_what_lies_behind_it) {
    struct lab lab = lab_cnn();
    const assay_model *model = &lab.handle->model;
    const assay_propagation *p = model->extension(model, ASSAY_PROPAGATION);
    assay_operator_rule rules[16] = {{0}};
    float mask[MOST_ELEMENTS], shown[LAB_INPUTS * MOST_ELEMENTS], wanted[LAB_INPUTS * MOST_ELEMENTS],
        maps[LAB_INPUTS * MOST_ELEMENTS];
    struct error e;
    for (uint32_t k = 0; k < MOST_ELEMENTS; k++) mask[k] = k % 5 ? 1 : 0;
    for (uint32_t k = 0; k < LAB_INPUTS * MOST_ELEMENTS; k++) shown[k] = mask[k % MOST_ELEMENTS] * lab.inputs[k];
    for (uint32_t k = 0; k < p->count(model); k++) {
        assay_operator op;
        cr_assert(p->get(model, k, &op));
        if (op.role == ASSAY_ROLE_LAYER) rules[k] = (assay_operator_rule){"w-square", 0, 0};
        if (op.role == ASSAY_ROLE_RECTIFIER) rules[k] = (assay_operator_rule){"pass", 0, 0};
    }
    cr_assert_eq(p->propagate(model, rules, ASSAY_START_ONE, 3, shown, NULL, lab.targets, wanted, NULL), ASSAY_OK);
    cr_assert(handle_mask(lab.handle, mask, &e));
    cr_assert_eq(p->propagate(model, rules, ASSAY_START_ONE, 3, lab.inputs, NULL, lab.targets, maps, NULL), ASSAY_OK);
    for (uint32_t k = 0; k < LAB_INPUTS * MOST_ELEMENTS; k++)
        cr_expect_eq(maps[k], mask[k % MOST_ELEMENTS] * wanted[k]);
    lab_close(&lab);
}
