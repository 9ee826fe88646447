/* options.c: arguments read by a table of options, and what is wrong with them. */
#include "cli/options.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct cli_option common[] = {
    {.name = "help", .letter = 'h', .kind = CLI_FLAG, .summary = "print this and exit"},
    {.name = "version", .kind = CLI_FLAG, .summary = "print the version and exit"},
};
enum { COMMON_HELP, COMMON_VERSION, COMMON_COUNT };

const struct cli_option *cli_option_at(const struct cli_command *command, size_t i) {
    if (i < command->option_count) return &command->options[i];
    return i - command->option_count < COMMON_COUNT ? &common[i - command->option_count] : NULL;
}

static size_t option_total(const struct cli_command *command) {
    return command->option_count + COMMON_COUNT;
}

/* Index of the option of that long name (or, with name NULL, of that letter); option_total() when there is none. */
static size_t option_find(const struct cli_command *command, const char *name, size_t length, char letter) {
    size_t total = option_total(command);
    for (size_t i = 0; i < total; i++) {
        const struct cli_option *option = cli_option_at(command, i);
        if (name ? strlen(option->name) == length && strncmp(option->name, name, length) == 0
                 : letter && option->letter == letter)
            return i;
    }
    return total;
}

static bool option_unknown(const struct cli_command *command, const char *argument, size_t length, struct error *e) {
    const char *names[CLI_OPTIONS_MAX + COMMON_COUNT];
    size_t total = option_total(command);
    for (size_t i = 0; i < total; i++) names[i] = cli_option_at(command, i)->name;
    char *wrong = text_format("%.*s", (int)length, argument);
    if (!wrong) return error_memory(e);
    const char *near = text_nearest(wrong + strspn(wrong, "-"), names, total);
    if (near) error_set(e, "%s: '%s' has no such option: did you mean --%s?", wrong, command->name, near);
    else error_set(e, "%s: '%s' has no such option: see 'assay %s --help'", wrong, command->name, command->name);
    free(wrong);
    return false;
}

static bool choice_parse(const struct cli_option *option, const char *text, struct error *e) {
    struct text all = {0};
    size_t n = 0;
    for (; option->choices[n]; n++) {
        if (strcmp(option->choices[n], text) == 0) {
            text_finish(&all);
            return true;
        }
        text_add(&all, "%s%s", n ? ", " : "", option->choices[n]);
    }
    error_set(e, "--%s: '%s': one of %s wanted", option->name, text, all.data ? all.data : "its choices");
    text_finish(&all);
    return false;
}

static bool value_parse(const struct cli_option *option, const char *text, struct cli_value *value, struct error *e) {
    unsigned long long seed = 0;
    value->text = text;
    switch (option->kind) {
    case CLI_FLAG: return true;
    case CLI_TEXT: return *text || error_set(e, "--%s: the value is empty: %s wanted", option->name, option->value);
    case CLI_CHOICE: return choice_parse(option, text, e);
    case CLI_INTEGER:
        return text_to_long(text, (long)option->min, (long)option->max, &value->integer) ||
               error_set(e, "--%s: '%s': a whole number from %.0f to %.0f wanted", option->name, text, option->min,
                         option->max);
    case CLI_NUMBER:
        return (text_to_double(text, &value->number) && value->number >= option->min && value->number <= option->max) ||
               error_set(e, "--%s: '%s': a number from %g to %g wanted", option->name, text, option->min, option->max);
    case CLI_SEED:
        if (!text_to_u64(text, &seed)) {
            return error_set(e, "--%s: '%s': a whole number from 0 to %llu wanted", option->name, text,
                             (unsigned long long)UINT64_MAX);
        }
        value->seed = seed;
        return true;
    }
    return false;
}

/* Where the parser stands in the arguments. */
struct cursor {
    const struct cli_command *command;
    int count, next;
    char *const *arguments;
    struct cli_values *values;
};

static enum cli_parsed take(struct cursor *at, size_t index, const char *shown, const char *attached, struct error *e) {
    const struct cli_option *option = cli_option_at(at->command, index);
    bool flag = option->kind == CLI_FLAG;
    if (flag && attached) {
        error_set(e, "%s: '=%s': the option takes no value", shown, attached);
        return CLI_INVALID;
    }
    if (index >= at->command->option_count)
        return index - at->command->option_count == COMMON_HELP ? CLI_HELP : CLI_VERSION;
    struct cli_value *value = &at->values->option[index];
    if (value->given && !option->many) {
        error_set(e, "%s: given twice: once wanted", shown);
        return CLI_INVALID;
    }
    value->given = true;
    if (flag) return CLI_PARSED;
    if (!attached && at->next < at->count) attached = at->arguments[at->next++];
    if (!attached) {
        error_set(e, "%s: the value is missing: %s wanted", shown, option->value);
        return CLI_INVALID;
    }
    if (!value_parse(option, attached, value, e)) return CLI_INVALID;
    if (option->many && at->values->many_count == CLI_MANY_MAX) {
        error_set(e, "%s: given more than %d times: fewer wanted", shown, CLI_MANY_MAX);
        return CLI_INVALID;
    }
    if (option->many) {
        at->values->many_of[at->values->many_count] = index;
        at->values->many[at->values->many_count++] = attached;
    }
    return CLI_PARSED;
}

