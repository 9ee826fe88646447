/* assay check: the conformance of one explainer on small networks, or on one that is given. */
#include "base/rng.h"
#include "cli/check_axioms.h"
#include "cli/check_params.h"
#include "cli/cli.h"
#include "cli/subject.h"
#include "nn/arch.h"
#include "host/conformance.h"
#include "host/handle.h"
#include "workers/pool.h"
#include "workers/printed.h"
#include "workers/sandbox.h"
#include "host/plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SAMPLES 24u /* as many as a battery asks for at once, or nearly: some buffers are of eight */
#define SEED 1u
#define SPREAD .3 /* sd of all weights and biases: logits of order one */

enum { MODEL, CLI_NETWORK_ENUM, TIME_LIMIT, NO_SANDBOX };

static const struct cli_option options[] = {
    [MODEL] = {.name = "model",
               .kind = CLI_TEXT,
               .value = "FILE",
               .summary = "check on this network instead of three small random ones"},
    CLI_NETWORK,
    [TIME_LIMIT] = {.name = "time-limit",
                    .kind = CLI_NUMBER,
                    .value = "S",
                    .summary = "seconds that one call of the explainer may take",
                    .fallback = "60",
                    .min = .01,
                    .max = 1e6},
    [NO_SANDBOX] = CLI_NO_SANDBOX,
};

static const struct small_network {
    const char *name, *layers;
    struct shape sample;
    bool linear;
} small_networks[] = {
    {"mlp", "fc:16,relu,fc:8,relu,fc:4", {1, {12}}, false},
    {"cnn", "conv:4x3+1,relu,maxpool:2,conv:6x3,relu,fc:5", {3, {2, 12, 12}}, false},
    {"linear", "fc:4", {3, {2, 12, 12}}, true},
};

/* What is checked, and what is known of it up to now. */
struct subject_of_check {
    const struct plugin *plugin;
    const struct explainer_spec *spec;
    double limit;
    const char *kind; /* of the network (handle.h) */
    bool suits;       /* the method applies to some network */
    unsigned counts[CONFORMANCE_STATES];
    struct params_seen params;
};

struct examination {
    const struct plugin *plugin;
    struct conformance_case c;
    struct conformance_report report; /* what the child sent; `came` when it did */
    bool came;
    char death[200]; /* how the child ended; "" after a normal end */
};

static void beat(void *channel) {
    channel_beat(channel);
}

/* In the child: everything the plugin does. An error is a report of one breach. */
static void check_work(void *user, struct pool_job *job, struct channel *channel) {
    struct examination *examined = user;
    struct conformance_report report = {0};
    struct error e = {{0}};
    (void)job;
    examined->c.before_call = beat;
    examined->c.before_call_user = channel;
    if (!plugin_open(examined->plugin, handle_host(), &examined->c.explainer, &e) ||
        !conformance_check(&examined->c, &report, &e)) {
        report.count = 1;
        report.lines[0] = (struct conformance_line){.id = "create", .state = CONFORMANCE_BREACH};
        snprintf(report.lines[0].sentence, sizeof report.lines[0].sentence, "%.390s", e.text);
    }
    conformance_report_clean(&report);
    channel_send(channel, 1, &report, sizeof report);
    channel_beat(channel);
    plugin_close(examined->plugin, examined->c.explainer);
}

static enum pool_answer check_message(void *user, struct pool_job *job, uint32_t type, const void *data, size_t size,
                                      struct error *e) {
    struct examination *examined = user;
    (void)job, (void)type;
    if (size == sizeof examined->report) memcpy(&examined->report, data, sizeof examined->report);
    examined->came = size == sizeof examined->report && conformance_report_check(&examined->report);
    if (examined->came) return POOL_TAKEN;
    error_set(e, "sent a message that is damaged");
    return POOL_BREACH;
}

static bool check_ended(void *user, struct pool_job *job, const char *death, struct error *e) {
    struct examination *examined = user;
    (void)job, (void)e;
    snprintf(examined->death, sizeof examined->death, "%s", death ? death : "");
    return true;
}

