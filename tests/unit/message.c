/* Messages of workers: an honest one is taken; one that is damaged in any way costs its row, and nothing of it is used.
 */
#include "run/message.h"

#include "base/rng.h"
#include "base/text.h"
#include "host/plugin.h"
#include "host/source.h"
#include "run/compare.h"
#include "run/conform_job.h"
#include "run/explain_job.h"
#include "run/network.h"
#include "run/schedule_jobs.h"
#include "run/sketch.h"
#include "run/unit_store.h"
#include "synthetic.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SIZE (SYNTHETIC_SIDE * SYNTHETIC_SIDE)

/* A run of one explainer and one yardstick, and what an honest process of the explainer sends of two attributions. */
struct lab {
    struct synthetic s;
    struct plugin plugin;
    uint32_t attributions[2];
    struct explain_job job;
    unsigned char *bytes[2];
    size_t sizes[2];
    uint32_t count;
};

static const char digest[FILE_DIGEST_SIZE] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

static void work(void *user, struct pool_job *job, struct channel *channel) {
    struct lab *lab = user;
    struct comparer c;
    struct error e;
    const struct experiment_view view = run_view(&lab->s.run);
    struct answers answers;
    uint32_t n = view.inputs[ROOT_MODEL].count;
    float *maps = malloc(n * SIZE * sizeof *maps);
    (void)job;
    if (!maps || !answers_init(&answers, &view, ROOT_MODEL, &e) ||
        !comparer_init(&c, &view, 0, ROOT_MODEL, channel, &e))
        _exit(1);
    rng_fill_normal(1, 0, n * SIZE, maps);
    memset(maps, 0, SIZE * sizeof *maps); /* the first is constant: its similarities are undefined */
    if (!comparer_take_originals(&c, 0, n, maps, &e)) _exit(1);
    for (uint32_t k = 0; k < 2; k++) {
        rng_fill_normal(2 + k, 0, n * SIZE, maps);
        comparer_begin(&c, lab->attributions[k]);
        for (uint32_t i = 0; i < n; i++) { /* one after the other */
            const struct attributed given = {i, 1, maps + i * SIZE, c.set->x + i * SIZE, c.set->target + i, NULL};
            if (!comparer_add(&c, i, 1, COMPARER_GIVEN, given.maps)) _exit(1);
            answers_check(&answers, lab->attributions[k], &given, 0, &c.out);
        }
        if (!comparer_send(&c, lab->attributions[k], UNIT_OK, "", .5)) _exit(1);
    }
}

static enum pool_answer message(void *user, struct pool_job *job, uint32_t type, const void *data, size_t size,
                                struct error *e) {
    struct lab *lab = user;
    (void)job;
    cr_assert(type == RECORD_UNIT && lab->count < 2);
    lab->sizes[lab->count] = size;
    lab->bytes[lab->count] = malloc(size);
    cr_assert_not_null(lab->bytes[lab->count]);
    memcpy(lab->bytes[lab->count++], data, size);
    return e ? POOL_TAKEN : POOL_FAILURE;
}

static bool ended(void *user, struct pool_job *job, const char *death, struct error *e) {
    (void)user;
    (void)job;
    return !death || error_set(e, "the worker %s", death);
}

static void setup(struct lab *lab, uint32_t inputs) {
    static const struct pool_hooks hooks = {.work = work, .message = message, .ended = ended};
    struct profile p = profile_clean();
    struct synthetic_options o = synthetic_default();
    struct error e = {{0}};
    memset(lab, 0, sizeof *lab);
    o.inputs = inputs;
    o.controls[1] = &control_zero_pixel;
    synthetic_create(&lab->s, &o, &p, 1);
    lab->plugin.source = &source_library;
    lab->s.run.explainers[0].plugin = &lab->plugin;
    cr_assert(store_open(":memory:", &lab->s.run.store, &e), "%s", e.text);
    struct plan *plan = &lab->s.run.plan;
    lab->attributions[0] = synthetic_find(&lab->s, "own:fc3..fc1/draw0");
    lab->attributions[1] = 0;
    while (lab->attributions[1] < plan->attribution_count &&
           (plan->check_count == 0 || plan->checks[0].owner != lab->attributions[1]))
        lab->attributions[1]++;
    cr_assert_lt(lab->attributions[1], plan->attribution_count, "no attribution with a check");
    lab->job = (struct explain_job){.root = ROOT_MODEL, .attributions = lab->attributions, .count = 2};
    struct pool_job job = {.trusted = true, .limit = 60, .calls = 1, .largest = 1 << 20};
    cr_assert(pool_run(&job, 1, 1, -1, &hooks, lab, &e), "%s", e.text);
    cr_assert_eq(lab->count, 2);
}

