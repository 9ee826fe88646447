/* cmd_completions.c: `assay completions`: what a shell completes, made of the tables of options. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

/* ---- bash ---- */

static void bash_options(const struct cli_command *c) {
    const struct cli_option *o;
    for (size_t i = 0; (o = cli_option_at(c, i)); i++) printf("%s--%s", i ? " " : "", o->name);
}

/* The words behind an option that has choices. */
static void bash_choices(const struct cli_command *c) {
    const struct cli_option *o;
    for (size_t i = 0; (o = cli_option_at(c, i)); i++) {
        if (o->kind != CLI_CHOICE) continue;
        printf("        %s--%s) words='", c->name, o->name);
        for (size_t k = 0; o->choices[k]; k++) printf("%s%s", k ? " " : "", o->choices[k]);
        printf("' ;;\n");
    }
}

/* No words: bash completes names of files. */
static void bash(const struct cli_command *const *commands) {
    printf("# bash completion of assay; written by 'assay completions bash'\n"
           "_assay() {\n"
           "    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words=\n"
           "    COMPREPLY=()\n"
           "    case $COMP_CWORD:${COMP_WORDS[1]} in\n"
           "        1:*) words='");
    for (size_t i = 0; commands[i]; i++) printf("%s ", commands[i]->name);
    printf("--help --version' ;;\n");
    for (size_t i = 0; commands[i]; i++) {
        printf("        *:%s) [[ $current == -* ]] && words='", commands[i]->name);
        bash_options(commands[i]);
        printf("' ;;\n");
    }
    printf("    esac\n    case ${COMP_WORDS[1]}$before in\n");
    for (size_t i = 0; commands[i]; i++) bash_choices(commands[i]);
    printf("    esac\n"
           "    [[ -z $words ]] || mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
           "}\n"
           "complete -o bashdefault -o default -F _assay assay\n");
}

/* ---- zsh ---- */

/* Within single quotes; brackets and colons mean something to _arguments. */
static void zsh_text(const char *text) {
    for (; *text; text++)
        if (*text == '\'') fputs("'\\''", stdout);
        else if (strchr("[]:\\", *text)) printf("\\%c", *text);
        else putchar(*text);
}

static void zsh_option(const struct cli_option *o) {
    printf(" \\\n                ");
    if (o->letter) printf("'(-%c --%s)'{-%c,--%s}", o->letter, o->name, o->letter, o->name);
    else printf("'%s'--%s", o->many ? "*" : "", o->name);
    printf("'[");
    zsh_text(o->summary);
    putchar(']');
    if (o->value) {
        putchar(':');
        zsh_text(o->value);
        putchar(':');
    }
    if (o->kind == CLI_CHOICE) {
        putchar('(');
        for (size_t k = 0; o->choices[k]; k++) printf("%s%s", k ? " " : "", o->choices[k]);
        putchar(')');
    } else if (o->kind == CLI_TEXT) {
        fputs("_files", stdout);
    }
    putchar('\'');
}

static void zsh(const struct cli_command *const *commands) {
    const struct cli_option *o;
    printf("#compdef assay\n# zsh completion of assay; written by 'assay completions zsh'\n"
           "_assay() {\n    local -a commands\n    commands=(\n");
    for (size_t i = 0; commands[i]; i++) {
        printf("        '%s:", commands[i]->name);
        zsh_text(commands[i]->summary);
        printf("'\n");
    }
    printf("    )\n    if (( CURRENT == 2 )); then\n        _describe command commands\n        return\n    fi\n"
           "    shift words\n    (( CURRENT-- ))\n    case $words[1] in\n");
    for (size_t i = 0; commands[i]; i++) {
        printf("        %s)\n            _arguments", commands[i]->name);
        for (size_t k = 0; (o = cli_option_at(commands[i], k)); k++) zsh_option(o);
        printf(" \\\n                '*:operand:_files'\n            ;;\n");
    }
    printf("    esac\n}\n_assay \"$@\"\n");
}

/* ---- fish ---- */

static void fish_text(const char *text) {
    putchar('\'');
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\') putchar('\\');
        putchar(*text);
    }
    putchar('\'');
}

static void fish_option(const char *command, const struct cli_option *o) {
    printf("complete -c assay -n '__fish_seen_subcommand_from %s' -l %s", command, o->name);
    if (o->letter) printf(" -s %c", o->letter);
    if (o->kind == CLI_CHOICE) {
        printf(" -x -a '");
        for (size_t k = 0; o->choices[k]; k++) printf("%s%s", k ? " " : "", o->choices[k]);
        putchar('\'');
    } else if (o->kind != CLI_FLAG) {
        printf(o->kind == CLI_TEXT ? " -r" : " -x");
    }
    printf(" -d ");
    fish_text(o->summary);
    putchar('\n');
}

static void fish(const struct cli_command *const *commands) {
    const struct cli_option *o;
    printf("# fish completion of assay; written by 'assay completions fish'\n");
    for (size_t i = 0; commands[i]; i++) {
        printf("complete -c assay -f -n __fish_use_subcommand -a %s -d ", commands[i]->name);
        fish_text(commands[i]->summary);
        putchar('\n');
        for (size_t k = 0; (o = cli_option_at(commands[i], k)); k++) fish_option(commands[i]->name, o);
    }
}

/* ---- */

static const struct shell {
    const char *name;
    void (*print)(const struct cli_command *const *);
} shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};

static int completions(const struct cli_context *context, const struct cli_values *values, struct error *e) {
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
        if (strcmp(shells[i].name, values->operand) == 0) {
            shells[i].print(context->commands);
            return CLI_EXPECTED;
        }
    error_set(e, "completions: '%s': bash, zsh or fish wanted", values->operand);
    return CLI_USAGE;
}

const struct cli_command cli_completions = {
    .name = "completions",
    .operand = "SHELL",
    .summary = "print what a shell needs to complete the commands and options",
    .details =
        "SHELL is bash, zsh or fish. 'make install' puts them where these shells look. For one session of bash:\n"
        "source <(assay completions bash)\n",
    .run = completions,
};
