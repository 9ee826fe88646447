/* exif.c: the one tag of EXIF 2.3 that changes what a picture shows. */
#include "data/image_codec.h"

#include <string.h>

#define TAG_ORIENTATION 0x0112u
#define TYPE_SHORT 3u
#define ENTRY_SIZE 12u

struct tiff {
    const uint8_t *bytes;
    size_t size;
    bool little; /* II: Intel order; MM: Motorola order */
};

/* The whole number of n bytes at `at`, which the caller has checked to be there. */
static uint32_t number_at(const struct tiff *t, size_t at, unsigned n) {
    uint32_t value = 0;

    for (unsigned i = 0; i < n; i++) value = value << 8 | t->bytes[at + (t->little ? n - 1 - i : i)];
    return value;
}

static bool has_header(struct tiff *t) {
    if (t->size < 8) return false;
    t->little = memcmp(t->bytes, "II", 2) == 0;
    return (t->little || memcmp(t->bytes, "MM", 2) == 0) && number_at(t, 2, 2) == 42;
}

unsigned exif_orientation(const uint8_t *bytes, size_t size) {
    struct tiff t = {bytes, size, false};

    if (!has_header(&t)) return 1;
    size_t at = number_at(&t, 4, 4);
    if (at > size || size - at < 2) return 1;
    uint32_t entries = number_at(&t, at, 2);
    at += 2;
    for (uint32_t i = 0; i < entries && size - at >= ENTRY_SIZE; i++, at += ENTRY_SIZE) {
        if (number_at(&t, at, 2) != TAG_ORIENTATION) continue;
        uint32_t value = number_at(&t, at + 8, 2);
        bool valid = number_at(&t, at + 2, 2) == TYPE_SHORT && number_at(&t, at + 4, 4) == 1;
        return valid && value >= 1 && value <= 8 ? value : 1;
    }
    return 1;
}
