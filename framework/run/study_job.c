/* study_job.c: the host's side of a study: guarded calls on the networks that it makes. */
#include "run/study_job.h"

#include "base/clock.h"
#include "base/rng.h"
#include "base/text.h"
#include "host/call.h"
#include "plan/study.h"
#include "run/unit_record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct session {
    const struct study_job *job;
    const struct run *run;
    const struct study *study;
    const char *breach;
    uint32_t maps; /* asked for so far */
};

/* Of one network: what calls need. */
struct asked {
    struct net *net;
    struct handle *handle;
    struct call call;
    uint64_t *seeds;
};

static void asked_finish(struct asked *a) {
    if (a->call.explainer) call_finish(&a->call);
    handle_destroy(a->handle);
    net_destroy(a->net);
    free(a->seeds);
}

static void beat(void *channel) {
    channel_beat(channel);
}

static bool asked_init(struct asked *a, const struct session *s, const struct study_request *r, struct error *e) {
    const struct graph *g = r->weights->graph;
    size_t count = shape_count(&g->sample);
    if (!run_net(s->run, r->weights, &a->net, e) || !handle_create(a->net, &a->handle, e) ||
        (r->own && !handle_refuse_idle_rules(a->handle, e)) || (r->mask && !handle_mask(a->handle, r->mask, e)) ||
        !call_init(&a->call, s->job->explainer, count, call_request_size(count, r->n), e))
        return false;
    a->handle->helpers = channel_helpers(s->job->channel);
    /* A network of the control's own says what its evidence is against zero, not against the data. */
    if (r->own) handle_background(a->handle, s->run->inputs[ROOT_MODEL].x, s->run->inputs[ROOT_MODEL].count);
    a->handle->kind = r->own ? HANDLE_KIND_MODEL : HANDLE_KIND_OTHER;
    if (plugin_is_called(s->run->explainers[s->job->row].plugin)) {
        a->handle->beat = beat;
        a->handle->beat_user = s->job->channel;
    }
    a->seeds = malloc(r->n * sizeof *a->seeds);
    char *purpose = text_format("study/%s/%s", s->run->explainers[s->job->row].name, s->study->name);
    for (uint32_t i = 0; a->seeds && purpose && i < r->n; i++)
        a->seeds[i] = rng_seed(s->run->battery->seed, purpose, ((uint64_t)r->repeat << 32) + r->first + i);
    bool ok = a->seeds && purpose;
    free(purpose);
    return ok || error_memory(e);
}

static bool all_finite(const float *maps, size_t n, struct error *e) {
    for (size_t k = 0; k < n; k++)
        if (!isfinite(maps[k])) return error_set(e, "a map holds %s.", isnan(maps[k]) ? "NaN" : "an infinite value");
    return true;
}

static enum study_outcome call_all(struct session *s, struct asked *a, const struct study_request *r, float *maps,
                                   struct error *e) {
    size_t count = a->call.count;
    for (uint32_t i = 0; i < r->n; i += a->call.most) {
        const assay_request request = {.n = r->n - i < a->call.most ? r->n - i : a->call.most,
                                       .inputs = r->x + i * count,
                                       .targets = r->targets + i,
                                       .seeds = a->seeds + i};
        channel_beat(s->job->channel);
        assay_status status = call_make(&a->call, a->handle, &request, CALL_NAN_A, maps + i * count);
        s->breach = call_breach(&a->call);
        if (s->breach) return STUDY_FAILED;
        if (status == ASSAY_OK) continue;
        error_set(e, "%s", a->call.why[0] ? a->call.why : "the plugin failed and gave no reason.");
        return status == ASSAY_UNSUPPORTED ? STUDY_UNSUPPORTED : STUDY_FAILED;
    }
    channel_beat(s->job->channel);
    return all_finite(maps, r->n * count, e) ? STUDY_DONE : STUDY_FAILED;
}

/* A method that was told of a layer by its name may well not find it in a network of the control's. */
static enum study_outcome settle(const struct session *s, const struct study_request *r, enum study_outcome outcome,
                                 struct error *e) {
    if (outcome != STUDY_FAILED || r->own || s->breach || !plugin_has_text(s->run->explainers[s->job->row].plugin))
        return outcome;
    error_prefix(e, "On a network of the control's, which has other layers");
    return STUDY_UNSUPPORTED;
}

