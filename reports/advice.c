/* What would decide an INCONCLUSIVE, from its numbers. */
#include "reports/advice.h"

#include "reports/projection.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_DRAWS 1000u
#define MOST_INPUTS 10000u

static bool is_of(const struct advice *a, const struct curve_row *r) {
    return strcmp(r->explainer, a->verdict->explainer) == 0 && strcmp(r->control, a->verdict->control) == 0;
}

/* A stage in a view of which a share was judged. */
static bool is_judged(const struct advice *a, const struct curve_row *r) {
    return is_of(a, r) && strcmp(r->measure, measures[0]->id) == 0 && !isnan(r->share);
}

static bool is_open(const struct advice *a, const struct curve_row *r) {
    return is_judged(a, r) && strcmp(r->decision, "open") == 0;
}

/* Whether maps of one input or of one draw are all there is. */
static bool is_single(const struct advice *a) {
    bool single = a->verdict->inputs < 2;
    for (size_t i = 0; i < a->curves->count && !single; i++)
        single = a->curves->points[i].draws < 2 && is_of(a, &a->curves->points[i]);
    return single;
}

static void add_more(struct text *out, const struct components *c, double limit, double alpha) {
    uint32_t draws = projection_draws(c, limit, alpha, MOST_DRAWS),
             inputs = projection_inputs(c, limit, alpha, MOST_INPUTS), of;
    bool alone = draws || inputs;
    text_add(out, "%s if D stays at %.3f: ", c->mean > limit ? "FAIL" : "PASS", c->mean);
    if (draws) text_add(out, "about %u draws of %u inputs", draws, c->inputs);
    if (draws && inputs) text_add(out, ", or ");
    if (inputs) text_add(out, "%u inputs with %u draws", inputs, c->draws);
    if (!alone && projection_both(c, limit, alpha, MOST_DRAWS, MOST_INPUTS, &draws, &of))
        text_add(out, "about %u draws of %u inputs, as neither alone does", draws, of);
    else if (!alone)
        text_add(out, "neither %u draws nor %u inputs: it is too near to %.2f", MOST_DRAWS, MOST_INPUTS, limit);
    text_add(out, "\n");
}

/* One test that is open; y: [draws][inputs] scratch. */
static void add_open(struct text *out, const struct advice *a, const struct curve_row *r, size_t tests, double *y) {
    const struct evidence *e = a->evidence;
    const double delta = a->rule->delta;
    unsigned view = view_named(r->view);
    text_add(out, "%s, %s: ", r->stage, r->view);
    if (r->share_lower > delta || r->share_upper < delta || view >= VIEW_COUNT || r->stage_index >= e->stages ||
        !evidence_share(e, 0, (enum view)view, r->stage_index, r->ceiling, y)) {
        text_add(out, "not its share, which is on one side; what is open is what it is compared with\n");
        return;
    }
    struct components c = components_of(y, e->draws, e->inputs);
    double alpha = c.mean > delta ? share_rule_fail(a->rule, tests) : share_rule_pass(a->rule, UINT32_MAX);
    if (isnan(c.rest)) text_add(out, "two draws and two inputs at least\n");
    else add_more(out, &c, delta, alpha);
}

/* Returns how many there are. */
static size_t add_stages(struct text *out, const struct advice *a, double *y) {
    const struct curve_set *curves = a->curves;
    size_t tests = 0, open = 0;
    for (size_t k = 0; k < curves->count; k++) tests += is_judged(a, &curves->points[k]);
    for (size_t k = 0; k < curves->count; k++) {
        if (!is_open(a, &curves->points[k])) continue;
        add_open(out, a, &curves->points[k], tests, y);
        open++;
    }
    return open;
}

static void add_all(struct text *out, const struct advice *a, double *y) {
    const struct verdict_row *v = a->verdict;
    size_t open = 0;
    if (is_single(a))
        text_add(out, "One input or one draw has no interval: data.inputs=6 and rule.draws=3 are the least that can "
                      "be judged, 30 inputs and 5 draws are usual.\n");
    else if (strstr(v->reason, "vanished"))
        text_add(out, "Maps vanish where nothing is left to explain: take other inputs, or draw fewer layers anew at "
                      "once (the control's groups).\n");
    else if ((open = add_stages(out, a, y)))
        text_add(out, "Inputs are set by data.inputs, draws by rule.draws. Where that is too much, say INCONCLUSIVE "
                      "under expect.\n");
    else
        text_add(out,
                 "More inputs make its interval narrower: data.inputs=%u. Where the number stays at the limit that the "
                 "reason names, the method stands on it.\n",
                 2 * v->inputs);
}

bool advice_add(struct text *out, const struct advice *a) {
    if (strcmp(a->verdict->verdict, "INCONCLUSIVE") != 0 || verdict_is_summary(a->verdict)) return true;
    if (verdict_is_not_run(a->verdict)) {
        text_add(out, "Run it: the same command without --fail-fast, and with --resume.\n");
        return !out->failed;
    }
    double *y = malloc(((size_t)a->evidence->draws * a->evidence->inputs + 1) * sizeof *y);
    if (y) add_all(out, a, y);
    free(y);
    return y && !out->failed;
}
