/* The methods of the field beside captum, zennit and the papers' formulas (tests/golden/make_methods.py), on networks
 * of pictures, features and sequences; and whether a fault of theirs would be noticed there. */
#include "methods.h"

/* ---- Beside others ---- */

#define ON(net) (1u << (net))
#define ALL (ON(CNN) | ON(MLP) | ON(RES) | ON(SEQUENCE))
#define PLANES (ON(CNN) | ON(RES) | ON(SEQUENCE))
#define TWO (ON(CNN) | ON(MLP))

/* within: the largest |map - other| / |other|. */
static const struct reference {
    const char *spec, *file;
    unsigned nets;
    double within;
} references[] = {
    {"grad-cam-plus-plus", "grad-cam-plus-plus", PLANES, 1e-5},
    {"layer-cam", "layer-cam", PLANES, 1e-5},
    {"hirescam", "hirescam", PLANES, 1e-5},
    {"score-cam", "score-cam", PLANES, 1e-5},
    {"eigen-cam", "eigen-cam", PLANES, 1e-5},
    {"integrated-gradients:steps=20,rule=riemann-left", "ig-left", ALL, 1e-5},
    {"integrated-gradients:steps=20,rule=riemann-right", "ig-right", ALL, 1e-5},
    {"integrated-gradients:steps=30,from=-1/0.5/1", "ig-several", ALL, 1e-5},
    {"integrated-gradients:steps=30,from=mean", "ig-mean", PLANES, 1e-5},
    {"integrated-gradients:steps=30,from=blurred/0.15", "ig-blurred", PLANES, 1e-5},
    {"deeplift", "deeplift", ALL, 1e-5},
    {"deeplift:baseline=0.3", "deeplift-baseline", ALL, 1e-5},
    {"deep-shap", "deep-shap", ALL, 1e-5},
    {"deep-shap:background=zero", "deeplift", ALL, 1e-5},
    {"lrp", "lrp-epsilon-plus", ALL, 1e-4},
    {"lrp:composite=epsilon-alpha2-beta1", "lrp-epsilon-alpha2-beta1", ALL, 1e-4},
    {"lrp:composite=epsilon-plus-flat", "lrp-epsilon-plus-flat", TWO, 1e-4},
    {"lrp:composite=epsilon-alpha2-beta1-flat", "lrp-epsilon-alpha2-beta1-flat", TWO, 1e-4},
    {"lrp:composite=epsilon-gamma-box,first=z-box/-0.5/1.5", "lrp-epsilon-gamma-box", ON(CNN), 1e-4},
    {"lrp:composite=epsilon,epsilon=0.01", "lrp-epsilon", ALL, 1e-4},
    {"lrp:conv=gamma/0.5,dense=gamma/0.5", "lrp-gamma", ALL, 1e-4},
    {"lrp:conv=alpha-beta/3,dense=alpha-beta/3", "lrp-alpha-beta", TWO, 1e-4},
    {"lrp:dense=z-plus,start=one", "lrp-z-plus", TWO, 1e-4},
    {"lrp:composite=epsilon,first=w-square", "lrp-w-square", ALL, 1e-4},
    {"lrp:composite=epsilon,first=flat", "lrp-flat", TWO, 1e-4},
    {"lrp:composite=epsilon,first=z-box/-1/2", "lrp-z-box", TWO, 1e-4},
    {"lrp:conv=epsilon,dense=epsilon/0.01,epsilon=0.01", "lrp-epsilon", ALL, 1e-4},
    {"excitation-backprop", "excitation-backprop", ALL, 1e-4},
    {"rect-grad:percentile=70", "rect-grad", ALL, 1e-5},
};

Test(methods, agree_with_captum_zennit_and_formulas) {
    for (enum network n = CNN; n < NETS; n++) {
        struct lab lab = network_lab(n);
        for (size_t r = 0; r < sizeof references / sizeof *references; r++) {
            const struct reference *ref = &references[r];
            char why[256] = "", file[100];
            float maps[LAB_INPUTS * MOST_ELEMENTS];
            if (!(ref->nets & ON(n))) continue;
            snprintf(file, sizeof file, "%s-%s", network_name(n), ref->file);
            float *wanted = lab_read_from("methods", file, LAB_INPUTS * lab.count);
            cr_expect_eq(lab_explain(&lab, "explainers", ref->spec, maps, why), ASSAY_OK, "%s: %s", file, why);
            for (uint32_t i = 0; i < LAB_INPUTS; i++) {
                double off = lab_distance(maps + i * lab.count, wanted + i * lab.count, lab.count);
                cr_expect_leq(off, ref->within, "%s by %s: map %u is off by %g", file, ref->spec, i, off);
            }
            free(wanted);
        }
        lab_close(&lab);
    }
}

/* ---- Those comparisons notice faults: another sign, another class, another baseline, layer or rule ---- */

