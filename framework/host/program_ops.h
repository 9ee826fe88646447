/* program_ops.h: what a program may ask of the network while it makes its maps (docs/protocol.md, Operations). */
#ifndef ASSAY_HOST_PROGRAM_OPS_H
#define ASSAY_HOST_PROGRAM_OPS_H

#include "base/file.h"
#include "host/frame_stream.h"
#include "explainers/explainer.h"

/* The network's parameters, digested once for each request of maps. */
struct program_weights {
    assay_parameter *of; /* [count]; data is borrowed from the model */
    char (*digests)[FILE_DIGEST_SIZE];
    uint32_t count;
    char all[FILE_DIGEST_SIZE]; /* of all of them and of the layers: another network has another */
};
bool program_weights_init(const assay_model *, struct program_weights *, struct error *);
void program_weights_finish(struct program_weights *); /* also of a zeroed one */

/* Answers the frame `call`, whose arrays were neither taken nor skipped: by an answer, or by an error that leaves the
 * session as it is. False: the stream is broken, or what came is no call of this protocol; the error is the end of a
 * sentence. */
bool program_answer(struct frame_stream *, struct frame *call, const assay_model *, const struct program_weights *,
                    struct error *);

#endif
