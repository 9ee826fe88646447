/* Battery files: every field, every error with line and column, and --set. */
#include "base/text.h"
#include "data/dataset.h"
#include "data/source.h"
#include "data/source_kind.h"
#include "battery/battery.h"

#include "tests/unit/scratch.h"

#include <errno.h>
#include <sys/stat.h>

TestSuite(battery, .init = scratch_enter, .fini = scratch_leave);

static bool load(const char *text, struct battery **b, struct error *e) {
    scratch_put("b.yaml", text, strlen(text));
    *b = NULL;
    return battery_load("b.yaml", b, e);
}

/* The start of a battery that lacks nothing but what a case adds: 7 lines. */
#define HEAD                                                                                                           \
    "model: m.onnx\n"                                                                                                  \
    "data: {source: 'idx:x,y'}\n"                                                                                      \
    "explainers:\n"                                                                                                    \
    "  - gradient\n"                                                                                                   \
    "  - {use: smoothgrad:n=9, name: smooth}\n"                                                                        \
    "controls: [cascading,\n"                                                                                          \
    "  independent]\n"

#define DRAWS "a whole number, or three rising ones, from 1 to 1000 wanted"
#define PRESETS "none, raw255, unit, imagenet-mean-std, torchvision, resnet34-dlib or caffe"
/* What comes next stands on line 7. */
#define PREPROCESS "model: m\nexplainers: [a]\ncontrols: [b]\n\ndata:\n  source: 'idx:x,y'\n  preprocess: "

