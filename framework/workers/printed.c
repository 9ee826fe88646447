/* printed.c: lines of a child, made harmless and cut. */
#include "workers/printed.h"

#include "base/file.h"
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool printed_open(struct printed *o, int log, const char *name, int *write, struct error *e) {
    int ends[2] = {-1, -1};
    if (log >= 0 && pipe(ends) != 0) return error_set(e, "cannot make a pipe: %s", strerror(errno));
    if (log >= 0) {
        fcntl(ends[0], F_SETFL, O_NONBLOCK);
        fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    }
    o->read = ends[0];
    o->log = log;
    o->name = name;
    o->length = o->taken = 0;
    o->cut = false;
    *write = ends[1];
    return true;
}

/* Bytes of the well-formed UTF-8 sequence that begins there and is no control character; 0: none does. */
static size_t sequence(const unsigned char *at, size_t left) {
    size_t n = at[0] < 0x80 ? 1 : at[0] >= 0xc2 && at[0] < 0xe0 ? 2 : (at[0] & 0xf0) == 0xe0 ? 3 : at[0] < 0xf5 ? 4 : 0;
    if (n == 1) return (at[0] >= ' ' && at[0] != 127) || at[0] == '\t';
    if (!n || at[0] < 0xc2 || n > left) return 0;
    for (size_t i = 1; i < n; i++)
        if ((at[i] & 0xc0) != 0x80) return 0;
    return at[0] == 0xc2 && at[1] < 0xa0 ? 0 : n; /* U+0080 to U+009F */
}

/* The line, its control characters as \x1b. */
static void end_line(struct printed *o) {
    char text[4 * sizeof o->line + 200];
    const unsigned char *line = (const unsigned char *)o->line;
    int head = o->name ? snprintf(text, 200, "%.190s: ", o->name) : 0;
    size_t used = (size_t)head;
    for (size_t i = 0; i < o->length;) {
        size_t n = sequence(line + i, o->length - i);
        if (n) memcpy(text + used, line + i, n);
        else snprintf(text + used, 5, "\\x%02x", line[i]);
        used += n ? n : 4;
        i += n ? n : 1;
    }
    text[used++] = '\n';
    (void)file_write_all(o->log, text, used);
    o->length = 0;
}

static void copy(struct printed *o, const char *data, size_t size) {
    for (size_t i = 0; i < size; i++) {
        if (data[i] == '\n' || o->length == sizeof o->line) end_line(o);
        if (data[i] != '\n') o->line[o->length++] = data[i];
    }
}

static void take(struct printed *o, const char *data, size_t size) {
    size_t room = PRINTED_MOST - o->taken, fits = size < room ? size : room;
    copy(o, data, fits);
    o->taken += fits;
    if (fits == size || o->cut) return;
    if (o->length) end_line(o);
    char note[80];
    int n = snprintf(note, sizeof note, "[cut here: one job's lines may have %zu bytes]", PRINTED_MOST);
    copy(o, note, (size_t)n);
    end_line(o);
    o->cut = true;
}

bool printed_take(struct printed *o) {
    char buffer[1 << 14];
    for (int i = 0; o->read >= 0 && i < 64; i++) { /* whoever prints for ever does not keep the parent here */
        ssize_t n = read(o->read, buffer, sizeof buffer);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return n < 0 && errno == EAGAIN;
        take(o, buffer, (size_t)n);
    }
    return o->read >= 0;
}

bool printed_last_line(const struct printed *o, char *line, size_t size) {
    char tail[1024];
    struct stat st;
    if (o->read < 0 || fstat(o->read, &st) != 0 || !S_ISREG(st.st_mode)) return false;
    off_t begin = st.st_size > (off_t)sizeof tail - 1 ? st.st_size - (off_t)sizeof tail + 1 : 0;
    ssize_t n = pread(o->read, tail, sizeof tail - 1, begin);
    while (n > 0 && isspace((unsigned char)tail[n - 1])) n--;
    if (n <= 0) return false;
    tail[n] = 0;
    const char *last = strrchr(tail, '\n');
    snprintf(line, size, "%s", last ? last + 1 : tail);
    text_clean_in_place(line);
    return *line != 0;
}

void printed_close(struct printed *o) {
    if (o->read < 0) return;
    printed_take(o);
    if (o->length) end_line(o);
    close(o->read);
    o->read = -1;
}