#define CLASS_BLIND "eigen-cam"
#define FAR_OFF 100 /* times what is allowed */

/* Whether some map is FAR_OFF from its reference. */
static bool is_noticed(const float *maps, const float *wanted, size_t count, double within) {
    for (uint32_t i = 0; i < LAB_INPUTS; i++)
        if (lab_distance(maps + i * count, wanted + i * count, count) > FAR_OFF * within) return true;
    return false;
}

Test(methods, another_sign_or_class_is_noticed) {
    for (enum network n = CNN; n < NETS; n++) {
        struct lab lab = network_lab(n);
        for (size_t r = 0; r < sizeof references / sizeof *references; r++) {
            const struct reference *ref = &references[r];
            char why[256] = "", file[100];
            float maps[LAB_INPUTS * MOST_ELEMENTS];
            if (!(ref->nets & ON(n))) continue;
            snprintf(file, sizeof file, "%s-%s", network_name(n), ref->file);
            float *wanted = lab_read_from("methods", file, LAB_INPUTS * lab.count);
            for (size_t k = 0; k < LAB_INPUTS * lab.count; k++) maps[k] = -wanted[k];
            cr_expect(is_noticed(maps, wanted, lab.count, ref->within), "%s: minus the map", file);
            for (uint32_t i = 0; i < LAB_INPUTS; i++) lab.targets[i] = (lab.targets[i] + 1) % lab.graph->classes;
            cr_assert_eq(lab_explain(&lab, "explainers", ref->spec, maps, why), ASSAY_OK, "%s: %s", file, why);
            cr_expect_eq(is_noticed(maps, wanted, lab.count, ref->within), strcmp(ref->spec, CLASS_BLIND) != 0,
                         "%s: the next class", file);
            for (uint32_t i = 0; i < LAB_INPUTS; i++)
                lab.targets[i] = (lab.targets[i] + lab.graph->classes - 1) % lab.graph->classes;
            free(wanted);
        }
        lab_close(&lab);
    }
}

static const struct {
    const char *spec, *file;
} faults[] = {
    {"grad-cam-plus-plus:layer=conv1", "grad-cam-plus-plus"},
    {"layer-cam:layer=conv1", "layer-cam"},
    {"hirescam:layer=conv1", "hirescam"},
    {"hirescam:relu=1", "hirescam"},
    {"score-cam:layer=conv1", "score-cam"},
    {"eigen-cam:layer=conv1", "eigen-cam"},
    {"layer-cam", "hirescam"}, /* gradients not rectified, and the other way round */
    {"integrated-gradients:steps=20,rule=riemann-right", "ig-left"},
    {"integrated-gradients:steps=30,from=blurred/0.1", "ig-blurred"},
    {"integrated-gradients:steps=30", "ig-mean"},
    {"integrated-gradients:steps=30,from=-1/0.5", "ig-several"},
    {"deeplift:baseline=0.3", "deeplift"},
    {"deeplift", "deeplift-baseline"},
    {"input-x-gradient", "deeplift"},
    {"deep-shap:samples=2", "deep-shap"},
    {"deep-shap:background=zero", "deep-shap"},
    {"expected-gradients:samples=3000", "deep-shap"},
    {"lrp:composite=epsilon", "lrp-epsilon-plus"},
    {"lrp:start=one", "lrp-epsilon-plus"},
    {"lrp", "lrp-epsilon-alpha2-beta1"},
    {"lrp:composite=epsilon", "lrp-epsilon"}, /* another epsilon */
    {"lrp:conv=gamma/0.25,dense=gamma/0.25", "lrp-gamma"},
    {"lrp:conv=alpha-beta/2,dense=alpha-beta/2", "lrp-alpha-beta"},
    {"lrp:composite=epsilon,first=flat", "lrp-w-square"},
    {"lrp:composite=epsilon,first=z-box/0/1", "lrp-z-box"},
    {"excitation-backprop", "lrp-z-plus"}, /* the bias */
    {"rect-grad:percentile=60", "rect-grad"},
    {"rect-grad:percentile=70,multiply=0", "rect-grad"},
};

Test(methods, another_layer_baseline_or_rule_is_noticed) {
    struct lab lab = lab_cnn();
    for (size_t k = 0; k < sizeof faults / sizeof *faults; k++) {
        char why[256] = "", file[100];
        float maps[LAB_INPUTS * MOST_ELEMENTS];
        snprintf(file, sizeof file, "cnn-%s", faults[k].file);
        float *wanted = lab_read_from("methods", file, LAB_INPUTS * lab.count);
        cr_assert_eq(lab_explain(&lab, "explainers", faults[k].spec, maps, why), ASSAY_OK, "%s", why);
        cr_expect(is_noticed(maps, wanted, lab.count, 1e-4), "%s is taken for %s", faults[k].spec, faults[k].file);
        free(wanted);
    }
    lab_close(&lab);
}