/* A mapping starts from a preset and changes it. */
Test(battery, preprocess) {
    static const struct {
        const char *yaml, *text;
    } cases[] = {
        {"caffe", "caffe"},
        {"{preset: unit}", "x / 255"},
        {"{preset: torchvision, resize: 232, interpolation: bicubic}",
         "resize 232 bicubic, crop 224, (x / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]"},
        {"{order: bgr, mean: [1, 2.5, 3], preset: resnet34-dlib, resize: 0}",
         "crop 227, channels blue green red, (x - [1, 2.5, 3]) / 256"},
        {"{scale: 0.5, mean: 0.1307, std: 0.3081}", "(x / 2 - 0.1307) / 0.3081"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct battery *b;
        struct error e;
        char yaml[512];
        snprintf(yaml, sizeof yaml, PREPROCESS "%s\n", cases[i].yaml);
        cr_assert(load(yaml, &b, &e), "%s", e.text);
        cr_expect_str_eq(b->data_preprocess, cases[i].text, "%s", b->data_preprocess);
        battery_destroy(b);
    }
}

/* One number is one look. */
Test(battery, draws) {
    static const struct {
        const char *yaml;
        uint32_t draws[3];
    } cases[] = {{"1", {1, 1, 1}}, {"7", {7, 7, 7}}, {"[1, 2, 3]", {1, 2, 3}}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct battery *b;
        struct error e;
        char yaml[512];
        snprintf(yaml, sizeof yaml, HEAD "rule: {draws: %s}\n", cases[i].yaml);
        cr_assert(load(yaml, &b, &e), "%s", e.text);
        cr_expect_arr_eq(b->rule.draws, cases[i].draws, sizeof cases[i].draws);
        battery_destroy(b);
    }
}

Test(battery, defaults) {
    struct battery *b;
    struct error e;
    cr_assert(load(HEAD, &b, &e), "%s", e.text);
    cr_expect_str_eq(b->path, "b.yaml");
    cr_expect_str_eq(b->folder, ".");
    cr_expect_str_eq(b->name, "b");
    cr_expect_str_eq(b->model, "m.onnx");
    cr_expect_str_eq(b->data_source, "idx:x,y");
    cr_expect_str_eq(b->data_preprocess, "none");
    cr_expect_eq(b->inputs, 30);
    cr_expect(b->only_correct);
    cr_expect_eq(b->target, TARGET_PREDICTED);
    cr_expect_not(b->has_training);
    cr_expect_null(b->training_source);
    cr_expect_eq(b->training_images, 1000);
    cr_expect_eq(b->recipe.stop_accuracy, .95);
    cr_expect_eq(b->explainers[0].reduction, REDUCE_NONE);
    cr_expect_eq(b->expectation_count, 0);
    cr_expect_eq(b->rule.kind, RULE_CALIBRATED);
    cr_expect_eq(b->rule.delta, rule_constants_default().delta);
    cr_expect_eq(b->seed, 1);
    cr_expect_eq(b->conv, CONV_AUTO);
    cr_expect_eq(b->time_limit, 60);
    battery_destroy(b);
}

/* Trained networks and runs are known by their recipe: what trains alike has one name. */
Test(battery, what_training_does_not_read_is_as_by_default) {
    static const struct {
        const char *training;
        double momentum;
        bool last;
    } cases[] = {
        {"weight-decay: 0, weight-decay-last: false", .9, true},
        {"weight-decay-last: false, weight-decay: 0.1", .9, false},
        {"momentum: 0.5", .9, true},
        {"momentum: 0.5, optimiser: sgd", .5, true},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct battery *b;
        struct error e;
        char text[256];
        int n = snprintf(text, sizeof text, HEAD "training: {source: 'csv:y', %s}\n", cases[k].training);
        scratch_put("b.yaml", text, (size_t)n);
        cr_assert(battery_load("b.yaml", &b, &e), "%s", e.text);
        cr_expect_eq(b->recipe.momentum, cases[k].momentum, "%s", cases[k].training);
        cr_expect_eq(b->recipe.weight_decay_last, cases[k].last, "%s", cases[k].training);
        battery_destroy(b);
    }
}

static const char full[] = "name: Everything\n"
                           "model: ../models/m.onnx\n"
                           "seed: 18446744073709551615\n"
                           "data:\n"
                           "  source: idx:/data/x.gz,labels/y.gz\n"
                           "  preprocess: unit\n"
                           "  inputs: 12\n"
                           "  only-correct: false\n"
                           "  target: label\n"
                           "training:\n"
                           "  source: csv:t.csv,label=kind\n"
                           "  images: 500\n"
                           "  layers: conv:8x3,relu,fc:10\n"
                           "  optimiser: sgd\n"
                           "  learning-rate: 1e-2\n"
                           "  momentum: .5\n"
                           "  weight-decay: 1e-3\n"
                           "  weight-decay-last: false\n"
                           "  batch: 20\n"
                           "  epochs: 7\n"
                           "  stop-accuracy: 2\n"
                           "  seed: 0\n"
                           "explainers:\n"
                           "  - gradient\n"
                           "  - integrated-gradients:steps=20,form=averaged\n"
                           "  - use: plugins/my.so#mine:layer=a:b\n"
                           "    name: mine\n"
                           "    reduce: max-abs\n"
                           "  - other.so\n"
                           "controls:\n"
                           "  - cascading\n"
                           "  - id: independent\n"
                           "    scheme: normal\n"
                           "    sigma: 0.01\n"
                           "expect:\n"
                           "  gradient: PASS\n"
                           "  mine: {all: [fail, UNINFORMATIVE], cascading: Input-Dominated}\n"
                           "rule:\n"
                           "  name: fixed-cutoff\n"
                           "  draws: [2, 4, 8]\n"
                           "  delta: .25\n"
                           "  twin-gap: 0\n"
                           "conv: winograd\n"
                           "time-limit: 2.5\n";

Test(battery, everything) {
    struct battery *b;
    struct error e;
    cr_assert_eq(mkdir("f", 0777), 0);
    scratch_put("f/b.yaml", full, sizeof full - 1);
    cr_assert(battery_load("f/b.yaml", &b, &e), "%s", e.text);
    cr_expect_str_eq(b->folder, "f");
    cr_expect_str_eq(b->name, "Everything");
    cr_expect_str_eq(b->model, "f/../models/m.onnx");
    cr_expect_eq(b->seed, UINT64_MAX);
    cr_expect_str_eq(b->data_source, "idx:/data/x.gz,f/labels/y.gz");
    cr_expect_str_eq(b->data_preprocess, "unit");
    cr_expect_eq(b->inputs, 12);
    cr_expect_not(b->only_correct);
    cr_expect_eq(b->target, TARGET_LABEL);
    cr_expect(b->has_training);
    cr_expect_str_eq(b->training_source, "csv:f/t.csv,label=kind");
    cr_expect_eq(b->training_images, 500);
    cr_expect_str_eq(b->training_layers, "conv:8x3,relu,fc:10");
    cr_expect_eq(b->recipe.optimiser, OPTIMISER_SGD);
    cr_expect_eq(b->recipe.learning_rate, 1e-2);
    cr_expect_eq(b->recipe.momentum, .5);
    cr_expect_eq(b->recipe.weight_decay, 1e-3);
    cr_expect_not(b->recipe.weight_decay_last);
    cr_expect_eq(b->recipe.batch, 20);
    cr_expect_eq(b->recipe.epochs, 7);
    cr_expect_eq(b->recipe.stop_accuracy, 2);
    cr_expect_eq(b->recipe.seed, 0);
    cr_expect_eq(b->rule.kind, RULE_FIXED_CUTOFF);
    cr_expect_eq(b->rule.draws[0] + 10 * b->rule.draws[1] + 100 * b->rule.draws[2], 842);
    cr_expect_eq(b->rule.delta, .25);
    cr_expect_eq(b->rule.twin_gap, 0);
    cr_expect_eq(b->conv, CONV_WINOGRAD);
    cr_expect_eq(b->time_limit, 2.5);
    battery_destroy(b);
}

Test(battery, rows) {
    struct battery *b;
    struct error e;
    cr_assert_eq(mkdir("f", 0777), 0);
    scratch_put("f/b.yaml", full, sizeof full - 1);
    cr_assert(battery_load("f/b.yaml", &b, &e), "%s", e.text);

    cr_assert_eq(b->explainer_count, 4);
    cr_expect_str_eq(b->explainers[0].name, "gradient");
    cr_expect_str_eq(b->explainers[0].spec.id, "gradient");
    cr_expect_str_eq(b->explainers[1].name, "integrated-gradients:steps=20,form=averaged");
    cr_expect_eq(b->explainers[1].spec.param_count, 2);
    cr_expect_str_eq(b->explainers[1].spec.params[1].name, "form");
    cr_expect_str_eq(b->explainers[1].spec.params[1].value, "averaged");
    cr_expect_eq(b->explainers[1].spec.params[1].location.line, 25);
    const struct battery_explainer *mine = &b->explainers[2];
    cr_expect_str_eq(mine->name, "mine");
    cr_expect_str_eq(mine->spec.path, "f/plugins/my.so");
    cr_expect_str_eq(mine->spec.id, "mine");
    cr_expect_str_eq(mine->spec.params[0].value, "a:b");
    cr_expect_eq(mine->reduction, REDUCE_MAX_ABS);
    cr_expect_eq(mine->location.line * 100 + mine->location.column, 2605);
    cr_expect_str_eq(b->explainers[3].name, "other.so");
    cr_expect_str_eq(b->explainers[3].spec.path, "f/other.so");
    cr_expect_null(b->explainers[3].spec.id);

    cr_assert_eq(b->control_count, 2);
    cr_expect_str_eq(b->controls[0].id, "cascading");
    cr_expect_eq(b->controls[0].option_count, 0);
    const struct battery_control *c = &b->controls[1];
    cr_expect_str_eq(c->id, "independent");
    cr_assert_eq(c->option_count, 2);
    cr_expect_str_eq(c->options[1].name, "sigma");
    cr_expect_str_eq(c->options[1].value, "0.01");
    cr_expect_eq(c->options[1].location.line * 100 + c->options[1].location.column, 3405);

    static const struct expectation wanted[] = {
        {"gradient", "all", 1u << VERDICT_PASS, {36, 13}},
        {"mine", "all", 1u << VERDICT_FAIL | 1u << VERDICT_UNINFORMATIVE, {37, 15}},
        {"mine", "cascading", 1u << VERDICT_INPUT_DOMINATED, {37, 49}},
    };
    cr_assert_eq(b->expectation_count, 3);
    for (size_t i = 0; i < 3; i++) {
        const struct expectation *x = &b->expectations[i];
        cr_expect_str_eq(x->explainer, wanted[i].explainer);
        cr_expect_str_eq(x->control, wanted[i].control);
        cr_expect_eq(x->words, wanted[i].words);
        cr_expect_eq(x->location.line, wanted[i].location.line);
        cr_expect_eq(x->location.column, wanted[i].location.column, "%u", x->location.column);
    }
    battery_destroy(b);
}

/* A library beside the battery gets a path of its own: a bare name would be looked for in the system's folders. */
Test(battery, plugin_beside_the_battery) {
    struct battery *b;
    struct error e;
    cr_assert(load("model: m\ndata: {source: 'csv:x'}\nexplainers: [my.so, ./a/b.so, /c.so]\ncontrols: [c]\n", &b, &e));
    cr_expect_str_eq(b->explainers[0].spec.path, "./my.so");
    cr_expect_str_eq(b->explainers[1].spec.path, "./a/b.so");
    cr_expect_str_eq(b->explainers[2].spec.path, "/c.so");
    battery_destroy(b);
}

/* Anchors work; the order of keys does not matter. */
Test(battery, yaml_features) {
    struct battery *b;
    struct error e;
    cr_assert(load("expect: {gradient: &w [PASS, INCONCLUSIVE], \"in put\": *w}\n"
                   "controls:\n- cascading\n"
                   "explainers: [gradient, {name: 'in put', use: input}]\n"
                   "training: {source: &s \"idx:x,y\"}\n"
                   "data: {source: *s}\n"
                   "model: m.onnx\n",
                   &b, &e),
              "%s", e.text);
    cr_expect_eq(b->expectations[1].words, 1u << VERDICT_PASS | 1u << VERDICT_INCONCLUSIVE);
    cr_expect_str_eq(b->data_source, b->training_source);
    battery_destroy(b);
}

static const struct {
    const char *text, *message;
} bad[] = {
    /* No YAML, not one document, or no battery. */
    {"", "b.yaml: empty: a battery with model, data, explainers and controls wanted"},
    {"# nothing\n", "b.yaml: empty: a battery with model, data, explainers and controls wanted"},
    {"- a\n- b\n", "b.yaml:1:1: a list: a battery with model, data, explainers and controls wanted"},
    {"hello\n", "b.yaml:1:1: a single value: a battery with model, data, explainers and controls wanted"},
    {HEAD "---\n" HEAD, "b.yaml:8:1: a second document: one wanted"},
    {"model: m\ndata: {source\n: x: y",
     "b.yaml:3:1: did not find expected ',' or '}' while parsing a flow mapping: valid YAML wanted"},
    {"model: a: b\n", "b.yaml:1:9: mapping values are not allowed in this context: valid YAML wanted"},
    {"model: [m\n", "b.yaml:2:1: did not find expected ',' or ']' while parsing a flow sequence: valid YAML wanted"},
    {"model: \"m\n", "b.yaml:2:1: found unexpected end of stream while scanning a quoted scalar: valid YAML wanted"},
    {"\tmodel: m\n", "b.yaml:1:1: a tab, which YAML does not indent with: spaces wanted"},
    {"model: *m\n", "b.yaml:1:8: found undefined alias: valid YAML wanted"},
    {"model: \xff\n", "b.yaml: byte 7: invalid leading UTF-8 octet: a text in UTF-8 wanted"},
    {"model: \x01\n", "b.yaml: byte 7: control characters are not allowed: a text in UTF-8 wanted"},
    /* Keys. */
    {"modle: m\n", "b.yaml:1:1: unknown key 'modle': did you mean 'model'?"},
    {HEAD "colour: blue\n",
     "b.yaml:8:1: unknown key 'colour': name, model, input, inputs, output, input-shape, task, layout, seed, data, training, explainers, controls, measures, expect, rule, conv or "
     "time-limit wanted"},
    {HEAD "model: n\n", "b.yaml:8:1: key 'model' a second time: once wanted (first on line 1)"},
    {HEAD "[a]: n\n", "b.yaml:8:1: a list: a plain key wanted"},
    {HEAD "? {a: b}\n: n\n", "b.yaml:8:3: a mapping: a plain key wanted"},
    {"data: {source: 'idx:x,y'}\n", "b.yaml:1:1: no 'model': the path of an ONNX file wanted"},
    {"model: m\n", "b.yaml:1:1: no 'data': a mapping with source, preprocess, ... wanted"},
    {"model: m\ndata: {inputs: 3}\n", "b.yaml:1:1: no 'explainers': a list of explainers wanted"},
    {"model: m\ndata: {}\nexplainers: [a]\n",
     "b.yaml:1:1: no 'controls': a list of controls, as in [cascading, independent], or default, wanted"},
    {"model: m\ndata: {inputs: 3}\nexplainers: [a]\ncontrols: [b]\n",
     "b.yaml:2:7: no 'source': a data source (" SOURCE_FORMS ") wanted"},
    {HEAD "training: {images: 3}\n", "b.yaml:8:11: no 'source': a data source (" SOURCE_FORMS ") wanted"},
    /* Types. */
    {"model:\ndata: {source: 'idx:x,y'}\nexplainers: [a]\ncontrols: [b]\n",
     "b.yaml:1:7: no value: the path of an ONNX file wanted"},
    {HEAD "name: ''\n", "b.yaml:8:7: no value: a name for the battery wanted"},
    {HEAD "name: [a]\n", "b.yaml:8:7: a list: a name for the battery wanted"},
    {HEAD "name: \"a\\0b\"\n", "b.yaml:8:7: a zero byte: a name for the battery wanted"},
    {HEAD "training: idx:x,y\n", "b.yaml:8:11: a single value: a mapping with source, images, ... wanted"},
    {HEAD "training:\n", "b.yaml:8:10: no value: a mapping with source, images, ... wanted"},
    {"model: m\ndata: {source: 'idx:x,y'}\nexplainers: gradient\ncontrols: [b]\n",
     "b.yaml:3:13: a single value: a list of explainers wanted"},
    {"model: m\ndata: {source: 'idx:x,y'}\nexplainers: []\ncontrols: [b]\n",
     "b.yaml:3:13: an empty list: a list of explainers wanted"},
    {"model: m\ndata: {source: 'idx:x,y'}\nexplainers: &a [*a]\ncontrols: [b]\n",
     "b.yaml:3:13: a list: an explainer (ID or path/to.so, with :name=value,... behind it) wanted"},
    {"model: m\ndata: {source: 'idx:x,y'}\nexplainers: [a]\ncontrols: {id: b}\n",
     "b.yaml:4:11: a mapping: a list of controls, as in [cascading, independent], or default, wanted"},
    /* Numbers and choices. */
    {HEAD "seed: -1\n", "b.yaml:8:7: '-1': a whole number from 0 to 18446744073709551615 wanted"},
    {HEAD "seed: 18446744073709551616\n",
     "b.yaml:8:7: '18446744073709551616': a whole number from 0 to 18446744073709551615 wanted"},
    {HEAD "conv: fast\n", "b.yaml:8:7: 'fast': auto, direct or winograd wanted"},
    {HEAD "time-limit: never\n", "b.yaml:8:13: 'never': a number from 0.001 to 86400 (seconds) wanted"},
    {HEAD "seed: 0x10\n", "b.yaml:8:7: '0x10': a whole number from 0 to 18446744073709551615 wanted"},
    {HEAD "time-limit: 0x10\n", "b.yaml:8:13: '0x10': a number from 0.001 to 86400 (seconds) wanted"},
    {HEAD "time-limit: 1e400\n", "b.yaml:8:13: '1e400': a number from 0.001 to 86400 (seconds) wanted"},
    {HEAD "time-limit: .inf\n", "b.yaml:8:13: '.inf': a number from 0.001 to 86400 (seconds) wanted"},
    {HEAD "rule: {delta: nan}\n", "b.yaml:8:15: 'nan': a number from 0 to 1 wanted"},
    {HEAD "rule: {draws: 0x10}\n", "b.yaml:8:15: '0x10': a whole number, or three rising ones, from 1 to 1000 wanted"},
    {HEAD "time-limit: nan\n", "b.yaml:8:13: 'nan': a number from 0.001 to 86400 (seconds) wanted"},
    {"model: m\ndata:\n  source: 'idx:x,y'\n  inputs: 0\nexplainers: [a]\ncontrols: [b]\n",
     "b.yaml:4:11: '0': a whole number from 1 to 10000 wanted"},
    {"model: m\ndata:\n  source: 'idx:x,y'\n  inputs: 2.5\nexplainers: [a]\ncontrols: [b]\n",
     "b.yaml:4:11: '2.5': a whole number from 1 to 10000 wanted"},
    {"model: m\ndata:\n  source: 'idx:x,y'\n  only-correct: maybe\nexplainers: [a]\ncontrols: [b]\n",
     "b.yaml:4:17: 'maybe': false or true wanted"},
    {"model: m\ndata:\n  source: 'idx:x,y'\n  target: labels\nexplainers: [a]\ncontrols: [b]\n",
     "b.yaml:4:11: 'labels': did you mean 'label'? (label, predicted or output wanted)"},
    {"model: m\ndata:\n  source: 'idx:x,y'\n  preprocess: unti\nexplainers: [a]\ncontrols: [b]\n",
     "b.yaml:4:15: 'unti': did you mean 'unit'? (" PRESETS " wanted)"},
    {PREPROCESS "{preset: torchvison}\n",
     "b.yaml:7:24: 'torchvison': did you mean 'torchvision'? (" PRESETS " wanted)"},
    {PREPROCESS "{prset: unit}\n", "b.yaml:7:16: unknown key 'prset': did you mean 'preset'?"},
    {PREPROCESS "{crop: -1}\n", "b.yaml:7:22: '-1': a whole number from 0 to 16384 (0: none) wanted"},
    {PREPROCESS "{interpolation: nearest}\n", "b.yaml:7:31: 'nearest': bilinear or bicubic wanted"},
    {PREPROCESS "{scale: 0}\n", "b.yaml:7:23: '0': a number from 1e-09 to 1000000000 wanted"},
    {PREPROCESS "{mean: [1, 2]}\n", "b.yaml:7:22: 2 numbers: one number, or a list of three wanted"},
    {PREPROCESS "{mean: {r: 1}}\n", "b.yaml:7:22: a mapping: one number, or a list of three wanted"},
    {PREPROCESS "{std: [1, 0, 1]}\n", "b.yaml:7:25: '0': a number from 1e-09 to 1000000000 wanted"},
    {PREPROCESS "{order: grey}\n", "b.yaml:7:23: 'grey': rgb or bgr wanted"},
    {PREPROCESS "[unit]\n",
     "b.yaml:7:15: a list: a preset, 'auto', or a mapping with preset, resize, crop, mean, std, ... wanted"},
    {"model: m\ndata:\n  source: 'idx:x'\nexplainers: [a]\ncontrols: [b]\n",
     "b.yaml:3:11: data source 'idx:x': two paths with one comma between them wanted: idx:IMAGES,LABELS"},
    {HEAD "training: {source: 'idx:x,y', learning-rate: 0}\n", "b.yaml:8:46: '0': a number from 1e-08 to 10 wanted"},
    {HEAD "training: {source: 'idx:x,y', momentum: 1}\n", "b.yaml:8:41: '1': a number from 0 to 0.9999 wanted"},
    {HEAD "training: {source: 'idx:x,y', weight-decay: -0.1}\n", "b.yaml:8:45: '-0.1': a number from 0 to 10 wanted"},
    {HEAD "training: {source: 'idx:x,y', batch: 257}\n", "b.yaml:8:38: '257': a whole number from 1 to 256 wanted"},
    {HEAD "training: {source: 'idx:x,y', stop-accuracy: 95}\n",
     "b.yaml:8:46: '95': a number from 0 to 2 (above 1: never stop early) wanted"},
    {HEAD "training: {source: 'idx:x,y', optimiser: rmsprop}\n", "b.yaml:8:42: 'rmsprop': adam or sgd wanted"},
    {HEAD "training: {source: 'idx:x,y', optimizer: adam}\n",
     "b.yaml:8:31: unknown key 'optimizer': did you mean 'optimiser'?"},
    /* Explainers. */
    {HEAD "expect: {smooth: PASS}\nexplainers: [a]\n",
     "b.yaml:9:1: key 'explainers' a second time: once wanted (first on line 3)"},
    {"model: m\ndata: {source: 'idx:x,y'}\nexplainers: [a, b, a]\ncontrols: [b]\n",
     "b.yaml:3:20: explainer 'a' a second time: another 'name' wanted (first on line 3)"},
    {"model: m\ndata: {source: 'idx:x,y'}\nexplainers: [{name: a}]\ncontrols: [b]\n",
     "b.yaml:3:14: no 'use': an explainer (ID or path/to.so, with :name=value,... behind it) wanted"},
    {"model: m\ndata: {source: 'idx:x,y'}\nexplainers:\n - use: a\n   reduce: mean\ncontrols: [b]\n",
     "b.yaml:5:12: 'mean': did you mean 'mean-abs'? (none, sum, mean-abs or max-abs wanted)"},
    {"model: m\ndata: {source: 'idx:x,y'}\nexplainers:\n - use: a\n   nmae: b\ncontrols: [b]\n",
     "b.yaml:5:4: unknown key 'nmae': did you mean 'name'?"},
    {"model: m\ndata: {source: 'idx:x,y'}\nexplainers:\n - use: a\n   name: \"a\\nb\"\ncontrols: [b]\n",
     "b.yaml:5:10: name 'a?b': one line of text wanted"},
    /* Controls. */
    {"model: m\ndata: {source: 'idx:x,y'}\nexplainers: [a]\ncontrols: [b, c, b]\n",
     "b.yaml:4:18: control 'b' a second time: once wanted (first on line 4)"},
    {"model: m\ndata: {source: 'idx:x,y'}\nexplainers: [a]\ncontrols: [{draws: 3}]\n",
     "b.yaml:4:12: no 'id': the id of a control wanted, as in {id: cascading}"},
    {"model: m\ndata: {source: 'idx:x,y'}\nexplainers: [a]\ncontrols: [{id: c, draws: 3, draws: 4}]\n",
     "b.yaml:4:30: option 'draws' a second time: once wanted (first on line 4)"},
    {"model: m\ndata: {source: 'idx:x,y'}\nexplainers: [a]\ncontrols: [{id: c, draws: {a: 3}}]\n",
     "b.yaml:4:27: a mapping: a single value wanted"},
    {"model: m\ndata: {source: 'idx:x,y'}\nexplainers: [a]\ncontrols: [{id: c, draws: [3, [4]]}]\n",
     "b.yaml:4:31: a list: a single value wanted"},
    {"model: m\ndata: {source: 'idx:x,y'}\nexplainers: [a]\ncontrols: [all]\n",
     "b.yaml:4:12: 'all' stands for every control: the id of one wanted"},
    /* Expectations. */
    {HEAD "expect: PASS\n", "b.yaml:8:9: a single value: a mapping from explainers to verdicts wanted"},
    {HEAD "expect: {smoothgrad: PASS}\n", "b.yaml:8:10: unknown explainer 'smoothgrad': gradient or smooth wanted"},
    {HEAD "expect: {gradeint: PASS}\n", "b.yaml:8:10: unknown explainer 'gradeint': did you mean 'gradient'?"},
    {HEAD "expect: {gradient: PAS}\n", "b.yaml:8:20: unknown verdict 'PAS': did you mean 'PASS'?"},
    {HEAD "expect: {gradient: [PASS, good]}\n",
     "b.yaml:8:27: unknown verdict 'good': PASS, FAIL, INCONCLUSIVE, UNINFORMATIVE, SKIP, ERROR, INPUT-DOMINATED "
     "or PRIOR-DOMINATED wanted"},
    {HEAD "expect: {gradient: []}\n", "b.yaml:8:20: an empty list: a list of verdicts wanted"},
    {HEAD "expect: {gradient: {casacding: PASS}}\n",
     "b.yaml:8:21: unknown control 'casacding': did you mean 'cascading'?"},
    {HEAD "expect: {gradient: {zero-pixel: PASS}}\n",
     "b.yaml:8:21: unknown control 'zero-pixel': cascading, independent or all wanted"},
    {HEAD "expect: {gradient: {all: {all: PASS}}}\n", "b.yaml:8:26: a mapping: a verdict wanted"},
    /* The rule. */
    {HEAD "rule: {name: calibrate}\n",
     "b.yaml:8:14: 'calibrate': did you mean 'calibrated'? (calibrated or fixed-cutoff wanted)"},
    {HEAD "input: [a]\n", "b.yaml:8:8: a list: the name of an input wanted"},
    {HEAD "inputs: a\n", "b.yaml:8:9: a single value: a mapping from inputs to numbers or .npy files wanted"},
    {HEAD "inputs: {a: b.npz}\n", "b.yaml:8:13: 'b.npz': a finite number or a .npy file wanted"},
    {HEAD "inputs: {a: inf}\n", "b.yaml:8:13: 'inf': a finite number or a .npy file wanted"},
    {HEAD "inputs: {a: 1e99}\n", "b.yaml:8:13: '1e99': a finite number or a .npy file wanted"},
    {HEAD "inputs: {a: [1, 2]}\n", "b.yaml:8:13: a list: a finite number or a .npy file wanted"},
    {HEAD "inputs: {a: 1, a: 2}\n", "b.yaml:8:16: input 'a' a second time: once wanted (first on line 8)"},
    {HEAD "rule: {detla: .2}\n", "b.yaml:8:8: unknown key 'detla': did you mean 'delta'?"},
    {HEAD "rule: {delta: 1.5}\n", "b.yaml:8:15: '1.5': a number from 0 to 1 wanted"},
    {HEAD "rule: {draws: [5, 10]}\n", "b.yaml:8:15: 2 numbers: " DRAWS},
    {HEAD "rule: {draws: [5, 10, 10]}\n", "b.yaml:8:23: '10': " DRAWS},
    {HEAD "rule: {draws: 0}\n", "b.yaml:8:15: '0': " DRAWS},
    {HEAD "rule: {draws: {}}\n", "b.yaml:8:15: a mapping: " DRAWS},
};

Test(battery, bad) {
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct battery *b;
        struct error e = {""};
        cr_expect_not(load(bad[i].text, &b, &e), "case %zu: %s", i, bad[i].text);
        cr_expect_str_eq(e.text, bad[i].message, "case %zu: %s\nwanted   %s", i, e.text, bad[i].message);
        cr_expect_null(b);
    }
}

