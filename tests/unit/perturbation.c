/* Perturbation methods and paths of their own against captum, the authors' package and the papers' formulas
 * (tests/golden/make_perturbation.py), and against closed forms. */
#include "base/rng.h"
#include "lab.h"

static const struct golden {
    const char *net, *spec, *file;
} goldens[] = {
    {"cnn", "occlusion:window=4,stride=3", "cnn-occlusion"},
    {"cnn", "occlusion", "cnn-occlusion-default"},
    {"cnn", "occlusion:window=3,stride=2,channels=alone,baseline=0.3", "cnn-occlusion-alone"},
    {"cnn", "feature-ablation:features=9,baseline=0.3", "cnn-ablation"},
    {"cnn", "feature-ablation:cut=elements", "cnn-ablation-elements"},
    {"cnn", "feature-ablation:cut=slic,features=16", "cnn-ablation-slic"},
    {"cnn", "shapley-sampling:samples=5,features=9,baseline=0.3", "cnn-shapley"},
    {"cnn", "kernel-shap:samples=101,features=9,baseline=0.3", "cnn-kernel-shap"},
    {"cnn", "kernel-shap:coalitions=all,features=4,baseline=0.3", "cnn-shapley-exact"},
    {"cnn", "lime:samples=100,features=9,baseline=0.3", "cnn-lime"},
    {"cnn", "lime:samples=60,features=9,width=2,ridge=0", "cnn-lime-wide"},
    {"cnn", "rise:samples=40", "cnn-rise"},
    {"cnn", "rise:samples=40,cells=4,shown=0.3,baseline=0.2,score=probability,centred=1", "cnn-rise-options"},
    {"cnn", "expected-gradients:samples=70", "cnn-expected-gradients"},
    {"cnn", "gradient-shap:samples=70", "cnn-gradient-shap"},
    {"cnn", "gradient-shap:samples=30,noise=0.25,background=zero", "cnn-zero-shap"},
    {"cnn", "blur-ig", "cnn-blur-ig"},
    {"cnn", "blur-ig:sigma=9,steps=20", "cnn-blur-ig-9"},
    {"cnn", "guided-ig", "cnn-guided-ig"},
    {"cnn", "guided-ig:baseline=0.3,steps=20,fraction=0.1,distance=1", "cnn-guided-ig-free"},
    {"mlp", "occlusion", "mlp-ablation"},
    {"mlp", "occlusion:window=1,baseline=0.3", "mlp-ablation-baseline"},
    {"mlp", "feature-ablation", "mlp-ablation"},
    {"mlp", "feature-ablation:baseline=0.3", "mlp-ablation-baseline"},
    {"mlp", "feature-ablation:groups=0-3/7+9", "mlp-ablation-groups"},
    {"mlp", "shapley-sampling:samples=7", "mlp-shapley"},
    {"mlp", "kernel-shap:coalitions=all,groups=0-4/5-9/10-14/15-19", "mlp-shapley-exact"},
    {"mlp", "kernel-shap:samples=200", "mlp-kernel-shap"},
    {"mlp", "lime:samples=100,baseline=0.3", "mlp-lime"},
    {"mlp", "expected-gradients:samples=70", "mlp-expected-gradients"},
    {"mlp", "gradient-shap:samples=70", "mlp-gradient-shap"},
    {"mlp", "guided-ig", "mlp-guided-ig"},
};

Test(perturbation, agrees_with_captum_and_the_authors) {
    struct lab cnn = lab_cnn(), mlp = lab_mlp();
    for (size_t g = 0; g < sizeof goldens / sizeof *goldens; g++)
        lab_compare(goldens[g].net[0] == 'c' ? &cnn : &mlp, goldens[g].spec, "perturbation", goldens[g].file);
    lab_close(&cnn);
    lab_close(&mlp);
}

/* ---- Closed forms: on f(x) = Wx + b every one of these says w (x - baseline) ---- */

static const struct closed {
    const char *spec;
    float baseline;
    double allowed; /* of an element: logits are differences of float32 numbers */
} closed_forms[] = {
    {"occlusion:window=1", 0, 1e-5},
    {"occlusion:window=1,baseline=2", 2, 1e-5},
    {"feature-ablation:cut=elements", 0, 1e-5},
    {"feature-ablation:cut=elements,baseline=2", 2, 1e-5},
    {"feature-ablation:features=20,baseline=-1", -1, 1e-5},
    {"shapley-sampling:cut=elements,samples=3", 0, 1e-5},
    {"shapley-sampling:cut=elements,samples=3,baseline=2", 2, 1e-5},
    {"kernel-shap:cut=elements,samples=100", 0, 1e-4},
    {"kernel-shap:cut=elements,samples=101,baseline=2", 2, 1e-4},
    {"lime:cut=elements,samples=100,ridge=0", 0, 1e-4},
    {"lime:cut=elements,samples=200,ridge=0,baseline=2,width=3", 2, 1e-4},
    {"guided-ig", 0, 1e-5},
    {"guided-ig:baseline=2,distance=1,fraction=0.5,steps=7", 2, 1e-5},
    {"guided-ig:distance=0,fraction=0", 0, 1e-5},
    {"expected-gradients:background=zero,samples=9", 0, 1e-5},
    {"gradient-shap:background=zero,noise=0,samples=60", 0, 1e-5},
};

