/* client.h: what the programs in C beside it share: frames of docs/protocol.md with nothing but the C library. What
 * they are sent is found in the line of a frame as assay writes it, without blanks. */
#ifndef ASSAY_TESTS_CLIENT_H
#define ASSAY_TESTS_CLIENT_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 65536

static FILE *in, *out;

/* The line of the next frame; 0 at the end, or where it does not fit. */
static int read_line(char line[LINE_MAX_BYTES]) {
    return fgets(line, LINE_MAX_BYTES, in) && strchr(line, '\n');
}

static unsigned long long number(const char *line, const char *key) {
    const char *at = strstr(line, key);
    return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

/* The text between the brackets of the dimensions of that array: "3,2,14,14". */
static int dimensions(const char *line, const char *array, char *text, size_t size) {
    const char *at = strstr(line, array), *end = at ? strchr(at + strlen(array), ']') : NULL;
    if (!end) return 0;
    snprintf(text, size, "%.*s", (int)(end - at - (long)strlen(array)), at + strlen(array));
    return 1;
}

static unsigned char *read_bytes(size_t n) {
    unsigned char *bytes = malloc(n);
    if (bytes && fread(bytes, 1, n, in) == n) return bytes;
    free(bytes);
    return NULL;
}

/* A request for maps: its inputs, and behind them their targets and seeds. */
struct request {
    unsigned long long id, n;
    char shape[200];
    size_t inputs; /* bytes of them */
    unsigned char *bytes;
};

/* The frame of that line, whose arrays are read; 0 where it is none. free(r->bytes) */
static int take_request(const char *line, struct request *r) {
    unsigned long long bytes = number(line, "\"bytes\":");
    r->id = number(line, "\"id\":");
    r->n = number(line, "\"n\":");
    if (!r->n || bytes < 12 * r->n || !dimensions(line, "[\"inputs\",\"<f4\",[", r->shape, sizeof r->shape)) return 0;
    r->inputs = (size_t)(bytes - 12 * r->n);
    r->bytes = read_bytes((size_t)bytes);
    return r->bytes != NULL;
}

/* Sends a call with those keys about the inputs and targets, and passes the array that comes back on as the maps. */
static int pass_on(const struct request *r, const char *keys) {
    char answer[LINE_MAX_BYTES];
    size_t asked = r->inputs + (size_t)r->n * 4;
    fprintf(out,
            "{\"type\":\"call\",\"id\":1,%s,\"arrays\":[[\"x\",\"<f4\",[%s]],"
            "[\"targets\",\"<u4\",[%llu]]],\"bytes\":%zu}\n",
            keys, r->shape, r->n, asked);
    fwrite(r->bytes, 1, asked, out);
    fflush(out);
    if (!read_line(answer) || !strstr(answer, "\"type\":\"answer\"")) return 0;
    unsigned char *map = read_bytes(r->inputs);
    if (!map) return 0;
    fprintf(out, "{\"type\":\"maps\",\"id\":%llu,\"arrays\":[[\"maps\",\"<f4\",[%s]]],\"bytes\":%zu}\n", r->id,
            r->shape, r->inputs);
    fwrite(map, 1, r->inputs, out);
    free(map);
    return fflush(out) == 0;
}

/* Greets with the rest of the hello, and answers each request by `explain`, which returns 0 on failure. */
static int serve(const char *hello, int (*explain)(const struct request *)) {
    static char line[LINE_MAX_BYTES];
    in = fdopen(3, "rb");
    out = fdopen(4, "wb");
    if (!in || !out || !read_line(line)) return 1;
    fprintf(out, "{\"type\":\"hello\",\"protocol\":1,\"language\":\"C\",%s}\n", hello);
    fflush(out);
    while (read_line(line) && !strstr(line, "\"type\":\"bye\"")) {
        struct request request = {0};
        int ok = take_request(line, &request) && explain(&request);
        free(request.bytes);
        if (!ok) return 1;
    }
    return 0;
}

#endif
