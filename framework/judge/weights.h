/* weights.h: what weights.c measured, for the words of the verdict. Private to weights*.c. */
#ifndef ASSAY_JUDGE_WEIGHTS_H
#define ASSAY_JUDGE_WEIGHTS_H

#include "judge/case.h"
#include "measure/interval.h"

enum decision { OPEN, PASSES, FAILS, DOMINATED, VANISHED, NO_CONTROL, NO_MAGNITUDE };

struct test {
    uint32_t stage;
    enum view view;
    enum decision decision;
    struct interval kept;   /* vanished maps dropped: bounds a PASS */
    struct interval filled; /* vanished maps counted as D = 0: bounds a FAIL */
    struct interval paired; /* non-negative maps: D minus that of the absolute gradient */
    double vanished;        /* share of cells */
};

struct weights_tests { /* what all tests of one explainer and control share */
    struct judge_case *c;
    double *y, *z; /* [draws][inputs] scratch */
    double alpha_pass, alpha_fail;
    struct test *tests, guard; /* tests: [stages][views] */
    uint32_t test_count;
    bool has_guard;
    double guard_base;
};

/* From the tests to a verdict and its reason. */
void weights_conclude(const struct weights_tests *, struct judgement *);

#endif
