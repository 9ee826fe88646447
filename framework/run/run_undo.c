/* run_undo.c: what a run folder was before a run. */
#define _XOPEN_SOURCE 700 /* realpath */

#include "run/run_undo.h"

#include "base/file.h"
#include "base/text.h"
#include "run/status.h"
#include "store/store.h"
#include "store/store_compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct run_undo {
    const struct run_options *options;
    char *folder, *made; /* made: the first of its path that was not there, or NULL */
    char *store, *log, *status;
    char *kept; /* the store as it was, or NULL */
    bool had_store, had_log;
    bool ours; /* the store is held: nobody else is at work here */
    long long log_size;
    uint8_t *told; /* the status file, or NULL */
    size_t told_size;
};

/* Of "a/b/c" where only "a" is there: "a/b". NULL with *ok: all of it is there. */
static char *first_missing(const char *folder, bool *ok) {
    char *path = text_copy(folder);
    *ok = path != NULL;
    for (char *at = path; at && *at;) {
        at += strspn(at, "/");
        at += strcspn(at, "/");
        const char held = *at;
        *at = '\0';
        if (!file_exists(path)) return path;
        *at = held;
    }
    free(path);
    return NULL;
}

static void undo_finish(struct run_undo *u) {
    if (!u) return;
    free(u->folder);
    free(u->made);
    free(u->store);
    free(u->log);
    free(u->status);
    free(u->kept);
    free(u->told);
    free(u);
}

bool run_undo_note(struct run *run, const struct run_options *options, struct error *e) {
    struct run_undo *u = calloc(1, sizeof *u);
    struct error unread;
    struct stat log;
    bool known = false;

    if (!u) return error_memory(e);
    u->options = options;
    u->folder = text_copy(options->folder);
    u->store = text_format("%s/assay.db", options->folder);
    u->log = text_format("%s/plugins.log", options->folder);
    u->status = text_format("%s/" STATUS_FILE, options->folder);
    u->made = first_missing(options->folder, &known);
    if (!known || !u->folder || !u->store || !u->log || !u->status) {
        undo_finish(u);
        return error_memory(e);
    }
    u->had_store = file_exists(u->store);
    u->had_log = stat(u->log, &log) == 0;
    u->log_size = u->had_log && S_ISREG(log.st_mode) ? (long long)log.st_size : -1;
    if (file_exists(u->status) && !file_read(u->status, &u->told, &u->told_size, &unread)) u->told = NULL;
    run->undo = u;
    return true;
}

void run_undo_own(struct run *run) {
    if (run->undo) run->undo->ours = true;
}

bool run_undo_keep_store(struct run *run, struct error *e) {
    struct run_undo *u = run->undo;
    if (!u || !u->had_store) return true;
    char *whole = realpath(u->store, NULL); /* a link stays one */
    u->kept = whole ? text_format("%s.before", whole) : NULL;
    bool ok = u->kept || error_memory(e);
    free(whole);
    if (ok) unlink(u->kept); /* of a run that was killed meanwhile */
    return ok && store_copy_to(run->store, u->kept, e);
}

void run_undo_forget(struct run *run) {
    struct run_undo *u = run->undo;
    if (!u) return;
    if (u->kept) unlink(u->kept);
    if (u->options->taken) u->options->taken(u->options->user, u->folder);
    undo_finish(u);
    run->undo = NULL;
}

/* A database and what SQLite keeps beside it. */
static void remove_store(const char *store) {
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char *path = text_format("%s%s", store, ends[i]);
        if (path) unlink(path);
        free(path);
    }
}

/* From the folder up to the first that was made. What is not empty is somebody's, and stays. */
static void remove_folders(struct run_undo *u) {
    if (!u->made) return;
    for (size_t length = strlen(u->folder), least = strlen(u->made); length >= least && length;) {
        while (length && u->folder[length - 1] == '/') u->folder[--length] = '\0';
        if (length < least || rmdir(u->folder) != 0) break;
        while (length && u->folder[length - 1] != '/') u->folder[--length] = '\0';
    }
}

static void put_store_back(const struct run_undo *u) {
    char *whole = u->kept ? text_format("%.*s", (int)(strlen(u->kept) - strlen(".before")), u->kept) : NULL;
    if (whole && file_exists(u->kept)) {
        remove_store(whole);
        rename(u->kept, whole);
    } else if (!u->had_store) {
        remove_store(u->store);
    }
    free(whole);
}

static void put_status_back(const struct run_undo *u) {
    struct error ignored;
    if (u->told) file_write(u->status, u->told, u->told_size, &ignored);
    else unlink(u->status);
}

static void put_log_back(const struct run_undo *u) {
    struct stat log;
    if (stat(u->log, &log) != 0 || !S_ISREG(log.st_mode)) return;
    if (!u->had_log && (u->ours || !log.st_size)) unlink(u->log);
    /* What cannot be cut stays: it is a log. */
    if (u->had_log && u->ours && u->log_size >= 0 && truncate(u->log, (off_t)u->log_size) != 0) return;
}

void run_undo(struct run_undo *u) {
    if (!u) return;
    if (u->ours) put_store_back(u);
    if (u->ours) put_status_back(u);
    put_log_back(u);
    remove_folders(u);
    undo_finish(u);
}
