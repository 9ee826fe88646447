/* format.h: numbers and foreign text (names from a battery, a plugin's own words) as reports print them. */
#ifndef ASSAY_REPORTS_FORMAT_H
#define ASSAY_REPORTS_FORMAT_H

#include "base/text.h"

#include <stdint.h>

#define NUMBER_SIZE 32
/* The fewest digits that read back as the same double, with a point in any locale; "" for NaN. Returns buffer. */
const char *number_text(double, char buffer[NUMBER_SIZE]);

/* The next code point and its bytes; U+FFFD and 1 where the bytes are not UTF-8. Not at the end of the string. */
size_t utf8_next(const char *, uint32_t *code);
size_t utf8_width(const char *); /* code points */

enum clean {
    CLEAN_UTF8, /* invalid bytes become U+FFFD */
    CLEAN_LINE  /* so do control characters, and line ends and tabs become spaces: safe on a terminal, one line */
};
void text_add_clean(struct text *, const char *, enum clean);

/* For XML 1.0, text or attribute: markup escaped, characters XML does not have replaced by U+FFFD. */
void text_add_xml(struct text *, const char *);

#endif