Test(perturbation, keeps_its_closed_forms_on_a_linear_model) {
    struct lab lab = lab_linear();
    for (size_t c = 0; c < sizeof closed_forms / sizeof *closed_forms; c++) {
        float maps[LAB_INPUTS * 20];
        char why[256] = "";
        cr_assert_eq(lab_explain(&lab, "explainers", closed_forms[c].spec, maps, why), ASSAY_OK, "%s", why);
        for (uint32_t k = 0; k < LAB_INPUTS * 20; k++) {
            float due = lab_linear_weight(lab.targets[k / 20], k % 20) * (lab.inputs[k] - closed_forms[c].baseline);
            cr_expect_float_eq(maps[k], due, closed_forms[c].allowed, "%s: element %u is %g, not %g",
                               closed_forms[c].spec, k, (double)maps[k], (double)due);
        }
    }
    lab_close(&lab);
}

/* Of a group each element has the sum of the group's w (x - b). */
Test(perturbation, groups_have_the_sum_of_their_elements) {
    static const char *const specs[] = {"feature-ablation:groups=0-3/7+9", "shapley-sampling:groups=0-3/7+9,samples=2",
                                        "kernel-shap:groups=0-3/7+9,samples=200",
                                        "lime:groups=0-3/7+9,samples=200,ridge=0"};
    struct lab lab = lab_linear();
    for (size_t s = 0; s < sizeof specs / sizeof *specs; s++) {
        float maps[LAB_INPUTS * 20];
        char why[256] = "";
        cr_assert_eq(lab_explain(&lab, "explainers", specs[s], maps, why), ASSAY_OK, "%s", why);
        for (uint32_t i = 0; i < LAB_INPUTS; i++) {
            double due[20], first = 0;
            for (uint32_t k = 0; k < 20; k++)
                due[k] = (double)(lab_linear_weight(lab.targets[i], k) * lab.inputs[i * 20 + k]);
            for (uint32_t k = 0; k < 4; k++) first += due[k];
            for (uint32_t k = 0; k < 4; k++) due[k] = first;
            due[7] = due[9] = due[7] + due[9];
            for (uint32_t k = 0; k < 20; k++)
                cr_expect_float_eq((double)maps[i * 20 + k], due[k], 1e-4, "%s: element %u", specs[s], k);
        }
    }
    lab_close(&lab);
}

/* ---- Random methods come near the exact value as samples grow ---- */

static double distance_of(const struct lab *lab, const char *spec, const float *exact) {
    float maps[LAB_INPUTS * 392];
    char why[256] = "";
    double off = 0;
    cr_assert_eq(lab_explain(lab, "explainers", spec, maps, why), ASSAY_OK, "%s", why);
    for (uint32_t i = 0; i < LAB_INPUTS; i++) off += lab_distance(maps + i * 392, exact + i * 392, 392) / LAB_INPUTS;
    return off;
}

/* A hundred times the samples: a tenth of the error, with room for luck. */
Test(perturbation, sampled_shapley_values_converge) {
    static const struct {
        const char *few, *many;
    } pairs[] = {
        {"shapley-sampling:samples=3,features=9,baseline=0.3", "shapley-sampling:samples=300,features=9,baseline=0.3"},
        {"kernel-shap:samples=20,features=9,baseline=0.3", "kernel-shap:samples=2000,features=9,baseline=0.3"},
    };
    struct lab lab = lab_cnn();
    float exact[LAB_INPUTS * 392];
    char why[256] = "";
    cr_assert_eq(lab_explain(&lab, "explainers", "kernel-shap:coalitions=all,features=9,baseline=0.3", exact, why),
                 ASSAY_OK, "%s", why);
    for (size_t p = 0; p < sizeof pairs / sizeof *pairs; p++) {
        double few = distance_of(&lab, pairs[p].few, exact), many = distance_of(&lab, pairs[p].many, exact);
        cr_expect_lt(many, .25 * few, "%s is off by %g, %s by %g", pairs[p].few, few, pairs[p].many, many);
        cr_expect_lt(many, .05, "%s is off by %g", pairs[p].many, many);
    }
    lab_close(&lab);
}

