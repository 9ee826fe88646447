/* program_ops.h: what a program may ask of the network while it makes its maps (docs/protocol.md, Operations). */
#ifndef ASSAY_HOST_PROGRAM_OPS_H
#define ASSAY_HOST_PROGRAM_OPS_H

#include "host/frame_stream.h"
#include "host/program_weights.h"

/* Answers the frame `call`, whose arrays were neither taken nor skipped: by an answer, or by an error that leaves the
 * session as it is. False: the stream is broken, or what came is no call of this protocol; the error is the end of a
 * sentence. */
bool program_answer(struct frame_stream *, struct frame *call, const assay_model *, const struct program_weights *,
                    struct error *);

#endif
