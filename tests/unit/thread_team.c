/* Parts shared among threads: each is done once, whoever is there to do it, in forks and within other jobs, too. */
#include "base/thread_team.h"

#include <criterion/criterion.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PARTS 1000u

struct job {
    struct thread_team *team; /* to ask again from within a part, or NULL */
    atomic_uint done[PARTS];
    atomic_uint at_work[THREAD_TEAM_MOST]; /* parts that a worker is at: never two */
    atomic_uint strangers, crowds;
};

static void count_part(void *user, unsigned part, unsigned worker) {
    struct job *j = user;
    if (worker >= THREAD_TEAM_MOST) {
        atomic_fetch_add(&j->strangers, 1);
        return;
    }
    if (atomic_fetch_add(&j->at_work[worker], 1) != 0) atomic_fetch_add(&j->crowds, 1);
    atomic_fetch_add(&j->done[part], 1);
    atomic_fetch_sub(&j->at_work[worker], 1);
}

static void check_job(struct thread_team *team, unsigned parts) {
    struct job j = {0};
    thread_team_run(team, parts, count_part, &j);
    for (unsigned i = 0; i < PARTS; i++)
        cr_assert_eq(atomic_load(&j.done[i]), i < parts, "part %u of %u, %u workers", i, parts, thread_team_size(team));
    cr_expect_eq(atomic_load(&j.strangers), 0);
    cr_expect_eq(atomic_load(&j.crowds), 0, "two parts of one worker at a time");
}

static void count_range(void *user, size_t first, size_t count) {
    struct job *j = user;
    for (size_t i = first; i < first + count && i < PARTS; i++) atomic_fetch_add(&j->done[i], 1);
}

static void check_ranges(struct thread_team *team, size_t n, size_t piece) {
    struct job j = {0};
    thread_team_share(team, n, piece, count_range, &j);
    for (size_t i = 0; i < PARTS; i++)
        cr_assert_eq(atomic_load(&j.done[i]), i < n, "element %zu of %zu by %zu", i, n, piece);
}

static struct thread_team *make_team(unsigned size) {
    struct thread_team *team;
    struct error e;
    cr_assert(thread_team_create(size, &team, &e), "%s", e.text);
    return team;
}

Test(thread_team, does_every_part_once) {
    static const unsigned parts[] = {0, 1, 2, 3, 7, 64, PARTS};
    check_job(NULL, 5);
    cr_expect_eq(thread_team_size(NULL), 1);
    for (unsigned size = 0; size <= 6; size++) {
        struct thread_team *team = make_team(size);
        cr_expect_eq(thread_team_size(team), size ? size : 1);
        for (int round = 0; round < 50; round++)
            for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) check_job(team, parts[i]);
        thread_team_destroy(team);
    }
    for (unsigned size = 1; size <= 3; size++) {
        struct thread_team *team = make_team(size);
        check_ranges(team, 0, 8);
        check_ranges(team, 7, 8);
        check_ranges(team, 8, 8);
        check_ranges(team, PARTS - 1, 8);
        thread_team_destroy(team);
    }
    struct thread_team *large = make_team(THREAD_TEAM_MOST + 1);
    cr_expect_eq(thread_team_size(large), THREAD_TEAM_MOST);
    check_job(large, PARTS);
    thread_team_destroy(large);
    thread_team_destroy(NULL);
}

/* Helpers who have fallen asleep are woken. */
Test(thread_team, wakes_up) {
    struct thread_team *team = make_team(3);
    for (int i = 0; i < 5; i++) {
        nanosleep(&(struct timespec){0, 2000000}, NULL);
        check_job(team, 20);
    }
    thread_team_destroy(team);
}

struct meeting {
    atomic_uint here;
};

/* Ends when as many are at it, so that it takes as many threads. */
static void meet(void *user, unsigned part, unsigned worker) {
    (void)part, (void)worker;
    struct meeting *m = user;
    atomic_fetch_add(&m->here, 1);
    while (atomic_load(&m->here) < 3) nanosleep(&(struct timespec){0, 100000}, NULL);
}

Test(thread_team, has_threads, .timeout = 30) {
    struct thread_team *team = make_team(3);
    struct meeting m = {0};
    thread_team_run(team, 3, meet, &m);
    cr_expect_eq(atomic_load(&m.here), 3);
    thread_team_destroy(team);
}

static void ask_again(void *user, unsigned part, unsigned worker) {
    struct job *j = user;
    struct job inner = {0};
    (void)worker;
    thread_team_run(j->team, 10, count_part, &inner);
    for (unsigned i = 0; i < 10; i++) atomic_fetch_add(&j->done[part], atomic_load(&inner.done[i]));
}

Test(thread_team, does_a_job_within_a_part_alone) {
    struct thread_team *team = make_team(3);
    struct job j = {.team = team};
    thread_team_run(team, 50, ask_again, &j);
    for (unsigned i = 0; i < 50; i++) cr_expect_eq(atomic_load(&j.done[i]), 10);
    check_job(team, 50);
    thread_team_destroy(team);
}

Test(thread_team, has_no_helpers_in_a_fork, .timeout = 30) {
    struct thread_team *team = make_team(4);
    for (int i = 0; i < 20; i++) {
        int status;
        check_job(team, 30);
        pid_t child = fork();
        if (child == 0) {
            struct job j = {0};
            bool ok = true;
            thread_team_run(team, 30, count_part, &j);
            for (unsigned k = 0; k < 30; k++) ok = ok && atomic_load(&j.done[k]) == 1;
            thread_team_destroy(team);
            _exit(ok ? 0 : 1);
        }
        cr_assert(child > 0 && waitpid(child, &status, 0) == child);
        cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", (unsigned)status);
    }
    check_job(team, 30);
    thread_team_destroy(team);
}
