/* curve_set.h (private to reports/): the curves of the store in memory, in its order. */
#ifndef ASSAY_REPORTS_CURVE_SET_H
#define ASSAY_REPORTS_CURVE_SET_H

#include "measure/measure.h"
#include "reports/verdict_table.h"
#include "store/store.h"

#define CURVE_VIEWS 4u

struct curve_set {
    struct curve_row *points; /* of all curves */
    size_t count;
    size_t *starts; /* points that begin a run of one explainer's: in the store's order, an explainer has one run */
    size_t start_count;
    struct error *error;
};

bool curve_set_load(struct store *, struct curve_set *, struct error *);
void curve_set_finish(struct curve_set *);

/* The views in the order figures draw them, how a legend names each, and its colour in style.gp. */
struct curve_view {
    const char *id, *title, *colour, *line, *point;
    bool primary; /* drawn with band, floor and ceiling */
};
extern const struct curve_view curve_views[CURVE_VIEWS];

/* One curve: a point per stage; count 0 when there is none. */
struct curve {
    const struct curve_row *points;
    size_t count;
};
struct curve curve_find(const struct curve_set *, const char *explainer, const char *control, const char *measure,
                        const char *view);
/* The curves to draw of an explainer, by curve_views: those that only repeat another are left out. */
void curve_find_all(const struct curve_set *, const char *explainer, const char *control, const char *measure,
                    struct curve out[CURVE_VIEWS]);

/* Whether what survives of the explainer's maps at that stage is explained by the function that survives, in some view,
 * so that no verdict rests on it. */
bool curve_set_excludes(const struct curve_set *, const char *explainer, const char *control, uint32_t stage_index);

/* What goes with the curves that are drawn. */
struct curve_marks {
    bool band, floor, ceiling, excluded;
    uint32_t inputs, fewest, most; /* draws; most 0: no curve */
};
void curve_add_marks(const struct curve *, struct curve_marks *);

/* The explainers of the table with a curve, in its order: names[*count] of the table, in fresh memory. NULL: no memory.
 */
const char **curve_explainers(const struct curve_set *, const struct verdict_table *, const char *control,
                              const char *measure, size_t *count);

/* The shortest axis of the measure that shows the lowest value. */
struct measure_axis curve_axis(const struct measure *, double lowest);
/* Where it ends: that share of the longest axis above the highest value, so that no line lies on the frame. */
double curve_axis_end(const struct measure *, double share);

/* The two-sided band around a mean, cut at what the measure can be, which leaves it as likely to cover the mean; NaN
 * where there is none. (Fisher's z gave nearly all of [-1, 1] at few draws.) */
struct curve_band {
    double lower, upper;
};
struct curve_band curve_band(const struct measure *, const struct curve_row *);

/* Whether a ceiling was measured somewhere, so that a curve begins at the original. */
bool curve_has_ceiling(const struct curve *);

/* A number for gnuplot: NaN where there is none. */
const char *curve_number(double, char buffer[32]);

#endif
