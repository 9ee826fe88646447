/* assay list: what there is. */
#include "cli/cli.h"
#include "cli/list_battery.h"
#include "cli/list_explainers.h"
#include "cli/subject.h"
#include "measure/similarity.h"
#include "host/plugin.h"
#include "nn/layer_groups.h"
#include "nn/op.h"
#include "plan/control.h"
#include "reports/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MODEL, GROUPS, CLI_NETWORK_ENUM, FORMAT };

static const char *const formats[] = {"text", "md", "mdoc", NULL};

static const struct cli_option options[] = {
    [MODEL] = {.name = "model", .kind = CLI_TEXT, .value = "FILE", .summary = "the network whose layers are listed"},
    [GROUPS] = {.name = "groups",
                .kind = CLI_FLAG,
                .summary = "of layers: the modules that their names tell, as a battery takes them"},
    CLI_NETWORK,
    [FORMAT] = {.name = "format",
                .kind = CLI_CHOICE,
                .value = "NAME",
                .choices = formats,
                .fallback = "text",
                .summary = "as text, or of explainers md, docs/explainers.md, and of battery mdoc, for its page"},
};

static void print_entry(const char *name, const char *summary) {
    printf("  %-20s  %s\n", name, summary);
}

static bool list_explainers(const struct cli_context *context, struct error *e) {
    (void)context;
    return list_explainers_text(e);
}

/* What it says the method is, if it does. */
static void print_about(const struct about_info *about) {
    if (!about->family) return;
    print_entry("family", about->family);
    print_entry("formula", about->formula);
    print_entry("cost", about->cost);
    for (unsigned k = 0; explainer_input_names[k]; k++)
        if (about->inputs & 1u << k) print_entry("inputs", explainer_input_names[k]);
    if (about->checked) print_entry("checked", about->checked);
}

/* What a program says of itself. */
static int list_program(const char *text, struct error *e) {
    struct explainer_spec spec;
    struct plugin *plugin = NULL;
    if (!explainer_spec_parse(text, &spec, e)) return CLI_USAGE;
    bool found = plugin_create(&spec, PLUGIN_PROBE_SECONDS, &plugin, e), ok = found && plugin_usable(plugin, e);
    char *params = ok ? plugin_params_text(plugin) : NULL;
    if (ok && !params) ok = error_memory(e);
    if (ok) {
        print_entry(plugin->info.id, plugin->info.summary);
        print_entry("", plugin->info.name);
        if (params[0]) print_entry("", params);
        for (unsigned k = 0; explainer_claim_names[k]; k++)
            if (plugin->claims & 1u << k) print_entry("claims", explainer_claim_names[k]);
        print_about(&plugin->info.about);
    }
    free(params);
    plugin_destroy(plugin);
    explainer_spec_finish(&spec);
    return ok ? CLI_EXPECTED : found ? CLI_BROKEN : CLI_USAGE;
}

/* "init: own, normal, permute or matched (how a layer is drawn anew)" */
static void print_option(const struct control_option *o) {
    printf("      %s: ", o->name);
    for (size_t k = 0; o->kind == OPTION_CHOICE && o->choice(k); k++) printf("%s%s", k ? "|" : "", o->choice(k));
    if (o->kind == OPTION_NUMBER) printf("%g..%g, default %g", o->min, o->max, o->number);
    printf("%s%s\n", o->kind == OPTION_TEXT ? "" : "; ", o->summary);
}

static bool list_controls(const struct cli_context *context, struct error *e) {
    (void)e;
    for (size_t i = 0; context->controls[i]; i++) {
        print_entry(context->controls[i]->id, context->controls[i]->summary);
        for (const struct control_option *o = context->controls[i]->options; o && o->name; o++) print_option(o);
    }
    return true;
}

static bool list_measures(const struct cli_context *context, struct error *e) {
    (void)context, (void)e;
    for (size_t m = 0; measures[m]; m++) print_entry(measures[m]->id, measures[m]->summary);
    return true;
}

static bool list_ops(const struct cli_context *context, struct error *e) {
    (void)context, (void)e;
    for (const struct op *const *op = ops_all(); *op; op++) print_entry((*op)->name, (*op)->summary);
    return true;
}

