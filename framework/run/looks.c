/* looks.c: the waves of a run: the first look, and more draws for what is open. */
#include "run/looks.h"

#include "base/text.h"
#include "experiment/setup.h"
#include "run/early.h"
#include "run/live.h"
#include "run/network.h"
#include "run/ranks.h"
#include "run/schedule.h"
#include "run/verdict_judge.h"

/* What no control reads, but the gates do: the originals, repetitions and jittered inputs. */
static bool put_gates(struct run *run, struct error *e) {
    bool ok = true;
    for (uint32_t i = 0; ok && i < run->plan.attribution_count; i++) {
        const struct attribution *a = &run->plan.attributions[i];
        if (!attribution_is_unmodified(a) || !a->wants) continue;
        struct use_row row = {.control = CONTROL_GATES, .stage = a->key, .stage_index = i, .variant = a->key};
        ok = store_put_use(run->store, &row, e);
    }
    return ok;
}

static bool put_uses(struct run *run, struct error *e) {
    bool ok = store_begin(run->store, e) && put_gates(run, e);
    for (uint32_t i = 0; ok && i < run->plan.use_count; i++) {
        const struct use *u = &run->plan.uses[i];
        struct use_row row = {run->controls[u->control].control->id, u->stage, u->stage_index, u->draw,
                              run->plan.attributions[u->attribution].key};
        ok = store_put_use(run->store, &row, e);
    }
    return ok && store_commit(run->store, e);
}

static bool label_wave(struct run *run, const struct draw_counts *counts, unsigned jobs, struct progress *progress,
                       struct error *e) {
    const struct network *truth = run_network(run, NETWORK_TRUE, 0);
    if (!truth || !truth->weights) return true; /* every label verdict will be ERROR, with the reason */
    struct error why;
    if (!setup_inputs(run, ROOT_LABELS, &why)) {
        struct network *n = run_network(run, NETWORK_TRUE, 0);
        n->failure = text_copy(why.text);
        return n->failure || error_memory(e);
    }
    return ranks_labels(run->ranks, run, e) && schedule_run(run, WAVE_LABELS, counts, jobs, progress, e);
}

/* Explainers that are still undecided under a weight randomisation get more draws: 5, 10, 20. Where there are none,
 * *known are the results, which is all there will be. */
static bool mark_open(struct run *run, struct draw_counts *counts, uint32_t from, uint32_t to,
                      struct progress *progress, uint32_t *marked, struct text *open, struct results **known,
                      struct error *e) {
    const struct experiment_view view = run_view(run);
    struct results *r;
    if (!results_load(&view, run->store, &r, e)) return false;
    bool ok = true;
    live_judge(progress, r, counts);
    for (uint32_t c = 0; ok && c < run->control_count; c++)
        for (uint32_t row = 0; ok && row < run->explainer_count; row++) {
            uint32_t *draws = &counts->draws[c * run->explainer_count + row];
            if (!run->controls[c].control->rule->sequential || *draws != from || run->explainers[row].yardstick)
                continue;
            struct judgement j;
            ok = verdict_judge(r, row, c, from, NULL, &j, e);
            if (!ok || j.word != VERDICT_INCONCLUSIVE) continue;
            *draws = to;
            text_add(open, "%s%s under %s", *marked ? ", " : "", run->explainers[row].name,
                     run->controls[c].control->id);
            ++*marked;
        }
    if (ok && !*marked) *known = r;
    else results_destroy(r);
    return ok && (!open->failed || error_memory(e));
}

static bool expand_marked(struct run *run, const struct draw_counts *counts, uint32_t from, uint32_t to,
                          struct error *e) {
    bool ok = true;
    for (uint32_t c = 0; ok && c < run->control_count; c++) {
        bool wanted = false;
        for (uint32_t row = 0; row < run->explainer_count; row++)
            wanted = wanted || (run->controls[c].control->rule->sequential &&
                                counts->draws[c * run->explainer_count + row] == to);
        if (wanted) ok = setup_expand(run, c, from, to, e) && ranks_expand(run->ranks, c, from, to, e);
    }
    return ok;
}

static void unmark(const struct run *run, struct draw_counts *counts, uint32_t from, uint32_t to) {
    for (uint32_t i = 0; i < run->control_count * run->explainer_count; i++)
        if (counts->draws[i] == to) counts->draws[i] = from;
}

/* The cells that get more draws; none where nothing is open, or the time does not suffice. */
static bool extend(struct run *run, struct draw_counts *counts, struct early *early, struct progress *progress,
                   uint32_t look, uint32_t *cells, struct results **known, struct error *e) {
    uint32_t from = run->battery->rule.draws[look - 1], to = run->battery->rule.draws[look];
    struct text open = {0};
    *cells = 0;
    if (to <= from || run->battery->inputs < 2) return true; /* without a floor no number of draws decides */
    bool ok = mark_open(run, counts, from, to, progress, cells, &open, known, e);
    if (ok && *cells && !early_has_time(early, run, *cells, to - from, open.data)) {
        unmark(run, counts, from, to);
        *cells = 0;
    }
    if (ok && *cells) ok = expand_marked(run, counts, from, to, e);
    text_finish(&open);
    return ok;
}

static uint32_t sequential_cells(const struct run *run) {
    uint32_t cells = 0;
    for (uint32_t c = 0; c < run->control_count; c++)
        for (uint32_t row = 0; run->controls[c].control->rule->sequential && row < run->explainer_count; row++)
            cells += !run->explainers[row].yardstick;
    return cells;
}

/* Everything at once; with --fail-fast row by row, until one fails. */
static bool first_look(struct run *run, const struct draw_counts *counts, struct early *early,
                       struct progress *progress, struct error *e) {
    const unsigned jobs = early->options->jobs;
    bool ok = put_uses(run, e) && schedule_run(run, WAVE_MODEL, counts, jobs, progress, e) &&
              early_check(early, run, counts, e);
    while (ok && !early->ended && early_release(run))
        ok = schedule_run(run, WAVE_ROW, counts, jobs, progress, e) && early_check(early, run, counts, e);
    if (ok && !early->ended && setup_needs_labels(run)) ok = label_wave(run, counts, jobs, progress, e);
    early->labels = !early->ended;
    early_note(early, sequential_cells(run), run->battery->rule.draws[0]);
    return ok && early_check(early, run, counts, e);
}

bool looks_run(struct run *run, struct draw_counts *counts, const struct run_options *options, struct results **known,
               struct error *e) {
    struct progress progress;
    struct live *live;
    struct early early;
    uint32_t cells = 1;
    progress_begin(&progress, options->quiet);
    live_begin(run, &progress, &live);
    early_begin(&early, run, options);
    bool ok = first_look(run, counts, &early, &progress, e);
    bool lacking = run->others > 0; /* a look rests on the units of all shares */
    for (uint32_t look = 1; ok && cells && !early.ended && !lacking && look < 3; look++) {
        ok = extend(run, counts, &early, &progress, look, &cells, known, e);
        if (ok && cells)
            ok = put_uses(run, e) && schedule_run(run, WAVE_EXTEND, counts, options->jobs, &progress, e) &&
                 early_check(&early, run, counts, e);
        early_note(&early, cells, run->battery->rule.draws[look] - run->battery->rule.draws[look - 1]);
        lacking = run->others > 0;
    }
    progress_end(&progress);
    live_end(live, &progress);
    if (!options->quiet) ranks_say(run->ranks);
    ok = ok && early_put(&early, run, e);
    early_finish(&early);
    return ok;
}
