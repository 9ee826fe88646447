/* csv_labels.c: texts of a label column into numbers of classes. */
#include "data/csv.h"

#include "data/class_names.h"
#include "data/targets.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A distinct label, and the first row that has it. */
struct word {
    const char *text;
    size_t row;
};

static const char *label_text(const struct csv_labels *l, size_t i) {
    return l->pool.data + l->item[i].at;
}

static bool is_number(const char *text) {
    double value;
    return text_to_double(text, &value);
}

/* A complaint about the label of one row. */
__attribute__((format(printf, 4, 5))) static bool label_fail(const struct csv_labels *l, size_t row, struct error *e,
                                                             const char *format, ...) {
    va_list list;

    va_start(list, format);
    error_set_list(e, format, list);
    va_end(list);
    struct excerpt label = excerpt_of(label_text(l, row));
    if (!l->column) return error_prefix(e, "%s: folder '%s'", l->path, label.text);
    return error_prefix(e, "%s:%zu: column '%s': label %s", l->path, l->item[row].line, excerpt_of(l->column).text,
                        label.text);
}

/* ---- Lists ---- */

#define BLANKS " \t\r\n"

/* The piece up to the next separator, without blanks and quotes around it; *at moves behind it. */
static char *next_piece(const char **at, const char *separators) {
    const char *from = *at, *end = from + strcspn(from, separators);

    *at = *end ? end + 1 : end;
    while (from < end && strchr(BLANKS "'\"", *from)) from++;
    while (end > from && strchr(BLANKS "'\"", end[-1])) end--;
    return text_format("%.*s", (int)(end - from), from);
}

static bool all_pieces(const char *text, const char *separators, bool (*fits)(const void *, const char *),
                       const void *user) {
    size_t pieces = 0;
    bool all = true;

    for (const char *at = text; all && *at;) {
        char *piece = next_piece(&at, separators);
        if (piece && *piece) {
            all = fits(user, piece);
            pieces++;
        }
        free(piece);
    }
    return all && pieces > 1;
}

static bool number_fits(const void *user, const char *piece) {
    (void)user;
    return is_number(piece);
}

bool csv_label_is_list(const char *text) {
    size_t n = strlen(text);
    const char *bar = strpbrk(text, ";|");

    if (n > 1 && ((text[0] == '[' && text[n - 1] == ']') || (text[0] == '{' && text[n - 1] == '}'))) return true;
    return (bar && bar > text && bar[1]) || all_pieces(text, "," BLANKS, number_fits, NULL);
}

/* ---- Words ---- */

static int compare_words(const void *a, const void *b) {
    const struct word *first = a, *second = b;
    int order = strcmp(first->text, second->text);
    return order ? order : (first->row > second->row) - (first->row < second->row);
}

static int compare_folded(const void *a, const void *b) {
    return strcasecmp(((const struct word *)a)->text, ((const struct word *)b)->text);
}

static int compare_text(const void *a, const void *b) {
    return strcmp(((const struct word *)a)->text, ((const struct word *)b)->text);
}

/* The distinct labels in sorted order; NULL when out of memory. */
static struct word *distinct_words(const struct csv_labels *l, size_t *n) {
    struct word *words = malloc((l->count + 1) * sizeof *words);

    *n = 0;
    if (!words) return NULL;
    for (size_t i = 0; i < l->count; i++) words[i] = (struct word){label_text(l, i), i};
    qsort(words, l->count, sizeof *words, compare_words);
    for (size_t i = 0; i < l->count; i++)
        if (*n == 0 || strcmp(words[*n - 1].text, words[i].text) != 0) words[(*n)++] = words[i];
    return words;
}

struct words {
    const struct word *item;
    size_t count;
};

static bool word_fits(const void *user, const char *piece) {
    const struct words *words = user;
    const struct word wanted = {piece, 0};
    return bsearch(&wanted, words->item, words->count, sizeof wanted, compare_text);
}

static bool name_fits(const void *user, const char *piece) {
    uint32_t index;
    return class_names_find(user, piece, &index) > 0;
}

static bool list_fail(const struct csv_labels *l, size_t row, struct error *e) {
    return label_fail(l, row, e, "several labels: one wanted (the class that is to be explained)");
}

