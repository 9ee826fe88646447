#include "run/run.h"

#include "base/file.h"
#include "base/text.h"
#include "judge/judge.h"
#include "run/network.h"
#include "experiment/record.h"
#include "run/schedule.h"
#include "experiment/setup.h"
#include "run/verdict.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the run folder ---- */

static bool open_log(struct run *run, const char *folder, struct error *e) {
    char *path = text_format("%s/plugins.log", folder);
    if (!path) return error_memory(e);
    run->log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    bool ok = run->log >= 0 || error_set(e, "%s: %s", path, strerror(errno));
    free(path);
    return ok;
}

static bool set_order(struct run *run, struct error *e) {
    const char **names = calloc(run->explainer_count + run->control_count + 2, sizeof *names);
    if (!names) return error_memory(e);
    const char **ids = names + run->explainer_count;
    for (uint32_t i = 0; i < run->explainer_count; i++) names[i] = run->explainers[i].name;
    for (uint32_t i = 0; i < run->control_count; i++) ids[i] = run->controls[i].control->id;
    ids[run->control_count] = VERDICT_OVERALL;
    bool ok = store_set_order(run->store, names, run->explainer_count, ids, run->control_count + 1, e);
    free(names);
    return ok;
}

/* A resumed run takes what an interrupted one finished, and must be the same run. */
static bool check_identity(struct run *run, const char *path, const char *identity, bool resume, struct error *e) {
    char *known = NULL;
    bool ok = store_meta(run->store, "identity", &known, e);
    if (ok && resume && known && strcmp(known, identity) != 0)
        ok = error_set(
            e,
            "%s: holds a run of another battery, seed, model or explainer: give another folder with -o, or leave "
            "--resume out to run anew",
            path);
    if (ok && !resume) ok = store_clear(run->store, e);
    free(known);
    return ok && store_set_meta(run->store, "identity", identity, e);
}

static bool open_store(struct run *run, const struct run_options *options, char **path, struct error *e) {
    char identity[65], *text = NULL;
    *path = text_format("%s/assay.db", options->folder);
    if (!*path) return error_memory(e);
    bool ok = file_make_folder(options->folder, e) && open_log(run, options->folder, e) &&
              store_open(*path, &run->store, e) && record_run(run, identity, &text, e) &&
              check_identity(run, *path, identity, options->resume, e) && set_order(run, e) &&
              store_set_meta(run->store, "run", text, e);
    free(text);
    return ok;
}

/* Breaches of an interrupted run stay breaches. */
static bool load_breaches(struct run *run, struct error *e) {
    for (uint32_t i = 0; i < run->explainer_count; i++) {
        char key[256];
        if (run->explainers[i].breach) continue; /* of this run: the plugin cannot be used */
        snprintf(key, sizeof key, "breach/%s", run->explainers[i].name);
        if (!store_meta(run->store, key, &run->explainers[i].breach, e)) return false;
    }
    return true;
}

/* ---- waves ---- */

