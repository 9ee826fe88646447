/* pool_receive.c: what children send, held to what their jobs declared. */
#include "workers/pool_state.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK ((size_t)1 << 16)

/* ---- Messages: nothing of them is trusted ---- */

static bool breach(struct worker *w, const char *what, unsigned long long number, unsigned long long most) {
    error_set(&w->breach, what, number, most);
    return true;
}

bool pool_take(struct pool *p, struct pool_job *job, uint32_t type, const void *data, size_t size,
               struct error *breached, struct error *e) {
    struct error why = {{0}};
    double begin = clock_seconds();
    enum pool_answer answer = p->hooks->message(p->user, job, type, data, size, &why);
    p->hooked += clock_seconds() - begin;
    switch (answer) {
    case POOL_TAKEN: return true;
    case POOL_BREACH: *breached = why; return true;
    default: return error_set(e, "%s", why.text);
    }
}

static bool take_beat(struct worker *w) {
    if (w->beats >= w->job->calls)
        return breach(w, "sent more than %llu signs of life, which is what its %llu calls need", w->beats, w->beats);
    w->beats += w->job->calls != UINT32_MAX || !w->beats;
    w->last_beat = clock_seconds();
    return true;
}

/* False: the harness failed. */
static bool consume(struct pool *p, struct worker *w, struct error *e) {
    size_t at = 0;
    struct pool_header h;
    bool ok = true;
    while (ok && !w->finished && !w->breach.text[0] && w->size - at >= sizeof h) {
        memcpy(&h, w->data + at, sizeof h);
        bool bare = h.type == POOL_BEAT || h.type == POOL_FINISHED;
        if (h.size > (bare ? 0 : w->job->largest)) {
            breach(w, "sent a message of %llu bytes, where %llu are the most", h.size, bare ? 0 : w->job->largest);
            break;
        }
        if (w->size - at - sizeof h < h.size) break;
        const unsigned char *body = w->data + at + sizeof h;
        at += sizeof h + (size_t)h.size;
        if (h.type == POOL_FINISHED) w->finished = true;
        else if (h.type == POOL_BEAT) take_beat(w);
        else ok = pool_take(p, w->job, h.type, body, (size_t)h.size, &w->breach, e);
    }
    memmove(w->data, w->data + at, w->size - at);
    w->size -= at;
    return ok;
}

/* Reads what is there; *end is set at end of file, and when nothing more is to come. Memory grows with the bytes that
 * are there, not with what a header says. */
bool pool_receive(struct pool *p, struct worker *w, bool *end, struct error *e) {
    if (w->capacity - w->size < CHUNK) {
        size_t capacity = w->capacity ? 2 * w->capacity : 4 * CHUNK;
        unsigned char *more = realloc(w->data, capacity);
        if (!more) return error_memory(e);
        w->data = more;
        w->capacity = capacity;
    }
    ssize_t n = read(w->child.fd, w->data + w->size, w->capacity - w->size);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return true;
    *end = n <= 0;
    if (n > 0) w->size += (size_t)n;
    bool ok = consume(p, w, e);
    /* A process the child left behind may hold the pipe open for ever. */
    *end = *end || w->finished || w->breach.text[0];
    return ok;
}
