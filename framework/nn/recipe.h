/* recipe.h: how a network is trained: what a battery or the command line chooses. */
#ifndef ASSAY_NN_RECIPE_H
#define ASSAY_NN_RECIPE_H

#include <stdbool.h>
#include <stdint.h>

enum optimiser { OPTIMISER_ADAM, OPTIMISER_SGD };

struct recipe {
    enum optimiser optimiser; /* Adam: Kingma & Ba 2015, arXiv:1412.6980, algorithm 1; SGD with momentum */
    double learning_rate;     /* > 0 */
    double momentum;          /* SGD only, [0, 1) */
    /* L2: weight_decay / 2 times the sum of squared weights is added to the loss, as TensorFlow's l2_regularizer and
     * torch.optim's weight_decay do, so weight_decay * w to the gradient of w. Adam's moments see it: it is not the
     * decoupled decay of AdamW. Weights are what multiplies in Conv, Gemm, MatMul, recurrent layers and the like
     * (weights_multiplies); biases and normalisation are left out. The losses that are reported are without it; of
     * LOSS_SQUARED the last layer decays before it takes over the unit of the data. */
    double weight_decay;    /* >= 0 */
    bool weight_decay_last; /* of the last layer that has weights, too */
    uint32_t batch;         /* 1..NET_TRAIN_BATCH */
    uint32_t epochs;        /* at most this many */
    double stop_accuracy;   /* stop after the first epoch at whose end the training accuracy reaches it; > 1: never */
    uint64_t seed;          /* initial weights and shuffling */
    bool brief;             /* measures the accuracy of labels after an epoch only until stop_accuracy is out of reach:
                               what is told of the epoch is then above it, and no other network is trained */
};

#endif
