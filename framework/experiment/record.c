/* The JSON object that identifies a run. */
#include "experiment/record.h"

#include "base/cpu.h"
#include "base/file.h"
#include "base/json_write.h"
#include "base/layout.h"
#include "base/text.h"
#include "data/csv_options.h"
#include "experiment/route.h"
#include "experiment/task.h"
#include "workers/sandbox.h"

#include <cblas.h>
#include <jansson.h>
#include <png.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>
#include <zlib.h>

#define FOLDER "folder:"

/* Paths and the names of layers are whatever bytes the system and the model have, and JSON is UTF-8. */
static json_t *text_json(const char *text) {
    char *clean = text ? text_clean(text) : NULL;
    json_t *json = text ? clean ? json_string(clean) : NULL : json_null();
    free(clean);
    return json;
}

/* The digest of what lies at that path. */
static void add_file(json_t **files, const char *path, const char *digest) {
    char *clean = text_clean(path); /* NULL is no key */
    *files = json_put(*files, clean, json_string(digest));
    free(clean);
}

static json_t *shape_json(const struct shape *s) {
    json_t *a = json_array();
    for (uint32_t d = 0; d < s->rank; d++) a = json_with(a, json_integer((json_int_t)s->dim[d]));
    return a;
}

/* Of numbers that lie beside the model's file, whose own digest does not tell them; NULL where none do. */
static const char *external_digest(const struct graph *g, char out[FILE_DIGEST_SIZE]) {
    struct text all = {0};
    if (!g->external) return NULL;
    for (uint32_t v = 0; v < g->value_count; v++) {
        const struct value *value = &g->values[v];
        if (!value->data) continue;
        data_digest(value->data, shape_count(&value->shape) * sizeof *value->data, out);
        text_add(&all, "%s\n", out);
    }
    data_digest(all.data, all.length, out);
    text_finish(&all);
    return out;
}

/* A string of digits: JSON readers round numbers beyond 2^53, and a seed has 64 bits. */
static json_t *seed_json(uint64_t seed) {
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)seed);
    return json_string(text);
}

/* What the model's other inputs are: numbers, or files; NULL where nothing was said. */
static json_t *inputs_json(const struct onnx_options *options) {
    char digest[FILE_DIGEST_SIZE];
    json_t *inputs = options->fixed_count ? json_object() : NULL;
    for (size_t i = 0; i < options->fixed_count; i++) {
        const struct onnx_fixed *fixed = &options->fixed[i];
        char *name = text_clean(fixed->name);
        bool file = fixed->path && file_digest(fixed->path, digest, NULL);
        if (name)
            inputs = json_put(inputs, name,
                              file ? json_pack("{s:o, s:s}", "path", text_json(fixed->path), "sha256", digest)
                                   : json_real((double)fixed->number));
        free(name);
    }
    return inputs;
}

/* Of the file's pictures; NULL where it takes none. */
static const char *order_name(const struct graph *g) {
    if (layout_of(&g->sample).kind != &layout_picture) return NULL;
    return axis_order_names[g->channels_last ? AXIS_ORDER_NHWC : AXIS_ORDER_NCHW];
}

static json_t *model_json(const struct run *run) {
    const struct graph *g = run->graph;
    char weights[FILE_DIGEST_SIZE];
    json_t *layers = json_array();
    for (uint32_t l = 0; l < g->layer_count; l++) {
        size_t count = 0;
        for (uint32_t p = 0; p < g->layers[l].parameter_count; p++)
            count += shape_count(&g->values[g->layers[l].parameters[p]].shape);
        layers = json_with(
            layers, json_pack("{s:o, s:I}", "name", text_json(g->layers[l].name), "parameters", (json_int_t)count));
    }
    return json_pack("{s:o, s:s, s:s*, s:o*, s:s*, s:s*, s:o, s:s, s:s*, s:s, s:I, s:I, s:o, s:o}", "path",
                     text_json(run->battery->model), "sha256", run->model_digest, "input", run->battery->network.input,
                     "inputs", inputs_json(&run->battery->network.onnx), "output", g->taken, "weights_sha256",
                     external_digest(g, weights), "sample", shape_json(&g->sample), "layout",
                     g->tokens ? "tokens" : layout_of(&g->sample).kind->name, "order", order_name(g), "task",
                     task_names[task_settled(run->battery->task, g)], "classes", (json_int_t)g->classes, "parameters",
                     (json_int_t)weights_flat_count(g), "layers", layers, "warning", text_json(g->warning));
}

