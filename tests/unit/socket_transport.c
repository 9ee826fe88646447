/* socket_transport.c: frames of a size and so many bytes; whoever writes reads meanwhile, so that nobody waits for
 * ever. */
#include "socket_transport.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void pump(struct socket_end *end) {
    for (ssize_t n = 1; end->fd >= 0 && n > 0; end->size += n > 0 ? (size_t)n : 0) {
        if (end->capacity - end->size < 65536) {
            end->capacity = 2 * end->capacity + 131072;
            end->in = realloc(end->in, end->capacity);
            cr_assert_not_null(end->in);
        }
        n = read(end->fd, end->in + end->size, end->capacity - end->size);
    }
}

static bool write_all(struct socket_end *end, const void *data, size_t size) {
    for (const char *at = data; size;) {
        ssize_t n = send(end->fd, at, size, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN) return false;
        if (n < 0) {
            pump(end);
            poll(&(struct pollfd){end->fd, POLLOUT, 0}, 1, 10);
            continue;
        }
        at += n;
        size -= (size_t)n;
    }
    return true;
}

static bool socket_send(void *state, uint32_t to, const void *data, size_t size, struct error *e) {
    struct socket_state *s = state;
    struct socket_end *end = &s->ends[to];
    (void)e;
    if (s->dies_after && ++s->sent > s->dies_after) raise(SIGKILL);
    if (!end->dropped && write_all(end, &size, sizeof size)) write_all(end, data, size);
    return true;
}

static bool socket_receive(void *state, uint32_t *from, void **data, size_t *size, bool *there, struct error *e) {
    struct socket_state *s = state;
    *there = false;
    *data = NULL;
    for (uint32_t k = 0; k < SOCKET_RANKS && !*there; k++) {
        struct socket_end *end = &s->ends[k];
        pump(end);
        if (end->size < sizeof *size) continue;
        memcpy(size, end->in, sizeof *size);
        if (end->size - sizeof *size < *size) continue;
        *data = malloc(*size + 1);
        if (!*data) return error_memory(e);
        memcpy(*data, end->in + sizeof *size, *size);
        end->size -= sizeof *size + *size;
        memmove(end->in, end->in + sizeof *size + *size, end->size);
        *from = k;
        *there = true;
    }
    return true;
}

static void socket_drop(void *state, uint32_t rank) {
    struct socket_state *s = state;
    s->ends[rank].dropped = true;
}

static void socket_finish(void *state, int status) {
    struct socket_state *s = state;
    (void)status;
    for (uint32_t k = 0; k < SOCKET_RANKS; k++) {
        if (s->ends[k].fd >= 0) close(s->ends[k].fd);
        free(s->ends[k].in);
    }
}

uint32_t socket_transport_fork(uint32_t count, struct socket_state *s, struct transport *out) {
    *s = (struct socket_state){.sent = 0};
    for (uint32_t k = 0; k < SOCKET_RANKS; k++) s->ends[k].fd = -1;
    *out = (struct transport){s, 0, count, socket_send, socket_receive, socket_drop, socket_finish};
    for (uint32_t k = 1; k < count; k++) {
        int pair[2];
        cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        for (int i = 0; i < 2; i++) fcntl(pair[i], F_SETFL, O_NONBLOCK);
        pid_t child = fork();
        cr_assert_geq(child, 0);
        if (child == 0) {
            for (uint32_t i = 1; i < k; i++) close(s->ends[i].fd), s->ends[i].fd = -1;
            close(pair[0]);
            s->ends[0].fd = pair[1];
            out->rank = k;
            return k;
        }
        close(pair[1]);
        s->ends[k].fd = pair[0];
    }
    return 0;
}
