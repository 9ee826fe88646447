/* expect_edit.c: where in the text an expectation stands, or is to stand. */
#include "battery/expect_edit.h"

#include "base/array.h"
#include "battery/yaml_node.h"

#include <stdlib.h>
#include <string.h>

#define COMMENT_WIDTH 100
#define COMMENT_MORE "#   "

/* Bytes from..to of the text are left out, and `put` stands there. */
struct edit {
    size_t from, to, order;
    char *put;
};

struct editor {
    struct yaml_file file;
    const char *path, *text;
    size_t size;
    struct edit *edits;
    size_t count;
    struct error *error;
};

/* libyaml counts characters, and no byte order mark. */
static size_t byte_of(const struct editor *x, size_t characters) {
    size_t at = x->size >= 3 && memcmp(x->text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    for (; characters && at < x->size; characters--)
        for (at++; at < x->size && ((unsigned char)x->text[at] & 0xc0) == 0x80;) at++;
    return at;
}

static size_t line_start(const struct editor *x, size_t at) {
    while (at > 0 && x->text[at - 1] != '\n') at--;
    return at;
}

static size_t line_end(const struct editor *x, size_t at) {
    while (at < x->size && x->text[at] != '\n' && x->text[at] != '\r') at++;
    return at;
}

static bool add_edit(struct editor *x, size_t from, size_t to, struct text *put) {
    struct edit *more = put->failed ? NULL : array_grow(x->edits, x->count, sizeof *more);
    if (!more) {
        text_finish(put);
        return error_memory(x->error);
    }
    x->edits = more;
    more[x->count] = (struct edit){from, to, x->count, put->data};
    x->count++;
    return true;
}

static bool by_hand(const struct editor *x, const yaml_node_t *at, const struct expect_change *c, const char *why) {
    return yaml_fail(&x->file, at, x->error, "%s: write it by hand, under `expect`: %s: %s", why, c->key, c->word);
}

/* ---- comments ---- */

/* The reason in lines of a comment, each at that column. */
static void add_comment(struct text *out, const char *reason, size_t column) {
    text_add(out, "%*s" EXPECT_COMMENT, (int)column, "");
    text_add_wrapped(out, reason, column + sizeof EXPECT_COMMENT - 1, COMMENT_WIDTH, column, COMMENT_MORE);
}

static bool begins(const struct editor *x, size_t line, const char *with) {
    while (line < x->size && x->text[line] == ' ') line++;
    size_t n = strlen(with);
    return x->size - line >= n && memcmp(x->text + line, with, n) == 0;
}

/* Where an earlier comment of ours begins that ends at that line; the line itself where there is none. */
static size_t comment_start(const struct editor *x, size_t line) {
    for (size_t at = line; at > 0;) {
        at = line_start(x, at - 1);
        if (begins(x, at, EXPECT_COMMENT)) return at;
        if (!begins(x, at, COMMENT_MORE)) break;
    }
    return line;
}

/* ---- an entry that is there ---- */

/* The pair of that cell under `expect`: ROW/CONTROL, or ROW with a mapping; NULL: there is none. */
static const yaml_node_pair_t *find_cell(struct editor *x, const yaml_node_t *expect, const struct expect_change *c) {
    char *cell = text_format("%s/%s", c->row, c->control);
    const yaml_node_pair_t *found = NULL;
    for (const yaml_node_pair_t *p = expect->data.mapping.pairs.start; cell && p < expect->data.mapping.pairs.top;
         p++) {
        const yaml_node_t *value = yaml_file_node(&x->file, p->value);
        const char *key = yaml_key(&x->file, p);
        if (strcmp(key, cell) == 0) found = p;
        if (strcmp(key, c->row) != 0 || value->type != YAML_MAPPING_NODE) continue;
        for (const yaml_node_pair_t *q = value->data.mapping.pairs.start; q < value->data.mapping.pairs.top; q++)
            if (strcmp(yaml_key(&x->file, q), c->control) == 0) found = q;
    }
    free(cell);
    return found;
}

/* The reason above the key, in place of an earlier one; where the key does not begin its line there is no room. */
static bool comment_entry(struct editor *x, const yaml_node_t *key, const struct expect_change *c) {
    size_t at = byte_of(x, key->start_mark.index), line = line_start(x, at);
    struct text comment = {0};
    if (strspn(x->text + line, " ") < at - line) return true;
    add_comment(&comment, c->reason, at - line);
    return add_edit(x, comment_start(x, line), line, &comment);
}

static bool change_entry(struct editor *x, const yaml_node_pair_t *pair, const struct expect_change *c) {
    const yaml_node_t *key = yaml_file_node(&x->file, pair->key), *value = yaml_file_node(&x->file, pair->value);
    struct text word = {0};
    if (value->start_mark.index < key->end_mark.index) return by_hand(x, key, c, "the entry is an alias");
    if (value->type == YAML_SEQUENCE_NODE && value->data.sequence.style != YAML_FLOW_SEQUENCE_STYLE)
        return by_hand(x, key, c, "the entry is a list over several lines");
    text_add(&word, "%s", c->word);
    return add_edit(x, byte_of(x, value->start_mark.index), byte_of(x, value->end_mark.index), &word) &&
           comment_entry(x, key, c);
}

/* ---- a new one ---- */

/* Behind the last character of what the node holds: marks of block collections lie behind comments. */
static size_t content_end(struct editor *x, const yaml_node_t *node) {
    size_t end = 0;
    if (node->type == YAML_MAPPING_NODE && node->data.mapping.style != YAML_FLOW_MAPPING_STYLE) {
        for (const yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top; p++) {
            size_t key = byte_of(x, yaml_file_node(&x->file, p->key)->end_mark.index),
                   value = content_end(x, yaml_file_node(&x->file, p->value));
            end = key > end ? key : end;
            end = value > end ? value : end;
        }
        return end;
    }
    if (node->type == YAML_SEQUENCE_NODE && node->data.sequence.style != YAML_FLOW_SEQUENCE_STYLE) {
        for (const yaml_node_item_t *i = node->data.sequence.items.start; i < node->data.sequence.items.top; i++) {
            size_t item = content_end(x, yaml_file_node(&x->file, *i));
            end = item > end ? item : end;
        }
        return end;
    }
    return byte_of(x, node->end_mark.index);
}

/* Lines as the file ends them. */
static const char *newline(const struct editor *x) {
    const char *end = memchr(x->text, '\n', x->size);
    return end && end > x->text && end[-1] == '\r' ? "\r\n" : "\n";
}

/* "\n", the comment and the entry, without a line end behind. */
static void add_entry(struct text *out, const struct expect_change *c, size_t column) {
    text_add(out, "\n");
    add_comment(out, c->reason, column);
    text_add(out, "%*s%s: %s", (int)column, "", c->key, c->word);
}

static bool add_to_block(struct editor *x, const yaml_node_t *expect, const struct expect_change *c) {
    size_t at = line_end(x, content_end(x, expect));
    struct text put = {0};
    add_entry(&put, c, expect->start_mark.column);
    return add_edit(x, at, at, &put);
}

/* Behind the last entry, or the opening brace. */
static bool add_to_flow(struct editor *x, const yaml_node_t *root, const yaml_node_t *expect, bool first,
                        const struct expect_change *c) {
    const yaml_node_pair_t *top = expect->data.mapping.pairs.top;
    bool empty = expect->data.mapping.pairs.start == top;
    size_t at = byte_of(x, expect->end_mark.index) - 1;
    struct text put = {0};
    if (!empty) {
        const yaml_node_t *key = yaml_file_node(&x->file, top[-1].key),
                          *value = yaml_file_node(&x->file, top[-1].value);
        if (value->start_mark.index < key->end_mark.index) return by_hand(x, key, c, "the last entry is an alias");
        at = byte_of(x, value->end_mark.index);
    }
    bool comma = !empty && x->text[at] == ',';
    if (comma) at++;
    if (!first || (!empty && !comma)) text_add(&put, ",");
    add_entry(&put, c, root->start_mark.column + 2);
    return add_edit(x, at, at, &put);
}

/* At the end of the file. */
static bool add_expect(struct editor *x, const yaml_node_t *root, bool first, const struct expect_change *c) {
    struct text put = {0};
    if (root->data.mapping.style == YAML_FLOW_MAPPING_STYLE || !x->file.document.end_implicit)
        return by_hand(x, root, c, "no room behind this");
    if (first && x->size && x->text[x->size - 1] != '\n') text_add(&put, "\n");
    if (first) text_add(&put, "%*sexpect:", (int)root->start_mark.column, "");
    add_entry(&put, c, root->start_mark.column + 2);
    return add_edit(x, x->size, x->size, &put);
}

static bool change(struct editor *x, const yaml_node_t *root, yaml_node_t *expect, bool first,
                   const struct expect_change *c) {
    const yaml_node_pair_t *pair = expect ? find_cell(x, expect, c) : NULL;
    if (pair) return change_entry(x, pair, c);
    if (!expect) return add_expect(x, root, first, c);
    if (expect->data.mapping.style == YAML_FLOW_MAPPING_STYLE) return add_to_flow(x, root, expect, first, c);
    return add_to_block(x, expect, c);
}

/* ---- all of them ---- */

static int compare_edits(const void *a, const void *b) {
    const struct edit *x = a, *y = b;
    if (x->from != y->from) return x->from < y->from ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static bool apply(struct editor *x, struct text *out) {
    size_t at = 0;
    const char *end = newline(x);
    bool appended = false;
    if (x->count) qsort(x->edits, x->count, sizeof *x->edits, compare_edits);
    for (size_t i = 0; i < x->count; i++) {
        const struct edit *d = &x->edits[i];
        if (d->from < at) return error_set(x->error, "%s: two changes at one place: change it by hand", x->path);
        text_append(out, x->text + at, d->from - at);
        for (const char *c = d->put; *c; c++)
            if (*c == '\n') text_add(out, "%s", end);
            else text_append(out, c, 1);
        at = d->to;
        appended = appended || d->from == x->size;
    }
    text_append(out, x->text + at, x->size - at);
    if (appended && out->length && out->data[out->length - 1] != '\n') text_add(out, "%s", end);
    return !out->failed || error_memory(x->error);
}

/* The first change of those that are added is told apart: it brings what they share. */
static bool change_all(struct editor *x, bool baseline, const struct expect_change *changes, size_t count) {
    yaml_node_t *root = yaml_file_root(&x->file), *expect = baseline ? root : NULL;
    bool ok = yaml_check_keys(&x->file, root, "key", "a mapping", NULL, 0, x->error), first = true;
    if (ok && !baseline) expect = yaml_find(&x->file, root, "expect");
    if (ok && expect && expect != root)
        ok = yaml_check_keys(&x->file, expect, "explainer", "a mapping", NULL, 0, x->error);
    for (size_t i = 0; ok && i < count; i++) {
        bool there = expect && find_cell(x, expect, &changes[i]);
        ok = change(x, root, expect, first, &changes[i]);
        first = first && there;
    }
    return ok;
}

bool expect_edit(const char *path, const char *text, size_t size, bool baseline, const struct expect_change *changes,
                 size_t count, struct text *out, struct error *e) {
    struct editor x = {.path = path, .text = text, .size = size, .error = e};
    if (size >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0))
        return error_set(e, "%s: UTF-16: a text in UTF-8 wanted", path);
    if (!yaml_text_open(path, text, size, "a mapping", &x.file, e)) return false;
    bool ok = change_all(&x, baseline, changes, count) && apply(&x, out);
    for (size_t i = 0; i < x.count; i++) free(x.edits[i].put);
    free(x.edits);
    yaml_file_close(&x.file);
    return ok;
}
