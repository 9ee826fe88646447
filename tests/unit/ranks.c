/* Runs of several processes that talk over sockets in place of MPI: the same rows, whoever computes them, and whoever
 * is lost on the way. */
#include "run/ranks.h"

#include "controls/controls.h"
#include "experiment/setup.h"
#include "fake_run.h"
#include "run/rank_message.h"
#include "run/run.h"
#include "run/serve.h"
#include "socket_transport.h"
#include "store/store_compare.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define BATTERY "fixtures/batteries/first.yaml"

static char folder[64];

static void setup(void) {
    fake_folder(folder);
}

static void cleanup(void) {
    fake_folder_remove(folder);
}

TestSuite(ranks, .init = setup, .fini = cleanup, .timeout = 240);

static struct run_options options_for(const char *place) {
    return (struct run_options){.battery = BATTERY, .folder = place, .jobs = 1, .quiet = true};
}

/* What makes a run of several processes different. */
struct together {
    uint32_t count;
    unsigned dies_after; /* messages of rank 1; 0: it stays */
    bool other_seed;     /* of rank 1 */
    const char *lie;     /* of rank 1's greeting: the key of which it says something else */
};

struct liar {
    struct transport transport;
    const char *lie;
};

/* The first byte of the value becomes another. */
static bool send_lie(void *state, uint32_t to, const void *data, size_t size, struct error *e) {
    const struct liar *l = state;
    char key[32], *copy = malloc(size + 1);
    snprintf(key, sizeof key, "\"%s\": \"", l->lie);
    memcpy(copy, data, size);
    for (size_t i = sizeof(struct rank_header); i + strlen(key) < size; i++)
        if (memcmp(copy + i, key, strlen(key)) == 0) copy[i + strlen(key)] = '?';
    bool ok = l->transport.send(l->transport.state, to, copy, size, e);
    free(copy);
    return ok;
}

static bool receive_for(void *state, uint32_t *from, void **data, size_t *size, bool *there, struct error *e) {
    const struct liar *l = state;
    return l->transport.receive(l->transport.state, from, data, size, there, e);
}

/* Rank 0 returns from it. */
static bool run_together(const struct together *t, const char *place, struct run_outcome *out, struct error *e) {
    struct socket_state state;
    struct transport transport;
    struct run_options options = options_for(place);
    const uint32_t rank = socket_transport_fork(t->count, &state, &transport);
    if (rank > 0) {
        if (rank == 1) state.dies_after = t->dies_after;
        options.has_seed = rank == 1 && t->other_seed;
        options.seed = 77;
        struct liar liar = {transport, t->lie};
        const struct transport lying = {&liar, transport.rank, transport.count, send_lie, receive_for, NULL, NULL};
        bool ok = serve_run(&options, controls, rank == 1 && t->lie ? &lying : &transport, e);
        _exit(ok ? 0 : 1);
    }
    options.transport = &transport;
    bool ok = run_execute(&options, controls, out, e);
    run_finish(out);
    transport.finish(transport.state, 0);
    while (wait(NULL) > 0) {}
    return ok;
}

struct beside {
    struct store *a, *b;
    unsigned units;
};

static bool compare_unit(void *user, const struct unit_row *row) {
    struct beside *x = user;
    struct unit_difference d;
    struct error e = {{0}};
    cr_assert(store_compare_unit(x->a, x->b, row->explainer, row->variant, 0, &d, &e), "%s", e.text);
    cr_expect_str_eq(d.what, "", "%s on %s: %s", row->explainer, row->variant, d.what);
    x->units++;
    return true;
}

static bool add_verdict(void *user, const struct verdict_row *row) {
    struct text *t = user;
    text_add(t, "%s|%s|%s|%s|%.17g\n", row->explainer, row->control, row->verdict, row->reason, row->score);
    return true;
}

static void check_same(const char *one, const char *other) {
    char paths[2][128];
    struct beside x = {.units = 0};
    struct text words[2] = {{0}, {0}};
    struct error e = {{0}};
    snprintf(paths[0], sizeof paths[0], "%s/assay.db", one);
    snprintf(paths[1], sizeof paths[1], "%s/assay.db", other);
    cr_assert(store_open(paths[0], &x.a, &e) && store_open(paths[1], &x.b, &e), "%s", e.text);
    cr_assert(store_each_unit(x.a, compare_unit, &x, &e), "%s", e.text);
    cr_expect_gt(x.units, 100);
    cr_assert(store_each_verdict(x.a, add_verdict, &words[0], &e) &&
              store_each_verdict(x.b, add_verdict, &words[1], &e));
    cr_expect_str_eq(words[0].data, words[1].data);
    cr_expect(store_check(x.b, &e), "%s", e.text);
    for (int i = 0; i < 2; i++) text_finish(&words[i]);
    store_close(x.a);
    store_close(x.b);
}

static void run_alone(const char *place) {
    struct run_options options = options_for(place);
    struct run_outcome outcome;
    struct error e = {{0}};
    cr_assert(run_execute(&options, controls, &outcome, &e), "%s", e.text);
    run_finish(&outcome);
}

