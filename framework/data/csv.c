/* csv.c: numeric columns and one column of labels, through libcsv in its strict mode. libcsv says neither line nor
 * column, so the file goes in line by line. */
#include "data/csv.h"

#include "base/array.h"
#include "base/file.h"
#include "data/csv_columns.h"
#include "data/csv_text.h"

#include <csv.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct table {
    const char *path, *label; /* label: the column asked for, or NULL */
    size_t line;              /* of the bytes that libcsv is reading, from 1 */
    size_t fields;            /* of the current row, so far */
    bool in_row, in_data;     /* in the middle of a row; behind the header */
    unsigned events;          /* fields reported, for line tracking only */
    size_t quote_line;        /* where the open row was continued last: an unclosed quote is there */

    struct csv_columns columns;
    size_t header_line, rows;
    float *values;
    size_t value_count;
    struct csv_labels labels; /* texts of classes; of another kind of labels they are targets */
    float *targets;           /* [target_rows][columns.labels] */
    size_t target_rows;

    bool row_failed; /* the first complaint about a field waits: a row of the wrong length is the better complaint */
    bool failed;
    struct error error;
};

/* The callbacks cannot stop libcsv; after the first failure they do nothing. */
#define TABLE_FAIL(t, ...) ((t)->failed = true, error_set(&(t)->error, __VA_ARGS__))

static void memory_fail(struct table *t) {
    t->failed = true;
    error_memory(&t->error);
}

static bool add_name(struct table *t, const char *text) {
    struct csv_columns *c = &t->columns;
    char **names = array_grow(c->names, c->count, sizeof *names);

    if (!names) return false;
    c->names = names;
    c->names[c->count] = text_copy(text);
    return c->names[c->count++] != NULL;
}

static bool add_value(struct table *t, float value) {
    float *values = array_grow(t->values, t->value_count, sizeof *values);

    if (!values) return false;
    t->values = values;
    t->values[t->value_count++] = value;
    return true;
}

static bool add_label(struct table *t, const char *text) {
    struct csv_labels *l = &t->labels;
    struct csv_label *items = array_grow(l->item, l->count, sizeof *items);

    if (!items) return false;
    l->item = items;
    l->item[l->count++] = (struct csv_label){l->pool.length, t->line};
    text_append(&l->pool, text, strlen(text) + 1);
    return !l->pool.failed;
}

/* A row of targets is made with the first of them. */
static bool put_target(struct table *t, size_t place, float value) {
    size_t labels = t->columns.labels;
    float *targets = t->targets;

    for (size_t k = 0; t->target_rows == t->rows && k < labels; k++) {
        targets = array_grow(t->targets, t->rows * labels + k, sizeof *targets);
        if (!targets) return false;
        t->targets = targets;
    }
    t->target_rows = t->rows + 1;
    t->targets[t->rows * labels + place - 1] = value;
    return true;
}

/* How tables write that there is no value. */
static bool is_missing(const char *text) {
    static const char *const marks[] = {"", "NA", "N/A", "NaN", "nan", "null", "NULL", "?"};

    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (strcmp(text, marks[i]) == 0) return true;
    return false;
}

static bool is_decimal_comma(const char *text) {
    const char *comma = strchr(text, ',');
    return comma && !strchr(comma + 1, ',') && !text[strspn(text, "0123456789+-,eE")];
}

static void field_fail(struct table *t, const char *text, const char *wanted) {
    struct excerpt found = excerpt_of(text);
    bool missing = is_missing(text);
    const char *remedy = missing                  ? " (fill it in or leave the row out)"
                         : is_decimal_comma(text) ? " (with a point, not a comma)"
                                                  : "";

    t->row_failed = true;
    error_set(&t->error, "%s:%zu: column %zu '%s': %s%s%s: %s wanted%s", t->path, t->line, t->fields + 1,
              excerpt_of(t->columns.names[t->fields]).text, missing ? "missing value" : "'", missing ? "" : found.text,
              missing ? "" : "'", wanted, remedy);
}

/* What a cell has to hold. */
static const char *cell_wanted(const struct table *t, size_t place) {
    if (!place) return "a number";
    return t->columns.kind == LABELS_CLASSES ? "a label" : t->columns.kind == LABELS_FLAGS ? "0 or 1" : "a real target";
}

