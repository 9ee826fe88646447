/* yaml_node.c: a YAML file or text as a document, and what may be asked of its nodes. */
#include "battery/yaml_node.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- The file ---- */

/* Standard input is read as it comes: a pipe, too. */
static int open_source(const char *path, struct error *e) {
    if (strcmp(path, YAML_STANDARD_INPUT) != 0) return file_open(path, e);
    int file = dup(STDIN_FILENO);
    if (file < 0) error_set(e, "standard input: %s: a battery was wanted", strerror(errno));
    return file;
}

bool yaml_file_read(const char *path, char **bytes, size_t *size, struct error *e) {
    char *buffer = malloc(YAML_FILE_LIMIT + 1);
    int file = buffer ? open_source(path, e) : -1;
    ssize_t n;

    *bytes = NULL;
    *size = 0;
    if (!buffer) return error_memory(e);
    while (file >= 0 &&
           ((n = read(file, buffer + *size, YAML_FILE_LIMIT + 1 - *size)) > 0 || (n < 0 && errno == EINTR)))
        *size += n > 0 ? (size_t)n : 0;
    int why = errno;
    bool ok = file >= 0;
    if (ok) close(file);
    if (ok && n < 0) ok = error_set(e, "%s: %s: a readable file was wanted", path, strerror(why));
    if (ok && *size > YAML_FILE_LIMIT)
        ok = error_set(e, "%s: more than %zu bytes: a smaller file wanted", path, YAML_FILE_LIMIT);
    if (ok) *bytes = buffer;
    else free(buffer);
    return ok;
}

/* The column, from 1, of a tab before the first word of the line that the mark is in; 0: there is none. The parser
 * reads from memory. */
static size_t find_tab(const yaml_parser_t *p) {
    const char *at = (const char *)p->input.string.start, *end = (const char *)p->input.string.end;
    for (size_t line = 0; line < p->problem_mark.line && at < end; at++) line += *at == '\n';
    for (size_t column = 1; at < end && (*at == ' ' || *at == '\t'); at++, column++)
        if (*at == '\t') return column;
    return 0;
}

static bool syntax_fail(const char *path, const yaml_parser_t *p, struct error *e) {
    const char *problem = p->problem ? p->problem : "not valid";

    if (p->error == YAML_MEMORY_ERROR) return error_memory(e);
    size_t tab = p->error == YAML_SCANNER_ERROR ? find_tab(p) : 0;
    if (tab)
        return error_set(e, "%s:%zu:%zu: a tab, which YAML does not indent with: spaces wanted", path,
                         p->problem_mark.line + 1, tab);
    if (p->error == YAML_READER_ERROR)
        return error_set(e, "%s: byte %zu: %s: a text in UTF-8 wanted", path, p->problem_offset, problem);
    return error_set(e, "%s:%zu:%zu: %s%s%s: valid YAML wanted", path, p->problem_mark.line + 1,
                     p->problem_mark.column + 1, problem, p->context ? " " : "", p->context ? p->context : "");
}

/* libyaml needs time quadratic in the depth, so the events are counted before a document is made of them. */
static bool check_depth(const char *path, yaml_parser_t *parser, struct error *e) {
    bool ok = true, more = true;

    for (int depth = 0; ok && more;) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event)) return syntax_fail(path, parser, e);
        if (event.type == YAML_SEQUENCE_START_EVENT || event.type == YAML_MAPPING_START_EVENT) depth++;
        else if (event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT) depth--;
        if (depth > YAML_DEPTH_LIMIT)
            ok = error_set(e, "%s:%zu:%zu: more than %d lists and mappings in each other: a flatter file wanted", path,
                           event.start_mark.line + 1, event.start_mark.column + 1, YAML_DEPTH_LIMIT);
        more = event.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    return ok;
}

