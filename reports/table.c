/* The table of reports. */
#include "base/remove_folder.h"
#include "base/text.h"
#include "reports/writers.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct report reports[] = {
    {.id = "text",
     .summary = "report.txt: the verdict table, as on the terminal, with the reason of every verdict",
     .files = {"report.txt"},
     .write = report_text_file},
    {.id = "csv",
     .summary = "results.csv: one row per comparison; verdicts.csv: one row per verdict; network.csv: how well the "
                "network does",
     .files = {"results.csv", "verdicts.csv", "network.csv"},
     .write = report_csv},
    {.id = "html",
     .summary = "report.html: one page with verdicts, curves, maps and all settings; needs nothing else",
     .files = {"report.html"},
     .write = report_html},
    {.id = "json",
     .summary = "report.json: everything needed to compute a verdict again",
     .files = {"report.json"},
     .write = report_json},
    {.id = "junit",
     .summary = "junit.xml: one suite per control, one case per explainer, for a CI page",
     .files = {"junit.xml"},
     .write = report_junit},
    {.id = "figures",
     .summary = "figures/: similarity against stage, maps, verdict matrix; PNG and SVG with gnuplot scripts and data",
     .files = {"figures/"},
     .write = report_figures,
     .optional = true},
    {.id = "markdown",
     .alias = "md",
     .summary = "report.md: the verdict table and its reasons, for a page of a repository or a pull request",
     .files = {"report.md"},
     .write = report_markdown,
     .on_demand = true},
    {.id = "latex",
     .alias = "tex",
     .summary = "report.tex: the verdict table for a paper (booktabs, graphicx), with the numbers",
     .files = {"report.tex"},
     .write = report_latex,
     .on_demand = true},
    {.id = "sarif",
     .summary = "report.sarif: what was not as expected, at lines of the battery, for code scanning (SARIF 2.1.0)",
     .files = {"report.sarif"},
     .write = report_sarif,
     .on_demand = true},
    {.id = NULL},
};

void reports_remove(const struct report *all, const char *folder) {
    for (const struct report *r = all; r->id; r++)
        for (size_t i = 0; i < REPORT_FILES_MOST && r->files[i]; i++) {
            size_t length = strlen(r->files[i]);
            bool is_folder = r->files[i][length - 1] == '/';
            char *path = text_format("%s/%.*s", folder, (int)(length - is_folder), r->files[i]);
            if (path && is_folder) remove_folder(path);
            else if (path) unlink(path);
            free(path);
        }
}
