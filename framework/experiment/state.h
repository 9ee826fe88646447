/* state.h: everything one run of a battery holds in memory. Set up before the first fork, so that every worker inherits
 * it. */
#ifndef ASSAY_EXPERIMENT_STATE_H
#define ASSAY_EXPERIMENT_STATE_H

#include "data/class_names.h"
#include "data/dataset.h"
#include "measure/similarity.h"
#include "plan/control.h"
#include "host/plugin.h"
#include "store/store.h"

#define DERANGEMENTS 4u /* pairings of different inputs that measure the floor */
#define MEASURES_MAX 8u

/* The samples explained on one root, and what is due to them alone. `global` numbers samples across roots. */
struct input_set {
    uint32_t count;
    uint32_t *global, *sample, *label, *predicted, *target; /* [count] */
    float *x;                                               /* [count][sample elements] */
    uint32_t *derangements; /* [DERANGEMENTS][count], no pair twice; of fewer than 5 inputs the last are the identity */
    double zero_share;      /* of elements that are exactly 0 */
};

/* One explainer of the battery, or a yardstick of the harness: the absolute gradient under one reduction, which
 * non-negative maps are paired with (docs/verdict.md, non-negative deliverables). */
struct explainer_entry {
    char *name;
    enum reduction reduction;
    bool yardstick;
    struct plugin *plugin;      /* NULL for a yardstick */
    unsigned claims;            /* enum assay_claim, for its parameters */
    bool non_negative;          /* as delivered, after reduction */
    bool needed;                /* yardsticks: some row is paired with it */
    char *breach;               /* why it is ERROR before any control, or NULL */
    char *unsupported;          /* why every control is SKIP, or NULL */
    double forwards, backwards; /* passes per input, measured by the conformance job */
};

/* A network the harness trains: from random weights, on true or permuted labels. */
struct network {
    enum role role;
    uint32_t draw;
    char *key;               /* digest of all that determines it */
    struct weights *weights; /* once trained */
    uint32_t epochs;
    double train_accuracy, test_accuracy;
    char *failure; /* why it could not be trained, or NULL */
};

struct control_entry {
    const struct control *control;
    struct control_values values;
};

struct run {
    struct battery *battery;
    struct graph *graph, *label_graph, *linear_graph; /* label_graph may be `graph` */
    struct weights *model, *linear;
    struct dataset *data, *training;
    struct class_names class_names;
    uint32_t *training_subset; /* [battery->training_images] sample indices */
    struct input_set inputs[ROOT_COUNT];
    uint32_t global_count;
    struct explainer_entry *explainers;
    uint32_t explainer_count;
    struct control_entry *controls;
    uint32_t control_count;
    struct network *networks;
    uint32_t network_count;
    struct plan plan;
    struct store *store;
    int log;
    char model_digest[65], battery_digest[65];
};

/* The graph whose weights `root` has, and its unmodified weights (NULL while a network is not trained). */
const struct graph *run_root_graph(const struct run *, enum root);
const struct weights *run_root_weights(const struct run *, enum root);
struct network *run_network(const struct run *, enum role, uint32_t draw);
/* The attribution of the unmodified network of that root; the plan has it. */
uint32_t run_original(const struct run *, enum root);
/* How the run's networks are computed, and one that is. */
struct net_options run_net_options(const struct run *);
bool run_net(const struct run *, const struct weights *, struct net **out, struct error *);
/* Row `target` of the linear model's W, [sample elements]. */
const float *run_linear_row(const struct run *, uint32_t target);

/* Shape of a map of that graph's samples under a reduction, as the measures see it. */
struct map_shape run_map_shape(const struct shape *sample, enum reduction);
/* out: [count of map_shape] from map[sample elements]. */
void run_reduce(const struct shape *sample, enum reduction, const float *map, float *out);
/* Where the (reduced) input is not at the zero baseline. */
void run_nonzero(const struct shape *sample, enum reduction, const float *x, uint8_t *out);

/* The yardstick row with that reduction, or NULL. */
const struct explainer_entry *run_yardstick(const struct run *, enum reduction);

#endif
