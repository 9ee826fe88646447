/* Quadratic identity: on f_c(x) = w_c.x + 1/2 sum_j l_cj (u_cj.x)^2 every method that adds up gradients gives a sum of
 * the vectors w_c and u_cj, or of these times x. Their shares say of which class the gradients are, their scale, and
 * the point that they were taken at. What gradients at one point and on a path are: Sundararajan et al. 2017,
 * arXiv:1703.01365, section 3; Ancona et al. 2018, arXiv:1711.06104, section 3. */
#include "controls/controls.h"

#include "base/rng.h"
#include "controls/least_squares.h"
#include "controls/maps.h"
#include "controls/networks.h"
#include "controls/quadratic.h"
#include "judge/rules.h"
#include "plan/study.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define INPUTS 16u
#define CLASSES 4u
#define SQUARES 6u                         /* of one class: j */
#define VECTORS (CLASSES * (1u + SQUARES)) /* w and u of all classes */
#define REGRESSORS (2u * VECTORS)          /* as they are, and times x */
#define LEAST_ELEMENTS 10u                 /* for two classes of one square: 8 regressors */
#define MOST_ELEMENTS 4096u                /* that are fitted */
#define TIMES 1e-3 /* share of the energy in the products with x from which on the form is "times" */

enum { FIT, OWN, SCALE, CENTRE, FORM, ALPHA, ALPHA_SE, BETA, BETA_SE, RESIDUAL, CLASS, DEAD, NEGATIVE, READINGS };

#define FREE(name, text, number)                                                                                       \
    { {.id = name, .what = text, .limit = (double)NAN}, number }
static const struct study_reading readings[READINGS] = {
    [FIT] = FREE("fit", "share of the map that is a sum of gradients (adjusted R2)", INPUTS),
    [OWN] = FREE("own", "share of that of the class asked for", INPUTS),
    [SCALE] = FREE("scale", "factor of the gradient", INPUTS),
    [CENTRE] = FREE("centre", "c of (x - c) times the gradient", INPUTS),
    [FORM] = FREE("form", "0: a gradient; 1: x - c times a gradient", 1),
    [ALPHA] = FREE("alpha", "the gradient is that at alpha x + beta", 1),
    [ALPHA_SE] = FREE("alpha-se", "standard error of alpha", 1),
    [BETA] = FREE("beta", "the gradient is that at alpha x + beta", 1),
    [BETA_SE] = FREE("beta-se", "standard error of beta", 1),
    [RESIDUAL] = FREE("residual", "what alpha and beta leave of the points, relative", 1),
    [CLASS] = FREE("class", "mean share of the class asked for, of the next, and so on", CLASSES),
    [DEAD] = FREE("dead", "maps of zeros", 1),
    [NEGATIVE] = FREE("negative", "maps with a value below 0", 1),
};

/* The function, and what a map of it is compared with. */
struct quadratic {
    uint32_t classes, squares, vectors;
    size_t count;                  /* elements */
    float *v;                      /* [vectors][count]: w of each class, then u of each class */
    float bend[CLASSES * SQUARES]; /* l: [classes][squares] */
    struct own_network network;
};

/* Fewer squares and classes where there are few elements: they must leave the fit something to miss. */
static bool choose_size(struct quadratic *q) {
    q->classes = q->count >= 32 ? CLASSES : 2;
    q->squares = q->count >= 100 ? SQUARES : q->count >= 32 ? (uint32_t)(q->count / 16) - 1 : 1;
    q->vectors = q->classes * (1 + q->squares);
    return q->count >= LEAST_ELEMENTS;
}

static const float *square_of(const struct quadratic *q, uint32_t c, uint32_t j) {
    return q->v + (q->classes + c * q->squares + j) * q->count;
}

static void draw(struct quadratic *q, const struct study_case *c) {
    struct rng rng = rng_stream(c->seed, c->study->name, 0);
    rng_normals(&rng, q->vectors * q->count, 0, 1 / sqrt((double)q->count), q->v);
    for (uint32_t k = 0; k < q->classes * q->squares; k++)
        q->bend[k] = (float)((2 + 2 * rng_uniform(&rng)) * (rng_below(&rng, 2) ? 1 : -1));
}

