/* text_size.c: sizes as people write them. */
#include "base/text.h"

#include <string.h>

bool text_to_bytes(const char *text, size_t *bytes) {
    static const char units[] = "KMGT";
    size_t length = strspn(text, "0123456789.");
    char number[32];
    double value;
    if (!length || length >= sizeof number) return false;
    memcpy(number, text, length);
    number[length] = '\0';
    if (!text_to_double(number, &value)) return false;
    const char *unit = text[length] ? strchr(units, text[length]) : NULL, *rest = text + length + (unit ? 1 : 0);
    if (unit && strcmp(rest, "iB") != 0 && *rest) return false;
    if (!unit && *rest) return false;
    for (const char *u = units; unit && u <= unit; u++) value *= 1024;
    if (!(value >= 1048576) || value > 1e15) return false;
    *bytes = (size_t)value;
    return true;
}
