/* Similarity against stage as a drawing of lines, in the colours of the page. */
#include "reports/html.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEFT 34.0
#define TOP 8.0
#define PLOT_WIDTH 470.0
#define PLOT_HEIGHT 150.0
#define NAMES_MOST 24u /* of stages below the axis; of more every second, third, ... is named */
#define NAME_CHARACTERS 22u
#define NAME_ROOM 64.0

static const char *const classes[CURVE_VIEWS] = {"sa", "sn", "aa", "an"};

struct plot {
    struct html *h;
    struct curve curves[CURVE_VIEWS];
    const struct curve *longest;
    struct measure_axis axis;
    double highest;
    bool lines; /* from stage to stage, with the original before the first; else points of different things */
};

static double at_x(const struct plot *p, double stage) {
    return LEFT + PLOT_WIDTH * (stage + (p->lines ? 0 : .5)) / (double)p->longest->count;
}

/* Nothing leaves the frame: the interval of a mean near the highest value may. */
static double at_y(const struct plot *p, double value) {
    double top = p->highest, inside = fmax(p->axis.lowest, fmin(value, top));
    return TOP + PLOT_HEIGHT * (top - inside) / (top - p->axis.lowest);
}

static bool survey(struct plot *p, const struct verdict_row *v) {
    double lowest = measures[0]->highest;

    curve_find_all(&p->h->curves, v->explainer, v->control, measures[0]->id, p->curves);
    for (size_t i = 0; i < CURVE_VIEWS; i++) {
        const struct curve *c = &p->curves[i];
        if (c->count && (!p->longest || c->count > p->longest->count)) p->longest = c;
        for (size_t k = 0; k < c->count; k++)
            lowest = fmin(lowest, fmin(c->points[k].similarity, curve_band(measures[0], &c->points[k]).lower));
    }
    p->axis = curve_axis(measures[0], lowest);
    p->highest = measures[0]->highest;
    p->lines = p->longest && p->longest->count > 2;
    return p->longest != NULL;
}

/* The name of place i below the axis, cut to what fits. */
static void add_name(struct plot *p, size_t i, size_t step) {
    const size_t count = p->longest->count, stage = p->lines ? i : i + 1; /* from 1; 0: the original */
    const bool turned = count > 5;
    const double x = at_x(p, (double)i), y = TOP + PLOT_HEIGHT + 14;
    struct text *out = &p->h->out;

    if (stage && (stage - 1) % step && stage != count) return;
    char *name = text_clean(stage ? p->longest->points[stage - 1].stage : "original");
    for (size_t bytes = 0, k = 0; name && name[bytes]; k++) {
        uint32_t code;
        if (k == NAME_CHARACTERS) name[bytes] = '\0';
        else bytes += utf8_next(name + bytes, &code);
    }
    text_add(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\"", x, y, turned ? "end" : "middle");
    if (turned) text_add(out, " transform=\"rotate(-35 %.1f %.1f)\"", x, y);
    text_add(out, ">");
    text_add_xml(out, name ? name : "");
    text_add(out, "</text>\n");
    out->failed = out->failed || !name;
    free(name);
}

static void add_axes(struct plot *p) {
    struct text *out = &p->h->out;
    size_t step = p->longest->count / NAMES_MOST + 1;

    for (double y = p->axis.lowest; y <= p->highest + 1e-9; y += p->axis.step)
        text_add(out,
                 "<path class=\"grid\" d=\"M%.1f %.1fh%.1f\"/><text x=\"%.1f\" y=\"%.1f\" "
                 "text-anchor=\"end\">%.4g</text>\n",
                 LEFT, at_y(p, y), PLOT_WIDTH, LEFT - 5, at_y(p, y) + 4, fabs(y) < 1e-9 ? 0 : y);
    for (size_t i = 0; i < p->longest->count + p->lines; i++) add_name(p, i, step);
    text_add(out, "<path class=\"axis\" d=\"M%.1f %.1fv%.1fh%.1f\"/>\n", LEFT, TOP, PLOT_HEIGHT, PLOT_WIDTH);
}

/* Stages that no verdict rests on. */
static void add_excluded(struct plot *p, const struct verdict_row *v) {
    double half = PLOT_WIDTH / (double)p->longest->count / 2;

    for (size_t i = 0; i < p->longest->count; i++)
        if (curve_set_excludes(&p->h->curves, v->explainer, v->control, p->longest->points[i].stage_index)) {
            double x = at_x(p, (double)i + p->lines), right = fmin(x + half, LEFT + PLOT_WIDTH);
            text_add(&p->h->out, "<rect class=\"grey\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
                     x - half, TOP, right - (x - half), PLOT_HEIGHT);
        }
}

