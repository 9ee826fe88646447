/* data: archives of NumPy arrays, sequences of letters, and tables whose labels are numbers or several; the first byte
 * chooses. */
#include "fuzz.h"

#include "base/shape.h"
#include "base/text.h"
#include "data/dataset.h"

#include <math.h>
#include <stdlib.h>

static const struct {
    const char *kind, *file;
    enum label_kind labels_as;
} forms[] = {{"npz", "data.npz", LABELS_CLASSES},     {"sequence", "data.csv", LABELS_CLASSES},
             {"csv", "data.csv", LABELS_VALUES},      {"csv", "data.csv", LABELS_FLAGS},
             {"npz", "data.npz", LABELS_VALUES},      {"npz", "data.npz", LABELS_FLAGS},
             {"sequence", "data.csv", LABELS_VALUES}, {"npy", "data.npy", LABELS_CLASSES}};

void fuzz_data(const uint8_t *data, size_t size) {
    struct dataset *d = NULL;
    struct error e;
    if (size == 0) return;
    const size_t form = data[0] % (sizeof forms / sizeof *forms);
    const struct dataset_request request = {.preprocess = &presets[0].preprocess, .labels_as = forms[form].labels_as};
    char *source = text_format("%s:%s", forms[form].kind, fuzz_file(forms[form].file, data + 1, size - 1));
    if (source && dataset_load_for(source, &request, &d, &e)) {
        float *sample = malloc((shape_count(&d->sample) + 1) * sizeof *sample);
        fuzz_check(d->count > 0 && sample && dataset_sample(d, d->count - 1, sample, &e), "the last sample is there");
        for (uint32_t i = 0; d->labels && !d->targets && i < d->count; i++)
            fuzz_check(d->classes == 0 || d->labels[i] < d->classes, "labels are below the classes");
        for (size_t i = 0; d->targets && i < (size_t)d->count * d->target_count; i++)
            fuzz_check(isfinite(d->targets[i]), "targets are finite");
        free(sample);
        dataset_destroy(d);
    }
    free(source);
}
