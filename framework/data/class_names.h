/* class_names.h: what the numbers of classes are called. */
#ifndef ASSAY_DATA_CLASS_NAMES_H
#define ASSAY_DATA_CLASS_NAMES_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct class_names {
    char *path;
    char **name; /* [count], NULL where a class has none */
    uint32_t count;
};

/* A CSV file with a column `name`, and a column `index` unless the rows are the classes in order. */
bool class_names_load(const char *path, struct class_names *out, struct error *);
void class_names_finish(struct class_names *); /* also of a zeroed one */

/* NULL when the class has no name. */
const char *class_names_at(const struct class_names *, uint32_t index);

/* How many classes have that name; *index is the first of them. */
size_t class_names_find(const struct class_names *, const char *name, uint32_t *index);
/* The name that was probably meant: the same in another case, else the nearest; NULL when none is near. */
const char *class_names_nearest(const struct class_names *, const char *name);
/* Whether every name is a number: labels that are numbers are then names, too. */
bool class_names_are_numbers(const struct class_names *);

/* False unless the names are those of `outputs` classes. */
bool class_names_fit(const struct class_names *, uint32_t outputs, struct error *);

#endif
