/* P under permuted labels: what the maps of permuted networks share with those of other inputs. */
#include "synthetic.h"

#include "explainers/explainer.h"

#include <criterion/criterion.h>
#include <string.h>

#define TRAINED .repeat = 1, .twin = .6, .twin_magnitude = .6

static const struct {
    const char *name;
    struct profile p;
    double zeros;
    enum verdict_word word;
    const char *words;
} cases[] = {
    {"no prior", {TRAINED, .floor = .19}, 0, VERDICT_PASS, "Surviving share"},
    {"a prior",
     {TRAINED, .floor = .4},
     0,
     VERDICT_FAIL,
     "A prior: 40 % of the map is the same for any input and any labels (at least 40 %, more than 20 %; signed/all)."},
    {"undecided",
     {TRAINED, .floor = .19, .floor_sd = .04},
     0,
     VERDICT_INCONCLUSIVE,
     "Undecided after 4 permutations: the share that is a prior = 0."},
    {"a share of what repeats",
     {.repeat = .6, .twin = .6, .twin_magnitude = .6, .floor = .15, .claims = ASSAY_STOCHASTIC},
     0,
     VERDICT_FAIL,
     "A prior: 25 %"},
    {"before the map that survives", {TRAINED, .floor = .5, .permuted = .9}, .3, VERDICT_FAIL, "A prior: 50 %"},
    {"maps without signs share much", {TRAINED, .non_negative = true, .floor = .5}, 0, VERDICT_PASS, ""},
};

Test(judge_prior, of_permuted_networks) {
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct synthetic_options o = synthetic_default();
        struct synthetic s;
        o.controls[0] = &control_label_permutation;
        o.zeros = cases[c].zeros;
        synthetic_create(&s, &o, &cases[c].p, 1);
        struct judgement j = synthetic_judge(&s, 0);
        cr_expect_eq(j.word, cases[c].word, "%s: %s, %s", cases[c].name, verdict_word_name(j.word), j.reason);
        cr_expect(strstr(j.reason, cases[c].words), "%s: \"%s\" does not say \"%s\"", cases[c].name, j.reason,
                  cases[c].words);
        synthetic_destroy(&s);
    }
}
