/* Real targets and several labels of each source, and what the tasks make of them. */
#include "data/source.h"
#include "data/source_kind.h"
#include "experiment/task.h"
#include "base/npy.h"
#include "tests/unit/scratch.h"

#include <math.h>

TestSuite(targets, .init = scratch_enter, .fini = scratch_leave);

static bool load(const char *source, enum label_kind kind, struct dataset **d, struct error *e) {
    const struct dataset_request request = {.preprocess = &presets[0].preprocess, .labels_as = kind};
    return dataset_load_for(source, &request, d, e);
}

/* ---- CSV ---- */

static const struct {
    const char *text, *option; /* behind csv:t.csv */
    enum label_kind kind;
    uint32_t features, targets;
    float first[3], last[3]; /* rows of targets */
    const char *name;        /* of the last target */
} tables[] = {
    {"a,label,b\n1,2.5,3\n4,-1e3,6\n", "", LABELS_VALUES, 2, 1, {2.5f}, {-1000}, "label"},
    {"a,b,year\n1,2,1950\n4,5,2000.25\n", "", LABELS_VALUES, 2, 1, {1950}, {2000.25f}, "year"},
    {"a,b,year\n1,2,1950\n4,5,2000\n", ",label=a", LABELS_VALUES, 2, 1, {1}, {4}, "a"},
    /* In the order asked for, not that of the file. */
    {"y,a,x,b\n1,2,3,4\n5,6,7,8\n", ",label=x,label=y", LABELS_VALUES, 2, 2, {3, 1}, {7, 5}, "y"},
    {"a,b,c,d\n1,1,0,0\n4,0,1,0\n", ",label=b,label=c,label=d", LABELS_FLAGS, 1, 3, {1, 0, 0}, {0, 1, 0}, "d"},
    {"a,b,c\n1,1,0.0\n4,0,1\n", ",label=b,label=c", LABELS_FLAGS, 1, 2, {1, 0}, {0, 1}, "c"},
};

Test(targets, of_tables) {
    for (size_t c = 0; c < sizeof tables / sizeof *tables; c++) {
        struct dataset *d = NULL;
        struct error e = {""};
        char source[80];
        scratch_put("t.csv", tables[c].text, strlen(tables[c].text));
        snprintf(source, sizeof source, "csv:t.csv%s", tables[c].option);
        cr_assert(load(source, tables[c].kind, &d, &e), "case %zu: %s", c, e.text);
        cr_assert_eq(d->target_count, tables[c].targets);
        cr_expect(d->unlabelled && d->count == 2 && d->labels[1] == DATASET_NO_LABEL && d->classes == 0);
        cr_expect(d->sample.rank == 1 && d->sample.dim[0] == tables[c].features, "case %zu", c);
        cr_expect_eq(d->column_count, tables[c].features);
        cr_expect_arr_eq(d->targets, tables[c].first, tables[c].targets * sizeof(float), "case %zu", c);
        cr_expect_arr_eq(d->targets + tables[c].targets, tables[c].last, tables[c].targets * sizeof(float));
        cr_expect_str_eq(task_output_name(d, d->target_count - 1), tables[c].name);
        cr_expect_null(task_output_name(d, d->target_count));
        dataset_destroy(d);
    }
}

static const struct {
    const char *text, *option;
    enum label_kind kind;
    const char *message;
} refused[] = {
    {"a,label\n1,warm\n", "", LABELS_VALUES, "t.csv:2: column 2 'label': 'warm': a real target wanted"},
    {"a,label\n1,\n", "", LABELS_VALUES,
     "t.csv:2: column 2 'label': missing value: a real target wanted (fill it in or leave the row out)"},
    {"a,label\n1,inf\n", "", LABELS_VALUES, "t.csv:2: column 2 'label': 'inf': a real target wanted"},
    {"a,label\n1,1e39\n", "", LABELS_VALUES, "t.csv:2: column 2 'label': '1e39': a 32-bit number wanted"},
    {"a,label\n1,\"1,5\"\n", "", LABELS_VALUES,
     "t.csv:2: column 2 'label': '1,5': a real target wanted (with a point, not a comma)"},
    {"a,b,c\n1,1,2\n", ",label=b,label=c", LABELS_FLAGS, "t.csv:2: column 3 'c': '2': 0 or 1 wanted"},
    {"a,b,c\n1,.5,1\n", ",label=b,label=c", LABELS_FLAGS, "t.csv:2: column 2 'b': '.5': 0 or 1 wanted"},
    {"a,b,c\n1,1,0\n", "", LABELS_FLAGS,
     "t.csv:1: which columns are the labels is not said: csv:FILE,label=A,label=B wanted (task multi-label)"},
    {"a,b,c\n1,1,0\n", ",label=b,label=c", LABELS_CLASSES,
     "t.csv:1: 2 columns of labels: one wanted, or a task that has several (regression or multi-label)"},
    {"a,b,c\n1,1,0\n", ",label=b,label=b", LABELS_VALUES, "t.csv:1: column 'b' is asked for twice: once wanted"},
    {"a,b\n1,1\n", ",label=a,label=b", LABELS_VALUES, "t.csv:1: every column is a label: numbers beside them wanted"},
    {"alpha,b\n1,1\n", ",label=b,label=alpa", LABELS_VALUES, "t.csv:1: no column 'alpa': did you mean 'alpha'?"},
    {"a,label\n1,1.5\n", "", LABELS_CLASSES,
     "t.csv:2: column 'label': label 1.5: a whole number from 0 to 65535, or text, wanted" SOURCE_REGRESSION_HINT},
};

