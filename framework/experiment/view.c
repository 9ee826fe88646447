/* view.c: what is looked up in a view of the run. */
#include "experiment/view.h"

#include "experiment/canary.h"

void input_set_release(const struct input_set *set, uint32_t first, uint32_t n, size_t elements) {
    if (set->held.data) backed_release(&set->held, set->x + first * elements, n * elements * sizeof *set->x);
}

bool view_measures(const struct experiment_view *v, size_t measure) {
    return !measures[measure]->chosen || (v->more_measures >> measure & 1);
}

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
