/* battery_keys.h: every key that a battery may have, for its reference and its JSON Schema: made of the tables that
 * read batteries, with a text for each. */
#ifndef ASSAY_BATTERY_BATTERY_KEYS_H
#define ASSAY_BATTERY_BATTERY_KEYS_H

#include "base/error.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

enum key_kind { KEY_NUMBER, KEY_WHOLE, KEY_FLAG, KEY_CHOICE, KEY_TEXT, KEY_OTHER };

struct battery_key {
    const char *section; /* "", "data", "data.preprocess", "explainers[]", ... */
    const char *name;
    enum key_kind kind;
    double min, max;            /* of numbers */
    bool huge;                  /* KEY_WHOLE: up to 2^64 - 1 */
    const char *const *choices; /* of KEY_CHOICE, ended by NULL */
    bool required;
    const char *about;    /* what it says */
    const char *type;     /* of KEY_OTHER: in words */
    const char *schema;   /* of KEY_OTHER: JSON Schema; NULL: whoever knows more of it makes one */
    const char *example;  /* YAML, as it stands in its section */
    const char *fallback; /* the default in words; "": none. Borrowed for the call */
};

/* Section by section, each in the order of its table. Fails where a key has no text, or a text no key. */
bool battery_keys_each(bool (*take)(void *, const struct battery_key *), void *, struct error *);

/* "a whole number from 1 to 10000", "one of auto, direct or winograd". */
void battery_key_add_type(struct text *, const struct battery_key *);

#endif
