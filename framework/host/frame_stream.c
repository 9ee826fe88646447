/* frame_stream.c: waiting, reading and writing. */
#include "host/frame_stream.h"

#include "base/clock.h"
#include "base/text.h"
#include "workers/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TICK 0.2 /* seconds between two looks whether the program is to end */
#define CHUNK ((size_t)1 << 16)
#define FIRST_BYTES ((size_t)1 << 20) /* of an array, allocated before any came */

void frame_stream_init(struct frame_stream *s, int in, int out) {
    *s = (struct frame_stream){.in = in, .out = out, .deadline = INFINITY, .limit = INFINITY};
    fcntl(in, F_SETFL, fcntl(in, F_GETFL) | O_NONBLOCK);
    fcntl(out, F_SETFL, fcntl(out, F_GETFL) | O_NONBLOCK);
}

void frame_stream_finish(struct frame_stream *s) {
    bool open = s->in > 0;
    if (open) close(s->in);
    if (open && s->out != s->in) close(s->out);
    free(s->buffer);
    *s = (struct frame_stream){.deadline = INFINITY};
}

void frame_stream_limit(struct frame_stream *s, double seconds) {
    s->limit = seconds;
    s->deadline = clock_seconds() + seconds;
}

static bool is_dead(pid_t child) {
    siginfo_t info = {0};
    return child > 0 && waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == child;
}

/* Until it can be read from or written to, or s->ended. */
static bool wait_for(struct frame_stream *s, int fd, short event, struct error *e) {
    for (;;) {
        double left = s->deadline - clock_seconds();
        if (left <= 0) return error_set(e, "did not answer within %g s", s->limit);
        if (interrupt_signal()) return error_set(e, "was interrupted");
        struct pollfd wanted = {fd, event, 0};
        int n = poll(&wanted, 1, (int)ceil((left < TICK ? left : TICK) * 1000));
        if (n == 0) s->ended = is_dead(s->child);
        if (n > 0 || s->ended) return true;
        if (n < 0 && errno != EINTR) return error_set(e, "could not be waited for: %s", strerror(errno));
    }
}

/* Bytes that are there, at least one; 0 at the end. It is waited first: of a named pipe that nobody has opened yet for
 * writing an end would be read. */
static bool read_some(struct frame_stream *s, void *to, size_t most, size_t *count, struct error *e) {
    for (;;) {
        if (!wait_for(s, s->in, POLLIN, e)) return false;
        ssize_t n = s->ended ? 0 : read(s->in, to, most);
        if (n > 0) {
            *count = (size_t)n;
            return true;
        }
        if (n == 0 || errno == ECONNRESET) {
            *count = 0;
            s->ended = true;
            return true;
        }
        if (errno != EAGAIN && errno != EINTR) return error_set(e, "could not be read from: %s", strerror(errno));
    }
}

/* ---- Reading ---- */

static bool make_room(struct frame_stream *s, struct error *e) {
    if (s->at > 0) { /* at first there is no buffer */
        memmove(s->buffer, s->buffer + s->at, s->end - s->at);
        s->end -= s->at;
        s->at = 0;
    }
    if (s->capacity - s->end >= CHUNK) return true;
    size_t capacity = s->capacity ? 2 * s->capacity : 2 * CHUNK;
    char *more = realloc(s->buffer, capacity);
    if (!more) return error_memory(e);
    s->buffer = more;
    s->capacity = capacity;
    return true;
}

/* A line is in the buffer; *size with its end. */
static bool read_line(struct frame_stream *s, size_t *size, struct error *e) {
    size_t looked = 0;
    for (;;) {
        size_t there = s->end - s->at;
        const char *end = there ? memchr(s->buffer + s->at + looked, '\n', there - looked) : NULL;
        looked = there;
        *size = end ? (size_t)(end - (s->buffer + s->at)) + 1 : there;
        if (*size > FRAME_HEADER_MAX)
            return error_set(e, "sent a header of more than %zu bytes, which are the most", FRAME_HEADER_MAX);
        if (end) return true;
        size_t n;
        if (!make_room(s, e) || !read_some(s, s->buffer + s->end, CHUNK, &n, e)) return false;
        if (n == 0 && there) return error_set(e, "ended in the middle of a frame's header");
        if (n == 0) return error_set(e, "ended where a frame was due");
        s->end += n;
    }
}