static bool build(struct quadratic *q, const struct shape *sample, struct error *e) {
    struct network_builder b;
    float half[CLASSES * CLASSES * SQUARES] = {0};
    uint32_t squares = q->classes * q->squares;
    for (uint32_t c = 0; c < q->classes; c++)
        for (uint32_t j = 0; j < q->squares; j++)
            half[c * squares + c * q->squares + j] = q->bend[c * q->squares + j] / 2;
    network_begin(&b, sample, e);
    network_node(&b, "Flatten", "flat", "x", NULL, NULL, NULL, 0);
    network_gemm(&b, "products", "flat", squares, q->count, q->v + q->classes * q->count, NULL);
    network_node(&b, "Mul", "squares", "products", "products", NULL, NULL, 0);
    network_gemm(&b, "bends", "squares", q->classes, squares, half, NULL);
    network_gemm(&b, "slopes", "flat", q->classes, q->count, q->v, NULL);
    network_node(&b, "Add", "logits", "bends", "slopes", NULL, NULL, 0);
    return network_end(&b, &q->network);
}

/* ---- one map ---- */

static double dot(const float *a, const float *b, size_t n) {
    double sum = 0;
    for (size_t k = 0; k < n; k++) sum += (double)a[k] * (double)b[k];
    return sum;
}

struct fit {
    double r2, energy[CLASSES]; /* of each class's part */
    double plain[VECTORS], times[VECTORS];
    double times_share; /* of the class's part: what is in the products with x */
};

/* Room for one fit. */
struct room {
    double gram[REGRESSORS * REGRESSORS], scratch[REGRESSORS * REGRESSORS], xy[REGRESSORS], c[REGRESSORS];
};

/* Regressor r at element k. */
static double regressor(const struct quadratic *q, const float *x, uint32_t r, size_t k) {
    double v = (double)q->v[(r % q->vectors) * q->count + k];
    return r < q->vectors ? v : v * (double)x[k];
}

/* From one element that is fitted to the next. */
static size_t step_of(const struct quadratic *q) {
    return (q->count + MOST_ELEMENTS - 1) / MOST_ELEMENTS;
}

static double add_products(const struct quadratic *q, const float *x, const float *map, struct room *room) {
    uint32_t n = 2 * q->vectors;
    size_t step = step_of(q);
    double row[REGRESSORS], size = 0;
    memset(room->gram, 0, sizeof room->gram);
    memset(room->xy, 0, sizeof room->xy);
    for (size_t k = 0; k < q->count; k += step) {
        for (uint32_t r = 0; r < n; r++) row[r] = regressor(q, x, r, k);
        for (uint32_t i = 0; i < n; i++)
            for (uint32_t j = 0; j <= i; j++) room->gram[i * n + j] += row[i] * row[j];
        for (uint32_t i = 0; i < n; i++) room->xy[i] += row[i] * (double)map[k];
        size += (double)map[k] * (double)map[k];
    }
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < i; j++) room->gram[j * n + i] = room->gram[i * n + j];
    return size;
}

/* Of vector v: its class. */
static uint32_t class_of(const struct quadratic *q, uint32_t v) {
    return v < q->classes ? v : (v - q->classes) / q->squares;
}

/* Energy of the part that class t has in the fit; of the products with x alone. */
static double part(const struct quadratic *q, const struct room *room, uint32_t t, bool products) {
    uint32_t n = 2 * q->vectors;
    double sum = 0;
    for (uint32_t i = products ? q->vectors : 0; i < n; i++)
        for (uint32_t j = products ? q->vectors : 0; j < n; j++)
            if (class_of(q, i % q->vectors) == t && class_of(q, j % q->vectors) == t)
                sum += room->c[i] * room->c[j] * room->gram[i * n + j];
    return sum;
}