static bool load_only(struct yaml_file *file, yaml_parser_t *parser, const char *wanted, struct error *e) {
    yaml_document_t second;

    if (!yaml_parser_load(parser, &file->document)) return syntax_fail(file->path, parser, e);
    bool ok = yaml_file_root(file) || error_set(e, "%s: empty: %s wanted", file->path, wanted);
    if (ok && !yaml_parser_load(parser, &second)) {
        ok = syntax_fail(file->path, parser, e);
    } else if (ok) {
        if (yaml_document_get_root_node(&second))
            ok = error_set(e, "%s:%zu:%zu: a second document: one wanted", file->path, second.start_mark.line + 1,
                           second.start_mark.column + 1);
        yaml_document_delete(&second);
    }
    if (!ok) yaml_document_delete(&file->document);
    return ok;
}

/* One pass over the bytes: for the depth when `wanted` is NULL, else for the document. */
static bool parse_pass(struct yaml_file *file, const uint8_t *bytes, size_t size, const char *wanted, struct error *e) {
    yaml_parser_t parser;

    if (!yaml_parser_initialize(&parser)) return error_memory(e);
    yaml_parser_set_input_string(&parser, bytes, size);
    bool ok = wanted ? load_only(file, &parser, wanted, e) : check_depth(file->path, &parser, e);
    yaml_parser_delete(&parser);
    return ok;
}

bool yaml_text_open(const char *path, const char *text, size_t size, const char *wanted, struct yaml_file *file,
                    struct error *e) {
    const uint8_t *bytes = (const uint8_t *)text;

    *file = (struct yaml_file){.path = path};
    return parse_pass(file, bytes, size, NULL, e) && parse_pass(file, bytes, size, wanted, e);
}

bool yaml_file_open(const char *path, const char *wanted, struct yaml_file *file, struct error *e) {
    size_t size;
    char *bytes;

    if (!yaml_file_read(path, &bytes, &size, e)) return false;
    bool ok = yaml_text_open(path, bytes, size, wanted, file, e);
    free(bytes);
    return ok;
}

void yaml_file_close(struct yaml_file *file) {
    yaml_document_delete(&file->document);
}

yaml_node_t *yaml_file_root(struct yaml_file *file) {
    return yaml_document_get_root_node(&file->document);
}

yaml_node_t *yaml_file_node(struct yaml_file *file, int id) {
    return yaml_document_get_node(&file->document, id);
}

/* ---- Nodes ---- */

/* No mark of a file has this index. */
#define SETTING_INDEX SIZE_MAX

yaml_mark_t yaml_mark_of_setting(unsigned number) {
    return (yaml_mark_t){.index = SETTING_INDEX, .line = number};
}

struct location yaml_location(const yaml_node_t *node) {
    const yaml_mark_t *mark = &node->start_mark;
    if (mark->index == SETTING_INDEX) return (struct location){0, (unsigned)mark->line + 1};
    return (struct location){(unsigned)mark->line + 1, (unsigned)mark->column + 1};
}

const char *yaml_folder(const struct yaml_file *file, const yaml_node_t *node) {
    return yaml_location(node).line ? file->folder : ".";
}

bool yaml_fail(const struct yaml_file *file, const yaml_node_t *at, struct error *e, const char *format, ...) {
    va_list list;

    va_start(list, format);
    error_set_list(e, format, list);
    va_end(list);
    return location_prefix(file->path, file->settings, yaml_location(at), e);
}

struct first_text yaml_first(struct location location) {
    struct first_text out = {""};
    if (location.line) snprintf(out.text, sizeof out.text, " (first on line %u)", location.line);
    return out;
}

static const char *node_kind(const yaml_node_t *node) {
    static const char *const kinds[] = {
        [YAML_NO_NODE] = "nothing",
        [YAML_SCALAR_NODE] = "a single value",
        [YAML_SEQUENCE_NODE] = "a list",
        [YAML_MAPPING_NODE] = "a mapping",
    };
    return kinds[node->type];
}

/* What YAML reads as null. */
static bool is_null(const yaml_node_t *node) {
    const char *text = (const char *)node->data.scalar.value;
    bool plain = node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    return plain && (!*text || !strcmp(text, "~") || !strcmp(text, "null"));
}

