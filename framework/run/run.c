/* A battery from file to verdicts: the folder, the waves, the end. */
#include "run/run.h"

#include "base/text.h"
#include "run/network.h"
#include "experiment/record.h"
#include "run/run_folder.h"
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
    return ranks_labels(run->ranks, run, e) && schedule_run(run, WAVE_LABELS, counts, jobs, progress, e);
}

/* Explainers that are still undecided under a weight randomisation get more draws: 5, 10, 20. */
static bool extend(struct run *run, struct draw_counts *counts, uint32_t look, bool *any, struct error *e) {
    uint32_t from = run->battery->rule.draws[look - 1], to = run->battery->rule.draws[look];
    const struct experiment_view view = run_view(run);
    struct results *r;
    *any = false;
    if (to <= from || run->battery->inputs < 2) return true; /* without a floor no number of draws decides */
    if (!results_load(&view, run->store, &r, e)) return false;
    bool ok = true;
    for (uint32_t c = 0; ok && c < run->control_count; c++) {
        bool wanted = false;
        for (uint32_t row = 0; ok && row < run->explainer_count; row++) {
            uint32_t *draws = &counts->draws[c * run->explainer_count + row];
            if (!run->controls[c].control->rule->sequential || *draws != from || run->explainers[row].yardstick)
                continue;
            struct judgement j;
            ok = verdict_judge(r, row, c, from, NULL, &j, e);
            if (ok && j.word == VERDICT_INCONCLUSIVE) {
                *draws = to;
                wanted = true;
            }
        }
        if (ok && wanted) ok = setup_expand(run, c, from, to, e) && ranks_expand(run->ranks, c, from, to, e);
        *any = *any || wanted;
    }
    results_destroy(r);
    return ok;
}

static bool run_waves(struct run *run, struct draw_counts *counts, const struct run_options *options, struct error *e) {
    struct progress progress;
    bool any = true, ok;
    progress_begin(&progress, options->quiet);
    ok = put_uses(run, e) && schedule_run(run, WAVE_MODEL, counts, options->jobs, &progress, e);
    bool lacking = run->others > 0; /* a look rests on the units of all shares */
    if (ok && setup_needs_labels(run)) ok = label_wave(run, counts, options->jobs, &progress, e);
    for (uint32_t look = 1; ok && any && !lacking && look < 3; look++) {
        ok = extend(run, counts, look, &any, e);
        if (ok && any) ok = put_uses(run, e) && schedule_run(run, WAVE_EXTEND, counts, options->jobs, &progress, e);
        lacking = run->others > 0;
    }
    progress_end(&progress);
    if (!options->quiet) ranks_say(run->ranks);
    return ok;
}

/* What a row had delivered before it broke the rules depends on which of its jobs came first, and says nothing. */
static bool drop_broken(struct run *run, struct error *e) {
    bool ok = true;
    for (uint32_t row = 0; ok && row < run->explainer_count; row++)
        if (run->explainers[row].breach) ok = store_drop_units(run->store, run->explainers[row].name, NULL, e);
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

static bool put_tokens(struct run *run, struct error *e) {
    char *text;
    bool ok = record_tokens(run, &text, e) && (!text || store_set_meta(run->store, "tokens", text, e));
    free(text);
    return ok;
}

/* The inputs are taken, and what was decided about the data is said. */
static bool take_inputs(struct run *run, const struct run_options *options, struct error *e) {
    bool ok = setup_inputs(run, ROOT_MODEL, e) && say_quality(run, options->quiet, e) && put_quality(run, e) &&
              put_tokens(run, e) && setup_inputs(run, ROOT_LINEAR, e);
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
static bool conclude(struct run *run, const struct draw_counts *counts, int *exit_code, struct error *e) {
    status_tell(run, NULL, "judging", true);
    return put_inspected(run, e) && same_maps_put(run, e) && share_forget(run, e) &&
           verdict_store(run, counts, exit_code, e) && verdict_check_complete(run, e);
}

bool run_complete(struct run *run, const struct run_options *options, int *exit_code, struct error *e) {
    struct draw_counts counts = {0};
    bool ok = load_breaches(run, e) && take_inputs(run, options, e) &&
              (!setup_needs_labels(run) || network_list(run, e)) && make_draw_counts(run, &counts, e) &&
              run_waves(run, &counts, options, e) && drop_broken(run, e) && conclude(run, &counts, exit_code, e);
    free(counts.draws);
    return ok;
}

static bool real_run(struct run *run, const struct run_options *options, struct draw_counts *counts,
                     struct run_outcome *out, struct error *e) {
    bool ok = run_folder_open(run, options, &out->started, e) && load_breaches(run, e) &&
              (!run->share.parts || share_begin(run, e)) && take_inputs(run, options, e) &&
              share_check_machine(run, e) && (!setup_needs_labels(run) || network_list(run, e)) &&
              make_draw_counts(run, counts, e) && (!run->ranks || ranks_meet(run->ranks, run, e));
    out->started = out->started || ok || run->logits_broken;
    ok = ok && run_waves(run, counts, options, e) && drop_broken(run, e);
    out->shared = run->share.parts > 0;
    ok = ok && (out->shared ? share_end(run, e) : conclude(run, counts, &out->exit_code, e)) &&
         store_check_file(run->store, e);
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
    run->dry = options->dry_run;
    run->share = options->share;
    scratch_folder_sweep();
    bool ok = (!options->transport || ranks_create(options->transport, &run->ranks, e)) &&
              setup_run(run, options, controls, e);
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
    ranks_destroy(out->run->ranks);
    setup_finish(out->run); /* programs end, and what they printed last goes to the log */
    status_end(status, true, NULL);
    if (log >= 0) close(log);
    free(out->run);
    out->run = NULL;
    out->store = NULL;
}
