/* Words in lines: where they break, and their labels. */
#include "reports/figure_words.h"

#include <stdlib.h>
#include <string.h>

/* By enum figure_font, in pixels. */
static const struct {
    const char *style;
    double character, line;
} fonts[] = {{"", 6.1, 12}, {"font small ", 5.2, 11}, {"font big ", 6.5, 14}};

double figure_text_width(enum figure_font font, size_t characters) {
    return fonts[font].character * (double)characters;
}

size_t figure_characters(enum figure_font font, double width) {
    return width > 2 * fonts[font].character ? (size_t)(width / fonts[font].character) : 2;
}

double figure_line(enum figure_font font) {
    return fonts[font].line;
}

/* A line of at most `most` characters. */
struct line {
    size_t bytes, next; /* what is shown, and where the next line begins */
    bool within;        /* it ends within a word */
};

static struct line take_line(const char *text, size_t most) {
    struct line best = {0}, all = {0};
    uint32_t code;

    for (size_t n = 0; text[all.bytes]; n++) {
        if (n == most) {
            all.next = all.bytes;
            all.within = true;
            if (text[all.bytes] != ' ') return best.next ? best : all;
            return (struct line){all.bytes, all.bytes + 1, false};
        }
        size_t start = all.bytes;
        all.bytes += utf8_next(text + start, &code);
        if (code == ' ' && start) best = (struct line){start, all.bytes, false};
        else if (start && strchr("-_/:,;", text[start]) && text[all.bytes] != ' ')
            best = (struct line){all.bytes, all.bytes, false};
    }
    all.next = all.bytes;
    return all;
}

size_t figure_lines(enum figure_font font, double width, const char *text) {
    size_t most = figure_characters(font, width), lines = 1;

    for (struct line l = take_line(text, most); text[l.next]; l = take_line(text, most)) {
        text += l.next;
        lines++;
    }
    return lines;
}

bool figure_fits(enum figure_font font, double width, size_t lines, const char *text) {
    size_t most = figure_characters(font, width);

    for (; lines; lines--) {
        struct line l = take_line(text, most);
        if (l.within) return false;
        if (!text[l.next]) return true;
        text += l.next;
    }
    return false;
}

size_t figure_words(struct figure *f, const struct figure_words *w, const char *text) {
    const size_t most = figure_characters(w->font, w->width);
    char *clean = text_clean(text), style[96];
    const char *at = clean ? clean : "";
    size_t lines = 0;

    f->script.failed = f->script.failed || !clean;
    snprintf(style, sizeof style, "%stextcolor rgb %s", fonts[w->font].style, w->colour ? w->colour : "ink");
    do {
        struct line l = take_line(at, most);
        bool last = lines + 1 == w->lines || !at[l.next];
        char *shown = last ? text_copy(at) : text_format("%.*s", (int)l.bytes, at);
        double y = w->y + (double)lines * fonts[w->font].line;
        if (shown) figure_label(f, w->x, y, w->align, most, style, shown);
        else f->script.failed = true;
        free(shown);
        lines++;
        at += last ? strlen(at) : l.next;
    } while (*at);
    free(clean);
    return lines;
}
