/* csv_rows.c: a row is found by its block, which is read, held against its hash, and parsed as it was at first. The
 * block read last stays in memory, so that rows in their order are read once. The file is opened anew for each: a
 * process that is started has no descriptors of this one. */
#include "data/csv_rows.h"

#include "base/array.h"
#include "base/text.h"
#include "data/csv_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct csv_rows {
    char *path;
    struct file_mark mark;
    size_t columns, labels, ignored;
    size_t *place; /* [columns] */
    struct csv_block *blocks;
    size_t count;
    uint64_t end; /* of the last block */

    /* The block read last, up to the row that comes next. */
    uint8_t *bytes;
    size_t size, at, block;
    bool open;
    struct csv_table table;
};

bool csv_rows_create(const char *path, const struct file_mark *mark, const struct csv_columns *c, struct csv_rows **out,
                     struct error *e) {
    struct csv_rows *r = calloc(1, sizeof *r);

    if (!r) return error_memory(e);
    r->path = text_copy(path);
    r->mark = *mark;
    r->columns = c->count;
    r->labels = c->labels;
    r->ignored = c->ignored;
    r->place = malloc(c->count * sizeof *r->place);
    if (!r->path || !r->place) {
        csv_rows_destroy(r);
        return error_memory(e);
    }
    memcpy(r->place, c->place, c->count * sizeof *r->place);
    *out = r;
    return true;
}

static void close_block(struct csv_rows *r) {
    csv_table_finish(&r->table);
    r->table = (struct csv_table){0};
    free(r->bytes);
    r->bytes = NULL;
    r->open = false;
}

void csv_rows_destroy(struct csv_rows *r) {
    if (!r) return;
    close_block(r);
    free(r->path);
    free(r->place);
    free(r->blocks);
    free(r);
}

bool csv_rows_add(struct csv_rows *r, const struct csv_block *block, const uint8_t *bytes, uint64_t end) {
    struct csv_block *blocks = array_grow(r->blocks, r->count, sizeof *blocks);

    if (!blocks) return false;
    r->blocks = blocks;
    blocks[r->count] = *block;
    blocks[r->count++].hash = bytes_hash_wide(bytes, (size_t)(end - block->at));
    r->end = end;
    return true;
}

/* The block that holds the row. */
static size_t find_block(const struct csv_rows *r, uint32_t row) {
    size_t low = 0, high = r->count;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (r->blocks[middle].row <= row) low = middle;
        else high = middle;
    }
    return low;
}

/* All bytes of the block, from the file that it was. */
static bool read_bytes(struct csv_rows *r, uint64_t at, struct error *e) {
    struct file_mark now;
    size_t count = 0;
    ssize_t n = 1;
    int file = file_open(r->path, e);

    if (file < 0) return false;
    bool same = file_mark(file, &now) && file_mark_same(&now, &r->mark);
    while (same && count < r->size && n != 0) {
        n = pread(file, r->bytes + count, r->size - count, (off_t)(at + count));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) break;
        count += (size_t)n;
    }
    int why = errno;
    close(file);
    if (n < 0) return error_set(e, "%s: %s: a readable file was wanted", r->path, strerror(why));
    return (same && count == r->size) || file_changed(r->path, e);
}

/* The parser stands before its first row. */
static bool open_block(struct csv_rows *r, size_t block, struct error *e) {
    const struct csv_block *b = &r->blocks[block];

    close_block(r);
    r->size = (size_t)((block + 1 < r->count ? b[1].at : r->end) - b->at);
    r->at = 0;
    r->block = block;
    r->bytes = malloc(r->size + 1);
    r->table = (struct csv_table){.path = r->path,
                                  .skip_labels = true,
                                  .line = (size_t)b->line,
                                  .in_data = true,
                                  .columns = {.count = r->columns, .labels = r->labels, .ignored = r->ignored},
                                  .rows = b->row};
    r->table.cell = malloc(r->labels * sizeof *r->table.cell);
    r->table.columns.place = malloc(r->columns * sizeof *r->place);
    if (!r->bytes || !r->table.cell || !r->table.columns.place) return error_memory(e);
    memcpy(r->table.columns.place, r->place, r->columns * sizeof *r->place);
    r->bytes[r->size] = 0;
    if (!read_bytes(r, b->at, e)) return false;
    if (bytes_hash_wide(r->bytes, r->size) != b->hash) return file_changed(r->path, e);
    if (!csv_table_begin(&r->table)) return error_set(e, "%s", r->table.error.text);
    r->open = true;
    return true;
}

/* The next line, which is parsed even where it is plain if its numbers are wanted. */
static bool next_line(struct csv_rows *r) {
    struct csv_table *t = &r->table;
    uint8_t *line = r->bytes + r->at, *end = r->bytes + r->size, *next = NULL;

    if (t->skip_values && !csv_table_plain(t, line, end, &next)) return false;
    if (!next) {
        const uint8_t *behind = csv_line_end(line, end);
        next = behind ? line + (behind - line) : end;
        if (!csv_table_line(t, line, next)) return false;
    }
    r->at += (size_t)(next - line);
    return true;
}

/* Reads until there are so many rows, or to the end of the block. */
static bool read_until(struct csv_rows *r, size_t rows) {
    struct csv_table *t = &r->table;

    while (t->rows < rows && r->at < r->size)
        if (!next_line(r)) return false;
    return t->rows >= rows || csv_table_end_row(t);
}

bool csv_rows_read(struct csv_rows *r, uint32_t row, float *values, struct error *e) {
    struct csv_table *t = &r->table;
    const size_t block = find_block(r, row), features = r->columns - r->labels - r->ignored;

    if ((!r->open || r->block != block || t->rows > row) && !open_block(r, block, e)) {
        close_block(r);
        return false;
    }
    t->skip_values = true;
    bool ok = read_until(r, row);
    t->skip_values = false;
    t->value_count = 0;
    ok = ok && read_until(r, (size_t)row + 1) && t->rows == (size_t)row + 1 && t->value_count == features;
    if (ok) memcpy(values, t->values, features * sizeof *values);
    else close_block(r);
    return ok || file_changed(r->path, e);
}
