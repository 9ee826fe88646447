/* Rates and bounds of `assay calibrate`. */
#include "cli/calibrate.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

/* Clopper and Pearson's one-sided bounds: of none 1 - alpha^(1/n); others by scipy.stats.beta.ppf(.95, k + 1, n - k).
 */
Test(calibrate, bounds_are_clopper_pearsons) {
    static const struct {
        size_t hits, n;
        double bound;
    } cases[] = {{0, 1, .95},      {0, 36, .079837}, {0, 45, .064406}, {1, 10, .394163},
                 {3, 20, .343664}, {5, 5, 1},        {0, 0, 1}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
        cr_expect_float_eq(calibrate_bound(cases[k].hits, cases[k].n, .05), cases[k].bound, 1e-5, "case %zu: %g", k,
                           calibrate_bound(cases[k].hits, cases[k].n, .05));
}

static struct calibration make(size_t networks) {
    struct calibration c = {calloc(networks, sizeof *c.networks), networks};
    cr_assert_not_null(c.networks);
    for (size_t n = 0; n < networks; n++) {
        c.networks[n].kind = n < 2 ? "cnn" : "mlp";
        c.networks[n].words = calloc(2 * calibrate_row_count, sizeof *c.networks[n].words);
        cr_assert_not_null(c.networks[n].words);
        for (size_t k = 0; k < calibrate_row_count; k++)
            c.networks[n].words[k] = calibrate_rows[k].kind == CALIBRATE_HONEST ? "PASS" : "FAIL";
    }
    return c;
}

static void finish(struct calibration *c) {
    for (size_t n = 0; n < c->count; n++) free(c->networks[n].words);
    free(c->networks);
}

Test(calibrate, counts_rows_and_networks) {
    struct calibration c = make(4);
    cr_expect_not(calibrate_has_errors(&c));
    c.networks[0].words[0] = "FAIL";
    c.networks[0].words[1] = "FAIL";
    c.networks[2].words[0] = "SKIP"; /* was not judged */
    c.networks[3].words[0] = NULL;
    c.networks[3].words[1] = "INCONCLUSIVE";
    struct calibrate_rate fails = calibrate_rate_of(&c, CALIBRATE_HONEST, VERDICT_FAIL),
                          open = calibrate_rate_of(&c, CALIBRATE_HONEST, VERDICT_INCONCLUSIVE);
    size_t honest = 0;
    while (honest < calibrate_row_count && calibrate_rows[honest].kind == CALIBRATE_HONEST) honest++;
    cr_expect_eq(fails.rows, 4 * honest - 2);
    cr_expect(fails.hits == 2 && fails.networks.all == 4 && fails.networks.hits == 1);
    cr_expect(fails.kinds.all == 2 && fails.kinds.hits == 1);
    cr_expect_float_eq(fails.networks.most, calibrate_bound(1, 4, .05), 1e-12);
    cr_expect_float_eq(fails.kinds.most, calibrate_bound(1, 2, .05), 1e-12);
    cr_expect_float_eq(fails.share, 2. / (double)honest / 4, 1e-12, "every network counts the same");
    cr_expect(fails.lower <= fails.share && fails.upper >= fails.share && fails.lower >= 0);
    cr_expect_eq(open.hits, 1);
    cr_expect(calibrate_has_errors(&c), "an honest row FAILs");
    finish(&c);
}

Test(calibrate, a_miss_is_an_error_and_a_dose_is_none) {
    for (size_t k = 0; k < calibrate_row_count; k++) {
        struct calibration c = make(2);
        c.networks[1].words[k] = calibrate_rows[k].kind == CALIBRATE_HONEST ? "FAIL" : "PASS";
        cr_expect_eq(calibrate_has_errors(&c), calibrate_rows[k].kind != CALIBRATE_DOSE, "%s", calibrate_rows[k].name);
        c.networks[1].words[k] = "INCONCLUSIVE";
        cr_expect_not(calibrate_has_errors(&c), "%s", calibrate_rows[k].name);
        finish(&c);
    }
}

Test(calibrate, nothing_says_nothing) {
    struct calibration c = {NULL, 0};
    struct calibrate_rate r = calibrate_rate_of(&c, CALIBRATE_HONEST, VERDICT_FAIL);
    cr_expect(r.rows == 0 && isnan(r.share));
    cr_expect_float_eq(r.networks.most, 1, 1e-12);
    cr_expect_float_eq(r.kinds.most, 1, 1e-12);
}
