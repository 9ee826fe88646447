/* Programs as explainers: every operation of the protocol beside the plugin ABI, what is said of a program, and how it
 * is started, called and forked. Those that err are in tests/cli/cases/program.txt. */
#include "base/rng.h"
#include "host/call.h"
#include "lab.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static struct process_spec perl_spec(char *words[3], const char *script, char *options) {
    words[0] = (char *)"perl";
    words[1] = (char *)script;
    words[2] = NULL;
    return (struct process_spec){
        .command = words, .folder = (char *)"tests/clients", .options = options, .start_limit = 20};
}

static struct plugin *open_perl(const char *script, char *options) {
    char *words[3];
    struct process_spec process = perl_spec(words, script, options);
    const struct explainer_spec spec = {.process = &process};
    struct plugin *plugin = NULL;
    struct error e = {{0}};
    cr_assert(plugin_create(&spec, 20, &plugin, &e) && plugin_usable(plugin, &e), "%s: %s", script, e.text);
    return plugin;
}

static const assay_explainer *explainer_of(const struct plugin *plugin) {
    const assay_explainer *explainer = NULL;
    struct error e = {{0}};
    cr_assert(plugin_open(plugin, handle_host(), &explainer, &e), "%s", e.text);
    return explainer;
}

/* ---- operations ---- */

struct expected {
    const struct lab *lab;
    const assay_model *model;
    const float *x;
    uint32_t target;
    uint64_t seed;
    float *out; /* [count], zero */
};

static void expect_forward(const struct expected *w) {
    cr_assert_eq(w->model->forward(w->model, 1, w->x, w->out, NULL), ASSAY_OK);
}

static void expect_gradient(const struct expected *w) {
    cr_assert_eq(w->model->gradient(w->model, 1, w->x, &w->target, w->out, NULL), ASSAY_OK);
}

static void expect_rule(const struct expected *w, assay_rule rule) {
    const assay_backward *backward = w->model->extension(w->model, ASSAY_BACKWARD);
    cr_assert_eq(backward->gradient(w->model, rule, 1, w->x, &w->target, w->out, NULL), ASSAY_OK);
}

static void expect_guided(const struct expected *w) {
    expect_rule(w, ASSAY_RULE_GUIDED);
}

static void expect_deconvnet(const struct expected *w) {
    expect_rule(w, ASSAY_RULE_DECONVNET);
}

static void expect_gradient_sum(const struct expected *w) {
    const float weight = 2.5f;
    cr_assert_eq(w->model->gradient_sum(w->model, 1, w->x, &w->target, &weight, w->out, NULL), ASSAY_OK);
}

static void expect_line(const struct expected *w) {
    const assay_line *line = w->model->extension(w->model, ASSAY_LINE);
    static const float zero[392], positions[] = {0, .5f, 1}, weights[] = {.25f, .5f, .25f};
    cr_assert_eq(line->gradient_sum(w->model, zero, w->x, w->target, 3, positions, weights, w->out, NULL), ASSAY_OK);
}

static void expect_vjp(const struct expected *w) {
    const assay_vjp *vjp = w->model->extension(w->model, ASSAY_VJP);
    static const float cotangent[] = {1, -1, 3, -3, 5};
    cr_assert_eq(vjp->vjp(w->model, 1, w->x, cotangent, w->out, NULL), ASSAY_OK);
}

static void expect_layers(const struct expected *w) {
    const assay_layers *layers = w->model->extension(w->model, ASSAY_LAYERS);
    uint32_t n = layers->count(w->model);
    w->out[0] = (float)n;
    for (uint32_t i = 0; i < n; i++) {
        assay_layer layer;
        layers->get(w->model, i, &layer);
        w->out[1] += (float)strlen(layer.name);
        w->out[2] += (float)strlen(layer.op);
        w->out[3 + i] = (float)layer.output.count;
    }
}

static void expect_inspect(const struct expected *w) {
    const assay_layers *layers = w->model->extension(w->model, ASSAY_LAYERS);
    cr_assert_eq(layers->inspect(w->model, 3, 1, w->x, &w->target, w->out, w->out + 150, NULL), ASSAY_OK);
}

static void expect_activation(const struct expected *w) {
    const assay_layers *layers = w->model->extension(w->model, ASSAY_LAYERS);
    cr_assert_eq(layers->inspect(w->model, 4, 1, w->x, NULL, w->out, NULL, NULL), ASSAY_OK);
}

