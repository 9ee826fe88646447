/* cmd_calibrate.c: `assay calibrate`: networks trained from seeds, methods with known answers on each, and how often
 * the verdicts are wrong or undecided. */
#include "cli/calibrate.h"
#include "cli/cli.h"
#include "cli/zoo.h"
#include "base/array.h"
#include "base/file.h"
#include "base/text.h"
#include "battery/battery.h"
#include "run/run.h"
#include "run/verdict.h"
#include "workers/cores.h"
#include "workers/interrupt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { OUTPUT, JOBS, SEED, SEEDS, KINDS, SET, QUICK };

static const struct cli_option options[] = {
    [OUTPUT] = {.name = "output",
                .letter = 'o',
                .kind = CLI_TEXT,
                .value = "DIR",
                .summary = "the folder of networks, runs and tables (default: calibration)",
                .fallback = "calibration"},
    [JOBS] = CLI_JOBS,
    [SEED] = {.name = "seed", .kind = CLI_SEED, .value = "S", .summary = "of data, weights and draws", .fallback = "1"},
    [SEEDS] = {.name = "seeds",
               .kind = CLI_INTEGER,
               .value = "N",
               .summary = "so many of each network, from seed S on",
               .fallback = "1",
               .min = 1,
               .max = 100},
    [KINDS] = {.name = "kinds",
               .kind = CLI_TEXT,
               .value = "NAME,...",
               .summary = "networks of these kinds alone, such as cnn,table (default: every kind)"},
    [SET] = {.name = "set",
             .kind = CLI_TEXT,
             .value = "KEY=VALUE",
             .summary = "in place of a value of every run, as in controls.cascading.init=normal; may be given again",
             .many = true},
    [QUICK] = {.name = "quick", .kind = CLI_FLAG, .summary = "two networks: to see that it works, not to measure"},
};

struct job {
    const struct cli_context *context;
    const struct cli_values *values;
    const char *folder;
    struct battery *battery; /* whose controls and rule count; NULL: all of the default */
    struct calibration result;
    bool began; /* a run did: what fails from then on is none of the input */
};

/* ---- one battery for each network ---- */

static void add_controls(struct text *t, const struct battery *b) {
    if (!b) {
        text_add(t, "controls: [cascading, independent, twins, class-sensitivity, other-classes, unseen-region]\n");
        return;
    }
    text_add(t, "controls:\n");
    for (size_t k = 0; k < b->control_count; k++) {
        text_add(t, "  - {id: %s", b->controls[k].id);
        for (size_t i = 0; i < b->controls[k].option_count; i++)
            text_add(t, ", %s: \"%s\"", b->controls[k].options[i].name, b->controls[k].options[i].value);
        text_add(t, "}\n");
    }
}

static void add_rule(struct text *t, const struct battery *b) {
    struct rule_constants rule = b ? b->rule : rule_constants_default();
    if (rule.draws[0] == rule.draws[2]) text_add(t, "rule:\n  draws: %u\n", rule.draws[0]);
    else text_add(t, "rule:\n  draws: [%u, %u, %u]\n", rule.draws[0], rule.draws[1], rule.draws[2]);
    for (const struct rule_constant *c = rule_constant_table; c->name; c++)
        text_add(t, "  %s: %.10g\n", c->name, *c->field(&rule));
    if (rule.kind == RULE_FIXED_CUTOFF) text_add(t, "  name: fixed-cutoff\n");
}

static bool write_battery(const struct job *j, const struct zoo_network *z, const struct zoo_made *made,
                          const char *path, struct error *e) {
    struct text t = {0};
    text_add(&t, "name: %s\nmodel: %s\n", z->name, strrchr(made->model, '/') + 1);
    text_add(&t, "data: {source: \"npy:%s,%s\", preprocess: none, inputs: 24}\nexplainers:\n",
             strrchr(made->inputs, '/') + 1, strrchr(made->labels, '/') + 1);
    for (size_t k = 0; k < calibrate_row_count; k++)
        text_add(&t, "  - {use: \"%s\", name: \"%s\"}\n", calibrate_rows[k].spec, calibrate_rows[k].name);
    add_controls(&t, j->battery);
    add_rule(&t, j->battery);
    bool ok = t.failed ? error_memory(e) : file_write(path, t.data, t.length, e);
    text_finish(&t);
    return ok;
}

/* ---- one run ---- */

static const char *known_word(const char *word) {
    for (int w = 0; w < VERDICT_WORDS; w++)
        if (strcmp(verdict_word_name((enum verdict_word)w), word) == 0) return verdict_word_name((enum verdict_word)w);
    return NULL;
}

#define CASCADE "cascading"

static bool take_word(void *user, const struct verdict_row *v) {
    struct calibrate_network *n = user;
    bool all = strcmp(v->control, VERDICT_OVERALL) == 0;
    if (!all && strcmp(v->control, CASCADE) != 0) return true;
    for (size_t k = 0; k < calibrate_row_count; k++)
        if (strcmp(calibrate_rows[k].name, v->explainer) == 0)
            n->words[all ? k : calibrate_row_count + k] = known_word(v->verdict);
    return true;
}

