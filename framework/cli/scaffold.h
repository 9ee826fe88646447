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

/* The files of explainers/template and the headers that its source includes, and those of python/template; the last of
 * each has no name. */
extern const struct scaffold_file scaffold_files[], scaffold_python_files[];

/* Writes FOLDER/NAME/ with `files`, names filled in: of scaffold_files NAME.c (a complete plugin) and what compiles it,
 * of scaffold_python_files method.py and its test. The name must be kebab-case; a folder of that name that exists is
 * left alone and is an error. */
bool scaffold_create(const struct scaffold_file *files, const char *folder, const char *name, struct error *);

#endif
