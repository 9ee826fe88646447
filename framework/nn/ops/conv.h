/* conv.h: how a net runs a Conv beyond what its node says (net_fuse.c). */
#ifndef ASSAY_NN_OPS_CONV_H
#define ASSAY_NN_OPS_CONV_H

#include "nn/op.h"

struct conv_fused {
    bool relu;      /* the output is clipped at zero */
    bool winograd;  /* by kernels/winograd.h */
    float *weights; /* with the following normalisation folded in; NULL: the parameter */
    float *factors; /* of Winograd's method instead: of the output channels, to multiply the parameter by; or NULL */
    float *bias;    /* with the normalisation folded in; NULL: the parameter, if any */
};

/* Whether Winograd's method can be used for this call, and whether it is worth the transforms. */
bool conv_winograd_fits(const struct op_call *);
bool conv_winograd_pays(const struct op_call *);

#endif
