/* progress_table.c: the layout of the table: columns, and which rows have room. */
#include "workers/progress_table.h"

#include "base/sizes.h"

#include <stdio.h>
#include <string.h>

#define COLUMNS_LEAST 40u
#define COLUMNS_SECONDS 60u /* narrower ones have no seconds, and only the control of a state */
#define LINES_LEAST 4u      /* headings, two rows, and a line for the others */
#define NAME_MOST 100u
#define STATE_LEAST 13u
#define STATE_MOST 34u
/* Names are shortened before states: to so much, and for a state of so much. */
#define NAME_LEAST 16u
#define NARROW_NAME_LEAST 9u
#define NARROW_STATE 18u

struct columns {
    size_t name, state, counts;
    bool seconds;
};

bool progress_table_fits(unsigned columns, unsigned lines) {
    return columns >= COLUMNS_LEAST && lines >= LINES_LEAST;
}

/* Cells of a terminal, at most: letters of the East may take two. */
static size_t cells_of(uint32_t code) {
    return code >= 0x1100 ? 2 : 1;
}

static size_t width_of(const char *s) {
    size_t width = 0;
    for (uint32_t code; *s; width += cells_of(code)) s += utf8_next(s, &code);
    return width;
}

/* The text in exactly so many cells: cut with two points, or with blanks behind it. */
static void add_cells(struct text *out, const char *s, size_t cells) {
    const size_t whole = width_of(s);
    size_t used = 0;
    uint32_t code;
    const size_t room = whole > cells ? cells - 2 : cells;
    while (*s) {
        size_t n = utf8_next(s, &code);
        if (used + cells_of(code) > room) break;
        text_append(out, s, n);
        used += cells_of(code);
        s += n;
    }
    if (whole > cells) text_append(out, "..", 2);
    if (whole > cells) used += 2;
    text_add(out, "%*s", (int)(cells - used), "");
}

/* A name keeps both ends, which tell methods of one family apart: "grad-cam:la...before ReLU)". */
static void add_name(struct text *out, const char *s, size_t cells) {
    static const char gap[] = "...";
    const size_t whole = width_of(s);
    size_t head = 0, tail = 0, at = 0;
    uint32_t code;

    if (whole <= cells || cells < 2 * sizeof gap) {
        add_cells(out, s, cells);
        return;
    }
    const size_t room = cells - (sizeof gap - 1), front = (room + 1) / 2;
    for (size_t n = utf8_next(s, &code); head + cells_of(code) <= front; n = utf8_next(s + at, &code)) {
        head += cells_of(code);
        at += n;
    }
    text_append(out, s, at);
    text_add(out, "%s", gap);
    for (tail = whole - head; tail > room - head; tail -= cells_of(code)) at += utf8_next(s + at, &code);
    text_add(out, "%s%*s", s + at, (int)(room - head - tail), "");
}

static void add_state(struct text *out, const struct progress_row *r, const struct columns *c) {
    char state[96];
    const char *what = r->what ? r->what : "";
    switch (r->phase) {
    case PROGRESS_AT_WORK:
        snprintf(state, sizeof state, "%s%s", !*what ? "at work" : c->seconds ? "at work on " : "", what);
        break;
    case PROGRESS_QUEUED: snprintf(state, sizeof state, "queued"); break;
    case PROGRESS_OVER: snprintf(state, sizeof state, "%s", *what ? what : "done"); break;
    }
    add_cells(out, state, c->state);
}

static void add_row(struct text *out, const struct progress_row *r, const struct columns *c) {
    char counts[32];
    snprintf(counts, sizeof counts, "%u/%u", r->done, r->planned);
    add_name(out, r->name, c->name);
    text_add(out, "  ");
    add_state(out, r, c);
    text_add(out, "  %*s", (int)c->counts, counts);
    if (c->seconds) text_add(out, "  %7.0f", r->seconds);
    text_add(out, "\n");
}

static struct columns columns_for(const struct progress_row *rows, uint32_t count, unsigned columns) {
    struct columns c = {
        .name = sizeof "explainer" - 1, .counts = sizeof "compared" - 1, .seconds = columns >= COLUMNS_SECONDS};
    for (uint32_t i = 0; i < count; i++) {
        size_t digits = (size_t)snprintf(NULL, 0, "%u/%u", rows[i].done, rows[i].planned);
        size_t name = width_of(rows[i].name);
        if (digits > c.counts) c.counts = digits;
        if (name > c.name) c.name = name;
    }
    size_t fixed = 2 + 2 + c.counts + (c.seconds ? 2 + 7 : 0) + 1; /* the last column would wrap */
    size_t room = columns > fixed + STATE_LEAST ? columns - fixed : STATE_LEAST;
    if (c.name > NAME_MOST) c.name = NAME_MOST;
    const size_t state = c.seconds ? STATE_MOST : NARROW_STATE, least = c.seconds ? NAME_LEAST : NARROW_NAME_LEAST;
    if (c.name + state > room) c.name = size_min(c.name, room > state + least ? room - state : least);
    if (c.name + STATE_LEAST > room) c.name = room - STATE_LEAST;
    c.state = room - c.name > STATE_MOST ? STATE_MOST : room - c.name;
    return c;
}

/* Which of a phase stand in the `room` lines that are left; the others are counted. */
static uint32_t show_phase(const struct progress_row *rows, uint32_t count, enum progress_phase phase, bool *shown,
                           uint32_t *room) {
    uint32_t hidden = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (rows[i].phase != phase) continue;
        shown[i] = *room > 0;
        hidden += !shown[i];
        *room -= shown[i];
    }
    return hidden;
}

void progress_table_add(struct text *out, const struct progress_row *rows, uint32_t count, unsigned columns,
                        unsigned lines) {
    enum { MOST = 512 }; /* no terminal has more lines */
    static const char *const words[] = {"at work", "queued", "done"};
    bool shown[MOST] = {false};
    uint32_t hidden[3];
    const uint32_t looked = count > MOST ? MOST : count;
    uint32_t room = looked + 1 <= lines ? looked : lines - 2;
    const struct columns c = columns_for(rows, looked, columns);
    for (int phase = 0; phase < 3; phase++)
        hidden[phase] = show_phase(rows, looked, (enum progress_phase)phase, shown, &room);
    add_cells(out, "explainer", c.name);
    text_add(out, "  ");
    add_cells(out, "state", c.state);
    text_add(out, "  %*s%s\n", (int)c.counts, "compared", c.seconds ? "  seconds" : "");
    for (uint32_t i = 0; i < looked; i++)
        if (shown[i]) add_row(out, &rows[i], &c);
    const char *separator = "and more: ";
    for (int phase = 0; phase < 3; phase++) {
        if (!hidden[phase]) continue;
        text_add(out, "%s%u %s", separator, hidden[phase], words[phase]);
        separator = ", ";
    }
    if (*separator == ',') text_add(out, "\n");
}
