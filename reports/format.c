#include "reports/format.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* The decimal separator of the locale is whatever no number has otherwise. */
static void make_point(char *number) {
    size_t before = strspn(number, "-0123456789");
    size_t after = strcspn(number + before, "0123456789e");

    if (after == 0 || strchr("ein", number[before])) return;
    number[before] = '.';
    memmove(number + before + 1, number + before + after, strlen(number + before + after) + 1);
}

const char *number_text(double value, char buffer[NUMBER_SIZE]) {
    buffer[0] = '\0';
    if (isnan(value)) return buffer;
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(buffer, NUMBER_SIZE, "%.*g", digits, value);
        if (strtod(buffer, NULL) == value) break;
    }
    make_point(buffer);
    return buffer;
}

size_t utf8_next(const char *s, uint32_t *code) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = (unsigned char)*s;
    size_t length = first < 0x80 ? 1 : first >= 0xf0 && first < 0xf8 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 0;

    *code = 0xfffd;
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

static bool is_control(uint32_t code) {
    return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

void text_add_clean(struct text *out, const char *s, enum clean clean) {
    uint32_t code;

    for (size_t n; *s; s += n) {
        n = utf8_next(s, &code);
        if (code == 0xfffd) text_append(out, REPLACEMENT, 3);
        else if (clean == CLEAN_LINE && (code == '\n' || code == '\t' || code == '\r')) text_append(out, " ", 1);
        else if (clean == CLEAN_LINE && is_control(code)) text_append(out, REPLACEMENT, 3);
        else text_append(out, s, n);
    }
    text_append(out, "", 0);
}

void text_add_xml(struct text *out, const char *s) {
    uint32_t code;

    for (size_t n; *s; s += n) {
        n = utf8_next(s, &code);
        switch (code) {
        case '&': text_append(out, "&amp;", 5); break;
        case '<': text_append(out, "&lt;", 4); break;
        case '>': text_append(out, "&gt;", 4); break;
        case '"': text_append(out, "&quot;", 6); break;
        case '\t':
        case '\n':
        case '\r': text_add(out, "&#%u;", (unsigned)code); break;
        default:
            if (is_control(code) || code == 0xfffd || code == 0xfffe || code == 0xffff)
                text_append(out, REPLACEMENT, 3);
            else text_append(out, s, n);
        }
    }
    text_append(out, "", 0);
}
