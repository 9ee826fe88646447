/* csv_table.c: numeric columns and one column of labels, through libcsv in its strict mode. libcsv says neither line
 * nor column, so the file goes in line by line. */
#include "data/csv_table.h"

#include "base/array.h"
#include "data/csv_text.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The callbacks cannot stop libcsv; after the first failure they do nothing. */
#define TABLE_FAIL(t, ...) ((t)->failed = true, error_set(&(t)->error, __VA_ARGS__))

static void memory_fail(struct csv_table *t) {
    t->failed = true;
    error_memory(&t->error);
}

static bool add_name(struct csv_table *t, const char *text) {
    struct csv_columns *c = &t->columns;
    char **names = array_grow(c->names, c->count, sizeof *names);

    if (!names) return false;
    c->names = names;
    c->names[c->count] = text_copy(text);
    return c->names[c->count++] != NULL;
}

static bool add_value(struct csv_table *t, float value) {
    float *values = array_grow(t->values, t->value_count, sizeof *values);

    if (!values) return false;
    t->values = values;
    t->values[t->value_count++] = value;
    return true;
}

#define MOST_WORDS ((size_t)1 << 20) /* different labels; whoever has more has no classes */

static bool add_label(struct csv_table *t, const char *text) {
    struct csv_labels *l = &t->labels;

    if (!csv_labels_add(l, text, t->line)) return false;
    if (l->words <= MOST_WORDS) return true;
    return TABLE_FAIL(
        t, "%s:%zu: column '%s': more than %zu different labels: at most %u classes wanted" SOURCE_REGRESSION_HINT,
        t->path, t->line, excerpt_of(t->columns.names[t->columns.first]).text, MOST_WORDS, SOURCE_CLASSES_MAX);
}

