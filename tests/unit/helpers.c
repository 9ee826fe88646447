/* Cores that are lent, and requests shared among threads: the same bytes whoever computes them. */
#include "workers/helpers.h"

#include "base/rng.h"
#include "nn/arch.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

Test(cores, are_lent_once_and_come_back) {
    struct cores *c;
    struct error e;
    cr_assert(cores_create(4, 3, &c, &e), "%s", e.text);
    cores_enter(c, 0);
    cores_enter(c, 1);
    cr_expect_eq(cores_borrow(c, 0, 8), 2, "two are free");
    cr_expect_eq(cores_borrow(c, 1, 1), 0, "none is left");
    cores_return(c, 0, 1);
    cr_expect_eq(cores_borrow(c, 1, 1), 1);
    cores_leave(c, 0); /* died with two */
    cr_expect_eq(cores_borrow(c, 1, 8), 2);
    for (unsigned i = 0; i < 3; i++) cores_enter(c, i);
    cr_expect_eq(cores_borrow(c, 2, 8), 1);
    cores_destroy(c);
}

#define SAMPLES 112u /* enough work for a forward pass to be shared, too */

struct subject {
    struct graph *graph;
    struct weights *weights;
    struct net *net;
    size_t sample, results;
    float *x, out[3][SAMPLES * 10], *maps, *sum;
    float factors[SAMPLES];
    uint32_t targets[SAMPLES];
};

static unsigned threads_of(pid_t process) {
    char path[64];
    unsigned count = 0;
    snprintf(path, sizeof path, "/proc/%d/task", (int)process);
    DIR *d = opendir(path);
    for (struct dirent *t; d && (t = readdir(d));) count += t->d_name[0] != '.';
    if (d) closedir(d);
    return count;
}

static void subject_init_of(struct subject *s, const char *layers, size_t side) {
    struct error e;
    cr_assert(arch_build(layers, &(struct shape){3, {3, side, side}}, &s->graph, &e) &&
                  weights_create(s->graph, &s->weights, &e) && net_create(s->weights, &s->net, &e),
              "%s", e.text);
    for (uint32_t l = 0; l < s->graph->layer_count; l++) {
        struct init_options init = {.scheme = &init_normal, .sigma = .1, .seed = l};
        cr_assert(weights_redraw(s->weights, l, &init, &e), "%s", e.text);
    }
    s->sample = shape_count(&s->graph->sample);
    s->x = malloc(SAMPLES * s->sample * sizeof *s->x);
    cr_assert_not_null(s->x);
    rng_fill_normal(1, 0, SAMPLES * s->sample, s->x);
    rng_fill_uniform(2, 0, SAMPLES, s->factors);
    for (uint32_t i = 0; i < SAMPLES; i++) s->targets[i] = i % 10;
}

static void subject_init(struct subject *s, size_t side) {
    subject_init_of(s, "conv:32x3+1,relu,conv:32x3+1,relu,maxpool:2,fc:10", side);
}

static void subject_finish(struct subject *s) {
    net_destroy(s->net);
    weights_destroy(s->weights);
    graph_destroy(s->graph);
    free(s->x);
}

/* Logits, maps and the logits they come from, and sums of maps and on a line, one behind the other. */
static float *answers(struct subject *s, const struct helpers *helpers) {
    struct error e;
    float *all = malloc((2 * SAMPLES * 10 + (SAMPLES + 2) * s->sample) * sizeof *all), *maps = all + SAMPLES * 10;
    float *logits = maps + SAMPLES * s->sample, *total = logits + SAMPLES * 10;
    cr_assert_not_null(all);
    const struct net_request gradient = {
        .question = ASK_GRADIENT, .rule = NET_GUIDED, .n = SAMPLES, .x = s->x, .targets = s->targets, .logits = logits};
    const struct net_request sum = {
        .question = ASK_GRADIENT_SUM, .n = SAMPLES, .x = s->x, .targets = s->targets, .weights = s->factors};
    const struct net_request line = {.question = ASK_LINE_SUM,
                                     .n = SAMPLES,
                                     .x = s->x,
                                     .to = s->x + s->sample,
                                     .positions = s->factors,
                                     .targets = s->targets,
                                     .weights = s->factors};
    cr_assert(helpers_ask(helpers, s->net, &(struct net_request){.question = ASK_FORWARD, .n = SAMPLES, .x = s->x}, all,
                          &e) &&
                  helpers_ask(helpers, s->net, &gradient, maps, &e) && helpers_ask(helpers, s->net, &sum, total, &e) &&
                  helpers_ask(helpers, s->net, &line, total + s->sample, &e),
              "%s", e.text);
    return all;
}

static size_t answers_size(const struct subject *s) {
    return (2 * SAMPLES * 10 + (SAMPLES + 2) * s->sample) * sizeof(float);
}

