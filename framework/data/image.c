/* image.c: pictures from files or memory, by their first bytes, turned upright. */
#include "data/image.h"

#include "base/file.h"
#include "data/image_codec.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct codec {
    const char *magic;
    size_t length;
    bool (*decode)(const uint8_t *bytes, size_t size, struct raster *, struct error *);
};

static const struct codec codecs[] = {
    {"\xff\xd8\xff", 3, image_jpeg_decode},
    {"\x89PNG\r\n\x1a\n", 8, image_png_decode},
};

bool image_has_extension(const char *path) {
    static const char *const known[] = {".jpg", ".jpeg", ".png"};
    const char *dot = strrchr(path, '.');

    for (size_t i = 0; dot && i < sizeof known / sizeof *known; i++)
        if (strcasecmp(dot, known[i]) == 0) return true;
    return false;
}

/* Which pixel of the file is at (x, y) upright: EXIF 2.3, tag 274. 5 to 8 lie on their side. */
static size_t source_pixel(const struct raster *r, uint32_t x, uint32_t y) {
    bool turned = r->orientation >= 5;
    bool mirrored = r->orientation == 2 || r->orientation == 3 || r->orientation >= 7;
    bool upside_down = r->orientation == 3 || r->orientation == 4 || r->orientation == 6 || r->orientation == 7;
    size_t u = turned ? y : x, v = turned ? x : y;

    if (mirrored) u = r->width - 1 - u;
    if (upside_down) v = r->height - 1 - v;
    return v * r->width + u;
}

static bool make_upright(const struct raster *r, struct image *out, struct error *e) {
    bool turned = r->orientation >= 5;
    struct image image = {3, turned ? r->height : r->width, turned ? r->width : r->height, NULL};
    size_t plane = (size_t)image.width * image.height, i = 0;

    image.data = malloc(3 * plane);
    if (!image.data) return error_memory(e);
    for (uint32_t y = 0; y < image.height; y++)
        for (uint32_t x = 0; x < image.width; x++, i++) {
            const uint8_t *pixel = r->rgb + 3 * source_pixel(r, x, y);
            for (size_t c = 0; c < 3; c++) image.data[c * plane + i] = pixel[c];
        }
    *out = image;
    return true;
}

bool image_decode(const char *name, const uint8_t *bytes, size_t size, struct image *out, struct error *e) {
    const struct codec *codec = NULL;
    struct raster raster = {.orientation = 1};

    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++)
        if (size >= codecs[i].length && memcmp(bytes, codecs[i].magic, codecs[i].length) == 0) codec = &codecs[i];
    if (!codec) return error_set(e, "%s: neither JPEG nor PNG by its first bytes: one of them wanted", name);
    bool ok = (codec->decode(bytes, size, &raster, e) && make_upright(&raster, out, e)) || error_prefix(e, "%s", name);
    free(raster.rgb);
    return ok;
}

bool image_load(const char *path, struct image *out, struct error *e) {
    uint8_t *bytes = NULL;
    size_t size = 0;
    bool ok = file_read(path, &bytes, &size, e) && image_decode(path, bytes, size, out, e);

    free(bytes);
    return ok;
}

bool image_set_channels(struct image *image, uint32_t channels, struct error *e) {
    size_t plane = (size_t)image->width * image->height;
    const uint8_t *from = image->data;

    if (image->channels == channels) return true;
    if (image->channels + channels != 4 || image->channels == 2)
        return error_set(e, "pictures of %u channels: 1 or 3 wanted to make %u of them", image->channels, channels);
    uint8_t *data = malloc(channels * plane);
    if (!data) return error_memory(e);
    if (channels == 3)
        for (size_t c = 0; c < 3; c++) memcpy(data + c * plane, from, plane);
    for (size_t i = 0; channels == 1 && i < plane; i++)
        data[i] =
            (uint8_t)((from[i] * 19595u + from[plane + i] * 38470u + from[2 * plane + i] * 7471u + 0x8000u) >> 16);
    free(image->data);
    image->data = data;
    image->channels = channels;
    return true;
}

void image_finish(struct image *image) {
    free(image->data);
    *image = (struct image){0};
}