/* Digests by the sum of their characters. */
static void expect_weights(const struct expected *w) {
    const assay_weights *weights = w->model->extension(w->model, ASSAY_WEIGHTS);
    uint32_t n = weights->count(w->model), sum = 0;
    size_t at = 2;
    for (uint32_t i = 0; i < n; i++) {
        assay_parameter p;
        char digest[FILE_DIGEST_SIZE];
        weights->get(w->model, i, &p);
        data_digest(p.data, p.count * sizeof *p.data, digest);
        for (const char *c = digest; *c; c++) sum += (unsigned char)*c;
        if (i != 1 && i != 3) continue;
        memcpy(w->out + at, p.data, p.count * sizeof *p.data);
        at += p.count;
    }
    w->out[0] = (float)n;
    w->out[1] = (float)sum;
}

static void expect_background(const struct expected *w) {
    w->out[0] = 4; /* n, 2, 14, 14 */
    w->out[1] = LAB_INPUTS;
    memcpy(w->out + 2, w->lab->inputs + 400, 101 * sizeof *w->out);
}

static void expect_operators(const struct expected *w) {
    static const char *const roles[] = {"layer", "linear", "move", "rectifier", "pointwise", "maximum", "other"};
    const assay_propagation *host = w->model->extension(w->model, ASSAY_PROPAGATION);
    for (uint32_t i = 0; i < host->count(w->model); i++) {
        assay_operator op;
        cr_assert(host->get(w->model, i, &op));
        w->out[3 * i] = (float)(strlen(op.name) + strlen(op.op));
        w->out[3 * i + 1] = (float)strlen(roles[op.role]);
        w->out[3 * i + 2] = op.first;
    }
}

static void expect_rules(const struct expected *w, const assay_operator_rule *of, assay_start start,
                         const float *reference) {
    const assay_propagation *host = w->model->extension(w->model, ASSAY_PROPAGATION);
    assay_operator_rule rules[32];
    cr_assert_leq(host->count(w->model), 32);
    for (uint32_t i = 0; i < host->count(w->model); i++) {
        assay_operator op;
        cr_assert(host->get(w->model, i, &op));
        rules[i] = of[op.role];
    }
    cr_assert_eq(host->propagate(w->model, rules, start, 1, w->x, reference, &w->target, w->out, NULL), ASSAY_OK);
}

static void expect_propagate(const struct expected *w) {
    static const assay_operator_rule of[ASSAY_ROLE_OTHER + 1] = {[ASSAY_ROLE_LAYER] = {"epsilon", .01, 0},
                                                                 [ASSAY_ROLE_LINEAR] = {"epsilon", .01, 0},
                                                                 [ASSAY_ROLE_RECTIFIER] = {"pass", 0, 0},
                                                                 [ASSAY_ROLE_POINTWISE] = {"pass", 0, 0}};
    expect_rules(w, of, ASSAY_START_LOGIT, NULL);
}

static void expect_rescale(const struct expected *w) {
    static const assay_operator_rule of[ASSAY_ROLE_OTHER + 1] = {[ASSAY_ROLE_RECTIFIER] = {"rescale", 0, 0},
                                                                 [ASSAY_ROLE_POINTWISE] = {"rescale", 0, 0},
                                                                 [ASSAY_ROLE_MAXIMUM] = {"rescale", 0, 0}};
    float half[392];
    for (size_t k = 0; k < 392; k++) half[k] = .5f;
    expect_rules(w, of, ASSAY_START_ONE, half);
}

static void expect_normal(const struct expected *w) {
    rng_fill_normal(w->seed, 0, 100, w->out);
}

static void expect_uniform(const struct expected *w) {
    rng_fill_uniform(w->seed, 50, 100, w->out);
}

static const struct {
    const char *op;
    void (*expect)(const struct expected *);
} ops[] = {{"forward", expect_forward},
           {"gradient", expect_gradient},
           {"guided", expect_guided},
           {"deconvnet", expect_deconvnet},
           {"gradient_sum", expect_gradient_sum},
           {"line", expect_line},
           {"vjp", expect_vjp},
           {"layers", expect_layers},
           {"inspect", expect_inspect},
           {"activation", expect_activation},
           {"weights", expect_weights},
           {"background", expect_background},
           {"operators", expect_operators},
           {"propagate", expect_propagate},
           {"rescale", expect_rescale},
           {"normal", expect_normal},
           {"uniform", expect_uniform}};

