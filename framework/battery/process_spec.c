/* process_spec.c: the mapping `process:` of an explainer's row, and the memory of what it says. */
#include "base/array.h"
#include "base/file.h"
#include "base/text.h"
#include "battery/battery_rows.h"
#include "battery/battery.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define PROCESS_WANTED "{command: [PROGRAM, ARGUMENT]} or {connect: SOCKET}"
#define WORDS_MAX 200u /* of a command or of claims */
#define PROCESS_SHELL "/bin/sh"
#define PROCESS_EXEC "exec "

/* ---- Memory ---- */

static void words_destroy(char **words) {
    for (char **w = words; w && *w; w++) free(*w);
    free(words);
}

static char **words_copy(char **words) {
    size_t n = 0;
    while (words[n]) n++;
    char **copy = calloc(n + 1, sizeof *copy);
    for (size_t i = 0; copy && i < n; i++) {
        copy[i] = text_copy(words[i]);
        if (copy[i]) continue;
        words_destroy(copy);
        return NULL;
    }
    return copy;
}

void process_spec_destroy(struct process_spec *p) {
    if (!p) return;
    words_destroy(p->command);
    words_destroy(p->claims);
    free(p->connect);
    free(p->folder);
    free(p->options);
    free(p);
}

struct process_spec *process_spec_copy(const struct process_spec *p) {
    struct process_spec *copy = calloc(1, sizeof *copy);
    if (!copy) return NULL;
    copy->start_limit = p->start_limit;
    copy->command = p->command ? words_copy(p->command) : NULL;
    copy->claims = p->claims ? words_copy(p->claims) : NULL;
    copy->connect = p->connect ? text_copy(p->connect) : NULL;
    copy->folder = p->folder ? text_copy(p->folder) : NULL;
    copy->options = p->options ? text_copy(p->options) : NULL;
    if (!copy->command == !p->command && !copy->claims == !p->claims && !copy->connect == !p->connect &&
        !copy->folder == !p->folder && !copy->options == !p->options)
        return copy;
    process_spec_destroy(copy);
    return NULL;
}

char *process_spec_text(const struct process_spec *p) {
    struct text words = {0};
    if (!p->command) return text_copy(p->connect);
    if (strcmp(p->command[0], PROCESS_SHELL) == 0) return text_copy(p->command[2] + strlen(PROCESS_EXEC));
    for (char **word = p->command; *word; word++) text_add(&words, "%s%s", words.length ? " " : "", *word);
    if (words.failed) text_finish(&words);
    return words.data;
}

/* A command of the shell, which replaces itself by it, so that what is killed is the program. */
bool process_spec_shell(const char *command, struct process_spec **out, struct error *e) {
    struct process_spec *p = *out = calloc(1, sizeof *p);
    if (!p || !(p->command = calloc(4, sizeof *p->command))) return error_memory(e);
    p->start_limit = PROCESS_START_LIMIT;
    p->folder = text_copy(".");
    p->command[0] = text_copy(PROCESS_SHELL);
    p->command[1] = text_copy("-c");
    p->command[2] = text_format(PROCESS_EXEC "%s", command);
    return (p->folder && p->command[0] && p->command[1] && p->command[2]) || error_memory(e);
}

/* ---- YAML ---- */

/* A list of texts, or a single one. */
static bool read_words(struct yaml_file *file, const struct yaml_field *field, const yaml_node_t *node, void *base,
                       struct error *e) {
    char ***out = (char ***)(void *)((char *)base + field->offset);
    size_t n = 1;
    bool list = node->type == YAML_SEQUENCE_NODE;
    if (list && !yaml_check_list(file, node, field->wanted, &n, e)) return false;
    if (n > WORDS_MAX) return yaml_fail(file, node, e, "%zu words: at most %u wanted", n, WORDS_MAX);
    char **words = *out = calloc(n + 1, sizeof *words);
    if (!words) return error_memory(e);
    for (size_t i = 0; i < n; i++) {
        const yaml_node_t *item = list ? yaml_file_node(file, node->data.sequence.items.start[i]) : node;
        const char *text = yaml_scalar(file, item, field->wanted, e);
        if (!text) return false;
        words[i] = text_copy(text);
        if (!words[i]) return error_memory(e);
    }
    return true;
}

static bool read_connect(struct yaml_file *file, const struct yaml_field *field, const yaml_node_t *node, void *base,
                         struct error *e) {
    struct process_spec *p = base;
    const char *text = yaml_scalar(file, node, field->wanted, e);
    if (!text) return false;
    p->connect = path_from(yaml_folder(file, node), text);
    return p->connect || error_memory(e);
}

const struct yaml_field battery_process_fields[] = {
    {.name = "command",
     .read = read_words,
     .offset = offsetof(struct process_spec, command),
     .wanted = "a command, as [python3, method.py]"},
    {.name = "connect", .read = read_connect, .wanted = "the path of a UNIX socket"},
    {.name = "options",
     .read = yaml_read_text,
     .offset = offsetof(struct process_spec, options),
     .wanted = "a text for the program"},
    {.name = "claims",
     .read = read_words,
     .offset = offsetof(struct process_spec, claims),
     .wanted = "a list of claims, as [stochastic]"},
    {.name = "start-limit",
     .read = yaml_read_number,
     .offset = offsetof(struct process_spec, start_limit),
     .min = .01,
     .max = 1e6},
    {.name = NULL},
};

/* A command that is a single text is one of the shell's; a list is the program and its arguments. */
static bool settle_command(struct yaml_file *file, const yaml_node_t *node, struct process_spec *p, struct error *e) {
    struct process_spec *shell = NULL;
    const yaml_node_t *command = yaml_find(file, node, "command");
    if (!command || command->type == YAML_SEQUENCE_NODE) return true;
    bool ok = process_spec_shell(p->command[0], &shell, e);
    if (ok) {
        char **words = p->command;
        p->command = shell->command;
        shell->command = words;
    }
    process_spec_destroy(shell);
    return ok;
}

bool process_spec_read(struct yaml_file *file, const yaml_node_t *node, struct process_spec **out, struct error *e) {
    struct process_spec *p = *out = calloc(1, sizeof *p);
    if (!p) return error_memory(e);
    p->start_limit = PROCESS_START_LIMIT;
    p->folder = text_copy(yaml_folder(file, node));
    if (!p->folder) return error_memory(e);
    if (!yaml_read_fields(file, node, PROCESS_WANTED, battery_process_fields, p, e)) return false;
    if (!p->command == !p->connect)
        return yaml_fail(file, node, e, "%s: " PROCESS_WANTED " wanted",
                         p->command ? "both 'command' and 'connect'" : "neither 'command' nor 'connect'");
    return settle_command(file, node, p, e);
}
