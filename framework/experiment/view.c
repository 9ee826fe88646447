/* view.c: what is looked up in a view of the run. */
#include "experiment/view.h"

#include "experiment/canary.h"

const struct network *view_network(const struct experiment_view *v, enum network_kind kind, uint32_t draw) {
    for (uint32_t i = 0; i < v->network_count; i++)
        if (v->networks[i].kind == kind && v->networks[i].draw == draw) return &v->networks[i];
    return NULL;
}

const struct explainer_entry *view_yardstick(const struct experiment_view *v, const struct explainer_entry *row) {
    for (uint32_t i = 0; i < v->explainer_count; i++) {
        const struct explainer_entry *r = &v->explainers[i];
        if (r->yardstick && !r->canary && r->reduction == row->reduction && r->non_negative == row->non_negative)
            return r;
    }
    return NULL;
}

unsigned yardstick_bit(const struct explainer_entry *r) {
    if (r->canary) return 1u << (2u * (REDUCE_MAX_ABS + 1) + (unsigned)(r->canary - canaries));
    return 1u << (2 * (unsigned)r->reduction + r->non_negative);
}
