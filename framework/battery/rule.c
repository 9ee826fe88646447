/* rule.c: the words of a verdict, and the constants of the rule with their defaults and ranges. */
#include "battery/rule.h"

#include <stddef.h>
#include <strings.h>

static const char *const word_names[] = {
    [VERDICT_PASS] = "PASS",
    [VERDICT_FAIL] = "FAIL",
    [VERDICT_INCONCLUSIVE] = "INCONCLUSIVE",
    [VERDICT_UNINFORMATIVE] = "UNINFORMATIVE",
    [VERDICT_SKIP] = "SKIP",
    [VERDICT_ERROR] = "ERROR",
    [VERDICT_INPUT_DOMINATED] = "INPUT-DOMINATED",
    [VERDICT_PRIOR_DOMINATED] = "PRIOR-DOMINATED",
};

const char *verdict_word_name(enum verdict_word word) {
    return word_names[word];
}

bool verdict_word_parse(const char *text, enum verdict_word *out) {
    for (unsigned i = 0; i < sizeof word_names / sizeof *word_names; i++)
        if (strcasecmp(text, word_names[i]) == 0) {
            *out = (enum verdict_word)i;
            return true;
        }
    return false;
}

struct rule_constants rule_constants_default(void) {
    return (struct rule_constants){
        .kind = RULE_CALIBRATED,
        .delta = .30,
        .alpha = .05,
        .repeatability = .5,
        .stability = .5,
        .jitter = .002,
        .degenerate = .05,
        .prior_share = .20,
        .constant_share = .20,
        .vanished_share = .50,
        .zero_share = .10,
        .draws = {5, 10, 20},
        .twin_gap = .10,
        .delta_twin = .40,
        .memorised = .95,
        .cutoff = .5,
    };
}

#define FIELD(name)                                                                                                    \
    static double *name##_of(struct rule_constants *rule) {                                                            \
        return &rule->name;                                                                                            \
    }
FIELD(delta)
FIELD(alpha)
FIELD(repeatability)
FIELD(stability)
FIELD(jitter)
FIELD(degenerate)
FIELD(prior_share)
FIELD(constant_share)
FIELD(vanished_share)
FIELD(zero_share)
FIELD(twin_gap)
FIELD(delta_twin)
FIELD(memorised)
FIELD(cutoff)

const struct rule_constant rule_constant_table[] = {
    {"delta", "largest share D of the map that may survive randomisation", 0, 1, delta_of},
    {"alpha", "error rate of the one-sided bounds", 1e-6, .5, alpha_of},
    {"repeatability", "gate G1: smallest ceiling C", 0, 1, repeatability_of},
    {"stability", "gate G2: smallest similarity under jitter", 0, 1, stability_of},
    {"jitter", "standard deviation of the jitter, as a share of the input range", 0, 1, jitter_of},
    {"degenerate", "gate G3: smallest distance C - F of ceiling and floor", 0, 1, degenerate_of},
    {"prior-share", "test P: largest share of the map that is the same for any input and any model", 0, 1,
     prior_share_of},
    {"constant-share", "gate E0: largest share of inputs whose original map is constant", 0, 1, constant_share_of},
    {"vanished-share", "share of vanished maps above which a stage is inconclusive", 0, 1, vanished_share_of},
    {"zero-share", "share of exact zeros in the inputs above which the non-zero view exists", 0, 1, zero_share_of},
    {"twin-gap", "L5: what true-label twins must be more alike than permuted networks", 0, 1, twin_gap_of},
    {"delta-twin", "L6: largest share of the reproducible part that may survive permuted labels", 0, 1, delta_twin_of},
    {"memorised", "training accuracy every permuted network and twin must reach", 0, 1, memorised_of},
    {"cutoff", "fixed-cutoff rule only: largest mean absolute Spearman at the last stage", 0, 1, cutoff_of},
    {0},
};
