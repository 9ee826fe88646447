/* view.h: what the judge and the comparison of maps may know of a run, and cannot change. */
#ifndef ASSAY_EXPERIMENT_VIEW_H
#define ASSAY_EXPERIMENT_VIEW_H

#include "base/backed.h"
#include "base/shape.h"
#include "measure/similarity.h"
#include "plan/control.h"

#define DERANGEMENTS 4u /* pairings of different inputs that measure the floor */

struct canary;
struct plugin;

/* The samples explained on one root, and what is due to them alone. `global` numbers samples across roots. */
struct input_set {
    uint32_t count;
    uint32_t *global, *sample, *label, *predicted, *target; /* [count] */
    float *x;                                               /* [count][sample elements], in `held` */
    uint32_t *derangements; /* [DERANGEMENTS][count], no pair twice; of fewer than 5 inputs the last are the identity */
    double zero_share;      /* of elements that are exactly 0 */
    bool one_hot;           /* every input (layout_one_hot) */
    struct backed held;     /* of inputs made by hand it is empty */
};

/* The inputs from `first` on are not read for now: their pages may leave memory. */
void input_set_release(const struct input_set *, uint32_t first, uint32_t n, size_t elements);

/* One explainer of the battery, or a yardstick of the harness: the gradient under one reduction, which maps are paired
 * with (docs/verdict.md, section 2). Of `non_negative` yardsticks it is the absolute gradient. */
struct explainer_entry {
    char *name;
    enum reduction reduction;
    bool yardstick;              /* of the harness: no plugin makes its maps. Canaries are, too */
    const struct canary *canary; /* which, or NULL (canary.h) */
    bool added;                  /* beside another row, before its ReLU */
    bool held;                   /* not asked for anything, or not yet: --fail-fast */
    struct plugin *plugin;       /* NULL for a yardstick; may have a problem, which is the breach then */
    unsigned claims;             /* enum assay_claim, for its parameters */
    bool non_negative;           /* as delivered, after reduction */
    char *inspected;             /* the layer it looks at, with its shape, as conformance saw; or NULL */
    bool ruled;                  /* it asks for a backward rule other than the gradient, as conformance saw */
    char *breach;                /* why it is ERROR before any control, or NULL */
    char *unsupported;           /* why every control is SKIP, or NULL */
    double forwards, backwards;  /* passes per input, measured by the conformance job */
    double conform_bytes;        /* of memory that the conformance job took */
    double own_bytes;            /* of those, what is the explainer's own (run/memory.h) */
};

/* A network the harness trains: from random weights, on true or permuted labels. */
struct network {
    enum network_kind kind;
    uint32_t draw;
    char *key;               /* digest of all that determines it */
    struct weights *weights; /* once trained */
    uint32_t epochs;
    double train_accuracy, test_accuracy; /* of a regression R2, on the training set and on the data */
    char *failure;                        /* why it could not be trained, or NULL */
};

struct control_entry {
    const struct control *control;
    struct control_values values;
    char *said; /* NULL, or lines that the user should read: "warning: ..." or "note: ..." */
};

/* Everything is borrowed, and may be made by hand. It holds as long as the run's arrays do: take a new one after more
 * explainers, controls or networks came; the plan may grow. */
struct experiment_view {
    const struct plan *plan;
    const struct control_entry *controls; /* [control_count] */
    uint32_t control_count;
    const struct explainer_entry *explainers; /* [explainer_count] */
    uint32_t explainer_count;
    const struct input_set *inputs; /* [ROOT_COUNT] */
    const struct network *networks; /* [network_count] */
    uint32_t network_count;
    const struct rule_constants *rule;
    const struct shape *sample;    /* of the data */
    uint32_t classes[ROOT_COUNT];  /* outputs of each root's network; 0 where there is none */
    enum task task;                /* settled: never TASK_AUTO */
    double chance;                 /* test accuracy that labels which say nothing reach; of a regression an R2 of 0 */
    const float *linear;           /* W of ROOT_LINEAR, [classes][sample elements]; NULL where there is none */
    const uint32_t *figure_inputs; /* [figure_input_count]: places in a root's inputs whose maps are kept */
    uint32_t figure_input_count;
    uint64_t seed;          /* of the battery */
    size_t prepared;        /* bytes of maps that one row keeps prepared for comparisons */
    unsigned more_measures; /* a bit for each of the table that the battery names (measure.h, `chosen`) */
    const char *saturating; /* the operator the model's outputs come from, where it saturates; or NULL */
};

/* Whether the run computes that measure of the table. */
bool view_measures(const struct experiment_view *, size_t measure);
/* NULL where there is none. */
const struct network *view_network(const struct experiment_view *, enum network_kind, uint32_t draw);
/* One bit for every yardstick and canary that there may be. */
unsigned yardstick_bit(const struct explainer_entry *);
/* What the row is paired with: the yardstick of its reduction, with or without signs as it has them; or NULL. */
const struct explainer_entry *view_yardstick(const struct experiment_view *, const struct explainer_entry *row);

#endif
