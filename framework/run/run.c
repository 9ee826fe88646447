/* A battery from file to verdicts: the folder, the waves, the end. */
#include "run/run.h"

#include "base/clock.h"
#include "base/resident.h"
#include "base/text.h"
#include "run/looks.h"
#include "run/memory.h"
#include "run/network.h"
#include "run/plan_time.h"
#include "experiment/locations.h"
#include "experiment/record.h"
#include "run/run_folder.h"
#include "run/run_undo.h"
#include "run/same_maps.h"
#include "run/ranks.h"
#include "run/schedule.h"
#include "run/share.h"
#include "run/status.h"
#include "experiment/setup.h"
#include "experiment/task.h"
#include "nn/graph_pair.h"
#include "run/verdict.h"
#include "run/verdict_judge.h"
#include "workers/interrupt.h"
#include "workers/sandbox.h"
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
    bool ok = locations_record(run, &text, e) && store_set_meta(run->store, "places", text, e);
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

/* `answered`: of what explainers are answered again. Gradients of re-drawn networks are as many as there are. */
static bool predict_memory(const struct run *run, size_t answered, struct plan_cost *cost, struct error *e) {
    struct memory_need need;
    if (!memory_predict(run, run_limits(run), cost->workers, &need, e)) return false;
    need.shared = answered;
    cost->memory = (double)memory_total(&need);
    cost->samples = need.samples;
    return true;
}

static bool dry_run(struct run *run, const struct run_options *options, struct draw_counts *counts,
                    struct plan_cost *cost, struct error *e) {
    bool ok = store_open(":memory:", &run->store, e) && take_inputs(run, options, e) &&
              (!setup_needs_labels(run) || network_list(run, e));
    size_t answered = 0;
    unsigned workers = options->jobs;
    double start = clock_seconds();
    ok = ok && schedule_measure(run, options->jobs, &answered, e);
    struct plan_done done = {clock_seconds() - start, clock_processor() + clock_children()};
    ok = ok && memory_fit(run, 0, &workers, e) && make_draw_counts(run, counts, e) &&
         plan_cost_make(run, counts, cost, e) && plan_time_estimate(run, workers, counts, &done, cost, e);
    return ok && predict_memory(run, answered, cost, e);
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
              looks_run(run, &counts, options, &known, e) && drop_broken(run, &known, e) &&
              conclude(run, &counts, known, exit_code, e);
    results_destroy(known);
    free(counts.draws);
    return ok;
}

static bool real_run(struct run *run, const struct run_options *options, struct draw_counts *counts,
                     struct run_outcome *out, struct error *e) {
    struct results *known = NULL;
    const bool opened = run_folder_open(run, options, &out->started, e);
    bool ok = opened && load_breaches(run, e) && (!run->share.parts || share_begin(run, e)) &&
              take_inputs(run, options, e) && share_check_machine(run, e) &&
              (!setup_needs_labels(run) || network_list(run, e)) && make_draw_counts(run, counts, e) &&
              (!run->ranks || ranks_meet(run->ranks, run, e));
    out->started = out->started || ok || run->logits_broken;
    ok = ok && looks_run(run, counts, options, &known, e) && drop_broken(run, &known, e);
    out->started = out->started && !run->over_budget;
    out->shared = run->share.parts > 0;
    ok = ok && (out->shared ? share_end(run, e) : conclude(run, counts, known, &out->exit_code, e)) &&
         store_check_file(run->store, e);
    results_destroy(known);
    if (opened && interrupt_signal()) run_undo_forget(run); /* it is gone on with */
    if (ok && !out->shared) out->store = run->store;
    return ok;
}

/* At once, as the run may take hours. */
static void warn(const struct run *run) {
    const struct sandbox_state sandbox = sandbox_state();
    if (!sandbox.off && !sandbox.seccomp)
        fprintf(stderr, "assay: warning: no sandbox (no seccomp here): plugins may connect and signal as you may: run "
                        "those that you trust (assay doctor)\n");
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
    run->memory = options->memory;
    bool ok = (!options->transport || ranks_create(options->transport, &run->ranks, e)) &&
              setup_run(run, options, controls, e);
    resident_trim();
    ok = ok && memory_fit(run, 0, &(unsigned){options->jobs}, e);
    if (ok && !options->quiet) warn(run);
    if (ok && options->dry_run) ok = dry_run(run, options, &counts, &out->cost, e);
    else if (ok && interrupt_signal()) ok = error_set(e, "was interrupted before it began");
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
    struct run_undo *undo = out->run->undo;
    ranks_destroy(out->run->ranks);
    setup_finish(out->run); /* programs end, and what they printed last goes to the log */
    status_end(status, true, NULL);
    if (log >= 0) close(log);
    run_undo(undo);
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
