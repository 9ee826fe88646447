/* A battery from file to verdicts: the folder, the waves, the end. */
#include "run/run.h"

#include "base/clock.h"
#include "base/text.h"
#include "run/early.h"
#include "run/network.h"
#include "experiment/places.h"
#include "experiment/record.h"
#include "run/run_folder.h"
#include "run/same_maps.h"
#include "run/schedule.h"
#include "run/share.h"
#include "run/status.h"
#include "experiment/setup.h"
#include "experiment/task.h"
#include "nn/graph_pair.h"
#include "run/verdict.h"
#include "run/verdict_judge.h"
#include "workers/scratch_folder.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Breaches of an interrupted run stay breaches. */
static bool load_breaches(struct run *run, struct error *e) {
    bool ok = true;
    for (uint32_t i = 0; ok && i < run->explainer_count; i++) {
        if (run->explainers[i].breach) continue; /* of this run: the plugin cannot be used */
        char *key = text_format("breach/%s", run->explainers[i].name);
        ok = key ? store_meta(run->store, key, &run->explainers[i].breach, e) : error_memory(e);
        free(key);
    }
    return ok;
}

/* ---- waves ---- */

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
    return schedule_run(run, WAVE_LABELS, counts, jobs, progress, e);
}

/* Explainers that are still undecided under a weight randomisation get more draws: 5, 10, 20. Where there are none,
 * *known are the results, which is all there will be. */
static bool mark_open(struct run *run, struct draw_counts *counts, uint32_t from, uint32_t to, uint32_t *marked,
                      struct text *open, struct results **known, struct error *e) {
    const struct experiment_view view = run_view(run);
    struct results *r;
    if (!results_load(&view, run->store, &r, e)) return false;
    bool ok = true;
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
        if (wanted) ok = setup_expand(run, c, from, to, e);
    }
    return ok;
}

static void unmark(const struct run *run, struct draw_counts *counts, uint32_t from, uint32_t to) {
    for (uint32_t i = 0; i < run->control_count * run->explainer_count; i++)
        if (counts->draws[i] == to) counts->draws[i] = from;
}