static enum study_outcome explain(void *user, const struct study_request *r, float *maps, struct error *e) {
    struct session *s = user;
    struct asked a = {.net = NULL};
    s->maps += r->n;
    if (s->maps > s->study->maps) {
        error_set(e, "%s asks for %u maps or more, and says that it asks for %u", s->study->name, s->maps,
                  s->study->maps);
        return STUDY_FAILED;
    }
    enum study_outcome outcome = asked_init(&a, s, r, e) ? call_all(s, &a, r, maps, e) : STUDY_FAILED;
    asked_finish(&a);
    return settle(s, r, outcome, e);
}

static bool forward(void *user, const struct weights *w, uint32_t n, const float *x, float *logits, struct error *e) {
    struct session *s = user;
    struct net *net = NULL;
    bool ok = run_net(s->run, w, &net, e) && net_forward(net, n, x, logits, e);
    for (size_t k = 0; ok && k < (size_t)n * w->graph->classes; k++)
        ok = isfinite(logits[k]) || error_set(e, "the logits of a network that the control made are not finite");
    net_destroy(net);
    return ok;
}

/* ---- the unit ---- */

static struct study_case make_case(struct session *s, double **values) {
    const struct run *run = s->run;
    const struct input_set *set = &run->inputs[ROOT_MODEL];
    return (struct study_case){
        .study = s->study,
        .model = run_root_weights(run, ROOT_MODEL),
        .sample = &run->data->sample,
        .classes = run->graph->classes,
        .paired = run->graph->paired > 0,
        .one_hot = set->one_hot,
        .inputs = set->count,
        .x = set->x,
        .target = set->target,
        .seed = run->battery->seed,
        .claims = run->explainers[s->job->row].claims,
        .baseline = plugin_number(run->explainers[s->job->row].plugin, "baseline", 0),
        .values = values,
        .host = {explain, forward, s},
    };
}

static bool allocate(const struct study *study, double **values) {
    size_t total = 0;
    for (uint32_t k = 0; k < study->reading_count; k++) total += study->readings[k].count;
    double *all = malloc((total + 1) * sizeof *all);
    if (!all) return false;
    for (size_t k = 0; k < total; k++) all[k] = (double)NAN;
    values[0] = all;
    for (uint32_t k = 0; k + 1 < study->reading_count; k++) values[k + 1] = values[k] + study->readings[k].count;
    return true;
}

static void record_readings(const struct session *s, double *const *values, struct record_buffer *out) {
    const struct plan *p = &s->run->plan;
    uint32_t reading = 0;
    for (uint32_t k = 0; k < p->check_count; k++) {
        if (p->checks[k].owner != s->job->attribution || !p->checks[k].readings) continue;
        for (uint32_t i = 0; i < p->checks[k].readings; i++)
            record_check(out, k, i, values[reading][i], p->checks[k].predicate->limit);
        reading = (reading + 1) % s->study->reading_count; /* two controls may ask for one study */
    }
}

bool study_job_work(const struct study_job *job, const char **breach) {
    struct session s = {job, job->run, job->run->plan.attributions[job->attribution].study, NULL, 0};
    struct record_buffer out = {.failed = false};
    struct error e = {{0}};
    double *values[STUDY_READINGS_MAX] = {NULL}, start = clock_seconds();
    if (!allocate(s.study, values)) return false;
    const struct study_case c = make_case(&s, values);
    enum study_outcome outcome = s.study->run(&c, &e);
    static const enum unit_status statuses[] = {
        [STUDY_DONE] = UNIT_OK, [STUDY_UNSUPPORTED] = UNIT_UNSUPPORTED, [STUDY_FAILED] = UNIT_FAILED};
    *breach = s.breach;
    bool ok = true;
    if (!s.breach) {
        record_begin(&out, job->row, job->attribution, statuses[outcome], outcome == STUDY_DONE ? "" : e.text,
                     clock_seconds() - start);
        if (outcome == STUDY_DONE) record_readings(&s, values, &out);
        ok = record_send(&out, job->channel);
    }
    record_finish(&out);
    free(values[0]);
    return ok;
}
