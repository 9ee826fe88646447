/* plan.h: every attribution the battery needs, each named once.
 *
 * A control expands into uses: "stage k of draw r of mine is attribution a". Two controls that want the same
 * attribution share it (the top stage of a cascade is also an independent re-draw of the top layer). An attribution
 * here is that of all inputs of its root at once; each explainer computes it once, and the store keeps it under
 * (explainer, key). */
#ifndef ASSAY_PLAN_PLAN_H
#define ASSAY_PLAN_PLAN_H

#include "base/error.h"
#include "base/text.h"
#include "nn/twin.h"
#include "nn/weights.h"
#include "plan/transform.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The unmodified network whose map every other map is compared with. */
enum root {
    ROOT_MODEL,  /* the battery's model */
    ROOT_LABELS, /* trained by the harness on true labels */
    ROOT_LINEAR, /* f(x) = Wx + b with seeded W and b, the shape of the model */
    ROOT_COUNT,
    ROOT_NONE = ROOT_COUNT
};
const char *root_name(enum root);

/* The networks that the harness trains. */
enum network_kind {
    NETWORK_TRUE,     /* on the true labels: what ROOT_LABELS is */
    NETWORK_PERMUTED, /* on permuted labels */
    NETWORK_TWIN      /* again on the true labels, from other initial weights */
};
const char *network_kind_name(enum network_kind);

enum model_kind {
    MODEL_UNCHANGED, /* the root itself */
    MODEL_REDRAWN,   /* the root with some layers drawn anew */
    MODEL_RETRAINED, /* another network of the harness in place of ROOT_LABELS */
    MODEL_TWIN,      /* the root in other words (nn/twin.h) */
    MODEL_OF_STUDY   /* networks that a study makes (study.h) */
};

struct study;

/* From the root to the network that is explained. */
struct model_transform {
    enum model_kind kind;
    bool *layers;             /* MODEL_REDRAWN: [layer_count of the root's graph] */
    struct init_options init; /* MODEL_REDRAWN */
    enum network_kind network;
    uint32_t network_draw; /* MODEL_RETRAINED, with `network`; of ROOT_LABELS itself NETWORK_TRUE and 0 */
    enum twin twin;        /* MODEL_TWIN. TWIN_CONFIDENCE: a network for each class that is explained */
    uint64_t seed;         /* MODEL_TWIN */
};

enum want {
    WANT_MATCHED = 1u << 0,    /* similarity to the original map of the same input */
    WANT_MISMATCHED = 1u << 1, /* similarity to the original maps of other inputs: the floor */
    WANT_FLOOR_ONLY = 1u << 2  /* of a use: the stage carries the floor and is not tested itself */
};

/* The maps of all inputs of one root: which network, which inputs, which class, which seeds. */
struct attribution {
    char *key; /* "model", "model/jitter", "own:fc2..conv1/draw3", "permuted/2",
                  "twin:units": names it in the store */
    enum root root;
    struct model_transform model;
    const struct input_transform *inputs;  /* NULL: as they are */
    const struct target_transform *target; /* NULL: the fixed target of each input */
    uint32_t repeat;                       /* > 0: other seeds for the explainer */
    const struct study *study;             /* MODEL_OF_STUDY: it has its own inputs and classes, too; else NULL */
    uint32_t draw;                         /* attributions of one draw are computed in one process */
    unsigned wants;
};

/* The unmodified network of the root, whatever the inputs, target and seeds. */
bool attribution_is_unmodified(const struct attribution *);
bool attribution_is_redrawn(const struct attribution *);
/* Of a network in other words. */
bool attribution_is_twin(const struct attribution *);
/* Explainers get the seeds of the original there, so that what differs is not their randomness: of twins, and of the
 * original for another class. */
bool attribution_keeps_seeds(const struct attribution *);
/* Inputs, targets and seeds as they are, whatever the network. */
bool attribution_is_plain(const struct attribution *);
/* What every other map is compared with: unmodified and plain. */
bool attribution_is_original(const struct attribution *);
/* The original with other seeds (G1, L1), with jittered inputs (G2), and with inputs moved to other places (MP). */
bool attribution_is_repeat(const struct attribution *);
bool attribution_is_jittered(const struct attribution *);
bool attribution_is_moved(const struct attribution *);

/* What a control asks for. */
struct ask {
    enum root root;
    const struct model_transform *model;   /* borrowed; NULL: unchanged */
    const struct input_transform *inputs;  /* NULL: as they are */
    const struct target_transform *target; /* NULL: the fixed target of each input */
    uint32_t repeat;
};

/* What came of one ask, for one input. */
struct answer {
    const float *map, *input; /* [count] */
    const float *logits;      /* [classes] of that network and input; NULL unless the predicate wants them */
    uint32_t target, classes;
    const float *row; /* ROOT_LINEAR: the target's row of W, [count]; else NULL */
};