/* What no control reads, but the gates do: the originals, repetitions and jittered inputs. */
static bool put_gates(struct run *run, struct error *e) {
    bool ok = true;
    for (uint32_t i = 0; ok && i < run->plan.attribution_count; i++) {
        const struct attribution *a = &run->plan.attributions[i];
        if (!attribution_is_unmodified(a) || !a->wants) continue;
        struct use_row row = {.control = "gates", .stage = a->key, .stage_index = i, .variant = a->key};
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
        if (ok && wanted) ok = setup_expand(run, c, from, to, e);
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
    if (ok && setup_needs_labels(run)) ok = label_wave(run, counts, options->jobs, &progress, e);
    for (uint32_t look = 1; ok && any && look < 3; look++) {
        ok = extend(run, counts, look, &any, e);
        if (ok && any) ok = put_uses(run, e) && schedule_run(run, WAVE_EXTEND, counts, options->jobs, &progress, e);
    }
    progress_end(&progress);
    return ok;
}

/* What a row had delivered before it broke the rules depends on which of its jobs came first, and says nothing. */
static bool drop_broken(struct run *run, struct error *e) {
    bool ok = true;
    for (uint32_t row = 0; ok && row < run->explainer_count; row++)
        if (run->explainers[row].breach) ok = store_drop_results(run->store, run->explainers[row].name, e);
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

/* ---- dry run ---- */

struct cost {
    double attributions, forward, backward;
};

/* What one row costs under one control, or under all of them and the gates (control_count); shared attributions count
 * once in the latter only. */
static struct cost cost_of(const struct run *run, const struct draw_counts *counts, uint32_t row, uint32_t control) {
    const struct explainer_entry *r = &run->explainers[row];
    double n = 0;
    for (uint32_t a = 0; a < run->plan.attribution_count; a++) {
        bool used = control == run->control_count;
        for (uint32_t u = 0; !used && u < run->plan.use_count; u++)
            used = run->plan.uses[u].control == control && run->plan.uses[u].attribution == a;
        for (uint32_t k = 0; !used && k < run->plan.check_count; k++)
            used = run->plan.checks[k].control == control && check_asks(&run->plan.checks[k], a);
        n += used && schedule_needs(run, counts, row, a);
    }
    n *= run->battery->inputs;
    return (struct cost){n, n * r->forwards, n * r->backwards};
}

static void print_line(const char *name, const struct cost *c) {
    printf("%-32s %12.0f %14.0f %14.0f\n", name, c->attributions, c->forward, c->backward);
}

static void add_cost(struct cost *sum, const struct cost *c) {
    sum->attributions += c->attributions;
    sum->forward += c->forward;
    sum->backward += c->backward;
}

static void print_training(const struct run *run) {
    const struct battery *b = run->battery;
    uint32_t left = 0;
    for (uint32_t i = 0; i < run->network_count; i++) left += !run->networks[i].weights;
    double passes = (double)left * b->training_images * b->recipe.epochs;
    printf("  training %u of %u networks first: at most %u epochs of %u images each, so at most\n"
           "  %.0f forward and %.0f backward passes; each stops at training accuracy %.2f, and is kept.\n",
           left, run->network_count, b->recipe.epochs, b->training_images, passes, passes, b->recipe.stop_accuracy);
}

static void print_plan(const struct run *run, const struct draw_counts *counts) {
    const struct battery *b = run->battery;
    struct cost all = {0};
    uint32_t explainers = 0;
    for (uint32_t row = 0; row < run->explainer_count; row++) explainers += !run->explainers[row].yardstick;
    printf("battery %s: %u explainers, %u controls, %u input%s, seed %llu\n", b->name, explainers, run->control_count,
           b->inputs, b->inputs == 1 ? "" : "s", (unsigned long long)b->seed);
    printf("Passes are single samples through the network.\n\n%-32s %12s %14s %14s\n", "explainer", "attributions",
           "forward", "backward");
    for (uint32_t row = 0; row < run->explainer_count; row++) {
        struct cost c = cost_of(run, counts, row, run->control_count);
        print_line(run->explainers[row].name, &c);
        add_cost(&all, &c);
    }
    print_line("all", &all);
    printf("\n%-32s %12s %14s %14s\n", "control (alone)", "attributions", "forward", "backward");
    for (uint32_t control = 0; control < run->control_count; control++) {
        struct cost sum = {0};
        for (uint32_t row = 0; row < run->explainer_count; row++) {
            struct cost c = cost_of(run, counts, row, control);
            add_cost(&sum, &c);
        }
        print_line(run->controls[control].control->id, &sum);
        if (run->controls[control].control->rule->needs_training) print_training(run);
    }
    const uint32_t *draws = b->rule.draws;
    if (draws[2] > draws[0] && b->inputs > 1)
        printf("\nFirst look: %u draws. Undecided explainers are extended to %u and then %u draws.\n", draws[0],
               draws[1], draws[2]);
    else printf("\nOne look: draws %u.\n", draws[0]);
    if (draws[0] < 2 || b->inputs < 2) printf("One input or one draw: no verdict but INCONCLUSIVE can come of it.\n");
}

/* The inputs are taken, and what was decided about the data is said. */
static bool take_inputs(struct run *run, const struct run_options *options, struct error *e) {
    bool ok = setup_inputs(run, ROOT_MODEL, e) && setup_inputs(run, ROOT_LINEAR, e);
    for (const char *line = run->data->notes.data, *end; !options->quiet && line && *line; line = end + 1) {
        end = strchr(line, '\n');
        fprintf(stderr, "assay: note: %.*s\n", (int)(end - line), line);
    }
    return ok;
}

static bool dry_run(struct run *run, const struct run_options *options, struct draw_counts *counts, struct error *e) {
    bool ok = store_open(":memory:", &run->store, e) && take_inputs(run, options, e) &&
              (!setup_needs_labels(run) || network_list(run, e)) && schedule_measure(run, options->jobs, e) &&
              make_draw_counts(run, counts, e);
    if (ok) print_plan(run, counts);
    return ok;
}

/* At once, as the run may take hours. */
static void warn(const struct run *run) {
    if (run->graph->warning) fprintf(stderr, "assay: warning: %s: %s\n", run->battery->model, run->graph->warning);
    for (uint32_t i = 0; i < run->explainer_count; i++) {
        const struct explainer_entry *r = &run->explainers[i];
        if (r->plugin && r->plugin->problem)
            fprintf(stderr, "assay: warning: explainer %s cannot be used, and its row will be ERROR: %s\n", r->name,
                    r->plugin->problem);
    }
}

bool run_execute(const struct run_options *options, const struct control *const *controls, struct run_outcome *out,
                 struct error *e) {
    struct run run = {.log = -1};
    struct draw_counts counts = {0};
    *out = (struct run_outcome){0};
    bool ok = setup_run(&run, options, controls, e);
    if (ok && !options->quiet) warn(&run);
    if (ok && options->dry_run) {
        ok = dry_run(&run, options, &counts, e);
    } else {
        ok = ok && open_store(&run, options, &out->store, e) && load_breaches(&run, e) &&
             take_inputs(&run, options, e) && (!setup_needs_labels(&run) || network_list(&run, e)) &&
             make_draw_counts(&run, &counts, e);
        out->started = ok;
        ok = ok && run_waves(&run, &counts, options, e) && drop_broken(&run, e) &&
             verdict_store(&run, &counts, &out->exit_code, e);
    }
    if (run.log >= 0) close(run.log);
    free(counts.draws);
    setup_finish(&run);
    if (!ok) {
        free(out->store);
        out->store = NULL;
    }
    return ok;
}
