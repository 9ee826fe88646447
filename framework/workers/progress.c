/* progress.c: the line and the table of a terminal, and the lines of a file. */
#include "workers/progress.h"

#include "base/clock.h"
#include "base/terminal.h"

#include <stdio.h>
#include <stdlib.h>
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

/* ---- what stands on the terminal ---- */

/* Lines above the cursor. A terminal that became narrower since has wrapped them. */
static unsigned lines_drawn(const struct progress *p, unsigned columns) {
    unsigned lines = 0;
    for (const char *line = p->drawn.data, *end; line && (end = strchr(line, '\n')); line = end + 1) {
        unsigned length = (unsigned)(end - line);
        lines += columns && columns < p->drawn_columns && length > columns ? (length + columns - 1) / columns : 1;
    }
    return lines;
}

/* To the first cell of what stands there. */
static void add_home(const struct progress *p, unsigned columns, struct text *out) {
    unsigned up = lines_drawn(p, columns);
    text_add(out, "\r");
    if (up) text_add(out, "\033[%uA", up);
}

/* All at once, so that nobody sees a half of it. What cannot be written is not shown. */
static void put(const struct text *frame) {
    for (size_t at = 0; !frame->failed && at < frame->length;) {
        ssize_t n = write(STDERR_FILENO, frame->data + at, frame->length - at);
        if (n <= 0) return;
        at += (size_t)n;
    }
}

static bool has_table(const struct progress *p, unsigned columns, unsigned lines) {
    const char *term = getenv("TERM");
    return p->rows && p->row_count && term && strcmp(term, "dumb") != 0 && lines > 2 &&
           progress_table_fits(columns, lines - 2);
}

/* The line, and the table where there is room: the cursor then stands below it, where it harms nothing that the
 * program ends at once. */
static void compose(struct progress *p, unsigned columns, struct text *out) {
    char line[160];
    const unsigned lines = terminal_lines(STDERR_FILENO);
    progress_line(p, clock_seconds() - p->start, columns, line, sizeof line);
    text_add(out, "%s", line);
    if (!has_table(p, columns, lines)) return;
    if (p->fill) p->fill(p->user, p->rows);
    text_add(out, "\n");
    progress_table_add(out, p->rows, p->row_count, columns, lines - 2);
}

static void show(struct progress *p) {
    const unsigned columns = terminal_columns(STDERR_FILENO);
    struct text next = {0}, frame = {0};
    compose(p, columns, &next);
    bool same = !next.failed && p->drawn_columns == columns && strcmp(next.data, p->drawn.data) == 0;
    if (next.failed || same) {
        text_finish(&next);
        return;
    }
    if (p->drawn_columns) add_home(p, columns, &frame);
    for (const char *line = next.data; *line;) {
        size_t length = strcspn(line, "\n");
        text_add(&frame, "%.*s\033[K%s", (int)length, line, line[length] ? "\n" : "");
        line += length + (line[length] != 0);
    }
    text_add(&frame, "\033[J");
    put(&frame);
    text_finish(&frame);
    text_finish(&p->drawn);
    p->drawn = next;
    p->drawn_columns = columns ? columns : 1;
}

/* Nothing of it stays. */
static void wipe(struct progress *p) {
    struct text frame = {0};
    add_home(p, terminal_columns(STDERR_FILENO), &frame);
    text_add(&frame, "\033[J");
    put(&frame);
    text_finish(&frame);
    text_finish(&p->drawn);
    p->drawn_columns = 0;
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

void progress_hide(struct progress *p) {
    if (!p->quiet && p->terminal) wipe(p);
}

void progress_end(struct progress *p) {
    if (p->quiet) return;
    if (p->terminal) wipe(p);
    fprintf(stderr, "%u jobs in %.1f s\n", p->units, clock_seconds() - p->start);
}
