/* memo.c: an open hash table of answers in shared memory, and files of several. */
#include "host/memo.h"

#include "base/shared.h"
#include "base/text.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS (1u << 14)
#define PROBES 64u /* slots side by side that a key may be in */

enum { FREE, TAKEN, READY };

struct answer {
    atomic_int state;
    char key[FILE_DIGEST_SIZE], digest[FILE_DIGEST_SIZE];
    atomic_size_t at, count;
};

/* In shared memory. An open hash table: nothing is ever taken out of it. */
struct table {
    atomic_size_t used; /* floats of `data` */
    struct answer answers[SLOTS];
    float data[];
};

/* What may not be written over, each process has for itself. */
struct memo {
    struct table *table;
    size_t size, most; /* of the mapping; floats of `data` */
    bool writable;
};

struct memo_file {
    struct shared_file file;
    size_t bytes, stride;
};

/* Takes the table, which may be NULL. */
static bool wrap(struct table *table, size_t bytes, bool writable, struct memo **out, struct error *e) {
    size_t size = sizeof *table + bytes;
    *out = table ? malloc(sizeof **out) : NULL;
    if (*out) {
        **out = (struct memo){table, size, bytes / sizeof(float), writable};
        return true;
    }
    if (table) error_memory(e);
    shared_destroy(table, size);
    return false;
}

bool memo_create(size_t bytes, struct memo **out, struct error *e) {
    return wrap(shared_create(sizeof(struct table) + bytes, e), bytes, true, out, e);
}

void memo_destroy(struct memo *m) {
    if (m) shared_destroy(m->table, m->size);
    free(m);
}

bool memo_file_create(uint32_t count, size_t bytes, struct memo_file **out, struct error *e) {
    struct memo_file *f = malloc(sizeof *f);
    size_t page = shared_page();
    if (!f) return error_memory(e);
    f->bytes = bytes;
    f->stride = (sizeof(struct table) + bytes + page - 1) / page * page;
    if (!shared_file_create(count * f->stride, &f->file, e)) {
        free(f);
        return false;
    }
    *out = f;
    return true;
}

void memo_file_destroy(struct memo_file *f) {
    if (f) shared_file_close(&f->file);
    free(f);
}

bool memo_file_open(const struct memo_file *f, uint32_t index, bool writable, struct memo **out, struct error *e) {
    size_t size = sizeof(struct table) + f->bytes;
    return wrap(shared_file_map(&f->file, index * f->stride, size, writable, e), f->bytes, writable, out, e);
}

size_t memo_used(const struct memo *m) {
    size_t used = atomic_load(&m->table->used);
    return (used < m->most ? used : m->most) * sizeof(float);
}

size_t memo_file_used(const struct memo_file *f) {
    return shared_file_used(&f->file);
}

static uint32_t first_slot(const char *key) {
    return (uint32_t)(text_hash(key) % SLOTS);
}

static bool fits(const struct memo *m, size_t at, size_t count) {
    return at <= m->most && count <= m->most - at;
}

bool memo_find(const struct memo *m, const char *key, float *out, size_t count) {
    char digest[FILE_DIGEST_SIZE];
    for (uint32_t i = 0, slot = first_slot(key); i < PROBES; i++, slot = (slot + 1) % SLOTS) {
        struct answer *a = &m->table->answers[slot];
        int state = atomic_load(&a->state);
        if (state == FREE) return false;
        size_t at = atomic_load(&a->at); /* once: another process may change it */
        if (state != READY || atomic_load(&a->count) != count || strncmp(a->key, key, sizeof a->key) != 0) continue;
        if (!fits(m, at, count)) return false;
        memcpy(out, m->table->data + at, count * sizeof *out);
        data_digest(out, count * sizeof *out, digest);
        return memcmp(digest, a->digest, sizeof digest) == 0;
    }
    return false;
}

/* A free slot for the key, which is nobody else's from now on; or NULL. */
static struct answer *take_slot(struct memo *m, const char *key) {
    for (uint32_t i = 0, slot = first_slot(key); i < PROBES; i++, slot = (slot + 1) % SLOTS) {
        int state = FREE;
        if (atomic_compare_exchange_strong(&m->table->answers[slot].state, &state, TAKEN))
            return &m->table->answers[slot];
    }
    return NULL;
}

void memo_keep(struct memo *m, const char *key, const float *answer, size_t count) {
    if (!m->writable || !fits(m, atomic_load(&m->table->used), count)) return;
    size_t at = atomic_fetch_add(&m->table->used, count);
    if (!fits(m, at, count)) return; /* another was quicker */
    struct answer *a = take_slot(m, key);
    if (!a) return;
    snprintf(a->key, sizeof a->key, "%s", key);
    atomic_store(&a->at, at);
    atomic_store(&a->count, count);
    memcpy(m->table->data + at, answer, count * sizeof *answer);
    data_digest(answer, count * sizeof *answer, a->digest);
    atomic_store(&a->state, READY);
}
