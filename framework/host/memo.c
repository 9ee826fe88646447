/* Answers in shared memory. */
#include "host/memo.h"

#include "base/shared.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define SLOTS (1u << 14)
#define PROBES 64u /* slots side by side that a key may be in */

enum { FREE, TAKEN, READY };

struct answer {
    atomic_int state;
    char key[FILE_DIGEST_SIZE], digest[FILE_DIGEST_SIZE];
    size_t at, count;
};

/* An open hash table: nothing is ever taken out of it. */
struct memo {
    size_t bytes, most; /* of the mapping; floats of `data` */
    atomic_size_t used;
    struct answer answers[SLOTS];
    float data[];
};

bool memo_create(size_t bytes, struct memo **out, struct error *e) {
    size_t size = sizeof **out + bytes;
    *out = shared_create(size, e);
    if (!*out) return false;
    (*out)->bytes = size;
    (*out)->most = bytes / sizeof(float);
    return true;
}

void memo_destroy(struct memo *m) {
    if (m) shared_destroy(m, m->bytes);
}

static uint32_t first_slot(const char *key) {
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (const char *c = key; *c; c++) hash = (hash ^ (unsigned char)*c) * 16777619u;
    return hash % SLOTS;
}

static bool fits(const struct memo *m, size_t at, size_t count) {
    return at <= m->most && count <= m->most - at;
}

bool memo_find(const struct memo *m, const char *key, float *out, size_t count) {
    char digest[FILE_DIGEST_SIZE];
    for (uint32_t i = 0, slot = first_slot(key); i < PROBES; i++, slot = (slot + 1) % SLOTS) {
        const struct answer *a = &m->answers[slot];
        int state = atomic_load(&a->state);
        if (state == FREE) return false;
        if (state != READY || a->count != count || strncmp(a->key, key, sizeof a->key) != 0) continue;
        if (!fits(m, a->at, count)) return false;
        memcpy(out, m->data + a->at, count * sizeof *out);
        data_digest(out, count * sizeof *out, digest);
        return memcmp(digest, a->digest, sizeof digest) == 0;
    }
    return false;
}

/* A free slot for the key, which is nobody else's from now on; or NULL. */
static struct answer *take_slot(struct memo *m, const char *key) {
    for (uint32_t i = 0, slot = first_slot(key); i < PROBES; i++, slot = (slot + 1) % SLOTS) {
        int state = FREE;
        if (atomic_compare_exchange_strong(&m->answers[slot].state, &state, TAKEN)) return &m->answers[slot];
    }
    return NULL;
}

void memo_keep(struct memo *m, const char *key, const float *answer, size_t count) {
    if (!fits(m, atomic_load(&m->used), count)) return;
    size_t at = atomic_fetch_add(&m->used, count);
    if (!fits(m, at, count)) return; /* another was quicker */
    struct answer *a = take_slot(m, key);
    if (!a) return;
    snprintf(a->key, sizeof a->key, "%s", key);
    a->at = at;
    a->count = count;
    memcpy(m->data + at, answer, count * sizeof *answer);
    data_digest(answer, count * sizeof *answer, a->digest);
    atomic_store(&a->state, READY);
}
