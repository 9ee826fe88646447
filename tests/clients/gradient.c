/* The gradient by a program in C that speaks docs/protocol.md, with nothing but the C library: what it is sent is found
 * in the line of a frame as assay writes it, without blanks. */
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

/* inputs, targets and seeds lie one behind the other; the gradient goes on as the map. */
static int explain(const char *line) {
    char shape[200], answer[LINE_MAX_BYTES];
    unsigned long long id = number(line, "\"id\":"), n = number(line, "\"n\":"), bytes = number(line, "\"bytes\":");
    if (!n || bytes < 12 * n || !dimensions(line, "[\"inputs\",\"<f4\",[", shape, sizeof shape)) return 0;
    size_t inputs = (size_t)(bytes - 12 * n);
    unsigned char *request = read_bytes((size_t)bytes);
    if (!request) return 0;
    fprintf(out,
            "{\"type\":\"call\",\"id\":1,\"op\":\"gradient\",\"arrays\":[[\"x\",\"<f4\",[%s]],"
            "[\"targets\",\"<u4\",[%llu]]],\"bytes\":%zu}\n",
            shape, n, inputs + (size_t)n * 4);
    fwrite(request, 1, inputs + (size_t)n * 4, out);
    free(request);
    fflush(out);
    if (!read_line(answer) || !strstr(answer, "\"type\":\"answer\"")) return 0;
    unsigned char *gradient = read_bytes(inputs);
    if (!gradient) return 0;
    fprintf(out, "{\"type\":\"maps\",\"id\":%llu,\"arrays\":[[\"maps\",\"<f4\",[%s]]],\"bytes\":%zu}\n", id, shape,
            inputs);
    fwrite(gradient, 1, inputs, out);
    free(gradient);
    return fflush(out) == 0;
}

int main(void) {
    static char line[LINE_MAX_BYTES];
    in = fdopen(3, "rb");
    out = fdopen(4, "wb");
    if (!in || !out || !read_line(line)) return 1;
    fprintf(out, "{\"type\":\"hello\",\"protocol\":1,\"name\":\"Gradient in C\",\"language\":\"C\","
                 "\"claims\":[\"linear-exact\"]}\n");
    fflush(out);
    while (read_line(line) && !strstr(line, "\"type\":\"bye\""))
        if (!explain(line)) return 1;
    return 0;
}