static void helpers_change_no_byte(const char *layers) {
    static struct subject s;
    const unsigned before = threads_of(getpid());
    subject_init_of(&s, layers, 32);
    float *alone = answers(&s, &(struct helpers){0}), *plain = malloc(answers_size(&s));
    struct error e;
    cr_assert_not_null(plain);
    cr_assert(net_forward(s.net, SAMPLES, s.x, plain, &e) &&
                  net_gradient(s.net, NET_GUIDED, SAMPLES, s.x, s.targets, plain + SAMPLES * 10, &e),
              "%s", e.text);
    cr_expect_arr_eq(alone, plain, (SAMPLES * 10 + SAMPLES * s.sample) * sizeof *plain);
    cr_expect_arr_eq(alone + SAMPLES * (10 + s.sample), plain, SAMPLES * 10 * sizeof *plain);
    for (unsigned count = 1; count <= 4; count++) {
        struct helpers helpers = {NULL, 0};
        cr_assert(cores_create(count, 1, &helpers.cores, &e), "%s", e.text);
        cores_enter(helpers.cores, 0);
        for (uint32_t twice = 0; twice < 2; twice++) { /* by nets that the first time has left */
            float *together = answers(&s, &helpers);
            cr_expect_arr_eq(together, alone, answers_size(&s), "%u cores", count);
            free(together);
        }
        cr_expect_eq(cores_borrow(helpers.cores, 0, 8), count - 1, "all have come back");
        cr_expect_eq(threads_of(getpid()), before, "nobody is left behind");
        cores_destroy(helpers.cores);
    }
    free(alone);
    free(plain);
    subject_finish(&s);
}

Test(helpers, does_not_change_a_byte) {
    helpers_change_no_byte("conv:32x3+1,relu,conv:32x3+1,relu,maxpool:2,fc:10");
}

/* Sums and lines then begin at the input itself. */
Test(helpers, does_not_change_a_byte_behind_a_rectifier) {
    helpers_change_no_byte("relu,conv:32x3+1,batchnorm,relu,conv:32x3+1,relu,maxpool:2,fc:10");
}

/* With a budget of memory a core that is given back is free for another process, with that process's memory. */
Test(helpers, nets_of_helpers_go_where_memory_is_short) {
    static struct subject s;
    struct helpers helpers = {NULL, 0};
    struct net *brief;
    struct error e;
    const struct net_options options = {.brief_mates = true};
    subject_init_of(&s, "conv:32x3+1,relu,conv:32x3+1,relu,maxpool:2,fc:10", 32);
    cr_assert(cores_create(3, 1, &helpers.cores, &e) && net_create_with(s.weights, &options, &brief, &e), "%s", e.text);
    cores_enter(helpers.cores, 0);
    float *stay = answers(&s, &helpers);
    cr_expect_gt(net_mates(s.net), 0u);
    net_destroy(s.net);
    s.net = brief;
    float *go = answers(&s, &helpers);
    cr_expect_eq(net_mates(s.net), 0u);
    cr_expect_arr_eq(stay, go, answers_size(&s));
    free(stay), free(go);
    cores_destroy(helpers.cores);
    subject_finish(&s);
}

/* Nets of helpers stay, and answer by the weights that there are. */
Test(helpers, follow_weights_that_change) {
    static struct subject s, fresh;
    struct helpers helpers = {NULL, 0};
    struct error e;
    const char *layers = "conv:32x3+1,batchnorm,relu,conv:32x3+1,batchnorm,relu,maxpool:2,fc:10";
    const struct init_options init = {.scheme = &init_normal, .sigma = .2, .seed = 77};
    subject_init_of(&s, layers, 32);
    subject_init_of(&fresh, layers, 32);
    cr_assert(cores_create(3, 1, &helpers.cores, &e), "%s", e.text);
    cores_enter(helpers.cores, 0);
    free(answers(&s, &helpers));
    for (uint32_t l = 0; l < s.graph->layer_count; l += 2) {
        cr_assert(weights_redraw(s.weights, l, &init, &e) && weights_redraw(fresh.weights, l, &init, &e), "%s", e.text);
        net_changed(s.net, l);
    }
    float *together = answers(&s, &helpers), *alone = answers(&fresh, &(struct helpers){0});
    cr_expect_arr_eq(together, alone, answers_size(&s));
    free(together), free(alone);
    cores_destroy(helpers.cores);
    subject_finish(&s);
    subject_finish(&fresh);
}

#define FEW 9u

