/* Label permutation, step L0, of other tasks: R2 of a regression; of several labels the base rate. */
#include "synthetic.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct {
    const char *name;
    enum task task;
    enum network_kind kind;
    double train, test;
    enum verdict_word word;
    const char *words;
} other_tasks[] = {
    {"a regression as it should be", TASK_REGRESSION, NETWORK_PERMUTED, .96, -.9, VERDICT_PASS, ""},
    {"permuted networks that are off by any amount", TASK_REGRESSION, NETWORK_PERMUTED, .96, -1e9, VERDICT_PASS, ""},
    {"not memorised", TASK_REGRESSION, NETWORK_PERMUTED, .94, -.9, VERDICT_ERROR,
     "reached training R2 0.940 after 20 epochs; 0.95 is needed"},
    {"not memorised at all", TASK_REGRESSION, NETWORK_TWIN, -3, .8, VERDICT_ERROR, "twin/0 reached training R2 -3.000"},
    {"permuted targets taught something", TASK_REGRESSION, NETWORK_PERMUTED, .96, .1, VERDICT_ERROR,
     "networks trained on permuted labels have test R2 0.10, chance is 0.00"},
    {"true targets taught nothing", TASK_REGRESSION, NETWORK_TRUE, .96, -.5, VERDICT_ERROR,
     "trained on true labels has test R2 0.00, those on permuted labels 0.00, chance is 0.00"},
    {"hardly anything", TASK_REGRESSION, NETWORK_TRUE, .96, .029, VERDICT_ERROR, "has test R2 0.03"},
    {"enough", TASK_REGRESSION, NETWORK_TRUE, .96, .031, VERDICT_PASS, ""},
    {"labels at the base rate", TASK_MULTI_LABEL, NETWORK_PERMUTED, .96, .75, VERDICT_PASS, ""},
    {"labels above it", TASK_MULTI_LABEL, NETWORK_PERMUTED, .96, .79, VERDICT_ERROR,
     "permuted labels have test accuracy 0.79, chance is 0.75"},
    {"nothing but the base rate", TASK_MULTI_LABEL, NETWORK_TRUE, .96, .77, VERDICT_ERROR, "has test accuracy 0.77"},
};

Test(judge_tasks, l0_of_other_tasks) {
    for (size_t c = 0; c < sizeof other_tasks / sizeof *other_tasks; c++) {
        struct synthetic_options o = synthetic_default();
        struct profile p = {.repeat = 1, .twin_magnitude = .6, .twin = .6};
        struct synthetic s;
        float flags[24] = {0}; /* label 0 is there in half of the samples, label 1 never: base rate .75 */
        bool labels = other_tasks[c].task == TASK_MULTI_LABEL;
        for (uint32_t i = 0; i < 12; i += 2) flags[2 * i] = 1;
        o.controls[0] = &control_label_permutation;
        o.task = other_tasks[c].task;
        o.classes = labels ? 2 : 1;
        o.targets = labels ? flags : NULL;
        synthetic_create(&s, &o, &p, 1);
        for (uint32_t k = 0; k < s.run.network_count; k++) {
            struct network *n = &s.run.networks[k];
            if (n->kind == NETWORK_PERMUTED) n->test_accuracy = labels ? .75 : -1;
            if (n->kind == NETWORK_TRUE) n->test_accuracy = .9;
            if (n->kind != other_tasks[c].kind) continue;
            n->train_accuracy = other_tasks[c].train;
            n->test_accuracy = other_tasks[c].test;
        }
        struct judgement j = synthetic_judge(&s, 0);
        cr_expect_eq(j.word, other_tasks[c].word, "%s: %s, %s", other_tasks[c].name, verdict_word_name(j.word),
                     j.reason);
        cr_expect(strstr(j.reason, other_tasks[c].words), "%s: %s", other_tasks[c].name, j.reason);
        synthetic_destroy(&s);
    }
}
