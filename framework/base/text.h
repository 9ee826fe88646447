/* text.h: a growing string, the nearest known name for a misspelt one, numbers from text. */
#ifndef ASSAY_BASE_TEXT_H
#define ASSAY_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero-initialise. `data` is always a C string once something was added; `failed` is set when memory ran
 * out, after which additions do nothing: check once at the end. */
struct text {
    char *data;
    size_t length, capacity;
    bool failed;
};

void text_add(struct text *, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_append(struct text *, const char *bytes, size_t n);
void text_finish(struct text *); /* frees */

/* Adds that much of a text in UTF-8 between double quotes, as YAML reads it back. */
void text_add_quoted(struct text *, const char *, size_t size);

/* Adds `word` as a POSIX shell reads it back: as it is, or between single quotes. */
void text_add_word(struct text *, const char *word);
/* Words, broken into lines of `width` and ended as one: the first begins at column `at`, where the text is already,
 * all others with so many spaces and a mark. */
void text_add_wrapped(struct text *, const char *words, size_t at, size_t width, size_t indent, const char *mark);

/* An excerpt of text from a file, fit for a message: cut, with control characters replaced. */
struct excerpt {
    char text[68];
};
struct excerpt excerpt_of(const char *text);

/* strdup and printf into fresh memory; NULL when out of memory. Caller frees. */
char *text_copy(const char *);
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* FNV-1a of the bytes (http://www.isthe.com/chongo/tech/comp/fnv/): for tables and for names of streams. */
uint64_t text_hash(const char *);
uint64_t bytes_hash(const void *, size_t);
/* Another one, eight bytes at a time: whether many bytes are still what they were on this machine. */
uint64_t bytes_hash_wide(const void *, size_t);

/* The candidate at the smallest edit distance from `name`; where more than a third of its letters, at least 2, would
 * have to change, the one that begins as most of it does ("cascading" for "cascade"), or that shares its words ("lrp"
 * and "lrp:composite=epsilon" for "lrp-epsilon"); or NULL. */
const char *text_nearest(const char *name, const char *const *candidates, size_t n);

/* Whole-string numbers, decimal and finite: false when anything is left over or out of range. */
bool text_to_double(const char *, double *out);
/* "2G", "800M", "1.5GiB": bytes, in units of 1024; a number alone is bytes. False: none of these, or not from 1 MiB to
 * 1e15 bytes. */
bool text_to_bytes(const char *text, size_t *bytes);
bool text_to_long(const char *, long min, long max, long *out);
bool text_to_u64(const char *, unsigned long long *out);

/* ---- text of others: names from a model, a plugin's words ---- */

/* The next code point and its bytes; U+FFFD and 1 where the bytes are not UTF-8. Not at the end of the string. */
size_t utf8_next(const char *, uint32_t *code);
size_t utf8_width(const char *); /* code points */

/* One line that is safe on a terminal and in any file: line ends and tabs become spaces; invalid UTF-8, control
 * characters, the marks that turn the direction of text and the two last code points of a plane become U+FFFD. Clean
 * text stays as it is. */
void text_add_clean(struct text *, const char *);
/* Whether nothing of it would be changed. */
bool text_is_clean(const char *);
/* For buffers of one size: what is harmful becomes a blank, what is no UTF-8 a question mark, and the length stays. */
void text_clean_in_place(char *);
char *text_clean(const char *); /* the same in fresh memory; NULL when out of memory. Caller frees. */

#endif
