/* store.h: one SQLite file per run folder. Only the parent process writes. Everything a report says is read from here;
 * a unit is written in one transaction, so a killed run resumes with whole units.
 *
 * store_put_* replaces the row of the same key. Closing drops an open transaction. One process at a time holds a store.
 *
 * Row structs borrow their strings during the callback; a callback that returns false stops the walk (and the walk
 * returns false, with the error as the callback left it). Rows come in a fixed order (that of the battery), so the same
 * results are the same bytes. */
#ifndef ASSAY_STORE_STORE_H
#define ASSAY_STORE_STORE_H

#include "base/error.h"
#include "base/shape.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

/* Creates the file and tables when absent. Every function here leaves EIO in errno where the file system refused. */
bool store_open(const char *path, struct store **out, struct error *);
void store_close(struct store *);
const char *store_path(const struct store *); /* as it was opened */
/* Whether the path still names the file that is open: an error where it was deleted, moved or replaced. */
bool store_check_file(const struct store *, struct error *);
bool store_begin(struct store *, struct error *);
bool store_commit(struct store *, struct error *);
/* Deletes all results of an earlier run (meta and order too) but keeps trained networks. */
bool store_clear(struct store *, struct error *);
/* The order of the battery, in which every walk below gives its rows, whatever the order they were put in. */
bool store_set_order(struct store *, const char *const *explainers, size_t explainer_count, const char *const *controls,
                     size_t control_count, struct error *);

/* ---- digests: what a resumed run keeps is what was stored ----
 *
 * Every unit has a SHA-256 over its rows as they lie in the file (key, comparisons, checks, maps), every network and
 * every audit one over its row, and meta one over all of its rows. */

/* After a unit's last row, before the commit. Networks, audits and meta need no call. */
bool store_seal_unit(struct store *, const char *explainer, const char *variant, struct error *);
/* Before a run goes on: recomputes every digest. Units, audits and networks that do not match are deleted, with rows
 * that belong to no unit; `dropped` is told what, in words ("the unit of gradient on model"). What every run computes
 * anew (order, inputs, uses, curves, verdicts) is deleted, too. An error where meta does not match, as breaches of the
 * rules and the run's identity are there. */
bool store_verify(struct store *, void (*dropped)(void *, const char *what), void *, struct error *);

/* ---- meta: "run" is a JSON object with everything that identifies the run (experiment/record.h says what) ---- */
bool store_set_meta(struct store *, const char *key, const char *value, struct error *);
/* *value is NULL when absent; the caller frees it. */
bool store_meta(struct store *, const char *key, char **value, struct error *);

/* ---- trained networks, by key (architecture, data, recipe, permutation, seeds) ---- */
struct network_row {
    const char *key, *role; /* role: "true", "permuted", "twin" */
    uint32_t draw;
    uint32_t epochs;
    double train_accuracy, test_accuracy;
    const float *flat; /* weights_to_flat order */
    size_t flat_count;
};
bool store_put_network(struct store *, const struct network_row *, struct error *);
bool store_each_network(struct store *, bool (*row)(void *, const struct network_row *), void *, struct error *);

/* ---- the samples explained ---- */
struct input_row {
    uint32_t index;  /* 0..n-1 in the run */
    uint32_t sample; /* index in the data source */
    uint32_t label, predicted, target;
    struct shape shape; /* C x H x W or F */
    const float *data;
    const char *target_name; /* NULL or "": classes are numbers */
};
bool store_put_input(struct store *, const struct input_row *, struct error *);
bool store_each_input(struct store *, bool (*row)(void *, const struct input_row *), void *, struct error *);

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
bool store_put_unit(struct store *, const struct unit_row *, struct error *);
bool store_put_comparison(struct store *, const struct comparison_row *, struct error *);
/* All units of that explainer, and what belongs to them. */
bool store_drop_explainer(struct store *, const char *explainer, struct error *);
bool store_has_unit(struct store *, const char *explainer, const char *variant);
bool store_each_unit(struct store *, bool (*row)(void *, const struct unit_row *), void *, struct error *);
bool store_each_comparison(struct store *, bool (*row)(void *, const struct comparison_row *), void *, struct error *);

