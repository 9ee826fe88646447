/* program_weights.h: a network's parameters and their digests, as programs are told of them. */
#ifndef ASSAY_HOST_PROGRAM_WEIGHTS_H
#define ASSAY_HOST_PROGRAM_WEIGHTS_H

#include "base/error.h"
#include "base/file.h"
#include "explainers/explainer.h"

/* The network's parameters. The digests of those that have not changed since the last request are known already. */
struct program_weights {
    assay_parameter *of; /* [count]; data is borrowed from the model */
    char (*digests)[FILE_DIGEST_SIZE];
    uint32_t count;
    char all[FILE_DIGEST_SIZE]; /* of all of them and of the layers: another network has another */
};
bool program_weights_init(const assay_model *, struct program_weights *, struct error *);
void program_weights_finish(struct program_weights *); /* also of a zeroed one */

#endif
