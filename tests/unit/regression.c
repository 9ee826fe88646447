/* Regression and several labels below the commands: heads that stay, explainers against closed forms, losses, training
 * in the unit of the targets. */
#include "nn/train.h"

#include "base/rng.h"
#include "lab.h"
#include "nn/output_scale.h"

#define SIZE 5u
#define SAMPLES 60u

static const float w[SIZE] = {.5f, -1.25f, 2, .125f, -.75f};

/* y = z of z = w x, its square, or its Sigmoid. */
static struct graph *build(const char *end, bool keep_head) {
    const struct shape with_batch = {2, {1, SIZE}}, shape = {2, {SIZE, 1}};
    const bool square = strcmp(end, "Mul") == 0;
    struct graph *g;
    struct error e;
    cr_assert(graph_create(&g, &e) && graph_add_input(g, "x", &with_batch, &e) &&
                  graph_add_parameter(g, "w", &shape, w, &e) &&
                  graph_add_node(g, "MatMul", "product", (const char *[]){"x", "w"}, 2, (const char *[]){"z"}, 1, NULL,
                                 0, &e) &&
                  graph_add_node(g, end, "end", (const char *[]){"z", "z"}, square ? 2 : 1, (const char *[]){"y"}, 1,
                                 NULL, 0, &e),
              "%s", e.text);
    g->keep_head = keep_head;
    cr_assert(graph_finish(g, "y", &e), "%s", e.text);
    return g;
}

static struct lab open_lab(const char *end, bool keep_head) {
    struct error e;
    struct lab lab = {.graph = build(end, keep_head), .count = SIZE, .seeds = {1, 2, 3}};
    lab.inputs = malloc(LAB_INPUTS * SIZE * sizeof *lab.inputs);
    cr_assert_not_null(lab.inputs);
    rng_fill_normal(17, 0, LAB_INPUTS * SIZE, lab.inputs);
    cr_assert(weights_create(lab.graph, &lab.weights, &e) && net_create(lab.weights, &lab.net, &e) &&
                  handle_create(lab.net, &lab.handle, &e),
              "%s", e.text);
    return lab;
}

static double product(const float *x) {
    double z = 0;
    for (uint32_t k = 0; k < SIZE; k++) z += (double)(w[k] * x[k]);
    return z;
}

static double sigmoid(double z) {
    return 1 / (1 + exp(-z));
}

/* d y / d x_k, and the mean of it on the way from 0 times x_k, by hand. */
static double slope_of_square(double z) {
    return 2 * z;
}

static double mean_slope_of_square(double z) {
    return z;
}

static double slope_of_sigmoid(double z) {
    return sigmoid(z) * (1 - sigmoid(z));
}

static double mean_slope_of_sigmoid(double z) {
    return (sigmoid(z) - .5) / z;
}

static double slope_of_identity(double z) {
    (void)z;
    return 1;
}

static const struct {
    const char *end;
    bool keep_head;
    const char *spec;
    double (*slope)(double);
    bool times_x;
} closed[] = {
    {"Mul", false, "gradient", slope_of_square, false},
    {"Mul", false, "input-x-gradient", slope_of_square, true},
    {"Mul", false, "integrated-gradients", mean_slope_of_square, true},
    {"Sigmoid", true, "gradient", slope_of_sigmoid, false},
    {"Sigmoid", true, "integrated-gradients:steps=200", mean_slope_of_sigmoid, true},
    /* Taken for a classifier's, the Sigmoid is no part of it. */
    {"Sigmoid", false, "gradient", slope_of_identity, false},
};

Test(regression, explainers_keep_their_closed_forms) {
    for (size_t c = 0; c < sizeof closed / sizeof *closed; c++) {
        struct lab lab = open_lab(closed[c].end, closed[c].keep_head);
        float maps[LAB_INPUTS * SIZE];
        char why[256] = "";
        cr_assert_eq(lab_explain(&lab, "explainers", closed[c].spec, maps, why), ASSAY_OK, "%s", why);
        for (uint32_t k = 0; k < LAB_INPUTS * SIZE; k++) {
            double z = product(lab.inputs + k / SIZE * SIZE), x = closed[c].times_x ? (double)lab.inputs[k] : 1;
            double wanted = closed[c].slope(z) * (double)w[k % SIZE] * x;
            cr_expect_float_eq((double)maps[k], wanted, 2e-5, "case %zu: element %u is %g, not %g", c, k,
                               (double)maps[k], wanted);
        }
        lab_close(&lab);
    }
}

/* ---- losses ---- */

static struct weights *make_weights(const char *layers) {
    const struct shape sample = {1, {SIZE}};
    struct graph *g;
    struct weights *all;
    struct error e;
    const struct init_options options = {.scheme = &init_own, .seed = 3};
    cr_assert(arch_build(layers, &sample, &g, &e) && weights_create(g, &all, &e), "%s", e.text);
    for (uint32_t i = 0; i < g->layer_count; i++) cr_assert(weights_redraw(all, i, &options, &e), "%s", e.text);
    return all;
}

