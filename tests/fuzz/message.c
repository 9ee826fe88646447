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

void fuzz_message(const uint8_t *data, size_t size) {
    static struct run *run;
    struct error e = {{0}};
    uint32_t attributions[256];
    if (!run) run = make_run();
    if (size < 2) return;
    struct explain_job job = {.row = 0, .attributions = attributions};
    for (uint32_t i = 0; i < run->plan.attribution_count && job.count < 256; i++)
        if (run->plan.attributions[i].root == ROOT_MODEL) attributions[job.count++] = i;
    uint32_t type = data[1];
    const uint8_t *body = data + 2;
    switch (data[0] % 4) {
    case 0: explain_job_message(run, &job, type, body, size - 2, &e); break;
    case 1: conform_message(run, 0, body, size - 2, &e); break;
    case 2: reference_message(run, type, body, size - 2, &e); break;
    default: network_message(run, 0, body, size - 2, &e); break;
    }
    forget(run);
    /* An unfinished transaction would fail every later message. */
    if (store_begin(run->store, &e)) store_commit(run->store, &e);
}
