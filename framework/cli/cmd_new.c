#include "cli/cli.h"
#include "cli/scaffold.h"

#include <stdio.h>

static int new_run(const struct cli_context *context, const struct cli_values *values, struct error *e) {
    (void)context;
    const char *name = values->operand;
    if (!scaffold_create(".", name, e)) return CLI_USAGE;
    printf("%s/ written; next: make -C %s && assay check %s/%s.so\n", name, name, name, name);
    return CLI_EXPECTED;
}

const struct cli_command cli_new = {
    .name = "new",
    .operand = "NAME",
    .summary = "write a folder with the source of a new explainer, ready to compile",
    .run = new_run,
};
