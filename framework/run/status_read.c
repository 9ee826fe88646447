/* What another terminal reads of a run at work. */
#include "run/status.h"

#include "base/file.h"
#include "base/text.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* Clean, whatever the file holds; NULL when out of memory. */
static char *word_of(const json_t *o, const char *key) {
    const char *text = json_string_value(json_object_get(o, key));
    return text_clean(text ? text : "");
}

static double number_of(const json_t *o, const char *key) {
    return json_number_value(json_object_get(o, key));
}

static uint32_t count_of(const json_t *o, const char *key) {
    double n = number_of(o, key);
    return n > 0 && n < 4e9 ? (uint32_t)n : 0;
}

static bool take_rows(const json_t *rows, struct status_told *t) {
    size_t count = json_array_size(rows);
    t->rows = calloc(count + 1, sizeof *t->rows);
    for (size_t i = 0; t->rows && i < count; i++) {
        const json_t *row = json_array_get(rows, i);
        struct status_row *r = &t->rows[t->row_count];
        if (!(r->name = word_of(row, "name"))) return false;
        r->done = count_of(row, "done");
        r->planned = count_of(row, "planned");
        t->row_count++;
    }
    return t->rows;
}

static bool take(const json_t *o, struct status_told *t, struct error *e) {
    *t = (struct status_told){.battery = word_of(o, "battery"),
                              .host = word_of(o, "host"),
                              .doing = word_of(o, "doing"),
                              .why = word_of(o, "why"),
                              .pid = (long)number_of(o, "pid"),
                              .share = {count_of(o, "part"), count_of(o, "parts")},
                              .started = number_of(o, "started"),
                              .updated = number_of(o, "updated"),
                              .seconds = number_of(o, "seconds"),
                              .left = number_of(o, "left"),
                              .jobs_done = count_of(o, "jobs_done"),
                              .jobs = count_of(o, "jobs"),
                              .part = number_of(o, "share_done")};
    return (t->battery && t->host && t->doing && t->why && take_rows(json_object_get(o, "rows"), t)) || error_memory(e);
}

bool status_read(const char *folder, struct status_told *out, bool *there, struct error *e) {
    char *path = text_format("%s/" STATUS_FILE, folder);
    uint8_t *data = NULL;
    size_t size;
    *out = (struct status_told){.pid = 0};
    *there = path && file_exists(path);
    bool ok = (path || error_memory(e)) && (!*there || file_read(path, &data, &size, e));
    json_t *o = data ? json_loadb((const char *)data, size, 0, NULL) : NULL;
    if (ok && *there)
        ok = json_is_object(o) ? take(o, out, e)
                               : error_set(e, "%s: no status of a run: a JSON object was wanted", path);
    json_decref(o);
    free(data);
    free(path);
    return ok;
}

void status_told_finish(struct status_told *t) {
    for (uint32_t i = 0; i < t->row_count; i++) free(t->rows[i].name);
    free(t->rows);
    free(t->battery);
    free(t->host);
    free(t->doing);
    free(t->why);
    *t = (struct status_told){.pid = 0};
}