static bool run_one(struct job *j, const char *battery, const char *folder, uint64_t seed,
                    struct calibrate_network *into, struct error *e) {
    const struct cli_value *option = j->values->option;
    const struct run_options wanted = {
        .battery = battery,
        .settings = j->values->many,
        .setting_count = j->values->many_count,
        .folder = folder,
        .jobs = option[JOBS].given ? (unsigned)option[JOBS].integer : cores_online(),
        .has_seed = true,
        .seed = seed,
        .force = true,
        .quiet = true,
    };
    struct run_outcome outcome = {0};
    bool ok = run_execute(&wanted, j->context->controls, &outcome, e) &&
              store_each_verdict(outcome.store, take_word, into, e);
    j->began = j->began || outcome.started;
    run_finish(&outcome);
    return ok;
}

static bool calibrate_one(struct job *j, const struct zoo_network *z, uint64_t seed, struct error *e) {
    struct calibrate_network *more = array_grow(j->result.networks, j->result.count, sizeof *more);
    if (!more) return error_memory(e);
    j->result.networks = more;
    struct calibrate_network *n = &more[j->result.count];
    *n = (struct calibrate_network){.words = calloc(2 * calibrate_row_count, sizeof *n->words)};
    if (!n->words) return error_memory(e);
    j->result.count++;
    n->kind = z->name;
    snprintf(n->name, sizeof n->name, "%s, seed %llu", z->name, (unsigned long long)seed);
    struct zoo_made made;
    char *stem = text_format("%s/seed-%llu", j->folder, (unsigned long long)seed),
         *battery = stem ? text_format("%s/%s.yaml", stem, z->name) : NULL,
         *folder = stem ? text_format("%s/%s.run", stem, z->name) : NULL;
    bool ok = (battery && folder) || error_memory(e);
    if (ok && mkdir(stem, 0777) != 0 && errno != EEXIST)
        ok = error_set(e, "%s: cannot be made: %s", stem, strerror(errno));
    if (ok && zoo_make(z, seed, stem, &made, e)) {
        n->accuracy = made.accuracy;
        ok = write_battery(j, z, &made, battery, e) && run_one(j, battery, folder, seed, n, e);
        zoo_made_finish(&made);
    } else ok = false;
    free(stem);
    free(battery);
    free(folder);
    return ok;
}

/* ---- the tables ---- */

static bool write_table(const struct job *j, const char *name, void (*print)(const struct calibration *, FILE *),
                        struct error *e) {
    char *path = text_format("%s/%s", j->folder, name), *data = NULL;
    size_t size = 0;
    FILE *out = path ? open_memstream(&data, &size) : NULL;
    bool ok = out || error_memory(e);
    if (out) {
        print(&j->result, out);
        ok = fclose(out) == 0 ? file_write(path, data, size, e) : error_memory(e);
    }
    free(data);
    free(path);
    return ok;
}

static int calibrate(struct job *j, struct error *e) {
    const struct cli_value *option = j->values->option;
    const struct zoo_network *chosen[ZOO_MOST];
    size_t networks, seeds = (size_t)option[SEEDS].integer;
    if (!zoo_choose(option[KINDS].given ? option[KINDS].text : NULL, chosen, &networks, e)) return CLI_USAGE;
    if (option[QUICK].given && networks > 2) networks = 2;
    if (mkdir(j->folder, 0777) != 0 && errno != EEXIST) {
        error_set(e, "%s: cannot be made: %s", j->folder, strerror(errno));
        return CLI_USAGE;
    }
    for (size_t k = 0; k < networks * seeds; k++) {
        cli_message("%s (%zu of %zu)", chosen[k % networks]->name, k + 1, networks * seeds);
        if (!calibrate_one(j, chosen[k % networks], option[SEED].seed + k / networks, e))
            return j->began ? CLI_BROKEN : CLI_USAGE;
        if (interrupt_signal()) return CLI_SIGNAL + interrupt_signal();
    }
    if (!write_table(j, "calibration.txt", calibrate_print, e) ||
        !write_table(j, "calibration.csv", calibrate_print_csv, e))
        return CLI_BROKEN;
    calibrate_print(&j->result, stdout);
    if (option[QUICK].given) cli_message("two networks measure nothing: leave --quick out");
    return calibrate_has_errors(&j->result) ? CLI_UNEXPECTED : CLI_EXPECTED;
}

static int calibrate_run(const struct cli_context *context, const struct cli_values *values, struct error *e) {
    struct job j = {.context = context, .values = values, .folder = values->option[OUTPUT].text};
    int status = CLI_USAGE;
    interrupt_watch();
    if (!values->operand || battery_load(values->operand, &j.battery, e)) status = calibrate(&j, e);
    for (size_t k = 0; k < j.result.count; k++) free(j.result.networks[k].words);
    free(j.result.networks);
    battery_destroy(j.battery);
    return status;
}

const struct cli_command cli_calibrate = {
    .name = "calibrate",
    .operand = "[BATTERY]",
    .summary = "measure how often verdicts are wrong, on networks trained from seeds",
    .details =
        "Of BATTERY the controls and the rule count. Without it those are the defaults. Networks of many kinds are\n"
        "trained on data that is drawn for them; honest methods, and some that must not pass, are judged on each.\n"
        "The exit status is 1 where an honest method FAILs or one that must not pass does.\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = calibrate_run,
};
