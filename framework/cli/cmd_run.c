/* cmd_run.c: `assay run`: the battery, the reports, and how to go on when it is interrupted. */
#include "cli/cli.h"
#include "cli/run_report.h"
#include "workers/cores.h"
#include "workers/interrupt.h"
#include "workers/sandbox.h"
#include "workers/transport_mpi.h"
#include "battery/battery.h"
#include "run/run.h"
#include "run/serve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OUTPUT, JOBS, SET, SEED, CONV, ONLY, QUICK, NO_CANARIES, RESUME, FORCE, DRY_RUN, NO_FIGURES, NO_SANDBOX, SHARD };

static const struct cli_option options[] = {
    [OUTPUT] = {.name = "output",
                .letter = 'o',
                .kind = CLI_TEXT,
                .value = "DIR",
                .summary = "the run folder (default: the battery's name with .run, in the current folder)"},
    [JOBS] = {.name = "jobs",
              .letter = 'j',
              .kind = CLI_INTEGER,
              .value = "N",
              .summary = "worker processes (default: one for each processor)",
              .min = 1,
              .max = 1024},
    [SET] = {.name = "set",
             .kind = CLI_TEXT,
             .value = "KEY=VALUE",
             .summary = "in place of the battery's value, as in model=my.onnx or data.inputs=6; may be given again",
             .many = true},
    [SEED] = {.name = "seed", .kind = CLI_SEED, .value = "S", .summary = "in place of the battery's"},
    [CONV] = CLI_CONV(.summary = "in place of the battery's: how 3x3 convolutions are computed"),
    [ONLY] = {.name = "only",
              .kind = CLI_TEXT,
              .value = "NAME",
              .summary = "one explainer or control of the battery, or one cell: EXPLAINER/CONTROL"},
    [QUICK] = {.name = "quick", .kind = CLI_FLAG, .summary = "leave out the controls that take longest, and say which"},
    [NO_CANARIES] = {.name = "no-canaries",
                     .kind = CLI_FLAG,
                     .summary = "leave out the maps with known answers that tell whether the network can be judged"},
    [RESUME] = {.name = "resume", .kind = CLI_FLAG, .summary = "go on with the run folder of an interrupted run"},
    [FORCE] = {.name = "force",
               .kind = CLI_FLAG,
               .summary = "write into the folder of another battery's run, in its place, or among other files"},
    [DRY_RUN] = {.name = "dry-run", .kind = CLI_FLAG, .summary = "print the plan and its cost, and run nothing"},
    [NO_FIGURES] = {.name = "no-figures", .kind = CLI_FLAG, .summary = "leave the figures out"},
    [NO_SANDBOX] = CLI_NO_SANDBOX,
    [SHARD] = {.name = "shard",
               .kind = CLI_TEXT,
               .value = "K/N",
               .summary =
                   "compute the share K of N, each in a folder of its own, and judge nothing: see 'assay merge'"},
};

/* "path/to/fashion.yaml" -> "fashion.run", of a share "fashion.2of8.run"; NULL when out of memory. */
static char *default_folder(const char *battery, const struct share *share) {
    const char *slash = strrchr(battery, '/'), *base = slash ? slash + 1 : battery;
    const char *dot = strrchr(base, '.');
    int length = (int)(dot && dot > base ? dot - base : (long)strlen(base));
    return share->parts ? text_format("%.*s.%uof%u.run", length, base, share->part, share->parts)
                        : text_format("%.*s.run", length, base);
}

static bool read_share(const struct cli_value *option, bool dry, struct share *out, struct error *e) {
    unsigned long long part = 0, parts = 0;
    const char *slash = option->given ? strchr(option->text, '/') : NULL;
    *out = (struct share){0};
    if (!option->given) return true;
    char *first = slash ? text_format("%.*s", (int)(slash - option->text), option->text) : NULL;
    bool ok = first && text_to_u64(first, &part) && text_to_u64(slash + 1, &parts) && part >= 1 && part <= parts &&
              parts <= SHARES_MAX;
    free(first);
    if (!ok)
        return error_set(e, "--shard: '%s': K/N wanted, as in 2/8: K from 1 to N, N at most %u",
                         excerpt_of(option->text).text, SHARES_MAX);
    if (dry) return error_set(e, "--shard: not with --dry-run, which plans the whole battery");
    *out = (struct share){(uint32_t)part, (uint32_t)parts};
    return true;
}

/* Adds the options that were given. */
static void add_given(struct text *out, const struct cli_values *values) {
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        const struct cli_value *value = &values->option[i];
        size_t times = !value->given ? 0 : options[i].many ? values->many_count : 1;
        if (i == RESUME || i == FORCE) continue;
        for (size_t k = 0; k < times; k++) {
            text_add(out, " --%s", options[i].name);
            if (options[i].kind == CLI_FLAG) continue;
            text_add(out, "=");
            text_add_word(out, options[i].many ? values->many[k] : value->text);
        }
    }
}

