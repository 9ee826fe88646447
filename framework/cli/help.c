/* help.c: --help, written from the tables. */
#include "cli/options.h"

#include <string.h>

#define COLUMN 28 /* where the summaries begin */

/* Lines that are broken already: as they are where they fit, else broken anew. */
static void add_lines(struct text *out, const char *lines, size_t width) {
    size_t longest = 0;
    for (const char *line = lines; *line; line += strcspn(line, "\n") + 1)
        if (strcspn(line, "\n") > longest) longest = strcspn(line, "\n");
    if (longest <= width) text_add(out, "%s", lines);
    else text_add_wrapped(out, lines, 0, width, 0, "");
}

static void add_option(struct text *out, const struct cli_option *option, size_t width) {
    struct text left = {0}, right = {0};
    if (option->letter) text_add(&left, "  -%c, --%s", option->letter, option->name);
    else text_add(&left, "      --%s", option->name);
    if (option->value) text_add(&left, " %s", option->value);
    text_add(&right, "%s", option->summary);
    for (size_t i = 0; option->kind == CLI_CHOICE && option->choices[i]; i++)
        text_add(&right, "%s%s", i ? ", " : ": ", option->choices[i]);
    if (option->required) text_add(&right, " (required)");
    if (option->fallback) text_add(&right, " (default %s)", option->fallback);
    if (left.failed || right.failed) {
        out->failed = true;
    } else if (left.length + 2 > COLUMN) {
        text_add(out, "%s\n%*s", left.data, COLUMN, "");
        text_add_wrapped(out, right.data, COLUMN, width, COLUMN, "");
    } else {
        text_add(out, "%-*s", COLUMN, left.data);
        text_add_wrapped(out, right.data, COLUMN, width, COLUMN, "");
    }
    text_finish(&left);
    text_finish(&right);
}

void cli_help(const struct cli_command *command, size_t width, struct text *out) {
    struct text usage = {0};
    text_add(&usage, "usage: assay %s", command->name);
    for (size_t i = 0; i < command->option_count; i++) {
        const struct cli_option *option = &command->options[i];
        if (option->required) text_add(&usage, " --%s %s", option->name, option->value);
    }
    text_add(&usage, " [OPTION]...%s%s", command->operand ? " " : "", command->operand ? command->operand : "");
    out->failed = out->failed || usage.failed;
    text_add_wrapped(out, usage.failed ? "" : usage.data, 0, width, 4, "");
    text_finish(&usage);
    text_add_wrapped(out, command->summary, 0, width, 0, "");
    if (command->details) {
        text_add(out, "\n");
        add_lines(out, command->details, width);
    }
    text_add(out, "\noptions:\n");
    const struct cli_option *option;
    for (size_t i = 0; (option = cli_option_at(command, i)); i++) add_option(out, option, width);
}

void cli_overview(const struct cli_command *const *commands, size_t width, struct text *out) {
    text_add(out, "usage: assay COMMAND [OPTION]...\n");
    add_lines(out, "Negative controls for explanation methods: does the map explain the model, or only the picture?\n",
              width);
    text_add(out, "\ncommands:\n");
    for (size_t i = 0; commands[i]; i++) {
        text_add(out, "  %-13s", commands[i]->name);
        text_add_wrapped(out, commands[i]->summary, 15, width, 15, "");
    }
    text_add(out, "\n");
    add_lines(out,
              "'assay COMMAND --help' describes a command; 'assay --version' prints the version.\n"
              "Exit status: 0 all as expected; 1 a verdict was not; 2 usage or input error, before anything ran;\n"
              "3 something could not run; 4 undecided or nothing but SKIP, beyond what was expected;\n"
              "5 a shard is done, and nothing is judged.\n",
              width);
}
