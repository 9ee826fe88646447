/* main.c: the command line. The only file that sees every table. */
#include "base/cpu.h"
#include "cli/cli.h"
#include "controls/controls.h"
#include "explainers/explainer.h"
#include "reports/report.h"
#include "workers/transport_mpi.h"

#include <stdio.h>
#include <string.h>

static const struct cli_command *const commands[] = {
    &cli_run,     &cli_accept,    &cli_merge,  &cli_status,      &cli_verify, &cli_report, &cli_figure,
    &cli_compare, &cli_why,       &cli_list,   &cli_explain,     &cli_check,  &cli_new,    &cli_train,
    &cli_eval,    &cli_calibrate, &cli_doctor, &cli_completions, NULL,
};

/* Prints and frees the text. */
static int print(struct text *text, struct error *e) {
    int status = CLI_EXPECTED;
    if (text->failed) {
        error_memory(e);
        status = CLI_BROKEN;
    } else {
        fputs(text->data, stdout);
    }
    text_finish(text);
    return status;
}

/* No wider than it reads well. */
static size_t help_width(void) {
    size_t width = cli_width();
    return width > REPORT_WIDTH ? REPORT_WIDTH : width;
}

static int print_version(void) {
    printf("assay %s (plugin ABI %u.%u)\n", ASSAY_VERSION, ASSAY_ABI_MAJOR, ASSAY_ABI_MINOR);
    return CLI_EXPECTED;
}

static int run_command(const char *program, const struct cli_command *command, int count, char *const *arguments,
                       struct error *e) {
    const struct cli_context context = {program, controls, reports, commands, &transport_mpi};
    struct cli_values values;
    struct text help = {0};
    switch (cli_parse(command, count, arguments, &values, e)) {
    case CLI_PARSED: return cpu_route_check(e) ? command->run(&context, &values, e) : CLI_USAGE;
    case CLI_HELP: cli_help(command, help_width(), &help); return print(&help, e);
    case CLI_VERSION: return print_version();
    case CLI_INVALID: break;
    }
    return CLI_USAGE;
}

static int unknown_command(const char *name, struct error *e) {
    const char *names[sizeof commands / sizeof *commands] = {0};
    size_t n = 0;
    for (; commands[n]; n++) names[n] = commands[n]->name;
    const char *near = text_nearest(name, names, n);
    if (near) error_set(e, "%s: no such command: did you mean '%s'?", name, near);
    else error_set(e, "%s: no such command: see 'assay --help'", name);
    return CLI_USAGE;
}

static int dispatch(int argc, char **argv, struct error *e) {
    if (argc < 2 || !argv[1][0]) {
        error_set(e, "no command: see 'assay --help'");
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        struct text overview = {0};
        cli_overview(commands, help_width(), &overview);
        return print(&overview, e);
    }
    if (strcmp(argv[1], "--version") == 0) return print_version();
    for (size_t i = 0; commands[i]; i++)
        if (strcmp(argv[1], commands[i]->name) == 0) return run_command(argv[0], commands[i], argc - 2, argv + 2, e);
    return unknown_command(argv[1], e);
}

int main(int argc, char **argv) {
    struct error e = {{0}};
    int status = dispatch(argc, argv, &e);
    if (fflush(stdout) || ferror(stdout)) {
        if (!e.text[0]) error_set(&e, "standard output: cannot be written");
        if (status == CLI_EXPECTED) status = CLI_BROKEN;
    }
    if (e.text[0]) cli_message("%s", e.text);
    return status;
}