const char *yaml_scalar(const struct yaml_file *file, const yaml_node_t *node, const char *wanted, struct error *e) {
    const char *text = node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;

    if (!text) yaml_fail(file, node, e, "%s: %s wanted", node_kind(node), wanted);
    else if (is_null(node) || !*text) yaml_fail(file, node, e, "no value: %s wanted", wanted);
    else if (strlen(text) != node->data.scalar.length) yaml_fail(file, node, e, "a zero byte: %s wanted", wanted);
    else return text;
    return NULL;
}

bool yaml_check_list(const struct yaml_file *file, const yaml_node_t *node, const char *wanted, size_t *count,
                     struct error *e) {
    if (node->type == YAML_SCALAR_NODE && is_null(node)) return yaml_fail(file, node, e, "no value: %s wanted", wanted);
    if (node->type != YAML_SEQUENCE_NODE) return yaml_fail(file, node, e, "%s: %s wanted", node_kind(node), wanted);
    *count = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
    if (*count == 0) return yaml_fail(file, node, e, "an empty list: %s wanted", wanted);
    if (*count > YAML_ENTRY_LIMIT)
        return yaml_fail(file, node, e, "%zu items: at most %d wanted", *count, YAML_ENTRY_LIMIT);
    return true;
}

bool yaml_fail_unknown(const struct yaml_file *file, const yaml_node_t *key, const char *what, const char *const *names,
                       size_t n, struct error *e) {
    const char *text = (const char *)key->data.scalar.value;
    const char *nearest = text_nearest(text, names, n);

    if (nearest)
        return yaml_fail(file, key, e, "unknown %s '%s': did you mean '%s'?", what, excerpt_of(text).text, nearest);
    struct text list = {0};
    for (size_t i = 0; i < n; i++) text_add(&list, "%s%s", i == 0 ? "" : i + 1 == n ? " or " : ", ", names[i]);
    yaml_fail(file, key, e, "unknown %s '%s': %s wanted", what, excerpt_of(text).text,
              list.failed ? "another" : list.data);
    text_finish(&list);
    return false;
}

static bool known(const char *text, const char *const *names, size_t n) {
    bool found = !names;

    for (size_t i = 0; i < n && !found; i++) found = strcmp(text, names[i]) == 0;
    return found;
}

bool yaml_check_keys(struct yaml_file *file, const yaml_node_t *node, const char *what, const char *wanted,
                     const char *const *names, size_t n, struct error *e) {
    if (node->type == YAML_SCALAR_NODE && is_null(node)) return yaml_fail(file, node, e, "no value: %s wanted", wanted);
    if (node->type != YAML_MAPPING_NODE) return yaml_fail(file, node, e, "%s: %s wanted", node_kind(node), wanted);
    const yaml_node_pair_t *first = node->data.mapping.pairs.start, *end = node->data.mapping.pairs.top;
    if (end - first > YAML_ENTRY_LIMIT)
        return yaml_fail(file, node, e, "%zu entries: at most %d wanted", (size_t)(end - first), YAML_ENTRY_LIMIT);
    for (const yaml_node_pair_t *p = first; p < end; p++) {
        const yaml_node_t *key = yaml_file_node(file, p->key);
        const char *text = yaml_scalar(file, key, "a plain key", e);
        if (!text) return false;
        if (!known(text, names, n)) return yaml_fail_unknown(file, key, what, names, n, e);
        for (const yaml_node_pair_t *q = first; q < p; q++) {
            if (strcmp(yaml_key(file, q), text) == 0)
                return yaml_fail(file, key, e, "%s '%s' a second time: once wanted%s", what, excerpt_of(text).text,
                                 yaml_first(yaml_location(yaml_file_node(file, q->key))).text);
        }
    }
    return true;
}

const char *yaml_key(struct yaml_file *file, const yaml_node_pair_t *pair) {
    return (const char *)yaml_file_node(file, pair->key)->data.scalar.value;
}

yaml_node_t *yaml_find(struct yaml_file *file, const yaml_node_t *mapping, const char *key) {
    for (const yaml_node_pair_t *p = mapping->data.mapping.pairs.start; p < mapping->data.mapping.pairs.top; p++)
        if (strcmp(yaml_key(file, p), key) == 0) return yaml_file_node(file, p->value);
    return NULL;
}
