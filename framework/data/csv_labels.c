/* csv_labels.c: texts of a label column into numbers of classes. */
#include "data/csv_words.h"

#include "data/class_names.h"
#include "data/targets.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A distinct label, and its number. */
struct word {
    const char *text;
    size_t number;
};

static bool is_number(const char *text) {
    double value;
    return text_to_double(text, &value);
}

/* A complaint about a label, in the first row that has it. */
__attribute__((format(printf, 4, 5))) static bool label_fail(const struct csv_labels *l, size_t word, struct error *e,
                                                             const char *format, ...) {
    va_list list;

    va_start(list, format);
    error_set_list(e, format, list);
    va_end(list);
    struct excerpt label = excerpt_of(csv_labels_text(l, word));
    if (!l->column) return error_prefix(e, "%s: folder '%s'", l->path, label.text);
    return error_prefix(e, "%s:%zu: column '%s': label %s", l->path, l->word[word].line, excerpt_of(l->column).text,
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

static int compare_folded(const void *a, const void *b) {
    return strcasecmp(((const struct word *)a)->text, ((const struct word *)b)->text);
}

static int compare_text(const void *a, const void *b) {
    return strcmp(((const struct word *)a)->text, ((const struct word *)b)->text);
}

/* The labels in sorted order; NULL when out of memory. */
static struct word *sorted_words(const struct csv_labels *l) {
    struct word *words = malloc((l->words + 1) * sizeof *words);

    for (size_t i = 0; words && i < l->words; i++) words[i] = (struct word){csv_labels_text(l, i), i};
    if (words) qsort(words, l->words, sizeof *words, compare_text);
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

static bool list_fail(const struct csv_labels *l, size_t word, struct error *e) {
    return label_fail(l, word, e, "several labels: one wanted (the class that is to be explained)");
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
        size_t later = a->number > b->number ? a->number : b->number, first = a->number + b->number - later;
        ok = l->column ? label_fail(l, later, e, "line %zu has '%s': one spelling wanted", l->word[first].line,
                                    excerpt_of(csv_labels_text(l, first)).text)
                       : label_fail(l, later, e, "there is '%s', too: one spelling wanted",
                                    excerpt_of(csv_labels_text(l, first)).text);
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
        if (all_pieces(words->item[i].text, ",", word_fits, words)) return list_fail(l, words->item[i].number, e);
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
    if (all_pieces(word->text, ",;|", name_fits, names)) return list_fail(l, word->number, e);
    const char *nearest = class_names_nearest(names, word->text);
    return nearest
               ? label_fail(l, word->number, e, "no name of a class in %s: did you mean '%s'?", names->path, nearest)
               : label_fail(l, word->number, e, "no name of a class in %s: one of its names wanted", names->path);
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
            return label_fail(l, word->number, e, "%s gives %zu classes that name: numbers of classes wanted as labels",
                              names->path, found);
        if (found == 0 && (!unknown || word->number < unknown->number)) unknown = word;
    }
    d->classes = names->count;
    return !unknown || name_fail(l, unknown, names, e);
}

/* class[l->words] */
static bool word_classes(const struct csv_labels *l, const struct words *words, struct dataset *d, uint32_t *class,
                         struct error *e) {
    uint32_t *sorted = calloc(words->count + 1, sizeof *sorted);
    bool ok = sorted || error_memory(e);

    if (ok && d->names) ok = named_classes(l, words, d, sorted, e);
    else if (ok) {
        for (size_t i = 0; i < words->count; i++) sorted[i] = (uint32_t)i;
        ok = sorted_classes(l, words, d, e);
    }
    for (size_t i = 0; ok && i < words->count; i++) class[words->item[i].number] = sorted[i];
    free(sorted);
    return ok;
}

/* ---- Numbers ---- */

#define GUESSED_HINT                                                                                                   \
    " (no labels? no column is named label, target or class, so the last one was taken: label=COLUMN says another; "   \
    "samples without labels come as npy:INPUTS)"

/* "2" and "2.0" are class 2; "2.5" is the target of a regression. */
static bool number_classes(const struct csv_labels *l, struct dataset *d, uint32_t *class, struct error *e) {
    for (size_t i = 0; i < l->words; i++) {
        double value = -1;
        text_to_double(csv_labels_text(l, i), &value);
        if (!source_class(d, value, &class[i]))
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
    bool first = is_number(csv_labels_text(l, 0)), odd = 2 * numbers == l->count ? !first : 2 * numbers < l->count;
    size_t word = 0;

    while (is_number(csv_labels_text(l, word)) != odd) word++;
    return label_fail(l, word, e,
                      odd ? "a number among words: words alone or numbers alone wanted"
                          : "a word among numbers: words alone or numbers alone wanted");
}

static bool all_named(const struct words *words, const struct class_names *names) {
    uint32_t index;

    for (size_t i = 0; i < words->count; i++)
        if (class_names_find(names, words->item[i].text, &index) == 0) return false;
    return true;
}

/* class[l->words] */
static bool classes_of(const struct csv_labels *l, const struct words *words, struct dataset *d, uint32_t *class,
                       struct error *e) {
    const struct class_names *names = d->names;
    const struct word *list = NULL;
    size_t numbers = 0;
    uint32_t index;

    for (size_t i = 0; i < l->words; i++) numbers += is_number(csv_labels_text(l, i)) ? l->word[i].rows : 0;
    if (names && (numbers < l->count || class_names_are_numbers(names)) && all_named(words, names))
        return word_classes(l, words, d, class, e);
    for (size_t i = 0; i < words->count; i++) {
        const struct word *word = &words->item[i];
        bool known = names && class_names_find(names, word->text, &index) > 0;
        if (!known && csv_label_is_list(word->text) && (!list || word->number < list->number)) list = word;
    }
    if (list) return list_fail(l, list->number, e);
    if (numbers > 0 && numbers < l->count) return mixture_fail(l, numbers, e);
    return numbers && !(names && class_names_are_numbers(names)) ? number_classes(l, d, class, e)
                                                                 : word_classes(l, words, d, class, e);
}

bool csv_labels_to_classes(struct csv_labels *l, struct dataset *d, struct error *e) {
    if (d->labels_as != LABELS_CLASSES) return targets_from_texts(l, d, e);
    struct word *words = sorted_words(l);
    uint32_t *class = malloc((l->words + 1) * sizeof *class);
    bool ok = words && class ? classes_of(l, &(struct words){words, l->words}, d, class, e) : error_memory(e);

    for (size_t i = 0; ok && i < l->count; i++) l->of[i] = class[l->of[i]];
    if (ok) {
        d->labels = l->of;
        l->of = NULL;
    }
    free(class);
    free(words);
    return ok;
}

bool csv_labels_from_text(const struct csv_text *t, size_t column, struct dataset *d, struct error *e) {
    struct csv_labels l = {.path = t->path, .column = t->pool.data + t->field[column]};
    bool ok = true;

    for (size_t i = 0; ok && i < t->rows; i++) {
        const char *text = csv_text_at(t, i, column);
        ok = *text ? csv_labels_add(&l, text, csv_text_line(t, i)) || error_memory(e)
                   : error_set(e, "%s:%zu: column '%s': an empty field: a label wanted", t->path, csv_text_line(t, i),
                               excerpt_of(l.column).text);
    }
    ok = ok && csv_labels_to_classes(&l, d, e);
    csv_labels_finish(&l);
    return ok;
}
