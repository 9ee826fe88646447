#include "run/memo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct answer {
    char key[FILE_DIGEST_SIZE];
    float *data;
    size_t count;
};

#define ANSWERS 256u

struct memo {
    struct answer answers[ANSWERS]; /* a ring */
    uint32_t next;
    size_t most, free; /* floats */
};

bool memo_create(size_t bytes, struct memo **out, struct error *e) {
    *out = calloc(1, sizeof **out);
    if (!*out) return error_memory(e);
    (*out)->most = (*out)->free = bytes / sizeof(float);
    return true;
}

static void forget(struct memo *m, struct answer *a) {
    m->free += a->count;
    free(a->data);
    *a = (struct answer){.count = 0};
}

void memo_destroy(struct memo *m) {
    if (!m) return;
    for (uint32_t i = 0; i < ANSWERS; i++) forget(m, &m->answers[i]);
    free(m);
}

bool memo_find(const struct memo *m, const char *key, float *out, size_t count) {
    for (uint32_t i = 0; i < ANSWERS; i++) {
        const struct answer *a = &m->answers[i];
        if (!a->data || a->count != count || strcmp(a->key, key) != 0) continue;
        memcpy(out, a->data, count * sizeof *out);
        return true;
    }
    return false;
}

void memo_keep(struct memo *m, const char *key, const float *answer, size_t count) {
    struct answer *a = &m->answers[m->next];
    if (count > m->most) return;
    forget(m, a);
    for (uint32_t i = 1; i < ANSWERS && m->free < count; i++) forget(m, &m->answers[(m->next + i) % ANSWERS]);
    if (!(a->data = malloc(count * sizeof *answer))) return;
    memcpy(a->data, answer, count * sizeof *answer);
    snprintf(a->key, sizeof a->key, "%s", key);
    a->count = count;
    m->free -= count;
    m->next = (m->next + 1) % ANSWERS;
}
