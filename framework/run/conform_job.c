/* Conformance in a worker, and what its parent makes of the report. */
#include "run/conform_job.h"

#include "base/resident.h"
#include "base/text.h"
#include "host/call.h"
#include "host/conformance.h"
#include "host/handle.h"
#include "run/explain_job.h"
#include "run/message.h"

#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct conformed {
    struct conformance_report report;
    double forwards, backwards;
    double bytes; /* of memory that the process took */
};

static void beat(void *channel) {
    channel_beat(channel);
}

/* The request is the one that explain jobs send first: of the battery's inputs, as many as go into one. */
static bool check(const struct run *run, uint32_t row, struct memo *memo, struct channel *channel,
                  const assay_explainer *explainer, struct conformed *out, struct error *e) {
    const struct plugin *plugin = run->explainers[row].plugin;
    const struct input_set *set = &run->inputs[ROOT_MODEL];
    uint32_t n = call_request_size(shape_count(&run->data->sample), set->count);
    uint64_t *seeds = malloc(n * sizeof *seeds);
    if (!seeds) return error_memory(e);
    const struct conformance_case c = {.explainer = explainer,
                                       .claims = plugin->claims,
                                       .baseline = plugin_number(plugin, "baseline", 0),
                                       .weights = run->model,
                                       .net = run_net_options(run),
                                       .helpers = channel_helpers(channel),
                                       .memo = memo,
                                       .before_call = beat,
                                       .before_call_user = channel,
                                       .kind = HANDLE_KIND_MODEL,
                                       .called = plugin_is_called(plugin),
                                       .program = plugin->source->outside,
                                       .background = set->x,
                                       .background_count = set->count,
                                       .n = n,
                                       .inputs = set->x,
                                       .targets = set->target,
                                       .seeds = seeds};
    bool ok = explain_job_seeds(run, row, &run->plan.attributions[run_original(run, ROOT_MODEL)], n, seeds, e) &&
              conformance_check(&c, &out->report, e);
    if (ok && !out->report.unsupported && !conformance_breach(&out->report)) {
        out->forwards = (double)out->report.forward / n;
        out->backwards = (double)out->report.backward / n;
    }
    free(seeds);
    return ok;
}

void conform_work(const struct run *run, uint32_t row, struct memo *memo, struct channel *channel) {
    const struct plugin *plugin = run->explainers[row].plugin;
    const assay_explainer *explainer = NULL;
    struct conformed out;
    struct error e = {{0}};
    const size_t before = resident_now();
    memset(&out, 0, sizeof out);
    if (!plugin_open(plugin, handle_host(), &explainer, &e) || !check(run, row, memo, channel, explainer, &out, &e)) {
        out.report.count = 1;
        out.report.lines[0] = (struct conformance_line){.id = "create", .state = CONFORMANCE_BREACH};
        snprintf(out.report.lines[0].sentence, CONFORMANCE_SENTENCE, "%.390s", e.text);
    }
    conformance_report_clean(&out.report);
    const size_t others = before + (memo ? memo_used(memo) : 0), peak = resident_peak();
    out.bytes = peak > others ? (double)(peak - others) : 0;
    channel_send(channel, 1, &out, sizeof out);
    channel_beat(channel);
    plugin_close(plugin, explainer);
}

/* Bytes that came out of a process of the plugin's. */
static bool check_message(const void *data, size_t size, struct conformed *in, struct error *e) {
    if (size != sizeof *in) return error_set(e, "a conformance report of %zu bytes", size);
    memcpy(in, data, sizeof *in);
    if (!conformance_report_check(&in->report)) return error_set(e, "a conformance report that cannot be");
    return message_check_real(in->forwards, 0, DBL_MAX, "a number of passes", e) &&
           message_check_real(in->backwards, 0, DBL_MAX, "a number of passes", e) &&
           message_check_real(in->bytes, 0, 1e15, "a number of bytes", e);
}

bool conform_message(struct run *run, uint32_t row, const void *data, size_t size, struct error *e) {
    struct conformed in;
    struct explainer_entry *r = &run->explainers[row];
    struct error what = {{0}};
    if (r->breach) return true;
    if (!check_message(data, size, &in, &what)) return run_breach(run, row, message_damage(&what, PLUGIN_PROCESS), e);
    const struct conformance_line *breach = conformance_breach(&in.report);
    r->forwards = in.forwards;
    r->backwards = in.backwards;
    r->conform_bytes = in.bytes;
    r->ruled = in.report.ruled > 0;
    if (in.report.inspected[0] && !r->inspected && !(r->inspected = text_copy(in.report.inspected)))
        return error_memory(e);
    if (in.report.unsupported && !r->unsupported) {
        r->unsupported = text_copy(in.report.why);
        return r->unsupported || error_memory(e);
    }
    return !breach || run_breach(run, row, breach->sentence, e);
}