/* What a spec is refused for is said by explainer_spec_parse(); the battery adds the place. */
Test(battery, bad_specs) {
    static const char *const specs[] = {"gradient:steps", "gradient:=3", "gradient:a=1,a=2", "a.so#", "two words"};
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
        char text[200];
        struct battery *b;
        struct error e = {""}, spec = {""};
        struct explainer_spec out;
        cr_assert_not(explainer_spec_parse(specs[i], &out, &spec));
        snprintf(text, sizeof text, "model: m\ndata: {source: 'csv:x'}\ncontrols: [c]\nexplainers:\n- '%s'\n",
                 specs[i]);
        cr_assert_not(load(text, &b, &e));
        cr_expect_eq(strncmp(e.text, "b.yaml:5:3: ", 12), 0, "%s", e.text);
        cr_expect_str_eq(e.text + 12, spec.text);
    }
}

Test(battery, unreadable) {
    struct battery *b = NULL;
    struct error e = {""};
    cr_assert_not(battery_load("none.yaml", &b, &e));
    cr_expect_str_eq(e.text, "none.yaml: No such file or directory: a readable file was wanted");
    cr_assert_eq(mkdir("folder", 0777), 0);
    cr_assert_not(battery_load("folder", &b, &e));
    cr_expect_str_eq(e.text, "folder: a folder: a regular file was wanted");
}

