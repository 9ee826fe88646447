/* The child's side: computing and comparing. explain_job_store.c is the parent's. */
#include "run/explain_job.h"

#include "base/array.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/rng.h"
#include "base/text.h"
#include "nn/net.h"
#include "run/compare.h"
#include "run/reference.h"
#include "host/call.h"
#include "run/sketch.h"
#include "run/study_job.h"
#include "run/variant.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct session {
    const struct run *run;
    const struct explain_job *explain;
    struct channel *channel;
    const struct input_set *set;
    const struct graph *graph;
    const assay_explainer *explainer;
    struct variant variant;
    struct experiment_view view;
    struct comparer comparer;
    struct answers answers;
    struct call call;
    size_t full;       /* elements of a sample */
    float *x, *maps;   /* [call.most][sample]: inputs that were changed, and maps */
    float *logits;     /* [inputs][classes] */
    uint32_t *targets; /* [inputs] */
    uint64_t *seeds;   /* [inputs] */
    uint32_t *second;  /* [inputs]: the original's best class but for the one explained */
    float most_logit;  /* largest |logit| of the original */
    bool unsupported;
    bool lost;               /* out of memory: nothing more can be said */
    struct error not_finite; /* of the attribution that is computed: the first of its maps; or none */
    double used;             /* seconds of what was done with its maps */
    struct digest *digest;   /* of the original's maps */
    struct sketch sketch;
};

/* What is done with maps as they come, besides keeping them for checks. */
enum map_use { USE_ORIGINALS = 1, USE_COMPARE = 2, USE_CHECK = 4 };

/* s->targets: the classes explained, as this attribution wants them. */
static void choose_targets(struct session *s, const struct attribution *a) {
    const struct input_set *set = s->set;
    memcpy(s->targets, set->target, set->count * sizeof *s->targets);
    for (uint32_t i = 0; a->target && i < set->count; i++) {
        const struct target_case t = {set->target[i], set->label[i], set->predicted[i], s->second[i],
                                      s->graph->classes};
        struct rng rng = rng_stream(s->run->battery->seed, a->target->name, set->sample[i]);
        s->targets[i] = a->target->choose(&t, &rng);
    }
}

/* The n inputs from `first` on, as this attribution wants them, until others are asked for. */
static const float *make_inputs(struct session *s, const struct attribution *a, uint32_t first, uint32_t n) {
    const struct battery *b = s->run->battery;
    const struct input_set *set = s->set;
    const struct input_case c = {layout_of(s->view.sample), set->one_hot, b->rule.jitter};
    const float *x = set->x + first * s->full;
    if (!a->inputs) return x;
    memcpy(s->x, x, n * s->full * sizeof *s->x);
    for (uint32_t i = 0; i < n; i++) {
        struct rng rng = rng_stream(b->seed, a->inputs->name, set->sample[first + i]);
        a->inputs->apply(&c, &rng, s->x + i * s->full);
    }
    return s->x;
}

/* A network for each class that is explained. */
static bool is_one_for_each_class(const struct attribution *a) {
    return attribution_is_twin(a) && a->model.twin == TWIN_CONFIDENCE;
}

/* Inputs from `i` on that one network is asked for, at most `most`; the network is theirs then. The other logits are
 * raised far beyond any that the network gives. */
static bool take_inputs(struct session *s, const struct attribution *a, uint32_t i, uint32_t most, uint32_t *n,
                        struct error *e) {
    *n = s->set->count - i < most ? s->set->count - i : most;
    if (!is_one_for_each_class(a)) return true;
    for (uint32_t k = 1; k < *n; k++)
        if (s->targets[i + k] != s->targets[i]) *n = k;
    return variant_raise(&s->variant, s->targets[i], 10 * s->most_logit + 20, e);
}

/* s->logits of the inputs. A network whose logits overflow is no control, and says nothing about the explainer.
 * Of networks with layers drawn anew the audit says so; they are asked here only where a check wants the logits. */
static bool check_logits(struct session *s, const struct attribution *a, struct net *net, struct error *e) {
    size_t classes = s->graph->classes;
    struct helpers helpers = channel_helpers(s->channel);
    uint32_t most = a->inputs ? s->call.most : reference_block(s->full, s->set->count);
    for (uint32_t i = 0, n; i < s->set->count; i += n) {
        if (!take_inputs(s, a, i, most, &n, e)) return false;
        const struct net_request request = {.question = ASK_FORWARD, .n = n, .x = make_inputs(s, a, i, n)};
        if (!helpers_ask(&helpers, net, &request, s->logits + i * classes, e)) return false;
        input_set_release(s->set, i, n, s->full);
    }
    return floats_are_finite(s->logits, s->set->count * classes) ||
           error_set(e, "overflow: the network's logits are not finite.");
}

