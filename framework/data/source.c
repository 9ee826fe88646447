#include "data/source.h"

#include "base/text.h"

#include <string.h>

/* Bytes from 0x80 on stay, so that UTF-8 can be read; a character cut in two does not. */
struct excerpt excerpt_of(const char *text) {
    struct excerpt out;
    const size_t room = sizeof out.text - sizeof "...";
    size_t n = 0;

    for (; n < room && text[n]; n++) {
        unsigned char c = (unsigned char)text[n];
        out.text[n] = c < 0x20 || c == 0x7f ? '?' : text[n];
    }
    if (text[n]) {
        while (n && ((unsigned char)text[n] & 0xc0) == 0x80) n--;
        memcpy(out.text + n, "...", 3);
        n += 3;
    }
    out.text[n] = '\0';
    return out;
}

char *path_from(const char *folder, const char *path) {
    size_t n = strlen(folder);

    if (path[0] == '/' || strcmp(folder, ".") == 0) return text_copy(path);
    return text_format("%s%s%s", folder, n && folder[n - 1] == '/' ? "" : "/", path);
}
