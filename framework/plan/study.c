/* A study in the plan: one unit, and a check for each reading. */
#include "plan/study.h"

enum study_outcome study_memory(struct error *e) {
    error_memory(e);
    return STUDY_FAILED;
}

bool plan_study(struct plan *p, uint32_t control, const struct study *study, struct error *e) {
    uint32_t unit, original;
    /* Every process begins with the original of its root. */
    bool ok = plan_original(p, ROOT_MODEL, NULL, 0, &original, e) && plan_study_unit(p, study->name, study, &unit, e);
    for (uint32_t k = 0; ok && k < study->reading_count; k++) {
        const struct study_reading *r = &study->readings[k];
        ok = plan_reading(p, control, &r->predicate, r->count, unit, e);
    }
    return ok;
}
