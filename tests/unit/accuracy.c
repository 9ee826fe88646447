/* How often a network is right: the words, and when that is clearly above chance. Bounds beside SciPy's
 * binomtest(right, read, chance, alternative="greater").pvalue < .05. */
#include "measure/accuracy.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    struct accuracy accuracy;
    enum accuracy_state state;
    const char *sentence;
} cases[] = {
    {{0, 0, 10, 0, 0}, ACCURACY_UNKNOWN, "how often the network is right: no labels: not known"},
    {{30, 24, 10, 10, 4}, ACCURACY_CLEAR, "the network is right on 24 of 30 read (accuracy .80)"},
    {{100, 11, 10, 10, 12}, ACCURACY_CHANCE, "the network is right on 11 of 100 read (accuracy .11)"},
    {{100, 15, 10, 10, 10}, ACCURACY_CHANCE, "the network is right on 15 of 100 read (accuracy .15)"}, /* p = .0726 */
    {{100, 16, 10, 10, 10}, ACCURACY_CLEAR, "the network is right on 16 of 100 read (accuracy .16)"},  /* p = .0399 */
    {{100, 0, 1000, 90, 3}, ACCURACY_CHANCE, "the network is right on 0 of 100 read (accuracy .00)"},
    /* The largest class is 70 of 100: p below .001 against 1/2, .163 against .70. */
    {{100, 75, 2, 2, 70}, ACCURACY_CHANCE, "the network is right on 75 of 100 read (accuracy .75)"},
    {{100, 79, 2, 2, 70}, ACCURACY_CLEAR, "the network is right on 79 of 100 read (accuracy .79)"}, /* p = .0288 */
    /* One label: what counts is 1 / outputs. */
    {{20, 20, 2, 1, 20}, ACCURACY_CLEAR, "the network is right on 20 of 20 read (accuracy 1.00)"},
    {{20, 10, 2, 1, 20}, ACCURACY_CHANCE, "the network is right on 10 of 20 read (accuracy .50)"},
    {{3, 2, 2, 2, 2},
     ACCURACY_FEW,
     "the network is right on 2 of 3 read (accuracy .67): too few to tell it from chance"},
    {{3, 3, 2, 2, 2},
     ACCURACY_FEW,
     "the network is right on 3 of 3 read (accuracy 1.00): too few to tell it from chance"},
    {{3, 1, 2, 2, 2},
     ACCURACY_FEW,
     "the network is right on 1 of 3 read (accuracy .33): too few to tell it from chance"},
    {{10000, 9999, 10, 10, 1100}, ACCURACY_CLEAR, "the network is right on 9999 of 10000 read (accuracy .99)"},
    {{60000, 6900, 10, 10, 6742}, ACCURACY_CLEAR, "the network is right on 6900 of 60000 read (accuracy .12)"},
};

Test(accuracy, words_and_state) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text sentence = {0}, warning = {0};
        accuracy_add_sentence(&sentence, &cases[i].accuracy);
        accuracy_add_warning(&warning, &cases[i].accuracy);
        cr_expect_eq(accuracy_state(&cases[i].accuracy), cases[i].state, "case %zu: %s", i, cases[i].sentence);
        cr_expect_str_eq(sentence.data, cases[i].sentence);
        const struct accuracy *a = &cases[i].accuracy;
        bool below = a->read && a->right < accuracy_chance(a) * a->read;
        bool warns = cases[i].state == ACCURACY_CHANCE || (cases[i].state == ACCURACY_FEW && below);
        cr_expect_eq(warning.data != NULL, warns, "case %zu", i);
        cr_expect(!warning.data || !below || cases[i].state != ACCURACY_FEW || strstr(warning.data, "below chance"));
        cr_expect(!warning.data || strstr(warning.data, "preprocessing"), "case %zu: %s", i, warning.data);
        text_finish(&sentence);
        text_finish(&warning);
    }
}

Test(accuracy, counts) {
    const uint32_t predicted[] = {0, 1, 2, 2, 1, 0}, labels[] = {0, 2, 2, 2, 0, 0};
    struct accuracy a = accuracy_count(predicted, labels, 6, 3);
    cr_expect(a.read == 6 && a.right == 4 && a.outputs == 3 && a.classes == 2 && a.largest == 3,
              "%u of %u, %u classes, largest %u", a.right, a.read, a.classes, a.largest);
    cr_expect_float_eq(accuracy_chance(&a), .5, 1e-12);
    a = accuracy_count(predicted, NULL, 6, 3);
    cr_expect_eq(accuracy_state(&a), ACCURACY_UNKNOWN);
}

/* Beside SciPy's binomtest(right, read).proportion_ci(.9, "exact"). */
Test(accuracy, interval) {
    static const struct {
        uint32_t right, read;
        double low, high;
    } bounds[] = {
        {24, 30, 0.6429909, 0.9091259}, {0, 12, 0, 0.2209222}, {12, 12, 0.7790778, 1}, {51, 100, 0.4234107, 0.5961350}};
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        const struct accuracy a = {.read = bounds[i].read, .right = bounds[i].right, .outputs = 2};
        double low, high;
        accuracy_interval(&a, &low, &high);
        cr_expect_float_eq(low, bounds[i].low, 1e-6, "case %zu: %f", i, low);
        cr_expect_float_eq(high, bounds[i].high, 1e-6, "case %zu: %f", i, high);
    }
}

Test(accuracy, warning_says_what_chance_is) {
    const struct accuracy uneven = {.read = 100, .right = 51, .outputs = 2, .classes = 2, .largest = 51},
                          even = {.read = 100, .right = 11, .outputs = 10, .classes = 10, .largest = 10};
    struct text a = {0}, b = {0};
    accuracy_add_warning(&a, &uneven);
    accuracy_add_warning(&b, &even);
    cr_expect(strstr(a.data, "the accuracy is .51 (90 % interval .42 to .60), not clearly above chance, which is .51 "
                             "(the most frequent label every time): check "),
              "%s", a.data);
    cr_expect(strstr(b.data, "which is .10 (a guess among the outputs): check "), "%s", b.data);
    text_finish(&a);
    text_finish(&b);
}
