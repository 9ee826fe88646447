/* Lines of the battery, as JSON. */
#include "experiment/locations.h"

#include "base/json_write.h"
#include "base/text.h"
#include "battery/yaml_node.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static json_t *clean_json(const char *text) {
    char *clean = text_clean(text);
    json_t *json = clean ? json_string(clean) : NULL;
    free(clean);
    return json;
}

/* A row that is added stands where its origin does. */
static const struct battery_explainer *row_of(const struct battery *b, const char *name) {
    const size_t added = sizeof BATTERY_BEFORE_RELU - 1;
    size_t length = strlen(name);
    const struct battery_explainer *origin = NULL;
    for (size_t i = 0; i < b->explainer_count; i++) {
        const char *known = b->explainers[i].name;
        if (strcmp(known, name) == 0) return &b->explainers[i];
        if (length > added && strlen(known) == length - added && memcmp(known, name, length - added) == 0)
            origin = &b->explainers[i];
    }
    return origin;
}

static json_t *rows_json(const struct run *run) {
    json_t *all = json_array();
    for (uint32_t i = 0; i < run->explainer_count; i++) {
        const struct battery_explainer *row = row_of(run->battery, run->explainers[i].name);
        if (row && row->location.line)
            all = json_with(all, json_pack("{s:o, s:I}", "explainer", clean_json(run->explainers[i].name), "line",
                                           (json_int_t)row->location.line));
    }
    return all;
}

static json_t *expect_json(const struct battery *b) {
    json_t *all = json_array();
    for (size_t i = 0; i < b->battery_expectations; i++) { /* those of a baseline stand in another file */
        const struct expectation *x = &b->expectations[i];
        if (x->location.line)
            all = json_with(all, json_pack("{s:o, s:s, s:I}", "explainer", clean_json(x->explainer), "control",
                                           x->control, "line", (json_int_t)x->location.line));
    }
    return all;
}

bool locations_record(const struct run *run, char **text, struct error *e) {
    bool file = strcmp(run->battery->path, YAML_STANDARD_INPUT) != 0;
    json_t *all = json_pack("{s:o, s:o, s:o}", "file", file ? clean_json(run->battery->path) : json_null(), "rows",
                            rows_json(run), "expect", expect_json(run->battery));
    *text = all ? json_write(all, JSON_PRESERVE_ORDER) : NULL;
    json_decref(all);
    return *text || error_memory(e);
}
