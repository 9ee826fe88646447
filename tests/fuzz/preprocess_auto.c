/* auto: what exporters wrote beside a network: transformers, or timm where the first byte is t. */
#include "fuzz.h"

#include "data/preprocess_auto.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

static void check_declaration(const struct preprocess *p) {
    fuzz_check(p->resize <= 16384 && p->crop <= 16384, "sides");
    fuzz_check(p->scale >= 1e-9 && p->scale <= 1e9, "a scale");
    for (size_t c = 0; c < 3; c++)
        fuzz_check(fabs(p->mean[c]) <= 1e9 && p->std[c] >= 1e-9 && p->std[c] <= 1e9, "a mean and a deviation");
}

void fuzz_preprocess_auto(const uint8_t *data, size_t size) {
    struct preprocess p;
    struct error e;
    struct text words = {0};
    char *found = NULL, *model = text_format("%s/model.onnx", fuzz_folder());
    size_t timm = size && *data == 't';
    const char *path = fuzz_file(timm ? "config.json" : "preprocessor_config.json", data + timm, size - timm);

    fuzz_check(model != NULL, "there is memory");
    if (preprocess_auto(model, &p, &found, &e)) {
        check_declaration(&p);
        preprocess_text(&p, &words);
    }
    text_finish(&words);
    unlink(path);
    free(found);
    free(model);
}
