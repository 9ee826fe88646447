#include "cli/cli.h"
#include "run/run.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OUTPUT, JOBS, SEED, ONLY, RESUME, DRY_RUN, NO_FIGURES };

static const struct cli_option options[] = {
    [OUTPUT] = {.name = "output", .letter = 'o', .kind = CLI_TEXT, .value = "DIR",
                .summary = "the run folder (default: the battery's name with .run, in the current folder)"},
    [JOBS] = {.name = "jobs", .letter = 'j', .kind = CLI_INTEGER, .value = "N",
              .summary = "worker processes (default: one for each processor)", .min = 1, .max = 1024},
    [SEED] = {.name = "seed", .kind = CLI_SEED, .value = "S", .summary = "in place of the battery's"},
    [ONLY] = {.name = "only", .kind = CLI_TEXT, .value = "NAME", .summary = "one explainer or control of the battery"},
    [RESUME] = {.name = "resume", .kind = CLI_FLAG, .summary = "go on with the run folder of an interrupted run"},
    [DRY_RUN] = {.name = "dry-run", .kind = CLI_FLAG, .summary = "print the plan and its cost, and run nothing"},
    [NO_FIGURES] = {.name = "no-figures", .kind = CLI_FLAG, .summary = "leave the figures out"},
};

/* "path/to/fashion.yaml" -> "fashion.run"; NULL when out of memory. */
static char *default_folder(const char *battery) {
    const char *slash = strrchr(battery, '/'), *base = slash ? slash + 1 : battery;
    const char *dot = strrchr(base, '.');
    return text_format("%.*s.run", (int)(dot && dot > base ? dot - base : (long)strlen(base)), base);
}

static unsigned processors(void) {
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > 1024 ? 1024 : (unsigned)n;
}

static int run_battery(const struct cli_context *context, const struct cli_values *values, struct error *e) {
    const struct cli_value *option = values->option;
    char *folder = option[OUTPUT].given ? text_copy(option[OUTPUT].text) : default_folder(values->operand);
    if (!folder) {
        error_memory(e);
        return CLI_BROKEN;
    }
    const struct run_options wanted = {
        .battery = values->operand,
        .folder = folder,
        .jobs = option[JOBS].given ? (unsigned)option[JOBS].integer : processors(),
        .has_seed = option[SEED].given,
        .seed = option[SEED].seed,
        .only = option[ONLY].text,
        .resume = option[RESUME].given,
        .dry_run = option[DRY_RUN].given,
        .figures = !option[NO_FIGURES].given,
    };
    struct run_outcome outcome = {0};
    int status = run_execute(&wanted, context->controls, context->reports, &outcome, e) ? outcome.exit_code : CLI_USAGE;
    free(folder);
    return status;
}

const struct cli_command cli_run = {
    .name = "run",
    .operand = "BATTERY",
    .summary = "run a battery of controls on explainers, and judge",
    .details = "BATTERY is a YAML file. The exit status says whether every verdict is as it expects.\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run_battery,
};
