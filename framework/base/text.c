/* text.c: growing strings, hashes, and numbers that are the whole of their text. */
#include "base/text.h"

#include "base/sizes.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLACEMENT 0xfffdu

/* Makes room for `extra` more bytes and the closing zero. */
static bool text_reserve(struct text *t, size_t extra) {
    if (t->failed) return false;
    if (extra < t->capacity - t->length) return true;
    if (extra > SIZE_MAX / 4 - t->length) {
        t->failed = true;
        return false;
    }
    size_t wanted = 2 * (t->length + extra) + 64;
    char *data = realloc(t->data, wanted);
    if (!data) {
        t->failed = true;
        return false;
    }
    t->data = data;
    t->capacity = wanted;
    return true;
}

void text_append(struct text *t, const char *bytes, size_t n) {
    if (!text_reserve(t, n)) return;
    if (n) memcpy(t->data + t->length, bytes, n);
    t->length += n;
    t->data[t->length] = '\0';
}

void text_add(struct text *t, const char *format, ...) {
    va_list list;

    if (!text_reserve(t, 0)) return;
    va_start(list, format);
    int n = vsnprintf(t->data + t->length, t->capacity - t->length, format, list);
    va_end(list);
    if (n < 0) {
        t->data[t->length] = '\0';
        t->failed = true;
        return;
    }
    if ((size_t)n >= t->capacity - t->length) {
        t->data[t->length] = '\0';
        if (!text_reserve(t, (size_t)n)) return;
        va_start(list, format);
        vsnprintf(t->data + t->length, (size_t)n + 1, format, list);
        va_end(list);
    }
    t->length += (size_t)n;
}

void text_finish(struct text *t) {
    free(t->data);
    *t = (struct text){0};
}

char *text_copy(const char *s) {
    size_t size = strlen(s) + 1;
    char *copy = malloc(size);
    if (copy) memcpy(copy, s, size);
    return copy;
}

char *text_format(const char *format, ...) {
    va_list list;

    va_start(list, format);
    int n = vsnprintf(NULL, 0, format, list);
    va_end(list);
    char *out = n < 0 ? NULL : malloc((size_t)n + 1);
    if (!out) return NULL;
    va_start(list, format);
    vsnprintf(out, (size_t)n + 1, format, list);
    va_end(list);
    return out;
}

uint64_t bytes_hash(const void *bytes, size_t n) {
    const unsigned char *at = bytes;
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < n; i++) hash = (hash ^ at[i]) * 0x100000001b3u;
    return hash;
}

/* Each step can be undone, so that a change of one word always shows. */
static uint64_t mix(uint64_t hash, uint64_t word) {
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 32;
}

uint64_t bytes_hash_wide(const void *bytes, size_t n) {
    const unsigned char *at = bytes;
    uint64_t hash = n, word;

    for (; n >= sizeof word; n -= sizeof word, at += sizeof word) {
        memcpy(&word, at, sizeof word);
        hash = mix(hash, word);
    }
    word = 0;
    if (n) memcpy(&word, at, n);
    return mix(hash, word);
}

uint64_t text_hash(const char *text) {
    return bytes_hash(text, strlen(text));
}

/* Bytes from 0x80 on stay, so that UTF-8 can be read; a character cut in two does not. */
struct excerpt excerpt_of(const char *text) {
    struct excerpt out;
    const size_t room = sizeof out.text - sizeof "...";
    size_t n = 0;

    for (; n < room && text[n]; n++) {
        unsigned char c = (unsigned char)text[n];
        out.text[n] = c < 0x20 || c == 0x7f ? '?' : text[n];
    }
    if (text[n]) {
        while (n && ((unsigned char)text[n] & 0xc0) == 0x80) n--;
        memcpy(out.text + n, "...", 3);
        n += 3;
    }
    out.text[n] = '\0';
    return out;
}

/* strto* skip white space at the front; a whole-string number has none. */
static bool starts_number(const char *s) {
    return *s && !isspace((unsigned char)*s);
}

bool text_to_double(const char *s, double *out) {
    char *end;

    if (!starts_number(s) || s[strspn(s, "0123456789+-.eE")]) return false; /* strtod knows hexadecimal numbers */
    double value = strtod(s, &end);
    if (end == s || *end || !isfinite(value)) return false;
    *out = value;
    return true;
}

bool text_to_long(const char *s, long min, long max, long *out) {
    char *end;

    if (!starts_number(s)) return false;
    errno = 0;
    long value = strtol(s, &end, 10);
    if (end == s || *end || errno || value < min || value > max) return false;
    *out = value;
    return true;
}

