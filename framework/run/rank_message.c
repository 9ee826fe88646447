/* Records of jobs, and messages with their headers. */
#include "run/rank_message.h"

#include <stdlib.h>
#include <string.h>

bool rank_send(const struct transport *t, uint32_t to, const struct rank_header *h, const void *body, size_t size,
               struct error *e) {
    unsigned char *all = malloc(sizeof *h + size);
    if (!all) return error_memory(e);
    memcpy(all, h, sizeof *h);
    if (size) memcpy(all + sizeof *h, body, size);
    bool ok = t->send(t->state, to, all, sizeof *h + size, e);
    free(all);
    return ok;
}

bool job_record_make(const struct run *run, const struct job *j, const struct pool_job *p, void **out, size_t *size,
                     struct error *e) {
    const bool explains = j->kind == JOB_EXPLAIN;
    const struct explain_job *c = &j->explain;
    struct job_record r = {.kind = (uint32_t)j->kind,
                           .number = j->number,
                           .row = c->row,
                           .root = (uint32_t)c->root,
                           .draw = c->draw,
                           .attributions = explains ? c->count : 0,
                           .tasks = j->kind == JOB_REFERENCE ? j->reference.count : 0,
                           .calls = p->calls,
                           .skip = explains && (run->explainers[c->row].breach || run->explainers[c->row].unsupported),
                           .largest = p->largest,
                           .limit = p->limit,
                           .cost = p->cost};
    const size_t attributions = r.attributions * sizeof *c->attributions;
    const size_t tasks = r.tasks * sizeof *j->reference.tasks;
    unsigned char *bytes = malloc(sizeof r + attributions + tasks);
    if (!bytes) return error_memory(e);
    memcpy(bytes, &r, sizeof r);
    if (attributions) memcpy(bytes + sizeof r, c->attributions, attributions);
    if (tasks) memcpy(bytes + sizeof r + attributions, j->reference.tasks, tasks);
    *out = bytes;
    *size = sizeof r + attributions + tasks;
    return true;
}

static bool is_of_run(const struct run *run, const struct job_record *r, size_t size) {
    const bool row = r->kind == JOB_CONFORM || r->kind == JOB_EXPLAIN;
    if (r->kind > JOB_EXPLAIN || r->attributions > run->plan.attribution_count ||
        r->tasks > run->plan.attribution_count + 1u || r->root >= ROOT_COUNT)
        return false;
    if (size != sizeof *r + r->attributions * sizeof(uint32_t) + r->tasks * sizeof(struct reference_task)) return false;
    if (row && (r->number >= run->explainer_count || !run->explainers[r->number].plugin)) return false;
    return (r->kind != JOB_EXPLAIN || r->row == r->number) && (r->kind != JOB_TRAIN || r->number < run->network_count);
}

static bool indices_are_of_run(const struct run *run, const struct job *j) {
    bool ok = true;
    for (uint32_t k = 0; ok && k < j->explain.count; k++) ok = j->explain.attributions[k] < run->plan.attribution_count;
    for (uint32_t k = 0; ok && k < j->reference.count; k++)
        ok = j->reference.tasks[k].attribution < run->plan.attribution_count;
    return ok;
}

bool job_record_read(const struct run *run, const void *data, size_t size, struct job *j, struct pool_job *p,
                     bool *skip, struct error *e) {
    struct job_record r;
    const unsigned char *bytes = data;
    *j = (struct job){.kind = JOB_CONFORM};
    if (size < sizeof r) return error_set(e, "a job of %zu bytes", size);
    memcpy(&r, data, sizeof r);
    if (!is_of_run(run, &r, size)) return error_set(e, "a job that the battery does not have");
    *j = (struct job){.kind = (enum job_kind)r.kind,
                      .number = r.number,
                      .explain = {.row = r.row, .root = (enum root)r.root, .draw = r.draw, .count = r.attributions},
                      .reference = {.count = r.tasks}};
    const size_t attributions = r.attributions * sizeof *j->explain.attributions;
    const size_t tasks = r.tasks * sizeof *j->reference.tasks;
    j->explain.attributions = malloc(attributions + 1);
    j->reference.tasks = malloc(tasks + 1);
    if (!j->explain.attributions || !j->reference.tasks) return error_memory(e);
    memcpy(j->explain.attributions, bytes + sizeof r, attributions);
    memcpy(j->reference.tasks, bytes + sizeof r + attributions, tasks);
    if (!indices_are_of_run(run, j)) return error_set(e, "a job with attributions that the battery does not have");
    const struct job_bounds bounds = {r.limit, r.calls, (size_t)r.largest};
    *p = jobs_declare(run, j->kind, j->number, r.cost, &bounds);
    p->once = true;
    *skip = r.skip != 0;
    return true;
}
