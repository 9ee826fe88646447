/* cmd_verify.c: `assay verify`: some units of a run computed again on this machine, and compared. */
#include "cli/cli.h"
#include "cli/run_open.h"
#include "run/verify.h"
#include "workers/cores.h"
#include "workers/interrupt.h"
#include "workers/sandbox.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { UNITS, SEED, BATTERY, JOBS, NO_SANDBOX };

static const struct cli_option options[] = {
    [UNITS] = {.name = "units",
               .kind = CLI_INTEGER,
               .value = "N",
               .summary = "how many units, at random",
               .fallback = "20",
               .min = 1,
               .max = 1e9},
    [SEED] = {.name = "seed", .kind = CLI_SEED, .value = "S", .summary = "which units (default: others each time)"},
    [BATTERY] = {.name = "battery",
                 .kind = CLI_TEXT,
                 .value = "FILE",
                 .summary = "the battery, where it does not lie as the run had it"},
    [JOBS] = CLI_JOBS,
    [NO_SANDBOX] = CLI_NO_SANDBOX,
};

static uint64_t any_seed(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return ((uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u) % 1000000000u;
}

static void say_chosen(void *user, const struct verify_outcome *v) {
    printf("seed %llu: %u of %u units, %s\n", (unsigned long long)*(const uint64_t *)user, v->units, v->all,
           v->same_route ? "on the compute route of the run: bytes are compared"
                         : "on another compute route than the run's: numbers and words are compared");
    if (v->other_files)
        printf("%u of %u explainers are other files than those of the run\n", v->other_files, v->explainers);
    fflush(stdout);
}

static void say_difference(void *user, const char *what, const char *how) {
    (void)user;
    printf("differs: %s: %s\n", what, how);
}

static int say_outcome(const struct verify_outcome *v) {
    if (v->differing || v->words) {
        printf("%u of %u units and %u verdicts differ\n", v->differing, v->units, v->words);
        return CLI_UNEXPECTED;
    }
    if (v->same_route) printf("%u units are the same, byte by byte, and so are the words of all verdicts\n", v->units);
    else
        printf("%u units agree, to %.1g where %g is allowed, and the words of all verdicts are the same\n", v->units,
               v->largest, VERIFY_TOLERANCE);
    return CLI_EXPECTED;
}

static int verify(const struct cli_context *context, const struct cli_values *values, struct error *e) {
    const struct cli_value *option = values->option;
    uint64_t seed = option[SEED].given ? option[SEED].seed : any_seed();
    const struct verify_request request = {.folder = values->operand,
                                           .battery = option[BATTERY].text,
                                           .units = (uint32_t)option[UNITS].integer,
                                           .seed = seed,
                                           .jobs =
                                               option[JOBS].given ? (unsigned)option[JOBS].integer : cores_online()};
    struct store *store = NULL;
    struct verify_outcome outcome;
    bool started = false;
    int status;
    interrupt_watch();
    if (option[NO_SANDBOX].given) sandbox_turn_off();
    if (cli_run_open(values->operand, &store, e) &&
        verify_run(store, &request, context->controls, say_chosen, say_difference, &seed, &outcome, &started, e))
        status = say_outcome(&outcome);
    else status = started ? CLI_BROKEN : CLI_USAGE;
    store_close(store);
    return interrupt_signal() ? CLI_SIGNAL + interrupt_signal() : status;
}

const struct cli_command cli_verify = {
    .name = "verify",
    .operand = "RUN",
    .summary = "compute some units of a run again, and exit 1 where they differ",
    .details =
        "RUN is the folder of a finished run, which stays as it is. On the compute route of the run bytes are\n"
        "compared, on another one numbers within a tolerance, and the words of all verdicts. Files of explainers may\n"
        "be others, as another processor or compiler makes them.\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = verify,
};
