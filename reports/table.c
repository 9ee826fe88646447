/* The table of reports. */
#include "reports/writers.h"

const struct report reports[] = {
    {"text", "report.txt: the verdict table, as on the terminal, with the reason of every verdict", report_text_file,
     false, false},
    {"csv",
     "results.csv: one row per comparison; verdicts.csv: one row per verdict; network.csv: how well the network does",
     report_csv, false, false},
    {"html", "report.html: one page with verdicts, curves, maps and all settings; needs nothing else", report_html,
     false, false},
    {"json", "report.json: everything needed to compute a verdict again", report_json, false, false},
    {"junit", "junit.xml: one suite per control, one case per explainer, for a CI page", report_junit, false, false},
    {"figures", "figures/: similarity against stage, maps, verdict matrix; PNG and SVG with gnuplot scripts and data",
     report_figures, true, false},
    {"markdown", "report.md: the verdict table and its reasons, for a page of a repository or a pull request",
     report_markdown, false, true},
    {"latex", "report.tex: the verdict table for a paper (booktabs), with the numbers", report_latex, false, true},
    {.id = NULL},
};
