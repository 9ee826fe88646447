/* likeness.h: how alike the activations of a re-drawn network and those of the model are, layer by layer. A map that
 * rests on activations stays similar where they do (Binder et al. 2023, arXiv:2211.12486). Private to run/. */
#ifndef ASSAY_RUN_LIKENESS_H
#define ASSAY_RUN_LIKENESS_H

#include "experiment/state.h"

/* What bounds the cost of one network: layers, spread over the depth; the first inputs; elements of each output. */
#define LIKENESS_LAYERS 8u
#define LIKENESS_INPUTS 16u
#define LIKENESS_ELEMENTS 1024u

struct likeness {
    const struct input_set *set;
    uint32_t count;                   /* of layers */
    uint32_t layers[LIKENESS_LAYERS]; /* by their outputs, from the input up */
    struct net_probe original[LIKENESS_LAYERS], now[LIKENESS_LAYERS];
    float *memory;
    int32_t *ranks; /* of the original's activations, in their order (ranks.h); behind them in `memory` */
    double norm[LIKENESS_LAYERS][LIKENESS_INPUTS]; /* sums of squares of ranks; NaN: constant, or not finite */
    size_t bytes;                                  /* of `memory` */
};

/* Of the model's graph. The layer that gives the logits is none of them: they have a correlation of their own. */
bool likeness_init(struct likeness *, const struct run *, struct error *);
void likeness_finish(struct likeness *);
/* The same without memory for activations. */
bool likeness_plan(struct likeness *, const struct run *, struct error *);

/* The net is the model's. First of all. */
bool likeness_take_original(struct likeness *, struct net *, struct error *);
/* r[count]: the mean over inputs of Spearman's correlation of the layer's activations with the model's. An input whose
 * activations are constant does not count; NaN: none counts. Of the graph's layers only those in `changed` have other
 * parameters (NULL: any may): what lies before all of them is as it was, and is not computed. */
bool likeness_measure(const struct likeness *, struct net *, const bool *changed, float *r, struct error *);

#endif
