/* cmd_new.c: `assay new`: the source of a new explainer, from the template. */
#include "cli/cli.h"
#include "cli/scaffold.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The path without slashes at its end, and its last part. */
static char *split(const char *operand, char **folder, const char **name) {
    char *path = text_copy(operand);
    size_t n = path ? strlen(path) : 0;
    while (n > 1 && path[n - 1] == '/') path[--n] = 0;
    const char *slash = path ? strrchr(path, '/') : NULL;
    *name = slash ? slash + 1 : path;
    *folder = !path   ? NULL
              : slash ? text_format("%.*s", (int)(slash == path ? 1 : slash - path), path)
                      : text_copy(".");
    return path;
}

static int new_run(const struct cli_context *context, const struct cli_values *values, struct error *e) {
    (void)context;
    char *folder, *path;
    const char *name;
    struct text quoted = {0};
    path = split(values->operand, &folder, &name);
    if (path) cli_quote(&quoted, path);
    bool ok = folder && quoted.data && !quoted.failed ? scaffold_create(folder, name, e) : error_memory(e);
    if (ok) printf("%s/ written; next: make -C %s && assay check %s/%s.so\n", path, quoted.data, quoted.data, name);
    text_finish(&quoted);
    free(folder);
    free(path);
    return ok ? CLI_EXPECTED : CLI_USAGE;
}

const struct cli_command cli_new = {
    .name = "new",
    .operand = "NAME",
    .summary = "write a folder with the source of a new explainer, ready to compile",
    .details = "NAME is its name, or the path of the new folder: DIR/NAME.\n",
    .run = new_run,
};
