/* report.json, section by section: each row of the store becomes one object on one line as it is read, so that a large
 * run needs no large memory. Keys are written in the order they are set here. */
#include "reports/json_compare.h"

#include "base/json_write.h"
#include "reports/json_layout.h"
#include "reports/layer_names.h"
#include "reports/report_file.h"
#include "reports/text_words.h"
#include "reports/writers.h"

#include <math.h>
#include <stdlib.h>

struct section {
    FILE *out;
    bool first;
    struct error *error;
    struct layer_names layers;
};

static bool put_object(struct section *c, json_t *object) {
    fprintf(c->out, "%s\n    ", c->first ? "" : ",");
    c->first = false;
    bool ok = object && json_layout(c->out, object, 4);
    json_decref(object);
    return ok || error_memory(c->error);
}

static json_t *flag(bool value) {
    return json_boolean(value);
}

static json_t *whole(uint32_t value) {
    return json_integer((json_int_t)value);
}

static json_t *shape(const struct shape *s) {
    char text[192];
    return json_text(shape_text(s, text, sizeof text));
}

/* "o": takes the reference; NULL anywhere makes the whole NULL. */
static bool put_verdict(void *context, const struct verdict_row *r) {
    return put_object(
        context, json_pack("{so so so so so so so so so so so so so so so}", "explainer", json_text(r->explainer),
                           "control", json_text(r->control), "verdict", json_text(r->verdict), "annotation",
                           json_text(r->annotation), "expected", json_text(r->expected), "as_expected",
                           flag(r->as_expected), "reason", json_text(r->reason), "first_failing_stage",
                           json_text(r->first_stage), "score", json_number(r->score), "lower", json_number(r->lower),
                           "upper", json_number(r->upper), "floor", json_number(r->floor), "ceiling",
                           json_number(r->ceiling), "inputs", whole(r->inputs), "draws", whole(r->draws)));
}

static bool put_input(void *context, const struct input_row *r) {
    json_t *object = json_pack("{so so so so so so}", "input", whole(r->index), "sample", whole(r->sample), "label",
                               r->label == UINT32_MAX ? json_null() : whole(r->label), "predicted",
                               r->predicted == UINT32_MAX ? json_null() : whole(r->predicted), "target",
                               whole(r->target), "shape", shape(&r->shape));
    if (object && r->target_name && *r->target_name)
        object = json_put(object, "target_name", json_text(r->target_name));
    if (object && !isnan(r->value)) {
        object = json_put(object, "value", json_number(r->value));
        object = json_put(object, "output", json_number(r->output));
    }
    return put_object(context, object);
}

static bool put_network(void *context, const struct network_row *r) {
    return put_object(context, json_pack("{so so so so so so so}", "key", json_text(r->key), "role", json_text(r->role),
                                         "draw", whole(r->draw), "epochs", whole(r->epochs), "train_accuracy",
                                         json_number(r->train_accuracy), "test_accuracy", json_number(r->test_accuracy),
                                         "parameters", json_integer((json_int_t)r->flat_count)));
}

static bool put_audit(void *context, const struct audit_row *r) {
    return put_object(context, json_pack("{so so so so so so so}", "variant", json_text(r->variant), "changed",
                                         whole(r->changed), "expected", whole(r->expected), "digest",
                                         json_text(r->digest), "logit_r", json_number(r->logit_r), "agreement",
                                         json_number(r->agreement), "finite", flag(r->finite)));
}

/* An object for each layer that was measured. */
static bool put_activations(void *context, const struct audit_row *r) {
    struct section *c = context;
    bool ok = true;
    for (size_t l = 0; ok && l < c->layers.count && l < r->layer_count; l++)
        ok = isnan(r->activation_r[l]) ||
             put_object(c,
                        json_pack("{so so so}", "variant", json_text(r->variant), "layer", json_text(c->layers.name[l]),
                                  "activation_r", json_number(round((double)r->activation_r[l] * 1e6) / 1e6)));
    return ok;
}

static bool put_unit(void *context, const struct unit_row *r) {
    static const char *const words[] = {[UNIT_OK] = "ok", [UNIT_UNSUPPORTED] = "unsupported", [UNIT_FAILED] = "failed"};
    return put_object(context, json_pack("{so so ss so}", "explainer", json_text(r->explainer), "variant",
                                         json_text(r->variant), "status", words[r->status], "why", json_text(r->why)));
}

