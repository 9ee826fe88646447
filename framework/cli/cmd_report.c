/* cmd_report.c: `assay report`: the reports of a run that is there, written again from its store. */
#include "cli/cli.h"
#include "cli/run_open.h"
#include "base/file.h"
#include "base/table_names.h"
#include "base/text.h"
#include "reports/console.h"
#include "workers/interrupt.h"

#include <signal.h>
#include <stdio.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { FORMAT, OUTPUT, COLOUR };

static const struct cli_option options[] = {
    [FORMAT] = {.name = "format",
                .kind = CLI_TEXT,
                .value = "LIST",
                .summary = "which: some of those below, with commas (default: those that a run writes)"},
    [OUTPUT] = {.name = "output",
                .letter = 'o',
                .kind = CLI_TEXT,
                .value = "DIR",
                .summary = "the folder to write into (default: the run folder)"},
    [COLOUR] = CLI_COLOUR,
};

static bool is_called(const char *id, const char *name, size_t length) {
    return id && strlen(id) == length && memcmp(id, name, length) == 0;
}

static const struct report *find_format(const struct report *all, const char *name, size_t length) {
    const struct report *r = all;
    while (r->id && !is_called(r->id, name, length) && !is_called(r->alias, name, length)) r++;
    return r->id ? r : NULL;
}

static bool say_unknown(const struct report *all, const char *name, size_t length, struct error *e) {
    size_t n;
    const char **names = table_names(all, sizeof *all, offsetof(struct report, id), &n);
    char *asked = text_format("%.*s", (int)length, name);
    if (asked && names) cli_unknown("format", asked, names, n, ", or table, github or tap alone", e);
    else error_memory(e);
    free(asked);
    free(names);
    return false;
}

/* Every name of the list is a report. */
static bool check_formats(const struct report *all, const char *list, struct error *e) {
    for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        size_t length = strcspn(at, ",");
        if (!find_format(all, at, length)) return say_unknown(all, at, length, e);
    }
    return true;
}

static bool is_wanted(const struct report *all, const struct report *one, const char *list) {
    if (!list) return !one->on_demand;
    for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
        if (find_format(all, at, strcspn(at, ",")) == one) return true;
    return false;
}

static bool write_all(struct store *store, const struct report *all, const char *list, const char *folder,
                      struct error *e) {
    for (const struct report *r = all; r->id; r++) {
        struct error problem = {{0}};
        if (!is_wanted(all, r, list)) continue;
        if (interrupt_signal()) return error_set(e, "interrupted");
        if (r->write(store, folder, &problem)) continue;
        if (!r->optional || list) return error_set(e, "report %s: %s", r->id, problem.text);
        cli_message("warning: report %s: %s", r->id, problem.text);
    }
    return true;
}

/* Of those a run has on standard output, the ones that no file has. */
static const struct console_format *find_console(const char *list) {
    bool printed = list && (strcmp(list, "table") == 0 || strcmp(list, "github") == 0 || strcmp(list, "tap") == 0);
    return printed ? console_find(list) : NULL;
}

static bool print_console(struct store *store, const struct console_format *format, const char *folder, bool colour,
                          struct error *e) {
    char *figures = text_format("%s/figures", folder);
    const struct report_style style = {
        .colour = colour, .figures = figures && file_exists(figures), .folder = folder, .width = cli_width()};
    bool ok = figures ? format->write(store, stdout, &style, e) : error_memory(e);
    free(figures);
    return ok;
}

static int print_run(const struct cli_values *values, const struct console_format *format, struct error *e) {
    const char *folder = values->operand;
    struct store *store = NULL;
    int status = CLI_USAGE;
    if (values->option[OUTPUT].given)
        error_set(e, "--output: %s is printed on standard output: no folder wanted", format->id);
    else if (cli_run_open(folder, &store, e))
        status =
            print_console(store, format, folder, cli_colour(&values->option[COLOUR]), e) ? CLI_EXPECTED : CLI_BROKEN;
    store_close(store);
    return status;
}

static int report_run(const struct cli_context *context, const struct cli_values *values, struct error *e) {
    const char *folder = values->operand, *list = values->option[FORMAT].text;
    const char *to = values->option[OUTPUT].given ? values->option[OUTPUT].text : folder;
    struct store *store = NULL;
    int status = CLI_USAGE;
    const struct console_format *console = find_console(list);
    if (console) return print_run(values, console, e);
    interrupt_watch();
    signal(SIGXFSZ, SIG_IGN); /* a file that may grow no further is an error, and not the end of the process */
    if (check_formats(context->reports, list, e) && cli_run_open(folder, &store, e) && file_make_folder(to, e))
        status = write_all(store, context->reports, list, to, e) ? CLI_EXPECTED : CLI_BROKEN;
    store_close(store);
    return interrupt_signal() ? CLI_SIGNAL + interrupt_signal() : status;
}

const struct cli_command cli_report = {
    .name = "report",
    .operand = "RUN",
    .summary = "write the reports of a run folder again",
    .details = "RUN is a run folder; nothing is computed again. LIST is some of text, csv, html, json, junit,\n"
               "figures, markdown, latex, sarif; the last three are written on demand only. table, github and\n"
               "tap, each alone, go to standard output, as of a run.\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = report_run,
};