/* Of a folder: the list, and all its pictures. */
static void add_folder(json_t **files, const char *folder, const struct dataset *data) {
    char digest[FILE_DIGEST_SIZE];
    struct text all = {0};
    if (data->list && file_digest(data->list, digest, NULL)) add_file(files, data->list, digest);
    for (uint32_t i = 0; i < data->count; i++) {
        if (!file_digest(data->files[i].path, digest, NULL)) digest[0] = 0;
        text_add(&all, "%s%s\n", data->list ? "" : data->files[i].path + strlen(folder),
                 digest); /* whose folder may be its class */
    }
    data_digest(all.data, all.length, digest);
    if (!all.failed) add_file(files, folder, digest);
    text_finish(&all);
}

/* The files a source names: what stands between ':' and ',' and exists. `data`: what was read of it, or NULL: a
 * training set that nothing asks for. */
static json_t *files_json(const char *source, const struct dataset *data) {
    json_t *files = json_object();
    const char *at = strchr(source, ':');
    if (strncmp(source, FOLDER, sizeof FOLDER - 1) == 0) {
        if (data) add_folder(&files, source + sizeof FOLDER - 1, data);
        return files;
    }
    while (at && *at) {
        const char *end = strchr(++at, ',');
        char *path = text_format("%.*s", (int)(end ? end - at : (long)strlen(at)), at), digest[FILE_DIGEST_SIZE];
        if (path && data && *data->digest && at == strchr(source, ':') + 1) add_file(&files, path, data->digest);
        else if (path && file_exists(path) && file_digest(path, digest, NULL)) add_file(&files, path, digest);
        free(path);
        at = end;
    }
    return files;
}

/* An input is (byte * scale - mean) / std. */
static json_t *values_json(const struct preprocess *p) {
    return json_pack("{s:f, s:[f, f, f], s:[f, f, f], s:s}", "scale", p->scale, "mean", p->mean[0], p->mean[1],
                     p->mean[2], "std", p->std[0], p->std[1], p->std[2], "order", channel_order_names[p->order]);
}

/* Names of features; of other inputs there are none. */
static json_t *columns_json(const struct dataset *d) {
    if (!d->columns || layout_of(&d->sample).kind != &layout_features) return NULL;
    json_t *a = json_array();
    for (size_t i = 0; i < d->column_count; i++) a = json_with(a, text_json(d->columns[i]));
    return a;
}

static const char *target_text(const struct battery *b) {
    static const char *const policies[] = {
        [TARGET_LABEL] = "label", [TARGET_PREDICTED] = "predicted", [TARGET_OUTPUT] = "output"};
    return b->target == TARGET_CLASS ? b->target_class : policies[b->target];
}

/* Whose maps are kept; NULL: of the first alone, so that the identity of such a run is what it was. */
static json_t *kept_json(const struct battery *b) {
    json_t *a = b->figure_input_count == 1 && b->figure_inputs[0] == 0 ? NULL : json_array();
    for (uint32_t k = 0; a && k < b->figure_input_count; k++)
        a = json_with(a, json_integer((json_int_t)b->figure_inputs[k]));
    return a;
}

/* Columns that are left out; NULL: none, so that the identity of such a run is what it was. */
static json_t *ignore_json(const struct battery *b) {
    json_t *a = b->data_ignore ? json_array() : NULL;
    for (const char *at = b->data_ignore, *next; a && at; at = next) {
        next = strstr(at, CSV_IGNORE_OPTION);
        char *name = text_format("%.*s", (int)(next ? (size_t)(next - at) : strlen(at)), at);
        a = json_with(a, name ? text_json(name) : NULL);
        free(name);
        if (next) next += strlen(CSV_IGNORE_OPTION);
    }
    return a;
}

