/* A battery from file to verdicts: the folder, the waves, the end. */
#include "run/run.h"

#include "base/file.h"
#include "base/text.h"
#include "judge/judge.h"
#include "run/network.h"
#include "experiment/record.h"
#include "run/same_maps.h"
#include "run/schedule.h"
#include "experiment/setup.h"
#include "experiment/task.h"
#include "nn/graph_pair.h"
#include "run/verdict.h"
#include "run/verdict_judge.h"
#include "workers/scratch_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the run folder ---- */

static bool open_log(struct run *run, const char *folder, struct error *e) {
    char *path = text_format("%s/plugins.log", folder);
    if (!path) return error_memory(e);
    /* Nobody reads where a pipe has that name: an error, and no wait for a reader. */
    run->log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0644);
    bool ok = run->log >= 0 || error_set(e, "%s: %s: a file that can be written was wanted", path, strerror(errno));
    free(path);
    return ok;
}

/* Whether there is something in the folder, but for the log, and no store: then it is somebody else's. */
static bool is_foreign(const char *folder, const char *store) {
    DIR *dir = access(store, F_OK) == 0 ? NULL : opendir(folder);
    bool any = false;
    for (struct dirent *entry; dir && !any && (entry = readdir(dir));)
        any = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
              strcmp(entry->d_name, "plugins.log") != 0;
    if (dir) closedir(dir);
    return any;
}

/* The folder with its log. *broken: the path could be a run folder, but cannot be written (exit code 3). */
static bool open_folder(struct run *run, const char *folder, const char *store, bool *broken, struct error *e) {
    struct error why = {{0}};
    if (!file_make_folder(folder, &why) && (errno == EEXIST || errno == ENOTDIR)) return error_set(e, "%s", why.text);
    if (is_foreign(folder, store))
        return error_set(e, "%s: the folder holds files and is no run folder: a new or empty one was wanted (-o)",
                         folder);
    *broken = why.text[0] || !open_log(run, folder, &why) ||
              (access(store, F_OK) == 0 && access(store, W_OK) != 0 &&
               !error_set(&why, "%s: %s: a file that can be written was wanted", store, strerror(errno)));
    return !*broken || error_set(e, "%s: make the run folder writable, or choose another with -o", why.text);
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

struct dropped {
    const char *path;
    uint32_t count;
    bool quiet;
};

/* The first by name, so that a damaged file does not fill the terminal. */
static void note_dropped(void *user, const char *what) {
    struct dropped *d = user;
    if (d->count++ == 0 && !d->quiet)
        fprintf(stderr, "assay: warning: %s: %s was changed after it was stored, and is computed again\n", d->path,
                what);
}

/* A resumed run takes what an interrupted one finished, and must be the same run. Trained networks are taken by any. */
static bool take_earlier(struct run *run, const char *identity, const struct run_options *options, struct error *e) {
    struct dropped dropped = {store_path(run->store), 0, options->quiet};
    char *known = NULL;
    bool ok = (options->resume || store_clear(run->store, e)) && store_verify(run->store, note_dropped, &dropped, e) &&
              store_meta(run->store, "identity", &known, e);
    if (ok && known && strcmp(known, identity) != 0)
        ok = error_set(
            e,
            "%s: holds a run of another battery, seed, model or explainer: give another folder with -o, or leave "
            "--resume out to run anew",
            dropped.path);
    if (ok && dropped.count > 1 && !options->quiet)
        fprintf(stderr, "assay: warning: %s: so were %u more\n", dropped.path, dropped.count - 1);
    free(known);
    return ok && store_set_meta(run->store, "identity", identity, e);
}

/* A file that may grow no further is an error of the store, which says so, and not the end of the process. */
static void expect_full_files(void) {
    signal(SIGXFSZ, SIG_IGN);
}

static bool open_store(struct run *run, const struct run_options *options, bool *broken, struct error *e) {
    char identity[65], *text = NULL, *path = text_format("%s/assay.db", options->folder);
    if (!path) return error_memory(e);
    expect_full_files();
    errno = 0;
    bool ok = open_folder(run, options->folder, path, broken, e) && store_open(path, &run->store, e) &&
              record_run(run, identity, &text, e) && take_earlier(run, identity, options, e) && set_order(run, e) &&
              store_set_meta(run->store, "run", text, e);
    *broken = *broken || (!ok && errno == EIO);
    free(text);
    free(path);
    return ok;
}

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

static bool real_run(struct run *run, const struct run_options *options, struct draw_counts *counts,
                     struct run_outcome *out, struct error *e) {
    bool ok = open_store(run, options, &out->started, e) && load_breaches(run, e) && take_inputs(run, options, e) &&
              (!setup_needs_labels(run) || network_list(run, e)) && make_draw_counts(run, counts, e);
    out->started = out->started || ok || run->logits_broken;
    ok = ok && run_waves(run, counts, options, e) && drop_broken(run, e) && put_inspected(run, e) &&
         same_maps_put(run, e) && verdict_store(run, counts, &out->exit_code, e) && verdict_check_complete(run, e) &&
         store_check_file(run->store, e);
    if (ok) out->store = run->store;
    return ok;
}

/* At once, as the run may take hours. */
static void warn(const struct run *run) {
    if (run->left_out) fprintf(stderr, "assay: --quick leaves out: %s\n", run->left_out);
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
    scratch_folder_sweep();
    bool ok = setup_run(run, options, controls, e);
    if (ok && !options->quiet) warn(run);
    if (ok && options->dry_run) ok = dry_run(run, options, &counts, &out->cost, e);
    else ok = ok && real_run(run, options, &counts, out, e);
    free(counts.draws);
    if (!ok) run_finish(out);
    return ok;
}

void run_finish(struct run_outcome *out) {
    plan_cost_finish(&out->cost);
    if (!out->run) return;
    int log = out->run->log;
    setup_finish(out->run); /* programs end, and what they printed last goes to the log */
    if (log >= 0) close(log);
    free(out->run);
    out->run = NULL;
    out->store = NULL;
}
