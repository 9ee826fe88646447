/* unit_store.h: the parent's side: the units that workers send, into the store, one transaction for each. Private to
 * run/. */
#ifndef ASSAY_RUN_UNIT_STORE_H
#define ASSAY_RUN_UNIT_STORE_H

#include "experiment/state.h"

/* Whose units a worker may send: those attributions of one row, or any of the yardsticks. */
struct unit_sender {
    uint32_t row; /* or UNIT_YARDSTICKS */
    const uint32_t *attributions;
    uint32_t count;
};
#define UNIT_YARDSTICKS UINT32_MAX

/* Refuses what is damaged or the sender's not to send. */
bool unit_store_put(struct run *, const struct unit_sender *, const void *data, size_t size, struct error *);

#endif
