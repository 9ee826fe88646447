/* preprocess: declarations of how inputs are preprocessed. */
#include "fuzz.h"

#include "base/text.h"
#include "battery/battery.h"

#include <stdlib.h>

void fuzz_preprocess(const uint8_t *data, size_t size) {
    struct preprocess p;
    struct error e;
    struct text words = {0};
    char *file = NULL;
    char *text = fuzz_text(data, size, 2000);
    if (battery_preprocess_parse(text, "model.onnx", &p, &file, &e)) preprocess_text(&p, &words);
    free(file);
    text_finish(&words);
    free(text);
}
