/* How alike activations stay: exactly alike below what was drawn anew, and not above. */
#include "run/likeness.h"

#include "base/rng.h"
#include "measure/similarity.h"
#include "nn/arch.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>
#include <stdlib.h>

#define INPUTS 20u

struct lab {
    struct run run;
    struct likeness likeness;
    float x[INPUTS * 64];
};

static void setup(struct lab *lab, const char *layers) {
    const struct shape sample = {3, {1, 8, 8}};
    const struct init_options init = {.scheme = &init_own, .seed = 99};
    struct error e = {{0}};
    struct net *net;
    *lab = (struct lab){.likeness = {.count = 0}};
    struct run *run = &lab->run;
    cr_assert(arch_build(layers, &sample, &run->graph, &e), "%s", e.text);
    cr_assert(weights_create(run->graph, &run->model, &e), "%s", e.text);
    for (uint32_t l = 0; l < run->graph->layer_count; l++) cr_assert(weights_redraw(run->model, l, &init, &e));
    rng_fill_normal(5, 0, INPUTS * 64, lab->x);
    run->inputs[ROOT_MODEL] = (struct input_set){.count = INPUTS, .x = lab->x};
    cr_assert(likeness_init(&lab->likeness, run, &e), "%s", e.text);
    cr_assert(net_create(run->model, &net, &e) && likeness_take_original(&lab->likeness, net, &e), "%s", e.text);
    net_destroy(net);
}

static void teardown(struct lab *lab) {
    likeness_finish(&lab->likeness);
    weights_destroy(lab->run.model);
    graph_destroy(lab->run.graph);
}

/* Of a network whose layers with a bit are drawn anew; `zero`: are all zeros. */
static void measure(struct lab *lab, unsigned drawn, bool zero, float *r) {
    const struct init_options init = {.scheme = &init_own, .seed = 7};
    struct error e = {{0}};
    struct weights *w;
    struct net *net;
    cr_assert(weights_copy(lab->run.model, &w, &e), "%s", e.text);
    for (uint32_t l = 0; l < lab->run.graph->layer_count; l++) {
        if (!(drawn >> l & 1)) continue;
        const struct layer *layer = &lab->run.graph->layers[l];
        cr_assert(weights_redraw(w, l, &init, &e), "%s", e.text);
        for (uint32_t p = 0; zero && p < layer->parameter_count; p++)
            for (size_t k = 0; k < shape_count(&lab->run.graph->values[layer->parameters[p]].shape); k++)
                weights_edit(w, layer->parameters[p])[k] = 0;
    }
    bool changed[16] = {false};
    float all[LIKENESS_LAYERS] = {0}, known[LIKENESS_LAYERS] = {0};
    for (uint32_t l = 0; l < lab->run.graph->layer_count; l++) changed[l] = drawn >> l & 1;
    cr_assert(net_create(w, &net, &e) && likeness_measure(&lab->likeness, net, NULL, all, &e), "%s", e.text);
    cr_assert(likeness_measure(&lab->likeness, net, changed, known, &e), "%s", e.text);
    for (uint32_t k = 0; k < lab->likeness.count; k++)
        cr_expect(all[k] == known[k] || (isnan(all[k]) && isnan(known[k])), "%x, layer %u: %g, computed %g", drawn, k,
                  (double)known[k], (double)all[k]);
    memcpy(r, known, lab->likeness.count * sizeof *r);
    net_destroy(net);
    weights_destroy(w);
}

#define FOUR "conv:6x3,relu,conv:5x3,relu,flatten,fc:40,relu,fc:4"

Test(likeness, of_the_same_network_is_one) {
    struct lab lab;
    float r[LIKENESS_LAYERS];
    setup(&lab, FOUR);
    cr_assert_eq(lab.likeness.count, 3, "all but the one of the logits");
    measure(&lab, 0, false, r);
    for (uint32_t k = 0; k < 3; k++) cr_expect_eq(r[k], 1);
    teardown(&lab);
}

/* From the first layer drawn anew on, whatever is drawn above: cascades and single layers. */
Test(likeness, is_one_exactly_below_what_was_drawn_anew) {
    struct lab lab;
    setup(&lab, FOUR);
    for (unsigned drawn = 1; drawn < 16; drawn++) {
        float r[LIKENESS_LAYERS];
        uint32_t first = 0;
        while (!(drawn >> first & 1)) first++;
        measure(&lab, drawn, false, r);
        for (uint32_t k = 0; k < 3; k++)
            if (lab.likeness.layers[k] < first) cr_expect_eq(r[k], 1, "%x, layer %u: %g", drawn, k, (double)r[k]);
            else cr_expect(fabsf(r[k]) < .8f, "%x, layer %u: %g", drawn, k, (double)r[k]);
    }
    teardown(&lab);
}

/* The mean over the first inputs of spearman() of all that the node gives. */
Test(likeness, is_the_mean_over_inputs) {
    struct lab lab;
    float r[LIKENESS_LAYERS], outputs[2][INPUTS * 40];
    struct error e = {{0}};
    struct weights *w;
    struct net *net;
    double sum = 0;
    setup(&lab, FOUR);
    measure(&lab, 4, false, r);
    cr_assert(weights_copy(lab.run.model, &w, &e));
    for (int drawn = 0; drawn < 2; drawn++) {
        if (drawn) cr_assert(weights_redraw(w, 2, &(struct init_options){.scheme = &init_own, .seed = 7}, &e));
        cr_assert(net_create(w, &net, &e));
        cr_assert(net_inspect(net, lab.likeness.now[2].node, INPUTS, lab.x, NULL, outputs[drawn], NULL, &e));
        net_destroy(net);
    }
    for (size_t i = 0; i < LIKENESS_INPUTS; i++) sum += spearman(outputs[0] + i * 40, outputs[1] + i * 40, 40);
    cr_expect_float_eq((double)r[2], sum / LIKENESS_INPUTS, 1e-6);
    weights_destroy(w);
    teardown(&lab);
}

Test(likeness, of_constant_activations_is_no_number) {
    struct lab lab;
    float r[LIKENESS_LAYERS];
    setup(&lab, FOUR);
    measure(&lab, 2, true, r);
    cr_expect_eq(r[0], 1);
    cr_expect(isnan(r[1]) && isnan(r[2]), "%g %g", (double)r[1], (double)r[2]);
    teardown(&lab);
}

/* Of many layers eight, the first and the one below the logits among them. */
Test(likeness, looks_at_eight_layers_of_a_deep_network) {
    struct lab lab;
    setup(&lab, "flatten,fc:9,fc:9,fc:9,fc:9,fc:9,fc:9,fc:9,fc:9,fc:9,fc:9,fc:9,fc:4");
    cr_assert_eq(lab.likeness.count, LIKENESS_LAYERS);
    cr_expect_eq(lab.likeness.layers[0], 0);
    cr_expect_eq(lab.likeness.layers[7], 10);
    for (uint32_t k = 1; k < 8; k++) cr_expect_gt(lab.likeness.layers[k], lab.likeness.layers[k - 1]);
    teardown(&lab);
    setup(&lab, "flatten,fc:4");
    cr_expect_eq(lab.likeness.count, 0);
    measure(&lab, 1, false, &(float){0});
    teardown(&lab);
}
