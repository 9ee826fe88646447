/* run_report.c: the reports of a run that came to its end, and its table on the terminal. */
#include "cli/run_report.h"

#include "cli/print_plan.h"
#include "reports/report.h"
#include "run/run.h"
#include "workers/interrupt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* All reports into the folder, and the verdicts on the terminal. A report that may fail costs a warning. */
static bool write_reports(struct store *store, const struct report *writers, const char *folder, bool figures,
                          struct error *e) {
    for (const struct report *report = writers; report->id; report++) {
        struct error problem = {{0}};
        if (interrupt_signal()) return error_set(e, "interrupted");
        if (report->on_demand || (!figures && strcmp(report->id, "figures") == 0) ||
            report->write(store, folder, &problem))
            continue;
        if (interrupt_signal()) return error_set(e, "interrupted");
        if (!report->optional) return error_set(e, "report %s: %s", report->id, problem.text);
        cli_message("warning: report %s: %s", report->id, problem.text);
    }
    const char *plain = getenv("NO_COLOR"); /* https://no-color.org */
    if (!report_text(store, stdout, isatty(STDOUT_FILENO) && !(plain && *plain), false, e)) return false;
    printf("every reason: %s/report.txt", folder);
    if (figures) printf("; figures: %s/figures", folder);
    putchar('\n');
    return true;
}

int cli_run_report(const struct run_outcome *outcome, const struct cli_context *context, const char *folder,
                   bool figures, struct error *e) {
    if (outcome->shared) {
        printf("%s: a shard is done, and nothing is judged yet: 'assay merge' puts all of them together\n", folder);
        return CLI_SHARE;
    }
    if (!outcome->store) {
        print_plan(&outcome->cost, stdout);
        return outcome->exit_code;
    }
    bool ok =
        write_reports(outcome->store, context->reports, folder, figures, e) && store_check_file(outcome->store, e);
    return ok ? outcome->exit_code : CLI_BROKEN;
}

void cli_run_remove_reports(void *table, const char *folder) {
    reports_remove(table, folder);
}
