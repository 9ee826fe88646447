/* quadratic.h: the study of quadratic-identity, which planted-evidence reads, too. */
#ifndef ASSAY_CONTROLS_QUADRATIC_H
#define ASSAY_CONTROLS_QUADRATIC_H

#include "plan/study.h"

extern const struct study study_quadratic;

#endif