static json_t *data_json(const struct run *run) {
    const struct battery *b = run->battery;
    return json_pack("{s:o, s:s, s:o, s:o, s:I, s:s, s:b, s:o*, s:o*, s:o*}", "source", text_json(b->data_source),
                     "preprocess", b->data_preprocess, "values", values_json(&b->preprocess), "files",
                     files_json(b->data_source, run->data), "inputs", (json_int_t)b->inputs, "target", target_text(b),
                     "only_correct", b->only_correct, "columns", columns_json(run->data), "figure_inputs", kept_json(b),
                     "ignore", ignore_json(b));
}

static json_t *training_json(const struct run *run) {
    const struct battery *b = run->battery;
    const struct recipe *r = &b->recipe;
    if (!b->has_training) return json_null();
    return json_pack("{s:o, s:o, s:I, s:s?, s:s, s:f, s:f, s:f, s:b, s:I, s:I, s:f, s:o}", "source",
                     text_json(b->training_source), "files", files_json(b->training_source, run->training), "images",
                     (json_int_t)b->training_images, "layers", b->training_layers, "optimiser",
                     r->optimiser == OPTIMISER_ADAM ? "adam" : "sgd", "learning_rate", r->learning_rate, "momentum",
                     r->momentum, "weight_decay", r->weight_decay, "weight_decay_last", r->weight_decay_last, "batch",
                     (json_int_t)r->batch, "epochs", (json_int_t)r->epochs, "stop_accuracy", r->stop_accuracy, "seed",
                     seed_json(r->seed));
}

static json_t *claims_json(unsigned claims) {
    json_t *a = json_array();
    for (unsigned bit = 0; explainer_claim_names[bit]; bit++)
        if (claims & (1u << bit)) a = json_with(a, json_string(explainer_claim_names[bit]));
    return a;
}

static json_t *explainers_json(const struct run *run) {
    json_t *a = json_array();
    for (uint32_t i = 0; i < run->explainer_count; i++) {
        const struct explainer_entry *r = &run->explainers[i];
        char *params = r->plugin ? plugin_params_text(r->plugin) : NULL;
        a = json_with(
            a, json_pack("{s:s, s:s?, s:o, s:s?, s:s?, s:o, s:s, s:b}", "name", r->name, "id",
                         r->plugin ? r->plugin->info.id : NULL, "path", text_json(r->plugin ? r->plugin->path : NULL),
                         "sha256", r->plugin ? r->plugin->digest : NULL, "parameters", params, "claims",
                         claims_json(r->claims), "reduction", reduction_name(r->reduction), "yardstick", r->yardstick));
        free(params);
    }
    return a;
}

/* A string for each line; NULL where there are none. */
static json_t *lines_json(const char *lines) {
    json_t *a = lines && *lines ? json_array() : NULL;
    for (const char *line = lines; a && *line; line += strcspn(line, "\n") + 1) {
        char *one = text_format("%.*s", (int)strcspn(line, "\n"), line);
        a = json_with(a, text_json(one));
        free(one);
    }
    return a;
}

static json_t *controls_json(const struct run *run) {
    json_t *a = json_array();
    for (uint32_t i = 0; i < run->control_count; i++) {
        const struct control_entry *c = &run->controls[i];
        json_t *options = json_object();
        for (size_t k = 0; c->control->options && c->control->options[k].name; k++) {
            const struct control_option *o = &c->control->options[k];
            double v = c->values.value[k];
            const char *text = c->values.text[k];
            json_t *value = o->kind == OPTION_CHOICE ? json_string(o->choice((size_t)v))
                            : o->kind == OPTION_TEXT ? text_json(text)
                                                     : json_real(v);
            options = json_put(options, o->name, value);
        }
        a = json_with(
            a, json_pack("{s:s, s:o, s:o*}", "id", c->control->id, "options", options, "said", lines_json(c->said)));
    }
    return a;
}

static json_t *rule_json(const struct rule_constants *rule) {
    struct rule_constants copy = *rule;
    json_t *o = json_object();
    o = json_put(o, "name", json_string(rule->kind == RULE_CALIBRATED ? "calibrated" : "fixed-cutoff"));
    o = json_put(
        o, "draws",
        json_pack("[I, I, I]", (json_int_t)rule->draws[0], (json_int_t)rule->draws[1], (json_int_t)rule->draws[2]));
    for (const struct rule_constant *c = rule_constant_table; c->name; c++)
        o = json_put(o, c->name, json_real(*c->field(&copy)));
    return o;
}