static void teardown(struct lab *lab) {
    free(lab->job.breach);
    free(lab->bytes[0]);
    free(lab->bytes[1]);
    synthetic_destroy(&lab->s);
}

static bool check(const struct lab *lab, const void *data, size_t size, struct error *what) {
    const struct unit_sender sender = {0, lab->attributions, 2, NULL};
    struct unit_message unit;
    return message_check_unit(&lab->s.run, &sender, data, size, &unit, what);
}

/* ---- one thing wrong at a time ---- */

struct parts {
    struct record_header *header;
    struct record_pair *pairs;
    struct record_check *checks;
    float *map;
};

static struct parts parts_of(unsigned char *bytes) {
    struct parts p = {.header = (struct record_header *)bytes};
    p.pairs = (struct record_pair *)(p.header + 1);
    p.checks = (struct record_check *)(p.pairs + p.header->comparisons);
    p.map = (float *)(p.checks + p.header->checks);
    return p;
}

#define DAMAGE(name, statement)                                                                                        \
    static void name(struct parts *p) {                                                                                \
        statement;                                                                                                     \
    }
DAMAGE(other_row, p->header->row = 1)
DAMAGE(no_row, p->header->row = 77)
DAMAGE(no_attribution, p->header->attribution = UINT32_MAX)
DAMAGE(other_attribution, p->header->attribution++)
DAMAGE(no_status, p->header->status = 3)
DAMAGE(endless_reason, memset(p->header->why, 'x', sizeof p->header->why))
DAMAGE(reason_of_success, p->header->why[0] = 'x')
DAMAGE(failed_with_results, p->header->status = UNIT_FAILED)
DAMAGE(escape_in_reason, (p->header->status = UNIT_FAILED, memcpy(p->header->why, "\x1b[31m", 6)))
DAMAGE(latin_1_in_reason, (p->header->status = UNIT_FAILED, memcpy(p->header->why, "na\xefve", 6)))
DAMAGE(time_nan, p->header->seconds = (double)NAN)
DAMAGE(time_negative, p->header->seconds = -1)
DAMAGE(time_infinite, p->header->seconds = HUGE_VAL)
DAMAGE(many_pairs, p->header->comparisons = UINT32_MAX)
DAMAGE(many_checks, p->header->checks = 0x80000001u)
DAMAGE(many_elements, p->header->map_elements = UINT32_MAX)
DAMAGE(fewer_pairs, p->header->comparisons--)
DAMAGE(measure_2, p->pairs[5].measure = 2)
DAMAGE(measure_7, p->pairs[5].measure = 7)
DAMAGE(measure_255, p->pairs[0].measure = 255)
DAMAGE(view_4, p->pairs[5].view = 4)
DAMAGE(repeated, p->pairs[1] = p->pairs[0])
DAMAGE(swapped, (p->pairs[0].view = 1, p->pairs[1].view = 0))
DAMAGE(no_input, p->pairs[3].input = 1000)
DAMAGE(other_input, p->pairs[3].other++)
DAMAGE(pairing_2, p->pairs[3].mismatched = 2)
DAMAGE(beyond_1, p->pairs[20].value = 1.001)
DAMAGE(below_1, p->pairs[20].value = -2)
DAMAGE(infinite, p->pairs[20].value = HUGE_VAL)
DAMAGE(element_nan, p->map[3] = (float)NAN)
DAMAGE(element_infinite, p->map[0] = INFINITY)

/* Defined where fewer pixels are constant: no map does that. */
static void impossible_nan(struct parts *p) {
    uint32_t k = 0;
    while (p->pairs[k].mismatched || p->pairs[k].measure || isnan(p->pairs[k].value)) k += VIEW_COUNT;
    p->pairs[k + VIEW_SIGNED_ALL].value = (double)NAN;
}