/* A row of targets is made with the first of them. */
static bool put_target(struct csv_table *t, size_t place, float value) {
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

static void field_fail(struct csv_table *t, const char *text, const char *wanted) {
    struct excerpt found = excerpt_of(text);
    bool missing = is_missing(text), comma = is_decimal_comma(text);
    bool guessed = t->columns.names && !t->label && !t->columns.usual && !t->columns.place[t->fields]; /* the labels */
    const char *remedy = missing   ? " (fill it in or leave the row out)"
                         : comma   ? " (with a point, not a comma)"
                         : guessed ? " (the labels? then csv:FILE,label=COLUMN: without it they are the last column, '"
                                   : "";
    const bool last = guessed && !missing && !comma;

    t->row_failed = true;
    error_set(&t->error, "%s:%zu: column %zu '%s': %s%s%s: %s wanted%s%s%s", t->path, t->line, t->fields + 1,
              excerpt_of(t->columns.names ? t->columns.names[t->fields] : "").text, missing ? "missing value" : "'",
              missing ? "" : found.text, missing ? "" : "'", wanted, remedy,
              last ? excerpt_of(t->columns.names[t->columns.first]).text : "", last ? "')" : "");
}

/* What a cell has to hold. */
static const char *cell_wanted(const struct csv_table *t, size_t place) {
    if (!place) return "a number";
    return t->columns.kind == LABELS_CLASSES ? "a label" : t->columns.kind == LABELS_FLAGS ? "0 or 1" : "a real target";
}

static void read_number(struct csv_table *t, const char *text, size_t place) {
    double value;

    if (!text_to_double(text, &value)) field_fail(t, text, cell_wanted(t, place));
    else if (place && t->columns.kind == LABELS_FLAGS && fabs(value) > 0 && fabs(value - 1) > 0)
        field_fail(t, text, cell_wanted(t, place));
    else if (fabs(value) > (double)FLT_MAX) field_fail(t, text, "a 32-bit number");
    else if (!place && t->skip_values) return;
    else if (!(place ? put_target(t, place, (float)value) : add_value(t, (float)value))) memory_fail(t);
}

static void read_data(struct csv_table *t, const char *text, size_t length) {
    if (t->fields >= t->columns.count || t->row_failed) return;
    size_t place = t->columns.place[t->fields];
    if (place == CSV_IGNORED || (place && t->skip_labels)) return;
    if (is_missing(text) || strlen(text) != length) field_fail(t, text, cell_wanted(t, place));
    else if (!place || t->columns.kind != LABELS_CLASSES) read_number(t, text, place);
    else if (!add_label(t, text) && !t->failed) memory_fail(t);
}

static void read_name(struct csv_table *t, const char *text) {
    if (!*text)
        TABLE_FAIL(t, "%s:%zu: column %zu has no name: a header with names wanted (an index column? leave it out)",
                   t->path, t->line, t->fields + 1);
    else if (!add_name(t, text)) memory_fail(t);
}

static bool find_label(struct csv_table *t) {
    struct error why;

    if (csv_columns_find(&t->columns, t->label, t->ignore, &why)) return true;
    return TABLE_FAIL(t, "%s:%zu: %s", t->path, t->line, why.text);
}

/* In a line of names, numbers are the numbers of columns: they rise. In a row of data they hardly ever do. */
static bool numbers_rise(const struct csv_table *t) {
    double value, last = -INFINITY;

    for (size_t i = 0; i < t->columns.count; i++) {
        if (!text_to_double(t->columns.names[i], &value)) continue;
        if (!(value > last)) return false;
        last = value;
    }
    return true;
}

static bool first_line_fail(struct csv_table *t) {
    size_t i = 0;
    double value;

    while (i + 1 < t->columns.count && !text_to_double(t->columns.names[i], &value)) i++;
    return TABLE_FAIL(t,
                      "%s:%zu: '%s' in the first line: a row of data, it seems, and the names of the columns wanted "
                      "there (put a line such as 'a,b,label' before it)",
                      t->path, t->header_line, excerpt_of(t->columns.names[i]).text);
}

/* A first line of numbers and, in the column of labels, a label that rows have, too. */
static bool check_first_line(struct csv_table *t) {
    bool numbers = false;
    double value;

    for (size_t i = 0; i < t->columns.count; i++) numbers = numbers || text_to_double(t->columns.names[i], &value);
    for (size_t i = 0; numbers && i < t->labels.words; i++)
        if (strcmp(csv_labels_text(&t->labels, i), t->columns.names[t->columns.first]) == 0) return first_line_fail(t);
    return true;
}

static bool header_end(struct csv_table *t) {
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
    if (!find_label(t)) return false;
    t->cell = malloc(t->columns.labels * sizeof *t->cell);
    if (!t->cell) memory_fail(t);
    return !t->failed;
}

static void on_field(void *data, size_t length, void *user) {
    struct csv_table *t = user;
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
    struct csv_table *t = user;

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

const uint8_t *csv_line_end(const uint8_t *line, const uint8_t *end) {
    const uint8_t *at = line;

    while (at < end && *at != '\n' && *at != '\r') at++;
    if (at == end || (*at == '\r' && at + 1 == end)) return NULL;
    return *at == '\r' && at[1] == '\n' ? at + 2 : at + 1;
}

static bool is_blank(const uint8_t *bytes, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!strchr(" \t\r\n", bytes[i]) || !bytes[i]) return false;
    return true;
}

static bool syntax_fail(struct csv_table *t, size_t column) {
    if (csv_error(&t->parser) != CSV_EPARSE) return error_memory(&t->error);
    return error_set(&t->error,
                     "%s:%zu:%zu: a stray quote: quotes around the whole field wanted, and doubled inside it", t->path,
                     t->line, column);
}

bool csv_table_begin(struct csv_table *t) {
    if (csv_init(&t->parser, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL | CSV_EMPTY_IS_NULL) != 0)
        return error_memory(&t->error);
    csv_set_blk_size(&t->parser, 1 << 16);
    t->parsing = true;
    return true;
}

bool csv_table_line(struct csv_table *t, const uint8_t *line, const uint8_t *next) {
    const size_t size = (size_t)(next - line);
    const bool was_in_row = t->in_row;

    t->line++;
    if (!csv_text_encoding(t->path, t->line, line, size, &t->error)) return false;
    t->events = 0;
    size_t n = csv_parse(&t->parser, line, size, on_field, on_row, t);
    if (t->failed) return false;
    if (n != size) return syntax_fail(t, n + 1);
    /* A line that ends neither a row nor, being blank, starts one has left a quote open. */
    if (t->events ? t->in_row : !was_in_row && !is_blank(line, size)) {
        t->in_row = true;
        t->quote_line = t->line;
    }
    return true;
}

/* Its labels are read as any; the byte behind each is a comma or the line's end, and back when this returns. */
static bool take_plain(struct csv_table *t) {
    for (size_t k = 0; k < t->columns.labels && !t->skip_labels; k++) {
        const struct csv_cell cell = t->cell[k];
        const uint8_t kept = *cell.to;
        *cell.to = 0;
        t->fields = cell.column;
        read_data(t, (const char *)cell.from, (size_t)(cell.to - cell.from));
        *cell.to = kept;
    }
    t->fields = t->columns.count;
    on_row(0, t);
    return !t->failed;
}

bool csv_table_plain(struct csv_table *t, uint8_t *line, const uint8_t *end, uint8_t **next) {
    *next = t->in_data && !t->in_row ? csv_plain_row(&t->columns, line, end, t->cell) : NULL;
    if (!*next) return true;
    t->line++;
    return take_plain(t);
}

bool csv_table_end_row(struct csv_table *t) {
    if (csv_fini(&t->parser, on_field, on_row, t) != 0)
        return error_set(&t->error, "%s:%zu: a quote that is never closed: a closing quote wanted", t->path,
                         t->quote_line);
    return !t->failed;
}

bool csv_table_end(struct csv_table *t) {
    if (!csv_table_end_row(t)) return false;
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

void csv_table_finish(struct csv_table *t) {
    if (t->parsing) csv_free(&t->parser);
    for (size_t i = 0; t->columns.names && i < t->columns.count; i++) free(t->columns.names[i]);
    free(t->columns.names);
    free(t->columns.place);
    free(t->cell);
    free(t->values);
    free(t->targets);
    csv_labels_finish(&t->labels);
}
