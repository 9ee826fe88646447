/* location.c: a location as the beginning of a message. */
#include "battery/location.h"

#include "base/text.h"

bool location_prefix(const char *path, const char *const *settings, struct location location, struct error *e) {
    if (location.line) return error_prefix(e, "%s:%u:%u", path, location.line, location.column);
    if (location.column) return error_prefix(e, "--set %s", excerpt_of(settings[location.column - 1]).text);
    return error_prefix(e, "%s", path);
}
