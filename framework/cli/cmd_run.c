/* cmd_run.c: `assay run`: the battery, the reports, and how to go on when it is interrupted. */
#include "cli/cli.h"
#include "cli/battery_write.h"
#include "cli/last_failed.h"
#include "cli/run_ranks.h"
#include "cli/run_report.h"
#include "workers/cores.h"
#include "workers/interrupt.h"
#include "workers/sandbox.h"
#include "battery/battery.h"
#include "battery/yaml_node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    OUTPUT,
    FORMAT,
    COLOUR,
    JOBS,
    MEMORY,
    SET,
    SEED,
    CONV,
    BASELINE,
    ONLY,
    LAST_FAILED,
    FAIL_FAST,
    MAX_MINUTES,
    QUICK,
    NO_CANARIES,
    RESUME,
    FORCE,
    DRY_RUN,
    NO_FIGURES,
    NO_SANDBOX,
    SHARD,
    MODEL,
    DATA,
    PREPROCESS,
    EXPLAINERS,
    CONTROLS
};

static const struct cli_option options[] = {
    [OUTPUT] = {.name = "output",
                .letter = 'o',
                .kind = CLI_TEXT,
                .value = "DIR",
                .summary = "the run folder (default: the battery's name with .run, in the current folder)"},
    [FORMAT] = CLI_CONSOLE_FORMAT,
    [COLOUR] = CLI_COLOUR,
    [JOBS] = CLI_JOBS,
    [MEMORY] = {.name = "memory",
                .kind = CLI_TEXT,
                .value = "SIZE",
                .summary = "what all processes together may take, as in 2G or 800M: by smaller groups of samples and "
                           "fewer processes; results are the same"},
    [SET] = {.name = "set",
             .kind = CLI_TEXT,
             .value = "KEY=VALUE",
             .summary = "in place of the battery's value, as in model=my.onnx or data.inputs=6; may be given again",
             .many = true},
    [SEED] = {.name = "seed", .kind = CLI_SEED, .value = "S", .summary = "in place of the battery's"},
    [CONV] = CLI_CONV(.summary = "in place of the battery's: how 3x3 convolutions are computed"),
    [BASELINE] = {.name = "baseline",
                  .kind = CLI_TEXT,
                  .value = "FILE",
                  .summary = "what is expected besides the battery's `expect`, as 'assay accept' writes it"},
    [ONLY] = {.name = "only",
              .kind = CLI_TEXT,
              .value = "NAME",
              .summary = "one explainer or control of the battery, or one cell: EXPLAINER/CONTROL"},
    [LAST_FAILED] = {.name = "last-failed",
                     .kind = CLI_FLAG,
                     .summary = "only what was not as expected in the run that the folder holds"},
    [FAIL_FAST] = {.name = "fail-fast",
                   .kind = CLI_FLAG,
                   .summary = "end behind the first explainer with a FAIL or an ERROR that is not expected"},
    [MAX_MINUTES] = {.name = "max-minutes",
                     .kind = CLI_NUMBER,
                     .value = "M",
                     .summary = "ask for no more draws where that would take longer; what is open stays INCONCLUSIVE",
                     .min = 1e-6,
                     .max = 100000},
    [QUICK] = {.name = "quick", .kind = CLI_FLAG, .summary = "leave out the controls that take longest, and say which"},
    [NO_CANARIES] = {.name = "no-canaries",
                     .kind = CLI_FLAG,
                     .summary = "leave out the maps with known answers that tell whether the network can be judged"},
    [RESUME] = {.name = "resume", .kind = CLI_FLAG, .summary = "go on with the run folder of an interrupted run"},
    [FORCE] = {.name = "force",
               .kind = CLI_FLAG,
               .summary = "write into the folder of another battery's run, in its place, or among other files"},
    [DRY_RUN] = {.name = "dry-run", .kind = CLI_FLAG, .summary = "print the plan and its cost, and run nothing"},
    [NO_FIGURES] = CLI_NO_FIGURES,
    [NO_SANDBOX] = CLI_NO_SANDBOX,
    [SHARD] = {.name = "shard",
               .kind = CLI_TEXT,
               .value = "K/N",
               .summary =
                   "compute the share K of N, each in a folder of its own, and judge nothing: see 'assay merge'"},
    [MODEL] = {.name = "model",
               .kind = CLI_TEXT,
               .value = "FILE",
               .summary = "without a battery: the network; the battery is written into the current folder, and run"},
    [DATA] = {.name = "data", .kind = CLI_TEXT, .value = "SOURCE", .summary = "with --model: its samples"},
    [PREPROCESS] = {.name = "preprocess",
                    .kind = CLI_TEXT,
                    .value = "PRESET",
                    .summary = "with --model: how stored values become inputs (default none)"},
    [EXPLAINERS] = {.name = "explainers",
                    .kind = CLI_TEXT,
                    .value = "SPEC,...",
                    .summary = "with --model: what is judged, with commas between"},
    [CONTROLS] = {.name = "controls",
                  .kind = CLI_TEXT,
                  .value = "ID,...",
                  .summary = "with --model: by what (default: all that are standard)"},
};

