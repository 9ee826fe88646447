/* weights.h: the parameters of one model variant, copied on write from the graph's own. */
#ifndef ASSAY_NN_WEIGHTS_H
#define ASSAY_NN_WEIGHTS_H

#include "nn/graph.h"

struct weights {
    const struct graph *graph; /* borrowed; outlives the weights */
    float **data;              /* [value_count]: NULL where the value is no parameter */
    bool *owned;               /* [value_count]: this variant's own copy */
    char (*digests)[65];       /* [value_count]: those that weights_known_digest() keeps; "": not known */
    float *raised;             /* [classes]: added to the logits, as a bias behind the last layer; NULL: nothing is */
};

bool weights_create(const struct graph *, struct weights **out, struct error *); /* the graph's own values */
bool weights_copy(const struct weights *, struct weights **out, struct error *);
void weights_destroy(struct weights *);
/* The writable array of one parameter: copies it first when it is still shared. NULL when out of memory. What is to be
 * written later, after a known digest was asked for, wants another call. */
float *weights_edit(struct weights *, uint32_t value);

/* The parameters of layer `layer` as `from` has them. */
bool weights_restore(struct weights *, const struct weights *from, uint32_t layer, struct error *);

/* What a parameter is to its layer. */
enum parameter_role {
    PARAMETER_FILTER,
    PARAMETER_MATRIX,
    PARAMETER_BIAS,
    PARAMETER_SCALE,
    PARAMETER_MEAN,
    PARAMETER_VARIANCE,
    PARAMETER_SLOPE,
    PARAMETER_TOKEN
};

/* One parameter that is drawn anew. Never a running mean or variance: those are kept or reset. */
struct parameter_draw {
    enum parameter_role role;
    size_t fan_in; /* inputs that one output sums over */
    double sigma;  /* of init_options */
};

/* Whether a parameter of that layer multiplies what comes in (a filter, a matrix), and is no bias, scale or the like.
 */
bool weights_multiplies(const struct graph *, uint32_t layer, uint32_t value);

struct rng;

/* How a layer's parameters are drawn anew: one const descriptor each, in init_scheme.c. */
struct init_scheme {
    const char *name;    /* as batteries and attributions name it */
    const char *summary; /* one line, with the source */
    bool takes_sigma;    /* init_options.sigma is part of what it is */
    /* data[n]: what is there on entry, what is drawn on return. */
    void (*draw)(struct rng *, const struct parameter_draw *, float *data, size_t n);
};
extern const struct init_scheme init_own, init_normal, init_permute, init_matched;
extern const struct init_scheme *const init_schemes[]; /* ended by NULL; the first is the default */

struct init_options {
    const struct init_scheme *scheme;
    double sigma;            /* standard deviation, of schemes that take it */
    bool keep_running_stats; /* BatchNormalization mean and variance: keep, or reset to 0 and 1 */
    uint64_t seed;
    uint32_t draw;
    bool negate; /* the same draw with every re-drawn value negated: antithetic pairs. Scales are not:
                    they multiply what is negated already, and the layer's output as a whole is to
                    change its sign. */
};

/* Re-draws the parameters of layer `layer`. Every parameter has its own random stream, named by seed, parameter
 * name and draw, so the result does not depend on which other layers are re-drawn. */
bool weights_redraw(struct weights *, uint32_t layer, const struct init_options *, struct error *);

/* All parameters one after another in value order, for storing and loading a trained variant. */
size_t weights_flat_count(const struct graph *);
void weights_to_flat(const struct weights *, float *out);
bool weights_from_flat(struct weights *, const float *flat, struct error *);

/* SHA-256 of the named parameter's bytes (64 hex digits and a zero). */
void weights_digest(const struct weights *, uint32_t value, char out[65]);
/* The same, computed once for as long as nobody edits the parameter; borrowed until then. It does not notice what is
 * written past weights_edit(). */
const char *weights_known_digest(const struct weights *, uint32_t value);

#endif
