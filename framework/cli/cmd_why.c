/* cmd_why.c: `assay why`: what one verdict of a run rests on. */
#include "cli/cli.h"
#include "cli/run_open.h"
#include "reports/why.h"
#include "store/store.h"

#include <stdio.h>

enum { STAGE, WITH };

static const struct cli_option options[] = {
    [STAGE] = {.name = "stage",
               .kind = CLI_TEXT,
               .value = "NAME",
               .summary = "whose comparisons are shown (default: that which decided, or where most survives)"},
    [WITH] = {.name = "with",
              .kind = CLI_TEXT,
              .value = "RUN",
              .summary = "another run, with another init, order or seed: its settings count, too; may be given again",
              .many = true},
};

static bool check_asked(const struct cli_values *values, struct error *e) {
    if (values->operand_count == 3 || (!values->many_count && !values->option[STAGE].given)) return true;
    return error_set(e, "why: --stage and --with are about one verdict: RUN EXPLAINER CONTROL wanted");
}

static int why_run(const struct cli_context *context, const struct cli_values *values, struct error *e) {
    (void)context;
    struct store *store = NULL, *also[CLI_MANY_MAX] = {NULL};
    bool ok = check_asked(values, e) && cli_run_open(values->operands[0], &store, e);
    for (size_t k = 0; ok && k < values->many_count; k++) ok = cli_run_open(values->many[k], &also[k], e);
    const struct why_request request = {.explainer = values->operands[1],
                                        .control = values->operands[2],
                                        .stage = values->option[STAGE].text,
                                        .also = also,
                                        .also_names = values->many,
                                        .also_count = values->many_count};
    if (ok && !request.control) ok = why_list(store, values->operands[0], request.explainer, stdout, e);
    else ok = ok && why_write(store, &request, stdout, e);
    for (size_t k = 0; k < values->many_count; k++) store_close(also[k]);
    store_close(store);
    return ok ? CLI_EXPECTED : CLI_USAGE;
}

const struct cli_command cli_why = {
    .name = "why",
    .operand = "RUN [EXPLAINER] [CONTROL]",
    .summary = "show what a verdict rests on, down to single comparisons",
    .details = "RUN is a run folder. Without CONTROL the verdicts of a row are listed, without EXPLAINER the rows.\n"
               "Shown are shares by stage, comparisons, the settings in which the verdict is the\n"
               "same, where the variance comes from, and how many draws or inputs would decide what is open.\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = why_run,
};