/* "path/to/fashion.yaml" -> "fashion.run", of a share "fashion.2of8.run"; NULL when out of memory. */
static char *default_folder(const char *battery, const struct share *share) {
    if (strcmp(battery, YAML_STANDARD_INPUT) == 0) battery = "stdin";
    const char *slash = strrchr(battery, '/'), *base = slash ? slash + 1 : battery;
    const char *dot = strrchr(base, '.');
    int length = (int)(dot && dot > base ? dot - base : (long)strlen(base));
    return share->parts ? text_format("%.*s.%uof%u.run", length, base, share->part, share->parts)
                        : text_format("%.*s.run", length, base);
}

static bool read_share(const struct cli_value *option, struct share *out, struct error *e) {
    static const struct {
        int option;
        const char *why;
    } without[] = {
        {DRY_RUN, "plans the whole battery"},
        {LAST_FAILED, "wants verdicts, which a shard has not"},
        {FAIL_FAST, "wants verdicts, which a shard has not"},
        {MAX_MINUTES, "would let shards end at different draws"},
    };
    const struct cli_value *shard = &option[SHARD];
    unsigned long long part = 0, parts = 0;
    const char *slash = shard->given ? strchr(shard->text, '/') : NULL;
    *out = (struct share){0};
    if (!shard->given) return true;
    char *first = slash ? text_format("%.*s", (int)(slash - shard->text), shard->text) : NULL;
    bool ok = first && text_to_u64(first, &part) && text_to_u64(slash + 1, &parts) && part >= 1 && part <= parts &&
              parts <= SHARES_MAX;
    free(first);
    if (!ok)
        return error_set(e, "--shard: '%s': K/N wanted, as in 2/8: K from 1 to N, N at most %u",
                         excerpt_of(shard->text).text, SHARES_MAX);
    for (size_t i = 0; i < sizeof without / sizeof *without; i++)
        if (option[without[i].option].given)
            return error_set(e, "--shard: not with --%s, which %s", options[without[i].option].name, without[i].why);
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
    bool file = strcmp(values->operand, YAML_STANDARD_INPUT) != 0;
    text_add(&command, " run %s", file && values->operand[0] == '-' ? "./" : "");
    text_add_word(&command, values->operand);
    add_given(&command, values);
    text_add(&command, " --resume");
    if (values->option[DRY_RUN].given) cli_message("interrupted");
    else if (command.failed) cli_message("interrupted: add --resume to go on");
    else fprintf(stderr, "assay: interrupted: what is finished is kept; to go on:\n%s\n", command.data);
    text_finish(&command);
    return CLI_SIGNAL + number;
}

/* Settings of the command line in place of values of the battery. */
struct settings {
    const char *all[CLI_MANY_MAX + 1];
    size_t count;
    char conv[32];
};

static void collect_settings(const struct cli_values *values, struct settings *s) {
    const struct cli_value *conv = &values->option[CONV];
    memcpy(s->all, values->many, sizeof values->many);
    s->count = values->many_count;
    if (!conv->given) return;
    snprintf(s->conv, sizeof s->conv, "conv=%s", conv->text);
    s->all[s->count++] = s->conv;
}

