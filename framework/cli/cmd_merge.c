/* cmd_merge.c: `assay merge`: the shards of a battery become one run, and what is still to be computed is. */
#include "cli/cli.h"
#include "cli/run_open.h"
#include "cli/run_report.h"
#include "run/asked.h"
#include "run/merge.h"
#include "run/run.h"
#include "workers/cores.h"
#include "workers/interrupt.h"
#include "workers/sandbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BATTERY, FORMAT, COLOUR, JOBS, OPEN, NO_FIGURES, NO_SANDBOX };

static const struct cli_option options[] = {
    [BATTERY] = {.name = "battery",
                 .kind = CLI_TEXT,
                 .value = "FILE",
                 .summary = "the battery, where it does not lie as the first shard had it"},
    [FORMAT] = CLI_CONSOLE_FORMAT,
    [COLOUR] = CLI_COLOUR,
    [JOBS] = CLI_JOBS,
    [OPEN] = {.name = "open",
              .kind = CLI_FLAG,
              .summary = "put together only: 'assay run --resume', or further shards, go on with OUT"},
    [NO_FIGURES] = CLI_NO_FIGURES,
    [NO_SANDBOX] = CLI_NO_SANDBOX,
};

/* The options that the shards were started with. */
static bool read_asked(const char *folder, const char *battery, struct asked *asked, struct error *e) {
    struct store *store = NULL;
    bool ok = cli_store_open(folder, &store, e) && asked_read(store, battery, asked, e);
    /* Its strings are its own, the store's path apart. */
    store_close(store);
    return ok;
}

static struct run_telling telling_of(const struct cli_values *values, const char *folder) {
    const struct cli_value *option = values->option;
    return (struct run_telling){console_find(option[FORMAT].text), folder, !option[NO_FIGURES].given,
                                cli_colour(&option[COLOUR])};
}

/* Whether that is why the run was refused. Then no --resume goes on with what was put together. */
static bool is_of_another_battery(const struct run_options *wanted, const struct cli_context *context) {
    struct error unread;
    bool same = true;
    return run_is_same(wanted, context->controls, &same, &unread) && !same;
}

/* Goes on as `assay run --resume` does. *kept: the folder holds what was put together. */
static int conclude(const struct cli_context *context, const struct cli_values *values, const char *folder, bool *kept,
                    struct error *e) {
    const struct cli_value *option = values->option;
    struct asked asked;
    struct run_outcome outcome = {0};
    if (!read_asked(folder, option[BATTERY].text, &asked, e)) return CLI_USAGE;
    asked.options.folder = folder;
    asked.options.jobs = option[JOBS].given ? (unsigned)option[JOBS].integer : cores_online();
    asked.options.resume = true;
    asked.options.quiet = strcmp(option[FORMAT].text, "quiet") == 0;
    asked.options.taken = cli_run_remove_reports;
    asked.options.user = (void *)(uintptr_t)context->reports;
    if (option[NO_SANDBOX].given) sandbox_turn_off();
    const struct run_telling telling = telling_of(values, folder);
    int status = CLI_BROKEN;
    *kept = true;
    if (run_execute(&asked.options, context->controls, &outcome, e))
        status = cli_run_report(&outcome, context, &telling, e);
    else if (!outcome.started) status = CLI_USAGE;
    run_finish(&outcome);
    if (status == CLI_USAGE && !interrupt_signal() && is_of_another_battery(&asked.options, context)) {
        *kept = false;
        error_set(e,
                  "%s: it, its model, its data or an explainer is another one than when the shards were computed: what "
                  "they had was wanted (--battery FILE names the battery), or the shards computed again",
                  asked.options.battery);
    }
    if (e->text[0] && !interrupt_signal()) cli_run_say_broken(&telling, e->text, status);
    asked_finish(&asked);
    if (e->text[0] && *kept) /* refused, broken or interrupted */
        cli_message("%s is put together: 'assay run BATTERY -o %s --resume' goes on with it", folder, folder);
    return status;
}

static int merge(const struct cli_context *context, const struct cli_values *values, struct error *e) {
    const char *folder = values->operand;
    const bool was_there = access(folder, F_OK) == 0;
    bool kept = true;
    interrupt_watch();
    if (!merge_runs(folder, values->many + 1, values->many_count - 1, e)) {
        const struct run_telling telling = telling_of(values, folder);
        if (!interrupt_signal()) cli_run_say_broken(&telling, e->text, CLI_USAGE);
        return CLI_USAGE;
    }
    if (values->option[OPEN].given) {
        printf("%s: all shards are put together, and nothing is judged yet: 'assay run --resume' goes on\n", folder);
        return CLI_SHARE;
    }
    int status = conclude(context, values, folder, &kept, e);
    if (!kept) merge_discard(folder, was_there);
    return interrupt_signal() ? CLI_SIGNAL + interrupt_signal() : status;
}

const struct cli_command cli_merge = {
    .name = "merge",
    .operand = "OUT RUN...",
    .summary = "put the shards of a battery together, compute what is open, and judge",
    .details = "RUNs are the folders of all shards ('assay run --shard'), OUT is a new folder. What rests on\n"
               "several shards, such as further draws, is computed here. The bytes are those of one machine.\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = merge,
};
