/* Ending early. */
#include "run/early.h"

#include "base/clock.h"
#include "judge/judge.h"
#include "run/verdict.h"
#include "run/verdict_judge.h"

#include <stdio.h>

static bool can_be_held(const struct explainer_entry *r) {
    return !r->yardstick;
}

void early_begin(struct early *x, struct run *run, const struct run_options *options) {
    *x = (struct early){.options = options, .look_begun = clock_seconds()};
    for (uint32_t row = 0; options->fail_fast && row < run->explainer_count; row++)
        run->explainers[row].held = can_be_held(&run->explainers[row]);
    early_release(run);
}

bool early_release(struct run *run) {
    for (uint32_t row = 0; row < run->explainer_count; row++)
        if (run->explainers[row].held) {
            run->explainers[row].held = false;
            return true;
        }
    return false;
}

static void say_ended(struct early *x, struct run *run, uint32_t row, uint32_t control, enum verdict_word word) {
    const char *separator = " Not run: ";
    x->ended = true;
    run->labels_held = !x->labels;
    text_add(&x->said, "--fail-fast: %s under %s is %s.", run->explainers[row].name, run->controls[control].control->id,
             verdict_word_name(word));
    for (uint32_t k = 0; k < run->explainer_count; k++) {
        if (!run->explainers[k].held) continue;
        text_add(&x->said, "%s%s", separator, run->explainers[k].name);
        separator = ", ";
    }
    for (uint32_t k = 0; run->labels_held && k < run->control_count; k++) {
        if (!run->controls[k].control->rule->needs_training) continue;
        text_add(&x->said, "%s%s", separator, run->controls[k].control->id);
        separator = ", ";
    }
    text_add(&x->said, "%s", *separator == ',' ? "." : " No more draws were asked for.");
}

static bool check_row(struct early *x, struct run *run, const struct results *r, const struct draw_counts *counts,
                      uint32_t row, struct error *e) {
    for (uint32_t c = 0; !x->ended && c < run->control_count; c++) {
        struct judgement j;
        if (run->controls[c].control->rule->needs_training && !x->labels) continue;
        if (!verdict_judge(r, row, c, counts->draws[c * run->explainer_count + row], NULL, &j, e)) return false;
        const unsigned words = battery_expected(run->battery, run->explainers[row].name, run->controls[c].control->id);
        bool failed = (j.word == VERDICT_FAIL || j.word == VERDICT_ERROR) && !verdict_as_expected(words, &j);
        if (failed) say_ended(x, run, row, c, j.word);
    }
    return true;
}

bool early_check(struct early *x, struct run *run, const struct draw_counts *counts, struct error *e) {
    const struct experiment_view view = run_view(run);
    struct results *r;
    if (!x->options->fail_fast || x->ended) return true;
    if (!results_load(&view, run->store, &r, e)) return false;
    bool ok = true;
    for (uint32_t row = 0; ok && !x->ended && row < run->explainer_count; row++)
        if (can_be_held(&run->explainers[row]) && !run->explainers[row].held) ok = check_row(x, run, r, counts, row, e);
    results_destroy(r);
    return ok;
}

void early_note(struct early *x, uint32_t cells, uint32_t draws) {
    double now = clock_seconds(), work = (double)cells * draws;
    if (work > 0) x->seconds_per_draw = (now - x->look_begun) / work;
    x->look_begun = now;
}

bool early_has_time(struct early *x, const struct run *run, uint32_t cells, uint32_t draws, const char *open) {
    const double minutes = x->options->max_minutes, limit = 60 * minutes;
    double spent = clock_seconds() - run->begun, more = x->seconds_per_draw * cells * draws;
    if (minutes <= 0 || spent + more <= limit) {
        x->look_begun = clock_seconds();
        return true;
    }
    x->ended = true;
    text_add(&x->said, "--max-minutes %g: no more draws were asked for. Open for that: %s.", minutes, open);
    return false;
}

bool early_put(const struct early *x, struct run *run, struct error *e) {
    if (x->said.failed) return error_memory(e);
    if (x->said.data && !x->options->quiet)
        fprintf(stderr, "assay: ended early: %s To go on: the same command without it, and --resume\n", x->said.data);
    return store_set_meta(run->store, "ended", x->said.data ? x->said.data : "", e);
}

void early_finish(struct early *x) {
    text_finish(&x->said);
}
