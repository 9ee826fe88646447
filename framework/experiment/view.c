/* view.c: what is looked up in a view of the run. */
#include "experiment/view.h"

const struct network *view_network(const struct experiment_view *v, enum network_kind kind, uint32_t draw) {
    for (uint32_t i = 0; i < v->network_count; i++)
        if (v->networks[i].kind == kind && v->networks[i].draw == draw) return &v->networks[i];
    return NULL;
}

const struct explainer_entry *view_yardstick(const struct experiment_view *v, enum reduction reduction) {
    for (uint32_t i = 0; i < v->explainer_count; i++)
        if (v->explainers[i].yardstick && v->explainers[i].reduction == reduction) return &v->explainers[i];
    return NULL;
}