/* What a predicate is shown for one input: one answer for each ask, in their order. */
struct predicate_case {
    const struct answer *answers;
    uint32_t answer_count;
    size_t count;              /* elements of a map and of an input */
    uint32_t channels, pixels; /* count = channels * pixels */
    unsigned claims;           /* enum assay_claim of the explainer */
};

/* A statement on maps that must hold on every input. */
struct predicate {
    const char *id;   /* kebab-case, unique in its control: names it in the store */
    const char *what; /* the statement, as reasons print it */
    bool wants_logits;
    /* The largest deviation, and what is allowed there: holds when worst <= tolerance. A tolerance of 0 says that
     * the maps were zero and nothing was tested. */
    void (*holds)(const struct predicate_case *, double *worst, double *tolerance);
    double limit;    /* of a study's reading, which has no `holds`: the most that is fine; NaN: there is no limit */
    unsigned claims; /* enum assay_claim: asked only of methods that claim all of these */
    /* Of a reading that is a number in a list: what it stands for, for people; or NULL. */
    void (*name_code)(double code, struct text *);
};

struct use {
    uint32_t control;
    uint32_t stage_index, draw;
    char *stage;
    uint32_t attribution;
    bool floor_only;
};

#define CHECK_ASKS_MAX 8u

/* One predicate of a control, and what it asks for. */
struct check {
    uint32_t control;
    const struct predicate *predicate;
    uint32_t asks[CHECK_ASKS_MAX]; /* attributions, [ask_count] */
    uint32_t ask_count;
    uint32_t readings; /* of a study: numbers in place of one outcome for each input; else 0 */
    uint32_t owner;    /* the attribution whose unit carries the outcome: computed in the process of its draw */
};
/* Outcomes that a unit holds of it, of a root with so many inputs. */
uint32_t check_outcomes(const struct check *, uint32_t inputs);
/* Whether the attribution is one of its asks. */
bool check_asks(const struct check *, uint32_t attribution);

/* Why a control asks for less than it was to. */
struct plan_note {
    uint32_t control;
    char *text; /* a sentence */
};

struct plan {
    const struct graph *graph; /* of ROOT_MODEL; borrowed */
    struct attribution *attributions;
    uint32_t attribution_count;
    struct use *uses;
    uint32_t use_count;
    struct check *checks;
    uint32_t check_count;
    struct plan_note *notes;
    uint32_t note_count;
    bool units_reach_last; /* TWIN_UNITS is asked for, and gives the last layer its inputs in another order */
};

#define PLAN_NO_DRAW UINT32_MAX /* attributions that belong to no draw: gates, checks */

void plan_init(struct plan *, const struct graph *);
void plan_finish(struct plan *);

/* Each returns the index of the attribution of that description, new or already there; false: out of memory. */
bool plan_ask(struct plan *, const struct ask *, uint32_t *index, struct error *);
/* The unmodified network of the root. `inputs`: NULL: as they are. */
bool plan_original(struct plan *, enum root, const struct input_transform *inputs, uint32_t repeat, uint32_t *index,
                   struct error *);
/* layers[layer_count]: which are re-drawn. init->draw is the draw. */
bool plan_redrawn(struct plan *, const bool *layers, const struct init_options *init, uint32_t *index, struct error *);
bool plan_twin(struct plan *, enum twin, uint64_t seed, uint32_t *index, struct error *);
bool plan_network(struct plan *, enum network_kind, uint32_t draw, uint32_t *index, struct error *);

bool plan_use(struct plan *, uint32_t control, uint32_t stage_index, const char *stage, uint32_t draw,
              uint32_t attribution, unsigned wants, struct error *);
/* A predicate on the answers to `count` asks (at most CHECK_ASKS_MAX) of one root. Asks of networks that are not the
 * root's own must be of one draw: all answers meet in one process. */
bool plan_check(struct plan *, uint32_t control, const struct predicate *, const struct ask *asks, uint32_t count,
                struct error *);

bool plan_note(struct plan *, uint32_t control, const char *text, struct error *);
/* The first of a control, or NULL. */
const char *plan_note_of(const struct plan *, uint32_t control);
/* The unit of a study, and a reading that it holds: for study.c, which knows what a study is. */
bool plan_study_unit(struct plan *, const char *name, const struct study *, uint32_t *index, struct error *);
bool plan_reading(struct plan *, uint32_t control, const struct predicate *, uint32_t count, uint32_t unit,
                  struct error *);

/* The first attribution of that root that `is`; false: there is none. */
bool plan_find(const struct plan *, enum root, bool (*is)(const struct attribution *), uint32_t *index);

/* Number of stages a control has in the plan, of those it tests, and the name of one. */
uint32_t plan_stages(const struct plan *, uint32_t control);
uint32_t plan_tested_stages(const struct plan *, uint32_t control);
const char *plan_stage_name(const struct plan *, uint32_t control, uint32_t stage);

#endif
