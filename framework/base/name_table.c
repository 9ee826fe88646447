/* name_table.c: open addressing with linear probing, at most half full. */
#include "base/name_table.h"

#include "base/text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 64

/* The slot that holds `name`, or the free one where it belongs. */
static struct name_slot *slot_of(const struct name_table *t, const char *name) {
    size_t at = (size_t)text_hash(name) & (t->capacity - 1);
    while (t->slots[at].name && strcmp(t->slots[at].name, name) != 0) at = (at + 1) & (t->capacity - 1);
    return &t->slots[at];
}

static bool table_grow(struct name_table *t) {
    struct name_table more = {.capacity = t->capacity ? 2 * t->capacity : FIRST_SLOTS};
    more.slots = calloc(more.capacity, sizeof *more.slots);
    if (!more.slots) return false;
    for (size_t i = 0; i < t->capacity; i++)
        if (t->slots[i].name) *slot_of(&more, t->slots[i].name) = t->slots[i];
    more.count = t->count;
    free(t->slots);
    *t = more;
    return true;
}

uint32_t *name_table_at(struct name_table *t, const char *name) {
    if (t->capacity / 2 <= t->count && !table_grow(t)) return NULL;
    struct name_slot *slot = slot_of(t, name);
    if (!slot->name) {
        *slot = (struct name_slot){name, 0};
        t->count++;
    }
    return &slot->number;
}

uint32_t *name_table_find(const struct name_table *t, const char *name) {
    struct name_slot *slot = t->count ? slot_of(t, name) : NULL;
    return slot && slot->name ? &slot->number : NULL;
}

void name_table_finish(struct name_table *t) {
    free(t->slots);
    *t = (struct name_table){0};
}
