/* rules.h: the rules that a control can name. Each is one const descriptor (struct rule, plan/control.h) in the file
 * that decides. Controls include this header and no other of judge/. */
#ifndef ASSAY_JUDGE_RULES_H
#define ASSAY_JUDGE_RULES_H

#include "plan/control.h"

extern const struct rule rule_cascading;          /* weights.c: tests P, A, M and MP */
extern const struct rule rule_independent;        /* weights.c: test I */
extern const struct rule rule_labels;             /* labels.c: L0 to L6 */
extern const struct rule rule_twins;              /* twins.c: maps of the same function */
extern const struct rule rule_classes;            /* classes.c: another class, another map */
extern const struct rule rule_other_classes;      /* class_maps.c */
extern const struct rule rule_class_relabelling;  /* class_maps.c */
extern const struct rule rule_quadratic_identity; /* quadratic.c */
extern const struct rule rule_unseen_region;      /* unseen.c */
extern const struct rule rule_planted_evidence;   /* evidence.c */
extern const struct rule rule_completeness;       /* completeness.c */
extern const struct rule rule_checks;             /* checks.c: every check must hold */
extern const struct rule rule_bottom_up;          /* weights.c: test I, of stages from the input on */
extern const struct rule rule_mprt;               /* mprt.c: numbers, never judged */
extern const struct rule rule_input_shift;        /* shift.c: told, never judged */
extern const struct rule rule_linear;             /* linear.c: the same of what claims it, and what the map is */

#endif
