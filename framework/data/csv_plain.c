/* csv_plain.c: one look at each byte, and no number is converted. What is taken here is a part of what csv_table.c
 * takes: tests/unit/csv_plain.c holds the one against the other. */
#include "data/csv_plain.h"

static bool is_digit(uint8_t c) {
    return c >= '0' && c <= '9';
}

static uint8_t *skip_digits(uint8_t *at) {
    while (is_digit(*at)) at++;
    return at;
}

/* Behind e and a number up to 19, or of two digits that makes smaller; NULL: something else. */
static uint8_t *skip_exponent(uint8_t *at) {
    at++;
    const bool smaller = *at == '-';
    if (*at == '-' || *at == '+') at++;
    uint8_t *from = at;
    at = skip_digits(at);
    const bool fits = at == from + 1 || (at == from + 2 && (smaller || *from < '2'));
    return fits ? at : NULL;
}

/* Behind a decimal number; NULL: something else, or one that is as long as no table writes it. 15 digits before the
 * point and an exponent up to 19 are below the largest 32-bit number. */
static uint8_t *skip_number(uint8_t *at) {
    if (*at == '-' || *at == '+') at++;
    uint8_t *from = at;
    at = skip_digits(at);
    bool fits = at <= from + 15;
    size_t digits = (size_t)(at - from);
    if (*at == '.') {
        from = ++at;
        at = skip_digits(at);
        digits += (size_t)(at - from);
    }
    if (!digits || digits > 40 || !fits) return NULL;
    return *at == 'e' || *at == 'E' ? skip_exponent(at) : at;
}

static bool is_in_text(uint8_t c) {
    return c >= ' ' && c <= '~' && c != '"' && c != ',';
}

static uint8_t *skip_text(uint8_t *at) {
    uint8_t *from = at;
    while (is_in_text(*at)) at++;
    return at > from && *from != ' ' && at[-1] != ' ' ? at : NULL;
}

/* Behind \n, \r\n or \r; NULL where it is none, or where the next byte is not there to tell. */
static uint8_t *skip_end(uint8_t *at, const uint8_t *end) {
    if (at < end && *at == '\n') return at + 1;
    if (at + 1 >= end || *at != '\r') return NULL;
    return at[1] == '\n' ? at + 2 : at + 1;
}

uint8_t *csv_plain_row(const struct csv_columns *c, uint8_t *line, const uint8_t *end, struct csv_cell *cells) {
    uint8_t *at = line;

    for (size_t i = 0; i < c->count; i++) {
        if (i && *at++ != ',') return NULL;
        uint8_t *from = at;
        at = c->place[i] ? skip_text(at) : skip_number(at);
        if (!at) return NULL;
        if (c->place[i] && c->place[i] != CSV_IGNORED) *cells++ = (struct csv_cell){i, from, at};
    }
    return skip_end(at, end);
}