static bool run_checks(struct examination *examined, double limit, struct error *e) {
    static const struct pool_hooks hooks = {.work = check_work, .message = check_message, .ended = check_ended};
    struct pool_job job = {.name = PRINTED_PLUGIN,
                           .limit = limit,
                           .calls = CONFORMANCE_CALLS,
                           .largest = sizeof(struct conformance_report)};
    plugin_bind_job(examined->plugin, &job);
    if (!pool_run(&job, 1, 1, STDERR_FILENO, &hooks, examined, e)) return false;
    if (examined->death[0]) return error_set(e, "%s", examined->death);
    return examined->came || error_set(e, "the child process sent no report");
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

static int print_report(const char *network, const struct conformance_report *report,
                        unsigned counts[CONFORMANCE_STATES]) {
    if (report->unsupported) {
        printf("%s: unsupported: %s\n", network, report->why);
        return CLI_EXPECTED;
    }
    for (uint32_t i = 0; i < report->count; i++) {
        const struct conformance_line *line = &report->lines[i];
        counts[line->state]++;
        printf("%s: %-11s %s: %s\n", network, conformance_state_name(line->state), line->id, line->sentence);
    }
    return conformance_breach(report) ? CLI_BROKEN : CLI_EXPECTED;
}

/* All checks on one network; `linear`: it has no rectifiers by design. */
static int check_on(struct subject_of_check *checked, const struct weights *weights, const char *network, bool linear,
                    struct error *e) {
    const struct plugin *plugin = checked->plugin;
    struct examination examined = {.plugin = plugin,
                                   .c = {.claims = plugin->claims,
                                         .baseline = plugin_number(plugin, "baseline", 0),
                                         .all_claims = true,
                                         .linear = linear,
                                         .kind = checked->kind,
                                         .called = plugin_is_called(plugin),
                                         .program = plugin->source->outside,
                                         .weights = weights}};
    int status = CLI_BROKEN;
    if (draw_inputs(weights->graph, &examined.c, e)) {
        bool ran = run_checks(&examined, checked->limit, e);
        if (ran) {
            checked->suits |= !examined.report.unsupported;
            status = print_report(network, &examined.report, checked->counts);
            if (status == CLI_EXPECTED && !examined.report.unsupported)
                ran = check_params(plugin, checked->spec, &examined.c, checked->limit, &checked->params, e);
        }
        if (!ran) {
            error_prefix(e, "%s: network %s", plugin->path, network);
            status = CLI_BROKEN;
        }
    }
    free((void *)examined.c.inputs);
    free((void *)examined.c.targets);
    free((void *)examined.c.seeds);
    return status;
}

static bool network_build(const struct small_network *small, struct graph **graph, struct weights **weights,
                          struct error *e) {
    if (!arch_build(small->layers, &small->sample, graph, e) || !weights_create(*graph, weights, e)) return false;
    const struct init_options init = {.scheme = &init_normal, .sigma = SPREAD, .seed = SEED};
    for (uint32_t i = 0; i < (*graph)->layer_count; i++)
        if (!weights_redraw(*weights, i, &init, e)) return false;
    return true;
}

/* Goes on after a breach, so that one run shows all of them; stops when the method crashed. */
static int check_small(struct subject_of_check *checked, struct error *e) {
    int worst = CLI_EXPECTED;
    for (size_t i = 0; i < sizeof small_networks / sizeof *small_networks && !e->text[0]; i++) {
        struct graph *graph = NULL;
        struct weights *weights = NULL;
        int status = network_build(&small_networks[i], &graph, &weights, e)
                         ? check_on(checked, weights, small_networks[i].name, small_networks[i].linear, e)
                         : CLI_BROKEN;
        worst = status > worst ? status : worst;
        weights_destroy(weights);
        graph_destroy(graph);
    }
    return worst;
}

static int check_model(struct subject_of_check *checked, const struct cli_values *values, struct error *e) {
    const struct cli_value *option = values->option;
    struct subject subject = {0};
    struct network_choice choice;
    int status = CLI_USAGE;
    if (subject_choose(&option[MODEL_INPUT], TASK_AUTO, &choice, e) &&
        subject_open(option[MODEL].text, CONV_AUTO, &choice.onnx, AXIS_ORDER_AUTO, &subject, e))
        status = check_on(checked, subject.weights, option[MODEL].text, false, e);
    network_choice_finish(&choice);
    subject_finish(&subject);
    return status;
}

/* "36 checks: 34 ok, 2 unsupported" */
static void print_summary(const unsigned counts[CONFORMANCE_STATES]) {
    const char *separator = ": ";
    unsigned all = 0;
    for (int k = 0; k < CONFORMANCE_STATES; k++) all += counts[k];
    if (!all) return;
    printf("%u checks", all);
    for (int k = 0; k < CONFORMANCE_STATES; k++) {
        if (!counts[k]) continue;
        printf("%s%u %s", separator, counts[k], conformance_state_name((enum conformance_state)k));
        separator = ", ";
    }
    putchar('\n');
}

/* On networks of their own, which stand beside the small ones. */
static int check_built(struct subject_of_check *checked, struct error *e) {
    struct axioms_seen seen;
    if (!check_axioms(checked->plugin, checked->limit, &seen, e)) {
        error_prefix(e, "%s", checked->plugin->path);
        return CLI_BROKEN;
    }
    check_axioms_print(&seen, checked->counts);
    return CLI_EXPECTED;
}

static int check_plugin(const struct plugin *plugin, const struct explainer_spec *spec, const struct cli_values *values,
                        struct error *e) {
    struct subject_of_check checked = {.plugin = plugin, .spec = spec, .limit = values->option[TIME_LIMIT].number};
    int status;
    if (!params_seen_init(&checked.params, plugin, e)) return CLI_BROKEN;
    checked.kind = values->option[MODEL].text ? HANDLE_KIND_MODEL : HANDLE_KIND_OTHER;
    if (values->option[MODEL].text) status = check_model(&checked, values, e);
    else status = check_small(&checked, e);
    if (!e->text[0]) {
        check_params_print(plugin, &checked.params, checked.counts);
        if (!values->option[MODEL].text && check_built(&checked, e) != CLI_EXPECTED) status = CLI_BROKEN;
        print_summary(checked.counts);
        if (checked.counts[CONFORMANCE_BREACH]) status = CLI_BROKEN;
    }
    params_seen_finish(&checked.params);
    if (status == CLI_EXPECTED && !checked.suits) {
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
    const double limit = values->option[TIME_LIMIT].number;
    if (explainer_spec_parse(values->operand, &spec, e) && plugin_create(&spec, limit, &plugin, e)) {
        status = CLI_BROKEN;
        if (plugin_usable(plugin, e)) status = check_plugin(plugin, &spec, values, e);
    }
    plugin_destroy(plugin);
    explainer_spec_finish(&spec);
    return status;
}

const struct cli_command cli_check = {
    .name = "check",
    .operand = "SPEC",
    .summary = "hold an explainer to the rules of the plugin interface and to some of its claims",
    .details = CLI_SPECS "One line for each check, claim, parameter and axiom, and how many there are. Exit status 3\n"
                         "when one is breached, or when the explainer cannot be loaded, crashes or hangs.\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = check_run,
};