typedef double value_of(const struct curve_row *, double delta);
static double similarity_of(const struct curve_row *r, double delta) {
    (void)delta;
    return r->similarity;
}
static double floor_of(const struct curve_row *r, double delta) {
    (void)delta;
    return r->floor;
}
static double ceiling_of(const struct curve_row *r, double delta) {
    (void)delta;
    return r->ceiling;
}
/* Where the share that survives is delta. */
static double limit_of(const struct curve_row *r, double delta) {
    return r->floor + delta * (r->ceiling - r->floor);
}

/* A path through the values that are there; between points of different things it is a dash for each. */
static void add_line(struct plot *p, const struct curve *c, const char *class, value_of *value, double delta,
                     bool from_original) {
    struct text path = {0};
    bool pen = false;

    if (from_original && p->lines) {
        double repeated = isnan(c->points->ceiling) ? p->highest : c->points->ceiling;
        text_add(&path, "M%.1f %.1f", at_x(p, 0), at_y(p, repeated));
        pen = true;
    }
    for (size_t i = 0; i < c->count; i++) {
        double y = value(&c->points[i], delta), x = at_x(p, (double)i + p->lines);
        if (isnan(y)) pen = false;
        else if (!p->lines) text_add(&path, "M%.1f %.1fh48", x - 24, at_y(p, y));
        else text_add(&path, "%c%.1f %.1f", pen ? 'L' : 'M', x, at_y(p, y));
        pen = !isnan(y);
    }
    if (path.data) text_add(&p->h->out, "<path class=\"%s\" d=\"%s\"/>\n", class, path.data);
    p->h->out.failed = p->h->out.failed || path.failed;
    text_finish(&path);
}

static void add_band(struct plot *p, const struct curve *c) {
    struct text *out = &p->h->out;
    bool any = false;

    for (size_t i = 0; i < c->count; i++) {
        const struct curve_row *r = &c->points[i];
        double x = at_x(p, (double)i + p->lines), next = at_x(p, (double)i + p->lines + 1);
        const bool last = i + 1 == c->count;
        const struct curve_band band = curve_band(measures[0], r), after = curve_band(measures[0], r + !last);
        if (isnan(band.lower)) continue;
        double low = at_y(p, band.lower), high = at_y(p, band.upper);
        if (!p->lines || c->count < 2)
            text_add(out, "<path class=\"bar\" d=\"M%.1f %.1fV%.1fm-5 0h10M%.1f %.1fh10\"/>\n", x, low, high, x - 5,
                     low);
        else if (!last && !isnan(after.lower)) {
            text_add(out, "%s%.1f %.1fL%.1f %.1fV%.1fL%.1f %.1fz", any ? "M" : "<path class=\"band\" d=\"M", x, high,
                     next, at_y(p, after.upper), at_y(p, after.lower), x, low);
            any = true;
        }
    }
    if (any) text_add(out, "\"/>\n");
}

static void add_points(struct plot *p, const struct curve *c) {
    for (size_t i = 0; i < c->count; i++)
        if (!isnan(c->points[i].similarity))
            text_add(&p->h->out, "<circle class=\"dot\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>\n",
                     at_x(p, (double)i + p->lines), at_y(p, c->points[i].similarity));
}

static double delta_of(const struct html *h) {
    const json_t *delta = json_object_get(json_object_get(h->run, "rule"), "delta");
    return json_is_number(delta) ? json_number_value(delta) : (double)NAN;
}

static void add_drawing(struct plot *p, const struct verdict_row *v) {
    struct text *out = &p->h->out;
    const struct curve *judged = NULL;
    double foot = p->longest->count > 5 ? NAME_ROOM : 22, delta = delta_of(p->h);

    text_add(out, "<svg class=\"plot\" viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"",
             LEFT + PLOT_WIDTH + (p->lines ? 24 : 8), TOP + PLOT_HEIGHT + foot);
    text_add_xml(out, v->explainer);
    text_add(out, " under ");
    text_add_xml(out, v->control);
    text_add(out, ": similarity with the original map by stage; its numbers stand below\">\n");
    add_excluded(p, v);
    add_axes(p);
    for (size_t i = 0; i < CURVE_VIEWS; i++) {
        const struct curve *c = &p->curves[i];
        if (!c->count) continue;
        text_add(out, "<g class=\"%s\">\n", classes[i]);
        if (curve_views[i].primary) {
            if (!judged) judged = c;
            add_band(p, c);
            add_line(p, c, "floor", floor_of, 0, false);
            add_line(p, c, "ceiling", ceiling_of, 0, false);
        }
        if (p->lines) add_line(p, c, "line", similarity_of, 0, true);
        add_points(p, c);
        text_add(out, "</g>\n");
    }
    if (judged && !isnan(delta)) add_line(p, judged, "limit", limit_of, delta, false);
    text_add(out, "</svg>\n");
}

