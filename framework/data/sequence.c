/* sequence.c: a CSV file of nucleic acids, one sequence and one label a row, as one-hot samples of 4 x length. */
#include "base/text.h"
#include "data/csv_words.h"
#include "data/csv_text.h"
#include "data/dataset.h"
#include "data/source.h"

#include <stdlib.h>
#include <string.h>

#define ALPHABET 4u
#define LETTERS "ACGT, or U, and N for any"

/* The channel of a letter; ALPHABET for one that stands for any of them, which is zero in every channel; above that:
 * no letter. */
static unsigned channel_of(char letter) {
    static const char letters[] = "ACGTacgtUuNn";
    static const uint8_t channels[] = {0, 1, 2, 3, 0, 1, 2, 3, 3, 3, ALPHABET, ALPHABET};
    const char *at = letter ? strchr(letters, letter) : NULL;
    return at ? channels[at - letters] : ALPHABET + 1;
}

/* out[ALPHABET][length], zero before. */
static bool encode(const struct csv_text *t, size_t row, size_t column, size_t length, uint8_t *out, struct error *e) {
    const char *text = csv_text_at(t, row, column);

    if (strlen(text) != length)
        return error_set(e, "%s:%zu: a sequence of %zu letters: %zu wanted, as the first has", t->path,
                         csv_text_line(t, row), strlen(text), length);
    for (size_t p = 0; p < length; p++) {
        unsigned channel = channel_of(text[p]);
        if (channel > ALPHABET)
            return error_set(e, "%s:%zu: letter %zu of the sequence is '%s': " LETTERS " wanted", t->path,
                             csv_text_line(t, row), p + 1, excerpt_of((const char[]){text[p], 0}).text);
        if (channel < ALPHABET) out[channel * length + p] = 1;
    }
    return true;
}

static bool take_sequences(const struct csv_text *t, size_t column, struct dataset *d, struct error *e) {
    size_t length = strlen(csv_text_at(t, 0, column)), size = ALPHABET * length;

    if (!length) return error_set(e, "%s:%zu: an empty sequence: letters wanted", t->path, csv_text_line(t, 0));
    if (t->rows > UINT32_MAX) return error_set(e, "%s: %zu rows: at most %u wanted", t->path, t->rows, UINT32_MAX);
    d->count = (uint32_t)t->rows;
    d->sample = (struct shape){2, {ALPHABET, length}};
    d->bytes = calloc(t->rows, size);
    if (!d->bytes) return error_memory(e);
    for (size_t row = 0; row < t->rows; row++)
        if (!encode(t, row, column, length, d->bytes + row * size, e)) return false;
    return true;
}

bool sequence_load(const char *path, struct dataset *d, struct error *e) {
    static const char *const sequences[] = {"sequence", NULL}, *const labels[] = {"label", "target", "class", NULL};
    struct csv_text t;
    size_t sequence, label;

    if (!csv_text_read(path, &t, e)) return false;
    bool ok = csv_text_column(&t, sequences, &sequence, e) && csv_text_column(&t, labels, &label, e) &&
              take_sequences(&t, sequence, d, e) && csv_labels_from_text(&t, label, d, e);
    csv_text_finish(&t);
    return ok;
}