/* "Cat" and "cat" would silently be two classes. */
static bool check_case(const struct csv_labels *l, const struct words *words, struct error *e) {
    struct word *folded = malloc((words->count + 1) * sizeof *folded);
    bool ok = true;

    if (!folded) return error_memory(e);
    memcpy(folded, words->item, words->count * sizeof *folded);
    qsort(folded, words->count, sizeof *folded, compare_folded);
    for (size_t i = 1; ok && i < words->count; i++) {
        const struct word *a = &folded[i - 1], *b = &folded[i];
        if (compare_folded(a, b) != 0) continue;
        size_t later = a->row > b->row ? a->row : b->row, first = a->row + b->row - later;
        ok = l->column ? label_fail(l, later, e, "line %zu has '%s': one spelling wanted", l->item[first].line,
                                    excerpt_of(label_text(l, first)).text)
                       : label_fail(l, later, e, "there is '%s', too: one spelling wanted",
                                    excerpt_of(label_text(l, first)).text);
    }
    free(folded);
    return ok;
}

/* Without names, the sorted words are the classes. */
static bool sorted_classes(const struct csv_labels *l, const struct words *words, struct dataset *d, struct error *e) {
    if (words->count > SOURCE_CLASSES_MAX)
        return error_set(e, "%s: column '%s': %zu different labels: at most %u classes wanted", l->path,
                         excerpt_of(l->column ? l->column : "").text, words->count, SOURCE_CLASSES_MAX);
    for (size_t i = 0; i < words->count; i++)
        if (all_pieces(words->item[i].text, ",", word_fits, words)) return list_fail(l, words->item[i].row, e);
    if (!check_case(l, words, e)) return false;
    d->class_names = calloc(words->count, sizeof *d->class_names);
    if (!d->class_names) return error_memory(e);
    d->classes = (uint32_t)words->count;
    for (size_t i = 0; i < words->count; i++) {
        d->class_names[i] = text_copy(words->item[i].text);
        if (!d->class_names[i]) return error_memory(e);
    }
    return true;
}

static bool name_fail(const struct csv_labels *l, const struct word *word, const struct class_names *names,
                      struct error *e) {
    if (all_pieces(word->text, ",;|", name_fits, names)) return list_fail(l, word->row, e);
    const char *nearest = class_names_nearest(names, word->text);
    return nearest ? label_fail(l, word->row, e, "no name of a class in %s: did you mean '%s'?", names->path, nearest)
                   : label_fail(l, word->row, e, "no name of a class in %s: one of its names wanted", names->path);
}

/* classes[words]: what the names say. The first row with a stranger is named. */
static bool named_classes(const struct csv_labels *l, const struct words *words, struct dataset *d, uint32_t *classes,
                          struct error *e) {
    const struct class_names *names = d->names;
    const struct word *unknown = NULL;

    for (size_t i = 0; i < words->count; i++) {
        const struct word *word = &words->item[i];
        size_t found = class_names_find(names, word->text, &classes[i]);
        if (found > 1)
            return label_fail(l, word->row, e, "%s gives %zu classes that name: numbers of classes wanted as labels",
                              names->path, found);
        if (found == 0 && (!unknown || word->row < unknown->row)) unknown = word;
    }
    d->classes = names->count;
    return !unknown || name_fail(l, unknown, names, e);
}

static bool word_classes(const struct csv_labels *l, const struct words *words, struct dataset *d, struct error *e) {
    uint32_t *classes = calloc(words->count + 1, sizeof *classes);
    bool ok = classes || error_memory(e);

    if (ok && d->names) ok = named_classes(l, words, d, classes, e);
    else if (ok) {
        for (size_t i = 0; i < words->count; i++) classes[i] = (uint32_t)i;
        ok = sorted_classes(l, words, d, e);
    }
    for (size_t i = 0; ok && i < l->count; i++) {
        const struct word wanted = {label_text(l, i), 0};
        const struct word *found = bsearch(&wanted, words->item, words->count, sizeof wanted, compare_text);
        d->labels[i] = classes[found - words->item];
    }
    free(classes);
    return ok;
}

/* ---- Numbers ---- */

