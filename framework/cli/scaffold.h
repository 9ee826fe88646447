/* scaffold.h: `assay new NAME`: a plugin to start from. */
#ifndef ASSAY_CLI_SCAFFOLD_H
#define ASSAY_CLI_SCAFFOLD_H

#include "base/error.h"

#include <stddef.h>

/* A file that the Makefile has put into the program. */
struct scaffold_file {
    const char *name;
    const unsigned char *bytes;
    size_t size;
};

/* The files of explainers/template and the headers that its source includes; the last has no name. */
extern const struct scaffold_file scaffold_files[];

/* Writes FOLDER/NAME/ with NAME.c (a complete plugin), the other files of the template, and explainer.h. The name must
 * be kebab-case; a folder of that name that exists is left alone and is an error. */
bool scaffold_create(const char *folder, const char *name, struct error *);

#endif