/* The cells that get more draws; none where nothing is open, or the time does not suffice. */
static bool extend(struct run *run, struct draw_counts *counts, struct early *early, uint32_t look, uint32_t *cells,
                   struct results **known, struct error *e) {
    uint32_t from = run->battery->rule.draws[look - 1], to = run->battery->rule.draws[look];
    struct text open = {0};
    *cells = 0;
    if (to <= from || run->battery->inputs < 2) return true; /* without a floor no number of draws decides */
    bool ok = mark_open(run, counts, from, to, cells, &open, known, e);
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

static bool run_waves(struct run *run, struct draw_counts *counts, const struct run_options *options,
                      struct results **known, struct error *e) {
    struct progress progress;
    struct early early;
    uint32_t cells = 1;
    progress_begin(&progress, options->quiet);
    early_begin(&early, run, options);
    bool ok = first_look(run, counts, &early, &progress, e);
    bool lacking = run->others > 0; /* a look rests on the units of all shares */
    for (uint32_t look = 1; ok && cells && !early.ended && !lacking && look < 3; look++) {
        ok = extend(run, counts, &early, look, &cells, known, e);
        if (ok && cells)
            ok = put_uses(run, e) && schedule_run(run, WAVE_EXTEND, counts, options->jobs, &progress, e) &&
                 early_check(&early, run, counts, e);
        early_note(&early, cells, run->battery->rule.draws[look] - run->battery->rule.draws[look - 1]);
        lacking = run->others > 0;
    }
    progress_end(&progress);
    ok = ok && early_put(&early, run, e);
    early_finish(&early);
    return ok;
}

/* What a row had delivered before it broke the rules depends on which of its jobs came first, and says nothing. */
static bool drop_broken(struct run *run, struct results **known, struct error *e) {
    bool ok = true;
    for (uint32_t row = 0; ok && row < run->explainer_count; row++) {
        if (!run->explainers[row].breach) continue;
        results_destroy(*known); /* they have what is dropped */
        *known = NULL;
        ok = store_drop_units(run->store, run->explainers[row].name, NULL, e);
    }
    return ok;
}

static bool make_draw_counts(const struct run *run, struct draw_counts *counts, struct error *e) {
    counts->draws = calloc((size_t)run->control_count * run->explainer_count + 1, sizeof *counts->draws);
    if (!counts->draws) return error_memory(e);
    for (uint32_t c = 0; c < run->control_count; c++)
        for (uint32_t row = 0; row < run->explainer_count; row++) {
            bool looks = run->controls[c].control->rule->sequential;
            counts->draws[c * run->explainer_count + row] = looks ? run->battery->rule.draws[0] : UINT32_MAX;
        }
    return true;
}

/* Whether some draw of a stage is two networks (docs/verdict.md, antithetic pairs). */
static bool has_pairs(const struct plan *p) {
    for (uint32_t i = 0; i < p->use_count; i++)
        for (uint32_t k = 0; k < i; k++)
            if (p->uses[k].control == p->uses[i].control && p->uses[k].stage_index == p->uses[i].stage_index &&
                p->uses[k].draw == p->uses[i].draw && attribution_is_redrawn(&p->attributions[p->uses[k].attribution]))
                return true;
    return false;
}

/* Whose maps come from which layer: a method may choose it (Grad-CAM). */
static bool put_inspected(struct run *run, struct error *e) {
    struct text text = {0};
    for (uint32_t i = 0; i < run->explainer_count; i++)
        if (run->explainers[i].inspected)
            text_add(&text, "%s%s of %s", text.length ? "; " : "", run->explainers[i].name,
                     run->explainers[i].inspected);
    bool ok = !text.failed || error_memory(e);
    if (ok && text.data) ok = store_set_meta(run->store, "inspected", text.data, e);
    text_finish(&text);
    if (ok && has_pairs(&run->plan)) ok = store_set_meta(run->store, "pairs", "at most five outputs, or asked for", e);
    if (ok && run->untrained.data) ok = store_set_meta(run->store, "untrained", run->untrained.data, e);
    ok = ok && store_set_meta(run->store, "part", run->part.data ? run->part.data : "", e);
    return ok && store_set_meta(run->store, "left_out", run->left_out ? run->left_out : "", e);
}

/* ---- all of it ---- */

/* At once, as the run may take hours. */
static bool say_quality(const struct run *run, bool quiet, struct error *e) {
    struct text sentence = {0}, warning = {0};
    if (run->dry && !quiet) fprintf(stderr, "assay: how good the network is on the data: the run itself measures it\n");
    if (run->dry) return true;
    quality_add_sentence(&sentence, &run->quality);
    quality_add_warning(&warning, &run->quality);
    bool ok = (!sentence.failed && !warning.failed) || error_memory(e);
    if (ok && !quiet) fprintf(stderr, "assay: %s\n", sentence.data);
    if (ok && !quiet && warning.data) fprintf(stderr, "assay: warning: %s\n", warning.data);
    text_finish(&sentence);
    text_finish(&warning);
    return ok;
}

static bool put_quality(struct run *run, struct error *e) {
    char *text;
    bool ok = record_quality(run, &text, e) && store_set_meta(run->store, "accuracy", text, e);
    free(text);
    return ok;
}

static bool put_places(struct run *run, struct error *e) {
    char *text;
    bool ok = places_record(run, &text, e) && store_set_meta(run->store, "places", text, e);
    free(text);
    return ok;
}

static bool put_tokens(struct run *run, struct error *e) {
    char *text;
    bool ok = record_tokens(run, &text, e) && (!text || store_set_meta(run->store, "tokens", text, e));
    free(text);
    return ok;
}

/* The inputs are taken, and what was decided about the data is said. */
static bool take_inputs(struct run *run, const struct run_options *options, struct error *e) {
    bool ok = setup_inputs(run, ROOT_MODEL, e) && say_quality(run, options->quiet, e) && put_quality(run, e) &&
              put_places(run, e) && put_tokens(run, e) && setup_inputs(run, ROOT_LINEAR, e);
    for (const char *line = run->data->notes.data, *end; !options->quiet && line && *line; line = end + 1) {
        end = strchr(line, '\n');
        fprintf(stderr, "assay: note: %.*s\n", (int)(end - line), line);
    }
    return ok;
}

static bool dry_run(struct run *run, const struct run_options *options, struct draw_counts *counts,
                    struct plan_cost *cost, struct error *e) {
    return store_open(":memory:", &run->store, e) && take_inputs(run, options, e) &&
           (!setup_needs_labels(run) || network_list(run, e)) && schedule_measure(run, options->jobs, e) &&
           make_draw_counts(run, counts, e) && plan_cost_make(run, counts, cost, e);
}

/* Of a whole run. */
static bool conclude(struct run *run, const struct draw_counts *counts, struct results *known, int *exit_code,
                     struct error *e) {
    status_tell(run, NULL, "judging", true);
    return put_inspected(run, e) && same_maps_put(run, e) && share_forget(run, e) &&
           verdict_store(run, counts, known, exit_code, e) && verdict_check_complete(run, e);
}

bool run_complete(struct run *run, const struct run_options *options, int *exit_code, struct error *e) {
    struct draw_counts counts = {0};
    struct results *known = NULL;
    bool ok = load_breaches(run, e) && take_inputs(run, options, e) &&
              (!setup_needs_labels(run) || network_list(run, e)) && make_draw_counts(run, &counts, e) &&
              run_waves(run, &counts, options, &known, e) && drop_broken(run, &known, e) &&
              conclude(run, &counts, known, exit_code, e);
    results_destroy(known);
    free(counts.draws);
    return ok;
}

static bool real_run(struct run *run, const struct run_options *options, struct draw_counts *counts,
                     struct run_outcome *out, struct error *e) {
    struct results *known = NULL;
    bool ok = run_folder_open(run, options, &out->started, e) && load_breaches(run, e) &&
              (!run->share.parts || share_begin(run, e)) && take_inputs(run, options, e) &&
              share_check_machine(run, e) && (!setup_needs_labels(run) || network_list(run, e)) &&
              make_draw_counts(run, counts, e);
    out->started = out->started || ok || run->logits_broken;
    ok = ok && run_waves(run, counts, options, &known, e) && drop_broken(run, &known, e);
    out->shared = run->share.parts > 0;
    ok = ok && (out->shared ? share_end(run, e) : conclude(run, counts, known, &out->exit_code, e)) &&
         store_check_file(run->store, e);
    results_destroy(known);
    if (ok && !out->shared) out->store = run->store;
    return ok;
}

/* At once, as the run may take hours. */
static void warn(const struct run *run) {
    if (run->left_out) fprintf(stderr, "assay: --quick leaves out: %s\n", run->left_out);
    if (run->untrained.data)
        fprintf(stderr,
                "assay: note: `controls: default` leaves out %s: it trains networks, and the battery has no "
                "`training:`\n",
                run->untrained.data);
    if (run->graph->channels_last) fprintf(stderr, "assay: %s: %s\n", run->battery->model, CHANNELS_LAST_SAID);
    if (graph_is_pair_of_one(run->graph)) fprintf(stderr, "assay: %s: %s\n", run->battery->model, TASK_BINARY_SAID);
    if (run->graph->warning) fprintf(stderr, "assay: warning: %s: %s\n", run->battery->model, run->graph->warning);
    struct location ignored = run->battery->ignored;
    if (ignored.line || ignored.column) {
        struct error e = {{0}};
        error_set(&e, "logit-r is ignored: a single layer is judged by what survives beyond the function");
        location_prefix(run->battery->path, run->battery->settings, ignored, &e);
        fprintf(stderr, "assay: warning: %s\n", e.text);
    }
    for (uint32_t i = 0; i < run->control_count; i++)
        for (const char *line = run->controls[i].said; line && *line; line = strchr(line, '\n') + 1)
            fprintf(stderr, "assay: %.*s\n", (int)strcspn(line, "\n"), line);
    for (uint32_t i = 0; i < run->explainer_count; i++) {
        const struct explainer_entry *r = &run->explainers[i];
        if (r->plugin && r->plugin->problem)
            fprintf(stderr, "assay: warning: explainer %s cannot be used, and its row will be ERROR: %s\n", r->name,
                    r->plugin->problem);
    }
}

bool run_execute(const struct run_options *options, const struct control *const *controls, struct run_outcome *out,
                 struct error *e) {
    struct draw_counts counts = {0};
    *out = (struct run_outcome){.run = calloc(1, sizeof *out->run)};
    struct run *run = out->run;
    if (!run) return error_memory(e);
    run->log = -1;
    run->begun = clock_seconds();
    run->dry = options->dry_run;
    run->share = options->share;
    scratch_folder_sweep();
    bool ok = setup_run(run, options, controls, e);
    if (ok && !options->quiet) warn(run);
    if (ok && options->dry_run) ok = dry_run(run, options, &counts, &out->cost, e);
    else ok = ok && real_run(run, options, &counts, out, e);
    free(counts.draws);
    if (!ok) {
        status_end(run->status, false, e->text);
        run->status = NULL;
        run_finish(out);
    }
    return ok;
}

void run_finish(struct run_outcome *out) {
    plan_cost_finish(&out->cost);
    if (!out->run) return;
    int log = out->run->log;
    struct status *status = out->run->status;
    setup_finish(out->run); /* programs end, and what they printed last goes to the log */
    status_end(status, true, NULL);
    if (log >= 0) close(log);
    free(out->run);
    out->run = NULL;
    out->store = NULL;
}

bool run_is_same(const struct run_options *options, const struct control *const *controls, bool *same,
                 struct error *e) {
    struct run_outcome out = {.run = calloc(1, sizeof *out.run)};
    char identity[65], *text = NULL, *known = NULL, *path = text_format("%s/assay.db", options->folder);
    bool ok = (out.run && path) || error_memory(e);
    if (out.run) out.run->log = -1;
    ok = ok && setup_run(out.run, options, controls, e) && record_run(out.run, identity, &text, e) &&
         store_open(path, &out.run->store, e) && store_meta(out.run->store, "identity", &known, e);
    *same = ok && known && strcmp(known, identity) == 0;
    free(known);
    free(text);
    free(path);
    run_finish(&out);
    return ok;
}
