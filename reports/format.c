/* Numbers and markup, as reports print them. */
#include "reports/format.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The decimal separator of the locale is whatever no number has otherwise. */
static void make_point(char *number) {
    size_t before = strspn(number, "-0123456789");
    size_t after = strcspn(number + before, "0123456789e");

    if (after == 0 || strchr("ein", number[before])) return;
    number[before] = '.';
    memmove(number + before + 1, number + before + after, strlen(number + before + after) + 1);
}

/* In front of `end`, with a point before the last `places`; how many characters. */
static size_t write_digits(uint64_t rest, int places, char *end) {
    char *at = end;

    for (int k = 0; k < places; k++, rest /= 10) *--at = (char)('0' + rest % 10);
    if (places) *--at = '.';
    do *--at = (char)('0' + rest % 10);
    while (rest /= 10);
    return (size_t)(end - at);
}

#define PLACES 5 /* as many as a similarity is stored with */
#define SCALE 1e5

/* Numbers of at most PLACES decimals, which are most of a report, without printf: n / 10^PLACES of fewer than 16 digits
 * is its own shortest text, as doubles keep 15. False: the number is none of those, or has an exponent when it is
 * printed.
 */
static bool few_decimals(double value, char buffer[NUMBER_SIZE]) {
    char digits[24];
    double scaled = value * SCALE;
    int places = PLACES;

    if (!(fabs(scaled) < 1e15) || (fabs(value) < 1e-4 && (value != 0 || signbit(value)))) return false;
    int64_t n = llround(scaled);
    if ((double)n / SCALE != value) return false;
    uint64_t rest = (uint64_t)(n < 0 ? -n : n);
    for (; places && rest % 10 == 0; places--) rest /= 10;
    size_t length = write_digits(rest, places, digits + sizeof digits);
    if (n < 0) *buffer++ = '-';
    memcpy(buffer, digits + sizeof digits - length, length);
    buffer[length] = '\0';
    return true;
}

/* Whole numbers beyond 64 bits, which ISO C has not. */
__extension__ typedef unsigned __int128 wide;

/* The rest of the numbers between 1e-4 and 1, which are the other similarities, without printf as well: the fewest
 * digits from 15 on that are read as the same number. |value| is m / 2^k, so that with d decimals it is m * 10^d / 2^k,
 * exactly: at most 53 + 67 bits. n, the nearest whole number, is read as the value where it is less than half a step of
 * the double away, which is 10^d / 2 of those 2^-k. False: none of those numbers, or one whose steps to both sides
 * differ. */
static bool many_decimals(double value, char buffer[NUMBER_SIZE]) {
    const double size = fabs(value);
    int exponent;
    char digits[32];

    if (!(size >= 1e-4 && size < 1)) return false;
    const uint64_t m = (uint64_t)ldexp(frexp(size, &exponent), 53);
    const int k = 53 - exponent, zeros = (size < .1) + (size < .01) + (size < .001);
    if ((m & (m - 1)) == 0) return false;
    wide power = 1;
    for (int d = 0; d < 14 + zeros; d++) power *= 10;
    for (int d = 15 + zeros; d <= 17 + zeros; d++) {
        power *= 10;
        const wide all = m * power, unit = (wide)1 << k, below = all & (unit - 1), half = unit / 2;
        wide n = all >> k;
        const bool up = below > half || (below == half && (n & 1));
        const wide away = up ? unit - below : below;
        n += up;
        if (2 * away > power || (2 * away == power && (m & 1))) continue;
        int places = d;
        for (; n % 10 == 0; places--) n /= 10;
        size_t length = write_digits((uint64_t)n, places, digits + sizeof digits);
        if (value < 0) *buffer++ = '-';
        memcpy(buffer, digits + sizeof digits - length, length);
        buffer[length] = '\0';
        return true;
    }
    return false;
}

const char *number_text(double value, char buffer[NUMBER_SIZE]) {
    buffer[0] = '\0';
    if (isnan(value) || few_decimals(value, buffer) || many_decimals(value, buffer)) return buffer;
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(buffer, NUMBER_SIZE, "%.*g", digits, value);
        if (strtod(buffer, NULL) == value) break;
    }
    make_point(buffer);
    return buffer;
}

/* Cleaned first, so that of control characters none is left. */
void text_add_xml(struct text *out, const char *s) {
    char *clean = text_clean(s);

    out->failed = out->failed || !clean;
    for (const char *c = clean; c && *c; c++) switch (*c) {
        case '&': text_append(out, "&amp;", 5); break;
        case '<': text_append(out, "&lt;", 4); break;
        case '>': text_append(out, "&gt;", 4); break;
        case '"': text_append(out, "&quot;", 6); break;
        default: text_append(out, c, 1);
        }
    text_append(out, "", 0);
    free(clean);
}

void text_add_markdown(struct text *out, const char *s) {
    char *clean = text_clean(s);

    out->failed = out->failed || !clean;
    for (const char *c = clean; c && *c; c++) {
        if (*c == '<') text_add(out, "&lt;");
        else if (*c == '&') text_add(out, "&amp;");
        else {
            if (strchr("\\`*_{}[]()#|>!~@$", *c)) text_add(out, "\\");
            text_append(out, c, 1);
        }
    }
    free(clean);
}

void text_add_latex(struct text *out, const char *s) {
    static const struct {
        char c;
        const char *as;
    } special[] = {{'\\', "\\textbackslash{}"}, {'~', "\\textasciitilde{}"}, {'^', "\\textasciicircum{}"},
                   {'<', "\\textless{}"},       {'>', "\\textgreater{}"},    {'|', "\\textbar{}"},
                   {'"', "\\textquotedbl{}"}};
    char *clean = text_clean(s);

    out->failed = out->failed || !clean;
    for (const char *c = clean; c && *c; c++) {
        const char *as = NULL;
        for (size_t i = 0; i < sizeof special / sizeof *special; i++)
            if (special[i].c == *c) as = special[i].as;
        if (as) text_add(out, "%s", as);
        else {
            if (strchr("#$%&_{}", *c)) text_add(out, "\\");
            text_append(out, c, 1);
        }
    }
    free(clean);
}
