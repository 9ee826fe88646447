/* What maps say of planted evidence. Of methods that draw random numbers four maps are asked for: what they have in
 * common is the map, and what products of different ones add up to is its energy. */
#include "base/array.h"
#include "controls/maps.h"
#include "controls/planted.h"
#include "explainers/explainer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define REPEATS 4u
#define REACH 6 /* places that a map may lie beside */
#define SHIFTS (2 * REACH + 1)
#define MISSED 1e-3 /* share of the map on the pattern for the class below which it is missed */
#define EVEN 1e-9   /* overlaps that differ by less are the same */
#define MOST_T 1e6

enum {
    MISS,
    ASTRAY,
    ASTRAY_SE,
    RIGHT,
    DOWN,
    PLACE_T,
    OVERLAP,
    HERE,
    WRONG_SIGN,
    WRONG_CHANNEL,
    SWAP,
    PRIOR,
    AGREEMENT,
    CONSTANT,
    DEAD,
    LIVE,
    NEGATIVE,
    EXACT,
    AGAINST,
    DETECTOR
};

#define LIMITED(name, text, most)                                                                                      \
    { {.id = name, .what = text, .limit = most}, 1 }
#define FREE(name, text) LIMITED(name, text, (double)NAN)
const struct study_reading planted_readings[PLANTED_READINGS] = {
    [MISS] = LIMITED("miss", "share of inputs whose map misses the pattern for the class", .10),
    [ASTRAY] = LIMITED("astray", "share of what maps say of patterns that is said of other classes' patterns", .55),
    [ASTRAY_SE] = FREE("astray-se", "standard error of that share"),
    [RIGHT] = FREE("right", "places to the right of its patterns where a map fits best"),
    [DOWN] = FREE("down", "places below its patterns where a map fits best"),
    [PLACE_T] = LIMITED("place-t", "t of the gain there over no shift", 4),
    [OVERLAP] = FREE("overlap", "share of maps on the patterns of the class, where they fit best"),
    [HERE] = FREE("here", "share of maps on the patterns of the class, without a shift"),
    [WRONG_SIGN] = LIMITED("wrong-sign", "share of inputs whose map is not above 0 on the pattern for the class", .40),
    [WRONG_CHANNEL] = LIMITED("wrong-channel", "the largest such share of a single channel", .50),
    [SWAP] = LIMITED("swap", "change of maps when other classes' patterns move, median", .10),
    [PRIOR] = LIMITED("prior", "mean cosine of the maps of two inputs whose evidence is at different places", .30),
    [AGREEMENT] = FREE("agreement", "energy that maps of different seeds have in common"),
    [CONSTANT] = FREE("constant", "share of constant maps"),
    [DEAD] = FREE("dead", "classes all of whose maps are constant, as bits"),
    [LIVE] = FREE("live", "classes none of whose maps are constant, as bits"),
    [NEGATIVE] = FREE("negative", "maps with a value below 0"),
    [EXACT] = FREE("exact", "share of the places beside all patterns of the class where maps are exactly 0"),
    [AGAINST] = FREE("against", "share of what maps say of the class's patterns that is said of the one against it"),
    [DETECTOR] = FREE("detector", "1: templates in noise; 0: windows"),
};

struct work {
    const struct planted *p;
    const struct study_case *c;
    uint32_t repeats;
    float *maps, *moved; /* [PLANTED_INPUTS][count], [PLANTED_MOVED][count]: means over repeats */
    float *energy;       /* [PLANTED_INPUTS][count]: products of different repeats; of one repeat its squares */
    float *one;          /* [PLANTED_INPUTS][count] */
    uint8_t *near;       /* [plane]: 1: on a pattern of the class or beside it, 2: of another class, 0: neither */
    double *gains;       /* [SHIFTS * SHIFTS][PLANTED_INPUTS]: overlaps */
    bool live[PLANTED_INPUTS];
};

/* ---- maps ---- */

static enum study_outcome ask(const struct work *w, const float *x, uint32_t n, uint32_t repeat, struct error *e) {
    const struct study_request r = {
        .weights = w->p->network.weights, .n = n, .repeat = repeat, .x = x, .targets = w->p->targets};
    return w->c->host.explain(w->c->host.user, &r, w->one, e);
}