Test(program, every_operation_answers_as_the_plugin_abi_does) {
    struct lab lab = lab_cnn();
    float maps[LAB_INPUTS * 392], wanted[392];
    lab.seeds[1] = UINT64_MAX - 1; /* no number of JSON's */
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        struct plugin *plugin = open_perl("ops.pl", (char *)ops[i].op);
        const assay_explainer *explainer = explainer_of(plugin);
        const assay_request request = {LAB_INPUTS, lab.inputs, lab.targets, lab.seeds};
        char text[CALL_WHY_SIZE] = "";
        assay_why why = {text, sizeof text};
        cr_assert_eq(explainer->attribute(explainer, &lab.handle->model, &request, maps, &why), ASSAY_OK, "%s: %s",
                     ops[i].op, text);
        for (uint32_t k = 0; k < LAB_INPUTS; k++) {
            memset(wanted, 0, sizeof wanted);
            ops[i].expect(&(struct expected){&lab, &lab.handle->model, lab.inputs + k * 392, lab.targets[k],
                                             lab.seeds[k], wanted});
            cr_expect(memcmp(maps + k * 392, wanted, sizeof wanted) == 0, "%s of input %u", ops[i].op, k);
        }
        plugin_close(plugin, explainer);
        plugin_destroy(plugin);
    }
    lab_close(&lab);
}

/* ---- a program is started ---- */

static void expect_gradients(const struct plugin *plugin) {
    struct lab lab = lab_cnn();
    float maps[LAB_INPUTS * 392], wanted[LAB_INPUTS * 392];
    const assay_explainer *explainer = explainer_of(plugin);
    const assay_request request = {LAB_INPUTS, lab.inputs, lab.targets, lab.seeds};
    char text[CALL_WHY_SIZE] = "";
    assay_why why = {text, sizeof text};
    const assay_model *model = &lab.handle->model;
    cr_assert_eq(model->gradient(model, LAB_INPUTS, lab.inputs, lab.targets, wanted, NULL), ASSAY_OK);
    for (int again = 0; again < 2; again++) {
        cr_assert_eq(explainer->attribute(explainer, model, &request, maps, &why), ASSAY_OK, "%s", text);
        cr_expect_arr_eq(maps, wanted, sizeof wanted);
    }
    plugin_close(plugin, explainer);
    lab_close(&lab);
}

/* The program beside it, in C: tests/clients/gradient.c. */
Test(program, clients_in_perl_and_c_give_the_bytes_of_the_gradient) {
    const char *build = getenv("ASSAY_BUILD");
    struct plugin *plugin = open_perl("gradient.pl", NULL);
    struct error e = {{0}};
    struct explainer_spec spec;
    char text[400];
    cr_expect_str_eq(plugin->info.id, "gradient");
    cr_expect_str_eq(plugin->info.name, "Gradient");
    cr_expect_eq(plugin->claims, ASSAY_LINEAR_EXACT);
    cr_expect_str_eq(plugin->source->name, "program");
    cr_expect_str_eq(plugin->path, "perl gradient.pl");
    expect_gradients(plugin);
    plugin_destroy(plugin);
    snprintf(text, sizeof text, "process:%s/tests/clients/gradient", build ? build : "build");
    cr_assert(explainer_spec_parse(text, &spec, &e), "%s", e.text);
    cr_assert(plugin_create(&spec, 20, &plugin, &e) && plugin_usable(plugin, &e), "%s", e.text);
    expect_gradients(plugin);
    plugin_destroy(plugin);
    explainer_spec_finish(&spec);
}

/* A rule for each operator, asked for by tests/clients/lrp.c: the plugin's maps. */
Test(program, a_client_in_c_gives_the_bytes_of_lrp) {
    const char *build = getenv("ASSAY_BUILD");
    struct lab lab = lab_cnn();
    struct error e = {{0}};
    float maps[2][LAB_INPUTS * 392];
    char texts[2][400];
    snprintf(texts[0], sizeof texts[0], "process:%s/tests/clients/lrp", build ? build : "build");
    snprintf(texts[1], sizeof texts[1], "lrp:composite=epsilon");
    for (int i = 0; i < 2; i++) {
        struct explainer_spec spec;
        struct plugin *plugin = NULL;
        char text[CALL_WHY_SIZE] = "";
        assay_why why = {text, sizeof text};
        cr_assert(explainer_spec_parse(texts[i], &spec, &e), "%s", e.text);
        cr_assert(plugin_create(&spec, 20, &plugin, &e) && plugin_usable(plugin, &e), "%s", e.text);
        const assay_explainer *explainer = explainer_of(plugin);
        const assay_request request = {LAB_INPUTS, lab.inputs, lab.targets, lab.seeds};
        cr_assert_eq(explainer->attribute(explainer, &lab.handle->model, &request, maps[i], &why), ASSAY_OK, "%s",
                     text);
        plugin_close(plugin, explainer);
        plugin_destroy(plugin);
        explainer_spec_finish(&spec);
    }
    cr_expect_arr_eq(maps[0], maps[1], sizeof maps[0]);
    lab_close(&lab);
}

