/* scaffold.h: `assay new NAME`: a plugin to start from. */
#ifndef ASSAY_CLI_SCAFFOLD_H
#define ASSAY_CLI_SCAFFOLD_H

#include "base/error.h"

/* Writes FOLDER/NAME/ with NAME.c (a complete plugin), explainer.h, Makefile, battery.yaml and README.md. The name must
 * be kebab-case; a folder of that name that exists is left alone and is an error. */
bool scaffold_create(const char *folder, const char *name, struct error *);

#endif