static void read_number(struct table *t, const char *text, size_t place) {
    double value;

    if (!text_to_double(text, &value)) field_fail(t, text, cell_wanted(t, place));
    else if (place && t->columns.kind == LABELS_FLAGS && fabs(value) > 0 && fabs(value - 1) > 0)
        field_fail(t, text, cell_wanted(t, place));
    else if (fabs(value) > (double)FLT_MAX) field_fail(t, text, "a 32-bit number");
    else if (!(place ? put_target(t, place, (float)value) : add_value(t, (float)value))) memory_fail(t);
}

static void read_data(struct table *t, const char *text, size_t length) {
    if (t->fields >= t->columns.count || t->row_failed) return;
    size_t place = t->columns.place[t->fields];
    if (is_missing(text) || strlen(text) != length) field_fail(t, text, cell_wanted(t, place));
    else if (!place || t->columns.kind != LABELS_CLASSES) read_number(t, text, place);
    else if (!add_label(t, text)) memory_fail(t);
}

static void read_name(struct table *t, const char *text) {
    if (!*text)
        TABLE_FAIL(t, "%s:%zu: column %zu has no name: a header with names wanted (an index column? leave it out)",
                   t->path, t->line, t->fields + 1);
    else if (!add_name(t, text)) memory_fail(t);
}

static bool find_label(struct table *t) {
    struct error why;

    if (csv_columns_find(&t->columns, t->label, &why)) return true;
    return TABLE_FAIL(t, "%s:%zu: %s", t->path, t->line, why.text);
}

/* In a line of names, numbers are the numbers of columns: they rise. In a row of data they hardly ever do. */
static bool numbers_rise(const struct table *t) {
    double value, last = -INFINITY;

    for (size_t i = 0; i < t->columns.count; i++) {
        if (!text_to_double(t->columns.names[i], &value)) continue;
        if (!(value > last)) return false;
        last = value;
    }
    return true;
}

static bool first_line_fail(struct table *t) {
    size_t i = 0;
    double value;

    while (i + 1 < t->columns.count && !text_to_double(t->columns.names[i], &value)) i++;
    return TABLE_FAIL(t,
                      "%s:%zu: '%s' in the first line: a row of data, it seems, and the names of the columns wanted "
                      "there (put a line such as 'a,b,label' before it)",
                      t->path, t->header_line, excerpt_of(t->columns.names[i]).text);
}

/* A first line of numbers and, in the column of labels, a label that rows have, too. */
static bool check_first_line(struct table *t) {
    bool numbers = false;
    double value;

    for (size_t i = 0; i < t->columns.count; i++) numbers = numbers || text_to_double(t->columns.names[i], &value);
    for (size_t i = 0; numbers && i < t->labels.count; i++)
        if (strcmp(t->labels.pool.data + t->labels.item[i].at, t->columns.names[t->columns.first]) == 0)
            return first_line_fail(t);
    return true;
}

static bool header_end(struct table *t) {
    double value;
    bool numbers = true;

    for (size_t i = 0; i < t->columns.count; i++) numbers = numbers && text_to_double(t->columns.names[i], &value);
    if (numbers)
        return TABLE_FAIL(t, "%s:%zu: only numbers in the first line: a header with the names of the columns wanted",
                          t->path, t->line);
    t->header_line = t->line;
    if (!numbers_rise(t)) return first_line_fail(t);
    if (t->columns.count < 2)
        return TABLE_FAIL(t, "%s:%zu: one column '%s': numbers and a label wanted, separated by commas", t->path,
                          t->line, excerpt_of(t->columns.names[0]).text);
    t->in_data = true;
    return find_label(t);
}

static void on_field(void *data, size_t length, void *user) {
    struct table *t = user;
    const char *text = data ? data : ""; /* NULL: nothing between two commas */

    t->in_row = true;
    t->events++;
    if (!t->failed) {
        if (t->in_data) read_data(t, text, length);
        else read_name(t, text);
    }
    t->fields++;
}

static void on_row(int terminator, void *user) {
    struct table *t = user;

    (void)terminator;
    t->in_row = false;
    if (t->failed) return;
    if (!t->in_data) header_end(t);
    else if (t->fields != t->columns.count)
        TABLE_FAIL(t, "%s:%zu: %zu fields: %zu wanted, as in the header", t->path, t->line, t->fields,
                   t->columns.count);
    else if (t->row_failed) t->failed = true;
    else t->rows++;
    t->fields = 0;
}