static bool check_options(const struct cli_value *option, struct error *e) {
    const char *format = option[FORMAT].text;
    if (option[DRY_RUN].given && strcmp(format, "table") != 0 && strcmp(format, "quiet") != 0)
        return error_set(e, "--format %s: --dry-run prints a plan and no verdicts: leave one of them out", format);
    if (option[SHARD].given && strcmp(format, "table") != 0 && strcmp(format, "quiet") != 0)
        return error_set(e, "--format %s: a shard has no verdicts: leave it out", format);
    if (option[LAST_FAILED].given && option[ONLY].given)
        return error_set(e, "--last-failed: chooses itself: --only cannot stand beside it");
    return true;
}

static int run_now(const struct cli_context *context, const struct run_options *wanted,
                   const struct run_telling *telling, struct error *e) {
    struct run_outcome outcome = {0};
    int status;
    if (run_execute(wanted, context->controls, &outcome, e)) status = cli_run_report(&outcome, context, telling, e);
    else status = outcome.started ? CLI_BROKEN : CLI_USAGE;
    run_finish(&outcome);
    return status;
}

/* What an interrupted run of what failed had chosen: the verdicts that chose it are gone. */
static int resume_last_failed(const struct cli_context *context, const struct run_options *all,
                              const struct run_telling *telling, struct error *e) {
    struct asked before = {.held = NULL};
    struct run_options wanted = *all;
    int status = CLI_USAGE;
    if (!last_failed_resume(all->folder, &before, e)) return CLI_USAGE;
    wanted.rows = before.options.rows;
    wanted.controls = before.options.controls;
    status = run_now(context, &wanted, telling, e);
    asked_finish(&before);
    return status;
}

static int run_last_failed(const struct cli_context *context, const struct run_options *all,
                           const struct run_telling *telling, struct error *e) {
    struct last_failed last;
    struct run_options wanted = *all;
    int status;
    if (all->resume) return resume_last_failed(context, all, telling, e);
    if (!last_failed_load(all->folder, &last, e)) return CLI_USAGE;
    wanted.rows = last.rows;
    wanted.controls = last.controls;
    if (last.row_count) status = run_now(context, &wanted, telling, e);
    else status = last_failed_nothing(&last, context, all, e);
    last_failed_finish(&last);
    return status;
}

static struct run_options options_of(const struct cli_context *context, const struct cli_values *values,
                                     const struct settings *settings, const char *folder, const struct share *share) {
    const struct cli_value *option = values->option;
    return (struct run_options){
        .battery = values->operand,
        .baseline = option[BASELINE].text,
        .settings = settings->all,
        .setting_count = settings->count,
        .folder = folder,
        .jobs = option[JOBS].given ? (unsigned)option[JOBS].integer : cores_online(),
        .has_seed = option[SEED].given,
        .seed = option[SEED].seed,
        .only = option[ONLY].text,
        .quick = option[QUICK].given,
        .no_canaries = option[NO_CANARIES].given,
        .resume = option[RESUME].given,
        .force = option[FORCE].given,
        .fail_fast = option[FAIL_FAST].given,
        .max_minutes = option[MAX_MINUTES].given ? option[MAX_MINUTES].number : 0,
        .share = *share,
        .dry_run = option[DRY_RUN].given,
        .quiet = strcmp(option[FORMAT].text, "quiet") == 0,
        .taken = cli_run_remove_reports,
        .user = (void *)(uintptr_t)context->reports,
    };
}

/* What is run once it is clear that this process runs it. */
struct conduct {
    const struct cli_context *context;
    const struct cli_values *values;
    const struct run_telling *telling;
};

static int conduct(const void *user, const struct run_options *wanted, struct error *e) {
    const struct conduct *c = user;
    int status = (c->values->option[LAST_FAILED].given ? run_last_failed : run_now)(c->context, wanted, c->telling, e);
    if (interrupt_signal()) {
        if (strstr(e->text, "interrupted")) *e = (struct error){{0}};
        status = say_interrupted(c->context, c->values, interrupt_signal());
        cli_run_say_broken(c->telling, "interrupted", status);
    } else if (e->text[0]) {
        cli_run_say_broken(c->telling, e->text, status);
    }
    return status;
}

