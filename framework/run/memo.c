#include "run/memo.h"

#include "base/shared.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define ANSWERS 256u

struct answer {
    atomic_bool ready; /* whoever wrote it is done */
    char key[FILE_DIGEST_SIZE], digest[FILE_DIGEST_SIZE];
    size_t at, count;
};

struct memo {
    size_t bytes, most; /* of the mapping; floats of `data` */
    atomic_uint begun;
    atomic_size_t used;
    struct answer answers[ANSWERS];
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

static bool fits(const struct memo *m, size_t at, size_t count) {
    return at <= m->most && count <= m->most - at;
}

bool memo_find(const struct memo *m, const char *key, float *out, size_t count) {
    char digest[FILE_DIGEST_SIZE];
    for (uint32_t i = 0; i < ANSWERS; i++) {
        const struct answer *a = &m->answers[i];
        if (!atomic_load(&a->ready) || a->count != count || strncmp(a->key, key, sizeof a->key) != 0) continue;
        if (!fits(m, a->at, count)) return false;
        memcpy(out, m->data + a->at, count * sizeof *out);
        data_digest(out, count * sizeof *out, digest);
        return memcmp(digest, a->digest, sizeof digest) == 0;
    }
    return false;
}

void memo_keep(struct memo *m, const char *key, const float *answer, size_t count) {
    if (atomic_load(&m->begun) >= ANSWERS || !fits(m, atomic_load(&m->used), count)) return;
    uint32_t index = atomic_fetch_add(&m->begun, 1);
    size_t at = atomic_fetch_add(&m->used, count);
    if (index >= ANSWERS || !fits(m, at, count)) return; /* another was quicker */
    struct answer *a = &m->answers[index];
    snprintf(a->key, sizeof a->key, "%s", key);
    a->at = at;
    a->count = count;
    memcpy(m->data + at, answer, count * sizeof *answer);
    data_digest(answer, count * sizeof *answer, a->digest);
    atomic_store(&a->ready, true);
}