static bool list_presets(const struct cli_context *context, struct error *e) {
    (void)context;
    bool ok = true;
    for (const struct preset *preset = presets; ok && preset->name; preset++) {
        struct text text = {0};
        preprocess_text(&preset->preprocess, &text);
        ok = !text.failed || error_memory(e);
        if (ok) print_entry(preset->name, text.data);
        text_finish(&text);
    }
    return ok;
}

static const struct section {
    const char *name;
    bool (*list)(const struct cli_context *, struct error *);
} sections[] = {
    {"explainers", list_explainers}, {"controls", list_controls}, {"measures", list_measures}, {"ops", list_ops},
    {"presets", list_presets},
};
#define SECTION_COUNT (sizeof sections / sizeof *sections)

/* Layers are the same whatever the size of the input: where the file leaves it open, usual ones are tried. */
static bool open_network(const struct cli_values *values, struct subject *out, struct error *e) {
    static const struct shape usual[] = {{0},
                                         {3, {3, 224, 224}},
                                         {3, {1, 28, 28}},
                                         {3, {3, 32, 32}},
                                         {3, {1, 224, 224}},
                                         {3, {3, 299, 299}},
                                         {3, {3, 384, 384}},
                                         {3, {3, 48, 320}}};
    const struct cli_value *option = values->option;
    struct network_choice choice;
    struct error first;
    bool missing = false;
    bool ok = subject_choose(&option[MODEL_INPUT], TASK_AUTO, &choice, &first), open = false;
    bool guess = ok && !choice.onnx.declared.rank;
    for (size_t i = 0; ok && !open && i < (guess ? sizeof usual / sizeof *usual : 1); i++) {
        choice.onnx.data = usual[i];
        choice.onnx.open = &missing;
        open = subject_open(option[MODEL].text, CONV_AUTO, &choice.onnx, AXIS_ORDER_AUTO, out, i ? NULL : &first);
        if (!i && !open && !missing) break;
    }
    network_choice_finish(&choice);
    return open || error_set(e, "%s", first.text);
}

static size_t layer_parameters(const struct graph *g, const struct layer *layer) {
    size_t count = 0;
    for (uint32_t k = 0; k < layer->parameter_count; k++)
        count += shape_count(&graph_value(g, layer->parameters[k])->shape);
    return count;
}

/* What a model calls its layers controls no terminal. */
static bool print_layers(const struct graph *graph, struct error *e) {
    size_t widest = 20;
    for (uint32_t i = 0; i < graph->layer_count; i++) {
        size_t width = utf8_width(graph->layers[i].name);
        widest = width > widest && width < 80 ? width : widest;
    }
    for (uint32_t i = graph->layer_count; i-- > 0;) {
        const struct layer *layer = &graph->layers[i];
        char *name = text_clean(layer->name);
        if (!name) return error_memory(e);
        size_t width = utf8_width(name);
        printf("  %s%*s  %-8s  %zu parameters\n", name, (int)(width < widest ? widest - width : 0), "",
               graph->nodes[layer->node].op->name, layer_parameters(graph, layer));
        free(name);
    }
    return true;
}

/* YAML: the text of a folded scalar has neither quotes nor comments. */
static bool print_groups(const struct graph *graph, struct error *e) {
    struct layer_groups groups;
    if (!layer_groups_create(graph, &groups, e)) return false;
    struct text text = {0};
    layer_groups_add_text(&groups, ",\n      ", &text);
    bool ok = !text.failed || error_memory(e);
    if (ok)
        printf("# %u layers in %u group%s, from the output down; `groups: auto` means these\n"
               "controls:\n  - id: cascading\n    groups: >-\n      %s\n",
               graph->layer_count, groups.count, groups.count == 1 ? "" : "s", text.data);
    text_finish(&text);
    layer_groups_finish(&groups);
    return ok;
}

/* From the output to the input: the order in which a cascade randomises them. */
static int list_layers(const struct cli_values *values, struct error *e) {
    struct subject subject;
    if (!values->option[MODEL].text) {
        error_set(e, "list layers: --model FILE is missing: see 'assay list --help'");
        return CLI_USAGE;
    }
    if (!open_network(values, &subject, e)) return CLI_USAGE;
    bool ok = true;
    if (subject.graph->layer_count == 0)
        cli_message("%s: no layer: none of its constants is a parameter, so nothing can be drawn anew", subject.path);
    else ok = values->option[GROUPS].given ? print_groups(subject.graph, e) : print_layers(subject.graph, e);
    subject_finish(&subject);
    return ok ? CLI_EXPECTED : CLI_BROKEN;
}

