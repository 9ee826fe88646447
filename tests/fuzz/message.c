/* message: messages of workers: the first byte says to which handler, the second of which type. */
#include "fuzz.h"

#include "base/text.h"
#include "controls/controls.h"
#include "experiment/setup.h"
#include "run/conform_job.h"
#include "run/explain_job.h"
#include "run/network.h"
#include "run/reference.h"

#include <stdlib.h>
#include <string.h>

#define MOST 256

static const char data_text[] = "a,b,label\n1,0,0\n3,2,2\n0,1,1\n1,1,0\n2,2,2\n0,2,1\n";

/* A run that could fork now, with a network to train and two explainers. */
static struct run *make_run(void) {
    static struct run run = {.log = -1};
    struct text text = {0};
    struct error e = {{0}};
    const char *root = getenv("ASSAY_ROOT"), *build = getenv("ASSAY_BUILD");
    const char *table = fuzz_file("data.csv", data_text, sizeof data_text - 1);
    text_add(&text, "model: %s/tests/golden/cli/linear.onnx\n", root ? root : ".");
    text_add(&text, "data: {source: 'csv:%s', inputs: 3, only-correct: false}\n", table);
    text_add(&text, "training: {source: 'csv:%s', images: 6, layers: 'fc:3'}\nexplainers:\n", table);
    for (int k = 0; k < 2; k++)
        text_add(&text, "  - {use: %s/explainers/%s.so, name: row%d}\n", build ? build : "build",
                 k ? "input" : "gradient", k);
    text_add(&text, "controls: [cascading, label-permutation, zero-pixel]\nrule: {draws: 2}\n");
    const char *path = fuzz_file("battery.yaml", text.data, text.length);
    const struct run_options options = {.battery = path, .folder = fuzz_folder(), .jobs = 1, .quiet = true};
    if (!setup_run(&run, &options, controls, &e) || !store_open(":memory:", &run.store, &e) ||
        !setup_inputs(&run, ROOT_MODEL, &e) || !network_list(&run, &e))
        fuzz_check(0, e.text);
    text_finish(&text);
    return &run;
}

/* What a breach left behind, so that each message meets the same run. */
static void forget(struct run *run) {
    for (uint32_t i = 0; i < run->explainer_count; i++) {
        free(run->explainers[i].breach);
        free(run->explainers[i].unsupported);
        run->explainers[i].breach = run->explainers[i].unsupported = NULL;
    }
    for (uint32_t i = 0; i < run->network_count; i++) {
        free(run->networks[i].failure);
        run->networks[i].failure = NULL;
        weights_destroy(run->networks[i].weights);
        run->networks[i].weights = NULL;
    }
}

/* One message of every kind of job that has all still to send. What a worker sends, if it can be had at all, is a
 * breach of its row or taken: never a failure of the harness, which would end the run. */
static bool take(struct run *run, unsigned kind, uint32_t type, const uint8_t *body, size_t size, struct error *e) {
    uint32_t attributions[MOST];
    struct reference_task tasks[MOST];
    struct explain_job job = {.row = 0, .attributions = attributions, .original = kind & 4};
    struct reference reference = {.tasks = tasks};
    for (uint32_t i = 0; i < run->plan.attribution_count && job.count < MOST; i++) {
        const struct attribution *a = &run->plan.attributions[i];
        if (a->root != ROOT_MODEL) continue;
        attributions[job.count++] = i;
        tasks[reference.count++] = (struct reference_task){i, attribution_is_redrawn(a), UINT32_MAX};
    }
    bool ok;
    switch (kind % 4) {
    case 0:
        ok = explain_job_message(run, &job, type, body, size, e);
        free(job.breach);
        return ok;
    case 1: return conform_message(run, 0, body, size, e);
    case 3: return network_message(run, 0, body, size, e);
    default: break;
    }
    ok = reference_message(run, &reference, type, body, size, e);
    free(reference.damaged);
    return ok;
}

void fuzz_message(const uint8_t *data, size_t size) {
    static struct run *run;
    struct error e = {{0}};
    if (!run) run = make_run();
    if (size < 2) return;
    if (!take(run, data[0], data[1], data + 2, size - 2, &e)) fuzz_check(0, e.text);
    forget(run);
    /* An unfinished transaction would fail every later message. */
    if (store_begin(run->store, &e)) store_commit(run->store, &e);
}
