/* preprocess: declarations of how inputs are preprocessed. */
#include "fuzz.h"

#include "base/text.h"
#include "battery/battery.h"

#include <stdlib.h>

void fuzz_preprocess(const uint8_t *data, size_t size) {
    struct preprocess p;
    struct error e;
    struct text words = {0};
    char *text = fuzz_text(data, size, 2000), *file = NULL;
    if (battery_preprocess_parse(text, NULL, &p, &file, &e)) preprocess_text(&p, &words);
    fuzz_check(!file, "a file without a model");
    text_finish(&words);
    free(text);
}