/* Towards the mean of captum's integrated gradients over the samples of the background. */
Test(perturbation, expected_gradients_converge) {
    static const char *const pairs[][2] = {
        {"expected-gradients:samples=30", "expected-gradients:samples=3000"},
        {"gradient-shap:samples=30,noise=0.001", "gradient-shap:samples=3000,noise=0.001"},
    };
    struct lab lab = lab_cnn();
    float *exact = lab_read_from("perturbation", "cnn-expected", LAB_INPUTS * lab.count);
    for (size_t p = 0; p < sizeof pairs / sizeof *pairs; p++) {
        double few = distance_of(&lab, pairs[p][0], exact), many = distance_of(&lab, pairs[p][1], exact);
        cr_expect_lt(many, .25 * few, "%s is off by %g, %s by %g", pairs[p][0], few, pairs[p][1], many);
    }
    free(exact);
    lab_close(&lab);
}

/* Without samples of the data they say so. */
Test(perturbation, expected_gradients_want_a_background) {
    static const char *const specs[] = {"expected-gradients", "gradient-shap", "deep-shap"};
    struct lab lab = lab_mlp();
    float maps[LAB_INPUTS * 20];
    handle_background(lab.handle, NULL, 0);
    for (size_t s = 0; s < sizeof specs / sizeof *specs; s++) {
        char why[256] = "";
        cr_expect_eq(lab_explain(&lab, "explainers", specs[s], maps, why), ASSAY_UNSUPPORTED);
        cr_expect(strstr(why, "background=zero wanted"), "%s", why);
    }
    lab_close(&lab);
}

/* Every order adds up to f(x) - f(b), and so does the fit. */
Test(perturbation, shapley_values_are_complete) {
    static const char *const specs[] = {"shapley-sampling:samples=2,baseline=0.3",
                                        "kernel-shap:samples=30,baseline=0.3", "kernel-shap:samples=12,baseline=0.3"};
    struct lab lab = lab_mlp();
    float maps[LAB_INPUTS * 20], logits[LAB_INPUTS * 4], start[4], baseline[20];
    struct error e;
    for (size_t k = 0; k < 20; k++) baseline[k] = .3f;
    cr_assert(net_forward(lab.net, LAB_INPUTS, lab.inputs, logits, &e) && net_forward(lab.net, 1, baseline, start, &e));
    for (size_t s = 0; s < sizeof specs / sizeof *specs; s++) {
        char why[256] = "";
        cr_assert_eq(lab_explain(&lab, "explainers", specs[s], maps, why), ASSAY_OK, "%s", why);
        for (uint32_t i = 0; i < LAB_INPUTS; i++) {
            double sum = 0, due = (double)logits[i * 4 + lab.targets[i]] - (double)start[lab.targets[i]];
            for (uint32_t k = 0; k < 20; k++) sum += (double)maps[i * 20 + k];
            cr_expect_float_eq(sum, due, 1e-4, "%s: map %u sums to %g, not %g", specs[s], i, sum, due);
        }
    }
    lab_close(&lab);
}

/* ---- Sequences and volumes ---- */

/* Two channels of a sequence; logit 0 is 3 x[0][1] - x[1][4]. A window of one place covers both channels. */
Test(perturbation, sequences_and_volumes_are_cut_along_their_places) {
    static const struct {
        const char *spec;
        float due[5]; /* in both channels */
    } cases[] = {
        {"occlusion:window=1", {0, 6, 0, 0, -9}},
        {"occlusion:window=2,stride=2", {6, 6, 0, 0, -9}},
        {"occlusion:window=2,stride=1", {6, 6, 3, -4.5f, -9}},
        {"feature-ablation", {0, 6, 0, 0, -9}},
        {"feature-ablation:features=3", {6, 6, 0, 0, -9}},
        {"shapley-sampling:features=2,samples=3", {6, 6, 6, -9, -9}},
    };
    const struct shape sequence = {2, {2, 5}};
    const assay_shape volume = {4, {2, 1, 1, 5}, 10};
    const float flat[11] = {0, 3, 0, 0, 0, 0, 0, 0, 0, -1, .5f};
    const float x[10] = {1, 2, 3, 4, 5, 1, 2, 3, 4, 9};
    for (int v = 0; v < 2; v++) {
        float maps[LAB_INPUTS * 10], *inputs = malloc(sizeof maps);
        cr_assert_not_null(inputs);
        for (uint32_t i = 0; i < LAB_INPUTS; i++) memcpy(inputs + 10 * i, x, sizeof x);
        struct lab lab = lab_build("fc:1", &sequence, flat, inputs);
        if (v) lab.handle->model.input = volume; /* the network does not care */
        for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
            char why[256] = "";
            cr_assert_eq(lab_explain(&lab, "explainers", cases[c].spec, maps, why), ASSAY_OK, "%s", why);
            for (size_t k = 0; k < 10; k++)
                cr_expect_float_eq(maps[k], cases[c].due[k % 5], 1e-5f, "%s, rank %u: element %zu is %g, not %g",
                                   cases[c].spec, lab.handle->model.input.rank, k, (double)maps[k],
                                   (double)cases[c].due[k % 5]);
        }
        lab_close(&lab);
    }
}

