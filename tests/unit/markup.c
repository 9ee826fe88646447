/* Enough of XML and HTML for the reports. */
#include "markup.h"

#include <criterion/criterion.h>
#include <stdbool.h>
#include <string.h>

static bool is_named(const char *tag, const char *name) {
    size_t length = strlen(name);
    return strncmp(tag, name, length) == 0 && strchr(" >/", tag[length]);
}

static bool has_no_end(const char *tag) {
    static const char *const names[] = {"!DOCTYPE", "?xml", "meta", "input", "br", "wbr"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (is_named(tag, names[i])) return true;
    return false;
}

static void expect_characters(const char *text) {
    static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#10;", "&#9;", "&#160;"};

    for (const char *c = text; *c; c++) {
        cr_assert((unsigned char)*c >= 0x20 || *c == '\n', "control character %d", *c);
        bool known = *c != '&';
        for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
            known = known || strncmp(c, entities[i], strlen(entities[i])) == 0;
        if (strncmp(c, "<script", 7) == 0) c = strstr(c, "</script");
        cr_assert(known, "%.20s", c);
    }
}

/* The end of the tag, between whose quotes a ">" may stand. */
static const char *tag_end(const char *at) {
    bool quoted = false;
    for (; *at && (quoted || *at != '>'); at++) {
        quoted = quoted != (*at == '"');
        cr_assert(quoted || at[0] != '<' || at[1] == '!', "%.40s", at);
    }
    cr_assert_eq(*at, '>', "an open tag at the end");
    return at;
}

void markup_expect(const char *text) {
    const char *open[32], *at = text;
    size_t depth = 0;

    expect_characters(text);
    while ((at = strchr(at, '<'))) {
        const char *end = tag_end(at + 1);
        if (at[1] == '/') {
            size_t length = (size_t)(end - at) - 2;
            cr_assert_gt(depth, 0);
            depth--;
            cr_assert(!strncmp(open[depth], at + 2, length) && strchr(" >", open[depth][length]), "%.*s in %.20s",
                      (int)length, at + 2, open[depth]);
        } else if (end[-1] != '/' && !has_no_end(at + 1)) {
            cr_assert_lt(depth, 32);
            open[depth++] = at + 1;
            if (is_named(at + 1, "style")) end = strstr(end, "</style") - 1;
            else if (is_named(at + 1, "script")) end = strstr(end, "</script") - 1;
        }
        at = end + 1;
    }
    cr_assert_eq(depth, 0, "%.40s is open at the end", open[depth - 1]);
}

size_t markup_count(const char *text, const char *what) {
    size_t n = 0;
    for (; (text = strstr(text, what)); text++) n++;
    return n;
}
