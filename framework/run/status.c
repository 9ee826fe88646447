/* The file that says how far a run is. */
#include "run/status.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/json_write.h"
#include "base/text.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PAUSE 2.0 /* seconds */

struct status {
    char *path, *battery;
    char host[128];
    double started, written;
    uint32_t *planned; /* [rows], or NULL before the first wave */
    json_t *last;
};

static double now_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void write_last(struct status *s) {
    struct error ignored;
    char *text = s->last ? json_write(s->last, JSON_INDENT(1)) : NULL;
    if (text) file_write(s->path, text, strlen(text), &ignored);
    free(text);
}

void status_begin(struct run *run, const char *folder) {
    struct status *s = calloc(1, sizeof *s);
    if (!s) return;
    s->path = text_format("%s/" STATUS_FILE, folder);
    s->battery = text_clean(run->battery->name);
    s->started = now_seconds();
    s->written = -PAUSE;
    if (gethostname(s->host, sizeof s->host - 1) != 0 || !text_is_clean(s->host)) strcpy(s->host, "?");
    if (!s->path || !s->battery) {
        status_end(s, false, NULL);
        return;
    }
    run->status = s;
    status_tell(run, NULL, "reading the data", true);
}

void status_plan(struct run *run, const struct draw_counts *counts) {
    struct status *s = run->status;
    if (!s) return;
    free(s->planned);
    s->planned = calloc(run->explainer_count + 1, sizeof *s->planned);
    for (uint32_t row = 0; s->planned && row < run->explainer_count; row++)
        if (!run->explainers[row].breach) s->planned[row] = need_units(run, counts, row);
}

struct counted {
    const struct run *run;
    json_t *rows;
};

static bool add_row(void *user, const char *name, uint32_t units) {
    const struct counted *c = user;
    for (uint32_t row = 0; row < c->run->explainer_count; row++)
        if (strcmp(c->run->explainers[row].name, name) == 0)
            json_object_set_new(json_array_get(c->rows, row), "done", json_integer(units));
    return true;
}

static json_t *rows_json(const struct run *run, const struct status *s) {
    struct counted c = {run, json_array()};
    struct error ignored;
    for (uint32_t row = 0; s->planned && row < run->explainer_count; row++) {
        const struct explainer_entry *r = &run->explainers[row];
        json_array_append_new(c.rows, json_pack("{s:s, s:i, s:I}", "name", r->name, "done", 0, "planned",
                                                (json_int_t)(r->breach || r->unsupported ? 0 : s->planned[row])));
    }
    if (s->planned && run->store) store_count_units(run->store, add_row, &c, &ignored);
    return c.rows;
}

void status_tell(struct run *run, const struct progress *p, const char *doing, bool now) {
    struct status *s = run->status;
    double t = clock_seconds(), part = p && p->total > 0 && !p->unpriced ? p->done / p->total : -1;
    double spent = p ? t - p->start : 0;
    if (!s || (!now && t - s->written < PAUSE)) return;
    s->written = t;
    json_decref(s->last);
    s->last = json_pack("{s:s, s:s, s:I, s:I, s:I, s:s, s:s, s:f, s:f, s:f, s:f, s:I, s:I, s:f, s:o}", "battery",
                        s->battery, "host", s->host, "pid", (json_int_t)getpid(), "part", (json_int_t)run->share.part,
                        "parts", (json_int_t)run->share.parts, "doing", doing, "why", "", "started", s->started,
                        "updated", now_seconds(), "seconds", spent, "left",
                        part > .02 ? spent * (1 - part) / part : -1.0, "jobs_done", (json_int_t)(p ? p->units : 0),
                        "jobs", (json_int_t)(p ? p->of : 0), "share_done", part, "rows", rows_json(run, s));
    write_last(s);
}

void status_end(struct status *s, bool ended, const char *why) {
    if (!s) return;
    if (ended && s->path) unlink(s->path);
    if (!ended && s->last && why) {
        char *clean = text_clean(why);
        json_object_set_new(s->last, "why", json_string(clean ? clean : "?"));
        json_object_set_new(s->last, "updated", json_real(now_seconds()));
        write_last(s);
        free(clean);
    }
    json_decref(s->last);
    free(s->planned);
    free(s->path);
    free(s->battery);
    free(s);
}