/* Two at a time and one after the other, each a process of its own; and none is left. */
Test(program, a_program_that_forks_is_started_once) {
    struct plugin *plugin = open_perl("forks.pl", NULL);
    const assay_explainer *first = explainer_of(plugin), *second = explainer_of(plugin);
    cr_expect_neq(first, second);
    expect_gradients(plugin);
    plugin_close(plugin, first);
    plugin_close(plugin, second);
    expect_gradients(plugin);
    plugin_destroy(plugin);
    cr_expect_eq(waitpid(-1, NULL, WNOHANG), -1, "a child is left");
}

/* What a process does not close, because it was killed, the parent ends. */
Test(program, forks_of_processes_that_are_gone_are_ended) {
    struct plugin *plugin = open_perl("forks.pl", NULL);
    int ends[2], status;
    cr_assert_eq(pipe(ends), 0);
    pid_t user = fork();
    if (user == 0) {
        const assay_explainer *explainer = NULL;
        struct error e;
        char ok = plugin_open(plugin, handle_host(), &explainer, &e);
        if (write(ends[1], &ok, 1) != 1) _exit(1);
        raise(SIGKILL);
    }
    char ok = 0;
    cr_assert(read(ends[0], &ok, 1) == 1 && ok);
    waitpid(user, &status, 0);
    plugin_tend(plugin, -1, "forks");
    expect_gradients(plugin);
    plugin_destroy(plugin);
    cr_expect_eq(waitpid(-1, NULL, WNOHANG), -1, "a child is left");
    close(ends[0]);
    close(ends[1]);
}

/* ---- a program is called ---- */

Test(program, a_program_that_listens_is_called) {
    char folder[] = "/tmp/assay-test-XXXXXX", path[64], ready[6] = "";
    int ends[2];
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/socket", folder);
    cr_assert_eq(pipe(ends), 0);
    pid_t server = fork();
    if (server == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execlp("perl", "perl", "tests/clients/listens.pl", path, (char *)NULL);
        _exit(1);
    }
    cr_assert_eq(read(ends[0], ready, 5), 5);
    struct process_spec process = {.connect = path, .folder = (char *)".", .start_limit = 20};
    const struct explainer_spec spec = {.process = &process};
    struct plugin *plugin = NULL;
    struct error e = {{0}};
    cr_assert(plugin_create(&spec, 20, &plugin, &e) && plugin_usable(plugin, &e), "%s", e.text);
    cr_expect_str_eq(plugin->info.name, "Gradient, called");
    cr_expect(isinf(plugin_start_limit(plugin)) && plugin_is_called(plugin));
    expect_gradients(plugin);
    expect_gradients(plugin);
    plugin_destroy(plugin);
    kill(server, SIGTERM);
    waitpid(server, NULL, 0);
    unlink(path);
    rmdir(folder);
    cr_expect_not(plugin_create(&spec, 20, &plugin, &e));
    cr_expect(strstr(e.text, "no socket is there"), "%s", e.text);
    close(ends[0]);
    close(ends[1]);
}

/* ---- what it is ---- */

Test(program, its_identity_is_command_options_and_files) {
    struct plugin *plain = open_perl("gradient.pl", NULL), *again = open_perl("gradient.pl", NULL),
                  *options = open_perl("gradient.pl", (char *)"other"), *file = open_perl("input-x-gradient.pl", NULL);
    cr_expect_str_eq(plain->digest, again->digest);
    cr_expect_str_neq(plain->digest, options->digest);
    cr_expect_str_neq(plain->digest, file->digest);
    plugin_destroy(plain);
    plugin_destroy(again);
    plugin_destroy(options);
    plugin_destroy(file);
}

Test(program, what_the_author_can_mend_is_said_before_it_is_started) {
    char *missing[] = {(char *)"no-such-program-anywhere", NULL}, *perl[3], *claims[] = {(char *)"linear-exakt", NULL};
    struct process_spec cases[] = {{.command = missing, .folder = (char *)".", .start_limit = 1},
                                   perl_spec(perl, "gradient.pl", NULL)};
    static const char *const words[] = {"no such program in PATH", "did you mean 'linear-exact'?"};
    cases[1].claims = claims;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const struct explainer_spec spec = {.process = &cases[c]};
        struct plugin *plugin = NULL;
        struct error e = {{0}};
        cr_expect_not(plugin_create(&spec, 20, &plugin, &e));
        cr_expect(strstr(e.text, words[c]), "%s", e.text);
    }
}
