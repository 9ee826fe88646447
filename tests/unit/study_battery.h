/* study_battery.h: batteries of one control that is a study, run whole, and what each row must get. */
#ifndef ASSAY_TESTS_UNIT_STUDY_BATTERY_H
#define ASSAY_TESTS_UNIT_STUDY_BATTERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FASHION "/usr/share/datasets/fashion-mnist/"
#define FASHION_DATA "idx:" FASHION "t10k-images-idx3-ubyte.gz," FASHION "t10k-labels-idx1-ubyte.gz\n  preprocess: unit"

extern char study_folder[64]; /* of the test that runs */
void study_make_folder(void);
void study_remove_folder(void);

/* A row of a battery, and what its verdict must begin with and hold. */
struct expected {
    const char *row; /* an explainer, the parameters of tests/bad/wrong-ways.c, bad/LIBRARY.so, or a mutant */
    const char *word, *reason;
};

struct battery_text {
    const char *model, *data, *control;
    uint32_t inputs;
    const struct expected *rows;
    size_t row_count;
};

#define ROWS(rows) rows, sizeof rows / sizeof *rows

/* verdicts[rows] of one run, "WORD annotation reason"; the caller frees each. */
void study_run(const struct battery_text *, uint64_t seed, bool resume, char **verdicts);
/* Runs it, and holds every row to what is expected of it. */
void study_expect(const struct battery_text *, uint64_t seed);

#endif
