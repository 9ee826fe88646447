/* Valid UTF-8 without control characters. */
#include "base/plain.h"

#include <stddef.h>
#include <stdint.h>

/* Bytes of the character that begins there, and its code point; 0 where it is none. */
static size_t character(const char *text, uint32_t *code) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *s = (const unsigned char *)text;
    size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;
    if (!n) return 0;
    *code = n == 1 ? s[0] : s[0] & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++) { /* the end of the string is no continuation byte */
        if ((s[i] & 0xc0) != 0x80) return 0;
        *code = *code << 6 | (s[i] & 0x3fu);
    }
    bool surrogate = *code >= 0xd800 && *code < 0xe000;
    return *code < least[n] || *code > 0x10ffff || surrogate ? 0 : n;
}

static bool is_control(uint32_t code) {
    return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

bool plain_is(const char *s) {
    uint32_t code;
    for (size_t n; *s; s += n)
        if (!(n = character(s, &code)) || is_control(code)) return false;
    return true;
}

void plain_make(char *s) {
    while (*s) {
        uint32_t code;
        size_t n = character(s, &code);
        bool control = n && is_control(code);
        for (size_t i = 0; control && i < n; i++) s[i] = ' ';
        if (!n) *s = '?';
        s += n ? n : 1;
    }
}
