#include "reports/gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_NOT_STARTED 127 /* as shells have it */

/* In the child: quiet, and without the user's own start-up files, which would change the figures. */
static _Noreturn void become_gnuplot(const char *folder, const char *script, const char *format, int log) {
    char setting[64];
    int nothing = open("/dev/null", O_RDONLY);

    snprintf(setting, sizeof setting, "format='%s'", format);
    char *arguments[] = {(char[]){"gnuplot"}, (char[]){"-d"}, (char[]){"-e"}, setting, (char *)script, NULL};
    if (nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 && dup2(log, STDOUT_FILENO) >= 0 &&
        dup2(log, STDERR_FILENO) >= 0 && chdir(folder) == 0)
        execvp(arguments[0], arguments);
    _exit(EXIT_NOT_STARTED);
}

/* Keeps the beginning of what the child says, and drains the rest. */
static void listen_to(int log, char *said, size_t size) {
    size_t used = 0;
    char spill[512];

    for (;;) {
        bool full = used + 1 == size;
        ssize_t n = read(log, full ? spill : said + used, full ? sizeof spill : size - 1 - used);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        used += full ? 0 : (size_t)n;
    }
    said[used] = '\0';
    for (char *c = said; *c; c++) /* one line; gnuplot marks the place of an error with a caret on its own line */
        if (*c == '\n' || *c == '\t') *c = ' ';
}

void gnuplot_start(const char *folder, const char *script, const char *format, struct gnuplot *out) {
    int ends[2];

    out->child = -1;
    if (pipe(ends) != 0) return;
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC); /* or the next child would keep this one's end open */
    out->child = fork();
    if (out->child == 0) become_gnuplot(folder, script, format, ends[1]);
    close(ends[1]);
    out->log = ends[0];
    if (out->child < 0) close(ends[0]);
}

enum gnuplot_outcome gnuplot_finish(const struct gnuplot *g, const char *folder, const char *script, struct error *e) {
    char said[512];
    int status;

    if (g->child < 0) {
        error_set(e, "gnuplot: %s/%s: a pipe and a child process were wanted", folder, script);
        return GNUPLOT_FAILED;
    }
    listen_to(g->log, said, sizeof said);
    close(g->log);
    while (waitpid(g->child, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return GNUPLOT_DONE;
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NOT_STARTED) {
        error_set(
            e,
            "%s: gnuplot cannot be started: the scripts and data are there, the pictures are not; install gnuplot "
            "(apt-get install gnuplot-nox), then write the figures again or run `gnuplot %s` in that folder",
            folder, script);
        return GNUPLOT_MISSING;
    }
    error_set(e, "%s/%s: gnuplot failed: %s", folder, script, said);
    return GNUPLOT_FAILED;
}
