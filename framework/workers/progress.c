/* progress.c: the line of a terminal, and the lines of a file. */
#include "workers/progress.h"

#include "base/clock.h"
#include "base/terminal.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

void progress_begin(struct progress *p, bool quiet) {
    *p = (struct progress){
        .quiet = quiet, .terminal = isatty(STDERR_FILENO) == 1, .start = clock_seconds(), .shown = -1, .title = ""};
}

static double share(const struct progress *p) {
    return p->total > 0 ? p->done / p->total : 0;
}

#define BAR_MOST 30
#define BAR_LEAST 8

/* What fits: the bar gives way first, then what is left to do, then the title. */
void progress_line(const struct progress *p, double spent, unsigned columns, char *out, size_t size) {
    char counts[64], eta[32] = "", bar[BAR_MOST + sizeof "[] "] = "";
    size_t room = columns && columns < size ? columns - 1 : size - 1; /* the last column would wrap */
    double f = share(p), left = !p->unpriced && f > .02 ? spent * (1 - f) / f : -1;
    int width = snprintf(counts, sizeof counts, p->unpriced ? "%.0s%u/%u jobs  %.0f s" : "%s%u/%u jobs  %.0f s", "  ",
                         p->units, p->of, spent);
    char percent[8] = "";
    if (!p->unpriced) width += snprintf(percent, sizeof percent, "%3.0f %%", 100 * f);
    if (left >= 0) width += snprintf(eta, sizeof eta, "  ETA %.0f s", left);
    size_t title = strlen(p->title) < 17 ? 18 : strlen(p->title) + 1, used = title + (size_t)width;
    size_t cells = p->unpriced || used + BAR_LEAST + 3 > room ? 0 : room - used - 3;
    if (cells > BAR_MOST) cells = BAR_MOST;
    for (size_t i = 0; i < cells; i++) bar[i + 1] = f * (double)cells > (double)i ? '#' : '.';
    if (cells) {
        bar[0] = '[';
        memcpy(bar + cells + 1, "] ", 3);
    }
    if (used > room) eta[0] = 0;
    if (used > room) title = strlen(p->title) + 1;
    int length = snprintf(out, size, "%-*s%s%s%s%s", (int)title, p->title, bar, percent, counts, eta);
    if (length > 0 && (size_t)length > room) out[room] = 0;
}

static void show(struct progress *p) {
    char line[160];
    progress_line(p, clock_seconds() - p->start, terminal_columns(STDERR_FILENO), line, sizeof line);
    fprintf(stderr, "\r%s\033[K", line);
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
