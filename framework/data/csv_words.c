/* csv_words.c: the texts of a label column, each kept once: a table of 10^8 rows has as many labels as classes. */
#include "data/csv_words.h"

#include "base/array.h"

#include <stdlib.h>
#include <string.h>

const char *csv_labels_text(const struct csv_labels *l, size_t word) {
    return l->pool.data + l->word[word].at;
}

/* The slot of the text: that of its word, or the free one where it belongs. */
static uint32_t *find_slot(const struct csv_labels *l, const char *text) {
    size_t at = (size_t)text_hash(text) & (l->slots - 1);

    while (l->slot[at] && strcmp(csv_labels_text(l, l->slot[at] - 1), text) != 0) at = (at + 1) & (l->slots - 1);
    return &l->slot[at];
}

/* At most half of the slots are taken. */
static bool grow_slots(struct csv_labels *l) {
    if (l->words * 2 < l->slots) return true;
    const size_t slots = l->slots ? 2 * l->slots : 64;
    uint32_t *bigger = calloc(slots, sizeof *bigger);

    if (!bigger) return false;
    free(l->slot);
    l->slot = bigger;
    l->slots = slots;
    for (size_t i = 0; i < l->words; i++) *find_slot(l, csv_labels_text(l, i)) = (uint32_t)i + 1;
    return true;
}

static bool add_word(struct csv_labels *l, const char *text, size_t line) {
    struct csv_word *words = array_grow(l->word, l->words, sizeof *words);

    if (!words || l->words == UINT32_MAX - 1) return false;
    l->word = words;
    l->word[l->words++] = (struct csv_word){l->pool.length, l->count, line, 0};
    text_append(&l->pool, text, strlen(text) + 1);
    return !l->pool.failed;
}

bool csv_labels_add(struct csv_labels *l, const char *text, size_t line) {
    uint32_t *of = array_grow(l->of, l->count, sizeof *of);

    if (!of) return false;
    l->of = of;
    if (!grow_slots(l)) return false;
    uint32_t *slot = find_slot(l, text);
    if (!*slot && !add_word(l, text, line)) return false;
    if (!*slot) *slot = (uint32_t)l->words;
    l->word[*slot - 1].rows++;
    l->of[l->count++] = *slot - 1;
    return true;
}

void csv_labels_finish(struct csv_labels *l) {
    text_finish(&l->pool);
    free(l->word);
    free(l->slot);
    free(l->of);
    *l = (struct csv_labels){0};
}