static void drop(struct weights *all) {
    struct graph *g = (struct graph *)all->graph;
    weights_destroy(all);
    graph_destroy(g);
}

/* The loss by its formula, and the last bias's gradient as a central difference of it. */
static double loss_by_hand(enum value_loss kind, const float *z, const float *t, size_t count, double shift) {
    double sum = 0;
    for (size_t k = 0; k < count; k++) {
        double v = (double)z[k] + (k % 2 == 0 ? shift : 0), y = (double)t[k];
        sum += kind == LOSS_SQUARED ? (v - y) * (v - y) : -y * log(sigmoid(v)) - (1 - y) * log(1 - sigmoid(v));
    }
    return sum / (double)count;
}

Test(regression, losses_and_their_slopes) {
    struct weights *all = make_weights("fc:4,relu,fc:2");
    const struct layer *last = &all->graph->layers[all->graph->layer_count - 1];
    float x[8 * SIZE], t[2][16], z[16], *const *grads;
    struct net *net;
    struct error e;
    rng_fill_normal(4, 0, 8 * SIZE, x);
    rng_fill_normal(5, 0, 16, t[LOSS_SQUARED]);
    for (uint32_t k = 0; k < 16; k++) t[LOSS_LOGISTIC][k] = t[LOSS_SQUARED][k] > 0;
    cr_assert(net_create(all, &net, &e) && net_forward(net, 8, x, z, &e), "%s", e.text);
    for (int kind = LOSS_SQUARED; kind <= LOSS_LOGISTIC; kind++) {
        enum value_loss loss = (enum value_loss)kind;
        uint32_t correct, right = 0;
        double got, wanted = loss_by_hand(loss, z, t[kind], 16, 0), h = 1e-4;
        double slope = (loss_by_hand(loss, z, t[kind], 16, h) - loss_by_hand(loss, z, t[kind], 16, -h)) / (2 * h);
        for (uint32_t k = 0; k < 16; k++) right += (z[k] > 0) == (t[kind][k] > 0);
        cr_assert(net_loss_values(net, loss, 8, x, t[kind], &got, &correct, &grads, &e), "%s", e.text);
        cr_expect_float_eq(got, wanted, 1e-5, "loss %d: %g, not %g", kind, got, wanted);
        cr_expect_float_eq((double)grads[last->parameters[1]][0], slope, 1e-5, "slope of loss %d", kind);
        cr_expect_eq(correct, right);
    }
    cr_expect_not(net_loss_values(net, LOSS_SQUARED, 0, x, t[0], &(double){0}, &(uint32_t){0}, &grads, &e));
    net_destroy(net);
    drop(all);
}

/* No overflow far from 0. */
Test(regression, logistic_losses_far_out_are_finite) {
    struct weights *all = make_weights("fc:2");
    float x[SIZE] = {1e4f, 1e4f, 1e4f, 1e4f, 1e4f}, *const * grads;
    static const float flags[][2] = {{0, 0}, {1, 1}};
    struct net *net;
    struct error e;
    uint32_t correct;
    double loss;
    cr_assert(net_create(all, &net, &e));
    for (size_t k = 0; k < 2; k++) {
        cr_assert(net_loss_values(net, LOSS_LOGISTIC, 1, x, flags[k], &loss, &correct, &grads, &e), "%s", e.text);
        cr_expect(isfinite(loss) && loss >= 0, "%g", loss);
    }
    net_destroy(net);
    drop(all);
}

/* ---- training ---- */

static void make_problem(float *x, float *years) {
    rng_fill_normal(6, 0, SAMPLES * SIZE, x);
    for (uint32_t i = 0; i < SAMPLES; i++) {
        double z = product(x + i * SIZE);
        years[2 * i] = (float)(1980 + 30 * z);
        years[2 * i + 1] = (float)(.001 * z * fabs(z) - .004);
    }
}

