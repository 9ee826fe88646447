/* The conformance of one explainer, in a worker of its own. */
#include "run/conform_job.h"

#include "base/plain.h"
#include "base/text.h"
#include "run/explain_job.h"
#include "host/conformance.h"
#include "host/handle.h"
#include "run/message.h"

#include <float.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFORMANCE_INPUTS 3u

struct conformed {
    struct conformance_report report;
    double forwards, backwards;
};

void conform_work(const struct run *run, uint32_t row, struct memo *memo, struct channel *channel) {
    const struct plugin *plugin = run->explainers[row].plugin;
    const struct input_set *set = &run->inputs[ROOT_MODEL];
    const assay_explainer *explainer = NULL;
    uint32_t n = set->count < CONFORMANCE_INPUTS ? set->count : CONFORMANCE_INPUTS;
    uint64_t seeds[CONFORMANCE_INPUTS];
    struct conformed out;
    struct error e = {{0}};
    memset(&out, 0, sizeof out);
    bool ok = explain_job_seeds(run, row, &run->plan.attributions[run_original(run, ROOT_MODEL)], n, seeds, &e) &&
              plugin_explainer(plugin, handle_host(), &explainer, &e);
    if (ok) {
        struct conformance_case c = {.explainer = explainer,
                                     .claims = plugin->claims,
                                     .baseline = plugin_number(plugin, "baseline", 0),
                                     .weights = run->model,
                                     .net = run_net_options(run),
                                     .helpers = channel_helpers(channel),
                                     .memo = memo,
                                     .n = n,
                                     .inputs = set->x,
                                     .targets = set->target,
                                     .seeds = seeds};
        ok = conformance_check(&c, &out.report, &e);
    }
    if (ok && !out.report.unsupported && !conformance_breach(&out.report)) {
        out.forwards = (double)out.report.forward / n;
        out.backwards = (double)out.report.backward / n;
    }
    if (!ok) {
        out.report.count = 1;
        out.report.lines[0] = (struct conformance_line){.id = "create", .state = CONFORMANCE_BREACH};
        snprintf(out.report.lines[0].sentence, CONFORMANCE_SENTENCE, "%.200s", e.text);
    }
    plain_make(out.report.why);
    for (uint32_t k = 0; k < out.report.count; k++) plain_make(out.report.lines[k].sentence);
    channel_send(channel, 1, &out, sizeof out);
}

/* Bytes that came out of a process of the plugin's. */
static bool check(const void *data, size_t size, struct conformed *in, struct error *e) {
    if (size != sizeof *in) return error_set(e, "a conformance report of %zu bytes", size);
    unsigned char unsupported = ((const unsigned char *)data)[offsetof(struct conformed, report.unsupported)];
    if (unsupported > 1) return error_set(e, "a conformance report with an answer that is neither yes nor no");
    memcpy(in, data, sizeof *in);
    const struct conformance_report *r = &in->report;
    if (r->count > CONFORMANCE_MAX) return error_set(e, "a conformance report of %u lines", r->count);
    if (!message_check_text(r->why, sizeof r->why, "the reason", e)) return false;
    for (uint32_t k = 0; k < r->count; k++) {
        const struct conformance_line *l = &r->lines[k];
        if ((unsigned)l->state > CONFORMANCE_UNSUPPORTED) return error_set(e, "state %u", (unsigned)l->state);
        if (!message_check_text(l->id, sizeof l->id, "a line's name", e) ||
            !message_check_text(l->sentence, sizeof l->sentence, "a sentence", e))
            return false;
    }
    return message_check_real(in->forwards, 0, DBL_MAX, "a number of passes", e) &&
           message_check_real(in->backwards, 0, DBL_MAX, "a number of passes", e);
}

bool conform_message(struct run *run, uint32_t row, const void *data, size_t size, struct error *e) {
    struct conformed in;
    struct explainer_entry *r = &run->explainers[row];
    struct error what = {{0}};
    if (r->breach) return true;
    if (!check(data, size, &in, &what)) return run_breach_message(run, row, &what, e);
    r->forwards = in.forwards;
    r->backwards = in.backwards;
    const struct conformance_line *breach = conformance_breach(&in.report);
    if (in.report.unsupported && !r->unsupported) {
        r->unsupported = text_copy(in.report.why);
        return r->unsupported || error_memory(e);
    }
    return !breach || run_breach(run, row, breach->sentence, e);
}