static enum cli_parsed take_long(struct cursor *at, const char *argument, struct error *e) {
    const char *equals = strchr(argument, '=');
    size_t length = equals ? (size_t)(equals - argument) : strlen(argument);
    size_t index = option_find(at->command, argument + 2, length - 2, 0);
    if (index == option_total(at->command)) {
        option_unknown(at->command, argument, length, e);
        return CLI_INVALID;
    }
    char *shown = text_format("%.*s", (int)length, argument);
    if (!shown) {
        error_memory(e);
        return CLI_INVALID;
    }
    enum cli_parsed parsed = take(at, index, shown, equals ? equals + 1 : NULL, e);
    free(shown);
    return parsed;
}

static enum cli_parsed take_short(struct cursor *at, const char *argument, struct error *e) {
    size_t index = option_find(at->command, NULL, 0, argument[1]);
    /* `-output` is a slip for `--output`, not `-o utput`: only a value-taking letter has something attached. */
    size_t word = strcspn(argument + 1, "=");
    bool slip = word > 1 && option_find(at->command, argument + 1, word, 0) < option_total(at->command);
    if (slip || index == option_total(at->command)) {
        option_unknown(at->command, argument, strlen(argument), e);
        return CLI_INVALID;
    }
    const char shown[] = {'-', argument[1], 0};
    return take(at, index, shown, argument[2] ? argument + 2 : NULL, e);
}

/* The name of operand k in "RUN EXPLAINER" or "RUN [WHAT]"; NULL behind the last. */
static const char *operand_name(const char *operands, size_t k) {
    const char *at = operands;
    for (; at && k > 0; k--) {
        at = strchr(at, ' ');
        if (at) at++;
    }
    return at ? at + strspn(at, "[") : NULL;
}

static bool operand_take(const struct cli_command *command, const char *argument, struct cli_values *values,
                         struct error *e) {
    if (!command->operand) {
        return error_set(e, "%s: '%s' takes options only: see 'assay %s --help'", argument, command->name,
                         command->name);
    }
    const char *next = operand_name(command->operand, values->operand_count), *name = next;
    const bool many = strstr(command->operand, "...") != NULL;
    if (!next) name = operand_name(command->operand, values->operand_count - 1);
    int length = (int)strcspn(name, "]. ");
    if (!next && !many)
        return error_set(e, "%s: one %.*s wanted, and there is '%s' already", argument, length, name,
                         values->operands[values->operand_count - 1]);
    if (!*argument)
        return error_set(e, "%s: the %.*s is empty: see 'assay %s --help'", command->name, length, name, command->name);
    if (many && values->many_count == CLI_MANY_MAX)
        return error_set(e, "%s: more than %d of %.*s: fewer wanted", command->name, CLI_MANY_MAX, length, name);
    if (many) values->many[values->many_count++] = argument;
    if (!values->operand) values->operand = argument;
    if (next) values->operands[values->operand_count++] = argument;
    return true;
}

/* Fallbacks, and what is missing. */
static bool complete(const struct cli_command *command, struct cli_values *values, struct error *e) {
    const char *lacking = command->operand ? operand_name(command->operand, values->operand_count) : NULL;
    if (lacking && (lacking == command->operand || lacking[-1] != '['))
        return error_set(e, "%s: %.*s is missing: see 'assay %s --help'", command->name, (int)strcspn(lacking, " "),
                         lacking, command->name);
    for (size_t i = 0; i < command->option_count; i++) {
        const struct cli_option *option = &command->options[i];
        if (values->option[i].given) continue;
        if (option->required) {
            return error_set(e, "%s: --%s %s is missing: see 'assay %s --help'", command->name, option->name,
                             option->value, command->name);
        }
        if (option->fallback && !value_parse(option, option->fallback, &values->option[i], e)) return false;
    }
    return true;
}

size_t cli_values_of(const struct cli_values *values, size_t option, const char *out[CLI_MANY_MAX]) {
    size_t n = 0;
    for (size_t i = 0; i < values->many_count; i++)
        if (values->many_of[i] == option) out[n++] = values->many[i];
    return n;
}

enum cli_parsed cli_parse(const struct cli_command *command, int count, char *const *arguments,
                          struct cli_values *values, struct error *e) {
    *values = (struct cli_values){0};
    struct cursor at = {command, count, 0, arguments, values};
    bool options = true;
    while (at.next < count) {
        const char *argument = arguments[at.next++];
        enum cli_parsed parsed = CLI_PARSED;
        if (options && strcmp(argument, "--") == 0) options = false;
        else if (options && strncmp(argument, "--", 2) == 0) parsed = take_long(&at, argument, e);
        else if (options && argument[0] == '-' && argument[1]) parsed = take_short(&at, argument, e);
        else if (!operand_take(command, argument, values, e)) parsed = CLI_INVALID;
        if (parsed != CLI_PARSED) return parsed;
    }
    return complete(command, values, e) ? CLI_PARSED : CLI_INVALID;
}
