/* store_row_types.h: the rows of a store, as they are put in and given back. */
#ifndef ASSAY_STORE_STORE_ROW_TYPES_H
#define ASSAY_STORE_STORE_ROW_TYPES_H

#include "base/shape.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- trained networks, by key (architecture, data, recipe, permutation, seeds) ---- */
struct network_row {
    const char *key, *role; /* role: "true", "permuted", "twin" */
    uint32_t draw;
    uint32_t epochs;
    double train_accuracy, test_accuracy; /* of a regression R2 */
    const float *flat;                    /* weights_to_flat order */
    size_t flat_count;
};

/* ---- the samples explained ---- */
struct input_row {
    uint32_t index;  /* 0..n-1 in the run */
    uint32_t sample; /* index in the data source */
    uint32_t label, predicted, target;
    struct shape shape; /* C x H x W or F */
    const float *data;
    const char *target_name; /* NULL or "": classes are numbers */
    double value, output;    /* where targets are numbers, that of the output explained and the network's; else NaN */
};

/* ---- units: all inputs explained by one explainer on one variant ---- */
enum unit_status { UNIT_OK, UNIT_UNSUPPORTED, UNIT_FAILED };
struct unit_row {
    const char *explainer, *variant;
    enum unit_status status;
    const char *why;
    double seconds; /* of the plugin's call; for the terminal, never in a report */
};

struct comparison_row {
    const char *explainer, *variant;
    const char *pairing; /* "matched"; "mismatched": other input of the original (the floor) */
    uint32_t input, other;
    const char *measure, *view;
    double value; /* NaN: no similarity (a constant map) */
};

/* ---- uses: which control reads which variant as which stage and draw ---- */
/* The control of uses that no control reads but the gates: originals, repetitions, jittered inputs. */
#define CONTROL_GATES "gates"
struct use_row {
    const char *control, *stage; /* stage: "fc2", "+conv1", "permuted", ... as shown to the user */
    uint32_t stage_index, draw;
    const char *variant;
};

/* How the names of rows begin that are maps with known answers (experiment/canary.h). */
#define CANARY_ROW "(canary: "

/* One row per comparison and control: what results.csv holds, joined from uses and comparisons, in battery order. */
struct result_row {
    const char *explainer, *control, *stage, *pairing, *measure, *view;
    uint32_t stage_index, draw, input, other;
    double value;
};

/* ---- audits: proof that a variant is what its name says ---- */
struct audit_row {
    const char *variant;
    uint32_t changed, expected; /* layers whose bytes changed; that should have */
    const char *digest;         /* SHA-256 over all parameters */
    double logit_r;             /* correlation of the doubly centred logits with the original's */
    double agreement;           /* share of inputs with the same predicted class */
    bool finite;
    /* Of layers: mean over inputs of the rank correlation of their activations with the original's; NaN: not measured.
     * None in a file of an earlier layout. */
    const float *activation_r;
    size_t layer_count;
};

/* ---- checks: predicates such as an identity or a zero pixel, one row per explainer, control and input ---- */
struct check_row {
    const char *explainer, *control;
    const char *id;   /* of the predicate, unique in its control */
    const char *what; /* the same as a sentence */
    uint32_t input;
    double worst, tolerance; /* largest deviation, and what was allowed at that element */
    bool holds;
    const char *variant; /* whose maps: the unit that the check belongs to */
};

/* ---- maps kept for figures ---- */
struct map_row {
    const char *explainer, *variant;
    uint32_t input;
    struct shape shape;
    const float *data;
};

/* ---- what verdicts rest on, per stage and view (the curves of the figures) ---- */
struct curve_row {
    const char *explainer, *control, *stage, *measure, *view;
    uint32_t stage_index, stage_count;
    double similarity, similarity_lower, similarity_upper; /* mean over draws and inputs; two-sided 90 % band */
    double floor, ceiling;
    double share, share_lower, share_upper; /* D and its one-sided bounds; NaN where the rule computes none */
    uint32_t inputs, draws;
    double vanished;      /* share of cells with a constant map */
    double logit_r;       /* mean over draws of |r| of the logits there; NaN where no rule asks */
    const char *decision; /* "pass", "fail", "open", "grey", "shown only" */
};

/* ---- verdicts ---- */
/* The control of the rows that join the weight randomisations and label permutation; part of the exit code only where
 * every control is SKIP. */
#define VERDICT_OVERALL "overall"
/* The annotation of a cell that was not asked (--fail-fast): INCONCLUSIVE, and not to be accepted. */
#define VERDICT_NOT_RUN "not run"
struct verdict_row {
    const char *explainer, *control;
    const char *verdict;    /* one of the six words */
    const char *annotation; /* "", or "INPUT-DOMINATED", ... */
    const char *expected;   /* words joined by "|" */
    bool as_expected;
    const char *reason;                         /* one sentence with the numbers */
    const char *first_stage;                    /* first failing stage, or "" */
    double score, lower, upper, floor, ceiling; /* NaN where there is none */
    uint32_t inputs, draws;
};

#endif