bool frame_receive(struct frame_stream *s, struct frame *f, struct error *e) {
    size_t size;
    *f = (struct frame){0};
    if (!read_line(s, &size, e)) return false;
    char *line = s->buffer + s->at;
    line[size - 1] = 0; /* for the excerpt in a message */
    s->at += size;
    return frame_parse(line, size - 1, f, e);
}

/* At least one byte of an array, at most `most`. */
static bool read_part(struct frame_stream *s, char *to, size_t most, size_t *n, struct error *e) {
    size_t there = s->end - s->at;
    if (!there) return read_some(s, to, most, n, e);
    *n = there < most ? there : most;
    memcpy(to, s->buffer + s->at, *n);
    s->at += *n;
    return true;
}

/* Memory grows with the bytes that come, not with what a header says. */
static bool take_array(struct frame_stream *s, struct frame_array *a, size_t before, size_t total, struct error *e) {
    size_t size = frame_array_bytes(a), capacity = 0;
    for (size_t got = 0, n; got < size; got += n) {
        if (got == capacity) {
            capacity = capacity ? 2 * capacity : FIRST_BYTES;
            capacity = capacity < size ? capacity : size;
            void *more = realloc(a->data, capacity);
            if (!more) return error_memory(e);
            a->data = more;
        }
        if (!read_part(s, (char *)a->data + got, capacity - got, &n, e)) return false;
        if (n == 0) return error_set(e, "ended after %zu of a frame's %zu bytes", before + got, total);
    }
    return true;
}

bool frame_take(struct frame_stream *s, struct frame *f, struct error *e) {
    size_t before = 0;
    for (size_t i = 0; i < f->array_count; i++) {
        if (!take_array(s, &f->arrays[i], before, f->bytes, e)) return false;
        before += frame_array_bytes(&f->arrays[i]);
    }
    return true;
}

bool frame_skip(struct frame_stream *s, const struct frame *f, struct error *e) {
    char dropped[1 << 12];
    for (size_t got = 0, n; got < f->bytes; got += n) {
        size_t left = f->bytes - got;
        if (!read_part(s, dropped, left < sizeof dropped ? left : sizeof dropped, &n, e)) return false;
        if (n == 0) return error_set(e, "ended after %zu of a frame's %zu bytes", got, f->bytes);
    }
    return true;
}

/* ---- Writing ---- */

/* As write(), without SIGPIPE where nobody reads. */
static ssize_t write_quietly(int fd, const void *data, size_t size) {
    sigset_t pipe, before;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, &before);
    ssize_t n = write(fd, data, size);
    int why = errno;
    if (n < 0 && why == EPIPE && !sigismember(&before, SIGPIPE)) sigtimedwait(&pipe, NULL, &(struct timespec){0, 0});
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = why;
    return n;
}

static bool write_bytes(struct frame_stream *s, const char *from, size_t size, struct error *e) {
    while (size > 0) {
        ssize_t n = write_quietly(s->out, from, size);
        if (n >= 0) {
            from += n;
            size -= (size_t)n;
        } else if (errno == EAGAIN) {
            if (!wait_for(s, s->out, POLLOUT, e)) return false;
            if (s->ended) return error_set(e, "ended before it read what it was sent");
        } else if (errno == EPIPE || errno == ECONNRESET) {
            s->ended = true;
            return error_set(e, "ended before it read what it was sent");
        } else if (errno != EINTR) {
            return error_set(e, "could not be written to: %s", strerror(errno));
        }
    }
    return true;
}

bool frame_send(struct frame_stream *s, json_t *keys, const struct frame_array *arrays, size_t count, struct error *e) {
    char *line = keys ? frame_line(keys, arrays, count) : NULL;
    json_decref(keys);
    if (!line) return error_memory(e);
    bool ok = write_bytes(s, line, strlen(line), e);
    free(line);
    for (size_t i = 0; ok && i < count; i++) ok = write_bytes(s, arrays[i].data, frame_array_bytes(&arrays[i]), e);
    return ok;
}