static const struct {
    void (*damage)(struct parts *);
    const char *words;
} damages[] = {
    {other_row, "not asked for"},
    {no_row, "not asked for"},
    {no_attribution, "not asked for"},
    {other_attribution, "not asked for"},
    {no_status, "status 3"},
    {endless_reason, "no end"},
    {reason_of_success, "did not"},
    {failed_with_results, "failed"},
    {escape_in_reason, "UTF-8"},
    {latin_1_in_reason, "UTF-8"},
    {time_nan, "time"},
    {time_negative, "time"},
    {time_infinite, "time"},
    {many_pairs, "counts"},
    {many_checks, "counts"},
    {many_elements, "counts"},
    {fewer_pairs, "counts"},
    {measure_2, "measure 2"},
    {measure_7, "measure 7"},
    {measure_255, "measure 255"},
    {view_4, "view 4"},
    {repeated, "comparison 1"},
    {swapped, "comparison 0"},
    {no_input, "inputs 1000"},
    {other_input, "comparison 3"},
    {pairing_2, "comparison 3"},
    {beyond_1, "similarity"},
    {below_1, "similarity"},
    {infinite, "similarity"},
    {element_nan, "map"},
    {element_infinite, "map"},
    {impossible_nan, "undefined"},
};

/* Of the inputs that the battery names, in their order, and with the bytes that the process sent. */
static bool see_map(void *user, const struct map_row *row) {
    uint32_t *seen = user;
    float sent[3 * SIZE];
    rng_fill_normal(2, 0, 3 * SIZE, sent);
    cr_expect_eq(row->input, 2 * *seen);
    cr_expect_arr_eq(row->data, sent + (size_t)row->input * SIZE, SIZE * sizeof *sent);
    return ++*seen > 0;
}

Test(message, keeps_the_maps_that_the_battery_names) {
    struct lab lab;
    struct unit_message unit;
    struct error e = {{0}};
    uint32_t maps = 0;
    setup(&lab, 6);
    const struct unit_sender from = {0, lab.attributions, 2, NULL};
    cr_assert(message_check_unit(&lab.s.run, &from, lab.bytes[0], lab.sizes[0], &unit, &e), "%s", e.text);
    cr_expect_eq(unit.header.map_elements, 2 * SIZE);
    cr_assert(unit_store_put(&lab.s.run, &unit, &e), "%s", e.text);
    cr_assert(store_each_map(lab.s.run.store, see_map, &maps, &e), "%s", e.text);
    cr_expect_eq(maps, 2);
    teardown(&lab);
}

Test(message, what_is_damaged_is_refused) {
    struct lab lab;
    struct error what = {{0}};
    setup(&lab, 6);
    for (size_t k = 0; k < 2; k++)
        cr_expect(check(&lab, lab.bytes[k], lab.sizes[k], &what), "an honest unit: %s", what.text);
    for (size_t d = 0; d < sizeof damages / sizeof *damages; d++) {
        unsigned char *copy = malloc(lab.sizes[0]);
        cr_assert_not_null(copy);
        memcpy(copy, lab.bytes[0], lab.sizes[0]);
        struct parts p = parts_of(copy);
        damages[d].damage(&p);
        what.text[0] = 0;
        cr_expect_not(check(&lab, copy, lab.sizes[0], &what), "damage %zu was taken", d);
        cr_expect(strstr(what.text, damages[d].words), "damage %zu: \"%s\" does not say \"%s\"", d, what.text,
                  damages[d].words);
        free(copy);
    }
    teardown(&lab);
}

Test(message, checks_are_those_of_the_plan) {
    struct lab lab;
    struct error what = {{0}};
    setup(&lab, 6);
    struct parts p = parts_of(lab.bytes[1]);
    cr_assert_eq(p.header->checks, 6, "%u checks", p.header->checks);
    struct record_check honest = p.checks[2];
    const struct record_check bad[] = {
        {NAN, honest.tolerance, honest.check, honest.input},  {honest.worst, NAN, honest.check, honest.input},
        {honest.worst, HUGE_VAL, honest.check, honest.input}, {honest.worst, -1, honest.check, honest.input},
        {honest.worst, honest.tolerance, 1000, honest.input}, {honest.worst, honest.tolerance, honest.check, 1}};
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        p.checks[2] = bad[k];
        cr_expect_not(check(&lab, lab.bytes[1], lab.sizes[1], &what), "check %zu was taken", k);
    }
    p.checks[2] = honest;
    cr_expect(check(&lab, lab.bytes[1], lab.sizes[1], &what), "%s", what.text);
    teardown(&lab);
}

