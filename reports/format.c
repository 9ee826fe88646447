/* Numbers and markup, as reports print them. */
#include "reports/format.h"

#include <math.h>
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