/* A blur of a step keeps its sum, so that the map of a sum over all places is that of the border alone: here the input
 * lies in the middle, far from it, and the parts of the map add up to nothing. */
Test(perturbation, blurring_moves_what_is_inside) {
    const struct shape sample = {2, {1, 41}};
    float maps[LAB_INPUTS * 41], *inputs = calloc(LAB_INPUTS * 41, sizeof *inputs), flat[42], sum = 0, most = 0;
    char why[256] = "";
    cr_assert_not_null(inputs);
    for (size_t k = 0; k < 41; k++) flat[k] = 1;
    flat[41] = 0;
    for (uint32_t i = 0; i < LAB_INPUTS; i++) inputs[i * 41 + 20] = 1;
    struct lab lab = lab_build("fc:1", &sample, flat, inputs);
    cr_assert_eq(lab_explain(&lab, "explainers", "blur-ig:sigma=2", maps, why), ASSAY_OK, "%s", why);
    for (size_t k = 0; k < 41; k++) {
        sum += maps[k];
        most = fmaxf(most, fabsf(maps[k]));
    }
    cr_expect_gt(most, .1f);
    cr_expect_gt(maps[20], 0);
    cr_expect_float_eq(sum, 0, 1e-4f * most);
    lab_close(&lab);
}

/* ---- What is refused ---- */

static const struct lab_refusal refusals[] = {
    {lab_mlp, "rise", ASSAY_UNSUPPORTED, "smooth masks need an image"},
    {lab_mlp, "blur-ig", ASSAY_UNSUPPORTED, "no neighbours"},
    {lab_mlp, "lime:cut=slic", ASSAY_UNSUPPORTED, "superpixels are of pictures"},
    {lab_cnn, "kernel-shap:coalitions=all", ASSAY_UNSUPPORTED, "49 features"},
    {lab_mlp, "feature-ablation:groups=0-3/20", ASSAY_FAILED, "at \"20\": wanted elements below 20"},
    {lab_mlp, "feature-ablation:groups=3-1", ASSAY_FAILED, "as in 0-3/7+9"},
    {lab_mlp, "feature-ablation:groups=0-3/2", ASSAY_FAILED, "element 2 is named twice"},
    {lab_mlp, "feature-ablation:groups=0-3/", ASSAY_FAILED, "as in 0-3/7+9"},
    {lab_mlp, "feature-ablation:groups=x", ASSAY_FAILED, "as in 0-3/7+9"},
};

/* A fit to every element of a photograph would take its square in memory. */
Test(perturbation, refuses_to_fit_too_many_features) {
    static const char *const specs[] = {"lime:cut=elements", "kernel-shap:cut=elements"};
    const struct shape sample = {3, {3, 40, 40}};
    float *flat = calloc(4801, sizeof *flat), *inputs = calloc(LAB_INPUTS * 4800, sizeof *inputs);
    float *maps = calloc(LAB_INPUTS * 4800, sizeof *maps);
    cr_assert(flat && inputs && maps);
    struct lab lab = lab_build("fc:1", &sample, flat, inputs);
    for (size_t s = 0; s < sizeof specs / sizeof *specs; s++) {
        char why[256] = "";
        cr_expect_eq(lab_explain(&lab, "explainers", specs[s], maps, why), ASSAY_UNSUPPORTED);
        cr_expect(strstr(why, "4096 at most: cut=grid"), "%s", why);
    }
    free(flat);
    free(maps);
    lab_close(&lab);
}

Test(perturbation, refuses_what_it_cannot_do) {
    lab_expect_refusals(refusals, sizeof refusals / sizeof *refusals);
    struct error e;
    struct plugin *plugin = NULL;
    cr_expect_not(lab_plugin("explainers", "occlusion:window=2,stride=3", &plugin, &e));
    cr_expect(strstr(e.text, "would leave some uncovered"), "%s", e.text);
    plugin_destroy(plugin);
}
