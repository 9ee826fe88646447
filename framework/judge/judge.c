/* judge.c: a case goes to the rule of its control. */
#include "judge/judge.h"

bool judge(const struct results *r, uint32_t row, uint32_t control, uint32_t draws, struct store *curves,
           struct judgement *out, struct error *e) {
    struct judge_case c;
    case_begin(&c, r, row, control, draws);
    *out = judgement_begin(r);
    bool ok = c.rule->decide(&c, out, curves, e);
    return ok && (!r->sentences->failed || error_memory(e));
}
