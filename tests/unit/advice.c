/* What an INCONCLUSIVE is told would decide it. */
#include "reports/advice.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#define DRAWS 4u
#define INPUTS 3u
#define STAGES 2u
#define CELLS (DRAWS * INPUTS)

/* Similarities of two stages: draws differ by `spread` around `mean`, inputs a little. The floor is 0. */
struct made {
    char *stage[STAGES];
    uint32_t input[INPUTS];
    double similar[VIEW_COUNT * STAGES * CELLS], different[VIEW_COUNT * DRAWS];
};

static struct evidence make(struct made *m, double mean, double spread) {
    static const double side[DRAWS] = {-1, 1, -.5, .5};
    *m = (struct made){0};
    for (size_t k = 0; k < VIEW_COUNT * STAGES * CELLS; k++)
        m->similar[k] = mean + spread * side[k / INPUTS % DRAWS] + .01 * (double)(k % INPUTS);
    return (struct evidence){STAGES, DRAWS, INPUTS, m->stage, m->input, m->similar, m->different};
}

static const struct share_rule rule = {.05, .3, {5, 10, 20}};

static void expect_advice(const struct verdict_row *v, const struct curve_set *curves, const struct evidence *e,
                          const char *wanted) {
    const struct advice about = {v, curves, e, &rule};
    struct text text = {0};
    cr_expect(advice_add(&text, &about));
    if (wanted) cr_expect(text.data && strstr(text.data, wanted), "`%s` is missing: %s", wanted, text.data);
    else cr_expect_null(text.data);
    text_finish(&text);
}

Test(advice, follows_from_the_numbers) {
    static const struct {
        const char *verdict, *control, *reason;
        uint32_t inputs, draws;
        double mean, spread, lower, upper;
        const char *wanted; /* NULL: nothing is said */
    } cases[] = {
        {"PASS", "c", "", 3, 4, .1, .1, 0, .2, NULL},
        {"UNINFORMATIVE", "c", "", 3, 4, .3, .1, .2, .4, NULL},
        {"INCONCLUSIVE", "overall", "joined", 3, 4, .3, .1, .2, .4, NULL},
        {"INCONCLUSIVE", "c", "one", 1, 4, NAN, 0, NAN, NAN, "One input or one draw"},
        {"INCONCLUSIVE", "c", "one", 3, 1, NAN, 0, NAN, NAN, "One input or one draw"},
        {"INCONCLUSIVE", "c", "90 % of the maps vanished", 3, 4, NAN, 0, NAN, NAN, "Maps vanish"},
        {"INCONCLUSIVE", "c", "D", 3, 4, .44, .1, .1, .7, "fc2, signed/all: FAIL if D stays at 0.450: about "},
        {"INCONCLUSIVE", "c", "D", 3, 4, .14, .1, .0, .5, "fc2, signed/all: PASS if D stays at 0.150: about "},
        {"INCONCLUSIVE", "c", "D", 3, 4, .14, .1, .0, .5, "Inputs are set by data.inputs, draws by rule.draws."},
        /* draws alone differ: no number of inputs helps */
        {"INCONCLUSIVE", "c", "D", 3, 4, .291, .2, .1, .5, "neither 1000 draws nor 10000 inputs"},
        /* what is open is another condition */
        {"INCONCLUSIVE", "c", "D less r", 3, 4, .6, .1, .5, .7, "not its share"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct made made;
        struct evidence evidence = make(&made, cases[i].mean, cases[i].spread);
        struct curve_row point = {.explainer = "x",
                                  .control = cases[i].control,
                                  .stage = "fc2",
                                  .measure = "spearman",
                                  .view = "signed/all",
                                  .decision = "open",
                                  .ceiling = 1,
                                  .inputs = cases[i].inputs,
                                  .draws = cases[i].draws,
                                  .share = cases[i].mean,
                                  .share_lower = cases[i].lower,
                                  .share_upper = cases[i].upper};
        const struct curve_set curves = {.points = &point, .count = 1};
        const struct verdict_row v = {.explainer = "x",
                                      .control = cases[i].control,
                                      .verdict = cases[i].verdict,
                                      .reason = cases[i].reason,
                                      .first_stage = "fc2",
                                      .inputs = cases[i].inputs,
                                      .draws = cases[i].draws};
        expect_advice(&v, &curves, &evidence, cases[i].wanted);
    }
}

/* Priors and magnitudes have no share of a stage: no projection is made up. */
Test(advice, of_what_is_no_stage) {
    const struct curve_set none = {0};
    const struct evidence nothing = {0};
    const struct verdict_row v = {
        .explainer = "x", .control = "c", .verdict = "INCONCLUSIVE", .reason = "a", .inputs = 30, .draws = 20};
    expect_advice(&v, &none, &nothing, "data.inputs=60");
}
