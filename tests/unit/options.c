/* The option parser and the help made from the same table. */
#include "cli/options.h"

#include "cli/cli.h"
#include "nn/train.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { FILE_, JOBS, RATE, SEED, WAY, QUICK };

static const char *const ways[] = {"fast", "slow", NULL};
static const struct cli_option table[] = {
    [FILE_] = {.name = "output", .letter = 'o', .kind = CLI_TEXT, .value = "FILE", .summary = "result"},
    [JOBS] = {.name = "jobs",
              .letter = 'j',
              .kind = CLI_INTEGER,
              .value = "N",
              .summary = "processes",
              .fallback = "2",
              .min = 1,
              .max = 64},
    [RATE] =
        {.name = "rate", .kind = CLI_NUMBER, .value = "X", .summary = "step", .fallback = "0.5", .min = 0, .max = 1},
    [SEED] = {.name = "seed", .kind = CLI_SEED, .value = "S", .summary = "seed"},
    [WAY] =
        {.name = "way", .kind = CLI_CHOICE, .value = "WAY", .summary = "manner", .choices = ways, .fallback = "fast"},
    [QUICK] = {.name = "quick", .kind = CLI_FLAG, .summary = "hurry"},
};
static const struct cli_option needed[] = {
    {.name = "model", .kind = CLI_TEXT, .value = "FILE", .summary = "network", .required = true},
};
static const struct cli_command with_operand = {
    .name = "run", .operand = "BATTERY", .summary = "s", .options = table, .option_count = 6};
static const struct cli_command optional = {
    .name = "list", .operand = "[WHAT]", .summary = "s", .options = table, .option_count = 6};
static const struct cli_command three = {
    .name = "why", .operand = "RUN ROW CONTROL", .summary = "s", .options = table, .option_count = 6};
static const struct cli_command plain = {.name = "eval", .summary = "s", .options = needed, .option_count = 1};

#define ARGUMENTS_MAX 6

static enum cli_parsed parse(const struct cli_command *command, const char *const *words, struct cli_values *values,
                             struct error *e) {
    char copies[ARGUMENTS_MAX][64], *arguments[ARGUMENTS_MAX];
    int n = 0;
    for (; n < ARGUMENTS_MAX && words[n]; n++) {
        snprintf(copies[n], sizeof copies[n], "%s", words[n]);
        arguments[n] = copies[n];
    }
    enum cli_parsed parsed = cli_parse(command, n, arguments, values, e);
    for (int i = 0; parsed == CLI_PARSED && values->operand && i < n; i++)
        values->operand = values->operand == arguments[i] ? words[i] : values->operand;
    for (size_t k = 0; k < CLI_OPTIONS_MAX; k++) values->option[k].text = NULL; /* borrowed from the copies */
    return parsed;
}

Test(options, every_way_of_writing_a_value) {
    static const char *const ways_of[][ARGUMENTS_MAX + 1] = {
        {"--jobs", "7", "b"}, {"--jobs=7", "b"}, {"-j", "7", "b"}, {"-j7", "b"}, {"b", "-j7"}, {"-j7", "--", "b"},
    };
    for (size_t i = 0; i < sizeof ways_of / sizeof *ways_of; i++) {
        struct cli_values values;
        struct error e = {{0}};
        cr_assert_eq(parse(&with_operand, ways_of[i], &values, &e), CLI_PARSED, "case %zu: %s", i, e.text);
        cr_expect(values.option[JOBS].given && values.option[JOBS].integer == 7, "case %zu", i);
        cr_expect_str_eq(values.operand, "b");
    }
}

Test(options, several_operands) {
    struct cli_values values;
    struct error e = {{0}};
    char words[][4] = {"a", "-j7", "b", "c"}, *arguments[] = {words[0], words[1], words[2], words[3]};
    cr_assert_eq(cli_parse(&three, 4, arguments, &values, &e), CLI_PARSED, "%s", e.text);
    cr_expect_eq(values.operand_count, 3);
    cr_expect_str_eq(values.operand, "a");
    cr_expect_str_eq(values.operands[1], "b");
    cr_expect_str_eq(values.operands[2], "c");
}

Test(options, fallbacks_and_absent_values) {
    struct cli_values values;
    struct error e;
    char word[] = "b", *arguments[] = {word};
    cr_assert_eq(cli_parse(&with_operand, 1, arguments, &values, &e), CLI_PARSED);
    cr_expect(!values.option[JOBS].given && values.option[JOBS].integer == 2);
    cr_expect_eq(values.option[RATE].number, .5);
    cr_expect_str_eq(values.option[WAY].text, "fast");
    cr_expect_null(values.option[FILE_].text);
    cr_expect(!values.option[QUICK].given);
}

