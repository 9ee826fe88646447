/* csv_text.c: libcsv into one pool of texts, every row as long as the header. */
#include "data/csv_text.h"

#include "base/array.h"
#include "base/file.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct reader {
    struct csv_text *table;
    size_t line, in_row; /* the line being read, from 1; fields of the row so far */
    bool failed;
    struct error error;
};

/* The callbacks cannot stop libcsv; after the first failure they do nothing. */
static void on_field(void *data, size_t length, void *user) {
    struct reader *r = user;
    struct csv_text *t = r->table;

    if (r->failed) return;
    size_t *field = array_grow(t->field, t->fields, sizeof *field);
    if (field) {
        t->field = field;
        field[t->fields++] = t->pool.length;
        text_append(&t->pool, data ? data : "", data ? length : 0);
        text_append(&t->pool, "", 1);
    }
    r->in_row++;
    r->failed = !field || t->pool.failed;
    if (r->failed) error_memory(&r->error);
}

static void on_row(int terminator, void *user) {
    struct reader *r = user;
    struct csv_text *t = r->table;

    (void)terminator;
    if (r->failed) return;
    if (t->lines == 0) t->columns = r->in_row;
    size_t *line = array_grow(t->line, t->lines, sizeof *line);
    if (!line) {
        r->failed = true;
        error_memory(&r->error);
        return;
    }
    t->line = line;
    line[t->lines++] = r->line;
    if (r->in_row != t->columns) {
        r->failed = true;
        error_set(&r->error, "%s:%zu: %zu fields: %zu wanted, as in the header", t->path, r->line, r->in_row,
                  t->columns);
    }
    r->in_row = 0;
}

/* Line by line, because libcsv does not count them. */
static bool parse(struct reader *r, struct csv_parser *parser, const char *bytes, size_t size) {
    const struct csv_text *t = r->table;
    size_t next;

    for (size_t at = 0; at < size; at = next) {
        const char *end = memchr(bytes + at, '\n', size - at);
        next = end ? (size_t)(end - bytes) + 1 : size;
        r->line++;
        size_t n = csv_parse(parser, bytes + at, next - at, on_field, on_row, r);
        if (r->failed) return false;
        if (n != next - at) return error_set(&r->error, "%s:%zu:%zu: a stray quote", t->path, r->line, n + 1);
    }
    if (csv_fini(parser, on_field, on_row, r) != 0)
        return error_set(&r->error, "%s:%zu: a quote that is never closed", t->path, r->line);
    if (r->failed) return false;
    if (t->lines < 2) return error_set(&r->error, "%s: a header and at least one row wanted", t->path);
    return true;
}

/* Text that is mostly ASCII has a zero in every other byte. */
static bool is_wide(const uint8_t *bytes, size_t size) {
    size_t zeros[2] = {0}, n = size < 4096 ? size & ~(size_t)1 : 4096;

    if (size >= 2 && ((bytes[0] == 0xff && bytes[1] == 0xfe) || (bytes[0] == 0xfe && bytes[1] == 0xff))) return true;
    for (size_t i = 0; i < n; i++) zeros[i % 2] += bytes[i] == 0;
    return n >= 4 && ((zeros[0] > n / 4 && zeros[1] == 0) || (zeros[1] > n / 4 && zeros[0] == 0));
}

bool csv_text_front(const char *path, const uint8_t *bytes, size_t size, size_t *skip, struct error *e) {
    static const uint8_t mark[] = {0xef, 0xbb, 0xbf}; /* the byte order mark that Excel writes */

    if (is_wide(bytes, size))
        return error_set(e, "%s: UTF-16: UTF-8 wanted (save it as CSV UTF-8, or: iconv -f UTF-16 -t UTF-8)", path);
    *skip = size >= sizeof mark && memcmp(bytes, mark, sizeof mark) == 0 ? sizeof mark : 0;
    return true;
}

bool csv_text_encoding(const char *path, size_t line, const uint8_t *bytes, size_t size, struct error *e) {
    size_t n = 1;
    uint32_t code;

    for (size_t at = 0; at < size; at += n) {
        n = 1;
        if (bytes[at] == '\n') line++;
        if (bytes[at] < 0x80) continue;
        n = utf8_next((const char *)bytes + at, &code);
        if (n == 1)
            return error_set(e,
                             "%s:%zu: byte 0x%02x: not UTF-8, perhaps Latin-1 or Windows-1252: UTF-8 wanted (save it "
                             "as CSV UTF-8, or: iconv -f WINDOWS-1252 -t UTF-8)",
                             path, line, bytes[at]);
    }
    return true;
}

bool csv_text_read(const char *path, struct csv_text *out, struct error *e) {
    struct csv_text table = {.path = path};
    struct reader r = {.table = &table};
    struct csv_parser parser;
    uint8_t *bytes = NULL;
    size_t size = 0, skip = 0;

    if (!file_read(path, &bytes, &size, e)) return false;
    bool ok = csv_text_front(path, bytes, size, &skip, &r.error) &&
              csv_text_encoding(path, 1, bytes + skip, size - skip, &r.error) &&
              (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) == 0 || error_memory(&r.error));
    if (ok) {
        ok = parse(&r, &parser, (const char *)bytes + skip, size - skip);
        csv_free(&parser);
    }
    free(bytes);
    table.rows = table.lines - (table.lines > 0);
    if (ok) *out = table;
    else {
        csv_text_finish(&table);
        error_set(e, "%s", r.error.text);
    }
    return ok;
}

void csv_text_finish(struct csv_text *t) {
    text_finish(&t->pool);
    free(t->field);
    free(t->line);
    *t = (struct csv_text){0};
}

bool csv_text_column(const struct csv_text *t, const char *const *names, size_t *column, struct error *e) {
    for (size_t k = 0; names[k]; k++)
        for (size_t i = 0; i < t->columns; i++)
            if (strcasecmp(t->pool.data + t->field[i], names[k]) == 0) {
                *column = i;
                return true;
            }
    return error_set(e, "%s:%zu: no column '%s': one of that name wanted in the header", t->path, t->line[0], names[0]);
}

const char *csv_text_at(const struct csv_text *t, size_t row, size_t column) {
    return t->pool.data + t->field[(row + 1) * t->columns + column];
}

size_t csv_text_line(const struct csv_text *t, size_t row) {
    return t->line[row + 1];
}