/* ---- uses: which control reads which variant as which stage and draw ---- */
struct use_row {
    const char *control, *stage; /* stage: "fc2", "+conv1", "permuted", ... as shown to the user */
    uint32_t stage_index, draw;
    const char *variant;
};
bool store_put_use(struct store *, const struct use_row *, struct error *);
bool store_each_use(struct store *, bool (*row)(void *, const struct use_row *), void *, struct error *);

/* One row per comparison and control: what results.csv holds, joined from uses and comparisons, in battery order. */
struct result_row {
    const char *explainer, *control, *stage, *pairing, *measure, *view;
    uint32_t stage_index, draw, input, other;
    double value;
};
bool store_each_result(struct store *, bool (*row)(void *, const struct result_row *), void *, struct error *);

/* ---- audits: proof that a variant is what its name says ---- */
struct audit_row {
    const char *variant;
    uint32_t changed, expected; /* layers whose bytes changed; that should have */
    const char *digest;         /* SHA-256 over all parameters */
    double logit_r;             /* correlation of the doubly centred logits with the original's */
    double agreement;           /* share of inputs with the same predicted class */
    bool finite;
};
bool store_put_audit(struct store *, const struct audit_row *, struct error *);
bool store_each_audit(struct store *, bool (*row)(void *, const struct audit_row *), void *, struct error *);

/* ---- checks: predicates such as an identity or a zero pixel, one row per explainer, control and input ---- */
struct check_row {
    const char *explainer, *control, *what;
    uint32_t input;
    double worst, tolerance; /* largest deviation, and what was allowed at that element */
    bool holds;
    const char *variant; /* whose maps: the unit that the check belongs to */
};
bool store_put_check(struct store *, const struct check_row *, struct error *);
bool store_each_check(struct store *, bool (*row)(void *, const struct check_row *), void *, struct error *);

/* ---- maps kept for figures ---- */
struct map_row {
    const char *explainer, *variant;
    uint32_t input;
    struct shape shape;
    const float *data;
};
bool store_put_map(struct store *, const struct map_row *, struct error *);
bool store_each_map(struct store *, bool (*row)(void *, const struct map_row *), void *, struct error *);

/* ---- what verdicts rest on, per stage and view (the curves of the figures) ---- */
struct curve_row {
    const char *explainer, *control, *stage, *measure, *view;
    uint32_t stage_index, stage_count;
    double similarity, similarity_lower, similarity_upper; /* mean over draws and inputs; two-sided 90 % band */
    double floor, ceiling;
    double share, share_lower, share_upper; /* D and its one-sided bounds; NaN where the rule computes none */
    uint32_t inputs, draws;
    double vanished;      /* share of cells with a constant map */
    const char *decision; /* "pass", "fail", "open", "not a control", "shown only" */
};
bool store_put_curve(struct store *, const struct curve_row *, struct error *);
bool store_each_curve(struct store *, bool (*row)(void *, const struct curve_row *), void *, struct error *);

/* ---- verdicts ---- */
/* The control of the rows that join the weight randomisations and label permutation; never part of the exit code. */
#define VERDICT_OVERALL "overall"

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
bool store_put_verdict(struct store *, const struct verdict_row *, struct error *);
bool store_each_verdict(struct store *, bool (*row)(void *, const struct verdict_row *), void *, struct error *);
/* The explainers and the controls that have a verdict, in the order of the battery. */
bool store_each_explainer(struct store *, bool (*name)(void *, const char *), void *, struct error *);
bool store_each_control(struct store *, bool (*name)(void *, const char *), void *, struct error *);

#endif
