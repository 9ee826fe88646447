/* folder_list: labels.csv of a folder of photographs. */
#include "fuzz.h"

#include "base/text.h"
#include "data/dataset.h"

#include <stdlib.h>

void fuzz_folder_list(const uint8_t *data, size_t size) {
    struct dataset *d = NULL;
    struct error e;
    fuzz_file("labels.csv", data, size);
    char *source = text_format("folder:%s", fuzz_folder());
    if (source && dataset_load(source, "imagenet", &d, &e)) dataset_destroy(d);
    free(source);
}
