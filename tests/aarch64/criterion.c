/* criterion.c: what the unit tests want of Criterion where it cannot run: it starts each test as a program of its own,
 * which qemu-user does not (execve of a foreign program). Here each test is a fork.
 *
 * unit-tests-forked [PATTERN]... runs the tests SUITE/NAME that match one; default: all. It prints what failed, and
 * the sum. */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <fnmatch.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECONDS = 900 }; /* of one test; emulated ones take long */
enum end { PASSED, FAILED, SKIPPED, ENDS };

/* Where the linker puts the tests of all files (criterion/internal/test.h). */
extern struct criterion_test *__start_cr_tst[], *__stop_cr_tst[];
extern struct criterion_suite *__start_cr_sts[], *__stop_cr_sts[];

/* Of the one test of this process. */
static struct {
    const struct criterion_test *test;
    const struct criterion_test_extra_data *suite; /* or NULL */
    enum end end;
    jmp_buf out;
    FILE *redirected;
} now;

struct criterion_options criterion_options;

/* ---- what assertions call ---- */

int cr_asprintf(char **out, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    *out = length < 0 ? NULL : malloc((size_t)length + 1);
    if (*out) vsnprintf(*out, (size_t)length + 1, format, again);
    va_end(again);
    return length;
}

void cr_asprintf_free(char *text) {
    free(text);
}

char *cr_translate_assert_msg(int index, ...) {
    va_list args;
    char *text;
    va_start(args, index);
    const char *condition = va_arg(args, const char *);
    cr_asprintf(&text, "%s", condition);
    va_end(args);
    return text;
}

void criterion_send_assert(struct criterion_assert_stats *assertion) {
    if (assertion->passed) return;
    printf("     %s/%s: %s:%u: %s\n", now.test->category, now.test->name, assertion->file, assertion->line,
           assertion->message);
}

void cri_asserts_passed_incr(void) {
}

void criterion_continue_test(void) {
    now.end = FAILED;
}

void criterion_abort_test(void) {
    now.end = FAILED;
    longjmp(now.out, 1);
}

void criterion_skip_test(const char *format, ...) {
    (void)format;
    now.end = SKIPPED;
    longjmp(now.out, 1);
}

void cr_log(enum criterion_severity severity, const char *format, ...) {
    (void)severity;
    (void)format;
}

void cr_redirect_stderr(void) {
    now.redirected = tmpfile();
    if (now.redirected) dup2(fileno(now.redirected), STDERR_FILENO);
}

FILE *cr_get_redirected_stderr(void) {
    rewind(now.redirected);
    return now.redirected;
}

/* ---- one test ---- */

void criterion_internal_test_setup(void) {
    if (now.suite && now.suite->init) now.suite->init();
    if (now.test->data->init) now.test->data->init();
}

void criterion_internal_test_main(void (*body)(void)) {
    if (setjmp(now.out) == 0) body();
}

void criterion_internal_test_teardown(void) {
    if (now.test->data->fini) now.test->data->fini();
    if (now.suite && now.suite->fini) now.suite->fini();
}

static enum end run(const struct criterion_test *test) {
    int status;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        now.test = test;
        for (struct criterion_suite **s = __start_cr_sts; s < __stop_cr_sts; s++)
            if (strcmp((*s)->name, test->category) == 0) now.suite = (*s)->data;
        alarm(SECONDS);
        test->test();
        exit((int)now.end);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) return FAILED;
    if (WIFEXITED(status) && WEXITSTATUS(status) < ENDS) return (enum end)WEXITSTATUS(status);
    printf("     %s/%s: ended by %s %d\n", test->category, test->name, WIFSIGNALED(status) ? "signal" : "exit code",
           WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    return FAILED;
}

/* ---- all ---- */

static bool is_wanted(const struct criterion_test *test, char **patterns, int count) {
    char name[256];
    bool wanted = count == 0;
    snprintf(name, sizeof name, "%s/%s", test->category, test->name);
    for (int i = 0; i < count && !wanted; i++) wanted = fnmatch(patterns[i], name, 0) == 0;
    return wanted;
}

int main(int argc, char **argv) {
    unsigned sum[ENDS] = {0};
    for (struct criterion_test **t = __start_cr_tst; t < __stop_cr_tst; t++) {
        if (!*t || !is_wanted(*t, argv + 1, argc - 1)) continue;
        enum end end = run(*t);
        sum[end]++;
        if (end == FAILED) printf("FAIL %s/%s\n", (*t)->category, (*t)->name);
    }
    printf("%u passed, %u skipped, %u failed\n", sum[PASSED], sum[SKIPPED], sum[FAILED]);
    return sum[FAILED] || !sum[PASSED];
}
