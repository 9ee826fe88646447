/* helpers.c: requests cut into blocks of samples for forked helpers, and single samples into parts for threads. */
#include "workers/helpers.h"

#include "base/shared.h"
#include "nn/graph.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Below this a fork, and the pages that are copied after it, cost more than a helper saves: 20 ms of one core. */
#define LEAST_WORK 2e9
#define MOST_HELPERS 64u
#define BLOCK 5u /* samples that one process takes at a time */
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
};

/* What the processes share: results follow behind `done`. */
struct board {
    atomic_uint next; /* block that nobody has begun */
    atomic_bool done[];
};

static bool is_sum(const struct shared_request *w) {
    return w->ask->question == ASK_GRADIENT_SUM || w->ask->question == ASK_LINE_SUM;
}

static size_t results_of(const struct shared_request *w) {
    return is_sum(w) ? w->blocks : w->ask->n;
}

/* The samples from `first` on, `count` of them. */
static bool ask_net(const struct shared_request *w, uint32_t first, uint32_t count, float *out, struct error *e) {
    const struct net_request *ask = w->ask;
    const float *x = ask->question == ASK_LINE_SUM ? NULL : ask->x + first * w->in;
    switch (ask->question) {
    case ASK_FORWARD: return net_forward(w->net, count, x, out, e);
    case ASK_GRADIENT:
        return net_gradient_logits(w->net, ask->rule, count, x, ask->targets + first,
                                   w->logits ? w->logits + first * w->classes : NULL, out, e);
    case ASK_VJP: return net_vjp(w->net, count, x, ask->weights + first * w->classes, out, e);
    case ASK_GRADIENT_SUM:
        return net_gradient_sum(w->net, count, x, ask->targets + first, ask->weights + first, out, e);
    default: return net_line_sum(w->net, count, ask->positions + first, ask->weights + first, ask->targets[0], out, e);
    }
}

static bool run_block(const struct shared_request *w, uint32_t block, float *results, struct error *e) {
    uint32_t first = block * BLOCK, left = w->ask->n - first;
    return ask_net(w, first, left < BLOCK ? left : BLOCK, results + (is_sum(w) ? block : first) * w->out, e);
}

/* The next block that nobody has begun, if there is one. */
static bool take_block(const struct shared_request *w, struct board *board, float *results, bool *any,
                       struct error *e) {
    uint32_t b = atomic_fetch_add(&board->next, 1);
    *any = b < w->blocks;
    if (!*any) return true;
    if (!run_block(w, b, results, e)) return false;
    atomic_store(&board->done[b], true);
    return true;
}

/* Adds up the sums of the blocks, or copies. */
static void gather(const struct shared_request *w, const float *results, float *out) {
    memcpy(out, results, (is_sum(w) ? 1 : w->ask->n) * w->out * sizeof *out);
    for (uint32_t b = 1; is_sum(w) && b < w->blocks; b++)
        for (size_t i = 0; i < w->out; i++) out[i] += results[b * w->out + i];
}

static bool work_alone(const struct shared_request *w, float *out, struct error *e) {
    if (!is_sum(w)) return ask_net(w, 0, w->ask->n, out, e);
    float *results = malloc(w->blocks * w->out * sizeof *results);
    bool ok = results ? true : error_memory(e);
    for (uint32_t b = 0; ok && b < w->blocks; b++) ok = run_block(w, b, results, e);
    if (ok) gather(w, results, out);
    free(results);
    return ok;
}

static void wait_for(pid_t pid) {
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
}

struct children {
    unsigned count;
    pid_t pids[MOST_HELPERS];
};

static void help(const struct shared_request *w, struct board *board, float *results) {
    bool any = true;
    while (any && take_block(w, board, results, &any, NULL)) {}
    _exit(0);
}

/* As many as there are cores free by now, and blocks for them besides the caller's next. */
static void recruit(const struct shared_request *w, const struct helpers *helpers, struct board *board, float *results,
                    struct children *h) {
    uint32_t begun = atomic_load(&board->next), left = begun < w->blocks ? w->blocks - begun : 0;
    unsigned most = MOST_HELPERS - h->count, wanted = left > most ? most : left ? left - 1 : 0;
    unsigned lent = wanted ? cores_borrow(helpers->cores, helpers->member, wanted) : 0;
    for (unsigned i = 0; i < lent; i++) {
        pid_t pid = fork();
        if (pid == 0) help(w, board, results);
        if (pid > 0) h->pids[h->count++] = pid;
        else cores_return(helpers->cores, helpers->member, 1);
    }
}

static bool work_together(const struct shared_request *w, const struct helpers *helpers, struct board *board,
                          float *results, struct error *e) {
    struct children children = {.count = 0};
    bool ok = true, any = true;
    while (ok && any) { /* cores become free while this goes on */
        recruit(w, helpers, board, results, &children);
        ok = take_block(w, board, results, &any, e);
    }
    if (!ok) atomic_store(&board->next, w->blocks); /* no more of them */
    for (unsigned i = 0; i < children.count; i++) wait_for(children.pids[i]);
    cores_return(helpers->cores, helpers->member, children.count);
    for (uint32_t b = 0; ok && b < w->blocks; b++) ok = atomic_load(&board->done[b]) || run_block(w, b, results, e);
    return ok;
}

/* With helpers, or where they cannot share memory without. */
static bool share(struct shared_request *w, const struct helpers *helpers, float *out, struct error *e) {
    size_t head = (sizeof(struct board) + w->blocks + 63) / 64 * 64, logits = w->logits ? w->ask->n * w->classes : 0;
    size_t size = head + (results_of(w) * w->out + logits) * sizeof *out;
    struct board *board = shared_create(size, NULL); /* zero: nothing is begun or done */
    if (!board) return work_alone(w, out, e);
    float *results = (float *)(void *)((char *)board + head);
    if (logits) w->logits = results + results_of(w) * w->out;
    bool ok = work_together(w, helpers, board, results, e);
    if (ok) gather(w, results, out);
    if (ok && logits) memcpy(w->ask->logits, w->logits, logits * sizeof *w->logits);
    shared_destroy(board, size);
    return ok;
}

/* ---- Threads, who live as long as the request: none is there when a plugin forks ---- */

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

static bool share_each_sample(const struct shared_request *w, const struct helpers *helpers, float *out,
                              struct error *e) {
    struct lent lent = lend_team(helpers, w->net);
    bool ok = work_alone(w, out, e);
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
    double work = (ask->question == ASK_FORWARD ? 1 : 2) * ask->n * graph_flops(g);
    bool few = ask->n < FEW;
    if (!helpers->cores || work < (few ? LEAST_SAMPLE_WORK : LEAST_WORK)) return work_alone(&w, out, e);
    return few ? share_each_sample(&w, helpers, out, e) : share(&w, helpers, out, e);
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
    /* Before anybody is forked: both ends of the line are found once. */
    if (ask->question == ASK_LINE_SUM && !net_line_begin(net, ask->x, ask->to, e)) return false;
    return ask->n <= most ? ask_once(helpers, net, ask, out, e) : ask_in_rounds(helpers, net, ask, most, out, e);
}
