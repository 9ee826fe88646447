/* zoo.h: networks that `assay calibrate` trains from seeds, on data that it draws: the kinds that verdicts are wanted
 * on, small enough to be trained in seconds. */
#ifndef ASSAY_CLI_ZOO_H
#define ASSAY_CLI_ZOO_H

#include "nn/graph.h"

enum zoo_kind { ZOO_PICTURES, ZOO_SEQUENCES, ZOO_TABLES };

enum zoo_op {
    ZOO_END,
    ZOO_CONV, /* out filters of kernel places, padded so that the size stays */
    ZOO_FC,
    ZOO_RELU,
    ZOO_TANH,
    ZOO_GELU,
    ZOO_POOL,      /* the largest of 2 places along each axis */
    ZOO_BATCHNORM, /* of what a convolution gives */
    ZOO_LAYERNORM, /* of features */
    ZOO_KEEP,      /* what the next ZOO_ADD adds */
    ZOO_ADD,
    ZOO_MEAN /* over all places */
};

struct zoo_item {
    enum zoo_op op;
    uint32_t out, kernel;
};

struct zoo_network {
    const char *name;
    enum zoo_kind kind;
    uint32_t classes; /* outputs; 1: a binary classifier */
    double rate;      /* of learning */
    double decay;     /* of weights but those of the last layer (recipe.h) */
    struct zoo_item items[24];
};

extern const struct zoo_network zoo[];
extern const size_t zoo_count;
#define ZOO_MOST 32u

/* The networks of a list of names with commas, in its order; of NULL all. No such name is an
 * error that lists them, and so is a name that is there twice. */
bool zoo_choose(const char *names, const struct zoo_network *chosen[ZOO_MOST], size_t *count, struct error *);

/* One sample of that kind. */
struct shape zoo_sample(enum zoo_kind);
/* The network before training: its weights are to be drawn. */
bool zoo_graph(const struct zoo_network *, struct graph **out, struct error *);

/* What was trained, and the data that were not trained on. Paths are in the folder given; the caller frees them. */
struct zoo_made {
    char *model, *inputs, *labels;
    double accuracy; /* on those data */
};

/* Draws data, trains, and writes NAME.onnx, NAME-inputs.npy and NAME-labels.npy into the folder. */
bool zoo_make(const struct zoo_network *, uint64_t seed, const char *folder, struct zoo_made *out, struct error *);
void zoo_made_finish(struct zoo_made *);

#endif
