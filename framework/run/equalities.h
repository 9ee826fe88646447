/* equalities.h: theorems by which two methods give one map on a network. Private to run/. */
#ifndef ASSAY_RUN_EQUALITIES_H
#define ASSAY_RUN_EQUALITIES_H

#include "experiment/view.h"
#include "nn/graph.h"

/* One theorem: what a method's map is on some networks. Two rows whose maps are one by two theorems are equal. */
struct equality {
    const char *id;         /* of the method; NULL: of every one with these claims */
    unsigned claims, never; /* enum assay_claim that it has, all of them, and has not */
    bool (*suits)(const struct plugin *, const struct graph *); /* its parameters, on that network; NULL: all */
    unsigned needs;                                             /* enum function_class of the network, all of them */
    unsigned demands; /* more of them, without which the theorem explains that maps are equal and does not ask for it */
    const char *alike; /* a number among the parameters that both rows have alike, or both have not; or NULL */
    bool pooled;       /* both look at one layer, behind which there is a mean over places and no more activation */
    const char *is;    /* what the map is */
    double within;     /* relative distance that rounding explains */
    const char *why;   /* "where every activation is a ReLU, ..."; NULL: by the method's definition */
    const char *source;
};

extern const struct equality equalities[];
extern const size_t equality_count;

/* The network that rows are compared on. */
struct equality_network {
    const struct graph *graph;
    unsigned function; /* function_class_of */
};

enum equal { EQUAL_NOT, EQUAL_EXPLAINED, EQUAL_DUE };

/* Whether the two rows may have one map there, or must; then by which two theorems. */
bool equality_between(const struct equality_network *, const struct explainer_entry *a, const struct explainer_entry *b,
                      const struct equality *by[2], enum equal *out, struct error *);

/* Why the maps of the two may be one up to a positive factor of each input, and the source; NULL where no theorem that
 * is known here says so. */
const char *equality_scale(const struct equality_network *, const struct explainer_entry *a,
                           const struct explainer_entry *b, const char **source);

#endif