/* False: the map is zero everywhere. */
static bool fit_map(const struct quadratic *q, const float *x, uint32_t t, const float *map, struct room *room,
                    struct fit *out) {
    double size = add_products(q, x, map, room), explained = 0;
    *out = (struct fit){.r2 = 0};
    if (!(size > 0) || !least_squares(2 * q->vectors, room->gram, room->xy, room->scratch, room->c)) return false;
    for (uint32_t r = 0; r < 2 * q->vectors; r++) explained += room->c[r] * room->xy[r];
    size_t step = step_of(q), elements = (q->count + step - 1) / step;
    /* A map that has nothing of them is at 0, however few elements there are. */
    out->r2 = 1 - (1 - explained / size) * (double)elements / (double)(elements - 2 * q->vectors);
    for (uint32_t c = 0; c < q->classes; c++) out->energy[c] = part(q, room, c, false);
    out->times_share = out->energy[t] > 0 ? part(q, room, t, true) / out->energy[t] : 0;
    memcpy(out->plain, room->c, q->vectors * sizeof *out->plain);
    memcpy(out->times, room->c + q->vectors, q->vectors * sizeof *out->times);
    return true;
}

/* ---- all maps ---- */

/* The points that the gradients of class t come from are alpha x + beta: u.point = alpha u.x + beta u.1. */
struct points {
    double xx, x1, one, xp, op, pp; /* sums of products of u.x, u.1 and u.point */
    uint32_t count;
};

static void add_points(const struct quadratic *q, const float *x, uint32_t t, const struct fit *f, bool times,
                       struct points *p) {
    const double *c = times ? f->times : f->plain;
    for (uint32_t j = 0; j < q->squares; j++) {
        const float *u = square_of(q, t, j);
        double ux = dot(u, x, q->count), u1 = 0;
        for (size_t k = 0; k < q->count; k++) u1 += (double)u[k];
        double point = c[q->classes + t * q->squares + j] / (c[t] * (double)q->bend[t * q->squares + j]);
        p->xx += ux * ux;
        p->x1 += ux * u1;
        p->one += u1 * u1;
        p->xp += ux * point;
        p->op += u1 * point;
        p->pp += point * point;
        p->count++;
    }
}

static void read_points(const struct points *p, double *const *values) {
    double determinant = p->xx * p->one - p->x1 * p->x1;
    if (p->count < 3 || !(determinant > 0) || !(p->pp > 0)) return;
    double alpha = (p->xp * p->one - p->op * p->x1) / determinant, beta = (p->op * p->xx - p->xp * p->x1) / determinant,
           left = fmax(p->pp - alpha * p->xp - beta * p->op, 0), variance = left / (p->count - 2);
    values[ALPHA][0] = alpha;
    values[BETA][0] = beta;
    values[ALPHA_SE][0] = sqrt(variance * p->one / determinant);
    values[BETA_SE][0] = sqrt(variance * p->xx / determinant);
    values[RESIDUAL][0] = sqrt(left / p->pp);
}

static void read_map(const struct quadratic *q, const struct fit *f, uint32_t i, uint32_t t, double *const *values) {
    bool times = f->times_share > TIMES;
    double total = 0, s = times ? f->times[t] : f->plain[t];
    for (uint32_t c = 0; c < q->classes; c++) total += f->energy[c];
    values[FIT][i] = f->r2;
    values[OWN][i] = f->energy[t] / total;
    values[SCALE][i] = s;
    if (times) values[CENTRE][i] = -f->plain[t] / s;
    for (uint32_t k = 0; k < q->classes; k++) values[CLASS][k] += f->energy[(t + k) % q->classes] / total;
}

static bool goes_below(const float *map, size_t n) {
    for (size_t k = 0; k < n; k++)
        if (map[k] < 0) return true;
    return false;
}

