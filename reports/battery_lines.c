/* Places in the battery, as the store has them. */
#include "reports/battery_lines.h"

#include "reports/run_record.h"

#include <string.h>

bool battery_lines_load(struct store *s, struct battery_lines *b, struct error *e) {
    *b = (struct battery_lines){0};
    if (!run_record_load(s, "places", &b->places, e)) return false;
    b->file = json_string_value(json_object_get(b->places, "file"));
    return true;
}

void battery_lines_finish(struct battery_lines *b) {
    json_decref(b->places);
    *b = (struct battery_lines){0};
}

static bool is(const json_t *object, const char *key, const char *value) {
    const char *text = json_string_value(json_object_get(object, key));
    return text && strcmp(text, value) == 0;
}

static unsigned line_of(const json_t *object) {
    const json_t *line = json_object_get(object, "line");
    return json_is_integer(line) && json_integer_value(line) > 0 ? (unsigned)json_integer_value(line) : 0;
}

/* That of the cell before that of its row. */
static unsigned expect_line(const struct battery_lines *b, const struct verdict_row *v) {
    const json_t *all = json_object_get(b->places, "expect");
    unsigned found = 0;
    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *entry = json_array_get(all, i);
        if (!is(entry, "explainer", v->explainer)) continue;
        if (is(entry, "control", v->control)) return line_of(entry);
        if (is(entry, "control", "all")) found = line_of(entry);
    }
    return found;
}

unsigned battery_lines_find(const struct battery_lines *b, const struct verdict_row *v) {
    const json_t *all = json_object_get(b->places, "rows");
    unsigned line = strcmp(v->verdict, "PASS") == 0 ? expect_line(b, v) : 0;
    for (size_t i = 0; !line && i < json_array_size(all); i++)
        if (is(json_array_get(all, i), "explainer", v->explainer)) line = line_of(json_array_get(all, i));
    return line;
}
