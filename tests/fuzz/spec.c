/* spec: explainers with parameters, as rows of a battery and the command line name them. */
#include "fuzz.h"

#include "battery/battery.h"

#include <stdlib.h>

void fuzz_spec(const uint8_t *data, size_t size) {
    struct explainer_spec spec;
    struct error e;
    char *text = fuzz_text(data, size, 2000);
    if (explainer_spec_parse(text, &spec, &e)) explainer_spec_finish(&spec);
    free(text);
}
