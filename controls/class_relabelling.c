/* Class relabelling: the rows of the last layer change places, and the class asked for goes with them: the map must
 * stay as it is. Implementation invariance, Sundararajan et al. 2017, arXiv:1703.01365, section 2.2. */
#include "controls/controls.h"

#include "base/rng.h"
#include "controls/class_rows.h"
#include "controls/maps.h"
#include "judge/rules.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define INPUTS 12u
/* Of the largest logit: sums of a row may be taken in another order at another place. */
#define TOLERANCE 1e-5

enum { DISTANCE, TARGET, MOVED, DEAD, READINGS };

static const struct study_reading readings[READINGS] = {
    [DISTANCE] = {{.id = "distance", .what = "the map stays as it is when the classes change places", .limit = 1e-3},
                  INPUTS},
    [TARGET] = {{.id = "target", .what = "the class of each distance", .limit = NAN}, INPUTS},
    [MOVED] = {{.id = "moved", .what = "the place where that class is then", .limit = NAN}, INPUTS},
    [DEAD] = {{.id = "dead", .what = "1: the map is 0 at one of the two places alone", .limit = NAN}, INPUTS},
};

/* Without a fixed point, and no shift of all classes by the same number: under a shift, class t + 1 would move as t
 * does. One out of few is one of these where there are four classes or more. */
static void draw_places(struct rng *rng, uint32_t classes, uint32_t *to) {
    bool good = false;
    while (!good) {
        bool fixed = false, shift = true;
        rng_permutation(rng, classes, to);
        for (uint32_t k = 0; k < classes; k++) {
            fixed = fixed || to[k] == k;
            shift = shift && (to[k] + classes - k) % classes == (to[0] + classes) % classes;
        }
        good = !fixed && !shift;
    }
}

struct work {
    uint32_t classes, n;
    uint32_t *to, *targets; /* [classes], [2 * INPUTS] */
    float *maps;            /* [2 * INPUTS][count] */
};

/* Every class in turn, so that one that is treated otherwise is among them: inputs are explained for any class. */
static void choose_targets(const struct study_case *c, struct rng *rng, const struct work *w) {
    uint32_t first = rng_below(rng, w->classes);
    for (uint32_t i = 0; i < w->n; i++) {
        uint32_t t = (first + i) % w->classes;
        w->targets[i] = t;
        w->targets[w->n + i] = w->to[t];
        c->values[TARGET][i] = t;
        c->values[MOVED][i] = w->to[t];
    }
}

static enum study_outcome measure(const struct study_case *c, const struct class_rows *rows, const struct work *w,
                                  struct error *e) {
    struct weights *other = NULL;
    struct rng rng = rng_stream(c->seed, c->study->name, 0);
    size_t count = shape_count(c->sample);
    draw_places(&rng, w->classes, w->to);
    choose_targets(c, &rng, w);
    enum study_outcome outcome = STUDY_FAILED;
    if (weights_copy(c->model, &other, e) && class_rows_permute(rows, c, w->to, other, e))
        outcome = class_rows_audit(c, other, w->to, NULL, TOLERANCE, w->n, c->x, e);
    for (uint32_t k = 0; outcome == STUDY_DONE && k < 2; k++) {
        const struct study_request r = {
            .weights = k ? other : c->model, .n = w->n, .x = c->x, .targets = w->targets + k * w->n, .own = true};
        outcome = c->host.explain(c->host.user, &r, w->maps + k * w->n * count, e);
    }
    for (uint32_t i = 0; outcome == STUDY_DONE && i < w->n; i++) {
        const float *map = w->maps + i * count, *moved = map + w->n * count;
        bool live = maps_norm(map, count) > 0, moved_live = maps_norm(moved, count) > 0;
        if (live || moved_live) c->values[DISTANCE][i] = maps_distance(map, moved, count);
        c->values[DEAD][i] = live != moved_live;
    }
    weights_destroy(other);
    return outcome;
}

static enum study_outcome run(const struct study_case *c, struct error *e) {
    struct class_rows rows;
    enum study_outcome outcome = STUDY_UNSUPPORTED;
    if (!class_rows_find(c, &rows, e)) return outcome;
    if (rows.classes < 4) {
        error_set(e, "%u classes: every way to change places without one staying is a shift by the same number.",
                  rows.classes);
        return outcome;
    }
    struct work w = {.classes = rows.classes, .n = c->inputs < INPUTS ? c->inputs : INPUTS};
    w.to = malloc((rows.classes + 2 * INPUTS) * sizeof *w.to);
    w.maps = malloc(2 * w.n * shape_count(c->sample) * sizeof *w.maps);
    w.targets = w.to ? w.to + rows.classes : NULL;
    if (w.to && w.maps) outcome = measure(c, &rows, &w, e);
    else outcome = study_memory(e);
    free(w.to);
    free(w.maps);
    return outcome;
}

static const struct study study = {.name = "class-relabelling",
                                   .readings = readings,
                                   .reading_count = READINGS,
                                   .inputs = INPUTS,
                                   .maps = 2 * INPUTS,
                                   .run = run};

const struct control control_class_relabelling = {
    .id = "class-relabelling",
    .summary = "the classes change places in the last layer, and the one explained with them: the map must stay",
    .source = "Sundararajan et al. 2017, arXiv:1703.01365, section 2.2 (implementation invariance)",
    .claim = "the map of a class does not depend on its number, nor on which classes stand beside it",
    .standard = true,
    .quick = true,
    .rule = &rule_class_relabelling,
    .applies = maps_have_classes,
    .study = &study,
};