/* The whole command, however long, so not by way of *e. */
static int say_interrupted(const struct cli_context *context, const struct cli_values *values, int number) {
    struct text command = {0};
    text_add_word(&command, context->program);
    text_add(&command, " run %s", values->operand[0] == '-' ? "./" : "");
    text_add_word(&command, values->operand);
    add_given(&command, values);
    text_add(&command, " --resume");
    if (values->option[DRY_RUN].given) cli_message("interrupted");
    else if (command.failed) cli_message("interrupted: add --resume to go on");
    else fprintf(stderr, "assay: interrupted: what is finished is kept; to go on:\n%s\n", command.data);
    text_finish(&command);
    return CLI_SIGNAL + number;
}

/* One of the processes that take jobs. */
static int serve(const struct cli_context *context, const struct run_options *wanted, const struct transport *transport,
                 struct error *e) {
    int status = serve_run(wanted, context->controls, transport, e) ? CLI_EXPECTED : CLI_BROKEN;
    if (interrupt_signal()) status = CLI_SIGNAL + interrupt_signal();
    *e = (struct error){{0}}; /* the parent says it */
    transport->finish(transport->state, status == CLI_BROKEN ? CLI_EXPECTED : status);
    return status == CLI_BROKEN ? CLI_EXPECTED : status;
}

/* Alone, or as the parent of other processes. */
static int run_whole(const struct cli_context *context, const struct cli_values *values,
                     const struct run_options *wanted, struct error *e) {
    struct run_outcome outcome = {0};
    int status;
    if (run_execute(wanted, context->controls, &outcome, e))
        status = cli_run_report(&outcome, context, wanted->folder, !values->option[NO_FIGURES].given, e);
    else status = outcome.started ? CLI_BROKEN : CLI_USAGE;
    run_finish(&outcome);
    if (interrupt_signal()) {
        if (strstr(e->text, "interrupted")) *e = (struct error){{0}};
        status = say_interrupted(context, values, interrupt_signal());
    }
    return status;
}

/* With the other processes, where there are any. */
static int run_together(const struct cli_context *context, const struct cli_values *values, struct run_options *wanted,
                        struct error *e) {
    const struct transport_kind *kind = context->transport;
    struct transport transport;
    if (wanted->share.parts) return run_whole(context, values, wanted, e); /* each process is a shard of its own */
    if (!kind && transport_mpi_wanted() && !wanted->dry_run) {
        error_set(e, "started by mpirun, but built without MPI, so that each process would run the whole battery: "
                     "'make MPI=1' wanted");
        return CLI_USAGE;
    }
    if (!kind || !kind->started()) return run_whole(context, values, wanted, e);
    if (!kind->open(&transport, e)) return CLI_BROKEN;
    if (transport.rank > 0 && !wanted->dry_run) return serve(context, wanted, &transport, e);
    if (transport.count > 1 && !wanted->dry_run) wanted->transport = &transport;
    int status = transport.rank == 0 ? run_whole(context, values, wanted, e) : CLI_EXPECTED;
    fflush(stdout);
    if (e->text[0]) cli_message("%s", e->text); /* before all processes end */
    *e = (struct error){{0}};
    transport.finish(transport.state, status);
    return status;
}

static int run_battery(const struct cli_context *context, const struct cli_values *values, struct error *e) {
    const struct cli_value *option = values->option;
    struct share share;
    if (!read_share(&option[SHARD], option[DRY_RUN].given, &share, e)) return CLI_USAGE;
    char *folder = option[OUTPUT].given ? text_copy(option[OUTPUT].text) : default_folder(values->operand, &share);
    if (!folder) {
        error_memory(e);
        return CLI_BROKEN;
    }
    const char *settings[CLI_MANY_MAX + 1];
    size_t setting_count = values->many_count;
    char conv[32];
    memcpy(settings, values->many, sizeof values->many);
    if (option[CONV].given) {
        snprintf(conv, sizeof conv, "conv=%s", option[CONV].text);
        settings[setting_count++] = conv;
    }
    struct run_options wanted = {
        .battery = values->operand,
        .settings = settings,
        .setting_count = setting_count,
        .folder = folder,
        .jobs = option[JOBS].given ? (unsigned)option[JOBS].integer : cores_online(),
        .has_seed = option[SEED].given,
        .seed = option[SEED].seed,
        .only = option[ONLY].text,
        .quick = option[QUICK].given,
        .no_canaries = option[NO_CANARIES].given,
        .resume = option[RESUME].given,
        .force = option[FORCE].given,
        .share = share,
        .dry_run = option[DRY_RUN].given,
        .taken = cli_run_remove_reports,
        .user = (void *)(uintptr_t)context->reports,
    };
    interrupt_watch();
    if (option[NO_SANDBOX].given) sandbox_turn_off();
    int status = run_together(context, values, &wanted, e);
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
