/* Opening the store of a run that is there. */
#include "cli/run_open.h"

#include "base/file.h"
#include "base/text.h"
#include "run/asked.h"
#include "run/share.h"

#include <stdlib.h>

static bool note_any(void *any, const char *name) {
    (void)name;
    *(bool *)any = true;
    return true;
}

/* The folder of `assay.judge` holds the battery, and the run folder in its `run`. */
static bool say_no_run(const char *folder, struct error *e) {
    char *below = text_format("%s/run/assay.db", folder);
    bool there = below && file_exists(below);
    free(below);
    return error_set(e, "%s: no run folder: one with an assay.db was wanted%s%s%s", folder, there ? ": " : "",
                     there ? folder : "", there ? "/run is one" : "");
}

/* Opens what is there, and makes no store where there is none. */
static bool open_with(bool (*opener)(const char *, struct store **, struct error *), const char *folder,
                      struct store **out, struct error *e) {
    char *path = text_format("%s/assay.db", folder);
    if (!path) return error_memory(e);
    bool ok = file_exists(path) || say_no_run(folder, e);
    ok = ok && opener(path, out, e);
    free(path);
    return ok;
}

bool cli_store_open(const char *folder, struct store **out, struct error *e) {
    return open_with(store_open_as_allowed, folder, out, e);
}

bool cli_store_look(const char *folder, struct store **out, struct error *e) {
    return open_with(store_look, folder, out, e);
}

/* Of a run of what failed before. */
static bool is_of_failed(struct store *store, const char *folder) {
    struct error unread;
    struct asked asked;
    if (!asked_read(store, folder, &asked, &unread)) return false;
    bool chosen = asked.options.rows && asked.options.rows[0];
    asked_finish(&asked);
    return chosen;
}

static void say_unjudged(struct store *store, const char *folder, struct error *e) {
    struct share_record r;
    if (!share_read(store, &r, e)) return;
    if (r.share.parts)
        error_set(e, "%s: shard %u of %u, which has no verdicts: 'assay merge' puts all of them together", folder,
                  r.share.part, r.share.parts);
    else if (is_of_failed(store, folder))
        error_set(e,
                  "%s: no verdicts: a run of what failed did not come to its end; go on with 'assay run ... "
                  "--last-failed --resume'",
                  folder);
    else error_set(e, "%s: no verdicts: the run did not come to its end; go on with 'assay run ... --resume'", folder);
}

bool cli_run_open(const char *folder, struct store **out, struct error *e) {
    bool any = false;
    if (!cli_store_open(folder, out, e)) return false;
    bool ok = store_each_explainer(*out, note_any, &any, e);
    if (ok && !any) say_unjudged(*out, folder, e);
    if (ok && any && store_check(*out, e)) return true;
    store_close(*out);
    *out = NULL;
    return false;
}
