/* network_choice_yaml.h: the readers of `input`, `inputs`, `output` and `input-shape`: between battery_load.c and
 * network_choice.c. */
#ifndef ASSAY_BATTERY_NETWORK_CHOICE_YAML_H
#define ASSAY_BATTERY_NETWORK_CHOICE_YAML_H

#include "battery/yaml_node.h"

/* Into the struct network_choice at the field's offset. */
yaml_reader network_choice_read_input, network_choice_read_inputs, network_choice_read_output,
    network_choice_read_shape;

/* Of `output` as a mapping. */
extern const struct yaml_field network_choice_output_fields[];

#endif
