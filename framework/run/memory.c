/* memory.c: the sum over all processes, and the search for what keeps to a budget. */
#include "run/memory.h"

#include "base/resident.h"
#include "base/text.h"
#include "nn/weights.h"
#include "run/memory_job.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MIB ((size_t)1 << 20)
#define MOST_THREADS 8u /* of helpers.c: that share one sample */

size_t memory_total(const struct memory_need *n) {
    return n->parent + n->shared + n->workers * n->worker;
}

/* ---- The parent ---- */

/* Similarities that the judge looks at: every measure, view and input of every cell. */
static size_t judging_bytes(const struct run *run) {
    size_t cells = (size_t)run->explainer_count * run->plan.attribution_count;
    return cells * measure_count() * VIEW_COUNT * run->battery->inputs * sizeof(double);
}

/* What is there, and what is yet to come. */
static size_t parent_bytes(const struct memory_case *c) {
    const struct run *run = c->run;
    size_t inputs = backed_resident(run->battery->inputs * shape_count(&run->data->sample) * sizeof(float)),
           bytes = resident_now();
    for (int root = 0; root < ROOT_COUNT; root++)
        if (c->roots[root].parameters && !run->inputs[root].count) bytes += inputs;
    for (uint32_t i = 0; i < run->network_count; i++)
        if (!run->networks[i].weights) bytes += c->roots[ROOT_LABELS].parameters;
    return bytes + judging_bytes(run) + memory_of_record(c);
}

/* ---- The others ---- */

static void take_larger(struct memory_need *n, size_t bytes, const char *what) {
    if (bytes <= n->worker) return;
    n->worker = bytes;
    n->largest = what;
}

static void find_largest(const struct memory_case *c, struct memory_need *n) {
    const struct run *run = c->run;
    take_larger(n, memory_of_conform(c), "conformance");
    take_larger(n, memory_of_reference(c), "audits and yardsticks");
    take_larger(n, memory_of_training(c), "training");
    for (int root = 0; root < ROOT_COUNT; root++)
        for (uint32_t row = 0; c->roots[root].parameters && row < run->explainer_count; row++)
            if (!run->explainers[row].yardstick && !run->explainers[row].breach)
                take_larger(n, memory_of_explain(c, (enum root)root, row), run->explainers[row].name);
}

bool memory_predict(const struct run *run, const struct memory_limits *limits, unsigned workers,
                    struct memory_need *out, struct error *e) {
    struct memory_case c;
    if (!memory_case_init(&c, run, limits, workers < MOST_THREADS ? workers : MOST_THREADS, e)) return false;
    *out = (struct memory_need){.workers = workers, .samples = c.roots[ROOT_MODEL].net.samples};
    out->parent = parent_bytes(&c);
    out->shared = limits->memos + limits->gradients;
    find_largest(&c, out);
    return true;
}

bool memory_note_own(struct run *run, struct error *e) {
    struct memory_case c;
    if (!memory_case_init(&c, run, run_limits(run), 1, e)) return false;
    const double known = (double)memory_of_conform(&c);
    for (uint32_t row = 0; row < run->explainer_count; row++) {
        struct explainer_entry *r = &run->explainers[row];
        r->own_bytes = r->conform_bytes > known ? r->conform_bytes - known : 0;
    }
    return true;
}

/* ---- The budget ---- */

#define LEVELS 7
/* Of the parent, from before its store is open until explainers were asked whether they keep the rules: 2 to 5 MiB were
 * seen. So the least that is named at first is enough later, but for what an explainer turns out to take of its own. */
#define PARENT_GROWTH (6 * MIB)

/* From what is quickest to what is least: a sample at a time, and nothing kept. */
static struct memory_limits limits_at(unsigned level) {
    const struct memory_limits most = memory_limits_default;
    if (level + 1 == LEVELS) return (struct memory_limits){.group = 1, .prepared = 1};
    return (struct memory_limits){most.group >> level, most.prepared >> level, most.memos >> level,
                                  most.gradients >> level, most.passes >> level};
}

void memory_least(struct run *run, unsigned *workers) {
    run->limits = limits_at(LEVELS - 1);
    *workers = 1;
}

static bool refuse(const struct run *run, const struct memory_need *least, struct error *e) {
    const double mib = (double)MIB;
    return error_set(e,
                     "--memory %.0f MiB: the run needs at least %.0f MiB: %.0f for the process that judges, and %.0f "
                     "for one that works (%s), a sample at a time: give it that, or lower `inputs`",
                     floor((double)run->memory / mib), ceil((double)memory_total(least) / mib),
                     ceil((double)least->parent / mib), ceil((double)least->worker / mib), least->largest);
}

/* The least that this many workers need, and whether it fits. */
static bool fits(const struct run *run, unsigned level, unsigned workers, size_t reserve, struct memory_need *need,
                 bool *fitting, struct error *e) {
    const struct memory_limits limits = limits_at(level);
    if (!memory_predict(run, &limits, workers, need, e)) return false;
    need->worker += reserve;
    if (!run->store) need->parent += PARENT_GROWTH;
    *fitting = memory_total(need) <= run->memory;
    return true;
}

bool memory_fit(struct run *run, size_t reserve, unsigned *workers, struct error *e) {
    struct memory_need need;
    bool fitting = false;
    if (!run->memory) return true;
    /* How many at their least. What each takes depends little on how many there are. */
    if (!fits(run, LEVELS - 1, 1, reserve, &need, &fitting, e)) return false;
    if (!fitting && reserve) return memory_fit(run, 0, workers, e);
    if (!fitting) return refuse(run, &need, e);
    size_t most = (run->memory - need.parent - need.shared) / need.worker;
    unsigned count = most < *workers ? (unsigned)most : *workers;
    for (fitting = false; !fitting && count > 1; count -= !fitting)
        if (!fits(run, LEVELS - 1, count, reserve, &need, &fitting, e)) return false;
    unsigned level = 0;
    for (fitting = false; !fitting && level + 1 < LEVELS; level += !fitting)
        if (!fits(run, level, count, reserve, &need, &fitting, e)) return false;
    run->limits = limits_at(level);
    *workers = count;
    return true;
}