static void beat(void *channel) {
    channel_beat(channel);
}

/* Maps of one request. False: out of memory. Behind a map that is not finite none is looked at. */
static bool use_maps(struct session *s, uint32_t index, unsigned uses, const struct attributed *given,
                     struct error *e) {
    const double start = clock_seconds();
    if (s->not_finite.text[0] ||
        !comparer_finite(&s->view, s->explain->root, given->first, given->n, given->maps, &s->not_finite))
        return true;
    bool ok = true;
    if (uses & USE_ORIGINALS) {
        digest_add(s->digest, given->maps, given->n * s->full * sizeof *given->maps);
        sketch_add(&s->sketch, given->first, given->n, s->full, given->maps);
        ok = comparer_take_originals(&s->comparer, given->first, given->n, given->maps, e);
    }
    if (uses & USE_COMPARE)
        ok = comparer_add(&s->comparer, given->first, given->n, COMPARER_GIVEN, given->maps) || error_memory(e);
    if (uses & USE_CHECK)
        answers_check(&s->answers, index, given, s->run->explainers[s->explain->row].claims, &s->comparer.out);
    ok = ok && (answers_keep(&s->answers, index, given) || error_memory(e));
    s->lost = !ok;
    s->used += clock_seconds() - start;
    return ok;
}

static struct handle *make_handle(struct session *s, const struct attribution *a, struct net *net, struct error *e) {
    static const char *const kinds[] = {
        [ROOT_MODEL] = HANDLE_KIND_MODEL, [ROOT_LABELS] = HANDLE_KIND_LABELS, [ROOT_LINEAR] = HANDLE_KIND_LINEAR};
    struct handle *handle;
    if (!handle_create(net, &handle, e)) return NULL;
    if (a->root != ROOT_LINEAR && !handle_refuse_idle_rules(handle, e)) {
        handle_destroy(handle);
        return NULL;
    }
    handle->helpers = channel_helpers(s->channel);
    handle->kind = kinds[a->root];
    handle_background(handle, s->set->x, s->set->count);
    if (plugin_is_called(s->run->explainers[s->explain->row].plugin)) {
        handle->beat = beat;
        handle->beat_user = s->channel;
    }
    /* Every process of this explainer asks for it, and conformance did. */
    if (a == &s->run->plan.attributions[run_original(s->run, ROOT_MODEL)]) handle->memo = s->explain->memo;
    handle->gradients = s->explain->gradients;
    handle->network = a->key;
    return handle;
}

/* One request after the other, and what comes of it is used before the next. */
static bool call_plugin(struct session *s, uint32_t index, struct net *net, unsigned uses, struct error *e) {
    const struct attribution *a = &s->run->plan.attributions[index];
    const bool logits = answers_want_logits(&s->answers, index);
    struct handle *handle = make_handle(s, a, net, e);
    assay_status status = ASSAY_OK;
    bool ok = true;
    if (!handle) return false;
    for (uint32_t i = 0, n; ok && status == ASSAY_OK && !call_breach(&s->call) && i < s->set->count; i += n) {
        ok = take_inputs(s, a, i, s->call.most, &n, e);
        if (!ok) break;
        const float *x = make_inputs(s, a, i, n);
        const assay_request request = {.n = n, .inputs = x, .targets = s->targets + i, .seeds = s->seeds + i};
        const struct attributed given = {
            i, n, s->maps, x, s->targets + i, logits ? s->logits + (size_t)i * s->graph->classes : NULL};
        channel_beat(s->channel);
        status = call_make(&s->call, handle, &request, CALL_NAN_A, s->maps);
        if (status == ASSAY_OK && !call_breach(&s->call)) ok = use_maps(s, index, uses, &given, e);
        input_set_release(s->set, 0, s->set->count, s->full);
    }
    channel_beat(s->channel);
    handle_destroy(handle);
    s->unsupported = status == ASSAY_UNSUPPORTED;
    if (!ok) return false;
    if (call_breach(&s->call)) return error_set(e, "%s.", call_breach(&s->call));
    if (status != ASSAY_OK)
        return error_set(e, "%s", s->call.why[0] ? s->call.why : "the plugin failed and gave no reason.");
    if (s->not_finite.text[0]) *e = s->not_finite;
    return !s->not_finite.text[0];
}

