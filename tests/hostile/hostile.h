/* hostile.h: what the hostile plugins share: an honest answer, a guess at when nobody looks, and the tables. A file
 * says what it does in `hostile`, whose hooks are called besides, or in place of, what an honest gradient would do. */
#ifndef HOSTILE_H
#define HOSTILE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "explainer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define UNUSED __attribute__((unused))

struct call {
    const assay_explainer *self;
    const assay_model *model;
    const assay_request *request;
    float *maps;
    assay_why *why;
    unsigned number; /* of the calls in this process, from 1 */
    size_t elements; /* of all maps */
};

struct hostile {
    assay_status (*attribute)(const struct call *); /* NULL: an honest gradient */
    void (*create)(void);
    void (*claims)(void);
    void (*destroy)(void);
};

#ifndef HOSTILE_OWN_TABLES
static const struct hostile hostile; /* the file's own */
#endif

UNUSED static assay_status honest(const struct call *c) {
    return c->model->gradient(c->model, c->request->n, c->request->inputs, c->request->targets, c->maps, c->why);
}

/* Whether the network is another than that of the first call: a control asks then, and no check of conformance. */
UNUSED static bool late(const struct call *c) {
    enum { MOST = 64 };
    static float *input, first[MOST];
    float logits[MOST] = {0};
    size_t bytes = c->model->input.count * sizeof *input;
    bool begins = !input;
    if (c->model->outputs > MOST || (begins && !(input = malloc(bytes)))) return false;
    if (begins) memcpy(input, c->request->inputs, bytes);
    c->model->forward(c->model, 1, input, logits, c->why);
    if (begins) memcpy(first, logits, sizeof first);
    return memcmp(first, logits, sizeof first) != 0;
}

/* The program that asks, or 0 where the parent is anything else: nothing but assay is ever signalled. */
UNUSED static pid_t assay_parent(void) {
    char path[64], name[16] = "";
    pid_t parent = getppid();
    snprintf(path, sizeof path, "/proc/%d/comm", (int)parent);
    int fd = open(path, O_RDONLY);
    ssize_t n = fd < 0 ? 0 : read(fd, name, sizeof name - 1);
    if (fd >= 0) close(fd);
    return n > 0 && strncmp(name, "assay", 5) == 0 ? parent : 0;
}

UNUSED static void crash(void) {
    volatile uintptr_t nowhere = 64;
    *(volatile int *)nowhere = 1;
}

UNUSED static void hang(void) {
    for (;;) pause();
}

UNUSED static void nap(double seconds) {
    nanosleep(&(struct timespec){(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)}, NULL);
}

/* A file of the run folder, which the runner names. */
UNUSED static const char *run_file(const char *name) {
    static char path[4096];
    const char *run = getenv("HOSTILE_RUN");
    snprintf(path, sizeof path, "%s/%s", run ? run : "/nonexistent", name);
    return path;
}

/* The private mapping of everything `kind` says (as in /proc/self/maps: "rw-s"), one after the other. */
UNUSED static void each_mapping(const char *kind, const char *name, void (*visit)(unsigned char *, size_t)) {
    char line[512], mode[8];
    FILE *maps = fopen("/proc/self/maps", "r");
    unsigned long from, to;
    while (maps && fgets(line, sizeof line, maps))
        if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) == 3 && strncmp(mode, kind, strlen(kind)) == 0 &&
            strstr(line, name))
            visit((unsigned char *)from, to - from);
    if (maps) fclose(maps);
}

#ifndef HOSTILE_OWN_TABLES
static assay_status hostile_attribute(const assay_explainer *self, const assay_model *model,
                                      const assay_request *request, float *maps, assay_why *why) {
    static unsigned number;
    struct call c = {self, model, request, maps, why, ++number, request->n * model->input.count};
    return hostile.attribute ? hostile.attribute(&c) : honest(&c);
}

static void hostile_destroy(const assay_explainer *self) {
    (void)self;
    if (hostile.destroy) hostile.destroy();
}

#ifndef HOSTILE_CLAIMS
#define HOSTILE_CLAIMS 0
#endif

static uint32_t hostile_claims(const assay_param *params, uint32_t n) {
    (void)params, (void)n;
    if (hostile.claims) hostile.claims();
    return HOSTILE_CLAIMS;
}

static const assay_explainer_info info = {.id = "hostile",
                                          .name = "hostile",
                                          .summary = "breaks a rule",
                                          .source = "tests/hostile",
                                          .claims = HOSTILE_CLAIMS,
                                          .claims_for = hostile_claims};

static const assay_explainer *hostile_create(const assay_host *host, const char *id, const assay_param *params,
                                             uint32_t n, assay_why *why) {
    static const assay_explainer explainer = {&info, hostile_attribute, hostile_destroy};
    (void)host, (void)id, (void)params, (void)n, (void)why;
    if (hostile.create) hostile.create();
    return &explainer;
}

static const assay_explainer_info *const hostile_infos[] = {&info};
const assay_plugin assay_entry = {ASSAY_VERSION_INIT, 1, hostile_infos, hostile_create};
#else
/* The entry of a file with an `info` of its own, which says that it holds `count` explainers; create() gives `made`. */
#define HOSTILE_ENTRY(count, made)                                                                                     \
    static const assay_explainer *create(const assay_host *host, const char *id, const assay_param *given, uint32_t n, \
                                         assay_why *why) {                                                             \
        (void)host, (void)id, (void)given, (void)n, (void)why;                                                         \
        return made;                                                                                                   \
    }                                                                                                                  \
    static const assay_explainer_info *const infos[] = {&info};                                                        \
    const assay_plugin assay_entry = {ASSAY_VERSION_INIT, count, infos, create}
#endif

#endif
