/* expect_edit.h: expectations put into the text of a battery, or of a baseline, with everything else left byte for
 * byte.
 */
#ifndef ASSAY_BATTERY_EXPECT_EDIT_H
#define ASSAY_BATTERY_EXPECT_EDIT_H

#include "base/error.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

/* ROW/CONTROL is to be expected as `word`; the reason stands in a comment above it. */
struct expect_change {
    const char *row, *control, *word;
    const char *key;    /* ROW/CONTROL as YAML */
    const char *reason; /* one line */
};

/* How the comment begins that is written above an entry; a later change of the entry takes it away. */
#define EXPECT_COMMENT "# Accepted: "

/* `text` (in UTF-8; `path` names it in messages) with the changes, into *out. An entry of the cell gets the word in
 * place of its own; else one is added behind the last of `expect`, which is added where there is none. `baseline`: the
 * text is nothing but such entries. Fails where an entry cannot be changed in place (an alias, a list over several
 * lines): the message has the line to write by hand. Whether the result says what it should is the caller's to check:
 * read it. */
bool expect_edit(const char *path, const char *text, size_t size, bool baseline, const struct expect_change *,
                 size_t count, struct text *out, struct error *);

#endif
