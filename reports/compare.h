/* compare.h: runs side by side: what became of each verdict since the first run, differences with intervals, and ranks
 * as far as intervals tell them apart. */
#ifndef ASSAY_REPORTS_COMPARE_H
#define ASSAY_REPORTS_COMPARE_H

#include "reports/sheet.h"
#include "reports/verdict_table.h"

#include <jansson.h>

enum change {
    CHANGE_NONE,
    CHANGE_BETTER,
    CHANGE_WORSE, /* a regression: no longer as expected, a graver word, new and not as expected, or gone */
    CHANGE_OTHER  /* new and as expected, or expected both times */
};

/* From a verdict of the first run to that of a later one; NULL: the run has none. */
enum change compare_change(const struct verdict_row *first, const struct verdict_row *later);

struct compare_number {
    double value, lower, upper; /* NaN: not known */
};
/* later - first. The interval joins the bounds of both, as Zou & Donner 2008 do ("Construction of confidence limits
 * about effect measures", Statistics in Medicine 27, 1693-1702), for independent runs: where two runs share inputs it
 * is too wide rather than too narrow. */
struct compare_number compare_difference(const struct compare_number *first, const struct compare_number *later);

/* The ranks that values may have whose intervals are these, from 1, the smallest first: what overlaps is not ranked. */
struct compare_rank {
    size_t best, worst;
};
void compare_ranks(const struct compare_number *, size_t count, struct compare_rank *out);

#define COMPARE_SHEETS 4u

struct compare_run {
    const char *name; /* borrowed */
    struct verdict_table verdicts;
    json_t *record; /* NULL: none */
    char *accuracy; /* NULL: not known */
};
struct compare {
    struct compare_run *runs;
    size_t count;
    bool whole;   /* cells that are SKIP in every run that has them, too; otherwise a note counts them */
    size_t width; /* of lines of a terminal; 0: as long as they are */
    struct sheet sheets[COMPARE_SHEETS]; /* changes, verdicts, ranks, what differs between the runs */
    size_t regressions;
    size_t skipped; /* cells that are left out */
    struct text note;
};

bool compare_add_run(struct compare *, const char *name, struct store *, struct error *);
/* Of two runs at least: fills the sheets and counts regressions. */
bool compare_make(struct compare *, struct error *);
void compare_finish(struct compare *);

#endif