/* Deep, wide and long files: refused, quickly. */
Test(battery, hostile_sizes, .timeout = 10) {
    static char text[2000000];
    struct battery *b = NULL;
    struct error e = {""};

    memset(text, '[', 200000);
    scratch_put("deep.yaml", text, 200000);
    cr_expect_not(battery_load("deep.yaml", &b, &e));
    cr_expect_str_eq(e.text, "deep.yaml:1:17: more than 16 lists and mappings in each other: a flatter file wanted");

    memset(text, '\n', sizeof text);
    scratch_put("long.yaml", text, sizeof text);
    cr_expect_not(battery_load("long.yaml", &b, &e));
    cr_expect_str_eq(e.text, "long.yaml: more than 262144 bytes: a smaller file wanted");

    size_t n = 0;
    for (unsigned i = 0; i < 20000; i++) n += (size_t)snprintf(text + n, sizeof text - n, "key%u: 1\n", i);
    scratch_put("wide.yaml", text, n);
    cr_expect_not(battery_load("wide.yaml", &b, &e));
    cr_expect_str_eq(e.text, "wide.yaml:1:1: 20000 entries: at most 1000 wanted");

    n = (size_t)snprintf(text, sizeof text, HEAD "expect: {gradient: [");
    for (unsigned i = 0; i < 20000; i++) n += (size_t)snprintf(text + n, sizeof text - n, "PASS,");
    n += (size_t)snprintf(text + n, sizeof text - n, "]}\n");
    scratch_put("list.yaml", text, n);
    cr_expect_not(battery_load("list.yaml", &b, &e));
    cr_expect_str_eq(e.text, "list.yaml:8:20: 20000 items: at most 1000 wanted");
}

