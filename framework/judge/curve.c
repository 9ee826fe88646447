/* curve.c: the rows behind figures and tables. */
#include "judge/curve.h"

#include "judge/samples.h"

#include <math.h>

bool curve_put(const struct judge_case *c, const struct curve *k, double *y, struct store *store, struct error *e) {
    uint32_t n = case_inputs(c), missing = 0;
    samples_similarity(c, c->row, k->stage, c->draws, k->measure, k->view, y);
    for (size_t i = 0; i < (size_t)c->draws * n; i++)
        missing += isnan(y[i]) && !samples_constant(c, k->view, (uint32_t)(i % n));
    struct interval s = interval_two_way(y, c->draws, n);
    const double none = (double)NAN;
    struct curve_row row = {
        .explainer = case_row(c)->name,
        .control = c->view->controls[c->control].control->id,
        .stage = plan_stage_name(c->view->plan, c->control, k->stage),
        .measure = measures[k->measure]->id,
        .view = view_name(k->view),
        .stage_index = k->stage,
        .stage_count = samples_stages(c),
        .similarity = s.mean,
        .similarity_lower = interval_lower(&s, .05),
        .similarity_upper = interval_upper(&s, .05),
        .floor = k->measure == 0 ? c->floor[k->view] : none,
        .ceiling = k->measure == 0 ? c->repeat[k->view] : none,
        .share = k->share ? k->share->mean : none,
        .share_lower = k->share ? interval_lower(k->share, k->alpha_fail) : none,
        .share_upper = k->share ? interval_upper(k->share, k->alpha_pass) : none,
        .inputs = n,
        .draws = c->draws,
        .vanished = (double)missing / ((double)c->draws * n),
        .logit_r = k->logit_r,
        .decision = k->decision,
    };
    return store_put_curve(store, &row, e);
}
