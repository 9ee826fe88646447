/* Distinctness: methods that claim to differ give different maps, and those that a theorem makes equal give the same:
 * so that a theorem is no bug, and a hook that is never called no method. */
#include "lab.h"

enum { CNN, MLP, LINEAR, LABS };

/* Methods of one letter are equal on that network; a dot: the method does not apply. */
static const struct {
    const char *spec, *letters;
} methods[] = {
    {"gradient", "aaa"},
    {"smoothgrad:noise=0", "aaa"},   /* copies without noise */
    {"smoothgrad:samples=9", "bba"}, /* the gradient of a linear model is the same everywhere */
    {"integrated-gradients:form=average", "cca"},
    {"guided-backprop", "dda"}, /* no rectifier */
    {"saliency", "eeb"},
    {"input-x-gradient", "ffc"},
    {"integrated-gradients", "ggc"}, /* Sundararajan et al. 2017, section 3: linear models */
    {"integrated-gradients:baseline=0.5", "hhd"},
    {"grad-cam", "i.."},
    {"grad-cam:relu=0", "j.."},
    {"guided-grad-cam", "k.."},
    {"edge-detector", "l.l"},
    {"input", "mmm"},
    {"random-noise", "nnn"},
    {"constant", "ooo"},
};
#define METHODS (sizeof methods / sizeof *methods)

static void explain_all(const struct lab *lab, int which, float *maps[METHODS]) {
    for (size_t m = 0; m < METHODS; m++) {
        char why[256] = "";
        maps[m] = malloc(LAB_INPUTS * lab->count * sizeof *maps[m]);
        cr_assert_not_null(maps[m]);
        assay_status status = lab_explain(lab, "explainers", methods[m].spec, maps[m], why);
        cr_assert_eq(status, methods[m].letters[which] == '.' ? ASSAY_UNSUPPORTED : ASSAY_OK, "%s on network %d: %s",
                     methods[m].spec, which, why);
    }
}

Test(distinct, methods_differ_unless_a_theorem_says_otherwise) {
    struct lab labs[LABS] = {[CNN] = lab_cnn(), [MLP] = lab_mlp(), [LINEAR] = lab_linear()};
    for (int l = 0; l < LABS; l++) {
        float *maps[METHODS];
        explain_all(&labs[l], l, maps);
        for (size_t a = 0; a < METHODS; a++)
            for (size_t b = a + 1; b < METHODS; b++) {
                if (methods[a].letters[l] == '.' || methods[b].letters[l] == '.') continue;
                double off = lab_distance(maps[a], maps[b], LAB_INPUTS * labs[l].count);
                bool due = methods[a].letters[l] == methods[b].letters[l];
                cr_expect(due ? off < 1e-5 : off > 1e-3, "network %d: %s and %s differ by %g", l, methods[a].spec,
                          methods[b].spec, off);
            }
        for (size_t m = 0; m < METHODS; m++) free(maps[m]);
        lab_close(&labs[l]);
    }
}
