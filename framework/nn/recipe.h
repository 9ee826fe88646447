/* recipe.h: how a network is trained: what a battery or the command line chooses. */
#ifndef ASSAY_NN_RECIPE_H
#define ASSAY_NN_RECIPE_H

#include <stdint.h>

enum optimiser { OPTIMISER_ADAM, OPTIMISER_SGD };

struct recipe {
    enum optimiser optimiser; /* Adam: Kingma & Ba 2015, arXiv:1412.6980, algorithm 1; SGD with momentum */
    double learning_rate;     /* > 0 */
    double momentum;          /* SGD only, [0, 1) */
    uint32_t batch;           /* 1..NET_TRAIN_BATCH */
    uint32_t epochs;          /* at most this many */
    double stop_accuracy;     /* stop after the first epoch at whose end the training accuracy reaches it; > 1: never */
    uint64_t seed;            /* initial weights and shuffling */
};

#endif