Test(targets, refused_tables) {
    for (size_t c = 0; c < sizeof refused / sizeof *refused; c++) {
        struct dataset *d = NULL;
        struct error e = {""};
        char source[80];
        scratch_put("t.csv", refused[c].text, strlen(refused[c].text));
        snprintf(source, sizeof source, "csv:t.csv%s", refused[c].option);
        cr_expect_not(load(source, refused[c].kind, &d, &e), "case %zu", c);
        cr_expect_str_eq(e.text, refused[c].message, "case %zu: %s", c, e.text);
    }
}

/* Several columns are found again when the paths of a source are moved. */
Test(targets, several_columns_survive_resolving) {
    char *out = NULL;
    struct error e = {""};
    cr_assert(source_resolve("csv:t.csv,label=x,label=y", "/data", &out, &e), "%s", e.text);
    cr_expect_str_eq(out, "csv:/data/t.csv,label=x,label=y");
    free(out);
}

/* ---- NumPy ---- */

static void put_array(const char *path, const struct shape *shape, const float *data) {
    struct error e = {""};
    cr_assert(npy_write(path, shape, data, &e), "%s", e.text);
}

static const struct {
    struct shape shape;
    float data[6];
    enum label_kind kind;
    uint32_t targets;
    const char *message; /* NULL: fine */
} arrays[] = {
    {{1, {2}}, {1.5f, -2}, LABELS_VALUES, 1, NULL},
    {{2, {2, 1}}, {1.5f, -2}, LABELS_VALUES, 1, NULL},
    {{2, {2, 3}}, {1, 2, 3, 4, 5, 6}, LABELS_VALUES, 3, NULL},
    {{2, {2, 3}}, {1, 0, 0, 0, 1, 1}, LABELS_FLAGS, 3, NULL},
    {{1, {3}}, {1, 2, 3}, LABELS_VALUES, 0, "y.npy: shape 3: 2 rows of targets, one or several for each sample wanted"},
    {{1, {2}}, {1, 0}, LABELS_FLAGS, 0, "y.npy: shape 2: 2 rows of 0 and 1, one for each label wanted"},
    {{2, {2, 3}}, {1, 0, 0, 0, 2, 1}, LABELS_FLAGS, 0, "y.npy: sample 1: label 1 is 2: 0 or 1 wanted"},
    {{1, {2}}, {1, INFINITY}, LABELS_VALUES, 0, "y.npy: sample 1: target 0 is inf: a finite number wanted"},
    {{1, {2}},
     {1, .5f},
     LABELS_CLASSES,
     0,
     "y.npy: sample 1: label 0.5: a whole number from 0 to 65535 wanted" SOURCE_REGRESSION_HINT},
};

Test(targets, of_arrays) {
    const float x[] = {1, 2, 3, 4};
    put_array("x.npy", &(struct shape){2, {2, 2}}, x);
    for (size_t c = 0; c < sizeof arrays / sizeof *arrays; c++) {
        struct dataset *d = NULL;
        struct error e = {""};
        put_array("y.npy", &arrays[c].shape, arrays[c].data);
        bool ok = load("npy:x.npy,y.npy", arrays[c].kind, &d, &e);
        cr_expect_eq(ok, !arrays[c].message, "case %zu: %s", c, e.text);
        if (arrays[c].message) cr_expect_str_eq(e.text, arrays[c].message, "case %zu: %s", c, e.text);
        if (ok) cr_expect_eq(d->target_count, arrays[c].targets);
        if (ok) cr_expect_arr_eq(d->targets, arrays[c].data, 2 * arrays[c].targets * sizeof(float));
        dataset_destroy(d);
    }
}

/* ---- sequences: real numbers such as expression, and no several labels ---- */