/* Sums over repeats in w->maps and, of squares, in w->energy; and what repeats have in common. */
static enum study_outcome ask_maps(struct work *w, struct error *e) {
    size_t size = PLANTED_INPUTS * w->p->count;
    double s = w->repeats;
    for (uint32_t k = 0; k < w->repeats; k++) {
        enum study_outcome outcome = ask(w, w->p->x, PLANTED_INPUTS, k, e);
        if (outcome != STUDY_DONE) return outcome;
        for (size_t j = 0; j < size; j++) {
            w->maps[j] += w->one[j];
            w->energy[j] += w->one[j] * w->one[j];
        }
        outcome = ask(w, w->p->moved, PLANTED_MOVED, k, e);
        if (outcome != STUDY_DONE) return outcome;
        for (size_t j = 0; j < PLANTED_MOVED * w->p->count; j++) w->moved[j] += w->one[j] / (float)s;
    }
    double agreement = 0, inputs = 0;
    for (uint32_t i = 0; i < PLANTED_INPUTS; i++) {
        double common = 0, all = 0;
        for (size_t j = i * w->p->count; j < (i + 1) * w->p->count; j++) {
            double sum = (double)w->maps[j], squares = (double)w->energy[j];
            all += squares / s;
            if (w->repeats > 1) w->energy[j] = (float)((sum * sum - squares) / (s * (s - 1)));
            common += (double)w->energy[j];
            w->maps[j] = (float)(sum / s);
        }
        agreement += all > 0 ? common / all : 0;
        inputs += all > 0;
    }
    if (inputs > 0) w->c->values[AGREEMENT][0] = agreement / inputs;
    return STUDY_DONE;
}

static const float *map_of(const struct work *w, uint32_t i) {
    return w->maps + i * w->p->count;
}

static void read_life(struct work *w) {
    uint32_t constant = 0, negative = 0, dead[PLANTED_CLASSES] = {0}, all[PLANTED_CLASSES] = {0}, bits[2] = {0, 0};
    for (uint32_t i = 0; i < PLANTED_INPUTS; i++) {
        const float *map = map_of(w, i);
        bool below = false;
        w->live[i] = false;
        for (size_t k = 0; k < w->p->count; k++) {
            w->live[i] = w->live[i] || map[k] < map[0] || map[k] > map[0];
            below = below || map[k] < 0;
        }
        constant += !w->live[i];
        negative += below;
        dead[w->p->targets[i]] += !w->live[i];
        all[w->p->targets[i]]++;
    }
    for (uint32_t t = 0; t < PLANTED_CLASSES; t++) {
        if (dead[t] == all[t]) bits[0] |= 1u << t;
        if (!dead[t]) bits[1] |= 1u << t;
    }
    w->c->values[CONSTANT][0] = (double)constant / PLANTED_INPUTS;
    w->c->values[NEGATIVE][0] = negative;
    w->c->values[DEAD][0] = bits[0];
    w->c->values[LIVE][0] = bits[1];
}

/* ---- where ---- */

static bool is_own(const struct work *w, uint32_t i, uint8_t where) {
    return where && (where - 1u) % PLANTED_CLASSES == w->p->targets[i];
}

/* w->near of input i: patterns grown by one place; those of the class go first. */
static void grow(const struct work *w, uint32_t i) {
    const struct planted *p = w->p;
    const uint8_t *where = p->where + i * p->plane;
    memset(w->near, 0, p->plane);
    for (size_t y = 0; y < p->height; y++)
        for (size_t x = 0; x < p->width; x++)
            for (size_t ny = y ? y - 1 : 0; ny <= y + 1 && ny < p->height; ny++)
                for (size_t nx = x ? x - 1 : 0; nx <= x + 1 && nx < p->width; nx++) {
                    uint8_t *to = &w->near[y * p->width + x], pattern = where[ny * p->width + nx];
                    if (is_own(w, i, pattern)) *to = 1;
                    else if (pattern && !*to) *to = 2;
                }
}

/* On an element: its size; of several repeats the energy that they have in common. */
static double weight_at(const struct work *w, uint32_t i, size_t k) {
    return w->repeats > 1 ? (double)w->energy[i * w->p->count + k] : fabs((double)map_of(w, i)[k]);
}

