/* battery_rows.h: the lists of a battery: explainers, controls, and what is expected of them; between battery_load.c,
 * battery_rows.c and battery_expect.c. Their base is the struct battery. */
#ifndef ASSAY_BATTERY_BATTERY_ROWS_H
#define ASSAY_BATTERY_BATTERY_ROWS_H

#include "battery/yaml_node.h"

#define EXPLAINERS_WANTED "a list of explainers"
#define CONTROLS_WANTED "a list of controls, as in [cascading, independent], or default,"
#define STANDARD_CONTROLS "default"

/* In the order of enum reduction, ended by NULL. */
extern const char *const battery_reductions[];

yaml_reader battery_read_explainers, battery_read_controls, battery_read_measures, battery_read_ignore;
yaml_reader battery_read_figure_inputs; /* after the number of inputs */
yaml_reader battery_read_expect;        /* after the other two */

/* `rule` (battery_rule.c). */
yaml_reader battery_read_rule;

struct process_spec;
/* The mapping `process:` of an explainer's row (process_spec.c). *out is the caller's, also after a failure. */
bool process_spec_read(struct yaml_file *, const yaml_node_t *, struct process_spec **out, struct error *);

/* The keys of each mapping, ended by a NULL name: battery_keys.h walks them. */
extern const struct yaml_field battery_fields[], battery_data_fields[], battery_training_fields[],
    battery_explainer_fields[], battery_process_fields[], battery_preprocess_fields[];
extern const char *const battery_rule_kinds[]; /* in the order of enum rule_kind, ended by NULL */

/* A battery that says nothing; NULL: out of memory. */
struct battery *battery_defaults(const char *path);

/* `preprocess` (battery_preprocess.c). */
yaml_reader battery_read_preprocess;

#endif