/* A number of a study may be missing, which NaN says; its limit is the plan's, and may be none. */
Test(message, readings_are_those_of_the_plan) {
    static const struct {
        double limit, worst, tolerance;
        uint32_t input;
        bool taken;
    } cases[] = {{1e-3, .5, 1e-3, 2, true},      {1e-3, NAN, 1e-3, 2, true},      {1e-3, .5, 1, 2, false},
                 {1e-3, .5, NAN, 2, false},      {NAN, 7, NAN, 2, true},          {NAN, 7, 1, 2, false},
                 {NAN, HUGE_VAL, NAN, 2, false}, {NAN, -HUGE_VAL, NAN, 2, false}, {NAN, 7, NAN, 3, false}};
    struct lab lab;
    setup(&lab, 6);
    struct check *study = NULL;
    for (uint32_t k = 0; k < lab.s.run.plan.check_count; k++)
        if (lab.s.run.plan.checks[k].owner == lab.attributions[1]) study = &lab.s.run.plan.checks[k];
    cr_assert_not_null(study);
    struct predicate reading = *study->predicate;
    study->predicate = &reading;
    study->readings = 6;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct parts p = parts_of(lab.bytes[1]);
        struct error what = {{0}};
        reading.limit = cases[k].limit;
        for (uint32_t i = 0; i < 6; i++) p.checks[i] = (struct record_check){1, cases[k].limit, p.checks[i].check, i};
        p.checks[2].worst = cases[k].worst;
        p.checks[2].tolerance = cases[k].tolerance;
        p.checks[2].input = cases[k].input;
        cr_expect_eq(check(&lab, lab.bytes[1], lab.sizes[1], &what), cases[k].taken, "case %zu: %s", k, what.text);
    }
    teardown(&lab);
}

/* Cut short, longer, and with any byte changed: refused, or a number that might be true. */
Test(message, no_byte_is_trusted) {
    struct lab lab;
    struct error what;
    struct rng rng = rng_stream(1, "damage", 0);
    setup(&lab, 5);
    size_t size = lab.sizes[0], taken = 0, tries = 20000;
    unsigned char *copy = calloc(1, size + 8);
    cr_assert_not_null(copy);
    memcpy(copy, lab.bytes[0], size);
    for (size_t n = 0; n < size + 8; n += 1 + n / 64)
        cr_expect_eq(check(&lab, copy, n, &what), n == size, "%zu of %zu bytes", n, size);
    for (size_t k = 0; k < tries; k++) {
        size_t at = rng_below(&rng, (uint32_t)size);
        unsigned char was = copy[at];
        copy[at] = (unsigned char)(was ^ 1u << rng_below(&rng, 8));
        taken += check(&lab, copy, size, &what);
        copy[at] = was;
    }
    cr_expect(taken > 0 && taken < tries * 3 / 4, "%zu of %zu were taken", taken, tries);
    free(copy);
    teardown(&lab);
}

/* ---- what the parent does ---- */

static bool count_unit(void *user, const struct unit_row *row) {
    cr_expect_str_eq(row->explainer, "subject");
    ++*(int *)user;
    return true;
}

static int units(const struct lab *lab) {
    int n = 0;
    struct error e = {{0}};
    cr_assert(store_each_unit(lab->s.run.store, count_unit, &n, &e), "%s", e.text);
    return n;
}

static bool send(struct lab *lab, uint32_t type, const void *data, size_t size) {
    struct error e = {{0}};
    bool ok = explain_job_message(&lab->s.run, &lab->job, type, data, size, &e);
    cr_expect(ok, "the run ends: %s", e.text);
    return !lab->job.breach;
}

Test(message, a_damaged_one_costs_its_row_and_not_the_run) {
    static const struct {
        uint32_t type;
        size_t size;
        const char *words;
    } cases[] = {{RECORD_UNIT, 0, "0 bytes"},
                 {RECORD_UNIT, 100, "100 bytes"},
                 {RECORD_AUDIT, 100, "type 3"},
                 {77, 100, "type 77"},
                 {RECORD_ORIGINAL, 0, "digest"},
                 {RECORD_ORIGINAL, 65, "digest"},
                 {RECORD_ORIGINAL, 64, "digest"},
                 {RECORD_SKETCH, 0, "sketch of 0 bytes"},
                 {RECORD_SKETCH, sizeof(struct sketch), "sketch of 4294967295 maps"},
                 {RECORD_UNIT, sizeof(struct record_header), "not asked for"}};
    static const unsigned char noise[sizeof(struct sketch) + 1024] = {0xff, 0xff, 0xff, 0xff, 0xff,
                                                                      0xff, 0xff, 0xff, 'x'};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct lab lab;
        setup(&lab, 5);
        cr_expect(send(&lab, RECORD_ORIGINAL, digest, sizeof digest));
        cr_expect(send(&lab, RECORD_UNIT, lab.bytes[0], lab.sizes[0]));
        cr_expect_eq(units(&lab), 1);
        cr_expect_not(send(&lab, cases[k].type, noise, cases[k].size), "case %zu was taken", k);
        const char *why = lab.job.breach;
        cr_expect(why && strstr(why, "sent a damaged message") && strstr(why, cases[k].words), "case %zu: %s", k, why);
        send(&lab, RECORD_UNIT, lab.bytes[1], lab.sizes[1]);
        cr_expect_eq(units(&lab), 1, "nothing more is taken");
        struct error e = {{0}};
        cr_expect(run_breach(&lab.s.run, 0, why, &e), "%s", e.text);
        cr_expect_eq(units(&lab), 0, "what the row had is gone");
        teardown(&lab);
    }
}