static void read_shares(const struct work *w) {
    double sum = 0, squares = 0, n = 0, missed = 0, zeros = 0, outside = 0, both = 0;
    for (uint32_t i = 0; i < PLANTED_MOVED; i++) {
        double own = 0, other = 0, on = 0, against = 0, all = 0;
        if (!w->live[i]) continue;
        grow(w, i);
        for (size_t k = 0; k < w->p->count; k++) {
            size_t at = k % w->p->plane;
            double size = fabs((double)map_of(w, i)[k]);
            if (w->near[at] == 1) own += weight_at(w, i, k);
            if (w->near[at] == 2) other += weight_at(w, i, k);
            if (w->near[at] != 1) {
                zeros += !(size > 0);
                outside++;
            }
            all += size;
            if (w->p->where[i * w->p->plane + at] == w->p->targets[i] + 1) on += size;
            else if (is_own(w, i, w->p->where[i * w->p->plane + at])) against += size;
        }
        both += on + against > 0 ? against / (on + against) : 0;
        own = fmax(own, 0);
        other = fmax(other, 0);
        double q = own + other > 0 ? own / (own + other) : 0;
        missed += on < MISSED * all;
        sum += q;
        squares += q * q;
        n++;
    }
    if (!(n > 1)) return;
    w->c->values[MISS][0] = missed / n;
    w->c->values[AGAINST][0] = both / n;
    w->c->values[ASTRAY][0] = 1 - sum / n;
    w->c->values[ASTRAY_SE][0] = sqrt(fmax(squares / n - sum * sum / n / n, 0) / (n - 1));
    w->c->values[EXACT][0] = outside > 0 ? zeros / outside : 0;
}

/* ---- beside ---- */

/* Share of the map of input i on the class's patterns, shifted by (dy, dx). `plane` holds sizes over all channels. */
static double overlap(const struct work *w, uint32_t i, const double *plane, int dy, int dx) {
    const struct planted *p = w->p;
    double on = 0, all = 0;
    for (size_t k = 0; k < p->plane; k++) {
        long y = (long)(k / p->width) + dy, x = (long)(k % p->width) + dx;
        all += plane[k];
        if (!is_own(w, i, p->where[i * p->plane + k]) || y < 0 || x < 0 || y >= (long)p->height || x >= (long)p->width)
            continue;
        on += plane[(size_t)y * p->width + (size_t)x];
    }
    return all > 0 ? on / all : 0;
}

static double mean(const double *v, uint32_t n) {
    double sum = 0;
    for (uint32_t i = 0; i < n; i++) sum += v[i];
    return n ? sum / n : 0;
}

static uint32_t read_overlaps(const struct work *w, double *plane) {
    const struct planted *p = w->p;
    uint32_t n = 0;
    for (uint32_t i = 0; i < PLANTED_INPUTS; i++) {
        if (!w->live[i]) continue;
        memset(plane, 0, p->plane * sizeof *plane);
        for (size_t k = 0; k < p->count; k++) plane[k % p->plane] += fabs((double)map_of(w, i)[k]);
        for (int s = 0; s < SHIFTS * SHIFTS; s++) {
            int dy = s / SHIFTS - REACH, dx = s % SHIFTS - REACH;
            bool asked = dy == 0 || p->height > 1;
            w->gains[s * (int)PLANTED_INPUTS + (int)n] = asked ? overlap(w, i, plane, dy, dx) : 0;
        }
        n++;
    }
    return n;
}

/* t of the paired gain of the best shift over none. */
static void read_place(const struct work *w, double *plane) {
    const int none = REACH * SHIFTS + REACH;
    uint32_t n = read_overlaps(w, plane);
    const double *here = w->gains + none * (int)PLANTED_INPUTS;
    double sum = 0, squares = 0, best_mean = mean(here, n);
    int best = none;
    for (int s = 0; s < SHIFTS * SHIFTS; s++) {
        double m = mean(w->gains + s * (int)PLANTED_INPUTS, n);
        if (!(m > best_mean + EVEN)) continue;
        best = s;
        best_mean = m;
    }
    for (uint32_t i = 0; i < n; i++) {
        double gain = w->gains[best * (int)PLANTED_INPUTS + (int)i] - here[i];
        sum += gain;
        squares += gain * gain;
    }
    if (n < 2) return;
    double se = sqrt(fmax(squares / n - sum * sum / n / n, 0) / (n - 1));
    w->c->values[RIGHT][0] = best % SHIFTS - REACH;
    w->c->values[DOWN][0] = best / SHIFTS - REACH;
    w->c->values[PLACE_T][0] = best == none ? 0 : se > 0 ? fmin(sum / n / se, MOST_T) : MOST_T;
    w->c->values[OVERLAP][0] = best_mean;
    w->c->values[HERE][0] = mean(here, n);
}