/* Behind the end of the line that starts at `at`: \n, \r\n or \r. */
static size_t line_end(const uint8_t *bytes, size_t at, size_t size) {
    while (at < size && bytes[at] != '\n' && bytes[at] != '\r') at++;
    if (at + 1 < size && bytes[at] == '\r' && bytes[at + 1] == '\n') at++;
    return at < size ? at + 1 : size;
}

static bool is_blank(const uint8_t *bytes, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!strchr(" \t\r\n", bytes[i]) || !bytes[i]) return false;
    return true;
}

static bool syntax_fail(struct table *t, struct csv_parser *parser, size_t column) {
    if (csv_error(parser) != CSV_EPARSE) return error_memory(&t->error);
    return error_set(&t->error,
                     "%s:%zu:%zu: a stray quote: quotes around the whole field wanted, and doubled inside it", t->path,
                     t->line, column);
}

static bool parse_lines(struct table *t, struct csv_parser *parser, const uint8_t *bytes, size_t size) {
    size_t next;

    t->line = 1;
    for (size_t at = 0; at < size; at = next, t->line++) {
        next = line_end(bytes, at, size);
        bool was_in_row = t->in_row;
        t->events = 0;
        size_t n = csv_parse(parser, bytes + at, next - at, on_field, on_row, t);
        if (t->failed) return false;
        if (n != next - at) return syntax_fail(t, parser, n + 1);
        /* A line that ends neither a row nor, being blank, starts one has left a quote open. */
        if (t->events ? t->in_row : !was_in_row && !is_blank(bytes + at, next - at)) {
            t->in_row = true;
            t->quote_line = t->line;
        }
    }
    t->line--;
    if (csv_fini(parser, on_field, on_row, t) != 0)
        return error_set(&t->error, "%s:%zu: a quote that is never closed: a closing quote wanted", t->path,
                         t->quote_line);
    return !t->failed;
}

static bool parse_table(struct table *t, const uint8_t *bytes, size_t size) {
    struct csv_parser parser;
    size_t skip = 0;

    if (!csv_text_encoding(t->path, bytes, size, &skip, &t->error)) return false;
    bytes += skip;
    size -= skip;
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL | CSV_EMPTY_IS_NULL) != 0)
        return error_memory(&t->error);
    csv_set_blk_size(&parser, 1 << 16);
    bool ok = parse_lines(t, &parser, bytes, size);
    csv_free(&parser);
    if (!ok) return false;
    if (!t->in_data) return error_set(&t->error, "%s: empty: a header and at least one row wanted", t->path);
    if (t->rows == 0)
        return error_set(&t->error, "%s:%zu: the file ends behind the header: at least one row wanted", t->path,
                         t->line);
    if (t->rows > UINT32_MAX)
        return error_set(&t->error, "%s: %zu rows: at most %u wanted", t->path, t->rows, UINT32_MAX);
    t->labels.column = t->columns.names[t->columns.first];
    t->labels.guessed = !t->label && !t->columns.usual;
    return check_first_line(t);
}

static void table_finish(struct table *t) {
    for (size_t i = 0; i < t->columns.count; i++) free(t->columns.names[i]);
    free(t->columns.names);
    free(t->columns.place);
    free(t->values);
    free(t->targets);
    free(t->labels.item);
    text_finish(&t->labels.pool);
}

static void note_column(struct dataset *d, const struct table *t) {
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

static bool hand_over(struct table *t, struct dataset *d, struct error *e) {
    d->count = (uint32_t)t->rows;
    d->sample = (struct shape){.rank = 1, .dim = {t->columns.count - t->columns.labels}};
    d->values = t->values;
    t->values = NULL;
    d->targets = t->targets;
    t->targets = NULL;
    d->target_count = d->targets ? (uint32_t)t->columns.labels : 0;
    if (!t->label && t->columns.usual != 1) note_column(d, t);
    return (d->targets ? source_leave_unlabelled(d, d->count, e) : csv_labels_to_classes(&t->labels, d, e)) &&
           csv_columns_hand_over(&t->columns, d, e);
}

bool csv_load(const char *path, const char *label, struct dataset *d, struct error *e) {
    struct table t = {.path = path, .label = label, .columns.kind = d->labels_as, .labels.path = path};
    uint8_t *bytes = NULL;
    size_t size = 0;

    if (!file_read(path, &bytes, &size, e)) return false;
    bool ok = parse_table(&t, bytes, size) || error_set(e, "%s", t.error.text);
    free(bytes);
    ok = ok && hand_over(&t, d, e);
    table_finish(&t);
    return ok;
}