static json_t *expect_json(const struct battery *b) {
    json_t *a = json_array();
    for (size_t i = 0; i < b->expectation_count; i++) {
        const struct expectation *x = &b->expectations[i];
        json_t *words = json_array();
        for (int w = 0; w < VERDICT_NAMES; w++)
            if (x->words & (1u << w)) words = json_with(words, json_string(verdict_word_name((enum verdict_word)w)));
        a = json_with(a,
                      json_pack("{s:s, s:s, s:o}", "explainer", x->explainer, "control", x->control, "words", words));
    }
    return a;
}

static json_t *machine_json(void) {
    char line[512], cpu[256] = "unknown";
    FILE *f = fopen("/proc/cpuinfo", "r");
    while (f && fgets(line, sizeof line, f)) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || !colon) continue;
        snprintf(cpu, sizeof cpu, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
        break;
    }
    if (f) fclose(f);
    return json_pack("{s:s, s:s, s:s, s:i}", "cpu", cpu, "route", cpu_route_name(), "blas_kernel",
                     openblas_get_corename(), "arithmetic", COMPUTE_ARITHMETIC);
}

/* Beside those of every run. NULL: none, so that the identity of a run without them is what it was. */
static json_t *measures_json(const struct run *run) {
    json_t *a = run->more_measures ? json_array() : NULL;
    for (size_t m = 0; a && measures[m]; m++)
        if (run->more_measures >> m & 1) a = json_with(a, json_string(measures[m]->id));
    return a;
}

/* What the command line put in place of values of the file. */
static json_t *settings_json(const struct battery *b) {
    json_t *a = json_array();
    for (size_t i = 0; i < b->setting_count; i++) a = json_with(a, text_json(b->settings[i]));
    return a;
}

/* NULL: none. */
static json_t *baseline_json(const struct battery *b) {
    if (!b->baseline) return NULL;
    return json_pack("{s:o, s:s}", "path", text_json(b->baseline), "sha256", b->baseline_digest);
}

/* Everything that decides the numbers. */
static json_t *identity_json(const struct run *run) {
    return json_pack("{s:s, s:[i, i], s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o*}", "assay", ASSAY_VERSION,
                     "abi", ASSAY_ABI_MAJOR, ASSAY_ABI_MINOR, "battery", run->battery->name, "seed",
                     seed_json(run->battery->seed), "conv", conv_route_names[run->battery->conv], "model",
                     model_json(run), "data", data_json(run), "training", training_json(run), "explainers",
                     explainers_json(run), "controls", controls_json(run), "rule", rule_json(&run->battery->rule),
                     "expect", expect_json(run->battery), "measures", measures_json(run));
}

static bool digest_json(const json_t *o, char out[65]) {
    char *text = json_write(o, JSON_COMPACT | JSON_SORT_KEYS);
    bool ok = text;
    if (ok) data_digest(text, strlen(text), out);
    free(text);
    return ok;
}

bool record_run(const struct run *run, char identity[65], char **text, struct error *e) {
    json_t *o = identity_json(run);
    if (!o || !digest_json(o, identity)) {
        json_decref(o);
        return error_memory(e);
    }
    o = json_put(o, "battery_file",
                 json_pack("{s:o, s:s, s:o, s:o*}", "path", text_json(run->battery->path), "sha256",
                           run->battery_digest, "settings", settings_json(run->battery), "baseline",
                           baseline_json(run->battery)));
    o = json_put(o, "libraries",
                 json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "openblas", openblas_get_config(), "sqlite",
                           sqlite3_libversion(), "jansson", jansson_version_str(), "libyaml", yaml_get_version_string(),
                           "zlib", zlibVersion(), "libpng", png_get_libpng_ver(NULL)));
    o = json_put(o, "machine", machine_json());
    o = json_put(o, "sandbox", json_string(sandbox_state().text));
    *text = json_write(o, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    json_decref(o);
    return *text || error_memory(e);
}