#define GUESSED_HINT                                                                                                   \
    " (no labels? no column is named label, target or class, so the last one was taken: label=COLUMN says another; "   \
    "samples without labels come as npy:INPUTS)"

/* "2" and "2.0" are class 2; "2.5" is the target of a regression. */
static bool number_classes(const struct csv_labels *l, struct dataset *d, struct error *e) {
    for (size_t i = 0; i < l->count; i++) {
        double value = -1;
        text_to_double(label_text(l, i), &value);
        if (!source_put_label(d, i, value))
            return label_fail(l, i, e, "a whole number from 0 to %u, or text, wanted%s%s", SOURCE_CLASSES_MAX - 1,
                              value == -1 ? " (labels -1 and 1? write 0 and 1)" : SOURCE_REGRESSION_HINT,
                              l->guessed ? GUESSED_HINT : "");
    }
    return true;
}

/* ---- Both ---- */

/* Of words among numbers or numbers among words, the first of the rarer kind is named; of equally many, the first that
 * differs from the first label. */
static bool mixture_fail(const struct csv_labels *l, size_t numbers, struct error *e) {
    bool first = is_number(label_text(l, 0)), odd = 2 * numbers == l->count ? !first : 2 * numbers < l->count;
    size_t row = 0;

    while (is_number(label_text(l, row)) != odd) row++;
    return label_fail(l, row, e,
                      odd ? "a number among words: words alone or numbers alone wanted"
                          : "a word among numbers: words alone or numbers alone wanted");
}

static bool all_named(const struct words *words, const struct class_names *names) {
    uint32_t index;

    for (size_t i = 0; i < words->count; i++)
        if (class_names_find(names, words->item[i].text, &index) == 0) return false;
    return true;
}

static bool classes_of(const struct csv_labels *l, const struct words *words, struct dataset *d, struct error *e) {
    const struct class_names *names = d->names;
    const struct word *list = NULL;
    size_t numbers = 0;
    uint32_t index;

    for (size_t i = 0; i < l->count; i++) numbers += is_number(label_text(l, i));
    if (names && (numbers < l->count || class_names_are_numbers(names)) && all_named(words, names))
        return word_classes(l, words, d, e);
    for (size_t i = 0; i < words->count; i++) {
        const struct word *word = &words->item[i];
        bool known = names && class_names_find(names, word->text, &index) > 0;
        if (!known && csv_label_is_list(word->text) && (!list || word->row < list->row)) list = word;
    }
    if (list) return list_fail(l, list->row, e);
    if (numbers > 0 && numbers < l->count) return mixture_fail(l, numbers, e);
    return numbers && !(names && class_names_are_numbers(names)) ? number_classes(l, d, e)
                                                                 : word_classes(l, words, d, e);
}

bool csv_labels_to_classes(const struct csv_labels *l, struct dataset *d, struct error *e) {
    size_t n;

    if (d->labels_as != LABELS_CLASSES) return targets_from_texts(l, d, e);
    struct word *words = distinct_words(l, &n);

    d->labels = malloc(l->count * sizeof *d->labels);
    bool ok = words && d->labels ? classes_of(l, &(struct words){words, n}, d, e) : error_memory(e);
    free(words);
    return ok;
}

bool csv_labels_from_text(const struct csv_text *t, size_t column, struct dataset *d, struct error *e) {
    struct csv_labels l = {.path = t->path, .column = t->pool.data + t->field[column]};
    bool ok = true;

    l.item = malloc(t->rows * sizeof *l.item);
    if (!l.item) return error_memory(e);
    for (; ok && l.count < t->rows; l.count++) {
        const char *text = csv_text_at(t, l.count, column);
        ok = *text || error_set(e, "%s:%zu: column '%s': an empty field: a label wanted", t->path,
                                csv_text_line(t, l.count), excerpt_of(l.column).text);
        l.item[l.count] = (struct csv_label){l.pool.length, csv_text_line(t, l.count)};
        text_append(&l.pool, text, strlen(text) + 1);
    }
    if (ok) ok = l.pool.failed ? error_memory(e) : csv_labels_to_classes(&l, d, e);
    text_finish(&l.pool);
    free(l.item);
    return ok;
}
