/* cmd_new.c: `assay new`: the source of a new explainer, from a template. */
#include "cli/cli.h"
#include "cli/scaffold.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The folder that holds `path`, in fresh memory; NULL when out of memory. */
static char *holder(const char *path, const char *slash) {
    if (!slash) return text_copy(".");
    return slash == path ? text_copy("/") : text_format("%.*s", (int)(slash - path), path);
}

enum { PYTHON };

static const struct cli_option options[] = {
    [PYTHON] = {.name = "python", .kind = CLI_FLAG, .summary = "a method in PyTorch, with its test, in place of C"},
};

static bool create(char *path, bool python, struct error *e) {
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/') path[--n] = 0;
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    struct text quoted = {0};
    char *folder = holder(path, slash);
    text_add_word(&quoted, path);
    bool ok = folder && !quoted.failed
                  ? scaffold_create(python ? scaffold_python_files : scaffold_files, folder, name, e)
                  : error_memory(e);
    if (ok) printf("%s/ written; next: make -C %s %s\n", path, quoted.data, python ? "test" : "check");
    text_finish(&quoted);
    free(folder);
    return ok;
}

static int new_run(const struct cli_context *context, const struct cli_values *values, struct error *e) {
    (void)context;
    char *path = text_copy(values->operand);
    bool ok = path ? create(path, values->option[PYTHON].given, e) : error_memory(e);
    free(path);
    return ok ? CLI_EXPECTED : CLI_USAGE;
}

const struct cli_command cli_new = {
    .name = "new",
    .operand = "NAME",
    .summary = "write a folder with the source of a new explainer, ready to compile",
    .details = "NAME is its name, or the path of the new folder: DIR/NAME.\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = new_run,
};
