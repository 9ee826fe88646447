/* Planted evidence: networks in closed form that know where their evidence is: templates in noise, and windows that
 * hidden units look into. The truth is exact, where a trained network's is not. What the logit does not depend on gets
 * nothing, and what it depends on something: Sundararajan et al. 2017, arXiv:1703.01365, sections 2.1 and 4. Evidence
 * that is planted into data: Zhou et al. 2022, arXiv:2104.14403. */
#include "controls/controls.h"

#include "base/layout.h"
#include "controls/maps.h"
#include "controls/planted.h"
#include "controls/quadratic.h"
#include "judge/rules.h"

#include <math.h>

enum { DETECTOR_READING = PLANTED_READINGS - 1 };

static enum study_outcome run(const struct study_case *c, struct error *e) {
    struct planted p = {.channels = 0};
    bool detector = c->study->number < 2;
    enum study_outcome outcome = (detector ? planted_detector : planted_windows)(&p, c, c->study->number, e);
    if (outcome == STUDY_DONE) outcome = planted_measure(&p, c, e);
    c->values[DETECTOR_READING][0] = detector;
    planted_finish(&p);
    return outcome;
}

#define STUDY(text, k)                                                                                                 \
    {                                                                                                                  \
        .name = "planted-evidence/" text, .readings = planted_readings, .reading_count = PLANTED_READINGS,             \
        .inputs = PLANTED_INPUTS, .maps = PLANTED_MAPS, .number = k, .run = run                                        \
    }
static const struct study studies[] = {STUDY("templates-1", 0), STUDY("templates-2", 1), STUDY("windows-1", 2),
                                       STUDY("windows-2", 3)};

/* Two networks of templates and one of windows; of tables, which have no places, two of windows. Where nothing is below
 * 0 there, the quadratic function is looked at, too. */
static bool expand(struct plan *p, uint32_t index, const struct control_values *values, const struct battery *b,
                   uint32_t from, uint32_t to, struct error *e) {
    (void)values, (void)b, (void)to;
    if (from > 0) return true;
    bool table = layout_of(&p->graph->sample).kind == &layout_features;
    bool ok = true;
    for (uint32_t k = table ? 2 : 0; ok && k < (table ? 4u : 3u); k++) ok = plan_study(p, index, &studies[k], e);
    return ok && plan_study(p, index, &study_quadratic, e);
}

const struct control control_planted_evidence = {
    .id = "planted-evidence",
    .summary = "on networks that know where their evidence is: place, sign, and nothing besides",
    .source = "Sundararajan et al. 2017, arXiv:1703.01365, sections 2.1 and 4 (sensitivity); Zhou et al. 2022, "
              "arXiv:2104.14403",
    .claim = "the map is at the evidence for and against the class, has its sign, and follows nothing else",
    .standard = true,
    .rule = &rule_planted_evidence,
    .applies = maps_have_classes,
    .expand = expand,
};