static void add_key(struct text *out, const char *id, const char *title) {
    text_add(out,
             " <span class=\"keep\"><svg class=\"key\" aria-hidden=\"true\" viewBox=\"0 0 30 12\"><use href=\"#%s\"/>"
             "</svg>%s</span>",
             id, title);
}

/* "90 % band" and the like are said once for all curves, in front of the first (html.c). */
static void add_legend(struct plot *p) {
    struct text *out = &p->h->out;

    text_add(out, "<figcaption>%s with the original map: mean of %u inputs and %u draws.", measures[0]->title,
             (unsigned)p->longest->points->inputs, (unsigned)p->longest->points->draws);
    for (size_t i = 0; i < CURVE_VIEWS; i++) {
        char id[8];
        snprintf(id, sizeof id, "k-%s", classes[i]);
        if (p->curves[i].count) add_key(out, id, curve_views[i].title);
    }
    text_add(out, "</figcaption>\n");
}

void html_define_curves(struct html *h) {
    text_add(&h->out, "<svg class=\"defs\" aria-hidden=\"true\">\n");
    for (size_t i = 0; i < CURVE_VIEWS; i++)
        text_add(&h->out,
                 "<symbol id=\"k-%s\" viewBox=\"0 0 30 12\"><g class=\"%s\"><path class=\"line\" d=\"M1 6h28\"/>"
                 "<circle class=\"dot\" cx=\"15\" cy=\"6\" r=\"3\"/></g></symbol>\n",
                 classes[i], classes[i]);
    static const char *const others[] = {"floor", "ceiling", "limit"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        text_add(&h->out,
                 "<symbol id=\"k-%s\" viewBox=\"0 0 30 12\"><g class=\"sa\"><path class=\"%s\" d=\"M1 6h28\"/></g>"
                 "</symbol>\n",
                 others[i], others[i]);
    text_add(&h->out, "</svg>\n");
}

static void add_number(struct text *out, double value) {
    char number[NUMBER_SIZE];
    text_add(out, "<td>%s</td>", html_number(value, number));
}

static void add_numbers(struct plot *p) {
    struct text *out = &p->h->out;

    text_add(out, "<details><summary>Numbers</summary>\n<div class=\"scroll\" role=\"group\" aria-label=\"Numbers of "
                  "the curves\" tabindex=\"0\"><table class=\"plain\"><thead><tr><th scope=\"col\">view</th>"
                  "<th scope=\"col\">stage</th><th scope=\"col\">similarity</th><th scope=\"col\">90 %% band</th>"
                  "<th scope=\"col\">floor</th><th scope=\"col\">ceiling</th><th scope=\"col\">share D</th>"
                  "<th scope=\"col\">at least</th><th scope=\"col\">at most</th><th scope=\"col\">|r| of the "
                  "logits</th><th scope=\"col\">decision</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < CURVE_VIEWS; i++)
        for (size_t k = 0; k < p->curves[i].count; k++) {
            const struct curve_row *r = &p->curves[i].points[k];
            char low[NUMBER_SIZE], high[NUMBER_SIZE];
            text_add(out, "<tr><td>%s</td><th scope=\"row\">", curve_views[i].id);
            text_add_xml(out, r->stage);
            text_add(out, "</th>");
            add_number(out, r->similarity);
            const struct curve_band band = curve_band(measures[0], r);
            text_add(out, "<td>%s to %s</td>", html_number(band.lower, low), html_number(band.upper, high));
            const double values[] = {r->floor, r->ceiling, r->share, r->share_lower, r->share_upper, r->logit_r};
            for (size_t n = 0; n < sizeof values / sizeof *values; n++) add_number(out, values[n]);
            text_add(out, "<td>");
            text_add_xml(out, r->decision);
            text_add(out, "</td></tr>\n");
        }
    text_add(out, "</tbody></table></div></details>\n");
}

void html_add_curves(struct html *h, const struct verdict_row *v) {
    struct plot p = {.h = h};

    if (!survey(&p, v)) return;
    text_add(&h->out, "<figure>\n");
    add_drawing(&p, v);
    add_legend(&p);
    text_add(&h->out, "</figure>\n");
    add_numbers(&p);
}
