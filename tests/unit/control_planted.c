/* What is read from maps of planted evidence, of maps that lie exactly on it, beside it, or on that of other classes.
 */
#include "controls/controls.h"
#include "controls/planted.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum map_kind { ON, ASIDE, NEXT_CLASS, MINUS };

/* An explainer that is told the places. */
struct lab {
    const struct planted *p;
    enum map_kind kind;
    double values[PLANTED_READINGS][PLANTED_INPUTS];
};

static double reading(const struct lab *l, const char *id) {
    for (uint32_t r = 0; r < PLANTED_READINGS; r++)
        if (strcmp(planted_readings[r].predicate.id, id) == 0) return l->values[r][0];
    cr_assert_fail("no reading %s", id);
    return 0;
}

/* Patterns of inputs whose other patterns moved stay where they are: those of the class are what is drawn. */
static enum study_outcome explain(void *user, const struct study_request *r, float *maps, struct error *e) {
    const struct lab *l = user;
    const struct planted *p = l->p;
    (void)e;
    cr_assert(r->x == p->x || r->x == p->moved);
    memset(maps, 0, r->n * p->count * sizeof *maps);
    for (uint32_t i = 0; i < r->n; i++)
        for (size_t k = 0; k < p->count; k++) {
            size_t at = k % p->plane, aside = l->kind == ASIDE;
            uint32_t wanted = (r->targets[i] + (l->kind == NEXT_CLASS)) % PLANTED_CLASSES;
            if (p->where[i * p->plane + at] == wanted + 1 && k + aside < p->count)
                maps[i * p->count + k + aside] = l->kind == MINUS ? -1 : 1;
        }
    return STUDY_DONE;
}

static const struct {
    const char *name;
    enum map_kind kind;
    double miss, astray, right, here[2], overlap, wrong_sign;
} cases[] = {
    {"on it", ON, 0, 0, 0, {1, 1}, 1, 0},
    {"beside it", ASIDE, 0, 0, 1, {.3, .95}, 1, 0},
    {"another class's", NEXT_CLASS, 1, .9, NAN, {0, .05}, NAN, 1},
    {"against it", MINUS, 0, 0, 0, {1, 1}, 1, 1},
};

static void expect_near(const char *name, const char *what, double value, double due) {
    if (!isnan(due)) cr_expect_float_eq(value, due, .1, "%s: %s is %g", name, what, value);
}

Test(control_planted, readings_of_known_maps) {
    const struct shape sample = {3, {1, 28, 28}};
    const struct study_case seed = {.study = control_planted_evidence.study, .sample = &sample, .seed = 3};
    struct planted p = {.count = 0};
    struct error e = {{0}};
    cr_assert_eq(planted_detector(&p, &seed, 0, &e), STUDY_DONE, "%s", e.text);
    for (uint32_t i = 0; i < PLANTED_INPUTS; i++) cr_expect_eq(p.targets[i], i % PLANTED_CLASSES);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct lab l = {.p = &p, .kind = cases[c].kind};
        double *values[PLANTED_READINGS];
        struct study_case of = seed;
        for (uint32_t r = 0; r < PLANTED_READINGS; r++) {
            values[r] = l.values[r];
            for (uint32_t i = 0; i < PLANTED_INPUTS; i++) l.values[r][i] = (double)NAN;
        }
        of.values = values;
        of.host = (struct study_host){explain, NULL, &l};
        cr_assert_eq(planted_measure(&p, &of, &e), STUDY_DONE, "%s", e.text);
        expect_near(cases[c].name, "miss", reading(&l, "miss"), cases[c].miss);
        expect_near(cases[c].name, "astray", reading(&l, "astray"), cases[c].astray);
        expect_near(cases[c].name, "right", reading(&l, "right"), cases[c].right);
        expect_near(cases[c].name, "overlap", reading(&l, "overlap"), cases[c].overlap);
        expect_near(cases[c].name, "wrong-sign", reading(&l, "wrong-sign"), cases[c].wrong_sign);
        double here = reading(&l, "here");
        cr_expect(here >= cases[c].here[0] && here <= cases[c].here[1], "%s: here is %g", cases[c].name, here);
    }
    planted_finish(&p);
}