Test(targets, of_sequences) {
    static const char text[] = "sequence,target\nACGT,1.25\nTTTT,-3\n";
    struct dataset *d = NULL;
    struct error e = {""};
    scratch_put("s.csv", text, strlen(text));
    cr_assert(load("sequence:s.csv", LABELS_VALUES, &d, &e), "%s", e.text);
    cr_expect(d->targets[0] >= 1.25f && d->targets[1] <= -3 && d->count == 2 && d->unlabelled);
    dataset_destroy(d);
    d = NULL;
    cr_expect_not(load("sequence:s.csv", LABELS_FLAGS, &d, &e));
    cr_expect(strstr(e.text, "task multi-label has several"), "%s", e.text);
    scratch_put("s.csv", "sequence,target\nACGT,high\n", 26);
    cr_expect_not(load("sequence:s.csv", LABELS_VALUES, &d, &e));
    cr_expect_str_eq(e.text, "s.csv:2: column 'target': 'high': a number wanted (a real target)");
}

/* ---- outputs ---- */

static const struct {
    uint32_t targets, outputs, index;
    bool ok;
    float first;
} fits[] = {
    {1, 1, UINT32_MAX, true, 10}, {3, 3, UINT32_MAX, true, 10}, {3, 1, 2, true, 12},
    {3, 1, 3, false, 0},          {3, 1, UINT32_MAX, false, 0}, {1, 3, UINT32_MAX, false, 0},
};

Test(targets, one_for_each_output) {
    for (size_t c = 0; c < sizeof fits / sizeof *fits; c++) {
        float y[] = {10, 11, 12, 20, 21, 22};
        struct dataset d = {.count = 2, .targets = y, .target_count = fits[c].targets};
        struct error e = {""};
        bool ok = dataset_check_targets(&d, "npy:a", fits[c].outputs, fits[c].index, &e);
        cr_expect_eq(ok, fits[c].ok, "case %zu: %s", c, e.text);
        if (ok) cr_expect(d.targets[0] >= fits[c].first && d.targets[0] <= fits[c].first, "case %zu", c);
        if (ok) cr_expect_eq(d.target_count, fits[c].outputs);
        else cr_expect(strstr(e.text, "one for each wanted"), "%s", e.text);
        text_finish(&d.notes);
    }
}

/* ---- the battery ---- */

static const struct {
    const char *yaml; /* in place of "task: auto" and more */
    bool ok;
    enum target_policy target;
    bool only_correct;
    const char *message;
} batteries[] = {
    {"task: regression\ndata: {source: 'csv:d.csv'}\n", true, TARGET_OUTPUT, false, NULL},
    {"task: regression\ndata: {source: 'csv:d.csv', target: 1, only-correct: false}\n", true, TARGET_CLASS, false,
     NULL},
    {"task: regression\ndata: {source: 'csv:d.csv', target: output}\n", true, TARGET_OUTPUT, false, NULL},
    {"task: multi-label\ndata: {source: 'csv:d.csv'}\n", true, TARGET_LABEL, true, NULL},
    {"task: multi-label\ndata: {source: 'csv:d.csv', target: predicted}\n", true, TARGET_PREDICTED, true, NULL},
    {"data: {source: 'csv:d.csv'}\n", true, TARGET_PREDICTED, true, NULL},
    {"task: regression\ndata: {source: 'csv:d.csv', only-correct: true}\n", false, TARGET_OUTPUT, false,
     "b.yaml:3:43: `only-correct: true` with task regression"},
    {"task: regression\ndata: {source: 'csv:d.csv', target: label}\n", false, TARGET_OUTPUT, false,
     "b.yaml:3:37: 'label' with task regression, which has no classes"},
    {"task: regression\ndata: {source: 'csv:d.csv', target: predicted}\n", false, TARGET_OUTPUT, false,
     "b.yaml:3:37: 'predicted' with task regression"},
    {"data: {source: 'csv:d.csv', target: output}\n", false, TARGET_OUTPUT, false,
     "b.yaml:2:37: 'output' is that of a regression: `task: regression`"},
};

Test(targets, what_a_battery_may_ask) {
    for (size_t c = 0; c < sizeof batteries / sizeof *batteries; c++) {
        struct battery *b = NULL;
        struct error e = {""};
        char text[400];
        snprintf(text, sizeof text, "model: m.onnx\n%sexplainers: [gradient]\ncontrols: [cascading]\n",
                 batteries[c].yaml);
        scratch_put("b.yaml", text, strlen(text));
        cr_assert(battery_load("b.yaml", &b, &e), "case %zu: %s", c, e.text);
        bool ok = task_settle_battery(b, &e);
        cr_expect_eq(ok, batteries[c].ok, "case %zu: %s", c, e.text);
        if (!ok) cr_expect(strstr(e.text, batteries[c].message), "case %zu: %s", c, e.text);
        if (ok) cr_expect(b->target == batteries[c].target && b->only_correct == batteries[c].only_correct);
        cr_expect_eq(b->network.onnx.keep_head, b->task == TASK_REGRESSION);
        battery_destroy(b);
    }
}
