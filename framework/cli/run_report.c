/* run_report.c: the reports of a run that came to its end, and its verdicts on standard output. */
#include "cli/run_report.h"

#include "cli/print_plan.h"
#include "workers/interrupt.h"

#include <stdio.h>
#include <string.h>

/* A report that may fail costs a warning. */
static bool write_reports(struct store *store, const struct report *writers, const struct run_telling *telling,
                          struct error *e) {
    for (const struct report *report = writers; report->id; report++) {
        struct error problem = {{0}};
        if (interrupt_signal()) return error_set(e, "interrupted");
        if (report->on_demand || (!telling->figures && strcmp(report->id, "figures") == 0) ||
            report->write(store, telling->folder, &problem))
            continue;
        if (interrupt_signal()) return error_set(e, "interrupted");
        if (!report->optional) return error_set(e, "report %s: %s", report->id, problem.text);
        cli_message("warning: report %s: %s", report->id, problem.text);
    }
    return true;
}

static bool say_verdicts(struct store *store, const struct run_telling *telling, struct error *e) {
    const struct report_style style = {
        .colour = telling->colour, .figures = telling->figures, .folder = telling->folder, .width = cli_width()};
    if (!telling->format->write(store, stdout, &style, e)) return false;
    if (strcmp(telling->format->id, "table") != 0) return true;
    printf("every reason: %s/report.txt", telling->folder);
    if (telling->figures) printf("; figures: %s/figures", telling->folder);
    putchar('\n');
    return true;
}

/* The run holds its store open meanwhile: what is reported is what it stored, whatever lies in the folder by now. */
int cli_run_report(const struct run_outcome *outcome, const struct cli_context *context,
                   const struct run_telling *telling, struct error *e) {
    if (outcome->shared) {
        if (strcmp(telling->format->id, "quiet") == 0) return CLI_SHARE;
        printf("%s: a shard is done, and nothing is judged yet: 'assay merge' puts all of them together\n",
               telling->folder);
        return CLI_SHARE;
    }
    if (!outcome->store) {
        print_plan(&outcome->cost, stdout);
        return outcome->exit_code;
    }
    bool ok = write_reports(outcome->store, context->reports, telling, e) && say_verdicts(outcome->store, telling, e) &&
              store_check_file(outcome->store, e);
    return ok ? outcome->exit_code : CLI_BROKEN;
}

void cli_run_say_broken(const struct run_telling *telling, const char *message, int status) {
    if (telling->format->say_broken && *message) telling->format->say_broken(stdout, message, status);
}

void cli_run_remove_reports(void *table, const char *folder) {
    reports_remove(table, folder);
}