/* ---- sign, swap, prior ---- */

static void read_signs(const struct work *w) {
    const struct planted *p = w->p;
    double wrong = 0, n = 0, worst = 0, channel[16] = {0};
    size_t channels = p->channels < 16 ? p->channels : 16;
    for (uint32_t i = 0; i < PLANTED_MOVED; i++) {
        double total = 0;
        if (!w->live[i]) continue;
        for (size_t c = 0; c < p->channels; c++) {
            double sum = 0;
            for (size_t k = 0; k < p->plane; k++)
                if (p->where[i * p->plane + k] == p->targets[i] + 1) sum += (double)map_of(w, i)[c * p->plane + k];
            total += sum;
            if (c < channels) channel[c] += !(sum > 0);
        }
        wrong += !(total > 0);
        n++;
    }
    for (size_t c = 0; c < channels; c++) worst = fmax(worst, channel[c]);
    if (!(n > 0)) return;
    w->c->values[WRONG_SIGN][0] = wrong / n;
    if (p->channels == 3)
        w->c->values[WRONG_CHANNEL][0] = worst / n; /* colours; letters are not looked at one by one */
}

static double cosine(const float *a, const float *b, size_t n) {
    double ab = 0, size = maps_norm(a, n) * maps_norm(b, n);
    for (size_t k = 0; k < n; k++) ab += (double)a[k] * (double)b[k];
    return size > 0 ? ab / size : 0;
}

/* Whether the class's patterns of input k lie on those of the input that w->near is of, or beside them. */
static bool meets(const struct work *w, uint32_t k) {
    for (size_t at = 0; at < w->p->plane; at++)
        if (w->near[at] == 1 && is_own(w, k, w->p->where[k * w->p->plane + at])) return true;
    return false;
}

/* Of inputs whose evidence is at different places: where it happens to be at the same, maps are rightly alike. */
static void read_prior(const struct work *w) {
    double sum[2] = {0, 0}, n[2] = {0, 0};
    for (uint32_t i = 0; i < PLANTED_MOVED; i++)
        for (uint32_t k = 0; k < i; k++) {
            bool same = w->p->targets[i] == w->p->targets[k];
            if (k == 0) grow(w, i);
            if (!w->live[i] || !w->live[k] || meets(w, k)) continue;
            sum[same] += cosine(map_of(w, i), map_of(w, k), w->p->count);
            n[same]++;
        }
    for (int same = 0; same < 2; same++)
        if (n[same] > 0 && !(w->c->values[PRIOR][0] >= sum[same] / n[same]))
            w->c->values[PRIOR][0] = sum[same] / n[same];
}

static void read_swap(const struct work *w) {
    double changes[PLANTED_MOVED];
    uint32_t n = 0;
    for (uint32_t i = 0; i < PLANTED_MOVED; i++)
        if (w->live[i]) changes[n++] = maps_distance(map_of(w, i), w->moved + i * w->p->count, w->p->count);
    w->c->values[SWAP][0] = array_median(changes, n);
}

enum study_outcome planted_measure(const struct planted *p, const struct study_case *c, struct error *e) {
    struct work w = {.p = p, .c = c, .repeats = c->claims & ASSAY_STOCHASTIC ? REPEATS : 1};
    size_t size = PLANTED_INPUTS * p->count;
    double *plane = malloc(p->plane * sizeof *plane);
    w.maps = calloc(4 * size, sizeof *w.maps);
    w.near = malloc(p->plane);
    w.gains = malloc(SHIFTS * SHIFTS * PLANTED_INPUTS * sizeof *w.gains);
    enum study_outcome outcome = STUDY_FAILED;
    if (!plane || !w.maps || !w.near || !w.gains) outcome = study_memory(e);
    else {
        w.moved = w.maps + size;
        w.energy = w.moved + size;
        w.one = w.energy + size;
        outcome = ask_maps(&w, e);
    }
    if (outcome == STUDY_DONE) {
        read_life(&w);
        read_shares(&w);
        read_place(&w, plane);
        read_signs(&w);
        read_swap(&w);
        read_prior(&w);
    }
    free(plane);
    free(w.maps);
    free(w.near);
    free(w.gains);
    return outcome;
}
