/* class_names.h: what the numbers of classes are called. */
#ifndef ASSAY_DATA_CLASS_NAMES_H
#define ASSAY_DATA_CLASS_NAMES_H

#include "base/error.h"

#include <stdint.h>

struct class_names {
    char **name; /* [count], NULL where a class has none */
    uint32_t count;
};

/* A CSV file with a column `name`, and a column `index` unless the rows are the classes in order. */
bool class_names_load(const char *path, struct class_names *out, struct error *);
void class_names_finish(struct class_names *); /* also of a zeroed one */

/* NULL when the class has no name. */
const char *class_names_at(const struct class_names *, uint32_t index);

#endif