bool text_to_u64(const char *s, unsigned long long *out) {
    char *end;

    if (!isdigit((unsigned char)*s)) return false;
    errno = 0;
    unsigned long long value = strtoull(s, &end, 10);
    if (*end || errno || value > UINT64_MAX) return false;
    *out = value;
    return true;
}

/* ---- text of others ---- */

size_t utf8_next(const char *s, uint32_t *code) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = (unsigned char)*s;
    size_t length = first < 0x80 ? 1 : first >= 0xf0 && first < 0xf8 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 0;

    *code = REPLACEMENT;
    if (first >= 0xf8 || length == 0) return 1;
    uint32_t value = length == 1 ? first : first & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if (((unsigned char)s[i] & 0xc0) != 0x80) return 1;
        value = value << 6 | ((unsigned char)s[i] & 0x3f);
    }
    if (value < least[length] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) return 1;
    *code = value;
    return length;
}

size_t utf8_width(const char *s) {
    size_t width = 0;
    uint32_t code;

    for (; *s; s += utf8_next(s, &code)) width++;
    return width;
}

/* What does harm where text is shown: control characters, the marks of Unicode Technical Report 36, section 2.5, that
 * turn its direction, line and paragraph separators, and what XML 1.0 does not have. */
static bool is_harmful(uint32_t code) {
    static const uint32_t ranges[][2] = {{0, 0x1f},        {0x7f, 0x9f},     {0x200e, 0x200f},
                                         {0x2028, 0x202e}, {0x2066, 0x2069}, {0xfffd, 0xfffd}};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (code >= ranges[i][0] && code <= ranges[i][1]) return true;
    return (code & 0xfffe) == 0xfffe;
}

void text_add_clean(struct text *out, const char *s) {
    uint32_t code;

    for (size_t n; *s; s += n) {
        for (n = 0; s[n] >= ' ' && s[n] <= '~'; n++) {}
        if (n) {
            text_append(out, s, n);
            continue;
        }
        n = utf8_next(s, &code);
        if (code == '\n' || code == '\t' || code == '\r') text_append(out, " ", 1);
        else if (is_harmful(code)) text_append(out, "\xef\xbf\xbd", 3);
        else text_append(out, s, n);
    }
    text_append(out, "", 0);
}

bool text_is_clean(const char *s) {
    uint32_t code;

    for (size_t n; *s; s += n) {
        n = utf8_next(s, &code);
        if (is_harmful(code)) return false;
    }
    return true;
}

void text_clean_in_place(char *s) {
    uint32_t code;

    for (size_t n; *s; s += n) {
        n = utf8_next(s, &code);
        if (is_harmful(code)) memset(s, n == 1 && code == REPLACEMENT ? '?' : ' ', n);
    }
}

char *text_clean(const char *s) {
    struct text out = {0};

    text_add_clean(&out, s);
    if (!out.failed) return out.data;
    text_finish(&out);
    return NULL;
}

void text_add_quoted(struct text *out, const char *from, size_t size) {
    uint32_t code;

    text_add(out, "\"");
    for (const char *end = from + size; from < end;) {
        size_t bytes = utf8_next(from, &code);
        if (code == '"' || code == '\\') text_add(out, "\\%c", (char)code);
        else if (code < 0x20 || code == 0x7f) text_add(out, "\\x%02X", (unsigned)code);
        else text_append(out, from, bytes);
        from += bytes;
    }
    text_add(out, "\"");
}

void text_add_word(struct text *out, const char *word) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._+-=:,@%";
    size_t n = strlen(word);
    if (n && strspn(word, plain) == n) {
        text_append(out, word, n);
        return;
    }
    text_add(out, "'");
    for (; *word; word++) {
        bool quote = *word == '\'';
        text_append(out, quote ? "'\\''" : word, quote ? 4 : 1);
    }
    text_add(out, "'");
}

void text_add_wrapped(struct text *t, const char *words, size_t at, size_t width, size_t indent, const char *mark) {
    for (bool first = true; *words; first = false) {
        size_t length = strcspn(words, " \n");
        if (!first && at + 1 + length > width) {
            text_add(t, "\n%*s%s", (int)indent, "", mark);
            at = indent + strlen(mark);
        } else if (!first) {
            text_add(t, " ");
            at++;
        }
        text_append(t, words, length);
        at += length;
        words += length;
        words += strspn(words, " \n");
    }
    text_add(t, "\n");
}
