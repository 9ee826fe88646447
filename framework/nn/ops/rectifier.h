/* rectifier.h: how a gradient passes a rectifier under each rule; op.h states the rules. */
#ifndef ASSAY_NN_OPS_RECTIFIER_H
#define ASSAY_NN_OPS_RECTIFIER_H

#include "nn/net.h"

static inline float rectifier_pass(enum net_rule rule, float slope, float dy) {
    if (rule != NET_GRADIENT && dy < 0) return 0;
    if (rule == NET_DECONVNET) return dy;
    return slope < 0 || slope > 0 ? slope * dy : 0;
}

#endif
