/* audit.h: proof that a randomised network is what its name says: the named layers changed, the others did not, and the
 * logits moved. Private to run/. */
#ifndef ASSAY_RUN_AUDIT_H
#define ASSAY_RUN_AUDIT_H

#include "run/message.h"
#include "run/variant.h"

/* What the original gives: logits[inputs][classes], and activations. */
struct audit_original {
    const float *logits;
    struct likeness layers;
};
/* In the child: the network that the variant is now, which has these logits, beside the original's. */
bool audit_send(struct variant *, uint32_t attribution, const struct audit_original *, const float *logits,
                struct channel *, struct error *);
/* In the parent: one that was checked (message.h), into the store. */
bool audit_put(struct run *, const struct audit_message *, struct error *);

/* How many layers of `w` differ from the model's, and how many should: those of layers[layer_count], but for the ones
 * that the draw `init` leaves as they are (NULL: none). The two are equal only if exactly these differ: where another
 * one does, every named one counts as changed, and it besides. */
void audit_changes(const struct run *, const struct weights *w, const bool *layers, const struct init_options *init,
                   uint32_t *changed, uint32_t *expected);

/* Pearson correlation of two logit matrices [inputs][classes] after centring rows and columns: what is left is how the
 * networks tell inputs and classes apart. NaN when one of them tells nothing. Uncentred by columns for one or two
 * classes. */
double audit_logit_r(const float *a, const float *b, uint32_t inputs, uint32_t classes, bool paired);

#endif
