/* Class sensitivity: maps of two classes must not be the same. */
#include "synthetic.h"

#include "base/rng.h"
#include "explainers/explainer.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#define OTHER "model/target-other"

static const struct {
    const char *name;
    double first, second; /* rho of even and of odd inputs */
    unsigned claims;
    enum verdict_word word;
    const char *words;
} cases[] = {
    {"others", -.3, -.3, 0, VERDICT_PASS, "Maps of two classes agree at rho = -0.30, at most -0.30 < 0.98"},
    {"alike, as guided backpropagation's are", .89, .97, 0, VERDICT_PASS, "at most 0.95 < 0.98"},
    {"the same", 1, 1, 0, VERDICT_FAIL,
     "The same map for any class: maps of two classes agree at rho = 1.000, at least 1.000 > 0.98 (signed/all, 12 "
     "inputs). If that is meant, claim CLASS_BLIND."},
    {"nearly", .96, 1, 0, VERDICT_INCONCLUSIVE, "rho = 0.980, between 0.969 and 0.991 around 0.98"},
    {"as claimed", 1, 1, ASSAY_CLASS_BLIND, VERDICT_SKIP, "claims to be blind"},
};

Test(judge_classes, words) {
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct synthetic_options o = synthetic_default();
        struct profile p = profile_clean();
        struct synthetic s;
        o.controls[0] = &control_class_sensitivity;
        p.claims = cases[c].claims;
        synthetic_create(&s, &o, &p, 1);
        for (int v = 0; v < VIEW_COUNT; v++) {
            struct cell *cell = synthetic_cell(&s, 0, OTHER);
            synthetic_fill(&s, cell, (enum view)v, cases[c].first, 0);
            for (uint32_t i = 1; i < o.inputs; i += 2) cell->matched[0][v][i] = cases[c].second;
        }
        struct judgement j = synthetic_judge(&s, 0);
        cr_expect_eq(j.word, cases[c].word, "%s: %s, %s", cases[c].name, verdict_word_name(j.word), j.reason);
        cr_expect(strstr(j.reason, cases[c].words), "%s: \"%s\" does not say \"%s\"", cases[c].name, j.reason,
                  cases[c].words);
        synthetic_destroy(&s);
    }
}

/* Without a class that is neither the one explained nor the second best nothing is asked. */
Test(judge_classes, two_outputs) {
    struct synthetic_options o = synthetic_default();
    struct profile p = profile_clean();
    struct synthetic s;
    o.controls[0] = &control_class_sensitivity;
    o.classes = 2;
    synthetic_create(&s, &o, &p, 1);
    struct judgement j = synthetic_judge(&s, 0);
    cr_expect(j.word == VERDICT_SKIP && strstr(j.reason, "fewer than three outputs"), "%s", j.reason);
    synthetic_destroy(&s);
}

/* Every class but two is chosen, and those never. */
Test(judge_classes, the_class_that_is_asked_for) {
    struct synthetic_options o = synthetic_default();
    struct profile p = profile_clean();
    struct synthetic s;
    o.controls[0] = &control_class_sensitivity;
    synthetic_create(&s, &o, &p, 1);
    const struct target_transform *other = s.run.plan.attributions[synthetic_find(&s, OTHER)].target;
    static const uint32_t pairs[][2] = {{0, 1}, {4, 2}, {3, 0}, {0, 4}};
    for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++) {
        const struct target_case c = {.target = pairs[k][0], .second = pairs[k][1], .classes = 5};
        uint32_t seen[5] = {0};
        for (uint64_t i = 0; i < 100; i++) {
            struct rng rng = rng_stream(1, "test", i);
            uint32_t class = other->choose(&c, &rng);
            cr_assert_lt(class, 5);
            seen[class]++;
        }
        for (uint32_t class = 0; class < 5; class ++)
            cr_expect_eq(seen[class] > 0, class != c.target && class != c.second, "class %u beside %u and %u", class,
                         c.target, c.second);
    }
    synthetic_destroy(&s);
}
