/* rule.h: the words of a verdict and the constants of the rule (docs/verdict.md); every constant is an option
 * of the battery and is recorded in the report. */
#ifndef ASSAY_BATTERY_RULE_H
#define ASSAY_BATTERY_RULE_H

#include <stdbool.h>
#include <stdint.h>

enum verdict_word {
    VERDICT_PASS,
    VERDICT_FAIL,
    VERDICT_INCONCLUSIVE,
    VERDICT_UNINFORMATIVE,
    VERDICT_SKIP,
    VERDICT_ERROR,
    VERDICT_WORDS,
    /* An annotation, usable in `expect` like a word: the verdict is UNINFORMATIVE because an absolute map is driven by
     * the input; the signed map should be tested. */
    VERDICT_INPUT_DOMINATED = VERDICT_WORDS,
    /* Likewise: what an absolute map shows is shared by other inputs on other networks. */
    VERDICT_PRIOR_DOMINATED,
    VERDICT_NAMES /* how many can be written under `expect` */
};
const char *verdict_word_name(enum verdict_word); /* "PASS", ..., "PRIOR-DOMINATED" */
/* Case-insensitive; false when unknown. */
bool verdict_word_parse(const char *, enum verdict_word *out);

enum rule_kind { RULE_CALIBRATED, RULE_FIXED_CUTOFF };

struct rule_constants {
    enum rule_kind kind;
    double delta;          /* .30: largest share D of the map that may survive randomisation */
    double alpha;          /* .05, one-sided */
    double repeatability;  /* .5: gate G1 on the ceiling C */
    double stability;      /* .5: gate G2 under jitter */
    double jitter;         /* .002: sd of the jitter as a share of the input range */
    double degenerate;     /* .05: gate G3 on C - F */
    double prior_share;    /* .20: test P, largest share that is the same for any input and any model */
    double constant_share; /* .20: gate E0, share of inputs whose original map is constant */
    double vanished_share; /* .50: share of vanished maps above which a stage is inconclusive */
    double zero_share;     /* .10: share of exact zeros in the inputs above which the non-zero view exists */
    uint32_t draws[3];     /* 5, 10, 20: looks of the sequential design; all equal: one look */
    double twin_gap;       /* .10: L5 */
    double delta_twin;     /* .40: L6 */
    double memorised;      /* .95: training accuracy every permuted network and twin must reach */
    double cutoff;         /* .5: fixed-cutoff rule only: largest mean absolute Spearman at the last stage */
};

struct rule_constants rule_constants_default(void);

/* Options by name ("delta", "twin-gap", ...; "draws" is one number or three and not in it): the table behind `rule:` in
 * a battery and the report. Ended by a NULL name. */
struct rule_constant {
    const char *name;
    const char *summary;
    double min, max;
    double *(*field)(struct rule_constants *);
};
extern const struct rule_constant rule_constant_table[];

#endif
