/* run_folder.c: whose folder it is, what of an earlier run is taken over, and what is not. */
#include "run/run_folder.h"

#include "base/file.h"
#include "base/text.h"
#include "experiment/record.h"
#include "experiment/route.h"
#include "experiment/same_run.h"
#include "run/asked.h"
#include "run/run_undo.h"
#include "run/share.h"
#include "run/status.h"
#include "judge/judge.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool open_log(struct run *run, const char *folder, struct error *e) {
    char *path = text_format("%s/plugins.log", folder);
    if (!path) return error_memory(e);
    /* Nobody reads where a pipe has that name: an error, and no wait for a reader. */
    run->log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0644);
    bool ok = run->log >= 0 || error_set(e, "%s: %s: a file that can be written was wanted", path, strerror(errno));
    free(path);
    return ok;
}

bool run_folder_is_foreign(const char *folder, const char *store) {
    DIR *dir = access(store, F_OK) == 0 ? NULL : opendir(folder);
    bool any = false;
    for (struct dirent *entry; dir && !any && (entry = readdir(dir));)
        any = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
              strcmp(entry->d_name, "plugins.log") != 0 && strcmp(entry->d_name, STATUS_FILE) != 0;
    if (dir) closedir(dir);
    return any;
}

/* The folder with its log. *broken: the path could be a run folder, but cannot be written (exit code 3). */
static bool open_folder(struct run *run, const struct run_options *options, const char *store, bool *broken,
                        struct error *e) {
    const char *folder = options->folder;
    struct error why = {{0}};
    if (!file_make_folder(folder, &why) && (errno == EEXIST || errno == ENOTDIR)) return error_set(e, "%s", why.text);
    if (!options->force && run_folder_is_foreign(folder, store))
        return error_set(e,
                         "%s: the folder holds files and is no run folder: a new or empty one was wanted (-o), or "
                         "--force to write among them",
                         folder);
    *broken = why.text[0] || !open_log(run, folder, &why) ||
              (access(store, F_OK) == 0 && access(store, W_OK) != 0 &&
               !error_set(&why, "%s: %s: a file that can be written was wanted", store, strerror(errno)));
    return !*broken || error_set(e, "%s: make the run folder writable, or choose another with -o", why.text);
}

bool run_folder_set_order(struct run *run, struct error *e) {
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

/* Runs of one battery, however often it was edited, follow each other in its folder; those of others want --force. */
static bool is_same_battery(struct run *run, const struct run_options *options, struct error *e) {
    char *text = NULL;
    bool ok = store_meta(run->store, "run", &text, e);
    json_t *record = text ? json_loads(text, 0, NULL) : NULL;
    const char *name = json_string_value(json_object_get(record, "battery"));
    char *clean = text_clean(run->battery->name);
    if (ok && !clean) ok = error_memory(e);
    if (ok && !options->force && name && strcmp(name, clean) != 0)
        ok = error_set(e,
                       "%s: the folder holds a run of the battery %s: another one was wanted (-o), or --force to put "
                       "this run in its place",
                       options->folder, excerpt_of(name).text);
    json_decref(record);
    free(clean);
    free(text);
    return ok;
}

/* Asked before anything is deleted: a refused run leaves the other one its verdicts. Explainers whose description was
 * ended from outside, as when memory runs out, are asked again. */
static bool is_same_run(struct run *run, const char *identity, const char *record, struct error *e) {
    char *known = NULL, *stored = NULL;
    bool ok = store_verify_meta(run->store, e) && store_meta(run->store, "identity", &known, e) &&
              store_meta(run->store, "run", &stored, e);
    bool same = !known || strcmp(known, identity) == 0;
    ok = ok && (same || same_run_described(stored, record, &same, e));
    if (ok && !same)
        ok = error_set(
            e,
            "%s: holds a run of another battery, seed, model or explainer: give another folder with -o, or leave "
            "--resume out to run anew",
            store_path(run->store));
    free(stored);
    free(known);
    return ok;
}

static bool route_of_store(const struct run *run, struct compute_route *out, struct error *e) {
    char *text = NULL;
    bool ok = store_meta(run->store, "run", &text, e);
    compute_route_of_record(ok ? text : NULL, out);
    free(text);
    return ok;
}

/* Results of two routes would stand in one store, and the bytes would be those of none. */
static bool is_same_route(const struct run *run, struct error *e) {
    struct compute_route stored, here;
    if (!route_of_store(run, &stored, e)) return false;
    compute_route_here(&here);
    if (!compute_route_known(&stored) || compute_route_same(&stored, &here)) return true;
    return error_set(e,
                     "%s: computed so far by the route %s, while this process has %s: go on with %s on a machine that "
                     "has them, or run anew: in another folder (-o), or without --resume",
                     store_path(run->store), compute_route_text(&stored).text, compute_route_text(&here).text,
                     compute_route_settings(&stored).text);
}

/* Trained networks stay where they are those that this process would train. */
static bool clear_earlier(const struct run *run, struct error *e) {
    struct compute_route stored, here;
    if (!route_of_store(run, &stored, e)) return false;
    compute_route_here(&here);
    return store_clear(run->store, e) && (compute_route_same(&stored, &here) || store_drop_networks(run->store, e));
}

/* A resumed run takes what an interrupted one finished, and must be the same run on the same compute route. Trained
 * networks are taken by any run on that route. */
static bool take_earlier(struct run *run, const char *identity, const char *record, const struct run_options *options,
                         struct error *e) {
    struct dropped dropped = {store_path(run->store), 0, options->quiet};
    bool ok = options->resume
                  ? share_check(run, e) && is_same_run(run, identity, record, e) && is_same_route(run, e)
                  : is_same_battery(run, options, e) && run_undo_keep_store(run, e) && clear_earlier(run, e);
    ok = ok && store_verify(run->store, note_dropped, &dropped, e);
    if (ok && dropped.count > 1 && !options->quiet)
        fprintf(stderr, "assay: warning: %s: so were %u more\n", dropped.path, dropped.count - 1);
    return ok && store_set_meta(run->store, "identity", identity, e) && asked_put(run->store, options, e);
}

/* A file that may grow no further is an error of the store, which says so, and not the end of the process. */
static void expect_full_files(void) {
    signal(SIGXFSZ, SIG_IGN);
}

bool run_folder_open(struct run *run, const struct run_options *options, bool *broken, struct error *e) {
    char identity[65], *text = NULL, *path = text_format("%s/assay.db", options->folder);
    if (!path) return error_memory(e);
    expect_full_files();
    errno = 0;
    bool ok = run_undo_note(run, options, e) && open_folder(run, options, path, broken, e) &&
              store_open(path, &run->store, e);
    if (ok) run_undo_own(run);
    ok = ok && record_run(run, identity, &text, e) && take_earlier(run, identity, text, options, e) &&
         run_folder_set_order(run, e) && store_set_meta(run->store, "run", text, e);
    *broken = *broken || (!ok && errno == EIO);
    if (ok) status_begin(run, options->folder);
    free(text);
    free(path);
    return ok;
}
