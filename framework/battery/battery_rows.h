/* battery_rows.h: the lists of a battery: explainers, controls, and what is expected of them; between battery_load.c
 * and battery_rows.c. Their base is the struct battery. */
#ifndef ASSAY_BATTERY_BATTERY_ROWS_H
#define ASSAY_BATTERY_BATTERY_ROWS_H

#include "battery/yaml_node.h"

#define EXPLAINERS_WANTED "a list of explainers"
#define CONTROLS_WANTED "a list of controls, as in [cascading, independent], or default,"
#define STANDARD_CONTROLS "default"

/* In the order of enum reduction, ended by NULL. */
extern const char *const battery_reductions[];

yaml_reader battery_read_explainers, battery_read_controls;
yaml_reader battery_read_expect; /* after the other two */

/* `preprocess` (battery_preprocess.c). */
yaml_reader battery_read_preprocess;

#endif