static int list_reports(const struct cli_context *context) {
    printf("reports:\n");
    for (const struct report *r = context->reports; r->id; r++)
        for (size_t i = 0; i < REPORT_FILES_MOST && r->files[i]; i++)
            printf("  %-20s  %s%s\n", r->files[i], r->id, r->on_demand ? ", on demand" : "");
    return CLI_EXPECTED;
}

/* What a battery may say: listed where it is asked for. */
static int list_reference(const struct cli_context *context, const char *what, const char *format, struct error *e) {
    bool schema = strcmp(what, "schema") == 0, mdoc = strcmp(format, "mdoc") == 0;
    bool ok = schema ? list_battery_schema(context, e)
              : mdoc ? list_battery_mdoc(context, e)
                     : list_battery_text(context, e);
    return ok ? CLI_EXPECTED : CLI_BROKEN;
}

/* NULL: that section has that format. */
static const char *format_fails(const char *what, const char *format) {
    bool explainers = what && strcmp(what, "explainers") == 0, battery = what && strcmp(what, "battery") == 0;
    if (strcmp(format, "md") == 0 && !explainers) return "only 'assay list explainers' has md";
    return strcmp(format, "mdoc") == 0 && !battery ? "only 'assay list battery' has mdoc" : NULL;
}

static int unknown_section(const char *what, struct error *e) {
    const char *names[SECTION_COUNT + 4] = {"layers"};
    struct text all = {0};
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        names[i + 1] = sections[i].name;
        text_add(&all, "%s, ", sections[i].name);
    }
    names[SECTION_COUNT + 1] = "battery";
    names[SECTION_COUNT + 2] = "schema";
    names[SECTION_COUNT + 3] = "reports";
    const char *near = text_nearest(what, names, SECTION_COUNT + 4);
    if (near) error_set(e, "list: '%s' is unknown: did you mean '%s'?", what, near);
    else
        error_set(e, "list: '%s' is unknown: one of %slayers, battery, schema or reports wanted", what,
                  all.data ? all.data : "");
    text_finish(&all);
    return CLI_USAGE;
}

static int list_run(const struct cli_context *context, const struct cli_values *values, struct error *e) {
    const char *what = values->operand;
    bool known = false;
    bool explainers = what && strcmp(what, "explainers") == 0;
    const char *format = values->option[FORMAT].text, *fails = format_fails(what, format);
    if (fails) {
        error_set(e, "--format %s: %s", format, fails);
        return CLI_USAGE;
    }
    if (what && strcmp(what, "layers") == 0) return list_layers(values, e);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        if (!values->option[i].given || i == FORMAT) continue;
        error_set(e, "--%s: only 'assay list layers' takes it", options[i].name);
        return CLI_USAGE;
    }
    if (what && (strcmp(what, "battery") == 0 || strcmp(what, "schema") == 0))
        return list_reference(context, what, format, e);
    if (what && strcmp(what, "reports") == 0) return list_reports(context);
    if (explainers && strcmp(format, "md") == 0) return list_explainers_page(e) ? CLI_EXPECTED : CLI_BROKEN;
    if (what && strncmp(what, PROCESS_WORD, strlen(PROCESS_WORD)) == 0) return list_program(what, e);
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        if (what && strcmp(what, sections[i].name) != 0) continue;
        known = true;
        printf("%s:\n", sections[i].name);
        if (!sections[i].list(context, e)) return CLI_BROKEN;
    }
    return known ? CLI_EXPECTED : unknown_section(what, e);
}

const struct cli_command cli_list = {
    .name = "list",
    .operand = "[WHAT]",
    .summary = "list what there is",
    .details = "WHAT is explainers, controls, measures, ops, presets (all of these when it is left out) or layers:\n"
               "the layers of --model from the output to the input, with the names that batteries use,\n"
               "or with --groups the groups that `groups: auto` makes of them;\n"
               "or battery: every key of a battery; or schema: the same as JSON Schema; or reports: the files of\n"
               "a run folder;\n"
               "or process:COMMAND: what that program says of itself.\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = list_run,
};
