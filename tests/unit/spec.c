/* Explainers as they are written in batteries and on the command line. */
#include "base/text.h"
#include "battery/battery.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct good {
    const char *text, *id, *path, *params; /* params: "name=value;..." */
} good[] = {
    {"gradient", "gradient", "", ""},
    {"grad-cam:layer=conv1", "grad-cam", "", "layer=conv1;"},
    {"grad-cam:layer=block1/conv.2,relu=0", "grad-cam", "", "layer=block1/conv.2;relu=0;"},
    {"grad-cam:layer=,relu=1", "grad-cam", "", "layer=;relu=1;"},
    {"x:formula=a=b", "x", "", "formula=a=b;"},
    {"my.so", "", "my.so", ""},
    {"./my.so", "", "./my.so", ""},
    {"/opt/x/lib.so#shap", "shap", "/opt/x/lib.so", ""},
    {"a/b.so#shap:n=5,m=6", "shap", "a/b.so", "n=5;m=6;"},
    {"a/b.so:n=5", "", "a/b.so", "n=5;"},
    {"./run:1/my.so:n=5", "", "./run:1/my.so", "n=5;"}, /* a colon in a folder */
    {"a.so.d/my.so", "", "a.so.d/my.so", ""},
    {"libs/plain", "", "libs/plain", ""},
};

Test(spec, reads_every_form) {
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct explainer_spec spec;
        struct error e;
        struct text params = {0};
        const char *text = good[i].text;
        cr_assert(explainer_spec_parse(text, &spec, &e), "%s: %s", text, e.text);
        text_append(&params, "", 0);
        for (size_t k = 0; k < spec.param_count; k++)
            text_add(&params, "%s=%s;", spec.params[k].name, spec.params[k].value);
        cr_expect_str_eq(spec.id ? spec.id : "", good[i].id, "%s", text);
        cr_expect_str_eq(spec.path ? spec.path : "", good[i].path, "%s", text);
        cr_expect_str_eq(params.data, good[i].params, "%s", text);
        text_finish(&params);
        explainer_spec_finish(&spec);
    }
}

static const struct wrong {
    const char *text, *words;
} wrong[] = {
    {"", "without a name"},
    {"Gradient", "ids have small letters and hyphens: did you mean 'gradient'?"},
    {"IntegratedGradients:steps=5", "did you mean 'integrated-gradients'?"},
    {"integrated_gradients", "did you mean 'integrated-gradients'?"},
    {"Grad+Cam", "neither the id of an explainer nor the path"},
    {":n=5", "neither"},
    {"#x", "neither"},
    {"x:", "wanted name=value"},
    {"x:n", "'n': wanted name=value"},
    {"x:=5", "'=5': wanted name=value"},
    {"x:n=5,", "'': wanted name=value"},
    {"x:n=5,n=6", "parameter n is given twice"},
    {"a.so#", "no explainer id after '#'"},
    {"a.so#Bad", "no explainer id after '#'"},
    {"two words", "neither"},
};

Test(spec, says_what_is_wrong) {
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct explainer_spec spec;
        struct error e;
        cr_assert_not(explainer_spec_parse(wrong[i].text, &spec, &e), "%s", wrong[i].text);
        cr_expect(strstr(e.text, wrong[i].words), "%s: \"%s\" does not say \"%s\"", wrong[i].text, e.text,
                  wrong[i].words);
        cr_expect(spec.id == NULL && spec.path == NULL && spec.params == NULL);
    }
}