bool explain_job_seeds(const struct run *run, uint32_t row, const struct attribution *a, uint32_t n, uint64_t *seeds,
                       struct error *e) {
    const char *key = attribution_keeps_seeds(a) ? root_name(a->root) : a->key;
    char *purpose = text_format("attribution/%s/%s", run->explainers[row].name, key);
    if (!purpose) return error_memory(e);
    for (uint32_t i = 0; i < n; i++) seeds[i] = rng_seed(run->battery->seed, purpose, run->inputs[a->root].sample[i]);
    free(purpose);
    return true;
}

static bool ask(struct session *s, uint32_t index, unsigned uses, struct error *e) {
    const struct attribution *a = &s->run->plan.attributions[index];
    if (!explain_job_seeds(s->run, s->explain->row, a, s->set->count, s->seeds, e)) return false;
    choose_targets(s, a);
    if (!variant_take(&s->variant, a, e)) return false;
    struct net *net = s->variant.net;
    bool logits = !attribution_is_redrawn(a) || answers_want_logits(&s->answers, index);
    return (!logits || check_logits(s, a, net, e)) && call_plugin(s, index, net, uses, e);
}

/* All maps of one attribution, and what they are used for. */
static bool compute(struct session *s, uint32_t index, unsigned uses, struct error *e) {
    s->unsupported = false;
    s->not_finite = (struct error){{0}};
    s->used = 0;
    if (uses & (USE_COMPARE | USE_CHECK)) comparer_begin(&s->comparer, index);
    bool ok = ask(s, index, uses, e);
    answers_end(&s->answers, index, ok);
    return ok;
}

static bool deliver(struct session *s, uint32_t index, bool computed, double seconds, const struct error *failure) {
    const enum unit_status status = computed ? UNIT_OK : s->unsupported ? UNIT_UNSUPPORTED : UNIT_FAILED;
    return !s->lost && comparer_send(&s->comparer, index, status, computed ? "" : failure->text, seconds);
}

/* Before an attribution whose unit carries a check: what the check asks for besides. Its own unit, if it has one, is
 * another matter: it may be in the store since an interrupted run. */
static bool prepare_checks(struct session *s, uint32_t owner) {
    struct error e = {{0}};
    uint32_t other;
    while (!s->lost && answers_lack(&s->answers, owner, &other)) compute(s, other, 0, &e);
    return !s->lost;
}

static bool session_init(struct session *s, struct error *e) {
    const struct run *run = s->run;
    const struct explain_job *explain = s->explain;
    s->set = &run->inputs[explain->root];
    s->graph = run_root_graph(run, explain->root);
    s->full = shape_count(&run->data->sample);
    size_t n = s->set->count;
    s->view = run_view(run);
    if (!comparer_init(&s->comparer, &s->view, explain->row, explain->root, s->channel, e) ||
        !answers_init(&s->answers, &s->view, explain->root, e))
        return false;
    const uint32_t most = call_request_size(s->full, s->set->count);
    s->x = malloc((2 * most * s->full + n * s->graph->classes) * sizeof *s->x);
    s->digest = digest_begin();
    sketch_begin(&s->sketch);
    s->seeds = malloc(n * sizeof *s->seeds);
    s->targets = malloc(n * sizeof *s->targets);
    s->second = calloc(n + 1, sizeof *s->second);
    if (!s->x || !s->seeds || !s->targets || !s->second || !s->digest) return error_memory(e);
    s->maps = s->x + most * s->full;
    s->logits = s->maps + most * s->full;
    if (!variant_init(&s->variant, run, explain->root, e)) return false;
    for (uint32_t k = 0; k < explain->count; k++)
        variant_expect(&s->variant, &run->plan.attributions[explain->attributions[k]]);
    return plugin_open(run->explainers[explain->row].plugin, handle_host(), &s->explainer, e) &&
           call_init(&s->call, s->explainer, s->full, most, e);
}

