/* The table of controls. */
#include "controls/controls.h"

const struct control *const controls[] = {
    &control_cascading,
    &control_independent,
    &control_label_permutation,
    &control_linear_identity,
    &control_zero_pixel,
    &control_completeness,
    &control_twins,
    &control_class_sensitivity,
    &control_other_classes,
    &control_class_relabelling,
    &control_quadratic_identity,
    &control_unseen_region,
    &control_planted_evidence,
    &control_bottom_up,
    &control_mprt,
    &control_input_shift,
    NULL,
};
