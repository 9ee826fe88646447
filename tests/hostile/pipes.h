/* pipes.h: forged messages, written to every pipe a process has open. The layouts are those of workers/pool_run.c and
 * run/unit_record.h, which a malicious plugin can read as well as anybody. */
#ifndef HOSTILE_PIPES_H
#define HOSTILE_PIPES_H

#include "hostile.h"

struct pipe_header {
    uint32_t type, reserved;
    uint64_t size;
};

struct pipe_unit {
    uint32_t row, attribution, status, comparisons, checks, map_elements;
    double seconds;
    char why[512];
};

struct pipe_pair {
    double value;
    uint32_t input, other;
    uint8_t mismatched, measure, view;
};

enum { PIPE_UNIT = 1, PIPE_ORIGINAL = 2, PIPE_BEAT = -1, PIPE_FINISHED = -2 };
enum { OWN_ROW = 2 }; /* the runner's battery has two honest rows before it */

UNUSED static void pipe_bytes(const void *data, size_t size) {
    char path[64], target[64];
    for (int fd = 3; fd < 256; fd++) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        ssize_t n = readlink(path, target, sizeof target);
        if (n < 5 || (strncmp(target, "pipe:", 5) != 0 && strncmp(target, "socke", 5) != 0)) continue;
        for (size_t at = 0; at < size;) {
            ssize_t written = write(fd, (const char *)data + at, size - at);
            if (written <= 0) break;
            at += (size_t)written;
        }
    }
}

UNUSED static void pipe_message(int type, const void *data, size_t size) {
    unsigned char bytes[4096];
    struct pipe_header h = {(uint32_t)type, 0, size};
    if (size > sizeof bytes - sizeof h) return;
    memcpy(bytes, &h, sizeof h);
    memcpy(bytes + sizeof h, data, size);
    pipe_bytes(bytes, sizeof h + size);
}

/* A unit of `row` with one similarity. */
UNUSED static void pipe_unit(uint32_t row, uint32_t attribution, struct pipe_pair pair) {
    struct {
        struct pipe_unit unit;
        struct pipe_pair pair;
    } message;
    memset(&message, 0, sizeof message);
    message.unit = (struct pipe_unit){.row = row, .attribution = attribution, .comparisons = 1};
    message.pair = pair;
    pipe_message(PIPE_UNIT, &message, sizeof message);
}

#endif
