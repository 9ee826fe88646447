/* battery_key_texts.h: what the reference says of each key; private to battery_keys*.c. */
#ifndef ASSAY_BATTERY_BATTERY_KEY_TEXTS_H
#define ASSAY_BATTERY_BATTERY_KEY_TEXTS_H

struct key_text {
    const char *path; /* "data.inputs" */
    const char *about, *example;
    const char *type, *schema; /* of what is no number, choice or text */
    const char *fallback;      /* in place of what the battery holds when nothing is said; NULL: that */
};

/* Ended by a NULL path. */
extern const struct key_text battery_key_texts[];

#endif
