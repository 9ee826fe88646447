/* state.h: everything one run of a battery holds in memory. Set up before the first fork, so that every worker inherits
 * it. */
#ifndef ASSAY_EXPERIMENT_STATE_H
#define ASSAY_EXPERIMENT_STATE_H

#include "base/text.h"
#include "data/class_names.h"
#include "data/dataset.h"
#include "experiment/options.h"
#include "experiment/reduce.h"
#include "experiment/view.h"
#include "measure/quality.h"
#include "nn/net.h"
#include "host/plugin.h"
#include "store/store.h"

struct ranks;  /* run/ranks.h */
struct status; /* run/status.h */

/* Bytes that may be given up for time. None of them changes a result. */
struct memory_limits {
    size_t group;     /* values of the samples that go through a network together (net_options.h) */
    size_t prepared;  /* maps that one row keeps prepared for comparisons */
    size_t memos;     /* what the model answered all explainers */
    size_t gradients; /* gradients of re-drawn networks */
    size_t passes;    /* forward passes below re-drawn layers, of one process (net_keep) */
};
extern const struct memory_limits memory_limits_default;

struct run {
    struct battery *battery;
    struct graph *graph, *label_graph, *linear_graph; /* label_graph may be `graph` */
    struct weights *model, *linear;
    struct dataset *data, *training;
    struct class_names class_names;
    unsigned more_measures;    /* measures.h */
    uint32_t target_class;     /* of TARGET_CLASS and TARGET_OUTPUT */
    uint32_t *training_subset; /* [battery->training_images] sample indices */
    struct input_set inputs[ROOT_COUNT];
    uint32_t global_count;
    struct quality quality; /* of the model on the data, once its inputs are taken */
    bool labels_held;       /* controls that train networks were not asked: --fail-fast */
    double begun;           /* clock_seconds() */
    bool dry;               /* nothing is run: the quality is not measured */
    bool over_budget;       /* it cannot keep to `memory` */
    bool logits_broken;     /* the model's own logits are not finite: the run cannot begin */
    struct explainer_entry *explainers;
    uint32_t explainer_count;
    struct control_entry *controls;
    uint32_t control_count;
    const char *without_canaries; /* why the run has none, or NULL */
    struct text untrained;        /* controls that `controls: default` leaves out without `training:` */
    struct text part;             /* which part of the battery is run, in words; empty: all of it */
    char *left_out;               /* controls of the battery that a quick run leaves out, or NULL */
    struct network *networks;
    uint32_t network_count;
    struct plan plan;
    struct store *store;
    struct share share;
    uint32_t others;       /* jobs of the wave that are other shares', and not in the store */
    struct ranks *ranks;   /* processes on other machines that take jobs, or NULL */
    struct run_undo *undo; /* what the folder was, until the run begins; or NULL */
    struct status *status; /* what other terminals are told; NULL: nothing */
    int log;
    char model_digest[65], battery_digest[65];
    size_t memory;               /* of all processes together, at most; 0: no budget */
    struct memory_limits limits; /* all 0: the default */
};

/* The graph whose weights `root` has, and its unmodified weights (NULL while a network is not trained). */
const struct graph *run_root_graph(const struct run *, enum root);
const struct weights *run_root_weights(const struct run *, enum root);
struct network *run_network(const struct run *, enum network_kind, uint32_t draw);
/* The attribution of the unmodified network of that root; the plan has it. */
uint32_t run_original(const struct run *, enum root);
/* Those of the run, or the default. */
const struct memory_limits *run_limits(const struct run *);
/* How the run's networks are computed, and one that is. */
struct net_options run_net_options(const struct run *);
bool run_net(const struct run *, const struct weights *, struct net **out, struct error *);
/* The first so many of the data measure what trained networks learned. */
uint32_t run_test_samples(const struct run *);
/* What the judge may know of it. */
struct experiment_view run_view(const struct run *);
/* The yardstick that a row is paired with, or NULL. */
const struct explainer_entry *run_yardstick(const struct run *, const struct explainer_entry *row);

#endif
