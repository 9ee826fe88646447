/* linear_form.h: the study of linear-identity: what the map of any method is on a linear model. */
#ifndef ASSAY_CONTROLS_LINEAR_FORM_H
#define ASSAY_CONTROLS_LINEAR_FORM_H

#include "plan/study.h"

extern const struct study study_linear_form;

#endif
