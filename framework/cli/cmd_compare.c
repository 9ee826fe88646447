/* cmd_compare.c: `assay compare`: runs side by side, and whether something got worse. */
#include "cli/cli.h"
#include "cli/run_open.h"
#include "base/file.h"
#include "base/terminal.h"
#include "reports/compare.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FORMAT, OUTPUT, ALL };

static const char *const formats[] = {"table", "csv", "html", "markdown", "md", "latex", "tex", NULL};

static const struct cli_option options[] = {
    [FORMAT] = {.name = "format",
                .kind = CLI_CHOICE,
                .value = "FORMAT",
                .summary = "how it is written",
                .choices = formats,
                .fallback = "table"},
    [OUTPUT] = {.name = "output",
                .letter = 'o',
                .kind = CLI_TEXT,
                .value = "FILE",
                .summary = "the file to write to (default: standard output)"},
    [ALL] = {.name = "all", .kind = CLI_FLAG, .summary = "cells that are SKIP in every run, too; CSV always has them"},
};

static bool load(struct compare *c, const struct cli_values *values, struct error *e) {
    bool ok = true;
    for (size_t i = 0; ok && i < values->many_count; i++) {
        struct store *store = NULL;
        ok = cli_run_open(values->many[i], &store, e) && compare_add_run(c, values->many[i], store, e);
        store_close(store);
    }
    return ok;
}

static bool write_sheets(const struct compare *c, const char *format, const char *path, struct error *e) {
    const struct sheet_format *f = sheet_formats;
    struct text out = {0};
    while (strcmp(f->id, format) != 0 && !(f->alias && strcmp(f->alias, format) == 0)) f++;
    f->add(&out, "Comparison of runs", c->sheets, COMPARE_SHEETS);
    bool ok = !out.failed || error_memory(e);
    if (ok && path) ok = file_write(path, out.data, out.length, e);
    else if (ok) fwrite(out.data, 1, out.length, stdout);
    text_finish(&out);
    return ok;
}

static int compare_runs(const struct cli_context *context, const struct cli_values *values, struct error *e) {
    const char *path = values->option[OUTPUT].text;
    struct compare c = {0};
    int status = CLI_USAGE;
    (void)context;
    if ((!path || cli_writable(path, e)) && load(&c, values, e)) {
        const char *format = values->option[FORMAT].text;
        c.whole = values->option[ALL].given || strcmp(format, "csv") == 0;
        c.width = path ? 0 : terminal_columns(STDOUT_FILENO);
        bool ok = compare_make(&c, e) && write_sheets(&c, format, path, e);
        status = !ok ? CLI_BROKEN : c.regressions ? CLI_UNEXPECTED : CLI_EXPECTED;
    }
    if (status == CLI_UNEXPECTED)
        cli_message("%zu verdict%s worse than in %s", c.regressions, c.regressions == 1 ? " is" : "s are",
                    c.runs[0].name);
    compare_finish(&c);
    return status;
}

const struct cli_command cli_compare = {
    .name = "compare",
    .operand = "RUN RUN...",
    .summary = "show runs side by side, and exit 1 where a verdict got worse",
    .details = "RUNs are run folders, the one to compare with first. Worse is a verdict that is no longer as\n"
               "expected, a graver word, a new verdict that is not as expected, or one that is gone.\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = compare_runs,
};
