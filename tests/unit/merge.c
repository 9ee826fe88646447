/* Shards of machines of one compute route that give other bytes all the same, as another version of a library may. */
#include "run/merge.h"

#include "base/file.h"
#include "base/text.h"
#include "controls/controls.h"
#include "fake_run.h"
#include "run/run.h"
#include "run/share.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char folder[64];

static void setup(void) {
    fake_folder(folder);
}

static void cleanup(void) {
    fake_folder_remove(folder);
}

TestSuite(merge, .init = setup, .fini = cleanup, .timeout = 120);

struct place {
    char path[96];
};

static struct place place(const char *name) {
    struct place p;
    snprintf(p.path, sizeof p.path, "%s/%s", folder, name);
    return p;
}

static bool run(const struct run_options *options, struct error *e) {
    struct run_outcome outcome;
    bool ok = run_execute(options, controls, &outcome, e);
    if (!ok) cr_expect_not(outcome.started);
    if (ok) run_finish(&outcome);
    return ok;
}

static struct run_options options_for(const char *path) {
    return (struct run_options){
        .battery = "fixtures/batteries/first.yaml", .folder = path, .jobs = 1, .quiet = true, .no_canaries = true};
}

/* The first byte of the value that stands behind `before` in that entry becomes another. */
static void change(const char *path, const char *key, const char *before) {
    struct store *s = NULL;
    struct error e = {{0}};
    char *text = NULL, *file = text_format("%s/assay.db", path);
    cr_assert(store_open(file, &s, &e) && store_meta(s, key, &text, &e) && text && strstr(text, before), "%s", e.text);
    strstr(text, before)[strlen(before)] = '?';
    cr_assert(store_set_meta(s, key, text, &e), "%s", e.text);
    store_close(s);
    free(text);
    free(file);
}

Test(merge, machines_that_give_other_bytes_are_refused) {
    const struct place shards[] = {place("1"), place("2")}, good = place("good"), out = place("out");
    const char *const paths[] = {shards[0].path, shards[1].path};
    struct error e = {{0}};
    for (unsigned k = 0; k < 2; k++) {
        struct run_options options = options_for(paths[k]);
        options.share = (struct share){k + 1, 2};
        cr_assert(run(&options, &e), "%s", e.text);
    }
    cr_assert(merge_runs(good.path, paths, 2, &e), "%s", e.text);
    change(good.path, META_PROBE, "");
    struct run_options whole = options_for(good.path);
    whole.resume = true;
    cr_expect_not(run(&whole, &e));
    cr_expect(strstr(e.text, "computed on machines that give other bytes than this one"), "%s", e.text);

    change(paths[1], META_SHARE, "\"probe\": \"");
    cr_expect_not(merge_runs(out.path, paths, 2, &e));
    cr_expect(strstr(e.text, "the machine gave other bytes than that of"), "%s", e.text);
    cr_expect_not(file_exists(out.path));
}

Test(merge, what_was_put_together_is_discarded) {
    const struct place shards[] = {place("only")}, out = place("out");
    const char *const paths[] = {shards[0].path};
    struct error e = {{0}};
    struct run_options options = options_for(paths[0]);
    options.share = (struct share){1, 1};
    cr_assert(run(&options, &e), "%s", e.text);
    for (int was_there = 0; was_there < 2; was_there++) {
        cr_assert(merge_runs(out.path, paths, 1, &e), "%s", e.text);
        merge_discard(out.path, was_there);
        cr_expect_eq(file_exists(out.path), was_there != 0);
        cr_assert(merge_runs(out.path, paths, 1, &e), "%s: the folder is free again", e.text);
        merge_discard(out.path, false);
    }
}
