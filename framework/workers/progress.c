/* progress.c: the line of a terminal, and the lines of a file. */
#include "workers/progress.h"

#include "base/clock.h"

#include <stdio.h>
#include <unistd.h>

void progress_begin(struct progress *p, bool quiet) {
    *p = (struct progress){
        .quiet = quiet, .terminal = isatty(STDERR_FILENO) == 1, .start = clock_seconds(), .shown = -1, .title = ""};
}

static double share(const struct progress *p) {
    return p->total > 0 ? p->done / p->total : 0;
}

static void show(struct progress *p) {
    char bar[31];
    if (p->unpriced) {
        fprintf(stderr, "\r%-22s %u/%u jobs  %3.0f s\033[K", p->title, p->units, p->of, clock_seconds() - p->start);
        fflush(stderr);
        return;
    }
    double f = share(p), spent = clock_seconds() - p->start, left = f > .02 ? spent * (1 - f) / f : -1;
    for (int i = 0; i < 30; i++) bar[i] = f * 30 > i ? '#' : '.';
    bar[30] = 0;
    fprintf(stderr, "\r%-22s [%s] %3.0f %%  %u/%u jobs  %3.0f s", p->title, bar, 100 * f, p->units, p->of, spent);
    if (left >= 0) fprintf(stderr, "  ETA %.0f s   ", left);
    fputs("\033[K", stderr);
    fflush(stderr);
}

void progress_add(struct progress *p, const char *title, double cost, uint32_t jobs) {
    p->title = title;
    p->total += cost;
    p->of += jobs;
    if (p->quiet) return;
    if (p->terminal) show(p);
    else fprintf(stderr, "%s: %u jobs\n", title, jobs);
}

void progress_job(struct progress *p, double cost) {
    p->done += cost;
    p->units++;
    int tenths = (int)(10 * share(p));
    if (p->quiet || p->terminal || p->unpriced || tenths == p->shown) return;
    p->shown = tenths;
    fprintf(stderr, "%3d %%  %u/%u jobs  %.0f s\n", 10 * tenths, p->units, p->of, clock_seconds() - p->start);
}

void progress_tick(struct progress *p) {
    double t = clock_seconds();
    if (p->quiet || !p->terminal || t - p->last < .2) return;
    p->last = t;
    show(p);
}

void progress_end(struct progress *p) {
    if (p->quiet) return;
    if (p->terminal) fprintf(stderr, "\r\033[K");
    fprintf(stderr, "%u jobs in %.1f s\n", p->units, clock_seconds() - p->start);
}
