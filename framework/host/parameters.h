/* parameters.h: the parameters of a network as assay.weights/1 shows them: those of its file, what is added to its
 * logits, and the mask that its input is multiplied by. */
#ifndef ASSAY_HOST_PARAMETERS_H
#define ASSAY_HOST_PARAMETERS_H

#include "explainers/explainer.h"
#include "nn/weights.h"

/* `mask`: [input], or NULL. */
uint32_t parameters_count(const struct weights *, const float *mask);
/* false: no such index. */
bool parameters_get(const struct weights *, const assay_shape *input, const float *mask, uint32_t index,
                    assay_parameter *out);
/* SHA-256 of the bytes of the parameter at `index`, which *p is. */
void parameters_digest(const struct weights *, const assay_parameter *p, uint32_t index, char out[65]);

#endif