Test(options, help_and_version_win_over_what_follows_and_what_is_missing) {
    struct cli_values values;
    struct error e;
    cr_expect_eq(parse(&plain, (const char *const[]){"--help", "--nonsense", NULL}, &values, &e), CLI_HELP);
    cr_expect_eq(parse(&plain, (const char *const[]){"-h", NULL}, &values, &e), CLI_HELP);
    cr_expect_eq(parse(&with_operand, (const char *const[]){"-j", "3", "--version", NULL}, &values, &e), CLI_VERSION);
}

Test(options, what_is_refused_and_why) {
    static const struct {
        const struct cli_command *command;
        const char *words[ARGUMENTS_MAX + 1], *error;
    } cases[] = {
        {&with_operand, {NULL}, "run: BATTERY is missing: see 'assay run --help'"},
        {&with_operand, {"a", "b", NULL}, "b: one BATTERY wanted, and there is 'a' already"},
        {&optional, {"a", "b", NULL}, "b: one WHAT wanted, and there is 'a' already"},
        {&three, {NULL}, "why: RUN is missing: see 'assay why --help'"},
        {&three, {"a", "b", NULL}, "why: CONTROL is missing: see 'assay why --help'"},
        {&three, {"a", "", NULL}, "why: the ROW is empty: see 'assay why --help'"},
        {&three, {"a", "b", "c", "d", NULL}, "d: one CONTROL wanted, and there is 'c' already"},
        {&plain, {"a", NULL}, "a: 'eval' takes options only: see 'assay eval --help'"},
        {&plain, {NULL}, "eval: --model FILE is missing: see 'assay eval --help'"},
        {&plain, {"--modle", "x", NULL}, "--modle: 'eval' has no such option: did you mean --model?"},
        {&plain, {"--modle=x", NULL}, "--modle: 'eval' has no such option: did you mean --model?"},
        {&plain, {"--wildly-other", NULL}, "--wildly-other: 'eval' has no such option: see 'assay eval --help'"},
        {&plain, {"-q", NULL}, "-q: 'eval' has no such option: see 'assay eval --help'"},
        {&plain, {"-model", NULL}, "-model: 'eval' has no such option: did you mean --model?"},
        {&with_operand, {"-output=x", NULL}, "-output=x: 'run' has no such option: did you mean --output?"},
        {&plain, {"--model", NULL}, "--model: the value is missing: FILE wanted"},
        {&plain, {"--model=", NULL}, "--model: the value is empty: FILE wanted"},
        {&plain, {"--model", "a", "--model", "b", NULL}, "--model: given twice: once wanted"},
        {&with_operand, {"-j", NULL}, "-j: the value is missing: N wanted"},
        {&with_operand, {"-j", "0", NULL}, "--jobs: '0': a whole number from 1 to 64 wanted"},
        {&with_operand, {"-j", "4x", NULL}, "--jobs: '4x': a whole number from 1 to 64 wanted"},
        {&with_operand, {"-j65", NULL}, "--jobs: '65': a whole number from 1 to 64 wanted"},
        {&with_operand, {"--rate", "1.5", NULL}, "--rate: '1.5': a number from 0 to 1 wanted"},
        {&with_operand, {"--rate", "nan", NULL}, "--rate: 'nan': a number from 0 to 1 wanted"},
        {&with_operand, {"--rate", "", NULL}, "--rate: '': a number from 0 to 1 wanted"},
        {&with_operand, {"--seed", "-1", NULL}, "--seed: '-1': a whole number from 0 to 18446744073709551615 wanted"},
        {&with_operand, {"--way", "other", NULL}, "--way: 'other': one of fast, slow wanted"},
        {&with_operand, {"--quick=1", NULL}, "--quick: '=1': the option takes no value"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cli_values values;
        struct error e = {{0}};
        cr_expect_eq(parse(cases[i].command, cases[i].words, &values, &e), CLI_INVALID, "case %zu", i);
        cr_expect_str_eq(e.text, cases[i].error, "case %zu: %s", i, e.text);
    }
}

Test(options, some_may_be_given_again) {
    static const struct cli_option set[] = {
        {.name = "set", .kind = CLI_TEXT, .value = "KEY=VALUE", .summary = "value", .many = true}};
    static const struct cli_command command = {.name = "run", .summary = "s", .options = set, .option_count = 1};
    char word[] = "--set=a=1", last[] = "--set", value[] = "b=2", *arguments[2 * CLI_MANY_MAX];
    struct cli_values values;
    struct error e;
    for (int i = 0; i < CLI_MANY_MAX + 1; i++) arguments[i] = word;
    arguments[1] = last;
    arguments[2] = value;
    cr_assert_eq(cli_parse(&command, 4, arguments, &values, &e), CLI_PARSED);
    cr_assert_eq(values.many_count, 3);
    cr_expect_str_eq(values.many[0], "a=1");
    cr_expect_str_eq(values.many[1], "b=2");
    cr_expect_str_eq(values.option[0].text, "a=1");
    arguments[1] = arguments[2] = word;
    cr_expect_eq(cli_parse(&command, CLI_MANY_MAX, arguments, &values, &e), CLI_PARSED);
    cr_expect_eq(cli_parse(&command, CLI_MANY_MAX + 1, arguments, &values, &e), CLI_INVALID);
    cr_expect_str_eq(e.text, "--set: given more than 64 times: fewer wanted");
    cr_expect_eq(cli_parse(&command, 0, arguments, &values, &e), CLI_PARSED);
    cr_expect_eq(values.many_count, 0);
}

Test(options, the_largest_seed_is_kept_to_the_last_digit) {
    struct cli_values values;
    struct error e;
    const char *const words[] = {"--seed=18446744073709551615", "b", NULL};
    cr_assert_eq(parse(&with_operand, words, &values, &e), CLI_PARSED);
    cr_expect_eq(values.option[SEED].seed, UINT64_MAX);
}

Test(options, help_names_every_option_once_and_stays_within_the_page) {
    static const struct cli_command *const all[] = {&cli_run,   &cli_list, &cli_explain, &cli_check,  &cli_new,
                                                    &cli_train, &cli_eval, &cli_accept,  &cli_report, &cli_doctor};
    static const size_t widths[] = {60, 80, 100};
    for (size_t i = 0; i < 3 * (sizeof all / sizeof *all); i++) {
        struct text help = {0};
        const size_t width = widths[i % 3];
        const struct cli_command *command = all[i / 3];
        cli_help(command, width, &help);
        cr_assert(!help.failed);
        cr_expect(command->option_count <= CLI_OPTIONS_MAX);
        const struct cli_option *option;
        for (size_t k = 0; (option = cli_option_at(command, k)); k++) {
            char line[64];
            snprintf(line, sizeof line, " --%s%s", option->name, option->kind == CLI_FLAG ? " " : "");
            cr_expect(strstr(strstr(help.data, "\noptions:\n"), line), "%s: %s", command->name, line);
        }
        for (const char *line = help.data; *line; line += strcspn(line, "\n") + 1)
            cr_expect_leq(strcspn(line, "\n"), width, "%s: %.40s...", command->name, line);
        text_finish(&help);
    }
}

static const struct cli_value *fallback(struct cli_values *values, const char *name) {
    for (size_t i = 0; i < cli_train.option_count; i++)
        if (strcmp(cli_train.options[i].name, name) == 0) return &values->option[i];
    cr_assert_fail("train has no --%s", name);
    return NULL;
}

Test(options, defaults_of_train_are_those_of_the_recipe) {
    struct cli_values values;
    struct error e = {{0}};
    char words[][16] = {"--data=x", "--output=y"}, *arguments[] = {words[0], words[1]};
    cr_assert_eq(cli_parse(&cli_train, 2, arguments, &values, &e), CLI_PARSED, "%s", e.text);
    struct recipe recipe = recipe_default();
    cr_expect_str_eq(fallback(&values, "optimiser")->text, recipe.optimiser == OPTIMISER_ADAM ? "adam" : "sgd");
    cr_expect_eq(fallback(&values, "learning-rate")->number, recipe.learning_rate);
    cr_expect_eq(fallback(&values, "momentum")->number, recipe.momentum);
    cr_expect_eq(fallback(&values, "weight-decay")->number, recipe.weight_decay);
    cr_expect_str_eq(fallback(&values, "weight-decay-last")->text, recipe.weight_decay_last ? "yes" : "no");
    cr_expect_eq(fallback(&values, "batch")->integer, recipe.batch);
    cr_expect_eq(fallback(&values, "epochs")->integer, recipe.epochs);
    cr_expect_eq(fallback(&values, "stop-accuracy")->number, recipe.stop_accuracy);
    cr_expect_eq(fallback(&values, "seed")->seed, recipe.seed);
}