Test(message, each_unit_once_and_after_the_original) {
    struct lab lab;
    setup(&lab, 5);
    cr_expect_not(send(&lab, RECORD_UNIT, lab.bytes[0], lab.sizes[0]), "before the original");
    cr_expect(strstr(lab.job.breach, "before"));
    teardown(&lab);
    setup(&lab, 5);
    cr_expect(send(&lab, RECORD_ORIGINAL, digest, sizeof digest));
    cr_expect(send(&lab, RECORD_UNIT, lab.bytes[0], lab.sizes[0]));
    cr_expect_not(send(&lab, RECORD_UNIT, lab.bytes[0], lab.sizes[0]), "twice");
    cr_expect(strstr(lab.job.breach, "a second time"));
    teardown(&lab);
}

static bool count_failed(void *user, const struct unit_row *row) {
    *(int *)user += row->status == UNIT_FAILED && strstr(row->why, "before everything was answered");
    return true;
}

/* A process that says that it is done, and is not. */
Test(message, what_never_came_has_failed) {
    struct lab lab;
    struct error e = {{0}};
    int failed = 0;
    setup(&lab, 5);
    cr_expect(send(&lab, RECORD_ORIGINAL, digest, sizeof digest));
    cr_expect(send(&lab, RECORD_UNIT, lab.bytes[0], lab.sizes[0]));
    cr_expect(explain_job_ended(&lab.s.run, &lab.job, NULL, &e), "%s", e.text);
    cr_expect(store_each_unit(lab.s.run.store, count_failed, &failed, &e));
    cr_expect_eq(failed, 1);
    cr_expect_eq(units(&lab), 2);
    teardown(&lab);
}

/* Which of two processes is done first depends on -j, and must not decide what the report says. */
Test(message, the_breach_of_a_row_is_that_of_its_first_job) {
    enum { RUNS = POOL_RUNNING, OVER = POOL_ENDED, WAITS = POOL_WAITING };
    static const struct {
        int state[3]; /* the jobs cost 1, 3 and 3: the second starts first, the first last */
        const char *breach[3], *wanted;
    } cases[] = {{{WAITS, RUNS, OVER}, {NULL, NULL, "c"}, NULL}, {{WAITS, OVER, OVER}, {NULL, NULL, "c"}, "c"},
                 {{WAITS, OVER, OVER}, {NULL, "b", "c"}, "b"},   {{RUNS, OVER, RUNS}, {NULL, "b", NULL}, "b"},
                 {{OVER, OVER, RUNS}, {"a", NULL, NULL}, NULL},  {{OVER, OVER, OVER}, {"a", NULL, NULL}, "a"},
                 {{OVER, OVER, OVER}, {NULL, NULL, NULL}, NULL}, {{OVER, OVER, OVER}, {"a", NULL, "c"}, "c"}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct lab lab;
        struct error e = {{0}};
        setup(&lab, 5);
        struct job jobs[] = {
            {.kind = JOB_EXPLAIN}, {.kind = JOB_EXPLAIN}, {.kind = JOB_EXPLAIN}, {.kind = JOB_EXPLAIN}};
        struct pool_job pool[] = {{.cost = 1}, {.cost = 3}, {.cost = 3}, {.cost = 9}};
        struct wave_state wave = {.run = &lab.s.run, .jobs = jobs, .pool = pool, .count = 4};
        jobs[3].explain.row = 1; /* another row's is nobody's business here */
        for (size_t i = 0; i < 3; i++) {
            if (cases[k].state[i] == OVER) pool[i].state = POOL_ENDED;
            if (cases[k].state[i] == RUNS) pool[i].state = POOL_RUNNING;
            if (cases[k].breach[i]) cr_assert(explain_job_breach(&jobs[i].explain, cases[k].breach[i], &e));
        }
        cr_expect(jobs_settle_breach(&wave, 0, &e), "%s", e.text);
        const char *breach = lab.s.run.explainers[0].breach;
        cr_expect(cases[k].wanted ? breach && strcmp(breach, cases[k].wanted) == 0 : !breach, "case %zu: %s", k,
                  breach ? breach : "none");
        for (size_t i = 0; i < 3; i++) free(jobs[i].explain.breach);
        teardown(&lab);
    }
}

