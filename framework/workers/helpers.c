/* helpers.c: requests cut into blocks of samples for threads, and single samples into parts for a team of threads. */
#include "workers/helpers.h"

#include "nn/graph.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Below this a helper's memory costs more than it saves: 20 ms of one core. */
#define LEAST_WORK 2e9
#define MOST_HELPERS 64u
#define BLOCK 5u /* samples that one thread takes at a time */
/* The same of threads: 2 ms, and what a layer can be cut into without waste. */
#define LEAST_SAMPLE_WORK 2e8
#define MOST_THREADS 8u
#define FEW 10u                         /* samples, that do not make two full blocks: shared by threads */
#define MOST_RESULTS ((size_t)32 << 20) /* bytes of sums of blocks, which are kept until all are there */

struct shared_request {
    const struct net_request *ask;
    struct net *net;
    uint32_t blocks;
    size_t in, out; /* elements of a sample, and of one result */
    float *logits;  /* of all samples, or NULL */
    size_t classes;
    float *results;   /* as run_block writes them */
    atomic_uint next; /* block that nobody has begun */
};

static bool is_sum(const struct shared_request *w) {
    return w->ask->question == ASK_GRADIENT_SUM || w->ask->question == ASK_LINE_SUM;
}

/* The samples from `first` on, `count` of them. */
static bool ask_net(const struct shared_request *w, struct net *net, uint32_t first, uint32_t count, float *out,
                    struct error *e) {
    const struct net_request *ask = w->ask;
    const float *x = ask->question == ASK_LINE_SUM ? NULL : ask->x + first * w->in;
    switch (ask->question) {
    case ASK_FORWARD: return net_forward(net, count, x, out, e);
    case ASK_GRADIENT:
        return net_gradient_logits(net, ask->rule, count, x, ask->targets + first,
                                   w->logits ? w->logits + first * w->classes : NULL, out, e);
    case ASK_VJP: return net_vjp(net, count, x, ask->weights + first * w->classes, out, e);
    case ASK_GRADIENT_SUM: return net_gradient_sum(net, count, x, ask->targets + first, ask->weights + first, out, e);
    default: return net_line_sum(net, count, ask->positions + first, ask->weights + first, ask->targets[0], out, e);
    }
}

static bool run_block(const struct shared_request *w, struct net *net, uint32_t block, struct error *e) {
    uint32_t first = block * BLOCK, left = w->ask->n - first;
    return ask_net(w, net, first, left < BLOCK ? left : BLOCK, w->results + (is_sum(w) ? block : first) * w->out, e);
}

/* Adds up the sums of the blocks. */
static void add_sums(const struct shared_request *w, float *out) {
    memcpy(out, w->results, w->out * sizeof *out);
    for (uint32_t b = 1; b < w->blocks; b++)
        for (size_t i = 0; i < w->out; i++) out[i] += w->results[b * w->out + i];
}

/* Runs blocks that nobody has begun, and nobody goes on after one who failed. */
static bool run_blocks(struct shared_request *w, struct net *net, struct error *e) {
    for (uint32_t b; (b = atomic_fetch_add(&w->next, 1)) < w->blocks;) {
        if (run_block(w, net, b, e)) continue;
        atomic_store(&w->next, w->blocks);
        return false;
    }
    return true;
}

/* ---- Threads that take blocks: they live as long as the request, so that none is there when a plugin forks ---- */

struct helper {
    struct shared_request *request;
    struct net *net;
    pthread_t thread;
    bool ok;
    struct error error;
};

struct started { /* helpers of one request */
    unsigned count;
    struct helper all[MOST_HELPERS];
};

static void *help(void *user) {
    struct helper *h = user;
    h->ok = run_blocks(h->request, h->net, &h->error);
    return NULL;
}

/* Signals are for the caller's thread. Without memory or a thread there is no helper, and nothing else is wrong. */
static bool start_helper(struct shared_request *w, struct started *started) {
    struct helper *h = &started->all[started->count];
    sigset_t all, before;
    *h = (struct helper){.request = w};
    if (!net_mate(w->net, started->count, BLOCK, w->ask->question != ASK_FORWARD, &h->net, &h->error)) return false;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool ok = pthread_create(&h->thread, NULL, help, h) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    started->count += ok;
    return ok;
}

/* As many as there are cores free by now, and blocks for them besides the caller's next. */
static void start_helpers(struct shared_request *w, const struct helpers *helpers, struct started *started) {
    uint32_t begun = atomic_load(&w->next), left = begun < w->blocks ? w->blocks - begun : 0;
    unsigned most = MOST_HELPERS - started->count, wanted = left > most ? most : left ? left - 1 : 0;
    unsigned lent = wanted ? cores_borrow(helpers->cores, helpers->member, wanted) : 0, idle = 0;
    for (unsigned i = 0; i < lent; i++) idle += !start_helper(w, started);
    if (idle) cores_return(helpers->cores, helpers->member, idle);
}

static bool work_together(struct shared_request *w, const struct helpers *helpers, struct error *e) {
    struct started started = {.count = 0};
    bool ok = true;
    for (uint32_t b; ok;) { /* cores become free while this goes on */
        start_helpers(w, helpers, &started);
        if ((b = atomic_fetch_add(&w->next, 1)) >= w->blocks) break;
        ok = run_block(w, w->net, b, e);
    }
    if (!ok) atomic_store(&w->next, w->blocks); /* no more of them */
    for (unsigned i = 0; i < started.count; i++) {
        struct helper *h = &started.all[i];
        pthread_join(h->thread, NULL);
        if (ok && !h->ok && e) *e = h->error;
        ok = ok && h->ok;
    }
    net_drop_mates(w->net); /* before somebody else has the cores, and memory with them */
    cores_return(helpers->cores, helpers->member, started.count);
    return ok;
}

