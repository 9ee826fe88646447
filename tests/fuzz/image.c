/* image: photographs: JPEG with EXIF, and PNG. */
#include "fuzz.h"

#include "data/image.h"
#include "data/preprocess.h"

void fuzz_image(const uint8_t *data, size_t size) {
    struct image image = {0};
    struct error e;
    if (!image_decode("picture", data, size, &image, &e)) return;
    if ((size_t)image.width * image.height < 1u << 16) {
        struct preprocess p = presets[0].preprocess;
        p.resize = 16;
        p.crop = 8;
        preprocess_image(&p, &image, &e);
    }
    image_finish(&image);
}