/* Maps, a sum of them, and a layer's output and gradient, of few samples. */
static float *few_answers(struct subject *s, const struct helpers *helpers, uint32_t n) {
    struct error e;
    size_t maps = n * s->sample, layer = n * 32 * s->sample / 3;
    float *all = malloc((maps + s->sample + 2 * layer) * sizeof *all), *inspected = all + maps + s->sample;
    cr_assert_not_null(all);
    const struct net_request ask = {.question = ASK_GRADIENT, .n = n, .x = s->x, .targets = s->targets};
    const struct net_request sum = {
        .question = ASK_GRADIENT_SUM, .n = n, .x = s->x, .targets = s->targets, .weights = s->factors};
    cr_assert(helpers_ask(helpers, s->net, &ask, all, &e) && helpers_ask(helpers, s->net, &sum, all + maps, &e) &&
                  helpers_inspect(helpers, s->net, 2, n, s->x, s->targets, inspected, inspected + layer, &e),
              "%s", e.text);
    return all;
}

/* Of few samples each is shared by threads. */
Test(helpers, does_not_change_a_byte_of_few_samples) {
    static struct subject s;
    struct error e;
    subject_init(&s, 64);
    for (uint32_t n = 1; n <= FEW; n += 2) {
        float *alone = few_answers(&s, &(struct helpers){0}, n);
        for (unsigned count = 2; count <= 3; count++) {
            struct helpers helpers = {NULL, 0};
            cr_assert(cores_create(count, 1, &helpers.cores, &e), "%s", e.text);
            cores_enter(helpers.cores, 0);
            float *together = few_answers(&s, &helpers, n);
            size_t size = n * s.sample + s.sample + 2 * n * 32 * s.sample / 3;
            cr_expect_arr_eq(together, alone, size * sizeof *alone, "%u samples, %u cores", n, count);
            cr_expect_eq(cores_borrow(helpers.cores, 0, 8), count - 1, "all have come back");
            cores_destroy(helpers.cores);
            free(together);
        }
        free(alone);
    }
    subject_finish(&s);
}

Test(helpers, reports_what_the_net_refuses) {
    static struct subject s;
    struct helpers helpers;
    struct error e = {{0}};
    subject_init(&s, 32);
    cr_assert(cores_create(3, 1, &helpers.cores, &e), "%s", e.text);
    helpers.member = 0;
    s.targets[SAMPLES - 1] = 10;
    float *out = malloc(SAMPLES * s.sample * sizeof *out);
    cr_assert_not_null(out);
    cr_expect_not(helpers_ask(
        &helpers, s.net, &(struct net_request){.question = ASK_GRADIENT, .n = SAMPLES, .x = s.x, .targets = s.targets},
        out, &e));
    cr_expect(strstr(e.text, "10"), "%s", e.text);
    cr_expect_eq(cores_borrow(helpers.cores, 0, 8), 3);
    free(out);
    cores_destroy(helpers.cores);
    subject_finish(&s);
}

/* Gives the core of member 1 back, and ends with 0 once `parent` has another thread. */
static void release_and_look(struct cores *cores, pid_t parent, unsigned before) {
    nanosleep(&(struct timespec){0, 5000000}, NULL);
    cores_leave(cores, 1);
    for (int i = 0; i < 2000; i++) {
        if (threads_of(parent) > before) _exit(0);
        nanosleep(&(struct timespec){0, 100000}, NULL);
    }
    _exit(1);
}

/* A core that becomes free when a request is under way is taken. */
Test(helpers, grows_while_it_works) {
    static struct subject s;
    struct error e;
    bool seen = false;
    subject_init(&s, 32);
    const struct net_request ask = {
        .question = ASK_GRADIENT_SUM, .n = SAMPLES, .x = s.x, .targets = s.targets, .weights = s.factors};
    float *alone = malloc(2 * s.sample * sizeof *alone), *together = alone + s.sample;
    cr_assert(alone && helpers_ask(&(struct helpers){0}, s.net, &ask, alone, &e));
    for (int i = 0; i < 20 && !seen; i++) {
        struct helpers helpers = {NULL, 0};
        int status;
        cr_assert(cores_create(2, 2, &helpers.cores, &e), "%s", e.text);
        cores_enter(helpers.cores, 0);
        cores_enter(helpers.cores, 1);
        pid_t parent = getpid(), helper = fork();
        if (helper == 0) release_and_look(helpers.cores, parent, threads_of(parent));
        cr_assert(helpers_ask(&helpers, s.net, &ask, together, &e), "%s", e.text);
        cr_expect_arr_eq(together, alone, s.sample * sizeof *alone);
        cr_expect_eq(waitpid(helper, &status, 0), helper);
        seen = WIFEXITED(status) && WEXITSTATUS(status) == 0;
        cr_expect_eq(cores_borrow(helpers.cores, 0, 8), 1, "all have come back");
        cores_destroy(helpers.cores);
    }
    cr_expect(seen, "nobody was called in");
    free(alone);
    subject_finish(&s);
}
