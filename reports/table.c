/* The table of reports. */
#include "reports/writers.h"

const struct report reports[] = {
    {"text", "report.txt: the verdict table, as on the terminal, with the reason of every verdict", report_text_file,
     false},
    {"csv",
     "results.csv: one row per comparison; verdicts.csv: one row per verdict; network.csv: how well the network does",
     report_csv, false},
    {"json", "report.json: everything needed to compute a verdict again", report_json, false},
    {"junit", "junit.xml: one suite per control, one case per explainer, for a CI page", report_junit, false},
    {"figures", "figures/: similarity against stage, maps, verdict matrix; PNG and SVG with gnuplot scripts and data",
     report_figures, true},
    {.id = NULL},
};