static bool read_memory(const struct cli_value *option, size_t *bytes, struct error *e) {
    *bytes = 0;
    return !option[MEMORY].given || text_to_bytes(option[MEMORY].text, bytes) ||
           error_set(e, "--memory: '%s': a size wanted, as in 2G or 800M, at least 1M",
                     excerpt_of(option[MEMORY].text).text);
}

static int run_battery(const struct cli_context *context, const struct cli_values *values, struct error *e) {
    const struct cli_value *option = values->option;
    struct share share;
    size_t memory;
    if (!read_share(option, &share, e) || !read_memory(option, &memory, e)) return CLI_USAGE;
    char *folder = option[OUTPUT].given ? text_copy(option[OUTPUT].text) : default_folder(values->operand, &share);
    if (!folder) {
        error_memory(e);
        return CLI_BROKEN;
    }
    struct settings settings;
    collect_settings(values, &settings);
    struct run_options wanted = options_of(context, values, &settings, folder, &share);
    wanted.memory = memory;
    const struct run_telling telling = {console_find(option[FORMAT].text), folder, !option[NO_FIGURES].given,
                                        cli_colour(&option[COLOUR])};
    const struct conduct one = {context, values, &telling};
    interrupt_watch();
    if (option[NO_SANDBOX].given) sandbox_turn_off();
    int status = CLI_USAGE;
    if (check_options(option, e)) status = cli_run_ranks(context, &wanted, option[LAST_FAILED].given, conduct, &one, e);
    else cli_run_say_broken(&telling, e->text, status);
    free(folder);
    return status;
}

/* Options that say what a battery says. */
static const int of_battery[] = {DATA, PREPROCESS, EXPLAINERS, CONTROLS};

static bool check_battery_options(const struct cli_values *values, struct error *e) {
    const struct cli_value *option = values->option;
    for (size_t i = 0; i < sizeof of_battery / sizeof *of_battery; i++)
        if (option[of_battery[i]].given && !option[MODEL].given)
            return error_set(e, "--%s: wanted with --model only: a battery has its own", options[of_battery[i]].name);
    if (!option[MODEL].given) return values->operand || error_set(e, "run: BATTERY is missing: see 'assay run --help'");
    for (size_t i = 0; i < sizeof of_battery / sizeof *of_battery; i++)
        if ((of_battery[i] == DATA || of_battery[i] == EXPLAINERS) && !option[of_battery[i]].given)
            return error_set(e, "--model: --%s is missing: without a battery all three are wanted",
                             options[of_battery[i]].name);
    return true;
}

/* A battery of the command line is written first. */
static int run_command(const struct cli_context *context, const struct cli_values *values, struct error *e) {
    const struct cli_value *option = values->option;
    const struct battery_ask ask = {option[MODEL].text, option[DATA].text, option[EXPLAINERS].text,
                                    option[CONTROLS].text, option[PREPROCESS].text};
    if (!check_battery_options(values, e)) return CLI_USAGE;
    if (!option[MODEL].given) return run_battery(context, values, e);
    char *path = values->operand ? text_copy(values->operand) : battery_write_name(ask.model);
    struct cli_values asked = *values;
    struct battery_written written = {0};
    int status = CLI_USAGE;
    asked.operand = path;
    if (!path) error_memory(e);
    else if (battery_write(&ask, path, option[FORCE].given, &written, e)) status = run_battery(context, &asked, e);
    if (path) battery_written_end(&written, path, status == CLI_USAGE);
    free(path);
    return status;
}

const struct cli_command cli_run = {
    .name = "run",
    .operand = "[BATTERY]",
    .summary = "run a battery of controls on explainers, and judge",
    .details = "BATTERY is a YAML file, or - for standard input. The exit status says whether every verdict is as\n"
               "it expects. With --model, --data and --explainers it is a file that is written (default: the model's\n"
               "name with .yaml), and run.\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run_command,
};