Test(battery, reductions) {
    cr_expect_str_eq(reduction_name(REDUCE_NONE), "none");
    cr_expect_str_eq(reduction_name(REDUCE_SUM), "sum");
    cr_expect_str_eq(reduction_name(REDUCE_MEAN_ABS), "mean-abs");
    cr_expect_str_eq(reduction_name(REDUCE_MAX_ABS), "max-abs");
}

/* ---- settings of the command line ---- */

static bool load_with(const char *const *settings, size_t count, struct battery **b, struct error *e) {
    cr_assert(mkdir("f", 0777) == 0 || errno == EEXIST);
    scratch_put("f/b.yaml", full, sizeof full - 1);
    *b = NULL;
    return battery_load_with("f/b.yaml", settings, count, b, e);
}

/* Relative paths of settings are seen from here, those of the file from its folder. */
Test(battery, settings_replace_and_add) {
    static const char *const settings[] = {
        "model=m.onnx",
        "data.source=idx:x,y",
        "data.inputs=1",
        "data.preprocess.resize=300",
        "data.class-names=names.csv",
        "rule={draws: 1}",
        "rule.delta=.1",
        "controls.cascading.groups=a=conv* fc, b=*",
        "controls.independent.sigma=2",
        "explainers.gradient.reduce=mean-abs",
        "explainers.mine.use=my.so#own",
        "expect.gradient=[FAIL, PASS]",
        "conv=direct",
        "seed=3",
        "seed=4",
    };
    struct battery *b;
    struct error e;
    cr_assert(load_with(settings, sizeof settings / sizeof *settings, &b, &e), "%s", e.text);
    cr_expect_str_eq(b->model, "m.onnx");
    cr_expect_str_eq(b->data_source, "idx:x,y");
    cr_expect_str_eq(b->training_source, "csv:f/t.csv,label=kind");
    cr_expect_str_eq(b->class_names, "names.csv");
    cr_expect_eq(b->inputs, 1);
    cr_expect_eq(b->preprocess.resize, 300);
    cr_expect_float_eq(b->preprocess.scale, 1. / 255, 1e-15, "what the preset says stays");
    cr_expect_eq(b->rule.draws[0] + b->rule.draws[2], 2);
    cr_expect_eq(b->rule.delta, .1);
    cr_expect_eq(b->rule.kind, RULE_CALIBRATED, "the mapping is replaced as a whole");
    cr_assert_eq(b->controls[0].option_count, 1);
    cr_expect_str_eq(b->controls[0].id, "cascading");
    cr_expect_str_eq(b->controls[0].options[0].value, "a=conv* fc, b=*");
    cr_expect_eq(b->controls[1].option_count, 2);
    cr_expect_str_eq(b->controls[1].options[1].value, "2");
    cr_expect_str_eq(b->explainers[0].name, "gradient");
    cr_expect_eq(b->explainers[0].reduction, REDUCE_MEAN_ABS);
    cr_expect_str_eq(b->explainers[2].spec.path, "./my.so");
    cr_expect_str_eq(b->explainers[2].spec.id, "own");
    cr_expect_str_eq(b->explainers[3].spec.path, "f/other.so");
    cr_expect_eq(b->expectations[0].words, (1u << VERDICT_FAIL) | (1u << VERDICT_PASS));
    cr_expect_eq(b->conv, CONV_DIRECT);
    cr_expect_eq(b->seed, 4, "the last one counts");
    battery_destroy(b);
}

