/* csv.c: a CSV file becomes a data set. Every row is looked at once, so that a bad one is an error before anything
 * runs. Of a small file the numbers are kept; of a large one, where its rows are. */
#include "data/csv.h"

#include "base/file_stream.h"
#include "data/csv_rows.h"
#include "data/csv_table.h"
#include "data/csv_text.h"

#include <stdlib.h>
#include <string.h>

struct load {
    struct csv_table table;
    struct file_stream file;
    size_t at;              /* of the window: where the next line begins */
    struct csv_rows *rows;  /* of a large file, from the end of its header on */
    struct csv_block block; /* the rows since the last one ended */
};

/* ---- where rows are ---- */

static bool end_block(struct load *l) {
    const uint64_t here = l->file.offset + l->at;
    const struct csv_table *t = &l->table;

    if (here > l->block.at && !csv_rows_add(l->rows, &l->block, l->file.bytes + (l->block.at - l->file.offset), here))
        return false;
    l->block = (struct csv_block){.at = here, .line = t->line, .row = (uint32_t)t->rows};
    return true;
}

/* Between two rows. */
static bool note_place(struct load *l, struct error *e) {
    struct csv_table *t = &l->table;
    const uint64_t here = l->file.offset + l->at;

    if (!l->rows) {
        l->block = (struct csv_block){.at = here, .line = t->line};
        return csv_rows_create(t->path, &l->file.mark, &t->columns, &l->rows, e);
    }
    return here - l->block.at < CSV_BLOCK || end_block(l) || error_memory(e);
}

/* ---- reading ---- */

static bool said(const struct load *l, struct error *e) {
    return error_set(e, "%s", l->table.error.text);
}

/* More of the file into the window; the open block stays in it. */
static bool more(struct load *l, struct error *e) {
    size_t from = l->rows ? (size_t)(l->block.at - l->file.offset) : l->at;

    l->at -= from;
    return file_stream_more(&l->file, from, e);
}

/* One line, however far it reaches. */
static bool read_line(struct load *l, struct error *e) {
    struct csv_table *t = &l->table;
    uint8_t *next = NULL;

    if (t->skip_values && !csv_table_plain(t, l->file.bytes + l->at, l->file.bytes + l->file.count, &next))
        return said(l, e);
    if (next) {
        l->at = (size_t)(next - l->file.bytes);
        return true;
    }
    const uint8_t *behind = csv_line_end(l->file.bytes + l->at, l->file.bytes + l->file.count);
    if (!behind && !l->file.ended) return more(l, e);
    if (!behind) behind = l->file.bytes + l->file.count;
    if (!csv_table_line(t, l->file.bytes + l->at, behind)) return said(l, e);
    l->at = (size_t)(behind - l->file.bytes);
    return true;
}

static bool read_lines(struct load *l, struct error *e) {
    const struct csv_table *t = &l->table;

    while (l->at < l->file.count || !l->file.ended) {
        if (!(l->at < l->file.count ? read_line(l, e) : more(l, e))) return false;
        if (t->skip_values && t->in_data && !t->in_row && !note_place(l, e)) return false;
    }
    return (csv_table_end(&l->table) || said(l, e)) && (!l->rows || end_block(l) || error_memory(e));
}

static bool read_table(struct load *l, struct dataset *d, struct error *e) {
    struct csv_table *t = &l->table;

    if (!csv_text_front(t->path, l->file.bytes, l->file.count, &l->at, e)) return false;
    if (!csv_table_begin(t)) return said(l, e);
    return read_lines(l, e) && (l->file.packed || file_stream_digest(&l->file, d->digest, e));
}

/* ---- the data set ---- */

static void note_column(struct dataset *d, const struct csv_table *t) {
    struct excerpt name = excerpt_of(t->labels.column);

    if (t->columns.usual)
        dataset_note(d, "%s: %zu columns may be the label: '%s' is taken (label=COLUMN says another)", t->path,
                     t->columns.usual, name.text);
    else
        dataset_note(d,
                     "%s: no column is named label, target or class: the last one, '%s', is taken for the label "
                     "(label=COLUMN says another)",
                     t->path, name.text);
}

static bool hand_over(struct load *l, struct dataset *d, struct error *e) {
    struct csv_table *t = &l->table;

    d->count = (uint32_t)t->rows;
    d->sample = (struct shape){.rank = 1, .dim = {t->columns.count - t->columns.labels - t->columns.ignored}};
    d->values = t->values;
    t->values = NULL;
    d->rows = l->rows;
    l->rows = NULL;
    d->targets = t->targets;
    t->targets = NULL;
    d->target_count = d->targets ? (uint32_t)t->columns.labels : 0;
    if (!t->label && t->columns.usual != 1) note_column(d, t);
    return (d->targets ? source_leave_unlabelled(d, d->count, e) : csv_labels_to_classes(&t->labels, d, e)) &&
           csv_columns_hand_over(&t->columns, d, e);
}

bool csv_load_keeping(const char *path, const char *label, uint64_t most, struct dataset *d, struct error *e) {
    struct load l = {
        .table = {
            .path = path, .label = label, .ignore = d->ignore, .columns.kind = d->labels_as, .labels.path = path}};
    bool ok = file_stream_open(&l.file, path, e);

    l.table.skip_values = ok && !l.file.packed && l.file.mark.size > most;
    ok = ok && read_table(&l, d, e) && hand_over(&l, d, e);
    csv_table_finish(&l.table);
    csv_rows_destroy(l.rows);
    file_stream_close(&l.file);
    return ok;
}

bool csv_load(const char *path, const char *label, struct dataset *d, struct error *e) {
    return csv_load_keeping(path, label, CSV_KEPT_MOST, d, e);
}