/* Targets in years and in thousandths are learned alike, and come out in their units. */
Test(regression, trains_in_the_unit_of_the_targets) {
    float x[SAMPLES * SIZE], years[2 * SAMPLES], z[2 * SAMPLES];
    struct weights *all = make_weights("fc:32,relu,fc:2");
    struct recipe recipe = recipe_default();
    struct train_result result;
    struct net *net;
    struct error e = {""};
    make_problem(x, years);
    recipe.learning_rate = .01;
    recipe.batch = 20;
    cr_assert(train_values(all, LOSS_SQUARED, SAMPLES, x, years, &recipe, NULL, NULL, &result, &e), "%s", e.text);
    cr_expect_geq(result.accuracy, .95, "R2 %g after %u epochs", result.accuracy, result.epochs);
    cr_expect_lt(result.epochs, 200);
    cr_assert(net_create(all, &net, &e) && net_forward(net, SAMPLES, x, z, &e), "%s", e.text);
    double mean = 0, r2[2];
    for (uint32_t k = 0; k < 2; k++) {
        double sum = 0, off = 0, spread = 0;
        for (uint32_t i = 0; i < SAMPLES; i++) sum += (double)years[2 * i + k] / SAMPLES;
        for (uint32_t i = 0; i < SAMPLES; i++) {
            off += pow((double)years[2 * i + k] - (double)z[2 * i + k], 2);
            spread += pow((double)years[2 * i + k] - sum, 2);
        }
        r2[k] = 1 - off / spread;
        mean += r2[k] / 2;
    }
    cr_expect_float_eq(mean, result.accuracy, 1e-4, "R2 in units %g, in training %g", mean, result.accuracy);
    net_destroy(net);
    drop(all);
}

Test(regression, targets_that_do_not_vary_are_refused) {
    struct weights *all = make_weights("fc:2");
    float x[SAMPLES * SIZE], t[2 * SAMPLES];
    struct recipe recipe = recipe_default();
    struct train_result result;
    struct error e = {""};
    make_problem(x, t);
    for (uint32_t i = 0; i < SAMPLES; i++) t[2 * i + 1] = 7;
    cr_expect_not(train_values(all, LOSS_SQUARED, SAMPLES, x, t, &recipe, NULL, NULL, &result, &e));
    cr_expect_str_eq(e.text, "target 1 of all 60 training samples is 7: targets that differ wanted");
    drop(all);
}

Test(regression, several_labels_are_learned) {
    struct weights *all = make_weights("fc:32,relu,fc:2");
    float x[SAMPLES * SIZE], flags[2 * SAMPLES];
    struct recipe recipe = recipe_default();
    struct train_result result;
    struct error e = {""};
    make_problem(x, flags);
    for (uint32_t i = 0; i < SAMPLES; i++) {
        flags[2 * i] = flags[2 * i] > 1980;
        flags[2 * i + 1] = x[i * SIZE] > .3f;
    }
    recipe.learning_rate = .01;
    cr_assert(train_values(all, LOSS_LOGISTIC, SAMPLES, x, flags, &recipe, NULL, NULL, &result, &e), "%s", e.text);
    cr_expect(result.accuracy >= .95 && result.epochs < 200, "accuracy %g", result.accuracy);
    drop(all);
}

/* ---- the last layer ---- */

static const struct {
    const char *layers;
    bool folds;
} scales[] = {{"fc:3", true}, {"fc:4,relu,fc:3", true}};

Test(regression, the_last_layer_takes_the_unit_over) {
    static const float t[2][6] = {{1, 10, 5, 3, 30, 5}, {1, 10, 5, 3, 30, 5}};
    for (size_t c = 0; c < sizeof scales / sizeof *scales; c++) {
        struct weights *all = make_weights(scales[c].layers);
        struct output_scale s;
        struct net *net;
        struct error e;
        float x[2 * SIZE], before[6], after[6], scores[6];
        rng_fill_normal(8, 0, 2 * SIZE, x);
        cr_assert(output_scale_create(all->graph, 2, t[c], &s, &e), "%s", e.text);
        cr_expect_eq(s.folds, scales[c].folds);
        output_scale_apply(&s, 2, t[c], scores);
        const float wanted[] = {-1, -1, 0, 1, 1, 0};
        for (size_t k = 0; k < 6; k++) cr_expect_float_eq(scores[k], wanted[k], 1e-6);
        cr_assert(net_create(all, &net, &e) && net_forward(net, 2, x, before, &e), "%s", e.text);
        net_destroy(net);
        cr_assert(output_scale_fold(&s, all, &e) && net_create(all, &net, &e) && net_forward(net, 2, x, after, &e));
        for (size_t k = 0; k < 6; k++)
            cr_expect_float_eq((double)after[k], (double)before[k] * s.deviation[k % 3] + s.mean[k % 3], 1e-4);
        net_destroy(net);
        output_scale_finish(&s);
        drop(all);
    }
}

/* A Sigmoid behind the last layer, or a layer without bias: targets stay as they are. */
Test(regression, what_cannot_fold_does_not) {
    static const float t[] = {.1f, .9f};
    static const char *const ends[] = {"Sigmoid", "Mul"};
    for (size_t c = 0; c < 2; c++) {
        struct graph *g = build(ends[c], true);
        struct output_scale s;
        struct error e;
        float out[2];
        cr_assert(output_scale_create(g, 2, t, &s, &e), "%s", e.text);
        cr_expect_not(s.folds);
        output_scale_apply(&s, 2, t, out);
        cr_expect(out[0] >= t[0] && out[0] <= t[0] && out[1] >= t[1] && out[1] <= t[1]);
        output_scale_finish(&s);
        graph_destroy(g);
    }
}