Test(ranks, several_processes_give_the_rows_of_one) {
    char one[96], two[96];
    struct run_outcome outcome;
    struct error e = {{0}};
    snprintf(one, sizeof one, "%s/one", folder);
    snprintf(two, sizeof two, "%s/two", folder);
    run_alone(one);
    cr_assert(run_together(&(struct together){.count = 3}, two, &outcome, &e), "%s", e.text);
    cr_expect_eq(outcome.exit_code, 1);
    check_same(one, two);
}

Test(ranks, a_process_that_is_gone_costs_its_jobs) {
    char one[96], two[96];
    struct run_outcome outcome;
    struct error e = {{0}};
    setenv("ASSAY_RANK_SILENCE", "2", 1);
    snprintf(one, sizeof one, "%s/one", folder);
    run_alone(one);
    for (unsigned dies = 1; dies < 40; dies += 13) {
        snprintf(two, sizeof two, "%s/after%u", folder, dies);
        cr_assert(run_together(&(struct together){.count = 2, .dies_after = dies}, two, &outcome, &e), "%u: %s", dies,
                  e.text);
        check_same(one, two);
    }
}

Test(ranks, another_battery_is_refused) {
    char place[96];
    struct run_outcome outcome;
    struct error e = {{0}};
    snprintf(place, sizeof place, "%s/other", folder);
    cr_expect_not(run_together(&(struct together){.count = 2, .other_seed = true}, place, &outcome, &e));
    cr_expect(strstr(e.text, "rank 1 on ") && strstr(e.text, "another battery, seed"), "%s", e.text);
    cr_expect_not(outcome.started);
}

/* Of a machine that computes otherwise: which route it has, and what comes of it. */
Test(ranks, another_machine_is_refused) {
    static const struct {
        const char *lie, *said;
    } table[] = {{"route", ": its compute route is ?"},
                 {"probe", ": the machine gives other bytes than that of rank 0"}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char place[96];
        struct run_outcome outcome;
        struct error e = {{0}};
        snprintf(place, sizeof place, "%s/%s", folder, table[i].lie);
        cr_expect_not(run_together(&(struct together){.count = 2, .lie = table[i].lie}, place, &outcome, &e));
        cr_expect(strstr(e.text, "rank 1 on ") && strstr(e.text, table[i].said), "%s", e.text);
        cr_expect_not(outcome.started);
    }
}

/* ---- records ---- */

Test(ranks, a_job_arrives_as_it_was_sent_and_a_wrong_one_is_refused) {
    struct run run = {.log = -1};
    struct run_options options = options_for(folder);
    struct error e = {{0}};
    void *record = NULL;
    size_t size;
    bool skip;
    cr_assert(setup_run(&run, &options, controls, &e), "%s", e.text);
    uint32_t asked[] = {2, 0, run.plan.attribution_count - 1};
    struct job sent = {
        .kind = JOB_EXPLAIN, .number = 1, .explain = {1, ROOT_MODEL, 3, asked, 3, NULL, NULL, false, NULL}};
    struct pool_job pool = {.limit = 7, .calls = 9, .largest = 1234567, .cost = 5}, got_pool;
    struct job got;
    cr_assert(job_record_make(&run, &sent, &pool, &record, &size, &e), "%s", e.text);
    cr_assert(job_record_read(&run, record, size, &got, &got_pool, &skip, &e), "%s", e.text);
    cr_expect(got.kind == JOB_EXPLAIN && got.explain.row == 1 && got.explain.draw == 3 && got.explain.count == 3);
    cr_expect_eq(memcmp(got.explain.attributions, asked, sizeof asked), 0);
    cr_expect(got_pool.limit == 7 && got_pool.calls == 9 && got_pool.largest == 1234567 && got_pool.once && !skip);
    job_finish(&got);
    for (size_t cut = 0; cut < size; cut++) {
        cr_expect_not(job_record_read(&run, record, cut, &got, &got_pool, &skip, &e), "%zu bytes", cut);
        job_finish(&got);
    }
    for (size_t at = 0; at + 4 <= 6 * 4; at += 4) { /* kind, row, root, count: what is beyond the battery */
        unsigned char *copy = malloc(size);
        memcpy(copy, record, size);
        memset(copy + at, 0xee, 4);
        if (at != 4 * offsetof(struct job_record, draw) / 4)
            cr_expect_not(job_record_read(&run, copy, size, &got, &got_pool, &skip, &e), "byte %zu", at);
        else job_record_read(&run, copy, size, &got, &got_pool, &skip, &e);
        job_finish(&got);
        free(copy);
    }
    asked[1] = run.plan.attribution_count;
    free(record);
    cr_assert(job_record_make(&run, &sent, &pool, &record, &size, &e));
    cr_expect_not(job_record_read(&run, record, size, &got, &got_pool, &skip, &e), "an attribution beyond the plan");
    job_finish(&got);
    free(record);
    setup_finish(&run);
}
