/* text_nearest.c: the known name that a wrong one was meant to be. */
#include "base/sizes.h"
#include "base/text.h"

#include <ctype.h>
#include <string.h>

#define NAME_LONGEST 64 /* longer names are nobody's misspelling */

/* Levenshtein distance without regard to case; both at most NAME_LONGEST long. */
static size_t edit_distance(const char *a, size_t na, const char *b, size_t nb) {
    size_t row[NAME_LONGEST + 1];

    for (size_t j = 0; j <= nb; j++) row[j] = j;
    for (size_t i = 1; i <= na; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            size_t above = row[j];
            bool same = tolower((unsigned char)a[i - 1]) == tolower((unsigned char)b[j - 1]);
            row[j] = size_min(diagonal + !same, size_min(above, row[j - 1]) + 1);
            diagonal = above;
        }
    }
    return row[nb];
}

/* Letters that both begin with, without regard to case. */
static size_t common_letters(const char *a, const char *b) {
    size_t n = 0;
    while (a[n] && tolower((unsigned char)a[n]) == tolower((unsigned char)b[n])) n++;
    return n;
}

/* "cascade" of "cascading", "guided" of "guided-backprop": the candidate with most of the name at its beginning, and of
 * several such the first of the shortest; NULL where that is less than four letters, or than three quarters. */
static const char *longer_form(const char *name, size_t length, const char *const *candidates, size_t n) {
    const char *best = NULL;
    size_t most = length * 3 / 4 > 3 ? length * 3 / 4 : 3;

    for (size_t i = 0; i < n; i++) {
        size_t same = common_letters(name, candidates[i]);
        bool shorter = best && same == most && strlen(candidates[i]) < strlen(best);
        if (same <= most && !shorter) continue;
        best = candidates[i];
        most = same;
    }
    return best;
}

/* ---- words: letters and digits, with anything else between ---- */

static size_t word_length(const char *at) {
    size_t n = 0;
    while (isalnum((unsigned char)at[n])) n++;
    return n;
}

/* The next word at or behind `at`, or the end of the text. */
static const char *word_next(const char *at) {
    while (*at && !isalnum((unsigned char)*at)) at++;
    return at;
}

#define WORD_BEGUN 3u /* letters that are enough of a word, where its beginning is */

static bool has_word(const char *text, const char *word, size_t length, bool begun) {
    for (const char *at = word_next(text); *at; at = word_next(at + word_length(at))) {
        size_t other = word_length(at), same = common_letters(word, at);
        if (same >= length && (other == length || (begun && length >= WORD_BEGUN))) return true;
    }
    return false;
}

/* Whether `text` has all words of `part`, which has one at least. */
static bool has_words(const char *text, const char *part, bool begun) {
    const char *at = word_next(part);
    bool all = *at != '\0';
    for (; all && *at; at = word_next(at + word_length(at))) all = has_word(text, at, word_length(at), begun);
    return all;
}

/* "lrp:composite=epsilon" of "lrp-epsilon": the shortest that has all its words. Else "lrp" of it: the longest whose
 * words it has. */
static const char *same_words(const char *name, const char *const *candidates, size_t n) {
    const char *best = NULL;

    if (strlen(name) < WORD_BEGUN) return NULL;
    for (size_t i = 0; i < n; i++)
        if (has_words(candidates[i], name, true) && (!best || strlen(candidates[i]) < strlen(best)))
            best = candidates[i];
    if (best) return best;
    for (size_t i = 0; i < n; i++)
        if (strlen(candidates[i]) >= WORD_BEGUN && has_words(name, candidates[i], false) &&
            (!best || strlen(candidates[i]) > strlen(best)))
            best = candidates[i];
    return best;
}

const char *text_nearest(const char *name, const char *const *candidates, size_t n) {
    const char *best = NULL;
    size_t length = strlen(name);

    if (length > NAME_LONGEST) return NULL;
    size_t limit = length / 3 > 2 ? length / 3 : 2;
    for (size_t i = 0; i < n; i++) {
        size_t other = strlen(candidates[i]);
        if (other > NAME_LONGEST) continue;
        size_t distance = edit_distance(name, length, candidates[i], other);
        /* Two short names may be that near without a letter in common. */
        bool kin = distance < (length > other ? length : other);
        if (distance <= limit && kin) {
            if (distance == 0) return candidates[i];
            best = candidates[i];
            limit = distance - 1;
        }
    }
    if (!best) best = longer_form(name, length, candidates, n);
    return best ? best : same_words(name, candidates, n);
}