static bool put_use(void *context, const struct use_row *r) {
    return put_object(context, json_pack("{so so so so so}", "control", json_text(r->control), "stage",
                                         json_text(r->stage), "stage_index", whole(r->stage_index), "draw",
                                         r->draw == UINT32_MAX ? json_null() : whole(r->draw), "variant",
                                         json_text(r->variant)));
}

static bool put_curve(void *context, const struct curve_row *r) {
    return put_object(
        context,
        json_pack("{so so so so so so so so so so so so so so so so so so so so}", "explainer", json_text(r->explainer),
                  "control", json_text(r->control), "measure", json_text(r->measure), "view", json_text(r->view),
                  "stage", json_text(r->stage), "stage_index", whole(r->stage_index), "stage_count",
                  whole(r->stage_count), "similarity", json_number(r->similarity), "similarity_lower",
                  json_number(r->similarity_lower), "similarity_upper", json_number(r->similarity_upper), "floor",
                  json_number(r->floor), "ceiling", json_number(r->ceiling), "share", json_number(r->share),
                  "share_lower", json_number(r->share_lower), "share_upper", json_number(r->share_upper), "inputs",
                  whole(r->inputs), "draws", whole(r->draws), "vanished", json_number(r->vanished), "logit_r",
                  json_number(r->logit_r), "decision", json_text(r->decision)));
}

static bool put_check(void *context, const struct check_row *r) {
    return put_object(context, json_pack("{so so so so so so so}", "explainer", json_text(r->explainer), "control",
                                         json_text(r->control), "what", json_text(r->what), "input", whole(r->input),
                                         "worst", json_number(r->worst), "tolerance", json_number(r->tolerance),
                                         "holds", flag(r->holds)));
}

static bool put_comparisons(void *context, json_t *group) {
    return put_object(context, group);
}

/* A meta entry as it is: an object when it is JSON, else null. */
static bool put_meta(FILE *out, struct store *s, const char *key, struct error *e) {
    char *text;

    if (!store_meta(s, key, &text, e)) return false;
    json_t *value = text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
    fprintf(out, ",\n  \"%s\": ", key);
    bool ok = value ? json_layout(out, value, 2) || error_memory(e) : fputs("null", out) >= 0;
    json_decref(value);
    free(text);
    return ok;
}

static void begin(struct section *c, const char *name) {
    fprintf(c->out, ",\n  \"%s\": [", name);
    c->first = true;
}

static bool end(struct section *c, bool ok) {
    fputs(c->first ? "]" : "\n  ]", c->out);
    return ok;
}

/* How to read the verdicts: the notes every report carries. */
static bool put_notes(FILE *out, struct store *s, struct error *e) {
    struct verdict_notes notes;

    if (!verdict_notes_load(s, &notes, e)) return false;
    json_t *lines = json_array();
    for (size_t k = 0; k < notes.count; k++) lines = json_with(lines, json_text(notes.line[k]));
    fputs(",\n  \"notes\": ", out);
    bool ok = lines && json_layout(out, lines, 2) ? true : error_memory(e);
    json_decref(lines);
    verdict_notes_finish(&notes);
    return ok;
}

#define SECTION(name, each, put) (begin(&c, name), end(&c, each(s, put, &c, e)))

bool report_json(struct store *s, const char *folder, struct error *e) {
    struct report_file o;

    if (!report_file_open(&o, folder, "report.json", e)) return false;
    struct section c = {.out = o.file, .first = true, .error = e};
    fputs("{\n  \"format\": \"assay-report/1\"", o.file);
    bool ok =
        layer_names_load(s, &c.layers, e) && put_meta(o.file, s, "run", e) && put_meta(o.file, s, "accuracy", e) &&
        put_meta(o.file, s, "canaries", e) && put_meta(o.file, s, "equalities", e) && put_notes(o.file, s, e) &&
        SECTION("verdicts", store_each_verdict, put_verdict) && SECTION("inputs", store_each_input, put_input) &&
        SECTION("networks", store_each_network, put_network) && SECTION("uses", store_each_use, put_use) &&
        SECTION("audits", store_each_audit, put_audit) && SECTION("activations", store_each_audit, put_activations) &&
        SECTION("units", store_each_unit, put_unit) && SECTION("curves", store_each_curve, put_curve) &&
        SECTION("checks", store_each_check, put_check) && SECTION("comparisons", json_each_comparison, put_comparisons);
    fputs("\n}\n", o.file);
    layer_names_finish(&c.layers);
    return report_file_close(&o, ok || ferror(o.file), e); /* which says why the file cannot be written */
}