/* By the caller alone where `helpers` is NULL; a sum has its blocks either way. */
static bool work(struct shared_request *w, const struct helpers *helpers, float *out, struct error *e) {
    if (!helpers && !is_sum(w)) return ask_net(w, w->net, 0, w->ask->n, out, e);
    w->results = is_sum(w) ? malloc(w->blocks * w->out * sizeof *out) : out;
    bool ok = w->results || error_memory(e);
    ok = ok && (helpers ? work_together(w, helpers, e) : run_blocks(w, w->net, e));
    if (ok && is_sum(w)) add_sums(w, out);
    if (is_sum(w)) free(w->results);
    return ok;
}

/* ---- A team that shares each sample ---- */

struct lent {
    struct thread_team *team;
    unsigned borrowed;
};

static struct lent lend_team(const struct helpers *helpers, struct net *net) {
    struct lent lent = {.borrowed = cores_borrow(helpers->cores, helpers->member, MOST_THREADS - 1)};
    if (lent.borrowed && thread_team_create(1 + lent.borrowed, &lent.team, NULL)) net_share(net, lent.team);
    return lent;
}

static void return_team(const struct helpers *helpers, struct net *net, const struct lent *lent) {
    net_share(net, NULL);
    thread_team_destroy(lent->team);
    cores_return(helpers->cores, helpers->member, lent->borrowed);
}

static bool share_each_sample(struct shared_request *w, const struct helpers *helpers, float *out, struct error *e) {
    struct lent lent = lend_team(helpers, w->net);
    bool ok = work(w, NULL, out, e);
    return_team(helpers, w->net, &lent);
    return ok;
}

bool helpers_inspect(const struct helpers *helpers, struct net *net, uint32_t node, uint32_t n, const float *x,
                     const uint32_t *targets, float *activation, float *gradient, struct error *e) {
    bool alone = !helpers->cores || (gradient ? 2 : 1) * n * graph_flops(net_graph(net)) < LEAST_SAMPLE_WORK;
    struct lent lent = {.team = NULL};
    if (!alone) lent = lend_team(helpers, net);
    bool ok = net_inspect(net, node, n, x, targets, activation, gradient, e);
    if (!alone) return_team(helpers, net, &lent);
    return ok;
}

/* ---- Requests ---- */

static bool ask_once(const struct helpers *helpers, struct net *net, const struct net_request *ask, float *out,
                     struct error *e) {
    const struct graph *g = net_graph(net);
    size_t in = shape_count(&g->sample);
    struct shared_request w = {.ask = ask,
                               .net = net,
                               .blocks = (ask->n + BLOCK - 1) / BLOCK,
                               .in = in,
                               .out = ask->question == ASK_FORWARD ? g->classes : in,
                               .logits = ask->question == ASK_GRADIENT ? ask->logits : NULL,
                               .classes = g->classes};
    double flops = (ask->question == ASK_FORWARD ? 1 : 2) * ask->n * graph_flops(g);
    bool few = ask->n < FEW;
    if (!helpers->cores || flops < (few ? LEAST_SAMPLE_WORK : LEAST_WORK)) return work(&w, NULL, out, e);
    return few ? share_each_sample(&w, helpers, out, e) : work(&w, helpers, out, e);
}

/* The samples of a sum that are asked for at once: so many that memory does not grow with them. */
static uint32_t round_size(const struct graph *g, uint32_t n) {
    size_t blocks = MOST_RESULTS / (shape_count(&g->sample) * sizeof(float)) + 1, left = n / BLOCK + 1;
    return (uint32_t)(blocks < left ? blocks : left) * BLOCK;
}

static bool ask_in_rounds(const struct helpers *helpers, struct net *net, const struct net_request *ask, uint32_t most,
                          float *out, struct error *e) {
    const size_t sample = shape_count(&net_graph(net)->sample);
    float *sum = calloc(sample, sizeof *sum);
    bool ok = sum || error_memory(e);
    for (uint32_t i = 0; ok && i < ask->n; i += most) {
        struct net_request part = *ask;
        part.n = ask->n - i < most ? ask->n - i : most;
        part.weights += i;
        if (ask->question == ASK_LINE_SUM) part.positions += i;
        else part.x += i * sample, part.targets += i;
        ok = ask_once(helpers, net, &part, out, e);
        for (size_t k = 0; ok && k < sample; k++) sum[k] += out[k];
    }
    if (ok) memcpy(out, sum, sample * sizeof *sum);
    free(sum);
    return ok;
}

bool helpers_ask(const struct helpers *helpers, struct net *net, const struct net_request *ask, float *out,
                 struct error *e) {
    bool sum = ask->question == ASK_GRADIENT_SUM || ask->question == ASK_LINE_SUM;
    uint32_t most = sum ? round_size(net_graph(net), ask->n) : ask->n;
    /* Before anybody helps: both ends of the line are found once. */
    if (ask->question == ASK_LINE_SUM && !net_line_begin(net, ask->x, ask->to, e)) return false;
    if (ask->question == ASK_FORWARD && !net_forward_begin(net, ask->n, ask->x, e)) return false;
    return ask->n <= most ? ask_once(helpers, net, ask, out, e) : ask_in_rounds(helpers, net, ask, most, out, e);
}