/* ---- conformance and trained networks ---- */

/* Noise of any size: a breach, and no sentence without an end. */
Test(message, a_damaged_conformance_report_costs_its_row) {
    static unsigned char noise[1 << 14];
    struct error e = {{0}};
    struct lab lab;
    setup(&lab, 5);
    struct explainer_entry *row = &lab.s.run.explainers[0];
    for (int byte = 0; byte < 256; byte += 85)
        for (size_t size = 0; size < sizeof noise; size += 8) {
            memset(noise, byte, sizeof noise);
            cr_assert(conform_message(&lab.s.run, 0, noise, size, &e), "the run ends: %s", e.text);
            /* Zeros of the right size are a report without a line: nothing is wrong. */
            cr_expect(row->breach || byte == 0, "%zu bytes of %d", size, byte);
            cr_expect(!row->breach || strstr(row->breach, "sent a damaged message"), "%s", row->breach);
            free(row->breach);
            row->breach = NULL;
        }
    teardown(&lab);
}

static const struct trained_message trained = {.epochs = 5, .train_accuracy = .9, .test_accuracy = 1};

Test(message, trained_networks_are_checked) {
    enum { COUNT = 3, CASES = 10 };
    struct lab lab;
    setup(&lab, 5);
    lab.s.battery.recipe.epochs = 20;
    for (int k = 0; k < CASES; k++) {
        struct {
            struct trained_message head;
            float weights[COUNT + 1];
        } sent = {trained, {1, 2, 3, 4}};
        struct trained_message out;
        struct error what = {{0}};
        size_t size = sizeof sent.head + COUNT * sizeof *sent.weights;
        switch (k) {
        case 1: sent.head.epochs = 21; break;
        case 2: sent.head.failed = 2; break;
        case 3: sent.head.failed = 1; break; /* and has weights all the same */
        case 4: memset(sent.head.why, 'x', sizeof sent.head.why); break;
        case 5: sent.head.train_accuracy = (double)NAN; break;
        case 6: sent.head.test_accuracy = 1.1; break;
        case 7: sent.weights[2] = INFINITY; break;
        case 8: size += sizeof *sent.weights; break;
        case 9: size = 20; break;
        default: break;
        }
        cr_expect_eq(message_check_trained(&lab.s.run, COUNT, &sent, size, &out, &what), k == 0, "case %d: %s", k,
                     what.text);
        cr_expect_eq(what.text[0] != 0, k > 0);
    }
    teardown(&lab);
}

Test(message, a_damaged_training_costs_its_network) {
    static unsigned char noise[1024];
    struct error e = {{0}};
    struct lab lab;
    setup(&lab, 5);
    memset(noise, 0xff, sizeof noise);
    for (size_t size = 0; size <= sizeof noise; size += 4) {
        struct network *n = &lab.s.run.networks[0];
        cr_assert(network_message(&lab.s.run, 0, noise, size, &e), "the run ends: %s", e.text);
        cr_expect(n->failure && strstr(n->failure, "damaged message"), "%zu bytes: %s", size, n->failure);
        free(n->failure);
        n->failure = NULL;
    }
    teardown(&lab);
}

/* ---- plain text ---- */

/* What a plugin gave as its reason is made plain before it is sent: that is no damage. */
Test(message, reasons_are_sent_as_plain_text) {
    char text[1024];
    struct record_buffer b = {.failed = false};
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    memcpy(text, "\x1b[31m\n\xff", 7);
    memcpy(text + sizeof b.header.why - 2, "\xc3\xaf", 2); /* a character that is cut in two */
    record_begin(&b, 0, 0, UNIT_FAILED, text, 0);
    cr_expect(text_is_clean(b.header.why) && strncmp(b.header.why, " [31m ?x", 8) == 0, "%.10s", b.header.why);
    cr_expect_eq(strlen(b.header.why), sizeof b.header.why - 1);
    cr_expect_eq(b.header.why[sizeof b.header.why - 2], '?');
    record_finish(&b);
}
