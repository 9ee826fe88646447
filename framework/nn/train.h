/* train.h: minibatch training with softmax cross-entropy, squared differences or logistic losses. */
#ifndef ASSAY_NN_TRAIN_H
#define ASSAY_NN_TRAIN_H

#include "nn/net.h"
#include "nn/recipe.h"
#include "nn/weights.h"

/* Adam, rate .001, momentum .9, no weight decay, batch 50, 200 epochs, stop .95, seed 1 */
struct recipe recipe_default(void);
/* What training does not read gets its default, so that recipes that train alike are equal: the momentum of Adam, and
 * whether the last layer decays where nothing does. */
void recipe_settle(struct recipe *);

struct train_result {
    uint32_t epochs; /* run */
    double accuracy; /* on the training set, measured after the last epoch; of LOSS_SQUARED R2 in its place */
    double loss;     /* mean of the last epoch */
};

/* Called after every epoch; may be NULL. `accuracy` is that on the training set after the epoch (recipe->brief: or
 * more); with a stop_accuracy above 1 it is needed only at the end, and before that the accuracy of the batches while
 * they were trained on. */
typedef void (*train_progress)(void *user, uint32_t epoch, double loss, double accuracy);

/* Re-draws every layer with its own initialiser from recipe->seed, then trains `weights` in place on x[n][sample] and
 * labels[n]. BatchNormalization is trained with batch statistics and keeps running ones (momentum .9, biased variance,
 * as ONNX has it). A non-finite loss is an error that names the epoch. Not reaching the wanted accuracy is no error:
 * read the result. */
bool train_run(struct weights *, uint32_t n, const float *x, const uint32_t *labels, const struct recipe *,
               train_progress, void *user, struct train_result *, struct error *);

/* The same towards values[n][outputs] by the loss (net.h). Of LOSS_SQUARED the accuracy, and what `stop_accuracy` is
 * about, is R2 = 1 - sum (value - output)^2 / sum (value - mean)^2 on the training set, the mean over outputs; targets
 * are trained as standard scores where the last layer is a Gemm or MatMul with a bias, which takes their unit over
 * afterwards. Targets that are all the same are refused. Of LOSS_LOGISTIC it is the share of the n x outputs labels
 * whose logit has the right sign. */
bool train_values(struct weights *, enum value_loss, uint32_t n, const float *x, const float *values,
                  const struct recipe *, train_progress, void *user, struct train_result *, struct error *);

#endif
