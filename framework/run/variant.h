/* variant.h: the networks of attributions, one after the other in one process. From one to the next only those layers
 * are drawn anew, and only their weights made ready, that are not as they should be already: in a cascade each layer
 * once. What an attribution gets does not depend on which came before it. Private to run/. */
#ifndef ASSAY_RUN_VARIANT_H
#define ASSAY_RUN_VARIANT_H

#include "base/file.h"
#include "nn/net.h"
#include "experiment/state.h"

struct variant {
    const struct run *run;
    enum root root;
    struct weights *own;           /* of the root, edited; NULL where nothing is drawn anew */
    struct weights *twin;          /* of the root, in other words; NULL where it was not asked for last */
    const struct weights *current; /* those of `net` */
    struct net *net;
    struct drawn *layers; /* [layer_count]: as they are in `own` */
    bool *begins;         /* [layer_count]: the first that an attribution to come has drawn anew */
    bool keeps;           /* there is one */
};

bool variant_init(struct variant *, const struct run *, enum root, struct error *);
void variant_finish(struct variant *);

/* The first layer that the attribution has drawn anew; UINT32_MAX: none. */
uint32_t variant_begin(const struct run *, const struct attribution *);
/* Those attributions will be asked for. Passes of gradients then begin, where memory allows (net_keep), at the first
 * layer that was drawn anew. Before variant_take. */
void variant_expect(struct variant *, const struct attribution *);

/* Makes variant->net and variant->current those of the attribution, which is one of the same root. After a failure
 * another attribution may be asked for. */
bool variant_take(struct variant *, const struct attribution *, struct error *);

/* The network of the attribution, a TWIN_CONFIDENCE, that is asked for `target`: all other logits are raised by `by`.
 */
bool variant_raise(struct variant *, uint32_t target, float by, struct error *);

/* Of all parameters: SHA-256 over the SHA-256 (hexadecimal) of each, in value order. Computed anew only for layers that
 * are not as they were at the last call. */
bool variant_digest(struct variant *, char out[FILE_DIGEST_SIZE], struct error *);

#endif
