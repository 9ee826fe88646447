/* plan.h: every attribution the battery needs, each named once.
 *
 * A control expands into uses: "stage k of draw r of mine is attribution a". Two controls that want the same
 * attribution share it (the top stage of a cascade is also an independent re-draw of the top layer). An attribution
 * here is that of all inputs of its root at once; each explainer computes it once, and the store keeps it under
 * (explainer, key). */
#ifndef ASSAY_PLAN_PLAN_H
#define ASSAY_PLAN_PLAN_H

#include "base/error.h"
#include "nn/weights.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The unmodified network whose map every other map is compared with. */
enum root {
    ROOT_MODEL,  /* the battery's model */
    ROOT_LABELS, /* trained by the harness on true labels */
    ROOT_LINEAR, /* f(x) = Wx + b with seeded W and b, the shape of the model */
    ROOT_COUNT
};
const char *root_name(enum root);

enum role { ROLE_TRUE, ROLE_PERMUTED, ROLE_TWIN };
const char *role_name(enum role);

enum input_kind {
    INPUT_PLAIN,
    INPUT_JITTER, /* Gaussian noise on the non-zero elements, sd = rule.jitter of the input's range */
    INPUT_ZEROED  /* a seeded quarter of the pixels set to zero */
};

enum want {
    WANT_MATCHED = 1u << 0,    /* similarity to the original map of the same input */
    WANT_MISMATCHED = 1u << 1, /* similarity to the original maps of other inputs: the floor */
    WANT_FLOOR_ONLY = 1u << 2  /* of a use: the stage carries the floor and is not tested itself */
};

/* What a predicate control asks of one map. */
struct predicate_case {
    const float *map, *input; /* [count] */
    size_t count;
    uint32_t channels, pixels; /* count = channels * pixels */
    uint32_t target;
    unsigned claims;  /* enum assay_claim of the explainer */
    const float *row; /* ROOT_LINEAR: the target's row of W, [count]; else NULL */
};
/* The largest deviation relative to what is allowed there: holds when worst <= tolerance. */
typedef void (*predicate)(const struct predicate_case *, double *worst, double *tolerance);

struct attribution {
    char *key; /* "model", "model/jitter", "own:fc2..conv1/draw3", "permuted/2": names it in the store */
    enum root root;
    bool *layers;             /* [layer_count of the root's graph] re-drawn layers, or NULL */
    struct init_options init; /* with layers */
    enum role role;           /* ROOT_LABELS: which trained network */
    uint32_t network_draw;
    enum input_kind inputs;
    uint32_t repeat; /* > 0: other seeds for the explainer */
    uint32_t draw;   /* attributions of one draw are computed in one process */
    unsigned wants;
};

struct use {
    uint32_t control;
    uint32_t stage_index, draw;
    char *stage;
    uint32_t attribution;
    bool floor_only;
};

struct check {
    uint32_t control, attribution;
    const char *what;
    predicate holds;
};

struct plan {
    const struct graph *graph; /* of ROOT_MODEL; borrowed */
    struct attribution *attributions;
    uint32_t attribution_count;
    struct use *uses;
    uint32_t use_count;
    struct check *checks;
    uint32_t check_count;
};

#define PLAN_NO_DRAW UINT32_MAX /* attributions that belong to no draw: gates, checks */

void plan_init(struct plan *, const struct graph *);
void plan_finish(struct plan *);

/* Each returns the index of the attribution of that description, new or already there; false: out of memory. */
bool plan_original(struct plan *, enum root, enum input_kind, uint32_t repeat, uint32_t *index, struct error *);
/* layers[layer_count]: which are re-drawn. init->draw is the draw. */
bool plan_redrawn(struct plan *, const bool *layers, const struct init_options *init, uint32_t *index, struct error *);
bool plan_network(struct plan *, enum role, uint32_t draw, uint32_t *index, struct error *);

bool plan_use(struct plan *, uint32_t control, uint32_t stage_index, const char *stage, uint32_t draw,
              uint32_t attribution, unsigned wants, struct error *);
/* A predicate on the maps of the unmodified network of that root. */
bool plan_check(struct plan *, uint32_t control, enum root, enum input_kind, const char *what, predicate,
                struct error *);

/* Number of stages a control has in the plan, of those it tests, and the name of one. */
uint32_t plan_stages(const struct plan *, uint32_t control);
uint32_t plan_tested_stages(const struct plan *, uint32_t control);
const char *plan_stage_name(const struct plan *, uint32_t control, uint32_t stage);

#endif
