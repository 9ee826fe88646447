/* surprise.h: the verdicts that are not as expected, what would accept each, and what they make of the exit code. */
#ifndef ASSAY_REPORTS_SURPRISE_H
#define ASSAY_REPORTS_SURPRISE_H

#include "base/text.h"
#include "reports/text_words.h"
#include "reports/verdict_table.h"

/* One or several cells of a row: an ERROR with one reason under several controls is one, and so is what was not run. */
struct surprise {
    const struct verdict_row *cell; /* the first; borrowed from the table */
    size_t explainer, control;      /* its place there */
    size_t count;                   /* of cells */
};

/* The next one at or behind cell *at (from 0), which moves behind it; false: there is none. Summaries count. */
bool surprise_next(const struct verdict_table *, size_t *at, struct surprise *);

/* "gradient under cascading, independent". */
void surprise_add_name(struct text *, const struct verdict_table *, const struct surprise *);

/* What an entry under `expect` says that accepts the verdict: "ROW/CONTROL: WORD", as YAML. Nothing, and false, of an
 * ERROR, which is to be mended, of what was not run, and of summaries. */
bool expect_add_entry(struct text *, const struct verdict_row *);
/* The key of such an entry alone: "ROW/CONTROL", or the row's where control is NULL. */
void expect_add_key(struct text *, const char *explainer, const char *control);
/* What a person may do about it: the entry, or where the run had a baseline the command that writes into that.
 * `folder`: of the run; NULL: where the text lies. Nothing, and false, where there is no entry. */
bool surprise_add_remedy(struct text *, const struct verdict_row *, const char *folder, const char *baseline);
/* Whether it should have failed and did not. */
bool surprise_is_mended(const struct verdict_row *);

/* The exit code of the run (DESIGN.md, Exit codes), from what it stored: 0, 1, 3 or 4. `wrong`: a canary is. */
int surprise_exit_code(const struct verdict_table *, bool wrong);

struct verdict_counts {
    size_t verdicts, expected, words[VERDICT_STYLES];
    size_t unjudged, open; /* rows: nothing judged; undecided overall */
    size_t mended;         /* should have failed, and did not */
};
struct verdict_counts verdict_counts_of(const struct verdict_table *);
/* "2 PASS, 4 FAIL". */
void verdict_counts_add_words(struct text *, const struct verdict_counts *);

#endif
