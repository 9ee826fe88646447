/* assay check: the conformance of one explainer on small networks, or on one that is given. */
#include "base/rng.h"
#include "cli/cli.h"
#include "cli/subject.h"
#include "nn/arch.h"
#include "host/conformance.h"
#include "host/handle.h"
#include "workers/isolate.h"
#include "workers/sandbox.h"
#include "host/plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLES 4u
#define SECONDS 120.0 /* for all checks on one network */
#define SEED 1u
#define SPREAD .3 /* sd of all weights and biases: logits of order one */

enum { MODEL, NO_SANDBOX };

static const struct cli_option options[] = {
    [MODEL] = {.name = "model",
               .kind = CLI_TEXT,
               .value = "FILE",
               .summary = "check on this network instead of two small random ones"},
    [NO_SANDBOX] = CLI_NO_SANDBOX,
};

static const struct bench {
    const char *name, *layers;
    struct shape sample;
} benches[] = {
    {"mlp", "fc:16,relu,fc:8,relu,fc:4", {1, {12}}},
    {"cnn", "conv:4x3+1,relu,maxpool:2,conv:6x3,relu,fc:5", {3, {2, 12, 12}}},
};

struct work {
    const struct plugin *plugin;
    struct conformance_case c;
};

/* In the child: everything the plugin does. */
static bool check_work(void *user, int fd) {
    struct work *work = user;
    struct conformance_report report = {0};
    struct error e = {{0}};
    bool ok = plugin_explainer(work->plugin, handle_host(), &work->c.explainer, &e);
    if (ok) {
        ok = conformance_check(&work->c, &report, &e);
        plugin_explainer_destroy(work->c.explainer);
    }
    isolate_write(fd, ok ? (const void *)&report : e.text, ok ? sizeof report : strlen(e.text));
    return ok;
}

/* Random inputs, every fifth element zero as backgrounds are; a seed of its own for each. */
static bool draw_inputs(const struct graph *graph, struct conformance_case *c, struct error *e) {
    size_t size = shape_count(&graph->sample);
    float *inputs = calloc(size, SAMPLES * sizeof *inputs);
    uint32_t *targets = calloc(SAMPLES, sizeof *targets);
    uint64_t *seeds = calloc(SAMPLES, sizeof *seeds);
    c->n = SAMPLES, c->inputs = inputs, c->targets = targets, c->seeds = seeds;
    if (!inputs || !targets || !seeds) return error_memory(e);
    rng_fill_uniform(rng_seed(SEED, "check-inputs", 0), 0, SAMPLES * size, inputs);
    for (size_t i = 0; i < SAMPLES * size; i += 5) inputs[i] = 0;
    for (uint32_t i = 0; i < SAMPLES; i++) {
        targets[i] = i % graph->classes;
        seeds[i] = rng_seed(SEED, "check-explainer", i);
    }
    return true;
}

static int print_report(const char *network, const struct conformance_report *report) {
    if (report->unsupported) {
        printf("%s: unsupported: %s\n", network, report->why);
        return CLI_EXPECTED;
    }
    for (uint32_t i = 0; i < report->count; i++) {
        const struct conformance_line *line = &report->lines[i];
        printf("%s: %-11s %s: %s\n", network, conformance_state_name(line->state), line->id, line->sentence);
    }
    return conformance_breach(report) ? CLI_BROKEN : CLI_EXPECTED;
}

/* All checks on one network. *suits: the method applies to it. */
static int check_on(const struct plugin *plugin, const struct weights *weights, const char *network, bool *suits,
                    struct error *e) {
    struct work work = {
        plugin, {.claims = plugin->claims, .baseline = plugin_number(plugin, "baseline", 0), .weights = weights}};
    int status = CLI_BROKEN;
    char *out = NULL;
    size_t size = 0;
    if (!draw_inputs(weights->graph, &work.c, e)) goto done;
    if (!isolate_run(check_work, &work, SECONDS, &out, &size, e)) {
        error_prefix(e, "%s: network %s", plugin->path, network);
        goto done;
    }
    struct conformance_report report;
    if (size != sizeof report) {
        error_set(e, "%s: network %s: the child process sent %zu bytes: %zu wanted", plugin->path, network, size,
                  sizeof report);
        goto done;
    }
    memcpy(&report, out, sizeof report);
    *suits |= !report.unsupported;
    status = print_report(network, &report);
done:
    free(out);
    free((void *)work.c.inputs);
    free((void *)work.c.targets);
    free((void *)work.c.seeds);
    return status;
}

static bool bench_build(const struct bench *bench, struct graph **graph, struct weights **weights, struct error *e) {
    if (!arch_build(bench->layers, &bench->sample, graph, e) || !weights_create(*graph, weights, e)) return false;
    const struct init_options init = {.scheme = INIT_NORMAL, .sigma = SPREAD, .seed = SEED};
    for (uint32_t i = 0; i < (*graph)->layer_count; i++)
        if (!weights_redraw(*weights, i, &init, e)) return false;
    return true;
}

/* Goes on after a breach, so that one run shows all of them; stops when the method crashed. */
static int check_benches(const struct plugin *plugin, bool *suits, struct error *e) {
    int worst = CLI_EXPECTED;
    for (size_t i = 0; i < sizeof benches / sizeof *benches && !e->text[0]; i++) {
        struct graph *graph = NULL;
        struct weights *weights = NULL;
        int status = bench_build(&benches[i], &graph, &weights, e)
                         ? check_on(plugin, weights, benches[i].name, suits, e)
                         : CLI_BROKEN;
        worst = status > worst ? status : worst;
        weights_destroy(weights);
        graph_destroy(graph);
    }
    return worst;
}

static int check_plugin(const struct plugin *plugin, const char *model, struct error *e) {
    bool suits = false;
    int status;
    if (model) {
        struct subject subject;
        if (!subject_open(model, CONV_AUTO, &subject, e)) return CLI_USAGE;
        status = check_on(plugin, subject.weights, model, &suits, e);
        subject_finish(&subject);
    } else {
        status = check_benches(plugin, &suits, e);
    }
    if (status == CLI_EXPECTED && !suits) {
        error_set(e, "%s: nothing was checked: a network the method applies to wanted (--model)", plugin->path);
        status = CLI_BROKEN;
    }
    return status;
}

static int check_run(const struct cli_context *context, const struct cli_values *values, struct error *e) {
    (void)context;
    struct explainer_spec spec = {0};
    struct plugin *plugin = NULL;
    int status = CLI_USAGE;
    if (values->option[NO_SANDBOX].given) sandbox_turn_off();
    if (explainer_spec_parse(values->operand, &spec, e) && plugin_create(&spec, &plugin, e))
        status = check_plugin(plugin, values->option[MODEL].text, e);
    plugin_destroy(plugin);
    explainer_spec_finish(&spec);
    return status;
}

const struct cli_command cli_check = {
    .name = "check",
    .operand = "SPEC",
    .summary = "hold an explainer to the rules of the plugin interface and to its own claims",
    .details = CLI_SPECS "One line for each check. Exit status 3 when one is breached or the explainer crashes.\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = check_run,
};
