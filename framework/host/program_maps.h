/* program_maps.h: one request of maps to a program: BUSY of docs/protocol.md. */
#ifndef ASSAY_HOST_PROGRAM_MAPS_H
#define ASSAY_HOST_PROGRAM_MAPS_H

#include "host/handle.h"
#include "host/program.h"

/* maps[n][input]. ASSAY_FAILED with *broken: what it did ends its session, and `why` says what as a whole sentence;
 * else a failure is in the program's own words. */
assay_status program_maps(struct program *, int64_t id, const assay_model *, const assay_request *, float *maps,
                          bool *broken, assay_why *why);

#endif