static bool read_maps(const struct quadratic *q, const float *x, const float *maps, double *const *values,
                      struct error *e) {
    struct room *room = malloc(sizeof *room);
    struct points points[2] = {{.count = 0}, {.count = 0}};
    uint32_t live = 0, times = 0;
    if (!room) return error_memory(e);
    for (uint32_t k = 0; k < q->classes; k++) values[CLASS][k] = 0;
    for (uint32_t i = 0; i < INPUTS; i++) {
        struct fit fit;
        uint32_t t = i % q->classes;
        if (!fit_map(q, x + i * q->count, t, maps + i * q->count, room, &fit)) continue;
        read_map(q, &fit, i, t, values);
        for (int form = 0; form < 2; form++) add_points(q, x + i * q->count, t, &fit, form == 1, &points[form]);
        times += fit.times_share > TIMES;
        live++;
    }
    free(room);
    for (uint32_t k = 0; k < q->classes; k++) values[CLASS][k] /= live ? live : 1;
    values[NEGATIVE][0] = 0;
    for (uint32_t i = 0; i < INPUTS; i++) values[NEGATIVE][0] += goes_below(maps + i * q->count, q->count);
    values[FORM][0] = 2 * times > live;
    values[DEAD][0] = INPUTS - live;
    read_points(&points[2 * times > live], values);
    return true;
}

/* Uniform in [0, b] with b from .3 to 1: x is not the only vector that points where it does. */
static void draw_inputs(const struct quadratic *q, const struct study_case *c, float *x, uint32_t *targets) {
    struct rng rng = rng_stream(c->seed, c->study->name, 1);
    for (uint32_t i = 0; i < INPUTS; i++) {
        double brightness = .3 + .7 * rng_uniform(&rng);
        for (size_t k = 0; k < q->count; k++) x[i * q->count + k] = (float)(brightness * rng_uniform(&rng));
        targets[i] = i % q->classes;
    }
}

static enum study_outcome measure(struct quadratic *q, const struct study_case *c, float *x, struct error *e) {
    uint32_t targets[INPUTS];
    float *maps = x + INPUTS * q->count;
    draw(q, c);
    draw_inputs(q, c, x, targets);
    if (!build(q, c->sample, e)) return STUDY_FAILED;
    const struct study_request r = {.weights = q->network.weights, .n = INPUTS, .x = x, .targets = targets};
    enum study_outcome outcome = c->host.explain(c->host.user, &r, maps, e);
    if (outcome != STUDY_DONE) return outcome;
    return read_maps(q, x, maps, c->values, e) ? STUDY_DONE : STUDY_FAILED;
}

static enum study_outcome run(const struct study_case *c, struct error *e) {
    struct quadratic q = {.count = shape_count(c->sample)};
    enum study_outcome outcome = STUDY_UNSUPPORTED;
    if (!choose_size(&q)) {
        error_set(e, "An input of %zu elements: the quadratic function wants %u or more.", q.count, LEAST_ELEMENTS);
        return outcome;
    }
    q.v = malloc(q.vectors * q.count * sizeof *q.v);
    float *x = malloc(2 * INPUTS * q.count * sizeof *x);
    outcome = q.v && x ? measure(&q, c, x, e) : study_memory(e);
    own_network_finish(&q.network);
    free(q.v);
    free(x);
    return outcome;
}

const struct study study_quadratic = {.name = "quadratic-identity",
                                      .readings = readings,
                                      .reading_count = READINGS,
                                      .inputs = INPUTS,
                                      .maps = INPUTS,
                                      .run = run};

static bool expand(struct plan *p, uint32_t index, const struct control_values *values, const struct battery *b,
                   uint32_t from, uint32_t to, struct error *e) {
    (void)values, (void)b, (void)to;
    return from > 0 || plan_study(p, index, &study_quadratic, e);
}

const struct control control_quadratic_identity = {
    .id = "quadratic-identity",
    .summary = "on a quadratic function: of which class, at which point and how large the gradients in a map are",
    .source =
        "Sundararajan et al. 2017, arXiv:1703.01365, section 3; Ancona et al. 2018, arXiv:1711.06104, section 3.1",
    .claim = "where the map is a sum of gradients, they are those of the class asked for, at the input or on the whole "
             "path, in full size",
    .standard = true,
    .quick = true,
    .rule = &rule_quadratic_identity,
    .applies = maps_have_classes,
    .expand = expand,
};