/* What is asked of the original's logits later on. */
static void note_logits(struct session *s) {
    uint32_t classes = s->graph->classes;
    for (uint32_t i = 0; i < s->set->count; i++) {
        const float *z = s->logits + (size_t)i * classes;
        uint32_t target = s->targets[i], best = target ? 0 : classes - 1;
        for (uint32_t k = 0; k < classes; k++) {
            if (k != target && z[k] > z[best]) best = k;
            s->most_logit = fmaxf(s->most_logit, fabsf(z[k]));
        }
        s->second[i] = best;
    }
}

/* What is wrong with the original is wrong with everything compared to it. */
static void fail_all(struct session *s, const struct error *failure) {
    const enum unit_status status = s->unsupported ? UNIT_UNSUPPORTED : UNIT_FAILED;
    for (uint32_t k = 0; k < s->explain->count; k++)
        comparer_send(&s->comparer, s->explain->attributions[k], status, failure->text, 0);
}

/* A plugin that writes where it must not has broken the rules for its whole row. */
static bool broke_rules(const struct session *s) {
    const char *breach = s->call.explainer ? call_breach(&s->call) : NULL;
    if (breach) channel_send(s->channel, RECORD_BREACH, breach, strlen(breach));
    return breach != NULL;
}

/* The unit of a study. False: nothing more is to be sent. */
static bool deliver_study(struct session *s, uint32_t index) {
    const struct study_job job = {s->run, s->explain->row, index, s->explainer, s->channel};
    const char *breach = NULL;
    bool sent = study_job_work(&job, &breach);
    input_set_release(&s->run->inputs[ROOT_MODEL], 0, s->run->inputs[ROOT_MODEL].count, s->full);
    if (breach) channel_send(s->channel, RECORD_BREACH, breach, strlen(breach));
    return sent && !breach;
}

/* The original's own unit, of the maps that are there already, where nothing more is to be asked for it. */
static bool is_at_hand(const struct session *s, uint32_t original) {
    uint32_t other;
    return s->explain->count > 0 && s->explain->attributions[0] == original &&
           !answers_lack(&s->answers, original, &other);
}

static bool deliver_original(struct session *s, uint32_t original, double start) {
    const double seconds = clock_seconds() - start - s->used;
    const struct error none = {{0}};
    return comparer_add(&s->comparer, 0, s->set->count, COMPARER_AGAIN, NULL) &&
           deliver(s, original, true, seconds, &none);
}

static void explain_variants(struct session *s, uint32_t first) {
    const struct explain_job *explain = s->explain;
    struct error e = {{0}};
    for (uint32_t k = first; k < explain->count; k++) {
        uint32_t index = explain->attributions[k];
        if (s->run->plan.attributions[index].study) {
            if (!deliver_study(s, index)) return;
            continue;
        }
        if (!prepare_checks(s, index)) return;
        const double start = clock_seconds();
        const bool computed = compute(s, index, USE_COMPARE | USE_CHECK, &e);
        if (broke_rules(s) || !deliver(s, index, computed, clock_seconds() - start - s->used, &e)) return;
    }
}

/* Of the maps that other rows have of the model, too; by the process that is of no draw, of which there is one. */
static void send_sketch(const struct session *s) {
    if (s->explain->root != ROOT_MODEL || s->explain->draw != PLAN_NO_DRAW) return;
    channel_send(s->channel, RECORD_SKETCH, &s->sketch, sizeof s->sketch);
}

static void send_original(struct session *s) {
    char digest[FILE_DIGEST_SIZE];
    digest_end(s->digest, digest);
    channel_send(s->channel, RECORD_ORIGINAL, digest, sizeof digest);
    send_sketch(s);
}

void explain_job_work(const struct run *run, const struct explain_job *explain, struct channel *channel) {
    struct session s = {.run = run, .explain = explain, .channel = channel};
    struct error e = {{0}};
    uint32_t original = run_original(run, explain->root);
    double start = clock_seconds();
    bool ok = session_init(&s, &e);
    channel_beat(channel); /* not before: a program may take long to start */
    const bool at_hand = ok && is_at_hand(&s, original);
    ok = ok && compute(&s, original, USE_ORIGINALS | (at_hand ? USE_CHECK : 0), &e);
    if (ok) note_logits(&s);
    if (broke_rules(&s)) return;
    if (!ok) {
        fail_all(&s, &e);
        return;
    }
    send_original(&s);
    if (!at_hand || deliver_original(&s, original, start)) explain_variants(&s, at_hand);
    answers_finish(&s.answers);
    channel_beat(channel);
    plugin_close(run->explainers[explain->row].plugin, s.explainer);
}
