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

#define PLACES 5 /* as many as a similarity is stored with */
#define SCALE 1e5

/* Numbers of at most PLACES decimals, which are most of a report, without printf: n / 10^PLACES of fewer than 16 digits
 * is its own shortest text, as doubles keep 15. False: the number is none of those, or has an exponent when it is
 * printed.
 */
static bool few_decimals(double value, char buffer[NUMBER_SIZE]) {
    char digits[24], *at = digits + sizeof digits;
    double scaled = value * SCALE;
    int places = PLACES;

    if (!(fabs(scaled) < 1e15) || (fabs(value) < 1e-4 && (value != 0 || signbit(value)))) return false;
    int64_t n = llround(scaled);
    if ((double)n / SCALE != value) return false;
    uint64_t rest = (uint64_t)(n < 0 ? -n : n);
    for (; places && rest % 10 == 0; places--) rest /= 10;
    for (int k = 0; k < places; k++, rest /= 10) *--at = (char)('0' + rest % 10);
    if (places) *--at = '.';
    do *--at = (char)('0' + rest % 10);
    while (rest /= 10);
    if (n < 0) *--at = '-';
    size_t length = (size_t)(digits + sizeof digits - at);
    memcpy(buffer, at, length);
    buffer[length] = '\0';
    return true;
}

const char *number_text(double value, char buffer[NUMBER_SIZE]) {
    buffer[0] = '\0';
    if (isnan(value) || few_decimals(value, buffer)) return buffer;
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
