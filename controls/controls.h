/* controls.h: the table of all controls. They are linked in, not plugins: verdicts rest on them. */
#ifndef ASSAY_CONTROLS_CONTROLS_H
#define ASSAY_CONTROLS_CONTROLS_H

#include "plan/control.h"

extern const struct control control_cascading, control_independent, control_label_permutation, control_linear_identity,
    control_zero_pixel, control_twins, control_class_sensitivity, control_other_classes, control_class_relabelling,
    control_quadratic_identity, control_unseen_region, control_planted_evidence, control_bottom_up, control_mprt,
    control_input_shift, control_completeness;

extern const struct control *const controls[]; /* NULL-terminated */

#endif
