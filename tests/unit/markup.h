/* markup.h: whether XML and HTML are well-formed, for the tests of reports. */
#ifndef ASSAY_TESTS_MARKUP_H
#define ASSAY_TESTS_MARKUP_H

#include <stddef.h>

/* Tags nest and match, attributes are quoted, entities are known, characters allowed; elements of HTML that have no end
 * need none; what a style or script holds is passed over. Fails the test otherwise. */
void markup_expect(const char *text);

/* In how many places of the text it stands. */
size_t markup_count(const char *text, const char *what);

#endif