Test(battery, bad_settings) {
    static const struct {
        const char *setting, *message;
    } cases[] = {
        {"data.inputs", "--set data.inputs: no '=': KEY.KEY=VALUE wanted"},
        {"=3", "--set =3: an empty key: KEY.KEY=VALUE wanted"},
        {"data..inputs=3", "--set data..inputs=3: an empty key: KEY.KEY=VALUE wanted"},
        {"data.inputs=", "--set data.inputs: empty: a value wanted"},
        {"data.inputs=~", "--set data.inputs=~: no value: a whole number from 1 to 10000 wanted"},
        {"data.inputs=none", "--set data.inputs=none: 'none': a whole number from 1 to 10000 wanted"},
        {"data.inputs=[1", "--set data.inputs:2:1: did not find expected ',' or ']' while parsing a flow sequence: "
                           "valid YAML wanted"},
        {"modle=m", "--set modle=m: unknown key 'modle': did you mean 'model'?"},
        {"data.colour=red",
         "--set data.colour=red: unknown key 'colour': source, ignore, preprocess, class-names, inputs, "
         "figure-inputs, only-correct or target wanted"},
        {"data.figure-inputs=[0, 30]", "--set data.figure-inputs=[0, 30]: '30': a whole number from 0 to 11 (the first "
                                       "of `inputs` is 0) wanted"},
        {"data.figure-inputs=[]", "--set data.figure-inputs=[]: an empty list: a list of inputs, counted from 0, as in "
                                  "[0, 3], wanted"},
        {"data.figure-inputs=[2, 2]", "--set data.figure-inputs=[2, 2]: input 2 a second time: each once wanted"},
        {"model.path=m", "--set model.path=m: a key below a single value: a key of the battery wanted"},
        {"controls.casc.init=own",
         "--set controls.casc.init=own: the list has no item 'casc': one of its names (cascading, independent) wanted"},
        {"controls=[a, a]", "--set controls=[a, a]: control 'a' a second time: once wanted"},
        {"rule={delta: 1, delta: 2}", "--set rule={delta: 1, delta: 2}: key 'delta' a second time: once wanted"},
        {"explainers=&a [*a]", "--set explainers=&a [*a]: a list: an explainer (ID or path/to.so, with :name=value,... "
                               "behind it) wanted"},
        {"data.inputs=[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]",
         "--set data.inputs:1:17: more than 16 lists and mappings in each other: a flatter file wanted"},
        {"name=this is a rather long text that nobody wants to read once more in a message.\x01",
         "--set name: byte 76: control characters are not allowed: a text in UTF-8 wanted"},
        {"data.inputs='this is a rather long text that nobody wants to read again'",
         "--set data.inputs='this is a rather long text that nobody wants to rea...: 'this is a rather long text that "
         "nobody wants to read again': a whole number from 1 to 10000 wanted"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct battery *b;
        struct error e;
        cr_assert(!load_with(&cases[i].setting, 1, &b, &e), "%s", cases[i].setting);
        cr_expect_str_eq(e.text, cases[i].message, "wanted   %s\n      got      %s", cases[i].message, e.text);
        cr_expect_null(b);
    }
}
